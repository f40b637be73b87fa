//! `rollback-tenants`: brings the tenants back to an older version.

use std::num::NonZeroUsize;

use anyhow::anyhow;
use clap::Parser;
use command_line::columns::columns;
use command_line::exit::UsageError;
use command_line::help::{Example, example};
use command_line::hints::Advised;
use command_line::json::Documents;
use command_line::options::{Failures, Locking, Transactions};
use command_line::output::shown as printable;
use command_line::words::counted;
use command_line::{
    Common, Context, Message, Output, Script, Selecting, Verdict, ask, at_least_one,
};
use tenant_core::{
    At, FleetReport, Loss, MigrationSet, Rollback, RollbackPlan, RollbackTo, Stop, Tenants,
};

use crate::progress::Bar;
use crate::{interrupt, json, messages, report, tenants, version};

/// Roll back the newest migrations of tenants
///
/// Runs down.sql of each migration, newest first, in one transaction per tenant. Nothing
/// starts if a migration has no down.sql or is unknown. Spares follow.
///
/// The command shows what would be lost, and asks. For scripts, --yes confirms and needs
/// --to or --steps. Jobs that may be retried need --to.
///
/// Exit code 1: a tenant failed or was skipped, or you did not confirm.
#[derive(Debug, Parser)]
#[command(name = "rollback-tenants", version)]
pub struct RollbackTenants {
    #[command(flatten)]
    selecting: Selecting,

    /// Roll back N versions [default: 1]
    #[arg(long, value_name = "N")]
    steps: Option<NonZeroUsize>,

    /// Roll back all that is newer; 0: everything
    #[arg(long, value_name = "VERSION", conflicts_with = "steps", value_parser = version::of)]
    to: Option<At>,

    /// Tenants at a time [default: up to 8]
    #[arg(long, value_name = "N", value_parser = at_least_one, hide_short_help = true)]
    jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    failures: Failures,

    /// Do not ask; needs --to or --steps
    #[arg(long, short)]
    yes: bool,

    /// Show what would be lost; change nothing
    #[arg(long, short = 'n')]
    dry_run: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    transactions: Transactions,

    #[command(flatten)]
    common: Common,
}

impl Script for RollbackTenants {
    const EXAMPLES: &'static [Example] = &[
        example("-n", "show what would be rolled back"),
        example("acme --steps 2", "roll back one tenant twice"),
        example(
            "--to 20260101000000 --yes",
            "roll back to a version in a script",
        ),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<json::RolledBack>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let output = context.output;
        let settings = self.transactions.settings(self.locking.settings());
        let wanted = self.selecting.read(context)?;
        self.require_aim()?;
        let tenants = tenants::open_with(context, settings).await?;
        let select = wanted.among(context, &tenants).await?;
        let (dry_run, yes) = (self.dry_run, self.yes);
        if !dry_run {
            tenants.require_primary().await?;
        }
        let plan = tenants.plan_rollback().select(select).to(self.to()).await?;
        let loss = plan.loss().map(<[Loss]>::to_vec);
        let loss = loss.as_deref();
        let text = shown(&plan, &tenants.migrations().tenant);
        if plan.tenants() == 0 {
            return end(context, &plan.into_report(), (loss, dry_run), "");
        }
        if dry_run {
            return end(context, &plan.into_report(), (loss, dry_run), &text);
        }
        if yes {
            output.note(&text);
        } else if !self.confirmed(output, &plan, &text)? {
            let why = "that is not the number of tenants, so nothing was rolled back";
            output.say(&Message::error(why));
            end(context, &plan.into_report(), (loss, dry_run), "")?;
            return Ok(Verdict::Wrong);
        }
        let stop = interrupt::stop_on_signal(output, interrupt::OF_A_FLEET)?;
        let report = self.revert(&tenants, plan, output, &stop).await?;
        end(context, &report, (loss, dry_run), "")
    }
}

impl RollbackTenants {
    /// Refuses `--yes` without an aim: a job that is retried would go back twice.
    fn require_aim(&self) -> anyhow::Result<()> {
        if !self.yes || self.dry_run || self.to.is_some() || self.steps.is_some() {
            return Ok(());
        }
        let what = "--yes needs --to VERSION or --steps N".to_owned();
        let hint = "Say how far to roll back. A job that may be retried needs --to: each run \
                    with --steps goes further back.";
        Err(anyhow!(UsageError(what.clone())).context(Advised::new(what, hint)))
    }

    fn to(&self) -> RollbackTo {
        match &self.to {
            None => RollbackTo::Steps(self.steps.unwrap_or(NonZeroUsize::MIN)),
            Some(At::Nothing) => RollbackTo::Nothing,
            Some(At::Version(version)) => RollbackTo::Version(version.clone()),
        }
    }

    /// Reverts with a bar.
    async fn revert(
        &self,
        tenants: &Tenants,
        plan: RollbackPlan,
        output: Output,
        stop: &Stop,
    ) -> anyhow::Result<FleetReport> {
        let bar = Bar::new(output, plan.tenants());
        let call = self.limited(tenants.rollback(plan));
        let ran = call.stop(stop).observe(|outcome| bar.ended(outcome)).await;
        bar.finish();
        Ok(ran?)
    }

    /// Asks. The plan and its notes are shown however the result is wanted.
    fn confirmed(&self, output: Output, plan: &RollbackPlan, text: &str) -> anyhow::Result<bool> {
        output.problem(text);
        for note in plan.notes() {
            output.problem(&Message::note(note.to_string()).to_string());
        }
        let count = plan.tenants().to_string();
        let question = format!("Type `{count}`, the number of tenants, to roll back");
        let instead = match (&self.to, self.steps) {
            (None, None) => "--yes and --to VERSION",
            _ => "--yes",
        };
        ask::type_name(&question, &count, instead)
    }

    fn limited<'a>(&self, mut call: Rollback<'a>) -> Rollback<'a> {
        if let Some(jobs) = self.jobs {
            call = call.jobs(jobs.get());
        }
        match self.failures.most() {
            Some(failures) => call.max_failures(failures),
            None => call,
        }
    }
}

/// Shows what came of it, below `before`, and says how the command ends.
fn end(
    context: &Context,
    report: &FleetReport,
    (loss, dry_run): (Option<&[Loss]>, bool),
    before: &str,
) -> anyhow::Result<Verdict> {
    let summary = report::summary(report, "There are no tenants yet.");
    let text = [before, &summary].join("\n");
    let document = json::RolledBack::new(report, loss, dry_run, context.invocation());
    let text = text.trim_start_matches('\n');
    if dry_run {
        // The plan is what was asked for, also with --quiet.
        context.output.answer(&document, text)?;
    } else {
        context.output.done(&document, text)?;
    }
    messages::of_fleet(context, report);
    report::notes(context, &report.notes);
    Ok(if dry_run {
        report::failures(context, report)
    } else {
        report::verdict(context, report)
    })
}

/// Where a tenant ends that has all of these migrations.
fn aim(plan: &RollbackPlan, migrations: &MigrationSet) -> String {
    let oldest = plan.migrations().last();
    let older = migrations
        .iter()
        .filter(|one| oldest.is_some_and(|oldest| one.version() < &oldest.version));
    match older.max_by_key(|one| one.version()) {
        Some(newest) => format!("to `{}`", printable(newest.name())),
        None => "to before the first migration".to_owned(),
    }
}

/// The plan, for people.
fn shown(plan: &RollbackPlan, migrations: &MigrationSet) -> String {
    let aim = aim(plan, migrations);
    let listed = plan.migrations().iter().map(|migration| {
        let tenants = counted(migration.tenants, "tenant");
        format!("  {} from {tenants}", printable(&migration.name))
    });
    let listed = listed.collect::<Vec<_>>().join("\n");
    let tenants = counted(plan.tenants(), "tenant");
    format!(
        "This rolls back {tenants} {aim}, newest migration first:\n{listed}\n{}",
        lost(plan.loss())
    )
}

fn lost(loss: Option<&[Loss]>) -> String {
    match loss {
        None => "The rows and values that would be lost are not known.".to_owned(),
        Some([]) => "No table with rows and no column with values is dropped.".to_owned(),
        Some(loss) => {
            let rows = loss.iter().map(|loss| {
                [
                    loss.table.clone(),
                    loss.column.clone().unwrap_or_else(|| "all".to_owned()),
                    loss.tenants.to_string(),
                    rows(loss),
                ]
            });
            let heading = ["Table", "Column", "Tenants", "Rows (estimated)"];
            format!("This is lost permanently:\n{}", columns(heading, rows))
        }
    }
}

fn rows(loss: &Loss) -> String {
    match (&loss.column, loss.rows) {
        (Some(_), _) => String::new(),
        (None, Some(rows)) => rows.to_string(),
        (None, None) => "unknown".to_owned(),
    }
}
