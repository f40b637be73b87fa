//! What can be asked for on the command line.

use std::num::NonZeroUsize;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Serialize;

/// Measure work on many tenants beside the same work in hand-written SQL
///
/// The program starts a PostgreSQL server with its files on disk and with durable settings, and
/// removes it at the end. Each side of each measurement is a separate process. The sides take
/// turns, and the report shows medians. On a machine with other work, the ratios are more reliable
/// than the times.
///
/// Exit code 0 when everything was measured, whatever the results.
///
/// With --json: tenants, fleet, rounds, jobs, and measurements: name, tenants (or
/// queries), ours and plain (seconds, ms_per_tenant, cpu_seconds, peak_bytes, runs, or
/// null), ratio; and targets: name, target, value, met (or null).
#[derive(Debug, Parser)]
#[command(name = "fleet-bench", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) hidden: Option<Hidden>,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// How large the measurements are.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many tenants to create and to migrate [default: 500]
    #[arg(long, value_name = "N")]
    tenants: Option<NonZeroUsize>,
    /// How many tenants to look at when nothing is pending [default: 5000]
    #[arg(long, value_name = "N")]
    fleet: Option<NonZeroUsize>,
    /// How many queries to run in tenants [default: 20000]
    #[arg(long, value_name = "N")]
    queries: Option<NonZeroUsize>,
    /// How often to measure each side [default: 3]
    #[arg(long, value_name = "N")]
    rounds: Option<NonZeroUsize>,
    /// How many connections to work with [default: 8]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Try everything once, with numbers too small to tell anything
    #[arg(long)]
    quick: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What is going to be measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) tenants: usize,
    pub(crate) fleet: usize,
    pub(crate) queries: usize,
    pub(crate) rounds: usize,
    pub(crate) jobs: usize,
    pub(crate) json: bool,
}

impl Options {
    /// The numbers that were given, and the usual ones for the others.
    pub(crate) fn plan(&self) -> Plan {
        let (tenants, fleet, queries, rounds) = if self.quick {
            (20, 60, 200, 1)
        } else {
            (500, 5_000, 20_000, 3)
        };
        let or = |given: Option<NonZeroUsize>, usual| given.map_or(usual, NonZeroUsize::get);
        Plan {
            tenants: or(self.tenants, tenants),
            fleet: or(self.fleet, fleet),
            queries: or(self.queries, queries),
            rounds: or(self.rounds, rounds),
            jobs: or(self.jobs, 8),
            json: self.json,
        }
    }
}

/// What this program asks of itself.
#[derive(Debug, Subcommand)]
pub(crate) enum Hidden {
    /// Do one side of one measurement
    #[command(hide = true)]
    Side(Task),
}

/// One side of one measurement.
#[derive(Debug, Clone, Args)]
pub(crate) struct Task {
    /// What is measured
    pub(crate) measure: Measure,
    /// Who does it
    pub(crate) side: Side,
    /// The database
    #[arg(long)]
    pub(crate) url: String,
    /// How many tenants there are, or are to be
    #[arg(long)]
    pub(crate) tenants: usize,
    /// How many connections
    #[arg(long)]
    pub(crate) jobs: usize,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Measure {
    /// Create tenants.
    Create,
    /// Apply one more migration to each.
    Migrate,
    /// Make a tenant of a spare schema.
    Claim,
    /// Find that nothing is pending.
    Pending,
    /// Check every tenant's schema, tables and migrations.
    Health,
    /// Compare everything in every tenant's schema with what it should be.
    Shapes,
    /// Read a row of one of many tenants, in a transaction.
    Query,
    /// The same, beside one table that is no tenant's.
    Floor,
    /// The same of a table with a type that each tenant has for itself.
    Types,
    /// The same without a transaction.
    Session,
}

/// Who does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Side {
    /// `tenant-core`.
    Ours,
    /// SQL written by hand for this very purpose.
    Plain,
}

impl Measure {
    /// The name by which it is asked for.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Migrate => "migrate",
            Self::Claim => "claim",
            Self::Pending => "pending",
            Self::Health => "health",
            Self::Shapes => "shapes",
            Self::Query => "query",
            Self::Floor => "floor",
            Self::Types => "types",
            Self::Session => "session",
        }
    }
}

impl Side {
    /// The name by which it is asked for.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Plain => "plain",
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_number_that_was_given_counts_also_in_a_quick_run() {
        let arguments = Arguments::parse_from(["fleet-bench", "--quick", "--tenants", "7"]);
        let plan = arguments.options.plan();
        assert_eq!((plan.tenants, plan.fleet, plan.rounds), (7, 60, 1));
    }

    #[test]
    fn names_are_those_that_are_parsed() {
        for measure in Measure::value_variants() {
            assert_eq!(Measure::from_str(measure.name(), false), Ok(*measure));
        }
        for side in Side::value_variants() {
            assert_eq!(Side::from_str(side.name(), false), Ok(*side));
        }
    }
}
