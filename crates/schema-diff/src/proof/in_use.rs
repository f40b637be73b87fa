//! The last part of a proof: the migration is run on tables with rows, and the
//! schema is used before it, after it, and after the way back.

use tokio_postgres::Client;

use super::kept::Kept;
use super::rows::Filled;
use super::usage::{Judged, Usage, fill_for_good, judge};
use super::{Proof, ProofError, Way, run};
use crate::plan::Plan;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What is known before the migration runs.
struct Before {
    rows: Kept,
    usage: Usage,
    /// A session that has used the tables, and stays open as those of an application do.
    session: Client,
}

pub(super) async fn prove<E: Into<Cause>>(
    client: &mut Client,
    connect: &impl AsyncFn() -> Result<Client, E>,
    schema: &str,
    plan: &Plan,
    filled: Filled,
) -> Result<Proof, ProofError> {
    let (rows, empty) = fill_further(client, schema, plan, filled).await?;
    let session = opened(connect).await?;
    let before = Before {
        rows: Kept::read(client, schema).await?,
        usage: Usage::of(&session, schema).await?,
        session,
    };
    run(client, Way::Up, plan, " on tables with rows").await?;
    let mut proof = Proof {
        rows,
        ..Proof::default()
    };
    if !empty.is_empty() {
        let tables = empty.iter().map(|table| format!("`{table}`"));
        let tables = tables.collect::<Vec<_>>().join(", ");
        proof.not_tried.push(format!(
            "the migration with rows in {tables}: no sample row could be inserted"
        ));
    }
    let between = Kept::read(client, schema).await?;
    compare("up.sql", &before.rows, &between, &between, &mut proof)?;
    let after = before.usage.again(&opened(connect).await?, schema).await?;
    let judged = judge(&before.usage, &after);
    proof.tables = judged.tables;
    add(&mut proof, judged);
    if !plan.conversions.is_empty() {
        let open = before.usage.again(&before.session, schema).await?;
        let stale = judge(&after, &open).broken.into_iter();
        proof.notes.extend(stale.map(|line| {
            format!("a session that wrote before the migration must reconnect: {line}")
        }));
    }
    revert(client, connect, schema, plan, &before, &between, &mut proof).await?;
    Ok(proof)
}

/// Rows for the tables that have none yet. How many there are then, and in which tables
/// there are still none.
async fn fill_further(
    client: &Client,
    schema: &str,
    plan: &Plan,
    filled: Filled,
) -> Result<(usize, Vec<String>), ProofError> {
    // Their values have to be such as can be converted, which is not known of these.
    let is_converted = |table: &String| {
        let mut conversions = plan.conversions.iter();
        conversions.any(|conversion| conversion.table == *table)
    };
    let (converted, others) = filled
        .empty
        .into_iter()
        .partition::<Vec<_>, _>(is_converted);
    let tried = others.len();
    let mut empty = fill_for_good(client, schema, others).await?;
    let rows = filled.rows + tried - empty.len();
    empty.extend(converted);
    Ok((rows, empty))
}

async fn opened<E: Into<Cause>>(
    connect: &impl AsyncFn() -> Result<Client, E>,
) -> Result<Client, ProofError> {
    let client = connect().await;
    client.map_err(|error| ProofError::Connect(error.into()))
}

/// The way back, which may work without rows only: a NULL has no place in what is
/// brought back.
async fn revert<E: Into<Cause>>(
    client: &mut Client,
    connect: &impl AsyncFn() -> Result<Client, E>,
    schema: &str,
    plan: &Plan,
    before: &Before,
    between: &Kept,
    proof: &mut Proof,
) -> Result<(), ProofError> {
    match run(client, Way::Down, plan, "").await {
        Ok(()) => {}
        Err(ProofError::Statement {
            statement, reason, ..
        }) => {
            proof.notes.push(format!(
                "down.sql works on empty tables only: with rows, `{statement}` fails: \
                 {reason}"
            ));
            return Ok(());
        }
        Err(error) => return Err(error),
    }
    let rows = Kept::read(client, schema).await?;
    compare("down.sql", &before.rows, between, &rows, proof)?;
    let after = before.usage.again(&opened(connect).await?, schema).await?;
    let broken = judge(&before.usage, &after).broken.into_iter();
    let broken = broken.map(|line| format!("{line} (after down.sql)"));
    proof.broken.extend(broken);
    Ok(())
}

/// Checks that the rows still exist, with the same values unless a change was requested.
fn compare(
    file: &'static str,
    before: &Kept,
    between: &Kept,
    after: &Kept,
    proof: &mut Proof,
) -> Result<(), ProofError> {
    let lost = before.lost(after);
    if !lost.is_empty() {
        return Err(ProofError::Lost { file, lost });
    }
    let changed = before.changed(between, after);
    if !changed.is_empty() {
        proof.notes.push(format!(
            "a trigger changes values of {} while {file} runs",
            changed.join(", ")
        ));
    }
    Ok(())
}

fn add(proof: &mut Proof, judged: Judged) {
    proof.broken.extend(judged.broken);
    proof.not_tried.extend(judged.not_tried);
}
