//! `health-check`: compares what there is with what should be.

use clap::Parser;
use command_line::help::{Example, example};
use command_line::interrupt::interruptible;
use command_line::json::{Documents, ErrorDetail, Said};
use command_line::words::counted;
use command_line::{
    Common, Context, Explained, Hint, Invocation, Message, Script, Selecting, Verdict, remedy,
};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{Error, Health, InBoth, Problem, ProblemKind, Registry, Settings};

use crate::groups::{Groups, hints_of_any, without_name};
use crate::names::{a_few, whom};
use crate::tenants;

/// How many problems are shown. A document has all.
const SHOWN: usize = 20;

/// How many tenants a document names with a problem that they share.
const NAMED: usize = 5;

/// Check the public schema and all tenants
///
/// Each tenant must have its schema, exactly the migrations of this program, and exactly
/// what these create: tables, columns, constraints, indexes, types, views, functions,
/// triggers, policies, comments. To find the expected definition, the command runs the
/// migrations in two scratch schemas and rolls back. It keeps the result in
/// public.expected_shapes. It also reports orphaned schemas. Nothing else is changed.
///
/// Exit code 1: the check found a problem, or no tenant could be compared.
#[derive(Debug, Parser)]
#[command(name = "health-check", version)]
pub struct HealthCheck {
    #[command(flatten)]
    selecting: Selecting,

    /// Check schemas, tables and migrations only
    #[arg(long)]
    quick: bool,

    /// Application's role, to check its rights [env: TENANT_APP_ROLE]
    #[arg(long, value_name = "ROLE")]
    app_role: Option<String>,

    #[command(flatten)]
    common: Common,
}

/// The result of a health check.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Health")]
struct Document {
    /// Whether the check covered everything and found no problem.
    healthy: bool,
    #[serde(skip)]
    nothing_compared: bool,
    /// Tenants that were checked.
    checked: usize,
    /// Further tenants that could not be read, such as tenants on an unreachable node.
    unread: usize,
    /// Tenants that match their migrations exactly. Null with `--quick`, and if unknown.
    as_expected: Option<usize>,
    /// Tenants and spares that were not compared, because another session is changing them.
    busy: Vec<String>,
    /// Whether the expected definition is known.
    tables_checked: bool,
    /// Why the expected definition is unknown.
    not_checked: Option<ErrorDetail>,
    /// What differs between runs of the migrations, in words. It was not compared.
    varying: Vec<String>,
    /// Objects in tenants and in a schema behind them in the search path.
    in_both: Vec<Both>,
    /// Equal problems of several tenants, the most frequent first.
    groups: Vec<Group>,
    /// The problems: first of the public schema, then by tenant.
    problems: Vec<Row>,
}

/// An object in tenants and in a schema behind them in the search path.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ObjectInBoth")]
struct Both {
    /// Kind of the object.
    kind: String,
    /// Name of the object.
    name: String,
    /// The schema behind the tenants.
    schema: String,
    /// Number of tenants with the object.
    tenants: usize,
}

impl From<&InBoth> for Both {
    fn from(found: &InBoth) -> Self {
        Self {
            kind: found.kind.clone(),
            name: found.name.clone(),
            schema: found.schema.clone(),
            tenants: found.tenants,
        }
    }
}

/// Equal problems of several tenants.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProblemGroup")]
struct Group {
    /// The kind of the problems.
    #[schemars(extend("enum" = ProblemKind::CODES))]
    kind: &'static str,
    /// What is wrong.
    message: String,
    /// Number of tenants.
    tenants: usize,
    /// Names of at most 5 tenants.
    names: Vec<String>,
}

/// A problem.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
struct Row {
    /// Tenant or schema. Null for the public schema and for problems of all tenants.
    tenant: Option<String>,
    /// The kind of the problem.
    #[schemars(extend("enum" = ProblemKind::CODES))]
    kind: &'static str,
    #[serde(flatten)]
    said: Said,
    /// The statements that fix it, in order. Empty if there are none, or if a command is better.
    sql: Vec<String>,
    #[serde(skip)]
    hints: Vec<Hint>,
}

impl Script for HealthCheck {
    const EXAMPLES: &'static [Example] = &[
        example("", "check everything"),
        example("acme globex", "check these two"),
        example("--quick", "check schemas, tables and migrations only"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let settings = Settings {
            application_role: context.application_role(self.app_role),
            ..Settings::default()
        };
        let wanted = self.selecting.read(context)?;
        let tenants = tenants::open_with(context, settings).await?;
        let select = wanted.among(context, &tenants).await?;
        let call = tenants.health().select(select);
        let call = if self.quick { call.quick() } else { call };
        // A scratch database that migrations are tried in is dropped with the work.
        let health = interruptible(async { Ok(call.await?) }).await?;
        let document = document(tenants.registry(), &health, context.invocation());
        context.output.answer(&document, &text(&document))?;
        for note in notes(&health, context.invocation()) {
            context.output.say(&note);
        }
        Ok(if document.healthy {
            Verdict::Done
        } else {
            Verdict::Wrong
        })
    }
}

fn document(registry: &Registry, health: &Health, invocation: &Invocation) -> Document {
    let groups = health.groups().into_iter();
    let groups = groups.filter_map(|(message, problems)| {
        let names = problems.iter().filter_map(|it| it.tenant.clone());
        Some(Group {
            kind: problems.first()?.kind.code(),
            message,
            tenants: problems.len(),
            names: names.take(NAMED).collect(),
        })
    });
    let problems = health.problems.iter();
    let not_checked = health.not_checked.as_ref();
    Document {
        healthy: health.is_healthy(),
        nothing_compared: health.compared_nothing(),
        checked: health.checked.saturating_sub(health.unread),
        unread: health.unread,
        as_expected: health.as_expected,
        busy: health.busy.clone(),
        tables_checked: not_checked.is_none(),
        not_checked: not_checked.map(|error| ErrorDetail::of(error, invocation)),
        varying: health.varying.clone(),
        in_both: health.in_both.iter().map(Both::from).collect(),
        groups: groups.collect(),
        problems: problems
            .map(|problem| row(registry, problem, invocation))
            .collect(),
    }
}

/// The number of problems first, then each problem once.
fn text(document: &Document) -> String {
    let total = counted(document.checked + document.unread, "tenant");
    let checked = match document.unread {
        0 => format!("{total} checked"),
        unread => format!(
            "{} of {total} checked, {unread} could not be read",
            document.checked
        ),
    };
    if document.problems.is_empty() && document.nothing_compared {
        return format!("{checked}: none could be compared with its expected definition.");
    }
    if document.problems.is_empty() {
        return format!("{checked}: all well.");
    }
    let count = counted(document.problems.len(), "problem");
    let mut lines = vec![format!("{checked}: {count}.")];
    if let Some(count) = document.as_expected {
        let verb = if count == 1 { "has" } else { "have" };
        let count = counted(count, "tenant");
        lines.push(format!("{count} {verb} the expected definition."));
    }
    lines.extend(details(&document.problems));
    lines.join("\n")
}

/// Each problem once, whatever the number of tenants that have it.
fn details(problems: &[Row]) -> Vec<String> {
    let groups = Groups::by(problems, |row| {
        (row.kind, row.message(), shared(&row.hints, row))
    });
    let groups = groups.into_groups();
    let more = groups.len().saturating_sub(SHOWN);
    let lines = groups.take(SHOWN).map(|group| problem(&group).in_result());
    let more = (more > 0).then(|| {
        let more = counted(more, "other problem");
        format!("... and {more} (--json lists all)")
    });
    lines.chain(more).collect()
}

/// A problem with the tenants that have it.
fn problem(group: &[&Row]) -> Message {
    let Some(first) = group.first() else {
        return Message::error("");
    };
    let names = group.iter().filter_map(|row| row.tenant.as_deref());
    let names = names.collect::<Vec<_>>();
    let hints = match names.as_slice() {
        [_, _, ..] => shared(&first.hints, first),
        _ => first.hints.clone(),
    };
    Message::error(first.message())
        .at(first.said.place())
        .rows(whom(&names).or(Some(of_all(first).to_owned())))
        .notes(first.said.notes.iter().cloned())
        .hints(hints)
}

/// Whom a problem of no single tenant is about.
fn of_all(row: &Row) -> &'static str {
    match row.kind {
        "unqualified_function" | "not_under_own_name" => "all tenants",
        _ => "public schema",
    }
}

/// The hints as they are for each tenant with this problem.
fn shared(hints: &[Hint], row: &Row) -> Vec<Hint> {
    hints_of_any(hints, row.tenant.as_deref().unwrap_or_default())
}

/// What is to be known beside the problems. A document has it too.
fn notes(health: &Health, invocation: &Invocation) -> Vec<Message> {
    let mut notes = Vec::new();
    notes.extend(
        health
            .not_checked
            .as_ref()
            .map(|error| not_checked(error, invocation)),
    );
    if !health.busy.is_empty() {
        let names = health.busy.iter().map(String::as_str).collect::<Vec<_>>();
        notes.push(Message::note(format!(
            "not compared, because another session is changing them: {}",
            a_few(&names)
        )));
    }
    if !health.varying.is_empty() {
        notes.push(Message::note(format!(
            "not compared, because each run of the migrations creates it differently: {}",
            health.varying.join(", ")
        )));
    }
    let in_both = health.in_both.iter();
    notes.extend(in_both.map(|both| {
        Message::note(both.to_string()).notes(["a tenant without it uses that one".to_owned()])
    }));
    notes
}

/// Why the tenants were not compared with what the migrations create.
fn not_checked(error: &Error, invocation: &Invocation) -> Message {
    let explained = Explained::chain(error, invocation);
    let is_of_the_moment = matches!(error, Error::InTheWay) || error.sqlstate() == Some("55P03");
    let why = if is_of_the_moment {
        "another session uses a table that the migrations lock"
    } else {
        "the migrations cannot all be tried in one transaction, and the role cannot create a \
         scratch database"
    };
    let told = "the tenants were not compared with their expected definition";
    Message::note(format!("{told}: {why}: {}", explained.text()))
        .at(explained.place)
        .notes(explained.notes)
}

fn row(registry: &Registry, problem: &Problem, invocation: &Invocation) -> Row {
    let hints = remedy::hints(&problem.remedies(registry), invocation);
    Row {
        tenant: problem.tenant.clone(),
        kind: problem.kind.code(),
        said: Said::from(Explained::chain(&problem.kind, invocation)).hints(&hints),
        sql: problem.sql(registry),
        hints,
    }
}

impl Row {
    /// What is wrong, without the name of the tenant.
    fn message(&self) -> String {
        without_name(
            &self.said.message,
            self.tenant.as_deref().unwrap_or_default(),
        )
    }
}
