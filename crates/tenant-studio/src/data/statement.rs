//! A typed statement in a studio that may write.
//!
//! It runs in a transaction that is committed when it succeeds. It must not end that transaction
//! itself. PostgreSQL says whether it would: in a failed transaction, it accepts only statements
//! that end one.

use std::time::{Duration, Instant};

use tenant_core::{DriverTransaction, PgError, PoolError, TenantPool};

use super::answer::{Answer, Limits, Refusal};
use super::cursor::{Cursor, NAME, alone, fetch};
use super::explain::{Explain, first_word};
use crate::shown_schema::ShownSchema;

/// What PostgreSQL takes in any transaction, and means nothing here: what begins
/// one or a part of one, and what is there for a later statement. What ends one is
/// found out as described above.
const MEANINGLESS: [&str; 5] = ["begin", "start", "savepoint", "release", "prepare"];

/// What the commit would check is checked with the settings and the time limit of the
/// statement. The commit itself forgets what the statement may have set, locked or made for
/// its session: behind a pooler the next client would find it.
const LEAVE: &str = "SET CONSTRAINTS ALL IMMEDIATE; RELEASE SAVEPOINT studio";

const FAIL: &str = "SELECT 1 / 0 /* The studio asks whether a statement ends transactions. */";

/// Runs `sql` at `place` and keeps what it did.
pub(crate) async fn perform(
    pool: &TenantPool,
    (place, timeout): (&ShownSchema, Duration),
    sql: &str,
    limits: Limits,
) -> Result<Answer, Refusal> {
    let transaction = begin(pool, place).await.map_err(Refusal::other)?;
    match run(&transaction, timeout, sql, limits).await {
        Ok(answer) => {
            let committed = transaction.commit().await;
            committed.map(|()| answer).map_err(Refusal::other)
        }
        Err(refusal) => {
            transaction.end();
            Err(refusal)
        }
    }
}

async fn begin(pool: &TenantPool, place: &ShownSchema) -> Result<DriverTransaction, PoolError> {
    match place {
        ShownSchema::Public => pool.public().unhurried().on_driver().await,
        ShownSchema::Tenant(name) => pool.tenant(name).unhurried().on_driver().await,
    }
}

async fn run(
    transaction: &DriverTransaction,
    timeout: Duration,
    sql: &str,
    limits: Limits,
) -> Result<Answer, Refusal> {
    let set = format!(
        "SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = '3s'; SAVEPOINT studio",
        timeout.as_millis()
    );
    quietly(transaction, &set).await?;
    refuse_control(transaction, sql).await?;
    let statement = alone(transaction, sql).await?;
    let started = Instant::now();
    let mut answer = Answer::of(&statement);
    match Cursor::over(transaction, (&statement, sql), limits).await {
        Ok(cursor) => {
            let taken = fetch(transaction, &cursor, (&mut answer, limits)).await?;
            if answer.is_cut {
                let rest = rest(transaction, limits).await?;
                answer.counted = Some(taken.saturating_add(rest));
            }
        }
        Err(_) => {
            quietly(transaction, "ROLLBACK TO SAVEPOINT studio").await?;
            let limits = limits_of(sql, limits);
            let filled = answer.fill(transaction, sql, limits).await;
            filled.map_err(refused)?;
        }
    }
    answer.took = started.elapsed();
    // Its end fails, should the statement have ended the transaction after all.
    quietly(transaction, LEAVE).await?;
    Ok(answer)
}

/// A plan is one value, or a few, and is shown whole.
fn limits_of(sql: &str, limits: Limits) -> Limits {
    match Explain::of(sql) {
        None => limits,
        Some(_) => Limits {
            letters: usize::MAX,
            ..limits
        },
    }
}

/// Runs a query to its end although its rows are not shown: its functions may
/// change something for each. Gives the number of these rows.
async fn rest(transaction: &DriverTransaction, limits: Limits) -> Result<u64, Refusal> {
    let mut moved = Answer::default();
    let all = format!("MOVE FORWARD ALL FROM {NAME}");
    let all = moved.fill(transaction, &all, limits);
    all.await.map_err(|error| Refusal::of(error, 0))?;
    Ok(moved.counted.unwrap_or_default())
}

/// Refuses what begins or ends transactions. Nothing of it runs.
async fn refuse_control(transaction: &DriverTransaction, sql: &str) -> Result<(), Refusal> {
    let word = first_word(sql).to_ascii_lowercase();
    if MEANINGLESS.contains(&word.as_str()) {
        return Err(control());
    }
    // It fails, and that is what it is for.
    drop(transaction.batch_execute(FAIL).await);
    match transaction.prepare(sql).await {
        Ok(_) => Err(control()),
        Err(error) if error.code().is_some_and(|code| code.code() == "25P02") => {
            quietly(transaction, "ROLLBACK TO SAVEPOINT studio").await
        }
        Err(error) => Err(Refusal::of(error, 0)),
    }
}

fn control() -> Refusal {
    Refusal::new(
        "cannot run empty statements, and statements that begin or end transactions or prepare others",
        "Run each statement alone. It is a separate transaction, which is committed when it succeeds.",
    )
}

/// What the server, or the driver, said of the statement.
fn refused(error: tokio_postgres::Error) -> Refusal {
    let is_copy = error.as_db_error().is_none() && !error.is_closed();
    let refusal = Refusal::of(error, 0);
    if is_copy {
        return refusal.with("Use psql for COPY FROM STDIN and COPY TO STDOUT.");
    }
    refusal
}

async fn quietly(transaction: &DriverTransaction, sql: &str) -> Result<(), Refusal> {
    let done = transaction.batch_execute(sql).await;
    done.map_err(|error| Refusal::other(PgError::from(error)))
}
