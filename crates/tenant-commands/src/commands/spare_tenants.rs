//! `spare-tenants`: keeps tenants ready that have no name yet.

use std::num::NonZeroUsize;

use clap::Parser;
use command_line::options::{Locking, Naming, Transactions};
use command_line::words::{counted, time};
use command_line::{Common, Context, Script, Verdict, at_least_one};
use serde::Serialize;
use tenant_core::{Outcome, SpareReport, Status};

use crate::failures::Failures;
use crate::progress::Bar;
use crate::{interrupt, json, messages, report, tenants};

/// The largest number of spares that can be asked for. More is a typing error.
const MOST: i64 = 10_000;

/// Keep spare tenants ready, which a new tenant takes at once
///
/// A spare is a schema with all migrations applied and nobody's name. Creating a tenant
/// gives it the new tenant's name, which takes milliseconds. A tenant is built only
/// where no spare is ready. Spares are migrated together
/// with the tenants, and are no tenants until they are taken.
///
/// This migrates the spares that are behind, builds those that are missing, and
/// drops those beyond N. It replaces spares that are outdated, because a migration was
/// edited since or a baseline has replaced theirs. Spares with migrations that this program
/// does not have are ahead: a newer program keeps them. They count as ready and are left
/// alone. After you roll back a deployment, drop them with 0 --include-other-programs first.
/// Without N, the command prints how many spares there are. Run it regularly, or after each
/// sign-up.
///
/// Migrations that use the schema's name for more than to find their own objects refuse
/// spares: a spare has another name than the tenant that it becomes.
///
/// Exit code 1 when a spare failed.
///
/// With --json: ready, created, migrated, dropped, failed, duration_ms, and
/// ahead (how many were left alone), left_alone (their names), spares: name, status, applied, messages and
/// messages_left_out (as when tenants are migrated), duration_ms, error; without N: ready,
/// behind, ahead, outdated, other.
#[derive(Debug, Parser)]
#[command(name = "spare-tenants", version)]
pub struct SpareTenants {
    /// How many to keep ready, at most 10000; 0 drops all of this program
    #[arg(value_name = "N", value_parser = clap::value_parser!(u16).range(..=MOST))]
    count: Option<u16>,

    /// The same as an option
    #[arg(long, value_name = "N", conflicts_with = "count")]
    #[arg(value_parser = clap::value_parser!(u16).range(..=MOST))]
    keep: Option<u16>,

    /// With 0, drop the spares of newer and other programs as well
    #[arg(long)]
    include_other_programs: bool,

    /// Spares to make at the same time [default: 8, or what the server has left]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    transactions: Transactions,

    #[command(flatten)]
    naming: Naming,

    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Counted {
    ready: usize,
    behind: usize,
    ahead: usize,
    outdated: usize,
    other: usize,
}

impl Script for SpareTenants {
    fn common(&self) -> &Common {
        &self.common
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let settings = self.transactions.settings(self.locking.settings());
        let settings = self.naming.settings(settings);
        let tenants = tenants::open_with(context, settings).await?;
        let output = context.output;
        let Some(count) = self.count.or(self.keep) else {
            let spares = tenants.spares().count().await?;
            let document = Counted {
                ready: spares.ready,
                behind: spares.behind,
                ahead: spares.ahead,
                outdated: spares.outdated,
                other: spares.other,
            };
            output.answer(&document, &counts(&document))?;
            return Ok(Verdict::Done);
        };
        let count = usize::from(count);
        let stop = interrupt::stop_on_signal(output, interrupt::OF_A_FLEET)?;
        let bar = Bar::new(output, count);
        let observe = |outcome: &Outcome| bar.ended(outcome);
        let mut call = tenants.spares().keep(count).stop(&stop).observe(observe);
        if self.include_other_programs {
            call = call.include_other_programs();
        }
        if let Some(jobs) = self.jobs {
            call = call.jobs(jobs.get());
        }
        let kept = call.await;
        bar.finish();
        let kept = kept?;
        output.done(
            &json::Spares::new(&kept, context.invocation()),
            &text(&kept),
        )?;
        messages::of_spares(context, &kept);
        let failed = kept.outcomes.iter();
        let failed = failed.filter_map(|it| Some((it.name.as_str(), it.error.as_ref()?)));
        let failures = Failures::of_spares(failed.collect(), kept.outcomes.len());
        let verdict = failures.show(context);
        let is_cut_short = kept.outcomes.iter().any(|it| it.status == Status::Skipped);
        Ok(if is_cut_short {
            Verdict::Wrong
        } else {
            verdict
        })
    }
}

/// How many names of spares are shown.
const SHOWN: usize = 5;

/// How spares are that a newer program has made.
const AHEAD: &str = "ahead of this program";

fn counts(spares: &Counted) -> String {
    let ready = counted(spares.ready, "spare tenant");
    let others = [
        (spares.behind, "behind"),
        (spares.ahead, AHEAD),
        (spares.outdated, "outdated"),
        (spares.other, "not usable: a health check says why"),
    ];
    let others = others.iter().filter(|(count, _)| *count > 0);
    let others = others.map(|(count, what)| format!("; {count} {what}"));
    format!("{ready} ready{}.", others.collect::<String>())
}

/// The first of the names.
fn names(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).map(String::as_str);
    let shown = shown.collect::<Vec<_>>().join(", ");
    let more = if names.len() > SHOWN { ", ..." } else { "" };
    format!(" ({shown}{more})")
}

fn text(kept: &SpareReport) -> String {
    let ready = counted(kept.ready, "spare tenant");
    let ahead = match kept.ahead {
        0 => String::new(),
        ahead => format!("; {ahead} {AHEAD}, left alone{}", names(&kept.left_alone)),
    };
    if kept.outcomes.is_empty() {
        return format!("{ready} ready{ahead}; there was nothing to do.");
    }
    format!(
        "{ready} ready: {}{ahead} ({})",
        report::tally(&kept.outcomes),
        time(kept.duration)
    )
}
