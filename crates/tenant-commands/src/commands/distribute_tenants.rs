//! `distribute-tenants`: spreads existing tenants over the servers of a cluster.

use std::num::NonZeroUsize;

use clap::Parser;
use command_line::help::{Example, example};
use command_line::json::Documents;
use command_line::options::Locking;
use command_line::output::shown;
use command_line::words::counted;
use command_line::{Common, Context, Script, Selecting, Verdict, at_least_one};
use tenant_core::{Distribute, FleetReport, Progress, Selection, Status, Tenants};

use crate::progress::Bar;
use crate::{interrupt, json, report, tenants};

/// Distribute existing tenants over a Citus cluster
///
/// For tenants that existed before the extension Citus, that were restored from a dump,
/// or that were adopted. Each is moved to a node with all rows, in one transaction.
/// Sessions that write to the tenant wait while it runs. Public tables that tenants
/// refer to become reference tables first. Triggers do not fire for the rows. No command
/// undoes this.
///
/// A tenant that fails stays unchanged and does not stop the others. Ctrl-C finishes the
/// tenants in progress and starts no more. Spares follow, unless you name tenants.
///
/// Exit code 1: a tenant failed or was skipped.
#[derive(Debug, Parser)]
#[command(name = "distribute-tenants", version)]
pub struct DistributeTenants {
    #[command(flatten)]
    selecting: Selecting,

    /// Tenants at a time [default: 1]
    #[arg(long, value_name = "N", value_parser = at_least_one, hide_short_help = true)]
    jobs: Option<NonZeroUsize>,

    /// List what is not distributed yet
    #[arg(long, short = 'n')]
    dry_run: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    common: Common,
}

impl Script for DistributeTenants {
    const EXAMPLES: &'static [Example] = &[
        example("-n", "list the tenants that are not distributed"),
        example("acme", "distribute one"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<json::Distributed>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let wanted = self.selecting.read(context)?;
        let tenants = tenants::open_with(context, self.locking.settings()).await?;
        let select = wanted.among(context, &tenants).await?;
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
        let document = json::Distributed::new(&report, dry_run, context.invocation());
        if dry_run {
            // The plan is what was asked for, also with --quiet.
            output.answer(&document, &plan(&report))?;
        } else {
            let text = report::summary(&report, "There are no tenants yet.");
            output.done(&document, &text)?;
        }
        Ok(if dry_run {
            report::failures(context, &report)
        } else {
            report::verdict(context, &report)
        })
    }
}

impl DistributeTenants {
    fn call<'a>(&self, tenants: &'a Tenants, select: Selection) -> Distribute<'a> {
        let call = tenants.cluster().distribute();
        let mut call = call.select(select);
        if let Some(jobs) = self.jobs {
            call = call.jobs(jobs.get());
        }
        if self.dry_run { call.dry_run() } else { call }
    }
}

/// What would be done.
fn plan(report: &FleetReport) -> String {
    let local = report
        .outcomes
        .iter()
        .filter(|it| it.status == Status::Skipped);
    let local = local.map(|it| format!("  {}\n", shown(&it.name)));
    let local = local.collect::<Vec<_>>();
    format!(
        "{}{}: {} to distribute.",
        local.concat(),
        counted(report.outcomes.len(), "tenant"),
        local.len()
    )
}
