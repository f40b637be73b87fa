//! What reverting migrations would take from the tenants.
//!
//! Which tables and columns are dropped is seen in a rehearsal; which of them hold
//! something is asked of many tenants with one query.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::error::Error as _;

use sql_text::ident;
use tokio_postgres::types::{ToSql, Type};

use super::handle::Tenants;
use super::reading::Reading;
use super::rollback::Ahead;
use super::trial::{may_do_in_a_database, more_telling};
use crate::catalog::Catalog;
use crate::engine::{self, Dropped, WayBack, Work};
use crate::made_up::MadeUp;
use crate::migration::{Migration, MigrationFile};
use crate::name::{Schema, Target};
use crate::path::Path;
use crate::report::Note;
use crate::{Error, PgError};

/// How many tables one query looks into, and how many tenants' catalog it reads.
const PER_QUERY: usize = 100;

/// A table or column that holds data and that a rollback would drop.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// The table.
    pub table: String,
    /// The column; `None` if the whole table would be dropped.
    pub column: Option<String>,
    /// How many tenants have rows in the table, or values in the column.
    pub tenants: usize,
    /// How many rows the table has in these tenants, estimated by the server; `None` if it was
    /// never analyzed, and for a column.
    pub rows: Option<u64>,
}

impl Loss {
    /// Creates the value for a table: how many tenants have rows in it, and how many rows. For
    /// tests of programs that show losses.
    #[must_use]
    pub fn of_table(table: impl Into<String>, tenants: usize, rows: Option<u64>) -> Self {
        Self {
            table: table.into(),
            column: None,
            tenants,
            rows,
        }
    }

    /// Creates the value for a column: how many tenants have values in it.
    #[must_use]
    pub fn of_column(table: impl Into<String>, column: impl Into<String>, tenants: usize) -> Self {
        Self {
            table: table.into(),
            column: Some(column.into()),
            tenants,
            rows: None,
        }
    }
}

/// One question about one tenant: whether there is something in it. It is answered with
/// a row, or with none.
struct Probe<'a> {
    dropped: &'a Dropped,
    question: String,
    rows: Option<u64>,
}

/// What a tenant has of what would be dropped.
struct Present {
    /// Negative or zero if the rows were not counted.
    rows: i64,
    columns: HashSet<String>,
}

impl Tenants {
    /// What would be lost, and what is to be said of it. That it cannot be found out
    /// is no reason to refuse the run.
    pub(super) async fn loss(
        &self,
        remaining: &[&Migration],
        to_revert: &[&Migration],
        ahead: &[Ahead],
    ) -> (Option<Vec<Loss>>, Option<Note>) {
        if ahead.is_empty() {
            return (Some(Vec::new()), None);
        }
        let found = async {
            let back = self.rehearse_back(remaining, to_revert).await?;
            let loss = self.look_for_loss(&back.dropped, ahead).await?;
            Ok::<_, Error>((loss, back))
        };
        match found.await {
            Ok((loss, back)) => (Some(loss), not_back(back)),
            Err(error) => (None, Some(unknown(&error))),
        }
    }

    /// The way back, without the name of the schema in which it was tried.
    async fn rehearse_back(
        &self,
        remaining: &[&Migration],
        to_revert: &[&Migration],
    ) -> Result<WayBack, Error> {
        let target = self.rehearsal()?;
        let made_up = MadeUp::new([target.schema.to_string()]);
        let back = self.rehearse_back_in(&target, remaining, to_revert).await;
        let mut back = back.map_err(|error| error.of_trial(&made_up))?;
        let differences = back.differences.into_iter();
        back.differences = differences.map(|it| it.of_trial(&made_up)).collect();
        Ok(back)
    }

    /// Runs on a separate connection: it is another transaction, and gives way to other sessions.
    async fn rehearse_back_in(
        &self,
        target: &Target,
        remaining: &[&Migration],
        to_revert: &[&Migration],
    ) -> Result<WayBack, Error> {
        self.surroundings.forget();
        let session = self.session().await?;
        let database = async || {
            let work = self.work(&session, Schema::Tenant(target));
            let public = &self.migrations.public;
            engine::try_back_in_database(work, public, remaining, to_revert).await
        };
        let may_commit = |one: &&Migration| {
            let goes_back = to_revert.iter().any(|it| it.version() == one.version());
            one.may_commit(MigrationFile::Up) || goes_back && one.may_commit(MigrationFile::Down)
        };
        if remaining
            .iter()
            .chain(to_revert)
            .copied()
            .any(|one| may_commit(&one))
        {
            return database().await;
        }
        let impatient = self.impatient();
        let sessions = impatient.sessions(1);
        let trial = sessions.get().await?;
        let schema = Schema::Rehearsal(&target.schema);
        let work = Work {
            database: &impatient,
            ..self.work(&trial, schema)
        };
        let back = engine::rehearse_back(work, remaining, to_revert);
        match engine::unobtrusively(work, schema, back).await {
            Err(error) if may_do_in_a_database(&error) => {
                let tried = database().await;
                tried.map_err(|other| more_telling(error, other))
            }
            tried => tried,
        }
    }

    async fn look_for_loss(
        &self,
        dropped: &[Dropped],
        ahead: &[Ahead],
    ) -> Result<Vec<Loss>, Error> {
        if dropped.is_empty() {
            return Ok(Vec::new());
        }
        let mut reading = self.reading().await?;
        let mut losses = BTreeMap::new();
        for chunk in ahead.chunks(PER_QUERY) {
            reading.set_path(None);
            let probes = probes(&reading, dropped, chunk).await.map_err(failed)?;
            let extensions = self.settings.extensions.as_ref();
            let first = chunk.first().map(|it| it.entry.schema());
            reading.set_path(first.map(|schema| Path::new(schema, extensions)));
            for probes in probes.chunks(PER_QUERY) {
                for probe in ask(&reading, probes).await.map_err(failed)? {
                    add(&mut losses, probe);
                }
            }
        }
        Ok(losses.into_values().collect())
    }
}

fn failed(error: tokio_postgres::Error) -> Error {
    Error::database("look for rows that would be lost", PgError::from(error))
}

fn add<'a>(losses: &mut BTreeMap<(&'a str, Option<&'a str>), Loss>, probe: &Probe<'a>) {
    let (table, column) = (
        probe.dropped.table.as_str(),
        probe.dropped.column.as_deref(),
    );
    let loss = losses.entry((table, column)).or_insert_with(|| Loss {
        table: table.to_owned(),
        column: column.map(str::to_owned),
        tenants: 0,
        rows: column.is_none().then_some(0),
    });
    loss.tenants += 1;
    loss.rows = loss.rows.zip(probe.rows).map(|(sum, rows)| sum + rows);
}

/// What to ask of these tenants: of each what it has of that which its migrations
/// would drop.
async fn probes<'a>(
    reading: &Reading<'_>,
    dropped: &'a [Dropped],
    tenants: &[Ahead],
) -> Result<Vec<Probe<'a>>, tokio_postgres::Error> {
    let present = present(reading, dropped, tenants).await?;
    let mut probes = Vec::new();
    for tenant in tenants {
        let schema = tenant.entry.schema_name();
        for dropped in dropped {
            let Some(found) = present.get(&(schema.to_string(), dropped.table.clone())) else {
                continue;
            };
            let is_there = |column: &String| found.columns.contains(column);
            if tenant.versions.contains(&dropped.version)
                && dropped.column.as_ref().is_none_or(is_there)
            {
                probes.push(Probe {
                    dropped,
                    question: anything_in(
                        &schema.ident(),
                        &dropped.table,
                        dropped.column.as_deref(),
                    ),
                    rows: u64::try_from(found.rows).ok().filter(|rows| *rows > 0),
                });
            }
        }
    }
    Ok(probes)
}

/// The question whether something is in a table of the quoted `schema`, or in its `column`. A
/// row with a NULL among its fields is a value, and `IS NOT NULL` is false for it.
pub(super) fn anything_in(schema: &str, table: &str, column: Option<&str>) -> String {
    let filled = column.map_or_else(String::new, |column| {
        format!(" WHERE {} IS DISTINCT FROM NULL", ident(column))
    });
    format!("SELECT 1 FROM {schema}.{}{filled} LIMIT 1", ident(table))
}

/// Which of the tables and columns these tenants have, by schema and table. The
/// estimate is never a scan: see `contents`.
async fn present(
    reading: &Reading<'_>,
    dropped: &[Dropped],
    tenants: &[Ahead],
) -> Result<HashMap<(String, String), Present>, tokio_postgres::Error> {
    let sql = "SELECT n.nspname::text, c.relname::text, \
                   greatest(c.reltuples::bigint, pg_catalog.pg_stat_get_live_tuples(c.oid)), \
                   ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a \
                         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) \
               FROM pg_catalog.pg_namespace n \
               JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
                    AND c.relkind IN ('r', 'p') AND c.relname = ANY ($2) \
               WHERE n.nspname = ANY ($1)";
    let names = tenants
        .iter()
        .map(|it| it.entry.schema_name().as_str())
        .collect::<Vec<_>>();
    let tables = dropped
        .iter()
        .map(|it| it.table.as_str())
        .collect::<Vec<_>>();
    let parameters: [(&(dyn ToSql + Sync), Type); 2] =
        [(&names, Type::NAME_ARRAY), (&tables, Type::NAME_ARRAY)];
    let rows = reading.query(sql, &parameters).await?;
    let found = rows.iter().map(|row| {
        let present = Present {
            rows: row.try_get(2)?,
            columns: row.try_get::<_, Vec<String>>(3)?.into_iter().collect(),
        };
        Ok(((row.try_get(0)?, row.try_get(1)?), present))
    });
    found.collect()
}

/// Those of `probes` to which the answer is a row.
async fn ask<'a, 'b>(
    reading: &Reading<'_>,
    probes: &'b [Probe<'a>],
) -> Result<Vec<&'b Probe<'a>>, tokio_postgres::Error> {
    match reading.catalog() {
        Catalog::Plain => ask_together(reading, probes).await,
        Catalog::Cluster => ask_apart(reading, probes).await,
    }
}

/// Citus answers no question about tables that are on several servers.
async fn ask_apart<'a, 'b>(
    reading: &Reading<'_>,
    probes: &'b [Probe<'a>],
) -> Result<Vec<&'b Probe<'a>>, tokio_postgres::Error> {
    let questions = probes.iter().map(|probe| probe.question.clone());
    let answers = reading.each(&questions.collect::<Vec<_>>()).await?;
    let mut filled = Vec::new();
    for (probe, answer) in probes.iter().zip(answers) {
        if !answer?.is_empty() {
            filled.push(probe);
        }
    }
    Ok(filled)
}

async fn ask_together<'a, 'b>(
    reading: &Reading<'_>,
    probes: &'b [Probe<'a>],
) -> Result<Vec<&'b Probe<'a>>, tokio_postgres::Error> {
    let questions = probes.iter().enumerate();
    let questions =
        questions.map(|(number, probe)| format!("({number}, EXISTS ({}))", probe.question));
    let sql = format!("VALUES {}", questions.collect::<Vec<_>>().join(", "));
    let mut filled = Vec::new();
    for row in reading.query(&sql, &[]).await? {
        let number = usize::try_from(row.try_get::<_, i32>(0)?).unwrap_or(usize::MAX);
        if row.try_get(1)? {
            filled.extend(probes.get(number));
        }
    }
    Ok(filled)
}

fn not_back(back: WayBack) -> Option<Note> {
    let differences = back.differences;
    (!differences.is_empty()).then_some(Note::NotBack { differences })
}

fn unknown(error: &Error) -> Note {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    let causes = causes.map(|cause| format!(": {cause}")).collect::<String>();
    Note::LossUnknown {
        reason: format!("{error}{causes}"),
        on_standby: matches!(error, Error::Standby { .. }) || error.sqlstate() == Some("25006"),
    }
}
