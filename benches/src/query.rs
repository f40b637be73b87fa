//! Reading single rows as an application does: many tasks, a pool, and a tenant
//! chosen at random each time.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use tenant_core::{TenantConnection, TenantName, TenantPool};

use crate::arguments::Task;
use crate::stopwatch::{Sample, Stopwatch};
use crate::workload::{self, Extent};
use crate::{ours, plain, prepare};

/// How many tenants are queried.
const TENANTS: usize = 100;

/// How many tasks query them at the same time.
const TASKS: usize = 32;

/// How many rows each table has.
pub(crate) const ROWS: i32 = 1_000;

tenant_core::tenant_enum! {
    /// A type that each tenant has for itself.
    pub enum Mood: MoodSql = "mood" {
        /// One half of the rows.
        Good = "good",
        /// The other half.
        Bad = "bad",
    }
}

diesel::table! {
    points (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::MoodSql;

    moods (id) {
        id -> Integer,
        name -> Text,
        mood -> MoodSql,
    }
}

/// Creates the tenants, with only the tables that are read. Tenants with their own type cannot
/// share prepared statements, so they are a separate set.
pub(crate) async fn prepare(url: &str) -> anyhow::Result<()> {
    let client = plain::connect(url).await?;
    let names = workload::names(2 * TENANTS).collect::<Vec<_>>();
    let (alike, own) = names.split_at(TENANTS);
    let points = alike.iter().map(|name| {
        format!(
            "CREATE TABLE {name}.points (id int PRIMARY KEY, name text NOT NULL); \
             INSERT INTO {name}.points SELECT id, 'row ' || id FROM generate_series(1, {ROWS}) id;"
        )
    });
    let moods = own.iter().map(|name| {
        format!(
            "CREATE TYPE {name}.mood AS ENUM ('good', 'bad'); \
             CREATE TABLE {name}.moods \
             (id int PRIMARY KEY, name text NOT NULL, mood {name}.mood NOT NULL); \
             INSERT INTO {name}.moods SELECT id, 'row ' || id, \
             CASE id % 2 WHEN 0 THEN 'good' ELSE 'bad' END::{name}.mood \
             FROM generate_series(1, {ROWS}) id;"
        )
    });
    let schemas = names.iter().map(|name| {
        format!("CREATE SCHEMA {name}; INSERT INTO public.schema_tracker (name) VALUES ('{name}');")
    });
    let sql = schemas.chain(points).chain(moods).collect::<String>();
    client.batch_execute(&sql).await?;
    prepare::tidy(url).await
}

/// In transactions, which is the usual way.
pub(crate) async fn transactions(task: &Task) -> anyhow::Result<Sample> {
    let Tenants { pool, names } = Tenants::open(task, 0).await?;
    let read = move |tenant: usize, id| {
        let opening = names.get(tenant).map(|name| pool.tenant(name));
        async move {
            let mut tenant = opening.context("no such tenant")?.await?;
            let row = point(&mut tenant, id).await?;
            tenant.commit().await?;
            Ok(row)
        }
    };
    many(task, read).await
}

/// The same in tenants that each have their own type.
pub(crate) async fn with_types(task: &Task) -> anyhow::Result<Sample> {
    let Tenants { pool, names } = Tenants::open(task, TENANTS).await?;
    let read = move |tenant: usize, id| {
        let opening = names.get(tenant).map(|name| pool.tenant(name));
        async move {
            let mut tenant = opening.context("no such tenant")?.await?;
            let row = moods::table.filter(moods::id.eq(id));
            let row = row.filter(moods::mood.eq_any([Mood::Good, Mood::Bad]));
            let (id, name, mood): (i32, String, Mood) = row.first(&mut tenant).await?;
            tenant.commit().await?;
            ensure!(
                (mood == Mood::Good) == (id % 2 == 0),
                "row {id} is {mood:?}"
            );
            Ok((id, name))
        }
    };
    many(task, read).await
}

/// Without transactions.
pub(crate) async fn sessions(task: &Task) -> anyhow::Result<Sample> {
    let Tenants { pool, names } = Tenants::open(task, 0).await?;
    let names = Arc::new(names);
    let read = move |tenant: usize, id| {
        let (pool, names) = (pool.clone(), Arc::clone(&names));
        async move {
            let name = names.get(tenant).context("no such tenant")?;
            let mut tenant = pool.tenant_session(name).await?;
            Ok(point(&mut tenant, id).await?)
        }
    };
    many(task, read).await
}

async fn point(tenant: &mut TenantConnection, id: i32) -> QueryResult<(i32, String)> {
    points::table.find(id).first(tenant).await
}

/// The tenants that are queried, and the pool.
struct Tenants {
    pool: TenantPool,
    names: Vec<TenantName>,
}

impl Tenants {
    /// Those from number `first` on.
    async fn open(task: &Task, first: usize) -> anyhow::Result<Self> {
        let tenants = ours::open(&task.url, Extent::All).await?;
        let pool = tenants.pool().size(u32::try_from(task.jobs)?);
        let pool = pool.wait(Duration::from_secs(60)).open().await?;
        let names = workload::tenant_names(first + TENANTS)?.split_off(first);
        Ok(Self { pool, names })
    }
}

/// Has many tasks `read` a row of a tenant again and again; both are chosen at
/// random. What comes must be the row that was asked for.
pub(crate) async fn many<R, F>(task: &Task, read: R) -> anyhow::Result<Sample>
where
    R: Fn(usize, i32) -> F + Send + Sync + 'static,
    F: Future<Output = anyhow::Result<(i32, String)>> + Send,
{
    let read = Arc::new(read);
    let each = task.tenants.div_ceil(TASKS);
    let stopwatch = Stopwatch::start();
    let readers = (0..TASKS).map(|_| {
        let read = Arc::clone(&read);
        tokio::spawn(async move {
            for _ in 0..each {
                let id = rand::random_range(1..=ROWS);
                let row = read(rand::random_range(0..TENANTS), id).await?;
                ensure!(row == (id, format!("row {id}")), "row {id} is {row:?}");
            }
            Ok(())
        })
    });
    for reader in readers.collect::<Vec<_>>() {
        reader.await??;
    }
    Ok(stopwatch.stop(each * TASKS))
}
