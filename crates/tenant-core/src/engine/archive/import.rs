//! Creates a tenant from a file: the schema by its migrations, and then the rows of the file.
//!
//! All of it is one transaction where the migrations can be in one. What follows a migration
//! outside a transaction is undone as in `create`.

use tenant_archive::TableSummary;

use super::columns::tables;
use super::fill::{Observe, date_migrations, fill, set_sequences, unfit};
use super::pins::{pin, unpin};
use super::proof::{References, differing, missing, references};
use super::quiet::{put_back, remove};
use super::source::Source;
use crate::engine::any_order::run_in_any_order;
use crate::engine::apply::migrate;
use crate::engine::batches::{Batch, Mode, batches_of};
use crate::engine::create::create_open;
use crate::engine::own_work::Open;
use crate::engine::rehearse::shape_of;
use crate::engine::script::Script;
use crate::engine::send::run_script;
use crate::engine::transaction::{Transaction, Way};
use crate::engine::unfit::refuse_unfit;
use crate::engine::work::Work;
use crate::migration::{Migration, MigrationSet};
use crate::name::Target;
use crate::shape::{Change, Compared, Difference, Mending, Shape, compare};
use crate::{ArchiveFailure, Error};

/// What is to be made of a file.
pub(crate) struct Plan<'a> {
    pub(crate) target: &'a Target,
    /// The migrations that the file has.
    pub(crate) migrations: &'a MigrationSet,
    /// The definition of the original, where it is in a form that this program reads. It differs
    /// from what the migrations create at most in what may differ.
    pub(crate) shape: Option<&'a Shape>,
    /// Whether definitions of the file may run as SQL. A file can come from anywhere.
    pub(crate) trusts_definitions: bool,
    pub(crate) observe: &'a Observe<'a>,
}

/// Creates the tenant of `work` from `source`, and applies the migrations that the file lacks.
///
/// # Errors
///
/// As [`create`](crate::engine::create), [`Error::Archive`], or what the server says. Then there is
/// no such tenant. If a later migration that needs a separate transaction fails, the tenant is
/// there, at the last version that it reached.
pub(crate) async fn import<'a>(
    work: Work<'a>,
    source: &mut Source,
    plan: &Plan<'a>,
) -> Result<Vec<TableSummary>, Error> {
    let older = Work {
        migrations: plan.migrations,
        ..work
    };
    refuse_unfit(work.migrations.iter())?;
    let open = create_open(older).await?;
    let filled = match fill_and_prove(older, source, plan).await {
        Ok(filled) => filled,
        Err(error) => return Err(open.give_up(older, error).await),
    };
    let pending = work.migrations.iter();
    let pending = pending.filter(|it| plan.migrations.find(it.version().as_str()).is_none());
    let pending = pending.collect::<Vec<_>>();
    bring_up(work, older, open, &pending).await?;
    Ok(filled)
}

/// Applies what is pending in the same transaction if it can be in one, and else after it.
async fn bring_up<'a>(
    work: Work<'a>,
    older: Work<'a>,
    open: Open,
    pending: &[&'a Migration],
) -> Result<(), Error> {
    let batches = batches_of(work, Way::Apply.cut(), pending).await;
    let batches = match batches {
        Ok(batches) => batches,
        Err(error) => return Err(open.give_up(older, error).await),
    };
    match batches.as_slice() {
        [] => open.complete(work).await,
        [Batch { mode, migrations }] if *mode == Mode::Together => {
            match apply(work, migrations).await {
                Ok(()) => {}
                Err(error) => return Err(open.give_up(older, error).await),
            }
            open.complete(work).await
        }
        _ => {
            open.complete(older).await?;
            migrate(work, None).await.result
        }
    }
}

async fn apply<'a>(work: Work<'a>, migrations: &[&'a Migration]) -> Result<(), Error> {
    let transaction = Transaction::next(work, Way::Apply, migrations).held();
    let elsewhere = transaction.confinement().await?;
    let confined = transaction.confined_by(elsewhere.as_deref());
    run_script(work, &confined.as_last_step()).await?;
    Ok(())
}

async fn fill_and_prove(
    work: Work<'_>,
    source: &mut Source,
    plan: &Plan<'_>,
) -> Result<Vec<TableSummary>, Error> {
    let name = || plan.target.name.clone();
    if let Some(original) = plan.shape {
        add_what_may_differ(work, plan, original).await?;
    }
    let before = shape_of(work).await?;
    prepare(work).await?;
    let differences = unfit(source.manifest(), &tables(work).await?);
    if !differences.is_empty() {
        let name = name();
        return Err(ArchiveFailure::Differs { name, differences }.into());
    }
    let references = references(work).await?;
    let removed = remove(work).await?;
    let filled = fill(work, source, plan.observe).await?;
    let manifest = source.manifest();
    let mut differences = differing(work, &manifest.tables, &filled).await?;
    differences.extend(set_sequences(work, &manifest.sequences).await?);
    date_migrations(work, &manifest.migrations).await?;
    if let Err(error) = put_back(work, removed).await {
        return Err(told_by_reference(work, plan, &references, error).await);
    }
    differences.extend(changed(work, &before).await?);
    if differences.is_empty() {
        unprepare(work).await?;
        return Ok(filled);
    }
    let name = name();
    Err(ArchiveFailure::NotAlike { name, differences }.into())
}

/// The server names one row that another refers to and that does not exist. This names some of
/// each foreign key to other schemas.
async fn told_by_reference(
    work: Work<'_>,
    plan: &Plan<'_>,
    references: &References,
    error: Error,
) -> Error {
    let missing = match error.sqlstate() {
        Some("23503") => missing(work, references).await.unwrap_or_default(),
        _ => Vec::new(),
    };
    if missing.is_empty() {
        return error;
    }
    let (name, references) = (plan.target.name.clone(), missing);
    ArchiveFailure::MissingReferences { name, references }.into()
}

/// Rows are read under the path and in the form in which they were written.
async fn prepare(work: Work<'_>) -> Result<(), Error> {
    let mut script = Script::default();
    script.step("set the search path", &work.path().set_local());
    pin(&mut script);
    run_script(work, &script).await
}

/// What follows runs as in every other transaction.
async fn unprepare(work: Work<'_>) -> Result<(), Error> {
    let mut script = Script::default();
    unpin(work, &mut script);
    script.step("set the search path", &work.path().set_local());
    run_script(work, &script).await
}

/// Creates what the original has and the migrations do not make of it again, such as the partitions
/// of past months. Their definitions are SQL of the file.
async fn add_what_may_differ(
    work: Work<'_>,
    plan: &Plan<'_>,
    original: &Shape,
) -> Result<(), Error> {
    let target = plan.target;
    let found = shape_of(work).await?;
    let differences = compare(original, &found, Compared::Everything);
    let missing = differences.iter().filter(|it| is_to_add(it));
    let missing = missing.collect::<Vec<_>>();
    if !missing.is_empty() && !plan.trusts_definitions {
        let (name, missing) = (target.name.clone(), missing.into_iter());
        let differences = missing.map(ToString::to_string).collect();
        return Err(ArchiveFailure::Differs { name, differences }.into());
    }
    let missing = missing.into_iter();
    let statements = missing.flat_map(|it| it.sql(&target.schema));
    let statements = statements.collect::<Vec<_>>();
    if statements.is_empty() {
        return Ok(());
    }
    prepare(work).await?;
    run_in_any_order(work, statements).await?.require_all()?;
    Ok(())
}

fn is_to_add(difference: &Difference) -> bool {
    difference.change == Change::Missing && difference.mending() == Mending::Adds
}

/// What is not as it was before the rows came in, in words.
async fn changed(work: Work<'_>, before: &Shape) -> Result<Vec<String>, Error> {
    let now = shape_of(work).await?;
    let mut differences = compare(before, &now, Compared::Everything);
    differences.retain(|it| !it.is_of_switched_off_key());
    Ok(differences.iter().map(ToString::to_string).collect())
}
