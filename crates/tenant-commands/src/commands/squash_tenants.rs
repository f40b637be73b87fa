//! `squash-tenants`: records a baseline in place of the migrations that it replaces.

use std::num::NonZeroUsize;

use clap::Parser;
use command_line::help::{Example, example};
use command_line::json::Documents;
use command_line::options::{Failures, Locking};
use command_line::{Common, Context, Script, Selecting, Verdict, at_least_one};
use tenant_core::{Progress, Selection, Squash, Tenants, Version};

use crate::progress::Bar;
use crate::{interrupt, json, report, tenants};

/// Record a baseline in place of old migrations
///
/// Use it after you have replaced the folders of old migrations with one new migration, the
/// baseline, that creates the same objects. If a tenant's schema matches the baseline, the
/// command records it as applied and removes the old migrations from the history. No
/// migration runs. A note lists what was not compared, such as rows.
///
/// Each tenant is one transaction. A tenant fails and stays unchanged if it differs, lacks
/// old migrations, or has newer unknown ones. Try --dry-run first.
///
/// Exit code 1: a tenant failed or was skipped.
#[derive(Debug, Parser)]
#[command(name = "squash-tenants", version)]
pub struct SquashTenants {
    #[command(flatten)]
    selecting: Selecting,

    /// Version of the baseline; of several, the last
    #[arg(long, value_name = "VERSION")]
    baseline: Option<Version>,

    /// Newest migration that it replaces
    #[arg(long, value_name = "VERSION")]
    through: Option<Version>,

    /// Tenants at a time [default: up to 8]
    #[arg(long, value_name = "N", value_parser = at_least_one, hide_short_help = true)]
    jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    failures: Failures,

    /// Check everything; change nothing
    #[arg(long, short = 'n')]
    dry_run: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    common: Common,
}

impl Script for SquashTenants {
    const EXAMPLES: &'static [Example] = &[
        example("-n", "check everything and change nothing"),
        example("acme", "squash one tenant first"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<json::Squashed>()
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
        let text = report::recorded(&report, dry_run);
        let document = json::Squashed::new(&report, dry_run, context.invocation());
        if dry_run {
            // The plan is what was asked for, also with --quiet.
            output.answer(&document, &text)?;
        } else {
            output.done(&document, &text)?;
        }
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
