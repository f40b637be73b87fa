//! Gives a tenant another name: schema and registration in one transaction.
//!
//! PostgreSQL renames a schema while other sessions use it. A session in the middle of its work
//! would no longer find the tenant's tables. Or it would find the tables of a tenant that takes
//! the old name. So the tables are locked first, which waits for sessions that use one.

use sql_text::literal;
use tokio_postgres::SimpleQueryRow;

use super::attempt::Attempts;
use super::cluster::ask_as_it_is;
use super::drop_steps::{ROOM, SHARE};
use super::follow_name::follow_name;
use super::hooks::{commit_own_work, forget_own_work, has_hooks, run_hooks_of_rename};
use super::kept::Kept;
use super::left::{Shown, require_shown};
use super::name_in_text::{Left, Routine, read_left, routines_of, what_is_left};
use super::name_state::{NameState, open_and_look_at_both};
use super::script::Script;
use super::send::{ask, run_script};
use super::transaction::{View, close, confirm, confirm_gone, finish};
use super::work::Work;
use crate::hook::Occasion;
use crate::name::{Schema, Target};
use crate::shape::Expectation;
use crate::{Error, Expected};

/// What came of the texts with a tenant's old name in them.
#[derive(Debug)]
pub(crate) struct Followed {
    /// How many functions have the new name in their path now.
    pub(crate) functions: usize,
    /// What still has the old one.
    pub(crate) left: Left,
    /// Where else it stands in the schema, in words.
    pub(crate) places: Vec<String>,
}

/// Renames the tenant of `work`, and its schema, to `to`.
///
/// # Errors
///
/// [`Error::Unknown`], [`Error::Untracked`] or [`Error::MissingSchema`] where it is
/// no whole tenant; [`Error::Taken`], [`Error::Untracked`] or
/// [`Error::MissingSchema`] where `to` is not free; [`Error::Busy`] about either.
///
/// `expected` is what the tenant's migrations make, if that is known.
pub(crate) async fn rename(
    work: Work<'_>,
    to: &Target,
    expected: Option<&Expectation>,
) -> Result<Followed, Error> {
    let mut attempts = Attempts::new();
    loop {
        match rename_once(work, to, expected).await {
            Err(error) if attempts.again_after(work, &error).await => {}
            done => return done,
        }
    }
}

async fn rename_once(
    work: Work<'_>,
    to: &Target,
    expected: Option<&Expectation>,
) -> Result<Followed, Error> {
    let target = Schema::Tenant(to);
    let (old, new) = open_and_look_at_both(work, target, View::Newest).await?;
    let shown = match require_fit(work, old, (work.on(target), new)).await {
        Ok(shown) => shown,
        Err(error) => {
            close(work).await;
            return Err(error);
        }
    };
    let done = follow(work, shown, to, expected).await;
    finish(work, done).await
}

/// What shows that the tenant of `work` is one, by what there is of its name and of the new one.
async fn require_fit(
    work: Work<'_>,
    old: NameState,
    (target, new): (Work<'_>, NameState),
) -> Result<Shown, Error> {
    let shown = require_shown(work, old).await?;
    match shown {
        Shown::ByRow => {
            old.require_whole(work)?;
            new.require_free_name(target)?;
        }
        // The application has renamed its row already: it has to have the new name.
        Shown::ByHistory => new.require_no_schema(target)?,
    }
    Ok(shown)
}

/// All that is done in the open transaction, and its commit.
async fn follow(
    work: Work<'_>,
    shown: Shown,
    tenant: &Target,
    expected: Option<&Expectation>,
) -> Result<Followed, Error> {
    let to = Schema::Tenant(tenant);
    let mut script = Script::default();
    ask_as_it_is(work, &mut script);
    script.step("list the tables of the schema", &tables_of(work));
    script.step("list the functions", &routines_of(work.schema));
    let rows = ask(work, &script).await?;
    let tables = rows.iter().filter_map(table).collect::<Vec<_>>();
    let routines = rows
        .iter()
        .filter_map(|row| Routine::read(row, work.schema));
    let routines = routines.collect::<Vec<_>>();
    let functions = routines.len();
    let mut renaming = renaming(work, to, &tables, routines);
    if shown == Shown::ByRow
        && let Some(statement) = work.registry.rename(work.schema, to)
    {
        renaming.step("rename the registration", &statement);
    }
    run_script(work, &renaming).await?;
    let from = work.schema.schema_name();
    let places = follow_name(work.on(to), tenant, from, expected).await?;
    let mut script = Script::default();
    for query in what_is_left(work.schema, to) {
        script.step("look for the old name", &query);
    }
    let has_hooks = has_hooks(work, Occasion::Rename);
    if !has_hooks {
        confirm_renamed(work, to, &mut script);
        script.commit();
    }
    let rows = ask(work, &script).await;
    let rows = rows.map_err(|error| of_new_name(error, tenant))?;
    let left = read_left(&rows, work.schema, to);
    if has_hooks && let Schema::Tenant(old) = work.schema {
        run_own_work(work.on(to), old).await?;
        let mut script = Script::default();
        confirm_renamed(work, to, &mut script);
        commit_own_work(work, &mut script);
        let committed = run_script(work, &script).await;
        committed.map_err(|error| of_new_name(error, tenant))?;
    }
    // A function with the name in its body is listed once.
    let places = places.into_iter().filter(|place| {
        let mut functions = left.functions.iter();
        !functions.any(|one| place.is_in_function(one, to.schema_name()))
    });
    let places = places.map(|place| place.words).collect();
    Ok(Followed {
        functions,
        left,
        places,
    })
}

/// Runs the application's own work, and checks that it has not changed the tenant, which is now
/// the tenant of `work`.
async fn run_own_work(work: Work<'_>, old: &Target) -> Result<(), Error> {
    let kept = Kept::as_now(work).await?;
    run_hooks_of_rename(work, old).await?;
    let mut script = Script::default();
    forget_own_work(work, &mut script);
    kept.require(work, &mut script);
    run_script(work, &script).await
}

/// The application's list has the new name, and not the old one.
fn confirm_renamed(work: Work<'_>, to: Schema<'_>, script: &mut Script<'_>) {
    confirm_gone(work, script);
    confirm(work.on(to), script);
}

/// The error, if the application does not list the tenant under its new name, or still lists it
/// under the old one.
fn of_new_name(error: Error, to: &Target) -> Error {
    match error {
        Error::Unconfirmed(mut it) if it.expected == Expected::Gone => {
            it.expected = Expected::Renamed;
            Error::Unconfirmed(it)
        }
        Error::Unconfirmed(mut it) if it.expected == Expected::Listed => {
            it.name = to.name.clone();
            it.schema = to.schema.clone();
            Error::Unconfirmed(it)
        }
        error => error,
    }
}

fn renaming(
    work: Work<'_>,
    to: Schema<'_>,
    tables: &[&str],
    routines: Vec<Routine>,
) -> Script<'static> {
    let from = work.schema;
    let mut script = Script::default();
    if !tables.is_empty() {
        let lock = format!("LOCK TABLE {}", tables.join(", "));
        script.step("wait for the sessions that use its tables", &lock);
    }
    for routine in routines {
        let statement = routine.follow(from, to);
        script.step("change the search path of a function", &statement);
    }
    let rename = format!("ALTER SCHEMA {} RENAME TO {}", from.ident(), to.ident());
    script.step("rename the schema", &rename);
    script
}

/// The query for the schema's tables: see [`table`]. It leaves out tables that the role may not
/// lock, and tables beyond the capacity of the server's table of locks. A session that uses one
/// of them may get an error in the middle of its work.
fn tables_of(work: Work<'_>) -> String {
    format!(
        "SELECT 'table', pg_catalog.format('%I.%I', n.nspname, c.relname) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {} AND c.relkind IN ('r', 'p') \
         AND pg_catalog.has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE') AND {} \
         ORDER BY c.relname LIMIT {ROOM} / {SHARE}",
        literal(work.schema.schema_name()),
        work.database.catalog().no_shard("c")
    )
}

fn table(row: &SimpleQueryRow) -> Option<&str> {
    (row.get(0)? == "table").then(|| row.get(1)).flatten()
}
