//! The side of `tenant-core`, called as an application would call it.

use anyhow::ensure;
use tenant_core::{Database, FleetReport, Health, Settings, Status, Tenants};

use crate::arguments::Task;
use crate::stopwatch::{Sample, Stopwatch};
use crate::workload::{self, Extent};

/// The tenants of the task's database.
pub(crate) async fn open(url: &str, extent: Extent) -> anyhow::Result<Tenants> {
    let database = Database::parse(url)?;
    let migrations = workload::migrations(extent)?;
    Ok(Tenants::open(database, migrations, Settings::default()).await?)
}

/// Creates the tenants.
pub(crate) async fn create(task: &Task) -> anyhow::Result<Sample> {
    let tenants = open(&task.url, Extent::BeforeNewest).await?;
    let names = workload::tenant_names(task.tenants)?;
    let stopwatch = Stopwatch::start();
    let report = tenants.create_many(names).jobs(task.jobs).await?;
    let sample = stopwatch.stop(task.tenants);
    expect(&report, Status::Created, task.tenants)?;
    Ok(sample)
}

/// Applies the newest migration to each tenant.
pub(crate) async fn migrate(task: &Task) -> anyhow::Result<Sample> {
    run(task, Status::Migrated).await
}

/// Finds that there is nothing to do.
pub(crate) async fn pending(task: &Task) -> anyhow::Result<Sample> {
    run(task, Status::UpToDate).await
}

async fn run(task: &Task, expected: Status) -> anyhow::Result<Sample> {
    let tenants = open(&task.url, Extent::All).await?;
    let stopwatch = Stopwatch::start();
    let report = tenants.migrate().jobs(task.jobs).await?;
    let sample = stopwatch.stop(task.tenants);
    expect(&report, expected, task.tenants)?;
    Ok(sample)
}

/// Checks every tenant, without looking at more than its tables.
pub(crate) async fn health(task: &Task) -> anyhow::Result<Sample> {
    let tenants = open(&task.url, Extent::All).await?;
    let stopwatch = Stopwatch::start();
    let health = tenants.health().quick().await?;
    let sample = stopwatch.stop(task.tenants);
    check(&health, task)?;
    Ok(sample)
}

/// Checks everything in every tenant's schema.
pub(crate) async fn shapes(task: &Task) -> anyhow::Result<Sample> {
    let tenants = open(&task.url, Extent::All).await?;
    let stopwatch = Stopwatch::start();
    let health = tenants.health().await?;
    let sample = stopwatch.stop(task.tenants);
    check(&health, task)?;
    let expected = health.as_expected;
    ensure!(expected == Some(task.tenants), "as expected: {expected:?}");
    Ok(sample)
}

fn check(health: &Health, task: &Task) -> anyhow::Result<()> {
    ensure!(
        health.checked == task.tenants,
        "{} were checked",
        health.checked
    );
    ensure!(health.problems.is_empty(), "found {:?}", health.problems);
    Ok(())
}

/// What was measured was the work that was meant.
fn expect(report: &FleetReport, status: Status, tenants: usize) -> anyhow::Result<()> {
    if let Some((outcome, error)) = report.failures().next() {
        anyhow::bail!("tenant {}: {error}", outcome.name);
    }
    let count = report.count(status);
    ensure!(count == tenants, "{count} of {tenants} are {status:?}");
    Ok(())
}
