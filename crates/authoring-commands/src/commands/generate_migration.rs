//! `generate-migration`: writes the migration that an edited `schema.rs` needs.

use anyhow::Context as _;
use chrono::Utc;
use clap::Parser;
use command_line::interrupt::interruptible;
use command_line::words::counted;
use command_line::{Common, Context, Script, Verdict};
use schema_diff::{Answers, Schema};
use serde::Serialize;
use tenant_core::remedy::Command;

use crate::generate::{self, Draft, Drafted, Request, folder, name};
use crate::options::SchemaFiles;
use crate::{Project, Stream, StreamFiles, schema_file, scratch};

/// Write the migration that an edited `schema.rs` needs
///
/// Compares `schema.rs` with what the migrations on the disk make of a scratch
/// database, and writes up.sql and down.sql. Before that they are proven there:
/// up gives exactly schema.rs, down gives back what was before, up works again,
/// and up works on tables that hold rows. Before up, after it and after down, a
/// row is inserted, updated and deleted in every table, views are read, and
/// policies and functions are checked. If something works before up and fails
/// afterwards, nothing is written. Functions that contain an old name are
/// reported. What only a person can know is asked, or answered by the options
/// below. Neither the tenants nor their data are touched.
///
/// With --json: streams: stream (public, tenant), changed, migration and path
/// (null without a change), changes, proven (null without a change), broken
/// (what fails afterwards), warnings (functions that contain an old name),
/// not_tried, notes, rows (on how many the migration was tried), tables (how
/// many took a row), and with --dry-run up and down; dry_run.
#[derive(Debug, Parser)]
#[command(name = "generate-migration", version)]
#[command(mut_arg("migrations_dir", |dir| dir.help(
    "Folder with `public/` and `tenant/` migrations, instead of those of the project"
)))]
pub struct GenerateMigration {
    /// What it does, as in `add_title` [default: made from the changes]
    #[arg(value_name = "NAME")]
    name: Option<String>,

    #[command(flatten)]
    files: SchemaFiles,

    /// A column, or a table, that has another name now
    #[arg(long, value_name = "TABLE.OLD:NEW|OLD:NEW")]
    rename: Vec<String>,

    /// What rows get that have no value: an SQL expression, the default of a new column
    #[arg(long, value_name = "TABLE.COLUMN=EXPR")]
    default: Vec<String>,

    /// How the values of a column become values of its new type: an SQL expression
    #[arg(long, value_name = "TABLE.COLUMN=EXPR")]
    using: Vec<String>,

    /// The labels of a new enum, in order
    #[arg(long = "enum", value_name = "NAME=LABEL,LABEL")]
    enums: Vec<String>,

    /// What follows `CREATE TYPE NAME AS` for another new type
    #[arg(long = "type", value_name = "NAME=DEFINITION")]
    types: Vec<String>,

    /// Drop what is gone from the file, with its data
    #[arg(long)]
    allow_drop: bool,

    /// Let keys called `id` not number themselves
    #[arg(long)]
    no_identity: bool,

    /// Write the migration even if a use of the tables fails after it
    #[arg(long)]
    write_unproven: bool,

    /// Show the migration, and write nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    scratch: scratch::Options,

    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Document {
    dry_run: bool,
    streams: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    stream: Stream,
    changed: bool,
    migration: Option<String>,
    path: Option<String>,
    changes: Vec<String>,
    proven: Option<bool>,
    broken: Vec<String>,
    warnings: Vec<String>,
    not_tried: Vec<String>,
    notes: Vec<String>,
    rows: usize,
    tables: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    up: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    down: Option<String>,
}

/// A stream, and what its file says.
struct Edited {
    files: StreamFiles,
    wanted: Schema,
}

/// A stream, and the migration that it needs, if it needs one.
struct Needed {
    files: StreamFiles,
    draft: Option<Draft>,
    /// What is to be said where nothing is needed.
    notes: Vec<String>,
}

impl Script for GenerateMigration {
    fn common(&self) -> &Common {
        &self.common
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let project = Project::find(context.settings())?;
        let name = self.name.as_deref().map(name::checked).transpose()?;
        // All of it before the first file is written.
        let drafted = interruptible(self.draft(context, &project)).await?;
        let mut rows = Vec::new();
        let mut lines = Vec::new();
        for one in drafted {
            let row = self.write(&project, &one, name.as_deref())?;
            lines.push(self.text(context, &project, &one, &row));
            rows.push(row);
        }
        let document = Document {
            dry_run: self.dry_run,
            streams: rows,
        };
        context.output.done(&document, &lines.join("\n"))?;
        Ok(Verdict::Done)
    }
}

impl GenerateMigration {
    async fn draft(&self, context: &Context, project: &Project) -> anyhow::Result<Vec<Needed>> {
        let answers = self.answers()?;
        let edited = self.edited(context, project)?;
        let mut drafted = Vec::new();
        for (index, one) in edited.iter().enumerate() {
            let others = edited.iter().enumerate();
            let others = others.filter(|(other, _)| *other != index);
            let others = others.map(|(_, other)| &other.wanted).collect::<Vec<_>>();
            let answers = answers.about(&one.wanted, &others);
            let scratch = &self.scratch;
            let invocation = self.files.invocation(context, scratch);
            let request = Request {
                files: &one.files,
                wanted: &one.wanted,
                answers,
                scratch,
                invocation: &invocation,
                unproven: self.write_unproven,
            };
            let draft = generate::draft(context, project, request).await?;
            let (draft, notes) = match draft {
                Drafted::Nothing(notes) => (None, notes),
                Drafted::Migration(draft) => (Some(draft), Vec::new()),
            };
            drafted.push(Needed {
                files: one.files.clone(),
                draft,
                notes,
            });
        }
        Ok(drafted)
    }

    fn edited(&self, context: &Context, project: &Project) -> anyhow::Result<Vec<Edited>> {
        let migrations_dir = self.common.migrations_dir.as_deref();
        let files = self
            .files
            .find_to_compare(context, project, migrations_dir)?
            .into_iter();
        let edited = files.map(|files| {
            Ok(Edited {
                wanted: schema_file::read(project, &files.schema)?,
                files,
            })
        });
        edited.collect()
    }

    fn answers(&self) -> anyhow::Result<Answers> {
        let mut answers = Answers {
            allow_drop: self.allow_drop,
            identity: !self.no_identity,
            ..Answers::default()
        };
        let mut read = || {
            self.rename
                .iter()
                .try_for_each(|text| answers.add_rename(text))?;
            self.default
                .iter()
                .try_for_each(|text| answers.add_default(text))?;
            self.using
                .iter()
                .try_for_each(|text| answers.add_conversion(text))?;
            self.enums
                .iter()
                .try_for_each(|text| answers.add_enum(text))?;
            self.types
                .iter()
                .try_for_each(|text| answers.add_type(text))
        };
        let read: Result<(), schema_diff::AnswerError> = read();
        read.map_err(|error| command_line::exit::UsageError(error.to_string()))?;
        Ok(answers)
    }

    fn write(&self, project: &Project, one: &Needed, name: Option<&str>) -> anyhow::Result<Row> {
        let mut row = Row {
            stream: one.files.stream,
            changed: one.draft.is_some(),
            migration: None,
            path: None,
            changes: Vec::new(),
            proven: None,
            broken: Vec::new(),
            warnings: Vec::new(),
            not_tried: Vec::new(),
            notes: one.notes.clone(),
            rows: 0,
            tables: 0,
            up: None,
            down: None,
        };
        let Some(draft) = &one.draft else {
            return Ok(row);
        };
        let folders = &one.files.migrations;
        let migrations = folders.first().context("the stream has no folder")?;
        let mut existing = Vec::new();
        for folder in folders {
            existing.extend(folder::existing(folder)?);
        }
        let name = name.map_or_else(|| name::of_changes(&draft.changes), str::to_owned);
        let name = name::folder(&name, Utc::now(), &existing)?;
        if self.dry_run {
            row.up = Some(draft.up.clone());
            row.down = Some(draft.down.clone());
        } else {
            folder::write(migrations, &name, &draft.up, &draft.down)?;
        }
        row.path = Some(project.shown(&migrations.join(&name)).to_string());
        row.migration = Some(name);
        row.changes.clone_from(&draft.changes);
        row.proven = Some(draft.broken.is_empty());
        row.broken.clone_from(&draft.broken);
        row.warnings.clone_from(&draft.warnings);
        row.not_tried.clone_from(&draft.not_tried);
        row.notes.clone_from(&draft.notes);
        row.rows = draft.rows;
        row.tables = draft.tables;
        Ok(row)
    }

    fn text(&self, context: &Context, project: &Project, one: &Needed, row: &Row) -> String {
        let schema = project.shown(&one.files.schema);
        let (Some(draft), Some(path)) = (&one.draft, &row.path) else {
            let nothing = format!(
                "{schema} is what the {} migrations make: nothing to do.",
                row.stream
            );
            let notes = one.notes.iter().map(|note| format!("note: {note}"));
            let lines = std::iter::once(nothing).chain(notes);
            return lines.collect::<Vec<_>>().join("\n");
        };
        let verb = if self.dry_run { "Would write" } else { "Wrote" };
        let mut lines = vec![format!("{verb} {path}:")];
        lines.extend(draft.changes.iter().map(|change| format!("  {change}")));
        lines.extend(proof(draft));
        if self.dry_run {
            lines.push(format!(
                "-- up.sql\n{}-- down.sql\n{}",
                draft.up, draft.down
            ));
        } else {
            let next = match row.stream {
                Stream::Public => Command::MigratePublic,
                Stream::Tenant => Command::MigrateTenants,
            };
            let first = if draft.broken.is_empty() {
                "Read it"
            } else {
                "Add what is missing to up.sql and down.sql"
            };
            lines.push(format!(
                "{first}, adapt the row types beside schema.rs, then run `{}`.",
                context.invocation().call(&next)
            ));
        }
        lines.join("\n")
    }
}

/// What the proof has shown, line by line.
fn proof(draft: &Draft) -> Vec<String> {
    let mut lines = Vec::new();
    if draft.broken.is_empty() {
        let rows = counted(draft.rows, "row");
        let tables = counted(draft.tables, "table");
        let more = match (draft.rows, draft.tables) {
            (0, 0) => String::new(),
            (_, 0) => format!(", and up on tables with {rows}"),
            (0, _) => format!(", and use of {tables}"),
            _ => format!(", up on tables with {rows}, and use of {tables}"),
        };
        lines.push(format!(
            "Proven on a scratch database: up, down, up again{more}."
        ));
    } else {
        lines.push("Not proven: after up.sql, this fails:".to_owned());
        lines.extend(draft.broken.iter().map(|use_of| format!("  {use_of}")));
    }
    for (label, texts) in [
        ("warning", &draft.warnings),
        ("not tried", &draft.not_tried),
        ("note", &draft.notes),
    ] {
        lines.extend(texts.iter().map(|text| format!("{label}: {text}")));
    }
    if !draft.warnings.is_empty() {
        lines.push(
            "hint: Check each of them. Where it is needed, add the new definition to up.sql and the \
             old one to down.sql."
                .to_owned(),
        );
    }
    lines
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_is_well_formed() {
        GenerateMigration::command().debug_assert();
    }
}
