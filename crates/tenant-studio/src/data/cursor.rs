//! Limits a typed statement to reading.
//!
//! A read-only transaction is not enough: `COPY ... TO PROGRAM` runs in one. So a statement is only
//! sent if PostgreSQL takes it as the query of a cursor:
//!
//! 1. The text is prepared alone. In the extended protocol a message has one
//!    statement, so that nothing can follow a semicolon.
//! 2. `DECLARE ... CURSOR FOR` with the text behind it is sent in the same protocol. Its grammar
//!    takes `SELECT`, `VALUES`, `TABLE` and `WITH`. Its analysis refuses `INTO`, and `WITH` queries
//!    that change rows.
//! 3. `EXPLAIN` is assembled again from known options and a query that has passed the same test.
//!
//! Rows are fetched by one statement, because a query could change the settings of later
//! statements, such as the time-out.

use std::error::Error;
use std::time::Instant;

use tenant_core::DriverTransaction;
use tokio_postgres::Statement;
use tokio_postgres::types::{FromSql, Type};

use super::answer::{Answer, Limits, Refusal, Value};
use super::bounded;
use super::explain::Explain;
use super::reading::Reading;

/// What stands before the query of a cursor.
const DECLARE: &str = "DECLARE \"cursor of the studio\" NO SCROLL CURSOR FOR ";

/// The cursor, with a name that a function will not use.
pub(super) const NAME: &str = "\"cursor of the studio\"";

/// What can be read.
const READABLE: &str = "Only reading is possible here: one SELECT, VALUES, TABLE or WITH that \
    changes nothing, or EXPLAIN of one, with the options ANALYZE, BUFFERS, COSTS, FORMAT, \
    MEMORY, SERIALIZE, SETTINGS, SUMMARY, TIMING and VERBOSE.";

/// What the query `sql` gives.
pub(crate) async fn ask(reading: &Reading, sql: &str, limits: Limits) -> Result<Answer, Refusal> {
    let transaction = reading.transaction();
    let statement = alone(transaction, sql).await?;
    let started = Instant::now();
    let mut answer = match Explain::of(sql) {
        Some(explain) => explained(transaction, &explain, sql).await?,
        None => {
            let cursor = Cursor::over(transaction, (&statement, sql), limits).await;
            let cursor = cursor.map_err(|refusal| refusal.with(READABLE))?;
            let mut answer = Answer::of(&statement);
            fetch(transaction, &cursor, (&mut answer, limits)).await?;
            answer
        }
    };
    answer.took = started.elapsed();
    Ok(answer)
}

/// Refuses what is wrong with `sql` in the whole database: that it is no SQL.
pub(crate) async fn is_sql(reading: &Reading, sql: &str) -> Result<(), Refusal> {
    match alone(reading.transaction(), sql).await {
        Err(refusal) if refusal.code.is_none() || refusal.code.as_deref() == Some("42601") => {
            Err(refusal)
        }
        _ => Ok(()),
    }
}

/// The statement `sql`, which PostgreSQL has seen to be one. Nothing of it runs.
pub(super) async fn alone(
    transaction: &DriverTransaction,
    sql: &str,
) -> Result<Statement, Refusal> {
    let prepared = transaction.prepare(sql).await;
    let statement = prepared.map_err(|error| Refusal::of(error, 0))?;
    if statement.params().is_empty() {
        return Ok(statement);
    }
    Err(Refusal::new(
        "the statement has parameters",
        "Write values in place of $1, $2 and so on.",
    ))
}

/// A cursor over `query`, if that is what a cursor can be over. Nothing of it runs.
/// `lacking` letters stand before the query in the text that was typed.
pub(super) async fn cursor(
    transaction: &DriverTransaction,
    query: &str,
    lacking: usize,
) -> Result<Statement, Refusal> {
    let prepared = transaction.prepare(&format!("{DECLARE}{query}")).await;
    let before = isize::try_from(DECLARE.len()).unwrap_or(0);
    let before = before - isize::try_from(lacking).unwrap_or(0);
    prepared.map_err(|error| Refusal::of(error, before))
}

/// A cursor over a query.
pub(super) struct Cursor {
    statement: Statement,
    /// How many letters stand before the query that was typed.
    before: isize,
    /// Whether its values are cut before they are sent.
    is_bounded: bool,
}

impl Cursor {
    /// One over the query `sql`, if a cursor can be over it, whose values are cut before
    /// they are sent. Where PostgreSQL does not take it as the source of another query,
    /// they are cut here. Nothing of it runs.
    pub(super) async fn over(
        transaction: &DriverTransaction,
        (query, sql): (&Statement, &str),
        limits: Limits,
    ) -> Result<Self, Refusal> {
        let plain = cursor(transaction, sql, 0).await?;
        let (before, behind) = bounded::around(query, limits);
        let before = format!("{DECLARE}{before}");
        let bounded = format!("{before}{}{behind}", bounded::trimmed(sql));
        quietly(transaction, "SAVEPOINT studio_cursor").await?;
        let prepared = transaction.prepare(&bounded).await;
        let (statement, before, is_bounded) = match prepared {
            Ok(statement) => (statement, before.as_str(), true),
            Err(_) => {
                quietly(transaction, "ROLLBACK TO SAVEPOINT studio_cursor").await?;
                (plain, DECLARE, false)
            }
        };
        quietly(transaction, "RELEASE SAVEPOINT studio_cursor").await?;
        Ok(Self {
            statement,
            before: isize::try_from(before.chars().count()).unwrap_or(0),
            is_bounded,
        })
    }
}

async fn quietly(transaction: &DriverTransaction, sql: &str) -> Result<(), Refusal> {
    let done = transaction.batch_execute(sql).await;
    done.map_err(|error| Refusal::of(error, 0))
}

/// Opens `cursor` and takes one row more than is kept: whether there is one. Gives
/// the number of rows that were taken.
pub(super) async fn fetch(
    transaction: &DriverTransaction,
    cursor: &Cursor,
    (answer, limits): (&mut Answer, Limits),
) -> Result<u64, Refusal> {
    let opened = transaction.execute(&cursor.statement, &[]).await;
    opened.map_err(|error| Refusal::of(error, cursor.before))?;
    let fetch = format!(
        "FETCH FORWARD {} FROM {NAME}",
        limits.rows.saturating_add(1)
    );
    let filled = match cursor.is_bounded {
        true => bounded::fill(answer, transaction, &fetch, limits).await,
        false => answer.fill(transaction, &fetch, limits).await,
    };
    filled.map_err(|error| Refusal::of(error, 0))?;
    Ok(answer.counted.take().unwrap_or_default())
}

async fn explained(
    transaction: &DriverTransaction,
    explain: &Explain<'_>,
    sql: &str,
) -> Result<Answer, Refusal> {
    let typed = sql.len().saturating_sub(explain.query.len());
    let typed = sql.get(..typed).unwrap_or_default().chars().count();
    let query = cursor(transaction, explain.query, typed).await;
    query.map_err(|refusal| refusal.with(READABLE))?;
    let statement = alone(transaction, &explain.statement()).await?;
    let rows = transaction.query(&statement, &[]).await;
    let mut answer = Answer::of(&statement);
    for row in rows.map_err(|error| Refusal::of(error, 0))? {
        let plan = row.try_get::<_, Plan>(0);
        let plan = plan.map_err(|error| Refusal::of(error, 0))?;
        answer
            .rows
            .push(vec![Some(Value::cut(&plan.0, usize::MAX))]);
    }
    Ok(answer)
}

/// A plan in any of its formats: JSON and XML are sent as their text, too.
struct Plan(String);

impl<'a> FromSql<'a> for Plan {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(std::str::from_utf8(raw)?.to_owned()))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::TEXT | Type::JSON | Type::XML)
    }
}
