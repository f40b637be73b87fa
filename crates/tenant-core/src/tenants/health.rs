//! Compares what there is with what should be.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use tokio_postgres::types::{ToSql, Type};

use super::access::missing_access;
use super::reading::Reading;
use super::state::{self, Knowledge, Standing, State};
use super::{Note, Tenants};
use crate::events::Call;
use crate::sql::Schema;
use crate::{Error, InvalidName, TenantName, engine};

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

impl Problem {
    /// What makes it the same problem when it is found again.
    fn identity(&self) -> (Option<String>, String) {
        (self.tenant.clone(), self.kind.to_string())
    }
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
    /// The text of a migration is not the one that was applied.
    #[error("the migration `{migration}` was edited after it was applied")]
    EditedMigration {
        /// Its name.
        migration: String,
        /// Its version.
        version: String,
    },
    /// The application's role cannot use the schema, or not read these tables.
    #[error("{}", no_access(.role, .tables))]
    NoAccess {
        /// The role.
        role: String,
        /// The tables that it cannot read, by name; none when it could, if only
        /// it had the right to use the schema.
        tables: Vec<String>,
    },
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
    /// in `only`, or what the server says. What is wrong with one tenant is in
    /// [`Health::problems`].
    pub async fn health(&self, only: &[TenantName]) -> Result<Health, Error> {
        Call::Health.tell(self.check(only)).await
    }

    async fn check(&self, only: &[TenantName]) -> Result<Health, Error> {
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
        let mut not_checked = None;
        let tables = match self.rehearse().await {
            Ok(tables) => Some(tables),
            Err(error) => {
                match error.sqlstate() {
                    Some("42501") => problems.push(about_all(ProblemKind::TablesNotChecked(error))),
                    // Not in a transaction, or a new enum value that is used in it.
                    Some("25001" | "55P04") => not_checked = Some(error),
                    _ => problems.push(about_all(ProblemKind::BrokenMigrations(error))),
                }
                None
            }
        };
        let tables = tables.as_deref();
        let found = self.problems_of(&reading, states, only, tables).await?;
        problems.extend(self.confirmed(&reading, found, only, tables).await?);
        Ok(Health {
            checked,
            problems,
            not_checked,
        })
    }

    /// What is wrong with the tenants, by name. `tables` are those after each
    /// migration, if that is known.
    async fn problems_of(
        &self,
        reading: &Reading<'_>,
        states: Vec<State>,
        only: &[TenantName],
        tables: Option<&[Vec<String>]>,
    ) -> Result<Vec<Problem>, Error> {
        let (standings, mut problems) = sort(states);
        problems.extend(standings.iter().flat_map(migration_problems));
        problems.extend(self.edited_migrations(only).await?);
        if let Some(role) = &self.settings.application_role {
            problems.extend(missing_access(reading, role, only).await?);
        }
        if let Some(tables) = tables {
            problems.extend(self.missing_tables(reading, &standings, tables).await?);
        }
        if only.is_empty() {
            problems.extend(self.orphans(reading, newest(tables)).await?);
        }
        problems.sort_by(|one, other| one.tenant.cmp(&other.tenant));
        Ok(problems)
    }

    /// Those of `found` that are found again. Several queries look at what others
    /// may be changing: a tenant that is dropped between two of them looks like
    /// one that lacks its tables, and nobody is to be sent after that.
    async fn confirmed(
        &self,
        reading: &Reading<'_>,
        found: Vec<Problem>,
        only: &[TenantName],
        tables: Option<&[Vec<String>]>,
    ) -> Result<Vec<Problem>, Error> {
        if found.is_empty() {
            return Ok(found);
        }
        let names = found
            .iter()
            .filter_map(|problem| problem.tenant.as_ref()?.parse().ok());
        let names = names
            .collect::<BTreeSet<TenantName>>()
            .into_iter()
            .collect::<Vec<_>>();
        let mut again = HashSet::new();
        if !names.is_empty() {
            let states = self.states(&names, Knowledge::Certain).await?;
            let problems = self.problems_of(reading, states, &names, tables).await?;
            again.extend(problems.iter().map(Problem::identity));
        }
        if only.is_empty() {
            let orphans = self.orphans(reading, newest(tables)).await?;
            again.extend(orphans.iter().map(Problem::identity));
        }
        // A name that is none cannot be asked for, and does not come and go.
        let is_name = |problem: &Problem| {
            let name = problem.tenant.as_deref();
            name.is_some_and(|name| name.parse::<TenantName>().is_ok())
        };
        let mut found = found;
        found.retain(|problem| !is_name(problem) || again.contains(&problem.identity()));
        Ok(found)
    }

    async fn edited_migrations(&self, only: &[TenantName]) -> Result<Vec<Problem>, Error> {
        self.look_for_fingerprints().await?;
        let mut problems = Vec::new();
        for note in self.edited().await? {
            let Note::Edited {
                migration,
                version,
                tenants,
            } = note
            else {
                continue;
            };
            let is_meant =
                |name: &String| only.is_empty() || only.iter().any(|it| it.as_str() == name);
            let tenants = tenants.into_iter().filter(is_meant);
            problems.extend(tenants.map(|tenant| Problem {
                tenant: Some(tenant),
                kind: ProblemKind::EditedMigration {
                    migration: migration.clone(),
                    version: version.clone(),
                },
            }));
        }
        Ok(problems)
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
}

/// The tables that all migrations make, if that is known.
fn newest(tables: Option<&[Vec<String>]>) -> &[String] {
    tables.and_then(<[_]>::last).map_or(&[], Vec::as_slice)
}

fn no_access(role: &str, tables: &[String]) -> String {
    if tables.is_empty() {
        return format!("the role `{role}` may not use the schema");
    }
    let tables = tables.iter().map(|table| format!("`{table}`"));
    let tables = tables.collect::<Vec<_>>().join(", ");
    format!("the role `{role}` may not read {tables}, or not use the schema")
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
