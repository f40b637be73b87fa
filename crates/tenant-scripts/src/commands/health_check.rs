//! `health-check`: compares what there is with what should be.

use clap::Parser;
use command_line::output::shown;
use command_line::words::counted;
use command_line::{Common, Context, Script, Verdict, hints};
use serde::Serialize;
use tenant_core::{Health, Problem, ProblemKind, Settings, TenantName};

use crate::tenants;

/// Check the public schema and all tenants
///
/// Each registered tenant must have its schema, exactly the migrations of this
/// program, and the tables that these make; no schema of a tenant may be left
/// over unregistered. Changes nothing.
///
/// Exit code 1 when a problem is found.
///
/// With --json: healthy, checked (how many tenants), tables_checked (false when
/// the migrations cannot all be tried in one transaction), problems: tenant (null
/// for the public schema), kind (missing_schema, missing_table,
/// pending_migrations, unknown_migration, edited_migration, no_access,
/// orphaned_schema, invalid_name, unreadable, tables_not_checked, broken_migrations), detail, remedy.
#[derive(Debug, Parser)]
#[command(name = "health-check", version)]
pub struct HealthCheck {
    /// Check this tenant; repeat for more [default: all]
    #[arg(long, value_name = "NAME")]
    only: Vec<TenantName>,

    /// Ask whether this role, the application's, can read the tenants [default: TENANT_APP_ROLE]
    #[arg(long, value_name = "ROLE")]
    app_role: Option<String>,

    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Document {
    healthy: bool,
    checked: usize,
    tables_checked: bool,
    problems: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    tenant: Option<String>,
    kind: &'static str,
    detail: String,
    remedy: String,
}

impl Script for HealthCheck {
    fn common(&self) -> &Common {
        &self.common
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let settings = Settings {
            application_role: self
                .app_role
                .or_else(|| context.environment().app_role.clone()),
            ..Settings::default()
        };
        let tenants = tenants::open_with(context, settings).await?;
        let health = tenants.health(&self.only).await?;
        let document = Document {
            healthy: health.problems.is_empty(),
            checked: health.checked,
            tables_checked: health.not_checked.is_none(),
            problems: health.problems.iter().map(row).collect(),
        };
        if let Some(error) = &health.not_checked {
            let why = hints::causes(error).join(": ");
            context.output.problem(&format!(
                "note: whether tables are missing was not checked, because the migrations cannot \
                 all be tried in one transaction: {why}"
            ));
        }
        context
            .output
            .answer(&document, &text(&health, &document.problems))?;
        Ok(if document.healthy {
            Verdict::Done
        } else {
            Verdict::Wrong
        })
    }
}

fn text(health: &Health, problems: &[Row]) -> String {
    let checked = format!("{} checked", counted(health.checked, "tenant"));
    if problems.is_empty() {
        return format!("{checked}: all well.");
    }
    let mut lines = Vec::new();
    let mut about = None;
    for problem in problems {
        if about != Some(&problem.tenant) {
            let heading = problem.tenant.as_deref().unwrap_or("public schema");
            lines.push(console::style(shown(heading)).bold().to_string());
            about = Some(&problem.tenant);
        }
        lines.push(format!("  {}", problem.detail));
        lines.push(format!("    to do: {}", problem.remedy));
    }
    lines.push(format!(
        "{checked}: {}.",
        counted(problems.len(), "problem")
    ));
    lines.join("\n")
}

fn row(problem: &Problem) -> Row {
    Row {
        tenant: problem.tenant.clone(),
        kind: kind(&problem.kind),
        detail: hints::causes(&problem.kind).join(": "),
        remedy: remedy(problem),
    }
}

fn kind(kind: &ProblemKind) -> &'static str {
    match kind {
        ProblemKind::InvalidName(_) => "invalid_name",
        ProblemKind::MissingSchema => "missing_schema",
        ProblemKind::Unreadable(_) => "unreadable",
        ProblemKind::MissingTable(_) => "missing_table",
        ProblemKind::PendingMigrations(_) => "pending_migrations",
        ProblemKind::UnknownMigration(_) => "unknown_migration",
        ProblemKind::EditedMigration { .. } => "edited_migration",
        ProblemKind::NoAccess { .. } => "no_access",
        ProblemKind::OrphanedSchema => "orphaned_schema",
        ProblemKind::TablesNotChecked(_) => "tables_not_checked",
        ProblemKind::BrokenMigrations(_) => "broken_migrations",
    }
}

fn remedy(problem: &Problem) -> String {
    let name = &shown(problem.tenant.as_deref().unwrap_or_default());
    match (&problem.kind, &problem.tenant) {
        (ProblemKind::InvalidName(_), _) => {
            "Correct the name in public.schema_tracker, or delete the row.".to_owned()
        }
        (ProblemKind::MissingSchema, _) => format!(
            "Restore the schema from a backup, or remove the registration: \
             cargo xtask db:drop:tenant {name}"
        ),
        (ProblemKind::TablesNotChecked(error), _) => match error.sqlstate() {
            Some("42501") => {
                "Run the check as a role with the right: GRANT CREATE ON DATABASE.".to_owned()
            }
            _ => hints::of(error).unwrap_or_else(|| "Look at the message.".to_owned()),
        },
        (ProblemKind::Unreadable(error) | ProblemKind::BrokenMigrations(error), _) => {
            hints::of(error).unwrap_or_else(|| "Mend what the message says.".to_owned())
        }
        (ProblemKind::EditedMigration { version, .. }, _) => format!(
            "Restore the file as it was, and write what is to change as a new migration. When the \
             tenant is right as it is: UPDATE public.schema_tracker SET fingerprints = \
             fingerprints - '{version}' WHERE name = '{name}';"
        ),
        (ProblemKind::NoAccess { role, .. }, _) => format!(
            "GRANT USAGE ON SCHEMA \"{name}\" TO \"{role}\"; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \"{name}\" TO \"{role}\"; \
             the guide has the default privileges for new tenants."
        ),
        (ProblemKind::MissingTable(_), _) => {
            "Restore the table from a backup, or make it as its migration does.".to_owned()
        }
        (ProblemKind::PendingMigrations(_), None) => "cargo xtask db:migrate".to_owned(),
        (ProblemKind::PendingMigrations(_), Some(_)) => {
            format!("cargo xtask db:migrate:tenant {name}")
        }
        (ProblemKind::UnknownMigration(_), _) => {
            "Use the program that has this migration: an older one is running, or its folder was \
             deleted."
                .to_owned()
        }
        (ProblemKind::OrphanedSchema, _) => orphan_remedy(name),
    }
}

fn orphan_remedy(name: &str) -> String {
    let quoted = name.replace('"', "\"\"");
    let drop = format!("if nobody needs it: DROP SCHEMA \"{quoted}\" CASCADE;");
    if name.parse::<TenantName>().is_err() {
        return format!("Its name cannot be a tenant's. Rename it; or, {drop}");
    }
    format!("Register it: INSERT INTO public.schema_tracker (name) VALUES ('{name}'); or, {drop}")
}
