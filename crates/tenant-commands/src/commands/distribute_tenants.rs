//! `distribute-tenants`: spreads existing tenants over the servers of a cluster.

use std::num::NonZeroUsize;

use clap::Parser;
use command_line::options::Locking;
use command_line::output::shown;
use command_line::words::counted;
use command_line::{Common, Context, NameArg, Script, Verdict, at_least_one};
use tenant_core::{Distribute, FleetReport, Progress, Selection, Status, Tenants};

use crate::progress::Bar;
use crate::{interrupt, json, report, tenants};

/// Spread existing tenants over the servers of a Citus cluster
///
/// For tenants that were made before the extension Citus was there, restored from a
/// dump, or adopted: each is brought to one of the cluster's servers, with all rows, in
/// one transaction. Who writes to a tenant waits meanwhile. Tables of the public schema
/// that tenants refer to become reference tables first, which every server has. Triggers
/// do not fire at the rows that are brought. There is no way back by a command.
///
/// A tenant that fails stays as it was and does not stop the others; one that is
/// distributed already is left alone. Ctrl-C finishes those under way and begins no
/// other. Spare tenants follow, unless --only names some.
///
/// Exit code 1 when a tenant failed or was left out.
///
/// With --json: total, distributed, up_to_date, failed, skipped, dry_run, duration_ms,
/// and tenants: name, status (distributed, up_to_date, failed, skipped), duration_ms,
/// error (null, or message, sqlstate, migration, file, line, hint); spares, in the same form;
/// notes (none).
#[derive(Debug, Parser)]
#[command(name = "distribute-tenants", version)]
pub struct DistributeTenants {
    /// Distribute this tenant; repeat for more [default: all]
    #[arg(long, value_name = "NAME")]
    only: Vec<NameArg>,

    /// Tenants to distribute at the same time [default: 1]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    jobs: Option<NonZeroUsize>,

    /// Show which are not distributed, and change nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    common: Common,
}

impl Script for DistributeTenants {
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
        let text = if dry_run {
            plan(&report)
        } else {
            report::summary(&report, "There are no tenants yet.")
        };
        output.done(
            &json::Fleet::distributed(&report, dry_run, context.invocation()),
            &text,
        )?;
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
