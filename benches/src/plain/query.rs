//! Reading single rows by hand: of one tenant's table, whose schema is written in
//! the query, so that there is nothing to set and nothing to check.

use anyhow::Context;
use bb8::Pool;
use diesel::prelude::*;
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use crate::arguments::Task;
use crate::query;
use crate::stopwatch::Sample;

diesel::table! {
    tenant_00001.points (id) {
        id -> Integer,
        name -> Text,
    }
}

/// A pool without the question, at each use, whether the connection is alive.
fn pool(task: &Task) -> anyhow::Result<Pool<AsyncDieselConnectionManager<AsyncPgConnection>>> {
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    let manager = AsyncDieselConnectionManager::new_with_config(&task.url, config);
    let pool = Pool::builder().max_size(u32::try_from(task.jobs)?);
    Ok(pool.build_unchecked(manager))
}

/// In transactions.
pub(crate) async fn transactions(task: &Task) -> anyhow::Result<Sample> {
    let pool = pool(task)?;
    let read = move |_, id| {
        let pool = pool.clone();
        async move {
            let mut connection = pool.get().await.context("no connection")?;
            let row = connection
                .transaction(async |connection| points::table.find(id).first(connection).await);
            row.await
                .map_err(|error: diesel::result::Error| error.into())
        }
    };
    query::many(task, read).await
}

/// Without them.
pub(crate) async fn statements(task: &Task) -> anyhow::Result<Sample> {
    let pool = pool(task)?;
    let read = move |_, id| {
        let pool = pool.clone();
        async move {
            let mut connection = pool.get().await.context("no connection")?;
            Ok(points::table.find(id).first(&mut connection).await?)
        }
    };
    query::many(task, read).await
}
