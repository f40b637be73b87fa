//! `print-schema`: writes `schema.rs` anew.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Parser;
use command_line::exit::UsageError;
use command_line::files::read_if_there;
use command_line::hints::Advised;
use command_line::interrupt::interruptible;
use command_line::invocation::Action;
use command_line::{Common, Context, Invocation, Script, Verdict};
use schema_diff::{Catalog, Schema, differences, keep_views, view_differences};
use serde::Serialize;

use crate::diesel_cli::DieselCli;
use crate::options::SchemaFiles;
use crate::scratch::{self, PUBLIC_ASIDE, Scratch};
use crate::{Project, Stream, StreamFiles, files, schema_file};

/// Regenerate `schema.rs` from the migrations on the disk
///
/// The migrations are applied to a scratch database beside the one that is
/// named, and the Diesel CLI prints what they make; the configuration of the
/// stream, diesel.public.toml or diesel.tenant.toml, counts. Where there is no
/// Diesel CLI 2.3, it is installed once, which takes minutes.
///
/// With --check nothing is written, and no Diesel CLI is needed: the command
/// says where file and migrations disagree, and exits with 1 when they do. The
/// order of tables and columns does not matter.
///
/// A `table!` or `view!` for a view, a materialized view or a foreign table is
/// yours: it is kept as you wrote it. Its columns and their types are compared,
/// but not its key, nor what can be NULL, which PostgreSQL does not know.
///
/// With --json: streams: stream (public, tenant), file, changed, views (where
/// kept blocks of views disagree with the migrations; texts); with --check
/// differences (texts) instead of changed and views.
#[derive(Debug, Parser)]
#[command(name = "print-schema", version)]
#[command(mut_arg("migrations_dir", |dir| dir.help(
    "Folder with `public/` and `tenant/` migrations, instead of those of the project"
)))]
#[command(mut_arg("no_download", |no| no.help(
    "Download neither the Diesel CLI nor PostgreSQL for the project's own server"
)))]
pub struct PrintSchema {
    #[command(flatten)]
    files: SchemaFiles,

    /// Compare only, and exit with 1 when file and migrations disagree
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    scratch: scratch::Options,

    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Document {
    streams: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    stream: Stream,
    file: String,
    changed: bool,
    views: Vec<String>,
}

#[derive(Serialize)]
struct CheckDocument {
    streams: Vec<CheckRow>,
}

#[derive(Serialize)]
struct CheckRow {
    stream: Stream,
    file: String,
    differences: Vec<String>,
}

/// Where a `schema.rs` and the migrations disagree.
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

/// What is found in the file that is there.
#[derive(Default)]
struct Found {
    /// What no migration makes, and is gone from the new file.
    lost: Vec<String>,
    /// Where blocks of views disagree with the views. They are kept.
    views: Vec<String>,
}

impl Script for PrintSchema {
    fn common(&self) -> &Common {
        &self.common
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let project = Project::find(context.settings())?;
        if self.check {
            let compared = interruptible(self.compare(context, &project)).await?;
            let invocation = self.files.invocation(context, &self.scratch);
            return tell(context, &project, compared, &invocation);
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
        let cli = DieselCli::find_or_install(context, project).await?;
        let mut printed = Vec::new();
        for files in all {
            printed.push(self.print_one(context, project, &cli, files).await?);
        }
        Ok(printed)
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

/// The file that nobody has named has what is not this stream's: it is not replaced.
fn of_another(project: &Project, files: &StreamFiles, lost: &[String]) -> anyhow::Error {
    let (stream, file) = (files.stream, project.shown(&files.schema));
    let why = format!(
        "{file} has what no migration of the {stream} stream makes:\n    {}",
        lost.join("\n    ")
    );
    anyhow!(UsageError(why)).context(Advised::new(
        format!("{file} was not replaced"),
        format!(
            "If it is the file of this stream, name it: `file` under [print_schema] in \
             diesel.{stream}.toml, or --stream {stream} --schema-file {file}. Otherwise name \
             another."
        ),
    ))
}

/// The file that is there, and what it says. It is about to be replaced: what it says must
/// not be lost unread. A file that is no `schema.rs` says nothing.
fn there(project: &Project, files: &StreamFiles) -> anyhow::Result<Option<(String, Schema)>> {
    let read = read_if_there(&files.schema);
    let shown = project.shown(&files.schema);
    let text = read.with_context(|| format!("the file {shown} cannot be read"))?;
    let text = text.unwrap_or_default();
    Ok(Schema::parse(&text).ok().map(|schema| (text, schema)))
}

/// The printed text with the views of the file that is there, and what that file says
/// beside: an edit whose migration is still to be written, perhaps.
fn kept(
    files: &StreamFiles,
    (old, there): &(String, Schema),
    catalog: &Catalog,
    printed: String,
) -> anyhow::Result<(Found, String)> {
    let text = keep_views(old, &printed, catalog)
        .context("what `diesel print-schema` printed cannot be read")?;
    let views = view_differences(there, catalog);
    let is_kept = |line: &String| views.contains(line) && !line.starts_with("view ");
    let differences = differences(there, catalog, &files.filter).into_iter();
    let (views, lost) = differences
        .filter(|line| line.contains("in schema.rs and"))
        .partition(is_kept);
    Ok((Found { lost, views }, text))
}

fn write(context: &Context, project: &Project, printed: Vec<Printed>) -> anyhow::Result<Verdict> {
    let mut streams = Vec::new();
    let mut lines = Vec::new();
    for one in printed {
        let changed = files::replace(&one.file, &one.text)?;
        let file = project.shown(&one.file).to_string();
        lines.push(if changed {
            format!("Wrote {file}.")
        } else {
            format!("{file} is up to date.")
        });
        let found = one.found;
        if changed && !found.lost.is_empty() {
            lines.push("What no migration makes is gone from it:".to_owned());
            lines.extend(found.lost.iter().map(|line| format!("  {line}")));
        }
        if !found.views.is_empty() {
            lines.push("Its blocks for views are kept, and disagree with the views:".to_owned());
            lines.extend(found.views.iter().map(|line| format!("  {line}")));
            lines.push(
                "  to do: Correct the blocks, or change the views in a migration.".to_owned(),
            );
        }
        streams.push(Row {
            stream: one.stream,
            file,
            changed,
            views: found.views,
        });
    }
    context
        .output
        .done(&Document { streams }, &lines.join("\n"))?;
    Ok(Verdict::Done)
}

fn tell(
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
        if one.differences.is_empty() {
            lines.push(format!("{file} agrees with the migrations."));
        } else {
            lines.push(format!("{file} and the migrations disagree:"));
            lines.extend(one.differences.iter().map(|line| format!("  {line}")));
            let name = stream.to_string();
            lines.push(format!(
                "  to do: Write the migration that the file needs: `{}`. Or regenerate the file \
                 from the migrations: `{}`.",
                invocation.call(Action::GenerateMigration(&name)),
                invocation.call(Action::PrintSchema(&name)),
            ));
        }
        streams.push(CheckRow {
            stream,
            file,
            differences: one.differences,
        });
    }
    let document = CheckDocument { streams };
    context.output.answer(&document, &lines.join("\n"))?;
    Ok(if agree { Verdict::Done } else { Verdict::Wrong })
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
