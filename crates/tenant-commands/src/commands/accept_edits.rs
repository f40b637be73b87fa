//! `accept-edits`: accepts edited migrations where the edit has changed nothing.

use std::num::NonZeroUsize;

use clap::Parser;
use command_line::options::{Failures, Locking};
use command_line::{Common, Context, NameArg, Script, Verdict, at_least_one};
use tenant_core::{AcceptEdits as Call, Progress, Selection, Tenants, Version};

use crate::progress::Bar;
use crate::{interrupt, json, report, tenants};

/// Accept edited migrations where the edit changed nothing
///
/// Use it for migrations that were edited after they were applied, and still create the
/// same objects. Each tenant's schema is compared with what the migrations create now. If
/// it matches, the new text counts as the applied one. No migration runs, and a note lists
/// what was not compared, such as rows. A tenant that differs fails and keeps its
/// fingerprints.
///
/// If all applied texts of a tenant differ, it may belong to another program with the same
/// versions. It fails unless you name each of them with --migration.
///
/// Each tenant is one transaction. Run the command with --dry-run first: it checks
/// everything and changes nothing. Spare tenants follow, unless --only names some.
///
/// Exit code 1 when a tenant failed or was left out.
///
/// With --json: total, accepted, up_to_date, failed, skipped, dry_run, duration_ms, and
/// tenants: name, status (accepted, up_to_date, failed, skipped), accepted (versions; with
/// --dry-run those that would be), duration_ms, error (null, or message, sqlstate,
/// migration, file, line, hint); spares: those with which something was done, in the same
/// form; notes (kind, detail, remedy): not_compared lists what was not compared.
#[derive(Debug, Parser)]
#[command(name = "accept-edits", version)]
pub struct AcceptEdits {
    /// Accept the edit of this migration; repeat for more [default: all]
    #[arg(long, value_name = "VERSION")]
    migration: Vec<Version>,

    /// Accept it for this tenant; repeat for more [default: all]
    #[arg(long, value_name = "NAME")]
    only: Vec<NameArg>,

    /// Tenants to check at the same time [default: 8, or what the server has left]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    failures: Failures,

    /// Check everything, show what would be accepted, and change nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    common: Common,
}

impl Script for AcceptEdits {
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
        let document = json::Fleet::accepted(&report, dry_run, context.invocation());
        output.done(&document, &text)?;
        report::notes(context, &report.notes);
        Ok(if dry_run {
            report::failures(context, &report)
        } else {
            report::verdict(context, &report)
        })
    }
}

impl AcceptEdits {
    fn call<'a>(self, tenants: &'a Tenants, select: Selection) -> Call<'a> {
        let mut call = tenants.accept_edits().select(select);
        for version in self.migration {
            call = call.migration(version);
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
