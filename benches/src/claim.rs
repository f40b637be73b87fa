//! Creates a tenant from a schema that was prepared in advance.

use anyhow::ensure;
use tenant_core::{SpareCount, TenantName};

use crate::arguments::Task;
use crate::ours;
use crate::plain::{self, Creation};
use crate::stopwatch::{Sample, Stopwatch};
use crate::workload::Extent;

/// How many spare schemas are claimed, one after the other: each is a customer
/// who waits.
const CLAIMS: usize = 20;

/// The side of `tenant-core`.
pub(crate) async fn ours(task: &Task) -> anyhow::Result<Sample> {
    let tenants = ours::open(&task.url, Extent::All).await?;
    let kept = tenants.spares().keep(CLAIMS).jobs(task.jobs).await?;
    ensure!(kept.ready == CLAIMS, "{} spares are ready", kept.ready);
    let names = (1..=CLAIMS).map(|number| claimed(number).parse());
    let names = names.collect::<Result<Vec<TenantName>, _>>()?;
    let stopwatch = Stopwatch::start();
    for name in &names {
        tenants.create(name).await?;
    }
    let sample = stopwatch.stop(CLAIMS);
    // Without a spare the tenant would have been built, which is something else.
    let left = tenants.spares().count().await?;
    ensure!(
        left == SpareCount::default(),
        "{} spares are left",
        left.ready
    );
    Ok(sample)
}

/// The side of hand-written SQL.
pub(crate) async fn plain(task: &Task) -> anyhow::Result<Sample> {
    let creation = Creation::new(Extent::All)?;
    let spares = (1..=CLAIMS).map(spare).collect();
    plain::each(task, spares, move |name| creation.spare(name)).await?;
    let client = plain::connect(&task.url).await?;
    let stopwatch = Stopwatch::start();
    for number in 1..=CLAIMS {
        client.batch_execute(&claim(number)).await?;
    }
    Ok(stopwatch.stop(CLAIMS))
}

/// The message that gives a spare schema its tenant.
fn claim(number: usize) -> String {
    let (spare, tenant) = (spare(number), claimed(number));
    format!(
        "BEGIN; ALTER SCHEMA {spare} RENAME TO {tenant}; \
         INSERT INTO public.schema_tracker (name) VALUES ('{tenant}'); COMMIT"
    )
}

fn spare(number: usize) -> String {
    format!("spare_{number:02}")
}

fn claimed(number: usize) -> String {
    format!("claimed_{number:02}")
}
