//! `migrate-tenants`: brings the tenants up to date.

use std::num::NonZeroUsize;

use clap::Parser;
use command_line::options::{Failures, Locking, Transactions, Unknown};
use command_line::{Common, Context, NameArg, Script, Verdict, at_least_one};
use tenant_core::remedy::Command;
use tenant_core::{Migrate, Progress, Selection, Tenants};

use crate::progress::Bar;
use crate::{interrupt, json, messages, report, tenants};

/// Apply the pending migrations to the tenants
///
/// Each tenant is migrated in one transaction: it ends wholly at the new
/// version, or stays as it was. A tenant that fails does not stop the others;
/// run the command again to go on with those that failed. Ctrl-C finishes the
/// tenants under way and begins no other.
///
/// A tenant that is behind and has unknown migrations (applied, but not in this program)
/// fails and stays unchanged, unless --allow-unknown-migrations is given. A tenant always
/// fails if this program has none of its applied migrations.
///
/// Exit code 1 when a tenant failed or was left out.
///
/// Spare tenants that are behind are migrated after the tenants, unless --only
/// names some.
///
/// With --json: total, migrated, up_to_date, failed, skipped, dry_run,
/// duration_ms, and tenants: name, status (migrated, up_to_date, failed,
/// skipped), applied and pending (versions; pending is null when the tenant could not be
/// reached), messages, messages_left_out,
/// duration_ms, error (null, or message, sqlstate, migration, file, line, hint); spares:
/// those with which something was done, in the same form; notes: what is no
/// failure and should be known: kind (edited_migration, unknown_migration,
/// late_migration), detail, remedy. messages: what the migrations made PostgreSQL
/// say, warnings, and notices with --verbose: severity, text, sqlstate, detail,
/// hint, migration, file, line; messages_left_out: how many more.
#[derive(Debug, Parser)]
#[command(name = "migrate-tenants", version)]
pub struct MigrateTenants {
    /// Migrate this tenant; repeat for more [default: all]
    #[arg(long, value_name = "NAME")]
    only: Vec<NameArg>,

    /// Tenants to migrate at the same time [default: 8, or what the server has left]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    failures: Failures,

    /// Show what is pending, and change nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    transactions: Transactions,

    #[command(flatten)]
    unknown: Unknown,

    #[command(flatten)]
    common: Common,
}

impl Script for MigrateTenants {
    fn common(&self) -> &Common {
        &self.common
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let settings = self.transactions.settings(self.locking.settings());
        let settings = self.unknown.settings(settings);
        context.require_possible(&self.only)?;
        let tenants = tenants::open_with(context, settings).await?;
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
        let again = self.only.is_empty().then_some(Command::MigrateTenants);
        let text = report::summary(&report, "There are no tenants yet.");
        output.done(
            &json::Fleet::migrated(&report, dry_run, context.invocation()),
            &text,
        )?;
        messages::of_fleet(context, &report);
        report::notes(context, &report.notes);
        Ok(if dry_run {
            report::failures(context, &report)
        } else {
            report::verdict_of_retried(context, &report, again)
        })
    }
}

impl MigrateTenants {
    fn call<'a>(&self, tenants: &'a Tenants, select: Selection) -> Migrate<'a> {
        let mut call = tenants.migrate().select(select);
        if let Some(jobs) = self.jobs {
            call = call.jobs(jobs.get());
        }
        if let Some(failures) = self.failures.most() {
            call = call.max_failures(failures);
        }
        if self.dry_run { call.dry_run() } else { call }
    }
}
