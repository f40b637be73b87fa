//! `rollback-tenants`: brings the tenants back to an older version.

use std::num::NonZeroUsize;

use clap::Parser;
use command_line::options::{Failures, Locking, Transactions};
use command_line::output::{shown as printable, table};
use command_line::words::counted;
use command_line::{Common, Context, Message, NameArg, Output, Script, Verdict, ask, at_least_one};
use tenant_core::{At, FleetReport, Loss, Rollback, RollbackPlan, RollbackTo, Stop, Tenants};

use crate::progress::Bar;
use crate::{interrupt, json, messages, report, tenants, version};

/// Revert the newest migrations of the tenants
///
/// Runs the down.sql of the migrations, newest first, with one transaction for
/// each tenant: it ends wholly at the older version, or stays as it was. --steps
/// counts the versions that any of the tenants has; a tenant without them stays as
/// it is, so that running the command again goes on with those that failed.
///
/// Nothing is begun where a migration that is to be reverted has no down.sql, or
/// is not one of this program's. Before asking, the command shows the tables and
/// columns that would be dropped although they hold something. You type the number
/// of tenants to confirm it; without a terminal, --yes is needed. Ctrl-C finishes
/// the tenants under way and begins no other.
///
/// Spare tenants are reverted after the tenants, unless --only names some.
///
/// Exit code 1 when a tenant failed or was left out, or when it was not confirmed.
///
/// With --json: total, reverted, up_to_date, failed, skipped, dry_run,
/// duration_ms, and tenants: name, status (reverted, up_to_date, failed, skipped),
/// reverted and to_revert (versions, newest first; to_revert is null when the tenant could
/// not be reached), messages and
/// messages_left_out (as when tenants are migrated), duration_ms, error (null, or
/// message, sqlstate, migration, file, line, hint); spares: those with which something
/// was done, in the same form; loss (null when it is not known): table, column (null
/// when the table goes), tenants (how many have something in it), rows (estimated,
/// or null); notes: kind (unknown_migration, edited_migration, loss_unknown,
/// not_back), detail, remedy.
#[derive(Debug, Parser)]
#[command(name = "rollback-tenants", version)]
pub struct RollbackTenants {
    /// Revert so many of the newest versions
    #[arg(long, value_name = "N", default_value = "1")]
    steps: NonZeroUsize,

    /// Revert everything newer than this version, or migration; 0 reverts all
    #[arg(long, value_name = "VERSION", conflicts_with = "steps", value_parser = version::of)]
    to: Option<At>,

    /// Revert this tenant; repeat for more [default: all]
    #[arg(long, value_name = "NAME")]
    only: Vec<NameArg>,

    /// Tenants to revert at the same time [default: 8, or what the server has left]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    failures: Failures,

    /// Revert without asking
    #[arg(long)]
    yes: bool,

    /// Show what would be reverted and lost, and change nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    transactions: Transactions,

    #[command(flatten)]
    common: Common,
}

impl Script for RollbackTenants {
    fn common(&self) -> &Common {
        &self.common
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let output = context.output;
        let settings = self.transactions.settings(self.locking.settings());
        context.require_possible(&self.only)?;
        let tenants = tenants::open_with(context, settings).await?;
        let select = tenants::selected(context, &tenants, &self.only).await?;
        let (dry_run, yes) = (self.dry_run, self.yes);
        if !dry_run {
            tenants.require_primary().await?;
        }
        let plan = tenants.plan_rollback().select(select).to(self.to()).await?;
        let loss = plan.loss().map(<[Loss]>::to_vec);
        let loss = loss.as_deref();
        let text = shown(&plan);
        if plan.tenants() == 0 {
            return end(context, &plan.into_report(), (loss, dry_run), "");
        }
        if dry_run {
            return end(context, &plan.into_report(), (loss, dry_run), &text);
        }
        if yes {
            output.note(&text);
        } else if !confirmed(output, &plan, &text)? {
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
    fn to(&self) -> RollbackTo {
        match &self.to {
            None => RollbackTo::Steps(self.steps),
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
    let document = json::Fleet::reverted(report, (loss, dry_run), context.invocation());
    context
        .output
        .done(&document, text.trim_start_matches('\n'))?;
    messages::of_fleet(context, report);
    report::notes(context, &report.notes);
    Ok(if dry_run {
        report::failures(context, report)
    } else {
        report::verdict(context, report)
    })
}

/// Asks. Whoever is asked has to see what it is about, however the result is wanted,
/// and what is to be said of it.
fn confirmed(output: Output, plan: &RollbackPlan, text: &str) -> anyhow::Result<bool> {
    output.problem(text);
    for note in plan.notes() {
        output.problem(&Message::note(note.to_string()).to_string());
    }
    let count = plan.tenants().to_string();
    let question = format!("Type `{count}`, the number of tenants, to roll this back");
    ask::type_name(&question, &count, "--yes")
}

/// The plan, for people.
fn shown(plan: &RollbackPlan) -> String {
    let migrations = plan.migrations().iter().map(|migration| {
        let tenants = counted(migration.tenants, "tenant");
        format!("  {} from {tenants}", printable(&migration.name))
    });
    let migrations = migrations.collect::<Vec<_>>().join("\n");
    let tenants = counted(plan.tenants(), "tenant");
    format!(
        "This rolls back, in {tenants}, newest first:\n{migrations}\n{}",
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
            format!("This is lost permanently:\n{}", table(heading, rows))
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
