//! One side of one measurement in a separate process. Only then can its memory and CPU time be
//! distinguished from the other side's.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::arguments::{Measure, Side, Task};
use crate::stopwatch::Sample;
use crate::{claim, ours, output, plain, query};

/// How often to look whether a child has ended; its time is its own to take.
const PAUSE: Duration = Duration::from_millis(5);

/// Does the task, and prints what it took as a line of JSON.
pub(crate) async fn answer(task: &Task) -> anyhow::Result<()> {
    let sample = measure(task).await?;
    output::result(&serde_json::to_string(&sample)?)
}

async fn measure(task: &Task) -> anyhow::Result<Sample> {
    match (task.measure, task.side) {
        (Measure::Create, Side::Ours) => ours::create(task).await,
        (Measure::Create, Side::Plain) => plain::create(task).await,
        (Measure::Migrate, Side::Ours) => ours::migrate(task).await,
        (Measure::Migrate, Side::Plain) => plain::migrate(task).await,
        (Measure::Claim, Side::Ours) => claim::ours(task).await,
        (Measure::Claim, Side::Plain) => claim::plain(task).await,
        (Measure::Pending, Side::Ours) => ours::pending(task).await,
        (Measure::Pending, Side::Plain) => plain::pending(task).await,
        (Measure::Health, Side::Ours) => ours::health(task).await,
        (Measure::Health, Side::Plain) => plain::health(task).await,
        (Measure::Shapes, Side::Ours) => ours::shapes(task).await,
        (Measure::Shapes, Side::Plain) => plain::shapes(task).await,
        (Measure::Query | Measure::Floor, Side::Ours) => query::transactions(task).await,
        (Measure::Types, Side::Ours) => query::with_types(task).await,
        (Measure::Session, Side::Ours) => query::sessions(task).await,
        (Measure::Query | Measure::Types, Side::Plain) => plain::transactions(task).await,
        (Measure::Floor, Side::Plain) => plain::one_table(task).await,
        (Measure::Session, Side::Plain) => plain::statements(task).await,
    }
}

/// Has a child do the task; what it took.
pub(crate) async fn run(task: &Task) -> anyhow::Result<Sample> {
    let (measure, side) = (task.measure.name(), task.side.name());
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["side", measure, side, "--url", &task.url]);
    command.args(["--tenants", &task.tenants.to_string()]);
    command.args(["--jobs", &task.jobs.to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut running = Running(command.spawn()?);
    let status = loop {
        if let Some(status) = running.0.try_wait()? {
            break status;
        }
        tokio::time::sleep(PAUSE).await;
    };
    ensure!(status.success(), "`{measure}`, {side}: ended with {status}");
    let mut line = String::new();
    if let Some(mut pipe) = running.0.stdout.take() {
        pipe.read_to_string(&mut line)?;
    }
    serde_json::from_str(&line).with_context(|| format!("`{measure}`, {side}: said {line}"))
}

/// A child that does not outlive the wish for its answer.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended unless the run was interrupted.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
