//! `repair-tenant`: puts a tenant right that is not what its migrations make.

use clap::Parser;
use command_line::interrupt::interruptible;
use command_line::json::Said;
use command_line::options::Locking;
use command_line::output::shown;
use command_line::words::{counted, one_line, to_run};
use command_line::{
    Common, Context, Explained, Hint, Invocation, Message, NameArg, Script, Verdict, remedy,
};
use serde::Serialize;
use tenant_core::{Error, LeftDifference, Registry, Repair, TenantName};

use crate::tenants;
use crate::words::with_schema;

/// Repair a tenant that is not what its migrations make
///
/// What is missing is added, and definitions are set right, in one transaction;
/// the shape is read again before it is committed. Nothing that holds data is
/// dropped or rewritten: what only that would mend is shown with its SQL, and left.
/// Objects renamed by hand, and differences that cannot be repaired, are shown with the
/// reason and left. They do not block other repairs. Tables and columns come back empty.
///
/// The command refuses a tenant that another program has migrated. It also refuses a
/// tenant that is not empty and has no recorded migration: adopt it to find its version.
///
/// Exit code 1 when something is left, or when the repair failed.
///
/// With --json: tenant, schema (its name), dry_run, mended (what was, or would be, put right, in
/// words), statements (those that ran, in order), left: kind, detail, why (messages
/// of a failed attempt), remedy, sql.
#[derive(Debug, Parser)]
#[command(name = "repair-tenant", version)]
pub struct RepairTenant {
    /// Name of the tenant
    #[arg(value_name = "NAME")]
    name: NameArg,

    /// Try it, show what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Document<'a> {
    tenant: &'a str,
    schema: &'a str,
    dry_run: bool,
    repaired: Vec<String>,
    statements: &'a [String],
    left: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    kind: &'static str,
    #[serde(flatten)]
    said: Said,
    sql: Vec<String>,
    #[serde(skip)]
    hints: Vec<Hint>,
}

impl Script for RepairTenant {
    fn common(&self) -> &Common {
        &self.common
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        context.require_possible([&self.name])?;
        let tenants = tenants::open_with(context, self.locking.settings()).await?;
        let name = context.existing_name(&tenants, &self.name).await?;
        let repair = if self.dry_run {
            tenants.try_repair(&name)
        } else {
            tenants.repair(&name)
        };
        // A scratch database that migrations are tried in is dropped with the work.
        let repair = interruptible(async { Ok(repair.await?) }).await?;
        let schema = tenants.schema_of(&name).await?;
        let document = Document {
            schema: schema.as_str(),
            ..self.document(&name, tenants.registry(), &repair, context.invocation())
        };
        let text = text(&document, &with_schema(&name, &schema));
        context.output.answer(&document, &text)?;
        Ok(if repair.left.is_empty() {
            Verdict::Done
        } else {
            Verdict::Wrong
        })
    }
}

impl RepairTenant {
    fn document<'a>(
        &self,
        name: &'a TenantName,
        registry: &Registry,
        repair: &'a Repair,
        invocation: &Invocation,
    ) -> Document<'a> {
        let left = repair.left.iter();
        let left = left.map(|it| row(registry, name, it, invocation));
        Document {
            tenant: name.as_str(),
            schema: "",
            dry_run: self.dry_run,
            repaired: repair.mended.iter().map(ToString::to_string).collect(),
            statements: &repair.statements,
            left: left.collect(),
        }
    }
}

fn row(
    registry: &Registry,
    tenant: &TenantName,
    left: &LeftDifference,
    invocation: &Invocation,
) -> Row {
    let problem = left.problem(tenant);
    let remedies = left.remedies(tenant, registry);
    let hints = remedy::hints(&remedies, invocation);
    let why = left.why.as_ref().map(|why| why_not(why, invocation));
    Row {
        kind: problem.kind.code(),
        said: Said::new(left.difference.to_string())
            .notes(why.unwrap_or_default())
            .hints(&hints),
        sql: problem.sql(registry),
        hints,
    }
}

/// Why an attempt failed, in facts.
fn why_not(error: &Error, invocation: &Invocation) -> Vec<String> {
    let explained = Explained::chain(error, invocation);
    let failed = format!("the repair failed: {}", one_line(&explained.text()));
    std::iter::once(failed).chain(explained.notes).collect()
}

/// `tenant` is its name, and its schema where that is called differently.
fn text(document: &Document<'_>, tenant: &str) -> String {
    if document.repaired.is_empty() && document.left.is_empty() {
        return format!("Tenant {tenant} matches its migrations.");
    }
    let mut lines = Vec::new();
    if !document.repaired.is_empty() {
        let verb = if document.dry_run {
            "Would repair"
        } else {
            "Repaired"
        };
        lines.push(format!("{verb} tenant {tenant}:"));
        lines.extend(
            document
                .repaired
                .iter()
                .map(|words| format!("  {}", shown(words))),
        );
        let verb = if document.dry_run { "would run" } else { "ran" };
        lines.push(format!(
            "{} {verb}:",
            counted(document.statements.len(), "statement")
        ));
        let statements = document.statements.iter();
        lines.extend(statements.map(|statement| format!("  {};", to_run(statement))));
    }
    if !document.left.is_empty() {
        let count = counted(document.left.len(), "difference");
        lines.push(format!("Not repaired in tenant {tenant}: {count}"));
        lines.extend(document.left.iter().map(left));
    }
    lines.join("\n")
}

fn left(row: &Row) -> String {
    Message::error(row.said.message.clone())
        .notes(row.said.notes.iter().cloned())
        .hints(row.hints.iter().cloned())
        .in_result()
}
