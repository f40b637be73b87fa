//! `generate-migration`: writes the migration that an edited `schema.rs` needs.

use anyhow::Context as _;
use chrono::Utc;
use clap::Parser;
use command_line::help::{Example, example};
use command_line::interrupt::interruptible;
use command_line::json::Documents;
use command_line::words::counted;
use command_line::{Common, Context, Hint, Message, Script, Verdict};
use schema_diff::{Answers, Schema};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::remedy::Command;

use crate::generate::{self, Draft, Drafted, Request, folder, name};
use crate::options::SchemaFiles;
use crate::{Project, Stream, StreamFiles, schema_file, scratch};

/// Write a migration from an edited `schema.rs`
///
/// Compares schema.rs with the migrations in a scratch database, and writes up.sql and
/// down.sql. Before that, it tests them there with sample rows: up, down, and up again. If a
/// query, view, policy or function would fail afterwards, it writes nothing. It asks about
/// renames, drops and values, unless options answer. It never touches tenants.
#[derive(Debug, Parser)]
#[command(name = "generate-migration", version)]
#[command(mut_arg("migrations_dir", |dir| dir.help(
    "Folder with `public/` and `tenant/`, instead of the project's migrations"
)))]
pub struct GenerateMigration {
    /// Name of the migration, such as `add_title` [default: from the changes]
    #[arg(value_name = "NAME")]
    name: Option<String>,

    #[command(flatten)]
    files: SchemaFiles,

    /// A renamed table, or a column as TABLE.OLD:NEW
    #[arg(long, value_name = "OLD:NEW")]
    rename: Vec<String>,

    /// SQL value for rows of TABLE.COLUMN without one
    #[arg(long, value_name = "COLUMN=EXPR")]
    default: Vec<String>,

    /// SQL conversion of TABLE.COLUMN to its new type
    #[arg(long, value_name = "COLUMN=EXPR")]
    using: Vec<String>,

    /// Labels of a new enum, in order, with commas
    #[arg(long = "enum", value_name = "NAME=LABELS")]
    enums: Vec<String>,

    /// Another new type, after CREATE TYPE NAME AS
    #[arg(long = "type", value_name = "NAME=DEFINITION")]
    types: Vec<String>,

    /// Drop missing tables and columns, with data
    #[arg(long)]
    allow_drop: bool,

    /// Create `id` keys without automatic values
    #[arg(long)]
    no_identity: bool,

    /// Write the migration even if a query would fail
    #[arg(long)]
    write_unproven: bool,

    /// Show the migration; write nothing
    #[arg(long, short = 'n')]
    dry_run: bool,

    #[command(flatten)]
    scratch: scratch::Options,

    #[command(flatten)]
    common: Common,
}

/// Generated migrations.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "GeneratedMigrations")]
struct Document {
    /// Whether nothing was written because of `--dry-run`.
    dry_run: bool,
    /// One object per stream.
    streams: Vec<Row>,
}

/// A stream, and its generated migration.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "GeneratedMigration")]
struct Row {
    /// The stream.
    stream: Stream,
    /// Whether a migration is needed.
    changed: bool,
    /// Name of the migration. Null without a change.
    migration: Option<String>,
    /// Its folder. Null without a change.
    path: Option<String>,
    /// What it changes, one text per change.
    changes: Vec<String>,
    /// Whether every use of the tables works after it. Null without a change.
    proven: Option<bool>,
    /// The uses that fail after it.
    broken: Vec<String>,
    /// Functions that contain an old name or type.
    warnings: Vec<String>,
    /// Uses that could not be tested, and why.
    not_tried: Vec<String>,
    /// Facts about the migration.
    notes: Vec<String>,
    /// What to do next. Null without a change.
    hint: Option<String>,
    /// Number of sample rows in the test.
    rows: usize,
    /// Number of tables that were used in the test.
    tables: usize,
    /// The SQL of `up.sql`. Absent without `--dry-run`, and without a change.
    #[serde(skip_serializing_if = "Option::is_none")]
    up: Option<String>,
    /// The SQL of `down.sql`. Absent without `--dry-run`, and without a change.
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
    /// Facts to report if no migration is needed.
    notes: Vec<String>,
}

impl Script for GenerateMigration {
    const EXAMPLES: &'static [Example] = &[
        example("", "ask what schema.rs omits"),
        example("--rename tasks.name:title", "keep the values of a column"),
        example("--dry-run", "show the SQL; write nothing"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let project = Project::find(context.settings())?;
        let name = self.name.as_deref().map(name::checked).transpose()?;
        // All of it before the first file is written.
        let drafted = interruptible(self.draft(context, &project)).await?;
        let mut rows = Vec::new();
        let mut lines = Vec::new();
        let mut messages = Vec::new();
        for one in drafted {
            let mut row = self.write(&project, &one, name.as_deref())?;
            let next = self.next(context, &one);
            row.hint = next.as_ref().map(Hint::to_string);
            lines.push(self.text(&project, &one, &row));
            messages.extend(remarks(&row, next));
            rows.push(row);
        }
        let document = Document {
            dry_run: self.dry_run,
            streams: rows,
        };
        context.output.done(&document, &lines.join("\n"))?;
        for message in messages {
            context.output.note(&message.to_string());
        }
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
            hint: None,
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

    fn text(&self, project: &Project, one: &Needed, row: &Row) -> String {
        let schema = project.shown(&one.files.schema);
        let (Some(draft), Some(path)) = (&one.draft, &row.path) else {
            return format!("{schema} matches the {} migrations.", row.stream);
        };
        let verb = if self.dry_run { "Would write" } else { "Wrote" };
        let mut lines = vec![format!("{verb} {path}:")];
        lines.extend(draft.changes.iter().map(|change| format!("  {change}")));
        lines.extend(tested(draft));
        if self.dry_run {
            lines.push(format!(
                "-- up.sql\n{}-- down.sql\n{}",
                draft.up, draft.down
            ));
        }
        lines.join("\n")
    }

    /// What to do with a migration that was written.
    fn next(&self, context: &Context, one: &Needed) -> Option<Hint> {
        let draft = one.draft.as_ref().filter(|_| !self.dry_run)?;
        let command = match one.files.stream {
            Stream::Public => Command::MigratePublic,
            Stream::Tenant => Command::MigrateTenants,
        };
        let first = if draft.broken.is_empty() {
            "Review the migration and update the row types beside schema.rs, then apply it."
        } else {
            "Complete up.sql and down.sql and update the row types beside schema.rs, then apply it."
        };
        Some(Hint::new(first).run(context.invocation().call(&command)))
    }
}

/// The result of the test, line by line.
fn tested(draft: &Draft) -> Vec<String> {
    if !draft.broken.is_empty() {
        let heading = "After up.sql, these uses fail in the scratch database:".to_owned();
        let broken = draft.broken.iter().map(|use_of| format!("  {use_of}"));
        return std::iter::once(heading).chain(broken).collect();
    }
    let with = [(draft.rows, "sample row"), (draft.tables, "used table")];
    let with = with.into_iter().filter(|(count, _)| *count > 0);
    let with = with.map(|(count, noun)| counted(count, noun));
    let with = with.collect::<Vec<_>>().join(" and ");
    let with = match with.is_empty() {
        true => with,
        false => format!(" with {with}"),
    };
    vec![format!(
        "Tested in a scratch database: up, down and up again{with}."
    )]
}

/// What the reader should know beside the result. `next` is what to do at last.
fn remarks(row: &Row, next: Option<Hint>) -> Vec<Message> {
    let warnings = row.warnings.iter().map(Message::warning);
    let not_tried = row
        .not_tried
        .iter()
        .map(|text| format!("not tested: {text}"));
    let notes = row.notes.iter().cloned().chain(not_tried);
    let mut messages = warnings.collect::<Vec<_>>();
    if let Some(last) = messages.pop() {
        let check = Hint::new(
            "Check each function. If it must change, add its new definition to up.sql and the \
             old one to down.sql.",
        );
        messages.push(last.hints([check]));
    }
    messages.extend(notes.map(Message::note));
    if let Some(next) = next {
        let what = format!("the {} migration is not applied yet", row.stream);
        messages.push(Message::note(what).hints([next]));
    }
    messages
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
