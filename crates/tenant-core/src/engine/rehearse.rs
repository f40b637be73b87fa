//! Applies the migrations to a schema that is never committed, to see what
//! they make.

use super::attempt::{NotOpened, close, open};
use super::parts::{create_ledger, run_script};
use super::script::{Origin, Script};
use super::{Work, refuse_unfit};
use crate::Error;
use crate::migration::in_transaction_form;
use crate::sql::{LEDGER, literal};

/// The tables that exist after each of the migrations of `work`, whose schema
/// must not exist; the first element is the state before the first migration.
/// Diesel's own table is not among them.
///
/// # Errors
///
/// What the migrations meet. Nothing remains, whatever happens.
pub(crate) async fn rehearse(work: Work<'_>) -> Result<Vec<Vec<String>>, Error> {
    refuse_unfit(work.migrations.iter())?;
    let opened = open(work, "SELECT 1").await;
    opened.map_err(|error: NotOpened<'_>| error.into_error(work))?;
    let tables = run_through(work).await;
    close(work).await;
    tables
}

async fn run_through(work: Work<'_>) -> Result<Vec<Vec<String>>, Error> {
    let mut script = Script::default();
    let schema = format!("CREATE SCHEMA {}", work.schema.ident());
    script.step("creating a schema to try the migrations in", &schema);
    script.step(
        "creating the table of applied migrations",
        &create_ledger(work.schema),
    );
    script.step("setting the search path", &work.path().set_local());
    run_script(work, &script).await?;
    let mut states = vec![Vec::new()];
    for migration in work.migrations.iter() {
        let mut script = Script::default();
        for (number, statement) in migration.statements().enumerate() {
            if let Some(statement) = in_transaction_form(statement) {
                script.push(Origin::Migration(migration, number), &statement);
            }
        }
        run_script(work, &script).await?;
        states.push(tables(work).await?);
    }
    Ok(states)
}

async fn tables(work: Work<'_>) -> Result<Vec<String>, Error> {
    let mut script = Script::default();
    let sql = format!(
        "SELECT c.relname FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {} AND c.relkind IN ('r', 'p') AND c.relname <> {} ORDER BY 1",
        literal(work.schema.name()),
        literal(LEDGER),
    );
    script.step("reading which tables the migrations make", &sql);
    let rows = script
        .run(work.session)
        .await
        .map_err(|failure| failure.into_error(work))?;
    Ok(rows
        .iter()
        .filter_map(|row| row.get(0).map(str::to_owned))
        .collect())
}
