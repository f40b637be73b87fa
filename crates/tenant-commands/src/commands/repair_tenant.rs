//! `repair-tenant`: puts a tenant right that is not what its migrations make.

use clap::Parser;
use command_line::help::{Example, example};
use command_line::interrupt::interruptible;
use command_line::json::{Documents, ErrorDetail, Said};
use command_line::options::Locking;
use command_line::output::shown;
use command_line::words::{counted, one_line, to_run};
use command_line::{
    Common, Context, Explained, Hint, Invocation, Message, Script, Selecting, Verdict, remedy,
};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{
    Error, LeftDifference, Problem, ProblemKind, Registry, Repair, SchemaName, TenantName, Tenants,
};

use crate::words::with_schema;
use crate::{failures::Failures, tenants};

/// Repair tenants that differ from their migrations
///
/// Adds what is missing and corrects definitions, in one transaction per tenant. The
/// schema is compared again before the commit. Nothing that holds data is dropped or
/// rewritten: for such differences, the command shows the SQL and leaves the decision to
/// you. Objects renamed by hand are left too. New tables and columns are empty.
///
/// The command refuses a tenant of another program. It also refuses a tenant that has
/// tables and no migration history: adopt it first.
///
/// Exit code 1: a difference is left, or a repair failed.
#[derive(Debug, Parser)]
#[command(name = "repair-tenant", version)]
#[command(mut_arg("tenants", |tenants| {
    tenants
        .help("Tenants to repair")
        .required_unless_present_any(["patterns", "from_file", "only"])
}))]
pub struct RepairTenant {
    #[command(flatten)]
    selecting: Selecting,

    /// Show what would change; change nothing
    #[arg(long, short = 'n')]
    dry_run: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    common: Common,
}

/// Tenants that were to be repaired.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RepairedTenants")]
struct Document<'a> {
    /// Tenants of the run.
    total: usize,
    /// Tenants that were repaired; in a dry run, tenants that would be.
    repaired: usize,
    /// Tenants that still differ.
    left: usize,
    /// Tenants that failed.
    failed: usize,
    /// Whether the run changed nothing.
    dry_run: bool,
    /// One object per tenant.
    tenants: &'a [Repaired],
}

/// A tenant that was to be repaired.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RepairedTenant")]
struct Repaired {
    /// Name of the tenant.
    tenant: String,
    /// Its schema. Null if the tenant failed.
    schema: Option<String>,
    /// Differences that were repaired, in words.
    repaired: Vec<String>,
    /// The statements that ran; in a dry run, statements that would run.
    statements: Vec<String>,
    /// Differences that are left. If a repair failed, `notes` says why.
    left: Vec<Row>,
    /// The error, if the tenant failed.
    error: Option<ErrorDetail>,
    #[serde(skip)]
    text: String,
}

/// A difference that is left.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Difference")]
struct Row {
    /// The kind of the difference.
    #[schemars(extend("enum" = ProblemKind::CODES))]
    kind: &'static str,
    #[serde(flatten)]
    said: Said,
    /// The statements that fix it, in order. Empty if there are none, or if a command is better.
    sql: Vec<String>,
    #[serde(skip)]
    hints: Vec<Hint>,
}

impl Script for RepairTenant {
    const EXAMPLES: &'static [Example] = &[
        example("acme -n", "show what a repair would do"),
        example("acme globex", "repair these two"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let wanted = self.selecting.read(context)?;
        let tenants = tenants::open_with(context, self.locking.settings()).await?;
        let select = wanted.among(context, &tenants).await?;
        let mut repaired = Vec::new();
        let mut failures = Vec::new();
        for name in select.names() {
            // A scratch database that migrations are tried in is dropped with the work.
            let done = interruptible(async { Ok(self.repair(&tenants, name).await) }).await?;
            match done {
                Ok(done) => repaired.push(self.done(name, &tenants, done, context)),
                // Without the database, the others would fail in the same way.
                Err(error @ (Error::Connect(_) | Error::NotSetUp { .. })) => {
                    return Err(error.into());
                }
                Err(error) => {
                    repaired.push(failed(name, &error, context));
                    failures.push((name.as_str(), error));
                }
            }
        }
        let document = self.document(&repaired, failures.len());
        let texts = repaired.iter().map(|one| one.text.as_str());
        let texts = texts.filter(|text| !text.is_empty()).collect::<Vec<_>>();
        context.output.answer(&document, &texts.join("\n"))?;
        let failures = failures.iter().map(|(name, error)| (*name, error));
        let verdict = Failures::new(failures.collect(), repaired.len(), "failed").show(context);
        Ok(match document.left {
            0 => verdict,
            _ => Verdict::Wrong,
        })
    }
}

impl RepairTenant {
    async fn repair(&self, tenants: &Tenants, name: &TenantName) -> Result<Done, Error> {
        let repair = if self.dry_run {
            tenants.try_repair(name).await?
        } else {
            tenants.repair(name).await?
        };
        let schema = tenants.schema_of(name).await?;
        Ok(Done { repair, schema })
    }

    fn done(
        &self,
        name: &TenantName,
        tenants: &Tenants,
        done: Done,
        context: &Context,
    ) -> Repaired {
        let Done { repair, schema } = done;
        let (registry, invocation) = (tenants.registry(), context.invocation());
        let left = repair.left.iter();
        let left = left.map(|it| row(registry, name, it, invocation));
        let unrecorded = repair.unrecorded.iter();
        let unrecorded = unrecorded.map(|it| unrecorded_row(registry, it, invocation));
        let mut repaired = Repaired {
            tenant: name.to_string(),
            schema: Some(schema.to_string()),
            repaired: repair.mended.iter().map(ToString::to_string).collect(),
            left: left.chain(unrecorded).collect(),
            statements: repair.statements,
            error: None,
            text: String::new(),
        };
        repaired.text = text(&repaired, self.dry_run, &with_schema(name, &schema));
        repaired
    }

    fn document<'a>(&self, tenants: &'a [Repaired], failed: usize) -> Document<'a> {
        let count = |is_counted: fn(&&Repaired) -> bool| tenants.iter().filter(is_counted).count();
        Document {
            total: tenants.len(),
            repaired: count(|one| !one.repaired.is_empty()),
            left: count(|one| !one.left.is_empty()),
            failed,
            dry_run: self.dry_run,
            tenants,
        }
    }
}

/// A repair that ended well.
struct Done {
    repair: Repair,
    schema: SchemaName,
}

fn failed(name: &TenantName, error: &Error, context: &Context) -> Repaired {
    Repaired {
        tenant: name.to_string(),
        schema: None,
        repaired: Vec::new(),
        statements: Vec::new(),
        left: Vec::new(),
        error: Some(ErrorDetail::of(error, context.invocation())),
        text: String::new(),
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

/// What the tenant has of pending migrations, as a health check reports it.
fn unrecorded_row(registry: &Registry, problem: &Problem, invocation: &Invocation) -> Row {
    let hints = remedy::hints(&problem.remedies(registry), invocation);
    Row {
        kind: problem.kind.code(),
        said: Said::new(problem.kind.to_string()).hints(&hints),
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
fn text(document: &Repaired, dry_run: bool, tenant: &str) -> String {
    if document.repaired.is_empty() && document.left.is_empty() {
        return format!("Tenant {tenant} matches its migrations.");
    }
    let mut lines = Vec::new();
    if !document.repaired.is_empty() {
        let verb = if dry_run { "Would repair" } else { "Repaired" };
        lines.push(format!("{verb} tenant {tenant}:"));
        lines.extend(
            document
                .repaired
                .iter()
                .map(|words| format!("  {}", shown(words))),
        );
        let verb = if dry_run { "would run" } else { "ran" };
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
