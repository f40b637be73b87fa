//! One message for each tenant, from a queue that several connections empty.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use super::connect;
use super::transaction::{Creation, Step};
use crate::arguments::Task;
use crate::stopwatch::{Sample, Stopwatch};
use crate::workload::{self, Extent};

/// Creates the tenants.
pub(crate) async fn create(task: &Task) -> anyhow::Result<Sample> {
    let creation = Creation::new(Extent::BeforeNewest)?;
    let names = workload::names(task.tenants).collect();
    let stopwatch = Stopwatch::start();
    each(task, names, move |name| creation.tenant(name)).await?;
    Ok(stopwatch.stop(task.tenants))
}

/// Applies the newest migration to each tenant.
pub(crate) async fn migrate(task: &Task) -> anyhow::Result<Sample> {
    let step = Step::newest()?;
    let client = connect(&task.url).await?;
    let stopwatch = Stopwatch::start();
    let rows = client
        .query_typed("SELECT name FROM public.schema_tracker ORDER BY name", &[])
        .await?;
    let names = rows.iter().map(|row| row.try_get(0));
    let names = names.collect::<Result<Vec<String>, _>>()?;
    each(task, names, move |name| step.message(name)).await?;
    Ok(stopwatch.stop(task.tenants))
}

/// Sends the message of each of `names`.
pub(crate) async fn each(
    task: &Task,
    names: Vec<String>,
    message: impl Fn(&str) -> String + Send + Sync + 'static,
) -> anyhow::Result<()> {
    let (names, message) = (Arc::new(names), Arc::new(message));
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..task.jobs {
        let (names, message, next) = (names.clone(), message.clone(), next.clone());
        let url = task.url.clone();
        workers.spawn(async move {
            let client = connect(&url).await?;
            while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                client.batch_execute(&message(name)).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended??;
    }
    Ok(())
}
