//! What the migrations make under a tenant's own name, where they use the name of their
//! schema: two trial runs under other names do not show it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::drift::Drift;
use super::expected::{Shapes, Trust};
use super::handle::Tenants;
use super::kept::Premises;
use super::known_shapes::Applied;
use super::shapes::Seen;
use super::state::Standing;
use crate::engine;
use crate::name::{Entry, Schema, Target};
use crate::report::{Problem, ProblemKind};
use crate::shape::{Circumstances, Difference, Expectation, Shape, compare_with_migrations};
use crate::{Error, NameUse};

/// How many tenants are tried in one check. What is found is kept, so that the next check
/// tries others.
const MOST: usize = 20;

/// For how long another trial begins.
const BEGIN_WITHIN: Duration = Duration::from_secs(60);

/// How many are tried in one database.
const AT_ONCE: usize = 5;

/// What is known of the tenants that were asked for, by their schemas.
#[derive(Default)]
pub(super) struct OwnNames {
    pub(super) expected: HashMap<String, Arc<Expectation>>,
    /// Why others were not tried, unless they were too many.
    pub(super) why: Option<Error>,
}

/// A tenant that is to be tried.
struct Asked<'a> {
    target: &'a Target,
    applied: Applied,
}

impl Tenants {
    /// Compares those of `differing` that have migrations which use the schema's name with
    /// what these make under the tenant's own name, and adds to `drift` what is found.
    ///
    /// # Errors
    ///
    /// What the server says, except of the trial.
    pub(super) async fn settle(
        &self,
        differing: Vec<&Standing>,
        shapes: &Shapes,
        trust: Trust,
        drift: &mut Drift,
    ) -> Result<(), Error> {
        let mut differing = differing;
        differing.sort_by_key(|standing| standing.entry.key());
        let own = self.under_own_names(&differing, shapes, trust).await?;
        let by_schema = differing.iter();
        let by_schema = by_schema.map(|it| (it.entry.schema_name().as_str(), *it));
        let by_schema = by_schema.collect::<BTreeMap<_, _>>();
        let expected = own.expected.iter();
        let expected = expected.map(|(schema, it)| (schema.as_str(), it.of(schema)));
        let expected = expected.collect::<HashMap<_, _>>();
        let names = expected.keys().copied().collect::<Vec<_>>();
        let look = |found: Shape| {
            let expected = expected.get(found.schema());
            expected.map(|expected| compare_with_migrations(expected, &found))
        };
        for (schema, looked) in self.look_at_shapes(&names, &look).await? {
            let Some(standing) = by_schema.get(schema.as_str()) else {
                continue;
            };
            let name = standing.entry.key();
            match looked {
                Seen::Shape(found) => match found.unwrap_or_default() {
                    none if none.is_empty() => drift.as_expected += 1,
                    found => drift.add(name, found.into_iter().map(of_name)),
                },
                Seen::Busy => drift.busy.push(name.to_owned()),
                Seen::Nothing => {}
                Seen::Unreadable(error) => {
                    let error = Error::database("read the schema definition", error);
                    drift.add(name, [ProblemKind::Unreadable(error)]);
                }
            }
        }
        let left = differing.iter().filter(|it| {
            let schema = it.entry.schema_name().as_str();
            !own.expected.contains_key(schema)
        });
        let left = left.copied().collect::<Vec<_>>();
        if !left.is_empty() {
            drift.problems.push(Problem {
                tenant: None,
                kind: ProblemKind::NotUnderOwnName {
                    uses: self.name_uses_of(&left, shapes),
                    tenants: left.iter().map(|it| it.entry.key().to_owned()).collect(),
                    why: own.why,
                },
            });
        }
        Ok(())
    }

    /// What the migrations of each of these make under its own name, as far as that can be
    /// found out in the time that a check has.
    ///
    /// # Errors
    ///
    /// What the server says, except of the trial.
    pub(super) async fn under_own_names(
        &self,
        standings: &[&Standing],
        shapes: &Shapes,
        trust: Trust,
    ) -> Result<OwnNames, Error> {
        let premises = self.premises().await?;
        let mut own = OwnNames::default();
        let mut asked = Vec::new();
        for standing in standings {
            let Entry::Tenant(target) = &standing.entry else {
                continue;
            };
            let (applied, schema) = (self.applied(standing), target.schema.as_str());
            let known = match self.known_names.get(&(applied.clone(), schema.to_owned())) {
                None if trust == Trust::Kept => self.kept_of(&premises, &applied, schema).await?,
                known => known,
            };
            match known {
                Some(known) => drop(own.expected.insert(schema.to_owned(), known)),
                None => asked.push(Asked { target, applied }),
            }
        }
        let mut groups = BTreeMap::<&Applied, Vec<&Asked<'_>>>::new();
        for one in asked.iter().take(MOST) {
            groups.entry(&one.applied).or_default().push(one);
        }
        let began = Instant::now();
        for (applied, asked) in &groups {
            let Some(general) = shapes.get(*applied) else {
                continue;
            };
            for some in asked.chunks(AT_ONCE) {
                if began.elapsed() > BEGIN_WITHIN || own.why.is_some() {
                    break;
                }
                match self.try_names(&premises, applied, general, some).await {
                    Ok(tried) => own.expected.extend(tried),
                    Err(error) => own.why = Some(error),
                }
            }
        }
        if trust == Trust::TriedIfPossible {
            self.fill_with_kept(&premises, &asked, &mut own).await?;
        }
        Ok(own)
    }

    /// Adds what was kept of those that could not be tried now.
    async fn fill_with_kept(
        &self,
        premises: &Premises,
        asked: &[Asked<'_>],
        own: &mut OwnNames,
    ) -> Result<(), Error> {
        for Asked { target, applied } in asked {
            let schema = target.schema.as_str();
            if own.expected.contains_key(schema) {
                continue;
            }
            if let Some(kept) = self.kept_of(premises, applied, schema).await? {
                own.expected.insert(schema.to_owned(), kept);
            }
        }
        Ok(())
    }

    async fn try_names(
        &self,
        premises: &Premises,
        applied: &Applied,
        general: &Expectation,
        asked: &[&Asked<'_>],
    ) -> Result<Vec<(String, Arc<Expectation>)>, Error> {
        self.surroundings.forget();
        let place = self.rehearsal()?;
        let migrations = self.migrations.tenant.iter();
        let migrations = migrations.filter(|it| applied.iter().any(|one| one == it.version()));
        let migrations = migrations.collect::<Vec<_>>();
        let count = migrations.len();
        let names = asked.iter().map(|one| one.target.clone());
        let names = names.collect::<Vec<_>>();
        let session = self.session().await?;
        let wanted = BTreeSet::from([count]);
        let tried = engine::try_in_database(
            self.work(&session, Schema::Tenant(&place)),
            &self.migrations.public,
            &migrations,
            &wanted,
            &names,
        );
        let tried = tried.await?;
        drop(session);
        let circumstances = Circumstances {
            place: Some(place.schema.to_string()),
            ..premises.circumstances.clone()
        };
        let mut made = Vec::new();
        for (one, tried) in asked.iter().zip(tried) {
            let Some(shape) = tried.shapes.get(&count) else {
                continue;
            };
            let own = Arc::new(general.under_own_name(shape, &circumstances));
            let schema = one.target.schema.as_str();
            let key = (applied.clone(), schema.to_owned());
            self.known_names.add(key, Arc::clone(&own));
            self.keep_of(premises, applied, schema, &own).await;
            made.push((schema.to_owned(), own));
        }
        Ok(made)
    }

    /// Where the migrations of these use the name of their schema.
    fn name_uses_of(&self, standings: &[&Standing], shapes: &Shapes) -> Vec<NameUse> {
        let sets = standings.iter().map(|it| self.applied(it));
        let sets = sets.collect::<BTreeSet<_>>();
        let uses = sets.iter().flat_map(|set| {
            let general = shapes.get(set).map(|it| &**it);
            self.unexplained_uses(set, general)
        });
        let uses = uses.collect::<BTreeSet<_>>();
        uses.into_iter().collect()
    }
}

/// A difference from what the migrations make under the tenant's own name.
fn of_name(mut difference: Difference) -> ProblemKind {
    difference.leave_what_names_make();
    ProblemKind::Drift(Box::new(difference))
}
