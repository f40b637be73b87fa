//! Compares what there is with what should be.

mod found;
mod in_both;
mod unqualified;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::access::missing_access;
use super::drift::Drift;
use super::expected::{Shapes, Trust};
use super::handle::Tenants;
use super::known_shapes::Applied;
use super::left::tell_of_renamed;
use super::listed_spares::Is;
use super::owners::wrong_owners;
use super::reading::Reading;
use super::setters::setter;
use super::sole::{doubtful, tell_of_misnamed};
use super::spread::{not_distributed, unreachable_nodes};
use super::state::{self, Knowledge, Standing, State};
use crate::engine::UnknownMigrations;
use crate::events::Call;
use crate::fleet::Selection;
use crate::migration::MigrationSet;
use crate::report::{Note, Problem, ProblemKind, SpareFault, tell_once};
use crate::{Answer, Error, TenantName, Version};

pub use found::Health;
pub use in_both::InBoth;
use unqualified::unqualified_functions;

/// A schema may be called so, and nothing in a tenant's depends on it.
const ANY_NAME: &str = "tenant";

/// How closely tenants are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Everything in their schemas.
    Shapes,
    /// Whether their tables are there.
    Tables,
}

/// A check of the tenants. Returned by [`Tenants::health`].
#[must_use = "nothing is checked until it is awaited"]
pub struct HealthCheck<'a> {
    tenants: &'a Tenants,
    select: Selection,
    depth: Depth,
}

impl HealthCheck<'_> {
    setter!(select);

    /// Compares only which tables the tenants have. This takes a handful of queries, whatever the
    /// number of tenants.
    pub fn quick(mut self) -> Self {
        self.depth = Depth::Tables;
        self
    }
}

impl<'a> IntoFuture for HealthCheck<'a> {
    type Output = Result<Health, Error>;
    type IntoFuture = Answer<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Call::Health.tell(async move { self.tenants.check(&self.select, self.depth).await })
    }
}

/// What is checked, and what it is compared with.
struct Check<'a> {
    reading: &'a Reading<'a>,
    select: &'a Selection,
    depth: Depth,
    /// What the migrations make, if that is known.
    shapes: Option<&'a Shapes>,
    trust: Trust,
}

/// What was found of the tenants.
struct Found {
    problems: Vec<Problem>,
    as_expected: Option<usize>,
    busy: Vec<String>,
    busy_spares: Vec<String>,
}

impl Tenants {
    /// Checks the public schema and the tenants. Each tenant must have its schema, exactly the
    /// migrations of this program, and exactly what these migrations create. The check also reports
    /// orphaned schemas.
    ///
    /// To find the expected definition, the check applies the migrations to two schemas, each in a
    /// transaction that is rolled back. The role therefore needs the right to create schemas. The
    /// result is stored in `public.expected_shapes`, if the role can write there, and is used until
    /// something that it depends on changes. A tenant with pending migrations is compared with the
    /// definition at its version. The check reads the schemas with about a dozen queries for each
    /// fifty tenants.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::NotSetUp`], [`Error::Unknown`] for a selected name, or a server
    /// error. Problems of one tenant are in [`Health::problems`].
    pub fn health(&self) -> HealthCheck<'_> {
        HealthCheck {
            tenants: self,
            select: Selection::All,
            depth: Depth::Shapes,
        }
    }

    async fn check(&self, select: &Selection, depth: Depth) -> Result<Health, Error> {
        let states = self.states(select, Knowledge::Certain).await?;
        let own = self.database.sessions(1);
        let reading = self.reading_over(own.get().await?);
        if let Some(name) = state::unknown(&states, select).next() {
            return Err(Error::Unknown(name.clone()));
        }
        let mut health = Health {
            checked: states.len(),
            unread: states.iter().filter(|state| state.is_unread()).count(),
            as_expected: None,
            busy: Vec::new(),
            problems: Vec::new(),
            not_checked: None,
            varying: Vec::new(),
            in_both: Vec::new(),
            all_are_busy: false,
        };
        if select.is_empty() {
            health.about_all(ProblemKind::NothingSelected);
        }
        let pending = self.public_pending(&reading).await?;
        if !pending.is_empty() {
            health.about_all(ProblemKind::PendingMigrations(pending));
        }
        if self.database.is_cluster() {
            for kind in unreachable_nodes(&reading).await? {
                health.about_all(kind);
            }
        }
        let shapes = match self.expected(self.sets(&states), Trust::Kept).await {
            Ok(shapes) => {
                let varying = shapes.values().flat_map(|it| it.varying());
                let varying = varying.collect::<BTreeSet<_>>();
                health.varying = varying.into_iter().collect();
                Some(shapes)
            }
            Err(error) => {
                health.not_tried(error);
                None
            }
        };
        let newest = shapes.as_ref().and_then(|it| it.get(&self.newest()));
        if let Some(newest) = newest.filter(|_| depth == Depth::Shapes) {
            let found = unqualified_functions(&reading, &newest.of(ANY_NAME)).await?;
            health.problems.extend(found);
        }
        for unfit in self.unfit_path().await? {
            health.about_all(ProblemKind::UnfitPath(unfit));
        }
        let path = &self.settings.runtime_path;
        health.in_both = in_both::in_both(&reading, &self.registry, path).await?;
        let check = Check {
            reading: &reading,
            select,
            depth,
            shapes: shapes.as_ref(),
            trust: Trust::Kept,
        };
        let found = self.problems_of(&check, states).await?;
        health.as_expected = found.as_expected;
        let busy = found.busy.len();
        health.all_are_busy = busy > 0 && busy >= health.checked;
        health.busy = found.busy;
        health.busy.extend(found.busy_spares);
        health.busy.sort_unstable();
        let confirmed = self.confirmed(&check, found.problems).await?;
        health.problems.extend(confirmed);
        tell_of_renamed(&self.registry, &mut health.problems);
        Ok(health)
    }

    /// The sets of migrations whose shapes are wanted: those of the tenants, and the
    /// newest, which says what orphans and spares look like.
    fn sets(&self, states: &[State]) -> BTreeSet<Applied> {
        let standings = states
            .iter()
            .filter_map(|state| state.standing.as_ref().ok())
            .filter(|it| !it.is_of_other_program(&self.migrations.tenant));
        let mut sets = standings
            .map(|it| self.applied(it))
            .collect::<BTreeSet<_>>();
        sets.insert(self.newest());
        sets
    }

    /// What is wrong with the tenants, by name.
    async fn problems_of(&self, check: &Check<'_>, mut states: Vec<State>) -> Result<Found, Error> {
        self.refuse_registry(&mut states);
        let (reading, select) = (check.reading, check.select);
        let (standings, mut problems) = sort(states);
        tell_of_misnamed(reading, &self.registry, &mut problems).await?;
        let known = &self.migrations.tenant;
        let is_other = |it: &Standing| it.is_of_other_program(known);
        let (others, standings) = standings.into_iter().partition::<Vec<_>, _>(is_other);
        // Whom the objects in such a schema belong to is a consequence.
        let foreign = wrong_owners(reading, &self.registry, select).await?;
        problems.splice(0..0, foreign.iter().map(Problem::from));
        let all = standings.iter().chain(&others);
        problems.extend(all.flat_map(|it| migration_problems(it, known)));
        self.tell_of_recorded(reading, &standings, &mut problems)
            .await?;
        problems.extend(self.edited_migrations(select).await?);
        problems.extend(doubtful(reading, &self.registry, select).await?);
        if self.database.is_cluster() {
            problems.extend(not_distributed(reading, &self.registry, select).await?);
        }
        if let Some(role) = &self.settings.application_role {
            problems.extend(missing_access(reading, &self.registry, role, select).await?);
        }
        let (mut as_expected, mut busy, mut busy_spares) = (None, Vec::new(), Vec::new());
        match (check.shapes, check.depth) {
            (None, _) => {}
            (Some(shapes), Depth::Tables) => {
                problems.extend(self.lacking_tables(check, &standings, shapes).await?);
            }
            (Some(shapes), Depth::Shapes) => {
                let drift = self.drift(&standings, shapes, check.trust).await?;
                as_expected = Some(drift.as_expected);
                busy = drift.busy;
                problems.extend(drift.problems);
                let lost = self.tell_of_lost_entries(&standings, check.trust, &mut problems);
                lost.await?;
                let named = self.names_of_spares_in_rows(reading, &standings, shapes);
                problems.extend(named.await?);
            }
        }
        if select.is_all() {
            let leftovers = self.leftovers(check).await?;
            problems.extend(leftovers.problems);
            busy_spares = leftovers.busy;
        }
        tell_of_others_only_that(&mut problems);
        tell_once(&mut problems);
        problems.sort_by(|one, other| one.tenant.cmp(&other.tenant));
        Ok(Found {
            problems,
            as_expected,
            busy,
            busy_spares,
        })
    }

    /// The tables that tenants lack. Where a migration uses the schema's name, that takes a
    /// look at all that the tenants have.
    async fn lacking_tables(
        &self,
        check: &Check<'_>,
        standings: &[Standing],
        shapes: &Shapes,
    ) -> Result<Vec<Problem>, Error> {
        let lacking = self.missing_tables(check.reading, standings, shapes);
        let lacking = lacking.await?;
        if lacking.is_empty() || self.name_uses().is_empty() {
            return Ok(lacking);
        }
        let names = lacking.iter().filter_map(|it| it.tenant.as_deref());
        let names = names.collect::<HashSet<_>>();
        let standings = standings.iter();
        let standings = standings.filter(|it| names.contains(it.entry.key()));
        let standings = standings.cloned().collect::<Vec<_>>();
        let mut found = self.drift(&standings, shapes, check.trust).await?.problems;
        found.retain(|problem| match &problem.kind {
            ProblemKind::Drift(difference) => difference.is_missing_table(),
            kind => matches!(kind, ProblemKind::NotUnderOwnName { .. }),
        });
        Ok(found)
    }

    /// The orphaned schemas, and the spares with a fault.
    async fn leftovers(&self, check: &Check<'_>) -> Result<Drift, Error> {
        let unknown = Shapes::new();
        let shapes = check.shapes.unwrap_or(&unknown);
        let mut problems = self.orphans(check.reading, shapes).await?;
        problems.extend(self.unlisted(check.reading).await?);
        let (mut ready, mut busy) = (Vec::new(), Vec::new());
        let spares = self.listed_spares().await?;
        let kept = spares.iter().filter(|spare| spare.is_of_this_program());
        let kept = kept.count();
        for spare in spares {
            let fault = match spare.is {
                Is::Outdated(_) => SpareFault::Outdated { kept },
                Is::Gone => SpareFault::Gone,
                Is::Tenants => SpareFault::Tenants,
                Is::NoSpare => SpareFault::NoSpare,
                Is::Ready(standing) => {
                    ready.push(standing);
                    continue;
                }
                // Those behind are migrated with the tenants, those ahead by another program.
                Is::Behind(_) | Is::Ahead | Is::OtherProgram | Is::Unreadable => continue,
            };
            problems.push(Problem {
                tenant: Some(spare.name),
                kind: ProblemKind::SpareLeftover(fault),
            });
        }
        if check.depth == Depth::Shapes {
            let drifted = self.drift(&ready, shapes, check.trust).await?;
            busy = drifted.busy;
            let names = drifted
                .problems
                .into_iter()
                .filter_map(|problem| problem.tenant);
            problems.extend(
                names
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .map(|name| Problem {
                        tenant: Some(name),
                        kind: ProblemKind::SpareLeftover(SpareFault::Drifted),
                    }),
            );
        }
        Ok(Drift {
            problems,
            busy,
            ..Drift::default()
        })
    }

    /// The problems in `found` that a second look confirms, in a tenant that has the same
    /// migrations before and after it. Several queries read schemas that other sessions may be
    /// changing. A tenant that is migrated between two of them looks as if it lacked its tables,
    /// and such a false problem must not be reported.
    async fn confirmed(
        &self,
        check: &Check<'_>,
        found: Vec<Problem>,
    ) -> Result<Vec<Problem>, Error> {
        if found.is_empty() {
            return Ok(found);
        }
        let names = found
            .iter()
            .filter_map(|problem| TenantName::quoted(problem.tenant.as_ref()?).ok());
        let names = Selection::only(names.collect::<BTreeSet<TenantName>>());
        let mut again = HashSet::new();
        if !names.is_empty() {
            let states = self.states(&names, Knowledge::Certain).await?;
            // Migrated meanwhile, a tenant has another shape than the one expected.
            let tried = match check.shapes {
                Some(_) => self
                    .expected(self.sets(&states), Trust::TriedIfPossible)
                    .await
                    .ok(),
                None => None,
            };
            let closer = Check {
                reading: check.reading,
                select: &names,
                depth: check.depth,
                shapes: tried.as_ref().or(check.shapes),
                trust: Trust::TriedIfPossible,
            };
            let before = self.stand(&states);
            let mut problems = self.problems_of(&closer, states).await?.problems;
            let after = self.stand(&self.states(&names, Knowledge::Certain).await?);
            problems.retain(|problem| {
                let name = problem.tenant.as_deref().unwrap_or_default();
                before.get(name) == after.get(name)
            });
            again.extend(problems.iter().map(Problem::identity));
        }
        if check.select.is_all() {
            let leftovers = self.leftovers(check).await?.problems;
            again.extend(leftovers.iter().map(Problem::identity));
        }
        // A name that is none cannot be asked for, and does not come and go.
        let is_name = |problem: &Problem| {
            let name = problem.tenant.as_deref();
            name.is_some_and(|name| self.registry.registered(name).is_ok())
        };
        let mut found = found;
        found.retain(|problem| !is_name(problem) || again.contains(&problem.identity()));
        Ok(found)
    }

    /// Which migrations each tenant has: those that this program knows, and others.
    fn stand(&self, states: &[State]) -> BTreeMap<String, (Applied, Vec<Version>)> {
        let stand = states.iter().filter_map(|state| {
            let standing = state.standing.as_ref().ok()?;
            let applied = (self.applied(standing), standing.unknown.clone());
            Some((state.name.clone(), applied))
        });
        stand.collect()
    }

    async fn edited_migrations(&self, select: &Selection) -> Result<Vec<Problem>, Error> {
        self.look_for_columns().await?;
        let mut problems = Vec::new();
        for note in self.edited().await? {
            let (tenants, edited) = match note {
                Note::Edited {
                    migration,
                    version,
                    tenants,
                } => (tenants, Some((migration, version))),
                Note::NoFingerprints { tenants } => (tenants, None),
                _ => continue,
            };
            let tenants = tenants.into_iter().filter(|name| select.contains(name));
            problems.extend(tenants.map(|tenant| {
                Problem {
                    tenant: Some(tenant),
                    kind: edited
                        .clone()
                        .map_or(ProblemKind::NoFingerprints, |(migration, version)| {
                            ProblemKind::EditedMigration { migration, version }
                        }),
                }
            }));
        }
        Ok(problems)
    }
}

/// The tenants whose ledger was read, and a problem for each other one.
fn sort(states: Vec<State>) -> (Vec<Standing>, Vec<Problem>) {
    let mut standings = Vec::new();
    let mut problems = Vec::new();
    for state in states {
        let kind = match state.standing {
            Ok(standing) => {
                standings.push(standing);
                continue;
            }
            Err(Error::MissingSchema(_)) => ProblemKind::MissingSchema,
            Err(Error::UnfitRow(unfit)) => ProblemKind::UnfitRow(unfit),
            Err(Error::InvalidRow { source, .. }) => ProblemKind::of_row(source),
            Err(error) => ProblemKind::Unreadable(error),
        };
        problems.push(Problem {
            tenant: Some(state.name),
            kind,
        });
    }
    (standings, problems)
}

/// Leaves, of a tenant that another program has migrated, only that: nothing in it is this
/// program's to change.
fn tell_of_others_only_that(problems: &mut Vec<Problem>) {
    let is_other = |it: &&Problem| matches!(it.kind, ProblemKind::OtherProgram { .. });
    let others = problems.iter().filter(is_other);
    let others = others.map(|it| it.tenant.clone()).collect::<HashSet<_>>();
    problems.retain(|it| is_other(&it) || !others.contains(&it.tenant));
}

/// Of a tenant that another program has migrated, only that: it is not this program's to
/// migrate.
fn migration_problems(standing: &Standing, known: &MigrationSet) -> Vec<Problem> {
    let unknown = standing.unknown.iter().cloned();
    let required = standing.require_known(known, UnknownMigrations::Allow);
    let kinds = if let Err(Error::OtherProgram { versions, sign, .. }) = required {
        vec![ProblemKind::OtherProgram { versions, sign }]
    } else if !standing.unknown.is_empty() {
        unknown.map(ProblemKind::UnknownMigration).collect()
    } else if !standing.pending.is_empty() {
        vec![ProblemKind::PendingMigrations(standing.pending.clone())]
    } else {
        Vec::new()
    };
    let problem = |kind| Problem {
        tenant: Some(standing.entry.key().to_owned()),
        kind,
    };
    kinds.into_iter().map(problem).collect()
}
