//! Removes a tenant: schema and registration in one transaction.

use super::Work;
use super::attempt::{Attempts, close, finish};
use super::existing::open_and_look;
use super::parts::run_script;
use super::script::Script;
use crate::{Error, TenantName, tracker};

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// The schema with everything in it, and the registration.
    Tenant,
    /// The registration; the schema was gone already.
    RegistrationOnly,
}

/// Removes the tenant or spare called `name`, whose schema is that of `work`.
///
/// # Errors
///
/// [`Error::Unknown`] or [`Error::Untracked`] when nobody is registered under
/// the name: only a tenant's schema is ever dropped.
pub(crate) async fn remove(work: Work<'_>, name: &TenantName) -> Result<Removed, Error> {
    let mut attempts = Attempts::new();
    loop {
        match drop_once(work, name).await {
            Err(error) if attempts.again_after(work, &error).await => {}
            done => return done,
        }
    }
}

async fn drop_once(work: Work<'_>, name: &TenantName) -> Result<Removed, Error> {
    let existing = open_and_look(work).await?;
    if !existing.registered {
        close(work).await;
        return Err(if existing.schema {
            Error::Untracked(name.clone())
        } else {
            Error::Unknown(name.clone())
        });
    }
    let mut script = Script::default();
    let drop_schema = format!("DROP SCHEMA IF EXISTS {} CASCADE", work.schema.ident());
    script.step("dropping the schema", &drop_schema);
    if let Some(statement) = tracker::delete(work.schema) {
        script.step("removing the registration", &statement);
    }
    script.step("committing", "COMMIT");
    finish(work, run_script(work, &script).await).await?;
    Ok(if existing.schema {
        Removed::Tenant
    } else {
        Removed::RegistrationOnly
    })
}
