//! `spare-tenants`: keeps tenants ready that have no name yet.

use std::num::NonZeroUsize;

use clap::Parser;
use command_line::help::{Example, example};
use command_line::json::Documents;
use command_line::options::{Locking, Naming, Transactions};
use command_line::words::{counted, time};
use command_line::{Common, Context, Script, Verdict, at_least_one};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{Outcome, SpareReport, Status};

use crate::failures::Failures;
use crate::progress::Bar;
use crate::{interrupt, json, messages, report, tenants};

/// The largest number of spares that can be asked for. More is a typing error.
const MOST: i64 = 10_000;

/// Keep spares ready for new tenants
///
/// A spare is a migrated schema without a name. A new tenant takes one in milliseconds.
/// Run the command regularly, or after each sign-up. Without N, it prints how many spares
/// exist. With N, it migrates spares that are behind, creates missing ones, replaces
/// outdated ones, and drops the rest.
///
/// Spares of a newer program count as ready and stay. After you roll back a deployment,
/// drop them with 0 --include-other-programs. If migrations store the schema's name, the
/// command creates no spares.
///
/// Exit code 1: a spare failed.
#[derive(Debug, Parser)]
#[command(name = "spare-tenants", version)]
pub struct SpareTenants {
    /// How many to keep, at most 10000; 0 drops this program's
    #[arg(value_name = "N", value_parser = clap::value_parser!(u16).range(..=MOST))]
    count: Option<u16>,

    /// The same, as an option
    #[arg(long, value_name = "N", conflicts_with = "count")]
    #[arg(value_parser = clap::value_parser!(u16).range(..=MOST))]
    keep: Option<u16>,

    /// With 0, also drop other programs' spares
    #[arg(long, hide_short_help = true)]
    include_other_programs: bool,

    /// Spares at a time [default: up to 8]
    #[arg(long, value_name = "N", value_parser = at_least_one, hide_short_help = true)]
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

/// Without a number: how many spares exist.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CountedSpares")]
struct Counted {
    /// Spares that are up to date.
    ready: usize,
    /// Spares with pending migrations.
    behind: usize,
    /// Spares with migrations of a newer program.
    ahead: usize,
    /// Spares whose migrations have changed since they were created.
    outdated: usize,
    /// Spares that are unreadable, have no schema, or were not created as spares.
    other: usize,
}

impl Script for SpareTenants {
    const EXAMPLES: &'static [Example] = &[
        example("", "print how many spares exist"),
        example("20", "keep 20 ready"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Counted>().or::<json::Spares>()
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
