//! `lint-migrations`: checks the SQL of the migrations.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Parser, ValueEnum};
use command_line::exit::UsageError;
use command_line::files::is_folder;
use command_line::help::{Example, example};
use command_line::hints::Advised;
use command_line::json::Documents;
use command_line::migrations::refuse_loose_files;
use command_line::words::counted;
use command_line::{Common, Context, Script, Verdict};
use migration_lint::{Options, Severity, SharedNames, created_names, lint_folders, rules};
use schemars::JsonSchema;
use serde::Serialize;

use crate::base::{self, Base};
use crate::findings::Findings;
use crate::options::Streams;
use crate::{Project, Stream, lint_options};

/// Check the SQL of migrations before you apply it
///
/// Reads the files and needs no database. A tenant migration must not name a schema, change
/// search_path, or touch objects that tenants share. No migration should block or break
/// programs that use the tables. lint.toml or `[lint]` in tenants.toml selects the rules.
/// Exits with 1 if there are findings, in every format.
#[derive(Debug, Parser)]
#[command(name = "lint-migrations", version)]
#[command(mut_arg("migrations_dir", |dir| dir.help(
    "Folder with `public/` and `tenant/`, instead of the project's migrations"
)))]
// No database is involved.
#[command(mut_arg("database_url", |option| option.hide(true)))]
#[command(mut_arg("extensions_schema", |option| option.hide(true)))]
#[command(mut_arg("shared_objects", |option| option.hide(true)))]
#[command(mut_arg("no_download", |option| option.hide(true)))]
pub struct LintMigrations {
    #[command(flatten)]
    streams: Streams,

    /// Git revision with the existing migrations; new ones must be newer [default: HEAD]
    #[arg(long, value_name = "REV")]
    base: Option<String>,

    /// Include the rules for tenants on a Citus cluster
    #[arg(long)]
    citus: bool,

    /// Format of the findings; `github` prints annotations for GitHub Actions
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t,
        conflicts_with = "json"
    )]
    output: Format,

    /// List the rules, and whether each is on
    #[arg(long, conflicts_with_all = ["stream", "base"])]
    rules: bool,

    #[command(flatten)]
    common: Common,
}

/// The form in which findings are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Human,
    Json,
    Github,
    Sarif,
}

/// With `--rules`: the rules.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LintRules")]
struct RuleList {
    /// One object per rule.
    rules: Vec<RuleRow>,
}

/// A rule.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LintRule")]
struct RuleRow {
    /// Name of the rule.
    name: &'static str,
    /// Whether the project uses it.
    on: bool,
    /// The severity of its findings.
    #[schemars(with = "String", extend("enum" = ["error", "warning"]))]
    severity: Severity,
    /// What it finds.
    summary: &'static str,
}

impl Script for LintMigrations {
    const EXAMPLES: &'static [Example] = &[
        example("--base origin/main", "compare with the main branch"),
        example("--base origin/main -o github", "annotate a pull request"),
        example("-o sarif", "print a log for code scanning"),
    ];

    fn is_json(&self) -> bool {
        self.common.json || self.output == Format::Json
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Findings>().or::<RuleList>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let project = Project::find(context.settings())?;
        let mut options = lint_options::read(&project)?;
        options.citus |= self.citus;
        if self.rules {
            return self.list(context, &options);
        }
        let findings = self.check(context, &project, &options).await?;
        self.print(context, &project, &findings).await?;
        Ok(if findings.is_empty() {
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
    ) -> anyhow::Result<Findings> {
        let base = Base::find(project.folder(), self.revision()).await;
        let base = self.if_known(context, base)?;
        let mut findings = Findings::default();
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
            findings.add(project, stream, report);
        }
        Ok(findings)
    }

    async fn print(
        &self,
        context: &Context,
        project: &Project,
        findings: &Findings,
    ) -> anyhow::Result<()> {
        let is_json = context.output.is_json();
        let text = match self.output {
            Format::Human => findings.on_screen(context.output.is_verbose()),
            Format::Json => return context.output.document(findings),
            Format::Github => findings.for_github(&root(project).await),
            Format::Sarif => findings.as_sarif(&root(project).await)?,
        };
        if !is_json && self.output != Format::Human {
            context.output.note(&findings.summary());
        }
        context.output.answer(findings, &text)
    }

    /// Shows all rules, as `options` have them.
    fn list(&self, context: &Context, options: &Options) -> anyhow::Result<Verdict> {
        if matches!(self.output, Format::Github | Format::Sarif) {
            let said = "--rules can be printed as `human` or `json` only";
            return Err(anyhow!(UsageError(said.to_owned())));
        }
        let document = RuleList {
            rules: rules().iter().map(|rule| row(rule, options)).collect(),
        };
        if self.output == Format::Json {
            context.output.document(&document)?;
            return Ok(Verdict::Done);
        }
        let lines = document.rules.iter().map(|rule| {
            let state = if rule.on { "on " } else { "off" };
            format!("{state}  {}: {}", rule.name, rule.summary)
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        context.output.answer(&document, &text)?;
        Ok(Verdict::Done)
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

    /// What git knows. Without it one rule cannot be checked: a wrong use if the user asked
    /// for it, otherwise a note.
    fn if_known<T>(
        &self,
        context: &Context,
        known: anyhow::Result<T>,
    ) -> anyhow::Result<Option<T>> {
        match (known, &self.base) {
            (Ok(known), _) => Ok(Some(known)),
            (Err(error), Some(base)) => {
                let what = format!("could not read the migrations of `{base}` from git");
                let hint = "Fetch the revision first, for example with `fetch-depth: 0` in CI.";
                Err(anyhow!(UsageError(format!("{error:#}"))).context(Advised::new(what, hint)))
            }
            (Err(error), None) => {
                let note = format!("note: the rule `not-newest` was not checked: {error:#}");
                context.output.detail(&note);
                Ok(None)
            }
        }
    }
}

fn row(rule: &migration_lint::RuleInfo, options: &Options) -> RuleRow {
    RuleRow {
        name: rule.name,
        on: options.is_on(rule.name),
        severity: rule.severity(),
        summary: rule.summary,
    }
}

/// The folder from which annotations name files: the repository's, else the project's.
async fn root(project: &Project) -> PathBuf {
    match base::repository(project.folder()).await {
        Ok(repository) => repository,
        Err(_) => project.folder().to_owned(),
    }
}

fn require_folder(project: &Project, stream: Stream, folder: &Path) -> anyhow::Result<()> {
    let shown = project.shown(folder);
    let said = match is_folder(folder) {
        Ok(true) => return Ok(()),
        Ok(false) => format!("the folder {shown} of the {stream} migrations does not exist"),
        Err(error) => format!("could not read the folder {shown}: {error}"),
    };
    Err(anyhow!(UsageError(said)))
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
