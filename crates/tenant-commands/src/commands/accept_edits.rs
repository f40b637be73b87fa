//! `accept-edits`: accepts edited migrations where the edit has changed nothing.

use std::num::NonZeroUsize;

use clap::Parser;
use command_line::help::{Example, example};
use command_line::json::Documents;
use command_line::options::{Failures, Locking};
use command_line::{Common, Context, Script, Selecting, Verdict, at_least_one};
use tenant_core::{AcceptEdits as Call, Progress, Selection, Tenants, Version};

use crate::progress::Bar;
use crate::{interrupt, json, report, tenants};

/// Accept edited migrations where the edit changed nothing
///
/// Use it for migrations that were edited after they were applied, and still create the
/// same objects. If a tenant's schema matches what the migrations create now, the new text
/// counts as the applied one. No migration runs. A note lists what was not compared.
///
/// If all applied texts of a tenant differ, it may belong to another program. It fails
/// unless you name each migration. Try --dry-run first: it checks everything.
///
/// Exit code 1: a tenant failed or was skipped.
#[derive(Debug, Parser)]
#[command(name = "accept-edits", version)]
pub struct AcceptEdits {
    #[command(flatten)]
    selecting: Selecting,

    /// Migration to accept; repeatable
    #[arg(long, value_name = "VERSION")]
    migration: Vec<Version>,

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

impl Script for AcceptEdits {
    const EXAMPLES: &'static [Example] = &[
        example("-n", "check, change nothing"),
        example("--migration 20260101000000", "accept one edit"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<json::Accepted>()
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
        let document = json::Accepted::new(&report, dry_run, context.invocation());
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
