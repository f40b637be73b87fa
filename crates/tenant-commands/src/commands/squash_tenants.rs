//! `squash-tenants`: records a baseline in place of the migrations that it replaces.

use std::num::NonZeroUsize;

use clap::Parser;
use command_line::options::{Failures, Locking};
use command_line::{Common, Context, NameArg, Script, Verdict, at_least_one};
use tenant_core::{Progress, Selection, Squash, Tenants, Version};

use crate::progress::Bar;
use crate::{interrupt, json, report, tenants};

/// Record a baseline in place of old migrations
///
/// Use it after squashing: one new migration, the baseline, creates what the old ones
/// created, and their folders are gone. Each tenant's schema is compared with what the
/// baseline creates. If it matches, the baseline is recorded as applied, and the migrations
/// that this program does not have are forgotten. No migration runs, and a note lists what
/// was not compared, such as rows. Later migrations stay pending.
///
/// Each tenant is one transaction. A tenant that differs, lacks old migrations, or has
/// newer ones that this program does not have, fails and stays as it was. Run the command
/// with --dry-run first: it checks everything and changes nothing. Spare tenants follow,
/// unless --only names some. The public schema is left alone.
///
/// Exit code 1 when a tenant failed or was left out.
///
/// With --json: total, squashed, up_to_date, failed, skipped, dry_run, duration_ms, and
/// tenants: name, status (squashed, up_to_date, failed, skipped), recorded and forgotten
/// (versions; with --dry-run those that would be), duration_ms, error (null, or message,
/// sqlstate, migration, file, line, hint); spares: those with which something was done, in
/// the same form; notes (kind, detail, remedy): not_compared lists what was not compared.
#[derive(Debug, Parser)]
#[command(name = "squash-tenants", version)]
pub struct SquashTenants {
    /// Baseline; of several migrations the last [default: what tenants with old ones lack]
    #[arg(long, value_name = "VERSION")]
    baseline: Option<Version>,

    /// Newest old migration that it replaces [default: the newest before the baseline]
    #[arg(long, value_name = "VERSION")]
    through: Option<Version>,

    /// Squash this tenant; repeat for more [default: all]
    #[arg(long, value_name = "NAME")]
    only: Vec<NameArg>,

    /// Tenants to squash at the same time [default: 8, or what the server has left]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    failures: Failures,

    /// Check everything, show what would be recorded and forgotten, and change nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    common: Common,
}

impl Script for SquashTenants {
    fn common(&self) -> &Common {
        &self.common
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        context.require_possible(&self.only)?;
        let tenants = tenants::open_with(context, self.locking.settings()).await?;
        let select = tenants::selected(context, &tenants, &self.only).await?;
        let output = context.output;
        let stop = interrupt::stop_on_signal(output, interrupt::OF_A_FLEET)?;
        let bar = Bar::new(output, usize::MAX);
        let observe = |progress: &Progress<'_>| bar.follow(progress);
        let dry_run = self.dry_run;
        let ran = self
            .call(&tenants, select)
            .stop(&stop)
            .observe(observe)
            .await;
        bar.finish();
        let report = ran?;
        let text = report::recorded(&report, dry_run);
        let document = json::Fleet::squashed(&report, dry_run, context.invocation());
        output.done(&document, &text)?;
        report::notes(context, &report.notes);
        Ok(if dry_run {
            report::failures(context, &report)
        } else {
            report::verdict(context, &report)
        })
    }
}

impl SquashTenants {
    fn call<'a>(self, tenants: &'a Tenants, select: Selection) -> Squash<'a> {
        let mut call = tenants.squash().select(select);
        if let Some(version) = self.baseline {
            call = call.baseline(version);
        }
        if let Some(version) = self.through {
            call = call.through(version);
        }
        if let Some(jobs) = self.jobs {
            call = call.jobs(jobs.get());
        }
        if let Some(failures) = self.failures.most() {
            call = call.max_failures(failures);
        }
        if self.dry_run { call.dry_run() } else { call }
    }
}
