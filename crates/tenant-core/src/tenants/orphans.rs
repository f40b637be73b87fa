//! Orphaned schemas: they look like a tenant's and are not registered.

mod rows;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use tokio_postgres::types::{ToSql, Type};

use super::expected::Shapes;
use super::handle::Tenants;
use super::ledgers::{Unreached, read_ledgers};
use super::reading::Reading;
use super::shapes::Seen;
use super::state::{self, LEDGERS_PER_QUERY};
use crate::catalog::dependents;
use crate::name::MIGRATION_HISTORY;
use crate::registry::Rows;
use crate::registry::is_named_like_a_spare;
use crate::report::{Orphan, Problem, ProblemKind, SpareFault};
use crate::shape::{Change, Expectation, ObjectKind, ObjectName, Shape, compare_with_migrations};
use crate::{Error, SchemaName};
use rows::with_rows;

/// A schema that is in no list.
struct Candidate {
    name: String,
    is_empty: bool,
    has_ledger: bool,
}

/// The percentage of a schema's columns that must match a tenant's for the schema to be reported as
/// orphaned. A schema of another application may have a table of the same name, and even its own
/// table of migrations.
const OURS: usize = 50;

/// The same for a schema that has no table of applied migrations.
const OURS_WITHOUT_LEDGER: usize = 75;

impl Tenants {
    /// The schemas that look like a tenant's without being registered: empty ones, and schemas
    /// whose tables and columns match a tenant's. Schemas with other columns belong to other
    /// applications and are left out. Schemas of extensions and spares are left out too.
    ///
    /// `shapes` are the definitions of tenants, as far as they are known.
    pub(super) async fn orphans(
        &self,
        reading: &Reading<'_>,
        shapes: &Shapes,
    ) -> Result<Vec<Problem>, Error> {
        let mut candidates = self.candidates(reading, shapes).await?;
        candidates.retain(|candidate| self.may_be_a_tenants(candidate));
        let filled = candidates.iter().filter(|it| !it.is_empty);
        let filled = filled.map(|it| it.name.as_str()).collect::<Vec<_>>();
        let known = shapes.values().flat_map(|it| it.template().columns());
        let known = known.collect::<HashSet<_>>();
        let newest = shapes
            .get(&self.newest())
            .map_or(0, |it| it.template().columns().count());
        let shapes_of = shapes.values().map(Arc::as_ref).collect::<Vec<_>>();
        let look = |found: Shape| Likeness::of(&found, &known, newest, &shapes_of);
        let looked = self.look_at_shapes(&filled, &look).await?;
        let (mut ours, mut bare) = (HashSet::new(), Vec::new());
        let mut with_others = HashMap::new();
        for (name, likeness) in looked {
            let candidate = candidates.iter().find(|it| it.name == name);
            // What cannot be read is nobody's to be called an orphan.
            let (Some(candidate), Seen::Shape(likeness)) = (candidate, likeness) else {
                continue;
            };
            if !likeness.has_other {
                bare.extend(self.possible_tenant(&name));
            } else if likeness.is_a_tenants(candidate.has_ledger) {
                if !likeness.others.is_empty() {
                    with_others.insert(name.clone(), likeness.others);
                }
                ours.insert(name);
            }
        }
        let with_ledger = candidates.iter().filter(|it| it.has_ledger);
        let with_ledger = with_ledger.filter(|it| ours.contains(&it.name));
        let with_ledger = with_ledger.filter_map(|it| it.name.parse().ok());
        let with_ledger = with_ledger.collect::<Vec<_>>();
        let (_, others) = self.by_versions(reading, &with_ledger).await;
        ours.extend(self.by_versions(reading, &bare).await.0);
        let depended_on = depended_on(reading, &ours).await?;
        let with_rows = with_rows(reading, &ours).await;
        let problems = candidates.into_iter().filter_map(|candidate| {
            let kind = if candidate.is_empty {
                ProblemKind::OrphanedSchema(Orphan::Empty)
            } else if !ours.contains(&candidate.name) {
                return None;
            } else if others.contains(&candidate.name) && !is_named_like_a_spare(&candidate.name) {
                ProblemKind::OrphanedSchema(Orphan::OfOtherProgram)
            } else if let Some(others) = with_others.remove(&candidate.name) {
                ProblemKind::OrphanedSchema(Orphan::WithOthers(others))
            } else {
                let is_depended_on = depended_on.contains(&candidate.name);
                match left_over(&candidate.name, is_depended_on) {
                    ProblemKind::OrphanedSchema(Orphan::LikeATenant)
                        if candidate.has_ledger && self.registry.may_be_listed_first() =>
                    {
                        ProblemKind::OrphanedSchema(Orphan::WithHistory)
                    }
                    ProblemKind::OrphanedSchema(Orphan::LikeATenant)
                        if with_rows.contains(&candidate.name) =>
                    {
                        ProblemKind::OrphanedSchema(Orphan::WithRows)
                    }
                    kind => kind,
                }
            };
            let tenant = Some(candidate.name);
            Some(Problem { tenant, kind })
        });
        Ok(problems.collect())
    }

    /// Whether it can be a tenant's that has lost its row, by what it is called, or has a
    /// table of applied migrations, which says whose it is.
    fn may_be_a_tenants(&self, candidate: &Candidate) -> bool {
        let schema = candidate.name.parse::<SchemaName>();
        let naming = self.registry.names();
        if self.registry.is_in(&candidate.name) {
            return false;
        }
        candidate.has_ledger
            || is_named_like_a_spare(&candidate.name)
            || schema.is_ok_and(|schema| naming.may_be_a_tenants(&schema, candidate.is_empty))
    }

    /// The schema called `name`, if it can be a tenant's.
    fn possible_tenant(&self, name: &str) -> Option<SchemaName> {
        let schema = name.parse().ok()?;
        let naming = self.registry.names();
        (naming.is_mapped() || naming.tenant_of(&schema).is_some()).then_some(schema)
    }

    /// Those of `schemas`, each with a table of applied migrations, that hold no version of
    /// another program, and those that do. What cannot be read is neither.
    async fn by_versions(
        &self,
        reading: &Reading<'_>,
        schemas: &[SchemaName],
    ) -> (HashSet<String>, HashSet<String>) {
        let (mut ours, mut others) = (HashSet::new(), HashSet::new());
        let mut ledgers = Vec::new();
        for some in schemas.chunks(LEDGERS_PER_QUERY) {
            read_ledgers(reading, some, &Unreached::default(), &mut ledgers).await;
        }
        for (name, applied) in ledgers {
            let Ok(applied) = applied else { continue };
            let is_ours = self.migrations.tenant.unknown(&applied).is_empty();
            let which = if is_ours { &mut ours } else { &mut others };
            which.insert(name.to_string());
        }
        (ours, others)
    }

    /// The schemas in no list that are empty, or have a table of applied migrations
    /// or one that is called like a tenant's. A database can have thousands of
    /// schemas that are neither.
    async fn candidates(
        &self,
        reading: &Reading<'_>,
        shapes: &Shapes,
    ) -> Result<Vec<Candidate>, Error> {
        let extensions = self.settings.extensions.as_ref();
        let extensions = extensions.map(|schema| schema.name());
        let Rows { from, schema, .. } = self.registry.rows("t");
        let beside = self.registry.none_beside("n.nspname");
        let sql = format!(
            "WITH nobodys AS MATERIALIZED ( \
                 SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n \
                 WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('public', 'information_schema') \
               AND n.nspname IS DISTINCT FROM $2 AND n.nspname <> ALL ($4) \
               AND NOT EXISTS (SELECT FROM {from} WHERE {schema} = n.nspname){beside} \
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = n.oid \
                   AND d.classid = 'pg_catalog.pg_namespace'::regclass AND d.deptype = 'e')), \
             looked AS ( \
                 SELECT n.nspname, NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
                         WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass \
                           AND d.refobjid = n.oid) AS is_empty, \
                     EXISTS (SELECT FROM pg_catalog.pg_class c \
                         WHERE c.relnamespace = n.oid AND c.relname = $3) AS has_ledger, \
                     EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid \
                         AND c.relkind IN ('r', 'p', 'f') AND c.relname = ANY ($1)) AS has_table \
                 FROM nobodys n) \
             SELECT nspname::text, is_empty, has_ledger FROM looked \
             WHERE is_empty OR has_ledger OR has_table ORDER BY 1"
        );
        let spares = state::names_of_spares(reading, &self.registry).await?;
        let tables = shapes.values().flat_map(|it| it.template().tables());
        let tables = tables.collect::<Vec<_>>();
        let parameters: [(&(dyn ToSql + Sync), Type); 4] = [
            (&tables, Type::TEXT_ARRAY),
            (&extensions, Type::TEXT),
            (&MIGRATION_HISTORY, Type::TEXT),
            (&spares, Type::TEXT_ARRAY),
        ];
        let failed = |error| Error::database("look for orphaned schemas", error);
        let rows = reading.query(&sql, &parameters).await.map_err(failed)?;
        let candidate = |row: &tokio_postgres::Row| {
            Ok(Candidate {
                name: row.try_get(0)?,
                is_empty: row.try_get(1)?,
                has_ledger: row.try_get(2)?,
            })
        };
        let candidates = rows.iter().map(candidate);
        let candidates = candidates.collect::<Result<_, tokio_postgres::Error>>();
        candidates.map_err(failed)
    }
}

/// The kind of problem of an unregistered schema, and whether objects outside depend on it.
fn left_over(name: &str, is_depended_on: bool) -> ProblemKind {
    match (is_named_like_a_spare(name), is_depended_on) {
        (true, true) => ProblemKind::SpareLeftover(SpareFault::DependedOn),
        (true, false) => ProblemKind::SpareLeftover(SpareFault::Unlisted),
        (false, true) => ProblemKind::OrphanedSchema(Orphan::DependedOn),
        (false, false) => ProblemKind::OrphanedSchema(Orphan::LikeATenant),
    }
}

/// Those of the schemas `names` that objects outside of them depend on.
async fn depended_on(
    reading: &Reading<'_>,
    names: &HashSet<String>,
) -> Result<HashSet<String>, Error> {
    if names.is_empty() {
        return Ok(HashSet::new());
    }
    let names = names.iter().map(String::as_str).collect::<Vec<_>>();
    let failed = |error| Error::database("look for dependents of orphaned schemas", error);
    let rows = reading.query(&dependents(&names), &[]).await;
    let rows = rows.map_err(failed)?;
    let schemas = rows.iter().map(|row| row.try_get(0));
    let schemas = schemas.collect::<Result<_, tokio_postgres::Error>>();
    schemas.map_err(failed)
}

/// How much of a schema is what tenants have.
struct Likeness {
    /// How many columns it has.
    columns: usize,
    /// How many of them are those of a tenant.
    shared: usize,
    /// How many columns a tenant has.
    wanted: usize,
    /// Whether it holds anything that is no column.
    has_other: bool,
    /// What it holds that no migration creates, in words.
    others: Vec<String>,
}

impl Likeness {
    fn of(
        found: &Shape,
        known: &HashSet<(&str, &str, &str)>,
        wanted: usize,
        shapes: &[&Expectation],
    ) -> Self {
        Self {
            others: others_objects(found, shapes),
            columns: found.columns().count(),
            shared: found
                .columns()
                .filter(|column| known.contains(column))
                .count(),
            wanted,
            has_other: found.objects().next().is_some(),
        }
    }

    fn is_a_tenants(&self, has_ledger: bool) -> bool {
        let part = |of: usize, percent: usize| self.shared * 100 >= of * percent;
        if has_ledger {
            return self.columns > 0 && part(self.columns, OURS);
        }
        self.columns > 0 && part(self.columns, OURS_WITHOUT_LEDGER) && part(self.wanted, OURS)
    }
}

/// What is in the schema that none of the expected definitions has, and that can be there by
/// itself: an index or a key is nothing to lose.
fn others_objects(found: &Shape, shapes: &[&Expectation]) -> Vec<String> {
    let mut extra = None::<BTreeSet<ObjectName>>;
    for expected in shapes {
        let found = compare_with_migrations(&expected.shape_of(found.schema()), found);
        let found = found.into_iter().filter(|it| it.change == Change::Extra);
        let found = found.map(|it| it.object).collect();
        extra = Some(match extra {
            None => found,
            Some(extra) => &extra & &found,
        });
    }
    let extra = extra.unwrap_or_default().into_iter();
    let extra = extra.filter(|it| can_be_alone(it.kind));
    extra.map(|it| it.to_string()).collect()
}

fn can_be_alone(kind: ObjectKind) -> bool {
    use ObjectKind::{Function, MaterializedView, Sequence, Table, Type, View};
    matches!(
        kind,
        Table | View | MaterializedView | Function | Type | Sequence
    )
}
