//! Brings a schema that the coordinator holds by itself to a server of the cluster.

use sql_text::literal;

use super::attempt::Attempts;
use super::cluster::{allow_triggers, is_distributed, require_distributed};
use super::name_state::open_and_look;
use super::script::Script;
use super::send::{ask, run_script};
use super::transaction::{close, finish};
use super::work::Work;
use crate::Error;
use crate::name::Schema;

/// Distributes the tenant or spare of `work`. False if it is distributed already.
///
/// Rows and all go in one transaction. Who writes to the tenant waits until it ends.
///
/// # Errors
///
/// [`Error::Unknown`], [`Error::Untracked`] or [`Error::MissingSchema`] where it is no
/// whole tenant, [`Error::Busy`], or what the server says, such as that the tenant
/// refers to a table that is neither its own nor a reference table. Then it is as it
/// was.
pub(crate) async fn distribute(work: Work<'_>) -> Result<bool, Error> {
    let mut attempts = Attempts::new();
    loop {
        match distribute_once(work).await {
            Err(error) if attempts.again_after(work, &error).await => {}
            done => return done,
        }
    }
}

async fn distribute_once(work: Work<'_>) -> Result<bool, Error> {
    let existing = open_and_look(work).await?;
    let found = async {
        existing.require_whole(work)?;
        if is_distributed(work).await? {
            return Ok(None);
        }
        triggers_of(work).await.map(Some)
    };
    match found.await {
        Ok(Some(triggers)) => {
            let script = bringing(work, &triggers);
            finish(work, run_script(work, &script).await).await?;
            Ok(true)
        }
        done => {
            close(work).await;
            done.map(|_| false)
        }
    }
}

/// A trigger that fires.
struct Trigger {
    /// Its table, as statements name it.
    table: String,
    /// Its name, as statements have it.
    name: String,
    /// The word that says when it fires again.
    enable: &'static str,
}

/// The triggers of the schema's tables that fire, in the transaction that is open.
async fn triggers_of(work: Work<'_>) -> Result<Vec<Trigger>, Error> {
    let query = format!(
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), \
                pg_catalog.quote_ident(t.tgname), t.tgenabled \
         FROM pg_catalog.pg_trigger t \
         JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {} AND c.relkind IN ('r', 'p') AND NOT t.tgisinternal \
         AND t.tgenabled <> 'D' ORDER BY 1, 2",
        literal(work.schema.schema_name())
    );
    let mut script = Script::default();
    script.step("list the triggers of the schema", &query);
    let rows = ask(work, &script).await?;
    let triggers = rows.iter().filter_map(|row| {
        Some(Trigger {
            table: row.get(0)?.to_owned(),
            name: row.get(1)?.to_owned(),
            enable: match row.get(2)? {
                "R" => "ENABLE REPLICA",
                "A" => "ENABLE ALWAYS",
                _ => "ENABLE",
            },
        })
    });
    Ok(triggers.collect())
}

/// Brings the schema, with all that is in it, to a server of the cluster.
pub(super) fn bring(schema: Schema<'_>, script: &mut Script<'_>) {
    let distribute = format!(
        "SELECT pg_catalog.citus_schema_distribute({}::pg_catalog.regnamespace)",
        literal(&schema.ident())
    );
    script.step("distribute the schema", &distribute);
}

/// All steps and their commit. Citus rewrites the rows. A trigger that fires would change them,
/// so the triggers are disabled while it runs.
fn bringing(work: Work<'_>, triggers: &[Trigger]) -> Script<'static> {
    let mut script = Script::default();
    allow_triggers(work, &mut script);
    for Trigger { table, name, .. } in triggers {
        let disable = format!("ALTER TABLE ONLY {table} DISABLE TRIGGER {name}");
        script.step("disable the triggers of the tenant", &disable);
    }
    bring(work.schema, &mut script);
    for Trigger {
        table,
        name,
        enable,
    } in triggers
    {
        let enable = format!("ALTER TABLE ONLY {table} {enable} TRIGGER {name}");
        script.step("enable the triggers of the tenant", &enable);
    }
    require_distributed(work.schema, &mut script);
    script.commit();
    script
}
