//! Compares work on many tenants with the same work in hand-written SQL, to detect changes that
//! make the fleet slower.
//!
//! Each side of each measurement is a separate process: this program, started again with a hidden
//! subcommand. Timings do not affect the exit code, which is 0 if everything was measured.

mod arguments;
mod bench;
mod child;
mod claim;
mod figures;
mod interrupt;
mod ours;
mod output;
mod plain;
mod prepare;
mod query;
mod report;
mod server;
mod stopwatch;
mod targets;
mod workload;

use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::Runtime;

use crate::arguments::{Arguments, Hidden, Plan};
use crate::interrupt::Interrupted;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = Runtime::new().map_err(anyhow::Error::from);
    let done = done.and_then(|runtime| match &arguments.hidden {
        Some(Hidden::Side(task)) => runtime.block_on(child::answer(task)),
        None => runtime.block_on(measure_all(&arguments.options.plan())),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(&format!("error: {error:#}"));
            ExitCode::from(if error.is::<Interrupted>() { 130 } else { 1 })
        }
    }
}

async fn measure_all(plan: &Plan) -> anyhow::Result<()> {
    let measurements = interrupt::or(bench::run(plan)).await?;
    output::result(&report::render(plan, &measurements)?)
}
