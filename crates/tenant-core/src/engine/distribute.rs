//! Brings a schema that the coordinator holds by itself to a server of the cluster.

use super::Work;
use super::attempt::{Attempts, close, finish};
use super::cluster::{allow_triggers, is_distributed, require_distributed};
use super::existing::open_and_look;
use super::parts::run_script;
use super::script::Script;
use crate::sql::literal;
use crate::{Error, TenantName};

/// Distributes the tenant or spare `name`, whose schema is that of `work`. False when
/// it is distributed already.
///
/// Rows and all go in one transaction. Who writes to the tenant waits until it ends.
///
/// # Errors
///
/// [`Error::Unknown`], [`Error::Untracked`] or [`Error::MissingSchema`] where it is no
/// whole tenant, [`Error::Busy`], or what the server says, such as that the tenant
/// refers to a table that is neither its own nor a reference table. Then it is as it
/// was.
pub(crate) async fn distribute(work: Work<'_>, name: &TenantName) -> Result<bool, Error> {
    let mut attempts = Attempts::new();
    loop {
        match distribute_once(work, name).await {
            Err(error) if attempts.again_after(work, &error).await => {}
            done => return done,
        }
    }
}

async fn distribute_once(work: Work<'_>, name: &TenantName) -> Result<bool, Error> {
    let existing = open_and_look(work).await?;
    let is_there = match existing.require_whole(name) {
        Ok(()) => is_distributed(work).await,
        Err(error) => Err(error),
    };
    match is_there {
        Ok(false) => {
            let mut script = Script::default();
            allow_triggers(work, &mut script);
            let distribute = format!(
                "SELECT pg_catalog.citus_schema_distribute({}::pg_catalog.regnamespace)",
                literal(&work.schema.ident())
            );
            script.step("distributing the schema", &distribute);
            require_distributed(work.schema, &mut script);
            script.step("committing", "COMMIT");
            finish(work, run_script(work, &script).await).await?;
            Ok(true)
        }
        done => {
            close(work).await;
            done.map(|_| false)
        }
    }
}
