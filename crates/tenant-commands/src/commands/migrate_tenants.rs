//! `migrate-tenants`: brings the tenants up to date.

use std::num::NonZeroUsize;

use clap::Parser;
use command_line::help::{Example, example};
use command_line::json::Documents;
use command_line::options::{Failures, Locking, Rerun, Transactions, Unknown};
use command_line::{Common, Context, Script, Selecting, Verdict, at_least_one};
use tenant_core::remedy::Command;
use tenant_core::{Migrate, Progress, Selection, Tenants};

use crate::progress::Bar;
use crate::{interrupt, json, messages, plan, report, tenants};

/// Apply pending migrations to tenants
///
/// Each tenant is migrated in one transaction: it gets all of its pending migrations or
/// none. A tenant that fails does not stop the others. Run the command again to retry
/// it. Spares are migrated too, unless you name tenants. Unknown and lost migrations are
/// failures, unless you allow them.
///
/// Exit code 1: a tenant failed or was skipped. With --check: something is pending.
#[derive(Debug, Parser)]
#[command(name = "migrate-tenants", version)]
pub struct MigrateTenants {
    #[command(flatten)]
    selecting: Selecting,

    /// Tenants at a time [default: up to 8]
    #[arg(long, value_name = "N", value_parser = at_least_one, hide_short_help = true)]
    jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    failures: Failures,

    /// Show what is pending; change nothing
    #[arg(long, short = 'n')]
    dry_run: bool,

    /// Exit with 1 if something is pending
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    transactions: Transactions,

    #[command(flatten)]
    unknown: Unknown,

    #[command(flatten)]
    rerun: Rerun,

    #[command(flatten)]
    common: Common,
}

impl Script for MigrateTenants {
    const EXAMPLES: &'static [Example] = &[
        example("", "migrate all tenants"),
        example("acme globex", "migrate these two"),
        example("--match 'eu_*' -n", "show what is pending for some"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<json::Migrated>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let settings = self.transactions.settings(self.locking.settings());
        let settings = self.rerun.settings(self.unknown.settings(settings));
        let wanted = self.selecting.read(context)?;
        let again = wanted.is_all().then_some(Command::MigrateTenants);
        let tenants = tenants::open_with(context, settings).await?;
        let select = wanted.among(context, &tenants).await?;
        let output = context.output;
        let stop = interrupt::stop_on_signal(output, interrupt::OF_A_FLEET)?;
        let bar = Bar::new(output, usize::MAX);
        let observe = |progress: &Progress<'_>| bar.follow(progress);
        let dry_run = self.is_dry();
        let ran = self
            .call(&tenants, select)
            .stop(&stop)
            .observe(observe)
            .await;
        bar.finish();
        let report = ran?;
        let document = json::Migrated::new(&report, dry_run, context.invocation());
        if dry_run {
            // The plan is what was asked for, also with --quiet.
            output.answer(
                &document,
                &plan::text(&report, &tenants.migrations().tenant),
            )?;
        } else {
            let text = report::summary(&report, "There are no tenants yet.");
            output.done(&document, &text)?;
        }
        messages::of_fleet(context, &report);
        report::notes(context, &report.notes);
        Ok(if self.check && plan::is_pending(&report) {
            report::failures(context, &report);
            Verdict::Wrong
        } else if dry_run {
            report::failures(context, &report)
        } else {
            report::verdict_of_retried(context, &report, again)
        })
    }
}

impl MigrateTenants {
    /// Whether nothing is to be changed.
    fn is_dry(&self) -> bool {
        self.dry_run || self.check
    }

    fn call<'a>(&self, tenants: &'a Tenants, select: Selection) -> Migrate<'a> {
        let mut call = tenants.migrate().select(select);
        if let Some(jobs) = self.jobs {
            call = call.jobs(jobs.get());
        }
        if let Some(failures) = self.failures.most() {
            call = call.max_failures(failures);
        }
        if self.is_dry() { call.dry_run() } else { call }
    }
}
