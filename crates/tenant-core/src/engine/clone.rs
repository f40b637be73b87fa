//! Clones a tenant in one transaction.
//!
//! The original is read from the catalog, not from the migrations, so the copy includes manual
//! changes. Tables are created and filled before the objects that depend on them. In the end the
//! copy is compared with the original.

use super::any_order::run_in_any_order;
use super::attempt::Attempts;
use super::cluster::{Distribution, ask_as_it_is, create_schema, require_distributed};
use super::copied_shape::shape_to_copy;
use super::copy::{Copied, copy_data, copy_ledger, empty_views, hold_tables};
use super::copy_extras::{before_distribution, extras, what_cannot_be_made};
use super::distribute::bring;
use super::empty_schema::{drop_empty_schema, make_empty_schema, needs_empty_schema};
use super::follow_name::{follow_where_known, shape_of_copy};
use super::ledger::{comment, create_ledger, set_comment};
use super::name_in_text::{read_left, texts_in};
use super::name_state::open_and_look_at_both;
use super::oids::numbers;
use super::rehearse::shape_of;
use super::repair::prepare;
use super::rows_that_lead_back::{NameInRows, refuse_rows_that_lead_back};
use super::script::{Script, UPDATING_REGISTRY};
use super::send::{ask, run_script};
use super::transaction::{View, close, confirm};
use super::work::Work;
use crate::Error;
use crate::name::{Schema, Target};
use crate::shape::{
    Change, Compared, Difference, Expectation, Mending, Shape, Stage, Statement, compare, creation,
};

/// The rows that a clone copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rows {
    /// All rows, as of one moment. Sequences keep their positions.
    All,
    /// No rows. Sequences start from the beginning.
    None,
}

/// How a tenant is cloned.
#[derive(Clone, Copy)]
pub(crate) struct HowToClone<'a> {
    pub(crate) rows: Rows,
    pub(crate) names: NameInRows,
    /// What the tenant's migrations make, if that is known.
    pub(crate) expected: Option<&'a Expectation>,
}

/// What was made.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) copied: Copied,
    /// How many tables there are.
    pub(crate) tables: usize,
    /// Functions of the copy with the other tenant's name in their text.
    pub(crate) functions: Vec<String>,
}

/// Stops the server soon after the program has ended. Without it the server would finish a copy
/// that no program waits for, and hold both names until then. A server without this setting
/// (before PostgreSQL 14, or on Windows) continues.
const END_WITH_CLIENT: &str = "DO $$ BEGIN \
     PERFORM pg_catalog.set_config('client_connection_check_interval', '1s', true); \
     EXCEPTION WHEN others THEN NULL; END $$";

/// How often what was read may be out of date.
const LOOKS: usize = 3;

/// Creates the tenant `to` as a clone of the tenant of `work`.
///
/// # Errors
///
/// [`Error::Unknown`], [`Error::Untracked`] or [`Error::MissingSchema`] where it is
/// no whole tenant; [`Error::Taken`], [`Error::Untracked`] or
/// [`Error::MissingSchema`] where `to` is not free; [`Error::Busy`] about either;
/// [`Error::NotCopyable`], [`Error::NameInText`], [`Error::NotAlike`], or what the server
/// says.
pub(crate) async fn clone(work: Work<'_>, to: &Target, how: HowToClone<'_>) -> Result<Made, Error> {
    if !needs_empty_schema(work) {
        return clone_patiently(work, to, how).await;
    }
    make_empty_schema(work, to).await?;
    let made = clone_patiently(work, to, how).await;
    if made.is_err() {
        drop_empty_schema(work, to).await;
    }
    made
}

async fn clone_patiently(work: Work<'_>, to: &Target, how: HowToClone<'_>) -> Result<Made, Error> {
    let mut attempts = Attempts::new();
    let mut looks = 0;
    loop {
        match clone_once(work, to, how).await {
            Ok(Some(made)) => return Ok(made),
            Ok(None) if looks < LOOKS => looks += 1,
            Ok(None) => return Err(out_of_date(work)),
            // Half of what was asked comes from the catalog as it is now.
            Err(Error::Untracked(_) | Error::MissingSchema(_)) if looks < LOOKS => looks += 1,
            Err(error) if attempts.again_after(work, &error).await => {}
            Err(error) => return Err(error),
        }
    }
}

fn out_of_date(work: Work<'_>) -> Error {
    Error::Busy {
        schema: work.schema.to_string(),
        waited: std::time::Duration::ZERO,
        holders: Vec::new(),
    }
}

/// `None` when what the transaction sees was out of date before it held the locks.
async fn clone_once(
    work: Work<'_>,
    to: &Target,
    how: HowToClone<'_>,
) -> Result<Option<Made>, Error> {
    let target = Schema::Tenant(to);
    let (old, new) = open_and_look_at_both(work, target, View::OfOneMoment).await?;
    let fit = old.require_whole(work).and_then(|()| {
        if needs_empty_schema(work) {
            new.require_only_schema(work.on(target))
        } else {
            new.require_free(work.on(target))
        }
    });
    let built = match fit {
        Ok(()) => build(work, target, how).await,
        Err(error) => Err(error),
    };
    match built {
        Ok(Some(mut made)) => {
            work.session.finish();
            let sequences = std::mem::take(&mut made.copied.sequences);
            sequences.let_go_on(work.on(target)).await;
            Ok(Some(made))
        }
        not_built => {
            close(work).await;
            not_built
        }
    }
}

/// All that is done in the open transaction, and its commit.
async fn build(
    work: Work<'_>,
    target: Schema<'_>,
    how: HowToClone<'_>,
) -> Result<Option<Made>, Error> {
    let from = work.schema;
    let mut script = Script::default();
    ask_as_it_is(work, &mut script);
    script.step(
        "let the server stop when the program stops",
        END_WITH_CLIENT,
    );
    script.step("read the registration", &work.registry.hold(from));
    run_script(work, &script).await?;
    if !hold_tables(work).await? {
        return Ok(None);
    }
    refuse_rare(work).await?;
    let (shape, numbers) = (shape_to_copy(work).await?, numbers(work).await?);
    let shape = shape_of_copy(work, shape, target, how.expected, &numbers)?;
    if how.rows == Rows::All && how.names == NameInRows::Refuse {
        refuse_rows_that_lead_back(work).await?;
    }
    let there = work.on(target);
    let (first, rest) = in_halves(creation(&shape, target.schema_name()));
    let early = settings_that_come_first(there, from).await?;
    let distribution = match early.is_empty() {
        true => Distribution::Distributed,
        false => Distribution::Later,
    };
    begin_schema(there, from, distribution).await?;
    let made = run_in_any_order(there, first).await?;
    let waiting = without_tables(made.waiting)?;
    if distribution == Distribution::Later {
        distribute_now(there, &early).await?;
    }
    let copied = match how.rows {
        Rows::All => copy_data(there, from).await?,
        Rows::None => Copied::default(),
    };
    let rest = waiting.into_iter().chain(rest).collect();
    run_in_any_order(there, rest).await?.require_all()?;
    add_the_rest(there, from).await?;
    require_alike(there, from, &shape).await?;
    call_after_the_copy(there, from, how.expected).await?;
    let functions = register(there, from).await?;
    Ok(Some(Made {
        copied,
        tables: shape.tables().count(),
        functions,
    }))
}

/// Refuses what a copy would lack.
async fn refuse_rare(work: Work<'_>) -> Result<(), Error> {
    let query = what_cannot_be_made(work.schema);
    let objects = texts(work, "look for objects that cannot be cloned", &query).await?;
    match work.schema {
        Schema::Tenant(target) if !objects.is_empty() => Err(Error::NotCopyable {
            name: target.name.clone(),
            objects,
        }),
        _ => Ok(()),
    }
}

/// The statements that must run before the rows are copied, and the statements that run after.
fn in_halves(mut statements: Vec<Statement>) -> (Vec<Statement>, Vec<Statement>) {
    let rest = statements.partition_point(|it| it.stage <= Stage::Ownership);
    let rest = statements.split_off(rest);
    (statements, rest)
}

/// The schema and its ledger; the path leads to it, and functions may speak of what is
/// not there yet.
async fn begin_schema(
    work: Work<'_>,
    from: Schema<'_>,
    distribution: Distribution,
) -> Result<(), Error> {
    let comments = texts(work, "read the migration history", &comment(from)).await?;
    let mut script = Script::default();
    if !needs_empty_schema(work) {
        create_schema(work, distribution, &mut script);
    }
    script.step(
        "create the table of applied migrations",
        &create_ledger(work.schema),
    );
    script.step(
        "copy the migration history",
        &copy_ledger(from, work.schema),
    );
    // It says what a migration outside a transaction has done already.
    for comment in comments {
        let set = set_comment(work.schema, Some(&comment));
        script.step("copy the migration history", &set);
    }
    prepare(work, &mut script);
    run_script(work, &script).await
}

/// The statements of a copy on a cluster that Citus refuses once its tables are distributed.
///
/// # Errors
///
/// [`Error::NotCopyable`] where the schema has to be distributed before there are tables, or
/// what the server says.
async fn settings_that_come_first(work: Work<'_>, from: Schema<'_>) -> Result<Vec<String>, Error> {
    if !work.database.is_cluster() {
        return Ok(Vec::new());
    }
    let query = before_distribution(from, work.schema, work.database.catalog());
    let settings = texts(work, "list the storage of columns", &query).await?;
    match from {
        Schema::Tenant(target) if needs_empty_schema(work) && !settings.is_empty() => {
            Err(Error::NotCopyable {
                name: target.name.clone(),
                objects: settings
                    .iter()
                    .map(|it| format!("a setting that only the owner of Citus can copy: `{it}`"))
                    .collect(),
            })
        }
        _ => Ok(settings),
    }
}

/// Runs them, and distributes the schema. It has its tables, which are empty.
async fn distribute_now(work: Work<'_>, early: &[String]) -> Result<(), Error> {
    let mut script = Script::default();
    for statement in early {
        script.step("set the column storage of the original", statement);
    }
    bring(work.schema, &mut script);
    require_distributed(work.schema, &mut script);
    run_script(work, &script).await
}

/// What can wait until the rows are there. A table cannot.
fn without_tables(waiting: Vec<(Statement, Error)>) -> Result<Vec<Statement>, Error> {
    let waiting = waiting
        .into_iter()
        .map(|(statement, why)| match statement.stage {
            Stage::Tables => Err(why),
            _ => Ok(statement),
        });
    waiting.collect()
}

/// What no shape holds.
async fn add_the_rest(work: Work<'_>, from: Schema<'_>) -> Result<(), Error> {
    let mut script = Script::default();
    let queries = extras(from, work.schema, work.database.catalog()).into_iter();
    for query in queries.chain([empty_views(from, work.schema)]) {
        for statement in texts(
            work,
            "list the objects outside the schema definition",
            &query,
        )
        .await?
        {
            script.step("add the objects outside the schema definition", &statement);
        }
    }
    run_script(work, &script).await
}

/// Compares the copy with the original. Before that, it fixes what no other step copies:
/// privileges that the copy has by default or lacks, and what a partition has in addition to its
/// parent.
async fn require_alike(work: Work<'_>, from: Schema<'_>, shape: &Shape) -> Result<(), Error> {
    let (Schema::Tenant(copy), Schema::Tenant(original)) = (work.schema, from) else {
        return Ok(());
    };
    let differences = compare(shape, &shape_of(work).await?, Compared::Everything);
    let fixed = differences
        .iter()
        .filter(|it| is_of_rights(it) || it.mending() == Mending::Adds)
        .filter(|it| !shape.is_unusable_index(&it.object));
    let statements = fixed.flat_map(|it| it.sql(&copy.schema)).collect();
    run_in_any_order(work, statements).await?;
    let mut differences = compare(shape, &shape_of(work).await?, Compared::Everything);
    // The copy has the keys on that are switched off in the original.
    differences.retain(|it| !shape.is_unusable_index(&it.object) && !it.is_of_switched_off_key());
    if differences.is_empty() {
        return Ok(());
    }
    Err(Error::NotAlike {
        name: original.name.clone(),
        differences: differences.iter().map(ToString::to_string).collect(),
    })
}

/// Renames what migrations have called after the original, which was copied as it is, with
/// the texts that name it.
async fn call_after_the_copy(
    work: Work<'_>,
    from: Schema<'_>,
    expected: Option<&Expectation>,
) -> Result<(), Error> {
    let (Schema::Tenant(copy), Schema::Tenant(original), Some(expected)) =
        (work.schema, from, expected)
    else {
        return Ok(());
    };
    if !expected.has_called() {
        return Ok(());
    }
    let names = (from.schema_name(), work.schema.schema_name());
    let left = follow_where_known(work, copy, names, expected).await?;
    if left.is_empty() {
        return Ok(());
    }
    Err(Error::NameInText {
        name: original.name.clone(),
        places: left.into_iter().map(|place| place.words).collect(),
        rows: Vec::new(),
    })
}

fn is_of_rights(difference: &Difference) -> bool {
    let change = &difference.change;
    matches!(change, Change::MissingGrants(_) | Change::ExtraGrants(_))
}

/// Registers the copy and commits it. Gives back the functions that speak of the
/// original.
async fn register(work: Work<'_>, from: Schema<'_>) -> Result<Vec<String>, Error> {
    let mut script = Script::default();
    let statement = work.registry.copy(from, work.schema);
    script.step(UPDATING_REGISTRY, &statement);
    let query = texts_in(work.schema, from);
    script.step("look for the original's name", &query);
    confirm(work, &mut script);
    script.commit();
    let rows = ask(work, &script).await?;
    Ok(read_left(&rows, from, work.schema).functions)
}

/// The first column of what a query gives.
async fn texts(work: Work<'_>, action: &'static str, query: &str) -> Result<Vec<String>, Error> {
    let mut script = Script::default();
    script.step(action, query);
    let rows = ask(work, &script).await?;
    let texts = rows.iter().filter_map(|row| row.get(0));
    Ok(texts.map(str::to_owned).collect())
}
