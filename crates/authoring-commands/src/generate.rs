//! From an edited `schema.rs` to a tested migration, for one stream.

mod asking;
pub(crate) mod folder;
mod marking;
pub(crate) mod name;

use std::collections::HashSet;

use anyhow::{Context as _, anyhow};
use command_line::exit::UsageError;
use command_line::hints::Advised;
use command_line::mistakes::Mistakes;
use command_line::settings::Mistake;
use command_line::{Context, Invocation};
use schema_diff::{Answers, Catalog, Plan, PlanError, Proof, Schema, plan, prove, stale_functions};

use crate::advice::advised;
use crate::scratch::{self, PUBLIC_ASIDE, Scratch};
use crate::{Project, StreamFiles};

/// The schema of a scratch database with the stream's tables.
const SCHEMA: &str = "public";

/// What is asked for.
pub(crate) struct Request<'a> {
    pub(crate) files: &'a StreamFiles,
    /// What the edited file says.
    pub(crate) wanted: &'a Schema,
    pub(crate) answers: Answers,
    pub(crate) scratch: &'a scratch::Options,
    /// How the command is called, for hints.
    pub(crate) invocation: &'a Invocation,
    /// Whether it is wanted even if a use of the tables fails afterwards.
    pub(crate) unproven: bool,
}

/// A migration that was tried and not written yet.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The text of `up.sql`.
    pub(crate) up: String,
    /// The text of `down.sql`.
    pub(crate) down: String,
    /// What it does, one line each.
    pub(crate) changes: Vec<String>,
    /// What the user should know.
    pub(crate) notes: Vec<String>,
    /// On how many made-up rows it was tried.
    pub(crate) rows: usize,
    /// How many tables were used before and after it.
    pub(crate) tables: usize,
    /// The uses that it breaks: it is proven if there are none.
    pub(crate) broken: Vec<String>,
    /// Functions that name what has another name or type afterwards.
    pub(crate) warnings: Vec<String>,
    /// What the proof could not try, and why.
    pub(crate) not_tried: Vec<String>,
}

/// What came of drafting.
#[derive(Debug)]
pub(crate) enum Drafted {
    /// The migrations make what the file says. There may be something to say.
    Nothing(Vec<String>),
    /// A migration is needed.
    Migration(Draft),
}

/// Drafts the migration from what the migrations on disk create to the wanted schema.
///
/// # Errors
///
/// A usage error if a question has no answer and there is no terminal to ask in; a failed proof; an
/// error of the scratch database.
pub(crate) async fn draft(
    context: &Context,
    project: &Project,
    request: Request<'_>,
) -> anyhow::Result<Drafted> {
    let stream = request.files.stream;
    let scratch = Scratch::make(context, project, stream, request.scratch).await?;
    let drafted = draft_on(context, project, request, &scratch).await;
    // What went wrong before counts more than what may go wrong here.
    match drafted {
        Ok(draft) => scratch.drop().await.map(|()| draft),
        Err(error) => Err(error),
    }
}

async fn draft_on(
    context: &Context,
    project: &Project,
    request: Request<'_>,
    scratch: &Scratch,
) -> anyhow::Result<Drafted> {
    scratch.keep_own_tables_of(Some(request.wanted)).await?;
    let client = scratch.client().await?;
    let catalog = Catalog::read(&client, SCHEMA).await;
    let catalog = catalog.context("could not read the scratch database")?;
    let (stream, unproven) = (request.files.stream, request.unproven);
    let (files, wanted) = (request.files, request.wanted);
    let plan = settled(context, project, &catalog, request)?;
    if plan.is_empty() {
        return Ok(Drafted::Nothing(plan.notes().to_vec()));
    }
    let warnings = stale_functions(&client, &catalog, &plan).await;
    let warnings = warnings.context("could not read the functions of the scratch database")?;
    let warnings = outside(warnings);
    let proof = proven(client, scratch, files, wanted, &plan, &warnings).await?;
    if !proof.broken.is_empty() && !unproven {
        return Err(breaks_use(&proof.broken, &warnings));
    }
    let marked = marking::mark(project, stream, &plan)?;
    let mut notes = plan.notes().to_vec();
    notes.extend(proof.notes);
    notes.extend(marked.notes);
    let mut seen = HashSet::new();
    notes.retain(|note| seen.insert(note.clone()));
    Ok(Drafted::Migration(Draft {
        up: in_its_place(&marked.up),
        down: in_its_place(&plan.down()),
        changes: plan.summaries().map(str::to_owned).collect(),
        notes: outside(notes),
        rows: proof.rows,
        tables: proof.tables,
        broken: proof.broken,
        warnings,
        not_tried: proof.not_tried,
    }))
}

/// What the proof shows, in the names that hold outside a scratch database.
async fn proven(
    mut client: tokio_postgres::Client,
    scratch: &Scratch,
    files: &StreamFiles,
    wanted: &Schema,
    plan: &Plan,
    warnings: &[String],
) -> anyhow::Result<Proof> {
    let connect = async || scratch.client().await;
    let proven = prove(&mut client, &connect, SCHEMA, wanted, &files.filter, plan).await;
    let error = match proven {
        Ok(mut proof) => {
            proof.broken = outside(proof.broken);
            proof.not_tried = outside(proof.not_tried);
            return Ok(proof);
        }
        Err(error) => named_as_outside(error.into()),
    };
    Err(with_warnings(error, warnings).context(advised(
        "the generated migration failed its trial run, so it was not written",
        "Change schema.rs or the answers. Or write the migration by hand.\n\
         diesel migration generate NAME",
    )))
}

/// The error, with the functions that may be its cause.
fn with_warnings(error: anyhow::Error, warnings: &[String]) -> anyhow::Error {
    if warnings.is_empty() {
        return error;
    }
    anyhow!(warnings.join("\n    ")).context(error.to_string())
}

/// Such a migration would be applied everywhere, and the next write would fail.
fn breaks_use(broken: &[String], warnings: &[String]) -> anyhow::Error {
    let error = anyhow!(
        "after up.sql, these uses fail:\n    {}",
        broken.join("\n    ")
    );
    with_warnings(error, warnings).context(Advised::new(
        "the migration would break existing uses of its tables, so it was not written",
        "Run the command again with --write-unproven. Then add `CREATE OR REPLACE FUNCTION` \
         statements: the new definitions to up.sql, the old ones to down.sql.",
    ))
}

/// The lines in the names that hold outside a scratch database.
fn outside(lines: Vec<String>) -> Vec<String> {
    lines.iter().map(|line| in_its_place(line)).collect()
}

/// The error in the names that hold outside a scratch database.
fn named_as_outside(error: anyhow::Error) -> anyhow::Error {
    anyhow!(in_its_place(&format!("{error:#}")))
}

/// Outside a scratch database the public schema is called `public`.
fn in_its_place(sql: &str) -> String {
    sql.replace(&format!("{PUBLIC_ASIDE}."), "public.")
}

/// The plan, once every question is answered.
fn settled(
    context: &Context,
    project: &Project,
    catalog: &Catalog,
    request: Request<'_>,
) -> anyhow::Result<Plan> {
    let Request { files, wanted, .. } = request;
    let mut answers = request.answers;
    loop {
        match plan(wanted, catalog, &files.filter, &answers) {
            Ok(plan) => return Ok(plan),
            Err(PlanError::Questions(questions)) => {
                let invocation = request.invocation;
                asking::answer(context, files.stream, &questions, &mut answers, invocation)?;
            }
            Err(PlanError::Answer(problem) | PlanError::InUse(problem)) => {
                return Err(anyhow!(UsageError(problem)));
            }
            Err(PlanError::Impossible { line, reason }) => {
                let file = project.shown(&files.schema);
                return Err(anyhow!(Mistakes::from(Mistake::in_line(
                    file.to_string(),
                    line,
                    reason
                ))));
            }
        }
    }
}
