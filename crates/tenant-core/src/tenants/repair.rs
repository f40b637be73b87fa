//! Puts a tenant right that is not what its migrations make.

mod unrecorded;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::applied_texts::AppliedTexts;
use super::expected::{Shapes, Trust};
use super::handle::Tenants;
use super::owners::wrong_owners;
use super::shapes::Seen;
use super::state::{Knowledge, Standing};
use crate::engine::{self, Keep, UnknownMigrations};
use crate::error::WrongOwner;
use crate::events::Call;
use crate::fleet::Selection;
use crate::name::{Schema, Target};
use crate::registry::Registry;
use crate::remedy::{Advice, Remedy};
use crate::report::{Problem, ProblemKind};
use crate::shape::{Difference, Expectation, Shape, compare_with_migrations};
use crate::{Answer, Error, TenantName};
use unrecorded::{is_lost, is_told};

/// The result of repairing a tenant.
#[derive(Debug)]
#[non_exhaustive]
pub struct Repair {
    /// The repaired differences; in a trial, the differences that would be repaired.
    pub mended: Vec<Difference>,
    /// The statements that repaired them, in order.
    pub statements: Vec<String>,
    /// The remaining differences.
    pub left: Vec<LeftDifference>,
    /// What the schema has of pending migrations, as the health check reports it:
    /// [`ProblemKind::LostEntries`] or [`ProblemKind::MadeByPending`]. If the migration history has
    /// lost entries, nothing is repaired.
    pub unrecorded: Vec<Problem>,
}

impl Repair {
    /// Nothing was repaired, and no difference was found that a repair is about.
    fn nothing(unrecorded: Vec<Problem>) -> Self {
        Self {
            mended: Vec::new(),
            statements: Vec::new(),
            left: Vec::new(),
            unrecorded,
        }
    }
}

/// A difference that remains. Its repair would lose something or rewrite values, no SQL exists for
/// it, or the attempt failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct LeftDifference {
    /// The difference.
    pub difference: Difference,
    /// Why the repair failed, if it was tried. The attempt was rolled back.
    pub why: Option<Error>,
}

impl From<engine::Left> for LeftDifference {
    fn from(left: engine::Left) -> Self {
        Self {
            difference: left.difference,
            why: left.why,
        }
    }
}

impl LeftDifference {
    /// The same where the migrations use the name of their schema, or do not.
    fn under(mut self, uses_name: bool) -> Self {
        if uses_name {
            self.difference.leave_what_names_make();
        }
        self
    }

    /// What to do about it in the tenant `name`: alternatives, in the order to try them. `registry`
    /// is the registry of the tenant.
    #[must_use]
    pub fn remedies(&self, name: &TenantName, registry: &Registry) -> Vec<Remedy> {
        let Some(why) = &self.why else {
            return self.problem(name).remedies(registry);
        };
        match why.remedies() {
            none if none.is_empty() => vec![Advice::CompareByHand.into()],
            found => found,
        }
    }

    /// Returns the difference as a problem of a health check of the tenant `name`.
    #[must_use]
    pub fn problem(&self, name: &TenantName) -> Problem {
        Problem {
            tenant: Some(name.to_string()),
            kind: ProblemKind::Drift(Box::new(self.difference.clone())),
        }
    }
}

/// How often a tenant is read again if it is migrated during the check.
const ATTEMPTS: usize = 3;

impl Tenants {
    /// Repairs the tenant `name` to match its migrations, as far as nothing is lost. The repair
    /// adds missing objects and fixes definitions, in one transaction. It compares the schema
    /// definition again before it commits. Added columns and tables are empty. A sequence that is
    /// created again continues after the values in its column.
    ///
    /// A difference stays, and is reported, if its repair would lose something or rewrite values. A
    /// difference that could not be repaired is reported with the reason, and does not stop the
    /// other repairs. What the schema has of pending migrations stays too: see
    /// [`Repair::unrecorded`].
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`], [`Error::MissingSchema`], [`Error::NoHistory`] or
    /// [`Error::ForeignObjects`], [`Error::OtherProgram`] or [`Error::CannotRepairAhead`] if
    /// another program has migrated it, [`Error::WrongOwner`] if its schema belongs to another role
    /// than its objects, [`Error::Database`] for a lock timeout or a lost connection,
    /// [`Error::Busy`], or a failed trial run. Nothing is changed then.
    pub fn repair<'a>(&'a self, name: &'a TenantName) -> Answer<'a, Result<Repair, Error>> {
        Box::pin(async move {
            let target = self.target_for(Call::Repair, name).await?;
            let repaired = self.repair_or_try(&target, Keep::Yes);
            Call::Repair
                .tell_about(Schema::Tenant(&target), repaired)
                .await
        })
    }

    /// Runs [`Tenants::repair`] in a transaction that is rolled back, and returns what it would do.
    ///
    /// # Errors
    ///
    /// As [`Tenants::repair`].
    pub fn try_repair<'a>(&'a self, name: &'a TenantName) -> Answer<'a, Result<Repair, Error>> {
        Box::pin(async move {
            let target = self.target_for(Call::Repair, name).await?;
            let tried = self.repair_or_try(&target, Keep::No);
            Call::Repair
                .tell_about(Schema::Tenant(&target), tried)
                .await
        })
    }

    async fn repair_or_try(&self, target: &Target, keep: Keep) -> Result<Repair, Error> {
        self.require_apart(target)?;
        for _ in 0..ATTEMPTS {
            let standing = self.standing_of(&target.name).await?;
            self.require_repairable(target, &standing).await?;
            if standing.version.is_none() {
                return self.without_history(target, standing).await;
            }
            let known = self.applied(&standing);
            let shapes = self
                .expected(BTreeSet::from([known.clone()]), Trust::Tried)
                .await?;
            let Some(expected) = shapes.get(&known) else {
                break;
            };
            if standing.texts == AppliedTexts::Silent {
                self.require_own_tables(target, &standing, &shapes).await?;
            }
            let unrecorded = self.unrecorded(&target.name, &standing, &shapes).await?;
            if unrecorded.iter().any(is_lost) {
                return Ok(Repair::nothing(unrecorded));
            }
            let own = self.own_expectation(&standing, expected, &shapes).await?;
            let uses_name = own.is_some();
            let expected = own.as_ref().unwrap_or(expected);
            let expected = &expected.of(target.schema.as_str());
            let applied = known.iter().chain(&standing.unknown);
            let applied = applied.map(ToString::to_string).collect::<Vec<_>>();
            let session = self.session().await?;
            let work = self.work(&session, Schema::Tenant(target));
            let repaired = engine::repair(work, target, expected, &applied, keep).await?;
            drop(session);
            if let Some(repaired) = repaired {
                let left = repaired.left.into_iter().map(LeftDifference::from);
                let left = left.filter(|it| !is_told(&it.difference, &unrecorded));
                let mut left = left.map(|left| left.under(uses_name)).collect::<Vec<_>>();
                let differences = left.iter_mut().map(|left| &mut left.difference);
                let schema = Schema::Tenant(target);
                self.keep_held(differences.map(|it| (schema, it))).await?;
                return Ok(Repair {
                    mended: repaired.repaired,
                    statements: repaired.statements,
                    left,
                    unrecorded,
                });
            }
        }
        Err(Error::Busy {
            schema: Schema::Tenant(target).to_string(),
            waited: std::time::Duration::ZERO,
            holders: Vec::new(),
        })
    }

    /// What a tenant should be that differs from `general`, if its migrations use the name of
    /// their schema: what they make under its own name.
    async fn own_expectation(
        &self,
        standing: &Standing,
        general: &Expectation,
        shapes: &Shapes,
    ) -> Result<Option<Arc<Expectation>>, Error> {
        let applied = self.applied(standing);
        if self.unexplained_uses(&applied, Some(general)).is_empty() {
            return Ok(None);
        }
        let schema = standing.entry.schema_name().as_str();
        let expected = general.of(schema);
        let look = |found: Shape| compare_with_migrations(&expected, &found).is_empty();
        let looked = self.look_at_shapes(&[schema], &look).await?;
        if looked
            .iter()
            .any(|(_, seen)| matches!(seen, Seen::Shape(true)))
        {
            return Ok(None);
        }
        let mut own = self
            .under_own_names(&[standing], shapes, Trust::Tried)
            .await?;
        match (own.expected.remove(schema), own.why) {
            (_, Some(why)) => Err(why),
            (own, None) => Ok(own),
        }
    }

    /// Refuses a tenant of which this program cannot know what it should be.
    async fn require_repairable(&self, target: &Target, standing: &Standing) -> Result<(), Error> {
        let known = &self.migrations.tenant;
        standing.require_known(known, UnknownMigrations::Allow)?;
        if !standing.unknown.is_empty() {
            return Err(Error::CannotRepairAhead {
                name: target.name.clone(),
                versions: standing.unknown.clone(),
            });
        }
        let only = Selection::from(&target.name);
        let reading = self.reading().await?;
        let wrong = wrong_owners(&reading, &self.registry, &only).await?;
        // What is in the schema is compared with that role, and would be handed to it.
        match wrong.into_iter().next() {
            Some(wrong) => Err(Error::WrongOwner(Box::new(WrongOwner {
                name: target.name.clone(),
                schema: target.schema.clone(),
                owner: wrong.owner,
                usual: wrong.usual,
                objects: wrong.objects,
            }))),
            None => Ok(()),
        }
    }

    /// Refuses a tenant that has tables, and none of those that its migrations create.
    async fn require_own_tables(
        &self,
        target: &Target,
        standing: &Standing,
        shapes: &Shapes,
    ) -> Result<(), Error> {
        let drift = self
            .drift(std::slice::from_ref(standing), shapes, Trust::Tried)
            .await?;
        let other = drift.problems.into_iter().find_map(|it| match it.kind {
            ProblemKind::OtherProgram { versions, sign } => Some((versions, sign)),
            _ => None,
        });
        match other {
            None => Ok(()),
            Some((versions, sign)) => Err(Error::OtherProgram {
                schema: Schema::Tenant(target).to_string(),
                versions,
                sign,
            }),
        }
    }

    /// What is to be repaired in a tenant without recorded migrations: nothing, if it is
    /// empty.
    async fn without_history(&self, target: &Target, standing: Standing) -> Result<Repair, Error> {
        let sets = BTreeSet::from([self.applied(&standing), self.newest()]);
        let shapes = self.expected(sets, Trust::Tried).await?;
        let drift = self.drift(&[standing], &shapes, Trust::Tried).await?;
        let name = target.name.clone();
        if !drift.busy.is_empty() {
            return Err(Error::InUse(name));
        }
        match drift.problems.into_iter().next().map(|it| it.kind) {
            None => Ok(Repair::nothing(Vec::new())),
            Some(ProblemKind::Unreadable(error)) => Err(error),
            Some(ProblemKind::ForeignObjects) => Err(Error::ForeignObjects(name)),
            Some(_) => Err(Error::NoHistory(name)),
        }
    }

    /// Where one tenant stands.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`], or why it cannot be read.
    pub(super) async fn standing_of(&self, name: &TenantName) -> Result<Standing, Error> {
        let states = self.states(&name.into(), Knowledge::Certain).await?;
        let state = states.into_iter().next();
        state.map_or_else(|| Err(Error::Unknown(name.clone())), |state| state.standing)
    }
}
