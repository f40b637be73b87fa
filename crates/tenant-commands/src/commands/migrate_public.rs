//! `migrate-public`: brings the public schema up to date.

use clap::Parser;
use command_line::options::{Locking, Transactions};
use command_line::words::{counted, time};
use command_line::{Common, Context, Script, Verdict};
use serde::Serialize;
use tenant_core::{Error, Version};

use crate::messages::{self, MessageDetail};
use crate::tenants;

/// Apply the pending migrations of the public schema
///
/// The public schema holds what exists once, the list of tenants among it.
/// Run this once for a new database, and after adding a public migration.
///
/// When several start at once, one applies the migrations, and the others wait
/// for it (see --wait) and find nothing left to do.
///
/// With --json: migrated (how many), applied, pending (versions, the latter
/// with --dry-run), dry_run, duration_ms; messages: what the migrations made
/// PostgreSQL say, warnings, and notices with --verbose: severity, text,
/// sqlstate, detail, hint, migration, file, line; messages_left_out (how many
/// more).
#[derive(Debug, Parser)]
#[command(name = "migrate-public", version)]
pub struct MigratePublic {
    /// Show what is pending, and change nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    transactions: Transactions,

    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Document<'a> {
    migrated: usize,
    applied: &'a [Version],
    pending: &'a [Version],
    dry_run: bool,
    messages: Vec<MessageDetail>,
    messages_left_out: usize,
    duration_ms: u128,
}

impl Script for MigratePublic {
    fn common(&self) -> &Common {
        &self.common
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let settings = self.transactions.settings(self.locking.settings());
        let tenants = tenants::open_with(context, settings).await?;
        let call = tenants.migrate_public();
        let migrated = if self.dry_run { call.dry_run() } else { call }.await;
        if let Err(Error::Migration(failure)) = &migrated {
            let said = messages::Said::of_failure(failure);
            messages::show(context, &[said]);
        }
        let outcome = migrated?;
        let document = Document {
            migrated: outcome.applied.len(),
            applied: &outcome.applied,
            pending: &outcome.pending,
            dry_run: self.dry_run,
            messages: messages::public_details(&outcome.messages, context.invocation()),
            messages_left_out: outcome.messages_left_out,
            duration_ms: outcome.duration.as_millis(),
        };
        let (verb, versions) = if self.dry_run {
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
        lines.push(match (versions.len(), self.dry_run) {
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
        context.output.done(&document, &lines.join("\n"))?;
        let said = messages::Said::of_public(&outcome);
        messages::show(context, &[said]);
        Ok(Verdict::Done)
    }
}
