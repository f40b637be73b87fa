//! `migrate-public`: brings the public schema up to date.

use clap::Parser;
use command_line::help::{Example, example};
use command_line::json::{Documents, VersionText};
use command_line::options::{Locking, Transactions};
use command_line::words::{counted, time};
use command_line::{Common, Context, Script, Verdict};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{Error, Version};

use crate::messages::{self, Messages};
use crate::tenants;

/// Apply pending migrations to the public schema
///
/// The public schema contains what exists once, such as the list of tenants. Run this
/// once for a new database, and after you add a public migration.
///
/// If several runs start at once, one applies the migrations. The others wait for it
/// (see --wait) and find nothing to do.
///
/// Exit code 1: a migration failed. With --check: something is pending.
#[derive(Debug, Parser)]
#[command(name = "migrate-public", version)]
pub struct MigratePublic {
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
    common: Common,
}

/// With `--public`: the public schema after a run.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MigratedPublic")]
struct Document<'a> {
    /// Number of applied migrations.
    migrated: usize,
    /// Applied migrations, oldest first.
    #[schemars(with = "Vec<VersionText>")]
    applied: &'a [Version],
    /// Pending migrations.
    #[schemars(with = "Vec<VersionText>")]
    pending: &'a [Version],
    /// Whether the run changed nothing: `--dry-run` or `--check`.
    dry_run: bool,
    #[serde(flatten)]
    messages: Messages,
    /// Duration, in milliseconds.
    duration_ms: u128,
}

impl Script for MigratePublic {
    const EXAMPLES: &'static [Example] = &[
        example("", "apply what is pending"),
        example("--check", "fail in CI if something is pending"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let settings = self.transactions.settings(self.locking.settings());
        let tenants = tenants::open_with(context, settings).await?;
        let call = tenants.migrate_public();
        let is_dry = self.dry_run || self.check;
        let migrated = if is_dry { call.dry_run() } else { call }.await;
        if let Err(Error::Migration(failure)) = &migrated {
            let said = messages::Said::of_failure(failure);
            messages::show(context, &[said]);
        }
        let outcome = migrated?;
        let document = Document {
            migrated: outcome.applied.len(),
            applied: &outcome.applied,
            pending: &outcome.pending,
            dry_run: is_dry,
            messages: Messages::of_public(&outcome, context.invocation()),
            duration_ms: outcome.duration.as_millis(),
        };
        let (verb, versions) = if is_dry {
            ("Pending", &outcome.pending)
        } else {
            ("Applied", &outcome.applied)
        };
        let set = &tenants.migrations().public;
        let names = set
            .iter()
            .filter(|one| versions.iter().any(|version| version == one.version()));
        let mut lines = names
            .map(|one| format!("  {verb} {}", one.name()))
            .collect::<Vec<_>>();
        lines.push(match (versions.len(), is_dry) {
            (0, _) => "The public schema is up to date.".to_owned(),
            (count, true) => format!(
                "{} pending; nothing was changed.",
                counted(count, "migration")
            ),
            (count, false) => format!(
                "The public schema is up to date: {} applied in {}.",
                counted(count, "migration"),
                time(outcome.duration)
            ),
        });
        let text = lines.join("\n");
        if is_dry {
            // The plan is what was asked for, also with --quiet.
            context.output.answer(&document, &text)?;
        } else {
            context.output.done(&document, &text)?;
        }
        let said = messages::Said::of_public(&outcome);
        messages::show(context, &[said]);
        Ok(if self.check && !outcome.pending.is_empty() {
            Verdict::Wrong
        } else {
            Verdict::Done
        })
    }
}
