//! A schema that is committed before anything is created in it.
//!
//! Citus creates the sequences of columns on the other nodes as the role that owns the extension,
//! over its own connections. If that role is not the role of this program, these connections do
//! not see what the transaction has created.

use super::attempt::Attempts;
use super::cluster::{Distribution, create_schema};
use super::name_state::{open_and_look, open_and_look_at_both};
use super::script::Script;
use super::send::run_script;
use super::transaction::{View, close, finish};
use super::work::Work;
use crate::Error;
use crate::name::{Schema, Target};

/// Whether the schema must be committed first.
pub(super) fn needs_empty_schema(work: Work<'_>) -> bool {
    work.database.is_cluster_of_others()
}

/// Creates the empty schema of the tenant `to`, which becomes a copy of the schema of `work`. It
/// belongs to no tenant until it is filled. If the program ends before that, the health check
/// finds it.
///
/// # Errors
///
/// As [`clone`](super::clone()) for the names, or a server error.
pub(super) async fn make_empty_schema(work: Work<'_>, to: &Target) -> Result<(), Error> {
    let mut attempts = Attempts::new();
    loop {
        match make_once(work, to).await {
            Err(error) if attempts.again_after(work, &error).await => {}
            done => return done,
        }
    }
}

async fn make_once(work: Work<'_>, to: &Target) -> Result<(), Error> {
    let target = Schema::Tenant(to);
    let (old, new) = open_and_look_at_both(work, target, View::Newest).await?;
    let there = work.on(target);
    let fit = old
        .require_whole(work)
        .and_then(|()| new.require_free(there));
    if let Err(error) = fit {
        close(work).await;
        return Err(error);
    }
    let mut script = Script::default();
    create_schema(there, Distribution::Distributed, &mut script);
    script.commit();
    finish(work, run_script(there, &script).await).await
}

/// Drops that schema again. One with something in it is another's by now, and stays;
/// what cannot be dropped is found by the health check.
pub(super) async fn drop_empty_schema(work: Work<'_>, of: &Target) {
    let there = work.on(Schema::Tenant(of));
    let Ok(existing) = open_and_look(there).await else {
        return;
    };
    if existing.require_only_schema(there).is_err() {
        return close(there).await;
    }
    let mut script = Script::default();
    let drop_schema = format!("DROP SCHEMA {}", there.schema.ident());
    script.step("drop the schema", &drop_schema);
    script.commit();
    // Why nothing was made says more than why something is left.
    drop(finish(there, run_script(there, &script).await).await);
}
