//! Runs a migration before it is written: forwards, backwards, forwards again,
//! and on tables with rows.

mod in_use;
mod kept;
mod rows;
mod sample;
mod snapshot;
mod stale;
mod usage;

use std::collections::HashSet;

use thiserror::Error;
use tokio_postgres::Client;

use crate::catalog::Catalog;
use crate::difference::differences;
use crate::filter::Filter;
use crate::model::Schema;
use crate::plan::Plan;
use snapshot::Snapshot;
pub use stale::stale_functions;

/// What a proof has shown beside the main thing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proof {
    /// How many rows were in the tables when the migration was run on them.
    pub rows: usize,
    /// How many tables were used afterwards: a row was inserted, updated and deleted.
    pub tables: usize,
    /// Which uses work before the migration and fail after it, one line each. Such a
    /// migration should not be written, unless something is added to it.
    pub broken: Vec<String>,
    /// What was not tried, and why: a table for which no row could be made up, a use
    /// that also fails before the migration.
    pub not_tried: Vec<String>,
    /// What the user should know: a way back that only works without rows.
    pub notes: Vec<String>,
}

/// Why a migration is not right. Nothing should be written then.
#[derive(Debug, Error)]
pub enum ProofError {
    /// A statement fails.
    #[error("{file} fails{situation}: `{statement}`: {reason}")]
    Statement {
        /// `up.sql` or `down.sql`.
        file: &'static str,
        /// Where that matters: on which tables, or when it runs again.
        situation: &'static str,
        /// The statement.
        statement: String,
        /// What the server says.
        reason: String,
    },
    /// The migration makes something else than `schema.rs` says.
    #[error("up.sql does not produce schema.rs: {}", .0.join("; "))]
    OtherSchema(Vec<String>),
    /// The way back does not lead back.
    #[error("down.sql does not restore the earlier schema: {}", .0.join("; "))]
    NotReverted(Vec<String>),
    /// The way there and back and there again leads elsewhere.
    #[error("up.sql after down.sql produces a different schema: {}", .0.join("; "))]
    NotRepeated(Vec<String>),
    /// Rows are gone although no migration step was to drop them.
    #[error("{file} loses rows: {}", .lost.join("; "))]
    Lost {
        /// `up.sql` or `down.sql`.
        file: &'static str,
        /// How many of which table, one line each.
        lost: Vec<String>,
    },
    /// There is no further session.
    #[error("could not open another connection to the scratch database")]
    Connect(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server did not answer a question.
    #[error("could not read the scratch schema")]
    Read(#[from] tokio_postgres::Error),
}

/// Proves that `plan` leads from the schema as it is to `wanted`, and back, and that
/// the schema can be used afterwards as it can be before: see [`Proof::broken`].
///
/// It is run on `schema`, which the connection's `search_path` has to lead to.
/// The schema should be one to throw away: it is left with made-up rows in its
/// tables.
///
/// # Arguments
/// * `connect` - opens another session like `client`. What an application does after
///   a migration is tried in a new one.
///
/// # Errors
///
/// [`ProofError`] with what is wrong.
pub async fn prove<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    client: &mut Client,
    connect: &impl AsyncFn() -> Result<Client, E>,
    schema: &str,
    wanted: &Schema,
    filter: &Filter,
    plan: &Plan,
) -> Result<Proof, ProofError> {
    let catalog = Catalog::read(client, schema).await?;
    let before = Snapshot::read(client, schema).await?;
    run(client, Way::Up, plan, "").await?;
    let reached = Catalog::read(client, schema).await?;
    let wrong = differences(wanted, &reached, filter);
    if !wrong.is_empty() {
        return Err(ProofError::OtherSchema(wrong));
    }
    evaluate_defaults(client, &catalog, &reached).await?;
    let after = Snapshot::read(client, schema).await?;
    run(client, Way::Down, plan, "").await?;
    back_to(client, schema, &before).await?;
    run(client, Way::Up, plan, " after down.sql").await?;
    let again = Snapshot::read(client, schema).await?;
    let wrong = after.differences(&again);
    if !wrong.is_empty() {
        return Err(ProofError::NotRepeated(wrong));
    }
    run(client, Way::Down, plan, " when it runs again").await?;
    let filled = rows::fill(client, &catalog, plan).await?;
    in_use::prove(client, connect, schema, plan, filled).await
}

/// A default is only tried when a row needs it, which may be weeks later.
async fn evaluate_defaults(
    client: &Client,
    before: &Catalog,
    after: &Catalog,
) -> Result<(), ProofError> {
    let known = defaults(before).collect::<HashSet<_>>();
    for default in defaults(after).filter(|default| !known.contains(default)) {
        let statement = format!("SELECT {default}");
        let done = client.batch_execute(&statement).await;
        done.map_err(|error| failure("up.sql", " (a default fails)", &statement, &error))?;
    }
    Ok(())
}

/// The defaults of columns that do not number themselves.
fn defaults(catalog: &Catalog) -> impl Iterator<Item = &String> {
    let columns = catalog.tables.iter().flat_map(|table| &table.columns);
    let columns = columns.filter(|column| column.sequence.is_none());
    columns.filter_map(|column| column.default.as_ref())
}

/// The schema is again as it was `before`.
async fn back_to(client: &Client, schema: &str, before: &Snapshot) -> Result<(), ProofError> {
    let now = Snapshot::read(client, schema).await?;
    match before.differences(&now) {
        wrong if wrong.is_empty() => Ok(()),
        wrong => Err(ProofError::NotReverted(wrong)),
    }
}

/// Which of the two files.
#[derive(Clone, Copy)]
enum Way {
    Up,
    Down,
}

/// Runs one of the two files in a transaction, as a tenant would have it run.
async fn run(
    client: &mut Client,
    way: Way,
    plan: &Plan,
    situation: &'static str,
) -> Result<(), ProofError> {
    let (file, statements) = match way {
        Way::Up => ("up.sql", plan.up_statements().collect::<Vec<_>>()),
        Way::Down => ("down.sql", plan.down_statements().collect()),
    };
    let transaction = client.transaction().await?;
    for statement in statements {
        let done = transaction.batch_execute(statement).await;
        done.map_err(|error| failure(file, situation, statement, &error))?;
    }
    let committed = transaction.commit().await;
    committed.map_err(|error| failure(file, situation, "COMMIT", &error))
}

fn failure(
    file: &'static str,
    situation: &'static str,
    statement: &str,
    error: &tokio_postgres::Error,
) -> ProofError {
    ProofError::Statement {
        file,
        situation,
        statement: statement.split_whitespace().collect::<Vec<_>>().join(" "),
        reason: said(error),
    }
}

/// What the server says, in its own words.
fn said(error: &tokio_postgres::Error) -> String {
    let Some(server) = error.as_db_error() else {
        return error.to_string();
    };
    let mut text = format!("{} (SQLSTATE {})", server.message(), server.code().code());
    for (label, more) in [("detail", server.detail()), ("hint", server.hint())] {
        // What is in a made-up row tells nobody anything.
        let is_row = |more: &&str| more.starts_with("Failing row ") || more.starts_with("Key (");
        if let Some(more) = more.filter(|more| !is_row(more)) {
            text.push_str(&format!("; {label}: {}", more.replace('\n', ", ")));
        }
    }
    text
}
