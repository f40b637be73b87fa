//! The figures, for people and for programs.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;

use crate::arguments::{Measure, Plan};
use crate::figures::{Figures, Measurement, Runs};
use crate::targets::{self, Target};

const HEADING: [&str; 7] = [
    "measured",
    "ours",
    "plain",
    "ratio",
    "each",
    "client CPU (ours / plain)",
    "peak memory (ours / plain)",
];

#[derive(Serialize)]
struct Document<'a> {
    tenants: usize,
    fleet: usize,
    rounds: usize,
    jobs: usize,
    measurements: &'a [Measurement],
    targets: &'a [Target],
}

/// The result as it is printed.
pub(crate) fn render(plan: &Plan, runs: &[Runs]) -> anyhow::Result<String> {
    let measurements = runs.iter().map(Runs::measurement).collect::<Vec<_>>();
    let targets = targets::of(&measurements);
    if plan.json {
        let document = Document {
            tenants: plan.tenants,
            fleet: plan.fleet,
            rounds: plan.rounds,
            jobs: plan.jobs,
            measurements: &measurements,
            targets: &targets,
        };
        return Ok(serde_json::to_string_pretty(&document)?);
    }
    let lines = targets.iter().map(Target::line).collect::<Vec<_>>();
    Ok(format!("{}\n{}", table(&measurements), lines.join("\n")))
}

fn table(measurements: &[Measurement]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(HEADING);
    table.add_rows(measurements.iter().map(row));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn row(it: &Measurement) -> [String; 7] {
    [
        title(it),
        of(&it.ours, |side| seconds(side.seconds)),
        of(&it.plain, |side| seconds(side.seconds)),
        it.ratio.map_or_else(none, |ratio| format!("{ratio:.2}")),
        of(&it.ours, |side| format!("{:.3} ms", side.ms_per_tenant)),
        pair(it, |side| Some(seconds(side.cpu_seconds))),
        pair(it, |side| Some(format!("{:.0} MB", side.peak_bytes? / 1e6))),
    ]
}

fn title(it: &Measurement) -> String {
    let tenants = it.tenants;
    match it.name {
        Measure::Create => format!("create {tenants} tenants"),
        Measure::Migrate => format!("one more migration for {tenants}"),
        Measure::Claim => format!("claim {tenants} spares, one by one"),
        Measure::Pending => format!("nothing pending for {tenants}"),
        Measure::Health => format!("health of {tenants}"),
        Measure::Shapes => format!("everything in {tenants} compared"),
        Measure::Query => format!("{tenants} queries in random tenants"),
        Measure::Floor => "the same, beside one fixed table".to_owned(),
        Measure::Types => format!("{tenants} with their own types"),
        Measure::Session => format!("{tenants} without a transaction"),
    }
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.3} s")
}

fn pair(it: &Measurement, show: fn(&Figures) -> Option<String>) -> String {
    let side = |side: &Option<Figures>| side.as_ref().and_then(show).unwrap_or_else(none);
    format!("{} / {}", side(&it.ours), side(&it.plain))
}

fn of(side: &Option<Figures>, show: impl Fn(&Figures) -> String) -> String {
    side.as_ref().map_or_else(none, show)
}

fn none() -> String {
    "-".to_owned()
}
