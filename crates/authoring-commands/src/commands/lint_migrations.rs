//! `lint-migrations`: checks the SQL of the migrations.

use std::path::Path;

use anyhow::anyhow;
use clap::Parser;
use command_line::exit::UsageError;
use command_line::files::is_folder;
use command_line::migrations::refuse_loose_files;
use command_line::output::shown;
use command_line::words::counted;
use command_line::{Common, Context, Script, Verdict};
use migration_lint::{Finding, Options, Report, SharedNames, created_names, lint_folders, rules};
use serde::Serialize;

use crate::base::Base;
use crate::options::Streams;
use crate::{Project, Stream, lint_options};

/// Check the SQL of the migrations
///
/// Reads them as they lie on the disk, and needs no database. A tenant's
/// migration must name no schema, must leave the search path alone, and must not
/// touch what all tenants share; and no migration should block or break programs
/// that use the tables meanwhile. The file lint.toml in the project's folder says
/// which rules are asked. A comment above a statement silences a rule for it:
/// `-- lint:ignore RULE reason`.
///
/// Exit code 1 when something is found.
///
/// With --json: checked (how many migrations), files (how many SQL files),
/// findings: stream (public, tenant), file, line, column, rule, message, remedy
/// (or null). With --rules and --json: rules: name, on, summary.
#[derive(Debug, Parser)]
#[command(name = "lint-migrations", version)]
#[command(mut_arg("migrations_dir", |dir| dir.help(
    "Folder with `public/` and `tenant/` migrations, instead of those of the project"
)))]
// Here is no database that these could be about.
#[command(mut_arg("database_url", |option| option.hide(true)))]
#[command(mut_arg("extensions_schema", |option| option.hide(true)))]
#[command(mut_arg("shared_objects", |option| option.hide(true)))]
#[command(mut_arg("no_download", |option| option.hide(true)))]
pub struct LintMigrations {
    #[command(flatten)]
    streams: Streams,

    /// Git revision whose migrations exist, so that new ones have to be newer [default: HEAD]
    #[arg(long, value_name = "REV")]
    base: Option<String>,

    /// Ask what a Citus cluster would refuse in tenants' migrations, too
    #[arg(long)]
    citus: bool,

    /// List all rules, and whether they are on
    #[arg(long, conflicts_with_all = ["stream", "base"])]
    rules: bool,

    #[command(flatten)]
    common: Common,
}

#[derive(Default, Serialize)]
struct Document {
    checked: usize,
    files: usize,
    findings: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    stream: Stream,
    file: String,
    line: usize,
    column: usize,
    rule: String,
    message: String,
    remedy: Option<String>,
}

#[derive(Serialize)]
struct RuleList {
    rules: Vec<RuleRow>,
}

#[derive(Serialize)]
struct RuleRow {
    name: &'static str,
    on: bool,
    summary: &'static str,
}

impl Script for LintMigrations {
    fn common(&self) -> &Common {
        &self.common
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let project = Project::find(context.settings())?;
        let mut options = lint_options::read(&project)?;
        options.citus |= self.citus;
        if self.rules {
            return list(context, &options);
        }
        let document = self.check(context, &project, &options).await?;
        context.output.answer(&document, &text(&document))?;
        Ok(if document.findings.is_empty() {
            Verdict::Done
        } else {
            Verdict::Wrong
        })
    }
}

impl LintMigrations {
    async fn check(
        &self,
        context: &Context,
        project: &Project,
        options: &Options,
    ) -> anyhow::Result<Document> {
        let base = Base::find(project.folder(), self.revision()).await;
        let base = self.if_known(context, base)?;
        let mut document = Document::default();
        let migrations_dir = self.common.migrations_dir.as_deref();
        for files in self.streams.find(project, migrations_dir)? {
            let (stream, folders) = (files.stream, files.migrations);
            for folder in &folders {
                require_folder(project, stream, folder)?;
            }
            let mut options = options.clone();
            if stream == Stream::Tenant {
                options.shared_names = self.public_names(project)?;
            }
            if let Some(base) = &base {
                let versions = base.versions_in(&folders).await;
                options.base_versions = self.if_known(context, versions)?;
            }
            if let Some(versions) = &options.base_versions {
                let existing = counted(versions.len(), "migration");
                let revision = self.revision();
                context
                    .output
                    .detail(&format!("{stream}: {existing} in {revision}"));
            }
            let report = lint_folders(stream.into(), &folders, &options)?;
            if report.migrations == 0 {
                folders
                    .iter()
                    .try_for_each(|folder| refuse_loose_files(folder))?;
            }
            document.add(project, stream, report);
        }
        Ok(document)
    }

    /// What the public migrations create, if there are any.
    fn public_names(&self, project: &Project) -> anyhow::Result<SharedNames> {
        let migrations_dir = self.common.migrations_dir.as_deref();
        let Ok(files) = project.files(Stream::Public, migrations_dir) else {
            return Ok(SharedNames::default());
        };
        let mut folders = files.migrations;
        folders.retain(|folder| is_folder(folder).unwrap_or_default());
        Ok(created_names(&folders)?)
    }

    fn revision(&self) -> &str {
        self.base.as_deref().unwrap_or("HEAD")
    }

    /// What git knows. Where it does not, one rule cannot be asked; that is
    /// wrong use when it was asked for, and a side note when it was not.
    fn if_known<T>(
        &self,
        context: &Context,
        known: anyhow::Result<T>,
    ) -> anyhow::Result<Option<T>> {
        match (known, &self.base) {
            (Ok(known), _) => Ok(Some(known)),
            (Err(error), Some(base)) => {
                Err(anyhow!(UsageError(format!("--base {base}: {error:#}"))))
            }
            (Err(error), None) => {
                let note = format!("the rule not-newest is not asked: {error:#}");
                context.output.detail(&note);
                Ok(None)
            }
        }
    }
}

fn require_folder(project: &Project, stream: Stream, folder: &Path) -> anyhow::Result<()> {
    let shown = project.shown(folder);
    let said = match is_folder(folder) {
        Ok(true) => return Ok(()),
        Ok(false) => {
            format!("there is no folder {shown}, where the {stream} migrations should be")
        }
        Err(error) => format!("the folder {shown} cannot be read: {error}"),
    };
    Err(anyhow!(UsageError(said)))
}

impl Document {
    fn add(&mut self, project: &Project, stream: Stream, report: Report) {
        self.checked += report.migrations;
        self.files += report.files;
        let rows = report.findings.into_iter();
        self.findings
            .extend(rows.map(|finding| row(project, stream, finding)));
    }
}

fn row(project: &Project, stream: Stream, finding: Finding) -> Row {
    Row {
        stream,
        file: project.shown(&finding.file).to_string(),
        line: finding.line,
        column: finding.column,
        rule: finding.rule,
        message: finding.message.trim().to_owned(),
        remedy: finding.remedy.map(|remedy| remedy.trim().to_owned()),
    }
}

fn text(document: &Document) -> String {
    let checked = counted(document.checked, "migration");
    if document.findings.is_empty() {
        return format!("{checked} checked: nothing found.");
    }
    let mut lines = Vec::new();
    for row in &document.findings {
        let (file, message) = (shown(&row.file), on_one_line(&row.message));
        let (line, column, rule) = (row.line, row.column, &row.rule);
        lines.push(format!("{file}:{line}:{column}: {rule}: {message}"));
        let remedy = row.remedy.as_deref().map(on_one_line);
        lines.extend(remedy.map(|remedy| format!("  help: {remedy}")));
    }
    let findings = counted(document.findings.len(), "finding");
    lines.push(format!("{findings} in {checked}."));
    lines.push(HOW_TO_IGNORE.to_owned());
    lines.join("\n")
}

/// Some texts have several lines, and what they quote from the SQL can be
/// anything.
fn on_one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty());
    shown(&lines.collect::<Vec<_>>().join(" ")).into_owned()
}

const HOW_TO_IGNORE: &str =
    "To keep a statement as it is, write above it: -- lint:ignore RULE reason";

/// Shows all rules, as `options` have them.
fn list(context: &Context, options: &Options) -> anyhow::Result<Verdict> {
    let rows = rules().iter().map(|rule| RuleRow {
        name: rule.name,
        on: options.is_on(rule.name),
        summary: rule.summary,
    });
    let document = RuleList {
        rules: rows.collect(),
    };
    let lines = document.rules.iter().map(|rule| {
        let state = if rule.on { "on " } else { "off" };
        format!("{state}  {}: {}", rule.name, rule.summary)
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    context.output.answer(&document, &text)?;
    Ok(Verdict::Done)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_is_well_formed() {
        LintMigrations::command().debug_assert();
    }
}
