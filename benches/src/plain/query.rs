//! Reading single rows by hand, with the schema written in the query, so that
//! there is nothing to set and nothing to check.

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

/// Diesel's manager for bb8.
type Manager = AsyncDieselConnectionManager<AsyncPgConnection>;

/// A pool as it comes.
fn pool(task: &Task) -> anyhow::Result<Pool<Manager>> {
    let manager = Manager::new(&task.url);
    let pool = Pool::builder().max_size(u32::try_from(task.jobs)?);
    Ok(pool.build_unchecked(manager))
}

/// A pool that does not ask at each use whether the connection is alive.
fn fast_pool(task: &Task) -> anyhow::Result<Pool<Manager>> {
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    let manager = Manager::new_with_config(&task.url, config);
    let pool = Pool::builder().max_size(u32::try_from(task.jobs)?);
    Ok(pool.test_on_check_out(false).build_unchecked(manager))
}

#[derive(QueryableByName)]
struct Point {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    id: i32,
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

/// Reads a row of any tenant. Diesel's typed tables have one schema or none, so
/// the query is written as text.
async fn point_of(
    connection: &mut AsyncPgConnection,
    (tenant, id): (usize, i32),
) -> QueryResult<(i32, String)> {
    let schema = tenant + 1;
    let sql = format!("SELECT id, name FROM tenant_{schema:05}.points WHERE id = $1");
    let query = diesel::sql_query(sql).bind::<diesel::sql_types::Integer, _>(id);
    let row: Point = query.get_result(connection).await?;
    Ok((row.id, row.name))
}

/// In transactions, in tenants chosen at random.
pub(crate) async fn transactions(task: &Task) -> anyhow::Result<Sample> {
    let pool = pool(task)?;
    let read = move |tenant, id| {
        let pool = pool.clone();
        async move {
            let mut connection = pool.get().await.context("no connection")?;
            let row =
                connection.transaction(async |connection| point_of(connection, (tenant, id)).await);
            row.await
                .map_err(|error: diesel::result::Error| error.into())
        }
    };
    query::many(task, read).await
}

/// In transactions, always in the same table: what no tenant can be faster than.
pub(crate) async fn one_table(task: &Task) -> anyhow::Result<Sample> {
    let pool = fast_pool(task)?;
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

/// Without transactions, in tenants chosen at random.
pub(crate) async fn statements(task: &Task) -> anyhow::Result<Sample> {
    let pool = pool(task)?;
    let read = move |tenant, id| {
        let pool = pool.clone();
        async move {
            let mut connection = pool.get().await.context("no connection")?;
            Ok(point_of(&mut connection, (tenant, id)).await?)
        }
    };
    query::many(task, read).await
}
