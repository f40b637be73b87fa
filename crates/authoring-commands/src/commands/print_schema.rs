//! `print-schema`: writes `schema.rs` anew.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Parser;
use command_line::exit::UsageError;
use command_line::files::read_if_there;
use command_line::help::{Example, example};
use command_line::hints::Advised;
use command_line::interrupt::interruptible;
use command_line::invocation::Action;
use command_line::json::Documents;
use command_line::{Common, Context, Hint, Invocation, Message, Script, Verdict};
use schema_diff::{Catalog, Schema, differences, keep_views, view_differences};
use schemars::JsonSchema;
use serde::Serialize;

use crate::diesel_cli::{DieselCli, Missing};
use crate::options::SchemaFiles;
use crate::scratch::{self, PUBLIC_ASIDE, Scratch};
use crate::{Project, Stream, StreamFiles, files, schema_file, standard_output};

/// Regenerate `schema.rs` from the migrations
///
/// Applies the migrations to a scratch database, where the Diesel CLI prints the tables.
/// diesel.public.toml and diesel.tenant.toml apply. If no Diesel CLI 2.3 is installed, the
/// command asks whether to install one into target/tools, which takes minutes. Blocks for views
/// and foreign tables stay as you wrote them; only their columns and types are compared.
#[derive(Debug, Parser)]
#[command(name = "print-schema", version)]
#[command(mut_arg("migrations_dir", |dir| dir.help(
    "Folder with `public/` and `tenant/`, instead of the project's migrations"
)))]
#[command(mut_arg("no_download", |no| no.help(
    "Download neither the Diesel CLI nor PostgreSQL"
)))]
pub struct PrintSchema {
    #[command(flatten)]
    files: SchemaFiles,

    /// Write nothing, and exit with 1 if the file and the migrations differ
    #[arg(long)]
    check: bool,

    /// Install a missing Diesel CLI without asking
    #[arg(long, short)]
    yes: bool,

    #[command(flatten)]
    scratch: scratch::Options,

    #[command(flatten)]
    common: Common,
}

/// Without `--check`: the regenerated files.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PrintedSchemas")]
struct Document {
    /// One object per stream.
    streams: Vec<Row>,
}

/// A regenerated file.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PrintedSchema")]
struct Row {
    /// The stream.
    stream: Stream,
    /// The file, from the project's folder.
    file: String,
    /// Whether the file was written.
    changed: bool,
    /// Contents of the old file that no migration creates. The new file does not have them.
    removed: Vec<String>,
    /// Where blocks of views differ from the migrations. They stay.
    views: Vec<String>,
    /// What to do about these blocks. Null if there are none.
    hint: Option<String>,
}

/// With `--check`: the compared files.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CheckedSchemas")]
struct CheckDocument {
    /// One object per stream.
    streams: Vec<CheckRow>,
}

/// A compared file.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CheckedSchema")]
struct CheckRow {
    /// The stream.
    stream: Stream,
    /// The file, from the project's folder.
    file: String,
    /// Where the file and the migrations differ, one text per difference.
    differences: Vec<String>,
    /// What to do. Null if there is no difference.
    hint: Option<String>,
}

/// Where a `schema.rs` and the migrations differ.
struct Compared {
    stream: Stream,
    file: PathBuf,
    differences: Vec<String>,
}

/// What a `schema.rs` should be.
struct Printed {
    stream: Stream,
    file: PathBuf,
    found: Found,
    text: String,
}

/// What is found in the existing file.
#[derive(Default)]
struct Found {
    /// What no migration creates, so that the new file does not have it.
    lost: Vec<String>,
    /// Where blocks of views differ from the views. They stay.
    views: Vec<String>,
}

impl Script for PrintSchema {
    const EXAMPLES: &'static [Example] = &[
        example("--stream tenant", "write the tenants' schema.rs"),
        example("--check", "in CI: fail if a schema.rs is out of date"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>().or::<CheckDocument>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let project = Project::find(context.settings())?;
        if self.check {
            let compared = interruptible(self.compare(context, &project)).await?;
            let invocation = self.files.invocation(context, &self.scratch);
            return report(context, &project, compared, &invocation);
        }
        // All of it before the first file is written.
        let printed = interruptible(self.print(context, &project)).await?;
        write(context, &project, printed)
    }
}

impl PrintSchema {
    async fn compare(&self, context: &Context, project: &Project) -> anyhow::Result<Vec<Compared>> {
        let mut compared = Vec::new();
        let dir = self.common.migrations_dir.as_deref();
        for files in self.files.find_to_compare(context, project, dir)? {
            let stream = files.stream;
            let wanted = schema_file::read(project, &files.schema)?;
            let scratch = Scratch::make(context, project, stream, &self.scratch).await?;
            scratch.keep_own_tables_of(Some(&wanted)).await?;
            let catalog = scratch.catalog().await?;
            scratch.drop().await?;
            compared.push(Compared {
                stream,
                file: files.schema,
                differences: differences(&wanted, &catalog, &files.filter),
            });
        }
        Ok(compared)
    }

    fn files(&self, project: &Project) -> anyhow::Result<Vec<StreamFiles>> {
        let migrations_dir = self.common.migrations_dir.as_deref();
        self.files.find(project, migrations_dir)
    }

    async fn print(&self, context: &Context, project: &Project) -> anyhow::Result<Vec<Printed>> {
        // Installing it takes minutes.
        let all = self.files(project)?;
        let missing = match self.yes {
            true => Missing::Install,
            false => Missing::Ask(self.again(context)),
        };
        let cli = DieselCli::find_or(missing, context, project).await?;
        let mut printed = Vec::new();
        for files in all {
            printed.push(self.print_one(context, project, &cli, files).await?);
        }
        Ok(printed)
    }

    /// The command that installs a Diesel CLI without asking.
    fn again(&self, context: &Context) -> String {
        let called = self.files.invocation(context, &self.scratch);
        called.with_flag("--yes").call(Action::PrintSchemas)
    }

    async fn print_one(
        &self,
        context: &Context,
        project: &Project,
        cli: &DieselCli,
        files: StreamFiles,
    ) -> anyhow::Result<Printed> {
        let stream = files.stream;
        let scratch = Scratch::make(context, project, stream, &self.scratch).await?;
        let there = there(project, &files)?;
        scratch
            .keep_own_tables_of(there.as_ref().map(|(_, it)| it))
            .await?;
        let text = cli
            .print_schema(context, project, &files.config, &scratch)
            .await?;
        // A type of the public schema that a tenant's table uses is still
        // found there, once it is no scratch database.
        let aside = format!("schema = \"{PUBLIC_ASIDE}\"");
        let text = text.replace(&aside, "schema = \"public\"");
        let (found, text) = match &there {
            Some(there) => kept(&files, there, &scratch.catalog().await?, text)?,
            None => (Found::default(), text),
        };
        scratch.drop().await?;
        if files.is_schema_guessed && !found.lost.is_empty() {
            return Err(of_another(project, &files, &found.lost));
        }
        Ok(Printed {
            stream,
            file: files.schema,
            found,
            text,
        })
    }
}

/// The guessed file contains parts that do not belong to this stream, so it is not replaced.
fn of_another(project: &Project, files: &StreamFiles, lost: &[String]) -> anyhow::Error {
    let (stream, file) = (files.stream, project.shown(&files.schema));
    let why = format!(
        "no {stream} migration creates these parts of it:\n    {}",
        lost.join("\n    ")
    );
    anyhow!(UsageError(why)).context(Advised::new(
        format!("{file} was not replaced"),
        format!(
            "If it is the {stream} file, set `file` under `[print_schema]` in \
             diesel.{stream}.toml, or use --stream {stream} --schema-file {file}. If it is not, \
             name another file there."
        ),
    ))
}

/// The existing file and its content. It is about to be replaced, and its content must not be lost
/// unread. A file that is not a `schema.rs` has no content.
fn there(project: &Project, files: &StreamFiles) -> anyhow::Result<Option<(String, Schema)>> {
    let read = read_if_there(&files.schema);
    let shown = project.shown(&files.schema);
    let text = read.with_context(|| format!("could not read {shown}"))?;
    let text = text.unwrap_or_default();
    Ok(Schema::parse(&text).ok().map(|schema| (text, schema)))
}

/// The printed text with the views of the existing file. Also returns the other content of that
/// file, such as an edit whose migration is not written yet.
fn kept(
    files: &StreamFiles,
    (old, there): &(String, Schema),
    catalog: &Catalog,
    printed: String,
) -> anyhow::Result<(Found, String)> {
    let text = keep_views(old, &printed, catalog)
        .context("could not read the output of `diesel print-schema`")?;
    let views = view_differences(there, catalog);
    let is_kept = |line: &String| views.contains(line) && !line.starts_with("view ");
    let differences = differences(there, catalog, &files.filter).into_iter();
    let (views, lost) = differences
        .filter(|line| line.contains("in schema.rs "))
        .partition(is_kept);
    Ok((Found { lost, views }, text))
}

fn write(context: &Context, project: &Project, printed: Vec<Printed>) -> anyhow::Result<Verdict> {
    let mut streams = Vec::new();
    let mut lines = Vec::new();
    let mut messages = Vec::new();
    for one in printed {
        let changed = files::replace(&one.file, &one.text)?;
        let file = project.shown(&one.file).to_string();
        lines.push(if changed {
            format!("Wrote {file}.")
        } else {
            format!("{file} is up to date.")
        });
        let found = one.found;
        let removed = if changed { found.lost } else { Vec::new() };
        messages.extend(about_removed(&file, &removed));
        messages.extend(about_views(&file, &found.views));
        streams.push(Row {
            stream: one.stream,
            file,
            changed,
            removed,
            hint: (!found.views.is_empty()).then(|| CORRECT_VIEWS.to_owned()),
            views: found.views,
        });
    }
    context
        .output
        .done(&Document { streams }, &lines.join("\n"))?;
    for message in messages {
        context.output.note(&message.to_string());
    }
    Ok(Verdict::Done)
}

/// What to do about a block of a view that differs from the view.
const CORRECT_VIEWS: &str = "Correct the blocks, or change the views in a migration.";

fn about_removed(file: &str, removed: &[String]) -> Option<Message> {
    let what = format!("removed from {file} what no migration creates");
    let rows = removed.iter().cloned();
    (!removed.is_empty()).then(|| Message::warning(what).rows(rows))
}

fn about_views(file: &str, views: &[String]) -> Option<Message> {
    let what = format!("kept blocks of views in {file} that differ from the migrations");
    let warning = Message::warning(what).rows(views.iter().cloned());
    (!views.is_empty()).then(|| warning.hints([Hint::new(CORRECT_VIEWS)]))
}

fn report(
    context: &Context,
    project: &Project,
    compared: Vec<Compared>,
    invocation: &Invocation,
) -> anyhow::Result<Verdict> {
    let agree = compared.iter().all(|one| one.differences.is_empty());
    let mut streams = Vec::new();
    let mut lines = Vec::new();
    for one in compared {
        let (stream, file) = (one.stream, project.shown(&one.file).to_string());
        let hints = match one.differences.is_empty() {
            true => Vec::new(),
            false => ways_to_agree(stream, invocation),
        };
        let texts = hints.iter().map(Hint::to_string).collect::<Vec<_>>();
        if texts.is_empty() {
            lines.push(format!("{file} matches the {stream} migrations."));
        } else {
            let what = format!("{file} differs from the {stream} migrations");
            let differences = one.differences.iter().cloned();
            lines.extend(Message::error(what).rows(differences).hints(hints).lines());
        }
        streams.push(CheckRow {
            stream,
            file,
            differences: one.differences,
            hint: (!texts.is_empty()).then(|| texts.join("\n")),
        });
    }
    let document = CheckDocument { streams };
    let text = standard_output::text(&lines);
    context.output.answer(&document, &text)?;
    Ok(if agree { Verdict::Done } else { Verdict::Wrong })
}

/// The file follows the migrations, or a new migration follows the file.
fn ways_to_agree(stream: Stream, invocation: &Invocation) -> Vec<Hint> {
    let name = stream.name();
    vec![
        Hint::new("If the file is right, write the migration that it needs.")
            .run(invocation.call(Action::GenerateMigration(name))),
        Hint::new("Or, if the migrations are right, regenerate the file.")
            .run(invocation.call(Action::PrintSchema(name))),
    ]
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_is_well_formed() {
        PrintSchema::command().debug_assert();
    }
}
