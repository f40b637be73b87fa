//! Runs the application's SQL in the open transaction: see [`Hooks`](crate::Hooks).
//!
//! Each statement is a separate message, with its parameters bound. The settings that the
//! statements change are to be reset after them ([`forget_own_work`]). Anything that they leave
//! on the session is to be reset after the commit ([`commit_own_work`]).

use std::pin::pin;

use futures_util::TryStreamExt;
use tokio_postgres::types::{ToSql, Type};

use super::script::{Script, byte_of};
use super::send::run_script;
use super::transaction::{forget, set_again};
use super::work::Work;
use crate::error::{HookFailure, excerpt};
use crate::hook::{Bound, Hook, Occasion, Placeholder};
use crate::link::role_and_rest;
use crate::name::{Schema, Target};
use crate::{Error, PgError};

/// The only pinned setting that these statements notice.
const SEE_ROWS: &str = "SET LOCAL row_security = on";

/// Whether the application does something itself when that happens to the schema of `work`.
pub(super) fn has_hooks(work: Work<'_>, occasion: Occasion) -> bool {
    let is_tenant = matches!(work.schema, Schema::Tenant(_));
    is_tenant && !work.settings.hooks.on(occasion).is_empty()
}

/// The values of the placeholders.
#[derive(Clone, Copy)]
struct Values<'a> {
    new: &'a Target,
    old: &'a Target,
}

impl<'a> Values<'a> {
    fn of(self, placeholder: Placeholder) -> &'a str {
        match placeholder {
            Placeholder::Name => self.new.name.as_str(),
            Placeholder::Schema => self.new.schema.as_str(),
            Placeholder::OldName => self.old.name.as_str(),
            Placeholder::OldSchema => self.old.schema.as_str(),
        }
    }
}

/// Runs what is to run when a tenant is created or dropped.
///
/// # Errors
///
/// [`Error::Hook`], or what the server says of the path.
pub(super) async fn run_hooks(work: Work<'_>, occasion: Occasion) -> Result<(), Error> {
    match work.schema {
        Schema::Tenant(target) if has_hooks(work, occasion) => {
            run_all(
                work,
                occasion,
                Values {
                    new: target,
                    old: target,
                },
            )
            .await
        }
        _ => Ok(()),
    }
}

/// Runs what is to run when the tenant of `work` was `old` before.
///
/// # Errors
///
/// As [`run_hooks`].
pub(super) async fn run_hooks_of_rename(work: Work<'_>, old: &Target) -> Result<(), Error> {
    match work.schema {
        Schema::Tenant(new) if has_hooks(work, Occasion::Rename) => {
            run_all(work, Occasion::Rename, Values { new, old }).await
        }
        _ => Ok(()),
    }
}

async fn run_all(work: Work<'_>, occasion: Occasion, values: Values<'_>) -> Result<(), Error> {
    let mut script = Script::default();
    script.step("begin the application's own work", SEE_ROWS);
    let path = match occasion {
        Occasion::Dropped => work.path_behind(),
        _ => work.path().set_local(),
    };
    script.step("set the search path", &path);
    run_script(work, &script).await?;
    for hook in work.settings.hooks.on(occasion) {
        for (number, statement) in hook.statements().iter().enumerate() {
            let ran = run(work, statement, values).await;
            ran.map_err(|source| failure(work, hook, (number, statement), source))?;
        }
    }
    Ok(())
}

/// Resets the settings of the application's work, in the transaction that continues.
pub(super) fn forget_own_work(work: Work<'_>, script: &mut Script<'_>) {
    let (role, _) = role_and_rest();
    for statement in role.iter().copied().chain(["RESET ALL"]) {
        script.step("reset the settings of the session", statement);
    }
    set_again(work, script);
}

/// Commits a transaction with the application's work in it, and leaves nothing of that on the
/// session.
pub(super) fn commit_own_work(work: Work<'_>, script: &mut Script<'_>) {
    script.commit();
    forget(work, script);
    if work.settings.hooks.prepare() {
        script.step("deallocate prepared statements", "DEALLOCATE ALL");
    }
    let unlock = "SELECT pg_catalog.pg_advisory_unlock_all()";
    script.step("release the locks of the session", unlock);
}

async fn run(work: Work<'_>, statement: &Bound, values: Values<'_>) -> Result<(), PgError> {
    let bound = statement.parameters.iter();
    let bound = bound.map(|one| values.of(*one)).collect::<Vec<_>>();
    let bound = bound
        .iter()
        .map(|value| (value as &(dyn ToSql + Sync), Type::TEXT));
    let client = work.session.client();
    let rows = client.query_typed_raw(&statement.sql, bound).await?;
    let mut rows = pin!(rows);
    while rows.try_next().await?.is_some() {}
    Ok(())
}

fn failure(
    work: Work<'_>,
    hook: &Hook,
    (number, statement): (usize, &Bound),
    source: PgError,
) -> Error {
    let at = source.position().and_then(|at| byte_of(&statement.sql, at));
    Error::Hook(Box::new(HookFailure {
        schema: work.schema.to_string(),
        hook: hook.source().to_owned(),
        line: hook.line(number, at.unwrap_or_default()),
        statement: excerpt(hook.written(number)),
        source,
    }))
}
