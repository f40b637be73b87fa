//! `health-check`: compares what there is with what should be.

use clap::Parser;
use command_line::help::{Example, example};
use command_line::interrupt::interruptible;
use command_line::output::shown;
use command_line::words::{counted, to_run};
use command_line::{Common, Context, Invocation, Script, Selecting, Verdict, hints, remedy};
use serde::Serialize;
use tenant_core::{Error, Health, InBoth, Problem, Registry, Settings};

use crate::tenants;

/// How many tenants are shown with all that is wrong; --json has the others.
const SHOWN: usize = 50;

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

#[derive(Serialize)]
struct Document {
    healthy: bool,
    #[serde(skip)]
    nothing_compared: bool,
    checked: usize,
    unread: usize,
    as_expected: Option<usize>,
    busy: Vec<String>,
    tables_checked: bool,
    varying: Vec<String>,
    in_both: Vec<Both>,
    groups: Vec<Group>,
    problems: Vec<Row>,
}

#[derive(Serialize)]
struct Both {
    kind: String,
    name: String,
    schema: String,
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

#[derive(Serialize)]
struct Group {
    kind: &'static str,
    detail: String,
    tenants: usize,
}

#[derive(Serialize)]
struct Row {
    tenant: Option<String>,
    kind: &'static str,
    detail: String,
    remedy: String,
    sql: Vec<String>,
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
        if let Some(error) = &health.not_checked {
            context.output.problem(&not_checked(error));
        }
        if let Some(note) = busy(&health.busy) {
            context.output.note(&note);
        }
        if let Some(note) = varying(&health.varying) {
            context.output.note(&note);
        }
        for both in &health.in_both {
            let note = format!("note: {both}. A tenant that lacks it uses that one");
            context.output.note(&note);
        }
        context.output.answer(&document, &text(&document))?;
        Ok(if document.healthy {
            Verdict::Done
        } else {
            Verdict::Wrong
        })
    }
}

fn document(registry: &Registry, health: &Health, invocation: &Invocation) -> Document {
    let groups = health.groups().into_iter();
    let groups = groups.filter_map(|(detail, problems)| {
        Some(Group {
            kind: problems.first()?.kind.code(),
            detail,
            tenants: problems.len(),
        })
    });
    let problems = health.problems.iter();
    Document {
        healthy: health.is_healthy(),
        nothing_compared: health.compared_nothing(),
        checked: health.checked.saturating_sub(health.unread),
        unread: health.unread,
        as_expected: health.as_expected,
        busy: health.busy.clone(),
        tables_checked: health.not_checked.is_none(),
        varying: health.varying.clone(),
        in_both: health.in_both.iter().map(Both::from).collect(),
        groups: groups.collect(),
        problems: problems
            .map(|problem| row(registry, problem, invocation))
            .collect(),
    }
}

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
        return format!("{checked}: none could be compared with what the migrations create.");
    }
    if document.problems.is_empty() {
        return format!("{checked}: all well.");
    }
    let mut lines = details(&document.problems);
    if document.problems.len() > 1 {
        lines.extend(summary(document));
    }
    lines.push(format!(
        "{checked}: {}.",
        counted(document.problems.len(), "problem")
    ));
    lines.join("\n")
}

/// Why it is not known what the tenants should look like.
fn not_checked(error: &Error) -> String {
    let why = hints::causes(error).join(": ");
    let is_of_the_moment = matches!(error, Error::InTheWay) || error.sqlstate() == Some("55P03");
    if is_of_the_moment {
        format!(
            "note: the tenants were not compared with what the migrations create, because \
             another session uses a table that the migrations lock: {why}"
        )
    } else {
        format!(
            "note: how the tenants should look was not checked, because the migrations cannot \
             all be tried in one transaction, and no database can be made to try them in: {why}"
        )
    }
}

/// What was not compared in any tenant, if there is something.
fn varying(what: &[String]) -> Option<String> {
    let listed = what.iter().map(|one| shown(one)).collect::<Vec<_>>();
    (!listed.is_empty()).then(|| {
        format!(
            "note: not compared, because it differs in each run of the migrations: {}",
            listed.join(", ")
        )
    })
}

/// Which tenants were not compared, if there are some.
fn busy(names: &[String]) -> Option<String> {
    let shown_names = names.iter().take(5).map(|name| shown(name));
    let shown_names = shown_names.collect::<Vec<_>>().join(", ");
    let more = if names.len() > 5 { ", ..." } else { "" };
    (!names.is_empty()).then(|| {
        format!(
            "note: not compared, because somebody is changing them at this moment: \
             {shown_names}{more}"
        )
    })
}

/// What is wrong with the first tenants, one by one.
fn details(problems: &[Row]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut tenants = problems.chunk_by(|one, other| one.tenant == other.tenant);
    for problems in tenants.by_ref().take(SHOWN) {
        let name = problems.first().and_then(|it| it.tenant.as_deref());
        let of_tenants = ["unqualified_function", "not_under_own_name"];
        let is_of_tenants = problems.iter().all(|it| of_tenants.contains(&it.kind));
        let all = if is_of_tenants {
            "all tenants"
        } else {
            "public schema"
        };
        let heading = shown(name.unwrap_or(all));
        lines.push(console::style(heading).bold().to_string());
        for problem in problems {
            lines.push(format!("  {}", shown(&problem.detail)));
            lines.push(format!("    to do: {}", shown(&problem.remedy)));
            let sql = problem.sql.iter();
            lines.extend(sql.map(|statement| format!("    sql: {};", to_run(statement))));
        }
    }
    let more = tenants.count();
    if more > 0 {
        let more = counted(more, "tenant");
        lines.push(format!("... and {more} more; --json lists them all"));
    }
    lines
}

/// How many tenants have what.
fn summary(document: &Document) -> Vec<String> {
    let mut lines = vec![String::new()];
    if let Some(count) = document.as_expected {
        let verb = if count == 1 { "has" } else { "have" };
        let count = counted(count, "tenant");
        lines.push(format!("{count} {verb} the expected shape"));
    }
    let groups = document.groups.iter();
    let groups = groups.map(|group| {
        let count = counted(group.tenants, "tenant");
        format!("{count}: {}", shown(&group.detail))
    });
    lines.extend(groups);
    lines
}

fn row(registry: &Registry, problem: &Problem, invocation: &Invocation) -> Row {
    Row {
        tenant: problem.tenant.clone(),
        kind: problem.kind.code(),
        detail: hints::causes(&problem.kind).join(": "),
        remedy: remedy::text(&problem.remedies(registry), invocation).unwrap_or_default(),
        sql: problem.sql(registry),
    }
}
