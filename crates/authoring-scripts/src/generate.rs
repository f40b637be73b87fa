//! From an edited `schema.rs` to a migration that is proven right, for one
//! stream.

mod asking;
pub(crate) mod folder;
mod marking;
pub(crate) mod name;

use std::collections::HashSet;

use anyhow::{Context as _, anyhow};
use command_line::exit::UsageError;
use command_line::{Context, Invocation};
use schema_diff::{Answers, Catalog, Plan, PlanError, Schema, plan, prove};

use crate::scratch::{self, PUBLIC_ASIDE, Scratch};
use crate::{Project, StreamFiles};

/// The schema of a scratch database that holds the stream's tables.
const SCHEMA: &str = "public";

/// A migration that was proven and not written yet.
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
}

/// What came of drafting.
#[derive(Debug)]
pub(crate) enum Drafted {
    /// The migrations make what the file says. There may be something to say.
    Nothing(Vec<String>),
    /// A migration is needed.
    Migration(Draft),
}

/// Drafts the migration that leads from what the migrations on the disk make to
/// `wanted`.
///
/// # Errors
///
/// A wrong use when a question is not answered and nobody can be asked; what
/// the proof has shown to be wrong; what a scratch database meets.
pub(crate) async fn draft(
    context: &Context,
    project: &Project,
    files: &StreamFiles,
    wanted: &Schema,
    answers: Answers,
    options: &scratch::Options,
    invocation: &Invocation,
) -> anyhow::Result<Drafted> {
    let scratch = Scratch::make(context, project, files.stream, options).await?;
    let drafted = draft_on(
        context, project, files, wanted, answers, &scratch, invocation,
    )
    .await;
    // What went wrong before counts more than what may go wrong here.
    match drafted {
        Ok(draft) => scratch.drop().await.map(|()| draft),
        Err(error) => Err(error),
    }
}

async fn draft_on(
    context: &Context,
    project: &Project,
    files: &StreamFiles,
    wanted: &Schema,
    answers: Answers,
    scratch: &Scratch,
    invocation: &Invocation,
) -> anyhow::Result<Drafted> {
    let mut client = scratch.client().await?;
    let catalog = Catalog::read(&client, SCHEMA).await;
    let catalog = catalog.context("reading the scratch database failed")?;
    let plan = settled(
        context, project, files, wanted, &catalog, answers, invocation,
    )?;
    if plan.is_empty() {
        return Ok(Drafted::Nothing(plan.notes().to_vec()));
    }
    let proven = prove(&mut client, SCHEMA, wanted, &files.filter, &plan).await;
    let proof = proven
        .map_err(anyhow::Error::from)
        .map_err(named_as_outside);
    let proof = proof.context(
        "the migration that schema.rs asks for is not right, and was not written; write it by hand \
         (`diesel migration generate`), or change schema.rs or the answers",
    )?;
    let marked = marking::mark(project, files.stream, &plan)?;
    let mut notes = plan.notes().to_vec();
    notes.extend(proof.notes);
    notes.extend(marked.notes);
    let mut seen = HashSet::new();
    notes.retain(|note| seen.insert(note.clone()));
    Ok(Drafted::Migration(Draft {
        up: in_its_place(&marked.up),
        down: in_its_place(&plan.down()),
        changes: plan.summaries().map(str::to_owned).collect(),
        notes,
        rows: proof.rows,
    }))
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
    files: &StreamFiles,
    wanted: &Schema,
    catalog: &Catalog,
    mut answers: Answers,
    invocation: &Invocation,
) -> anyhow::Result<Plan> {
    loop {
        match plan(wanted, catalog, &files.filter, &answers) {
            Ok(plan) => return Ok(plan),
            Err(PlanError::Questions(questions)) => {
                asking::answer(context, files.stream, &questions, &mut answers, invocation)?;
            }
            Err(PlanError::Answer(problem) | PlanError::InUse(problem)) => {
                return Err(anyhow!(UsageError(problem)));
            }
            Err(PlanError::Impossible { line, reason }) => {
                let file = project.shown(&files.schema);
                return Err(anyhow!(UsageError(format!("{file}:{line}: {reason}"))));
            }
        }
    }
}
