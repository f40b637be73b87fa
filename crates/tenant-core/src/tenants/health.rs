//! Compares what there is with what should be.

use std::collections::BTreeMap;

use tokio_postgres::types::{ToSql, Type};

use super::Tenants;
use super::reading::Reading;
use super::state::{self, Knowledge, Standing, State};
use crate::sql::{LEDGER, Schema};
use crate::{Error, InvalidName, TenantName, engine, tracker};

/// What a health check found.
#[derive(Debug)]
pub struct Health {
    /// How many tenants were looked at.
    pub checked: usize,
    /// What is wrong, the public schema first, then by tenant.
    pub problems: Vec<Problem>,
    /// Why it is not known whether tables are missing, when it is not: these
    /// migrations cannot all be tried in one transaction.
    pub not_checked: Option<Error>,
}

/// Something that is not as it should be.
#[derive(Debug)]
pub struct Problem {
    /// The tenant or schema it is about; `None` for the public schema and for
    /// what concerns all tenants.
    pub tenant: Option<String>,
    /// What it is.
    pub kind: ProblemKind,
}

/// The kinds of problems. `Display` is the detail in words.
#[derive(Debug, thiserror::Error)]
pub enum ProblemKind {
    /// A registered name that cannot be a tenant's.
    #[error("the registered name cannot be a tenant's")]
    InvalidName(#[source] InvalidName),
    /// Registered, and no schema.
    #[error("the tenant is registered, but its schema does not exist")]
    MissingSchema,
    /// Its ledger cannot be read.
    #[error("the tenant's state cannot be read")]
    Unreadable(#[source] Error),
    /// The migrations that are applied make this table, and it is not there.
    #[error("the table `{0}` does not exist, though the migration that makes it is applied")]
    MissingTable(String),
    /// Migrations that were not applied, by version, oldest first.
    #[error("{} pending: {}", if .0.len() == 1 { "a migration is" } else { "migrations are" }, .0.join(", "))]
    PendingMigrations(Vec<String>),
    /// A migration that was applied and that nobody has.
    #[error("the applied migration {0} is not among the migrations of this program")]
    UnknownMigration(String),
    /// Looks like a tenant's schema, and nobody is registered.
    #[error("the schema looks like a tenant's, but no tenant of that name is registered")]
    OrphanedSchema,
    /// Whether tables are missing is not known: the role may not create a schema.
    #[error("whether tables are missing was not checked: the migrations could not be tried")]
    TablesNotChecked(#[source] Error),
    /// The migrations do not make a schema any more.
    #[error("the migrations cannot be applied to a new schema")]
    BrokenMigrations(#[source] Error),
}

impl Tenants {
    /// Checks the public schema and all tenants, or `only` some: each has its
    /// schema, exactly the migrations of this program, and the tables that
    /// these make; and no schema is left over.
    ///
    /// A handful of queries, whatever the number of tenants. What the
    /// migrations make is seen by applying them to a schema in a transaction
    /// that is rolled back, so the role needs the right to create schemas.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::NotSetUp`], [`Error::Unknown`] for a name
    /// in `only`.
    pub async fn health(&self, only: &[TenantName]) -> Result<Health, Error> {
        let states = self.states(only, Knowledge::Certain).await?;
        let reading = self.reading().await?;
        if let Some(name) = state::unknown(&states, only).next() {
            return Err(Error::Unknown(name.clone()));
        }
        let checked = states.len();
        let mut problems = Vec::new();
        let pending = self.public_pending(&reading).await?;
        if !pending.is_empty() {
            problems.push(about_all(ProblemKind::PendingMigrations(pending)));
        }
        let (standings, broken) = sort(states);
        let mut tenants = broken;
        tenants.extend(standings.iter().flat_map(migration_problems));
        let mut not_checked = None;
        let tables = match self.rehearse().await {
            Ok(tables) => {
                tenants.extend(self.missing_tables(&reading, &standings, &tables).await?);
                tables
            }
            Err(error) => {
                match error.sqlstate() {
                    Some("42501") => problems.push(about_all(ProblemKind::TablesNotChecked(error))),
                    // Not in a transaction, or a new enum value that is used in it.
                    Some("25001" | "55P04") => not_checked = Some(error),
                    _ => problems.push(about_all(ProblemKind::BrokenMigrations(error))),
                }
                Vec::new()
            }
        };
        if only.is_empty() {
            tenants.extend(self.orphans(&reading, &tables).await?);
        }
        tenants.sort_by(|one, other| one.tenant.cmp(&other.tenant));
        problems.extend(tenants);
        Ok(Health {
            checked,
            problems,
            not_checked,
        })
    }

    /// On a connection of its own: the transaction is another.
    async fn rehearse(&self) -> Result<Vec<Vec<String>>, Error> {
        let session = self.session().await?;
        let name = format!("_rehearsal_{:016x}", rand::random::<u64>());
        let name = name.parse::<TenantName>().map_err(Error::InvalidRow)?;
        engine::rehearse(self.work(&session, Schema::Tenant(&name))).await
    }

    /// The tables that tenants lack although they should have them. Tenants
    /// that are behind are held against the tables of their own version.
    async fn missing_tables(
        &self,
        reading: &Reading<'_>,
        standings: &[Standing],
        tables: &[Vec<String>],
    ) -> Result<Vec<Problem>, Error> {
        let mut groups = BTreeMap::<usize, Vec<&str>>::new();
        for standing in standings {
            let reached = self.reached(standing);
            groups
                .entry(reached)
                .or_default()
                .push(standing.tenant.as_str());
        }
        let mut problems = Vec::new();
        for (reached, names) in groups {
            let expected = tables.get(reached).map_or(&[][..], Vec::as_slice);
            problems.extend(lacking(reading, &names, expected).await?);
        }
        Ok(problems)
    }

    /// How many migrations a tenant has before the first that it lacks.
    fn reached(&self, standing: &Standing) -> usize {
        let migrations = self.migrations.tenant.iter();
        let total = migrations.len();
        let first = standing.pending.first();
        first.map_or(total, |first| {
            migrations
                .take_while(|migration| migration.version() != first)
                .count()
        })
    }

    /// The schemas that look like a tenant's without being registered: with a
    /// ledger, with tables that are all tenants' tables, or empty. A neighbour's
    /// schema with tables of its own is left out, and so are an extension's and
    /// the spares.
    async fn orphans(
        &self,
        reading: &Reading<'_>,
        tables: &[Vec<String>],
    ) -> Result<Vec<Problem>, Error> {
        let telling = tables.last().map_or(&[][..], Vec::as_slice);
        let extensions = self
            .settings
            .extensions
            .as_ref()
            .map(|schema| schema.name());
        let sql = format!(
            "WITH nobodys AS MATERIALIZED ( \
                 SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n \
                 WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('public', 'information_schema') \
               AND n.nspname IS DISTINCT FROM $2 AND n.nspname <> ALL ($4) \
               AND NOT EXISTS (SELECT FROM {} t WHERE t.name = n.nspname) \
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = n.oid \
                   AND d.classid = 'pg_catalog.pg_namespace'::regclass AND d.deptype = 'e')) \
             SELECT n.nspname::text FROM nobodys n \
             WHERE (EXISTS (SELECT FROM pg_catalog.pg_class c \
                            WHERE c.relnamespace = n.oid AND c.relname = $3) \
                    OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid \
                               AND c.relkind IN ('r', 'p') AND c.relname = ANY ($1)) \
                   AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid \
                               AND c.relkind IN ('r', 'p') AND c.relname <> ALL ($1)) \
                    OR NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid) \
                   AND NOT EXISTS (SELECT FROM pg_catalog.pg_type y WHERE y.typnamespace = n.oid) \
                   AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.pronamespace = n.oid)) \
             ORDER BY 1",
            tracker::TABLE
        );
        let spares = state::names_of_spares(reading).await?;
        let parameters: [(&(dyn ToSql + Sync), Type); 4] = [
            (&telling, Type::TEXT_ARRAY),
            (&extensions, Type::TEXT),
            (&LEDGER, Type::TEXT),
            (&spares, Type::TEXT_ARRAY),
        ];
        let found = reading.query(&sql, &parameters).await;
        let rows = found.map_err(|error| Error::database("looking for orphaned schemas", error))?;
        let problem = |row: &tokio_postgres::Row| Problem {
            tenant: row.try_get(0).ok(),
            kind: ProblemKind::OrphanedSchema,
        };
        Ok(rows.iter().map(problem).collect())
    }
}

/// A problem of no single tenant.
fn about_all(kind: ProblemKind) -> Problem {
    Problem { tenant: None, kind }
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
            Err(Error::InvalidRow(error)) => ProblemKind::InvalidName(error),
            Err(error) => ProblemKind::Unreadable(error),
        };
        problems.push(Problem {
            tenant: Some(state.name),
            kind,
        });
    }
    (standings, problems)
}

fn migration_problems(standing: &Standing) -> Vec<Problem> {
    let mut kinds = Vec::new();
    if !standing.pending.is_empty() {
        kinds.push(ProblemKind::PendingMigrations(standing.pending.clone()));
    }
    kinds.extend(
        standing
            .unknown
            .iter()
            .cloned()
            .map(ProblemKind::UnknownMigration),
    );
    let problem = |kind| Problem {
        tenant: Some(standing.tenant.to_string()),
        kind,
    };
    kinds.into_iter().map(problem).collect()
}

/// Which of `tables` the schemas `names` lack.
async fn lacking(
    reading: &Reading<'_>,
    names: &[&str],
    tables: &[String],
) -> Result<Vec<Problem>, Error> {
    // Nearly all lack nothing, which counting shows.
    let sql = "WITH short AS MATERIALIZED ( \
                   SELECT s.name FROM unnest($1) AS s (name) \
                   LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = s.name \
                   LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
                        AND c.relname = ANY ($2) AND c.relkind IN ('r', 'p') \
                   GROUP BY s.name HAVING count(c.oid) < cardinality($2)) \
               SELECT s.name::text, t.name::text \
               FROM short s CROSS JOIN unnest($2) AS t (name) \
               WHERE NOT EXISTS ( \
                   SELECT FROM pg_catalog.pg_class c \
                   JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                   WHERE n.nspname = s.name AND c.relname = t.name AND c.relkind IN ('r', 'p'))";
    let parameters: [(&(dyn ToSql + Sync), Type); 2] =
        [(&names, Type::NAME_ARRAY), (&tables, Type::NAME_ARRAY)];
    let found = reading.query(sql, &parameters).await;
    let rows = found.map_err(|error| Error::database("looking for missing tables", error))?;
    let problem = |row: &tokio_postgres::Row| {
        Ok(Problem {
            tenant: row.try_get(0)?,
            kind: ProblemKind::MissingTable(row.try_get(1)?),
        })
    };
    let problems = rows
        .iter()
        .map(problem)
        .collect::<Result<_, tokio_postgres::Error>>();
    problems.map_err(|error| Error::database("looking for missing tables", error))
}
