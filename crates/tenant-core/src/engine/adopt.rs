//! Adopts a tenant: registers an existing schema.

use super::attempt::Attempts;
use super::hooks::{commit_own_work, forget_own_work, has_hooks, run_hooks};
use super::kept::Kept;
use super::ledger::{create_ledger, record, versions_in};
use super::name_state::open_and_look;
use super::rehearse::shape_of;
use super::script::Script;
use super::send::run_script;
use super::transaction::{confirm, finish};
use super::work::Work;
use crate::hook::Occasion;
use crate::migration::Migration;
use crate::name::Schema;
use crate::registry::Ran;
use crate::shape::Shape;
use crate::{Error, Version};

/// The evidence in a schema of its applied migrations.
pub(crate) enum Evidence<'a> {
    /// Its table of applied migrations holds these versions, oldest first; it looks like
    /// this. And whether it is registered.
    Ledger(&'a [String], &'a Shape, bool),
    /// It has none, or an empty one; it looks like this. And whether it is registered.
    Shape(&'a Shape, bool),
}

/// Registers the schema of `work` as its tenant. `decide` says from what the
/// schema shows which of the migrations it has; those are recorded where no table of applied
/// migrations says it.
///
/// # Errors
///
/// [`Error::NoSchema`], [`Error::MissingSchema`] when only a registration is there,
/// [`Error::NothingToAdopt`] when it is a tenant that has a record of applied
/// migrations, and what `decide` refuses. Then nothing has happened.
pub(crate) async fn adopt(
    work: Work<'_>,
    decide: &(impl Fn(&Evidence<'_>) -> Result<Vec<Version>, Error> + Sync),
) -> Result<(), Error> {
    let mut attempts = Attempts::new();
    loop {
        let existing = open_and_look(work).await?;
        let done = if existing.schema {
            register(work, existing.registered, decide).await
        } else if existing.registered {
            Err(work.missing())
        } else {
            Err(work.no_schema())
        };
        let done = finish(work, done).await;
        match done {
            Err(error) if attempts.again_after(work, &error).await => {}
            done => return done,
        }
    }
}

async fn register(
    work: Work<'_>,
    is_registered: bool,
    decide: &(impl Fn(&Evidence<'_>) -> Result<Vec<Version>, Error> + Sync),
) -> Result<(), Error> {
    let ledger = versions_in(work).await?;
    let has_versions = ledger.as_ref().is_some_and(|versions| !versions.is_empty());
    let shape = shape_of(work).await?;
    let mut script = Script::default();
    if let Some(versions) = ledger.as_ref().filter(|_| has_versions) {
        let decided = decide(&Evidence::Ledger(versions, &shape, is_registered))?;
        let lost = those(work, &decided);
        let lost = lost.filter(|it| !versions.iter().any(|one| it.version() == one.as_str()));
        let lost = lost.collect::<Vec<_>>();
        if is_registered && lost.is_empty() {
            return Err(nothing_to_adopt(work));
        }
        if is_registered {
            record_all(work, &lost, is_registered, &mut script);
            confirm(work, &mut script);
            script.commit();
            return run_script(work, &script).await;
        }
        if !lost.is_empty() {
            let record = record(work.schema, &lost);
            script.step("record the migrations", &record);
        }
        let newest = versions.last().map(String::as_str);
        let newest = newest.max(lost.last().map(|it| it.version().as_str()));
        if let Some(statement) = work.registry.adopt(work.schema, newest) {
            script.step("register the tenant", &statement);
        }
    } else {
        let decided = decide(&Evidence::Shape(&shape, is_registered))?;
        let migrations = those(work, &decided).collect::<Vec<_>>();
        if ledger.is_none() {
            script.step(
                "create the table of applied migrations",
                &create_ledger(work.schema),
            );
        }
        record_all(work, &migrations, is_registered, &mut script);
    }
    complete(work, script).await
}

/// The migrations with these versions, oldest first.
fn those<'a>(work: Work<'a>, versions: &[Version]) -> impl Iterator<Item = &'a Migration> {
    let migrations = work.migrations.iter();
    migrations.filter(|it| versions.contains(it.version()))
}

/// Runs `script`, and behind it the application's own work, and commits.
async fn complete(work: Work<'_>, mut script: Script<'_>) -> Result<(), Error> {
    if !has_hooks(work, Occasion::Adopt) {
        confirm(work, &mut script);
        script.commit();
        return run_script(work, &script).await;
    }
    run_script(work, &script).await?;
    let kept = Kept::as_now(work).await?;
    run_hooks(work, Occasion::Adopt).await?;
    let mut script = Script::default();
    forget_own_work(work, &mut script);
    kept.require(work, &mut script);
    confirm(work, &mut script);
    commit_own_work(work, &mut script);
    run_script(work, &script).await
}

fn nothing_to_adopt(work: Work<'_>) -> Error {
    match work.schema {
        Schema::Tenant(target) => Error::NothingToAdopt(target.name.clone()),
        _ => work.taken(),
    }
}

fn record_all<'a>(
    work: Work<'a>,
    migrations: &[&'a Migration],
    is_registered: bool,
    script: &mut Script<'a>,
) {
    if !migrations.is_empty() {
        let record = record(work.schema, migrations);
        script.step("record the migrations", &record);
    }
    let (registry, applied) = (work.registry, Ran { migrations });
    let statement = if is_registered {
        registry.update(work.schema, applied, "true")
    } else {
        registry.insert(work.schema, applied)
    };
    if let Some(statement) = statement {
        script.step("register the tenant", &statement);
    }
}
