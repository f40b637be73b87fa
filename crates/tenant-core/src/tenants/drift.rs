//! Holds tenants against the shape that their migrations make.

use std::collections::{BTreeMap, HashMap};

use tokio_postgres::types::{ToSql, Type};

use super::applied_texts::AppliedTexts;
use super::expected::{Shapes, Trust};
use super::handle::Tenants;
use super::known_shapes::Applied;
use super::nameless::retain_unexplained;
use super::others_tables::has_others_tables;
use super::reading::Reading;
use super::shapes::Seen;
use super::state::Standing;
use crate::name::Entry;
use crate::report::{Problem, ProblemKind};
use crate::shape::{
    Change, Difference, Shape, compare_with_migrations, missing_table, names_schema,
};
use crate::{Error, ForeignSign};

/// What a look at the shapes found.
#[derive(Default)]
pub(super) struct Drift {
    pub(super) problems: Vec<Problem>,
    /// How many tenants are as they should be.
    pub(super) as_expected: usize,
    /// The tenants that could not be read, because another session is working on them.
    pub(super) busy: Vec<String>,
}

impl Tenants {
    /// How the tenants differ from what their migrations make. Those that have migrations
    /// which this program does not have are left out: what these have changed is not known.
    pub(super) async fn drift(
        &self,
        standings: &[Standing],
        shapes: &Shapes,
        trust: Trust,
    ) -> Result<Drift, Error> {
        let ours = &self.migrations.tenant;
        let uses = self.name_uses();
        let uses_name = |standing: &Standing| {
            let is_tenant = matches!(standing.entry, Entry::Tenant(_));
            let (applied, mut uses) = (self.applied(standing), uses.clone());
            let general = shapes.get(&applied).map(|it| &**it);
            retain_unexplained(&mut uses, ours, &applied, general);
            is_tenant && !uses.is_empty()
        };
        let mut differing = Vec::new();
        let known = standings.iter().filter(|it| it.unknown.is_empty());
        let known = known.filter(|it| !it.is_of_other_program(ours));
        let expected = known.filter_map(|standing| {
            let shape = shapes.get(&self.applied(standing))?;
            let schema = standing.entry.schema_name().as_str();
            Some((schema, (standing, shape.shape_of(schema))))
        });
        let expected = expected.collect::<HashMap<_, _>>();
        let names = expected.keys().copied().collect::<Vec<_>>();
        let look = |found: Shape| match expected.get(found.schema()) {
            Some((_, expected)) => compare_with_migrations(expected, &found),
            None => Vec::new(),
        };
        let mut drift = Drift::default();
        for (schema, looked) in self.look_at_shapes(&names, &look).await? {
            let Some((standing, expected)) = expected.get(schema.as_str()) else {
                continue;
            };
            let is_bare = standing.version.is_none();
            let name = standing.entry.key();
            match looked {
                // Dropped meanwhile: somebody else's finding.
                Seen::Nothing => {}
                Seen::Busy => drift.busy.push(name.to_owned()),
                Seen::Shape(found) if found.is_empty() => drift.as_expected += 1,
                Seen::Shape(found) if is_bare => {
                    let newest = shapes.get(&self.newest());
                    let is_foreign =
                        newest.is_some_and(|newest| is_foreign(&found, newest.template()));
                    drift.add(name, [bare(is_foreign)]);
                }
                Seen::Shape(found)
                    if standing.texts == AppliedTexts::Silent
                        && has_others_tables(&found, expected) =>
                {
                    let versions = standing.all_applied(ours).cloned().collect();
                    let sign = ForeignSign::OtherTables;
                    drift.add(name, [ProblemKind::OtherProgram { versions, sign }]);
                }
                Seen::Shape(_) if uses_name(standing) => differing.push(*standing),
                Seen::Shape(found) => {
                    let kinds = found.into_iter().map(|it| ProblemKind::Drift(Box::new(it)));
                    drift.add(name, kinds);
                }
                Seen::Unreadable(error) => {
                    let error = Error::database("read the schema definition", error);
                    drift.add(name, [ProblemKind::Unreadable(error)]);
                }
            }
        }
        if !differing.is_empty() {
            self.settle(differing, shapes, trust, &mut drift).await?;
        }
        self.keep_what_holds_rows(standings, &mut drift.problems)
            .await?;
        Ok(drift)
    }

    /// The tables that tenants lack although they should have them: what can be seen
    /// at little cost.
    pub(super) async fn missing_tables(
        &self,
        reading: &Reading<'_>,
        standings: &[Standing],
        shapes: &Shapes,
    ) -> Result<Vec<Problem>, Error> {
        let mut groups = BTreeMap::<Applied, Vec<&Standing>>::new();
        for standing in standings.iter().filter(|it| it.unknown.is_empty()) {
            let group = groups.entry(self.applied(standing)).or_default();
            group.push(standing);
        }
        let mut problems = Vec::new();
        for (applied, standings) in groups {
            if let Some(expected) = shapes.get(&applied) {
                problems.extend(lacking(reading, &standings, expected.template()).await?);
            }
        }
        Ok(problems)
    }
}

impl Drift {
    pub(super) fn add(&mut self, tenant: &str, kinds: impl IntoIterator<Item = ProblemKind>) {
        let problems = kinds.into_iter().map(|kind| Problem {
            tenant: Some(tenant.to_owned()),
            kind,
        });
        self.problems.extend(problems);
    }
}

/// What is wrong with a schema that is not empty and without any recorded migration.
fn bare(is_foreign: bool) -> ProblemKind {
    if is_foreign {
        ProblemKind::ForeignObjects
    } else {
        ProblemKind::HalfMade
    }
}

/// Whether none of what an otherwise empty schema holds, as `found` says, is what the
/// migrations make, all of which is in `newest`.
fn is_foreign(found: &[Difference], newest: &Shape) -> bool {
    let mut extra = found.iter().filter(|it| it.change == Change::Extra);
    let is_ours = |it: &Difference| newest.objects().any(|object| *object == it.object);
    found.iter().any(|it| it.change == Change::Extra) && !extra.any(is_ours)
}

/// Which of the tables of `expected` these lack.
async fn lacking(
    reading: &Reading<'_>,
    standings: &[&Standing],
    expected: &Shape,
) -> Result<Vec<Problem>, Error> {
    // Nearly all lack nothing, which counting shows. What was dropped meanwhile is
    // somebody else's finding.
    let sql = "WITH short AS MATERIALIZED ( \
                   SELECT s.name FROM unnest($1) AS s (name) \
                   JOIN pg_catalog.pg_namespace n ON n.nspname = s.name \
                   LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
                        AND c.relname = ANY ($2) AND c.relkind IN ('r', 'p', 'f') \
                   GROUP BY s.name HAVING count(c.oid) < cardinality($2)) \
               SELECT s.name::text, t.name::text \
               FROM short s CROSS JOIN unnest($2) AS t (name) \
               WHERE NOT EXISTS ( \
                   SELECT FROM pg_catalog.pg_class c \
                   JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                   WHERE n.nspname = s.name AND c.relname = t.name \
                     AND c.relkind IN ('r', 'p', 'f')) \
               ORDER BY 1, 2";
    let entries = standings.iter().map(|it| &it.entry);
    let keys = entries.map(|it| (it.schema_name().as_str(), it.key()));
    let keys = keys.collect::<HashMap<_, _>>();
    let names = keys.keys().copied().collect::<Vec<_>>();
    // One that is called after its schema is looked for by the full check.
    let tables = expected.tables();
    let tables = tables.filter(|table| !names_schema(table) && !expected.is_of_moment(table));
    let tables = tables.collect::<Vec<_>>();
    let parameters: [(&(dyn ToSql + Sync), Type); 2] =
        [(&names, Type::NAME_ARRAY), (&tables, Type::NAME_ARRAY)];
    let failed = |error| Error::database("look for missing tables", error);
    let rows = reading.query(sql, &parameters).await.map_err(failed)?;
    let mut problems = Vec::new();
    for row in &rows {
        let schema: String = row.try_get(0).map_err(failed)?;
        let table: String = row.try_get(1).map_err(failed)?;
        let key = keys.get(schema.as_str());
        problems.extend(missing_table(expected, &table).map(|difference| Problem {
            tenant: key.map(|key| (*key).to_owned()),
            kind: ProblemKind::Drift(Box::new(difference)),
        }));
    }
    Ok(problems)
}
