//! Prepared statements that serve one tenant after the other on one connection.

use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use tenant_core::{PoolError, TenantConnection, TenantPool, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, migrate, name, open, tenants};
use crate::pool::single;

diesel::table! {
    tasks (id) {
        id -> Integer,
        title -> Text,
    }
}

fn one_table() -> Stream {
    Stream::new().with("CREATE TABLE tasks (id serial PRIMARY KEY, title varchar(9) NOT NULL);")
}

/// Inserts a task and reads all, as an application does: with statements that are
/// prepared and kept.
async fn use_it(tenant: &mut TenantConnection) -> QueryResult<Vec<String>> {
    diesel::insert_into(tasks::table)
        .values(tasks::title.eq(tenant.tenant().to_string()))
        .execute(tenant)
        .await?;
    let titles = tasks::table.select(tasks::title).distinct();
    titles.load(tenant).await
}

async fn assert_usable(pool: &TenantPool, tenant: &str) {
    let of = name(tenant);
    let titles = pool.in_tenant(&of, async |tenant| {
        Ok::<_, PoolError>(use_it(tenant).await?)
    });
    assert_eq!(titles.await.unwrap(), [tenant]);
}

/// The statements that are prepared on the pool's connection.
async fn prepared(pool: &TenantPool) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Statement {
        #[diesel(sql_type = diesel::sql_types::Text)]
        statement: String,
    }
    let mut public = pool.public().await.unwrap();
    let sql = "SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%tasks%' \
               AND statement NOT LIKE '%pg_prepared%' ORDER BY 1";
    let rows: Vec<Statement> = diesel::sql_query(sql).load(&mut public).await.unwrap();
    rows.into_iter().map(|row| row.statement).collect()
}

#[tokio::test]
async fn tenants_that_are_alike_share_their_statements() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &one_table()).await;
    create(&tenants, &["acme", "globex", "initech"]).await;
    let pool = single(&tenants).await;
    for tenant in ["acme", "globex", "initech", "acme"] {
        assert_usable(&pool, tenant).await;
    }
    let prepared = prepared(&pool).await;
    assert_eq!(prepared.len(), 2, "{prepared:?}");
}

#[tokio::test]
async fn tenants_at_different_versions_are_served_on_one_connection() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &one_table()).await;
    create(&tenants, &["old", "new"]).await;
    let wider = one_table().with("ALTER TABLE tasks ALTER COLUMN title TYPE text;");
    let wider = open(&database, &wider, tenant_core::Settings::default()).await;
    wider.migrate().only([name("new")]).await.unwrap();
    let pool = single(&tenants).await;
    for tenant in ["old", "new", "old", "new"] {
        assert_usable(&pool, tenant).await;
    }
    assert_eq!(prepared(&pool).await.len(), 4);
}

#[tokio::test]
async fn a_tenant_that_is_migrated_meanwhile_is_served_without_an_error() {
    let database = TestDatabase::new().await;
    let wider = one_table().with("ALTER TABLE tasks ALTER COLUMN title TYPE text;");
    let before = tenants(&database, &one_table()).await;
    create(&before, &["acme", "globex"]).await;
    // The pool of the program that migrates.
    let tenants = open(&database, &wider, tenant_core::Settings::default()).await;
    let pool = single(&tenants).await;
    for tenant in ["acme", "globex"] {
        assert_usable(&pool, tenant).await;
    }
    migrate(&tenants).await;
    for tenant in ["acme", "globex", "acme"] {
        assert_usable(&pool, tenant).await;
    }
}

#[tokio::test]
async fn a_tenant_that_somebody_else_has_changed_fails_once_and_is_served_again() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &one_table()).await;
    create(&tenants, &["acme", "globex"]).await;
    let pool = single(&tenants).await;
    for tenant in ["acme", "globex"] {
        assert_usable(&pool, tenant).await;
    }
    TestDatabase::execute(
        &database,
        "ALTER TABLE globex.tasks ALTER COLUMN title TYPE text",
    )
    .await;
    let of = name("globex");
    let failed = pool.in_tenant(&of, async |tenant| {
        Ok::<_, PoolError>(use_it(tenant).await?)
    });
    let failed = failed.await.unwrap_err().to_string();
    assert_eq!(failed, "cached plan must not change result type");
    for tenant in ["globex", "acme", "globex"] {
        assert_usable(&pool, tenant).await;
    }
}

/// Each tenant has a type of its own, of the same name.
fn with_a_type() -> Stream {
    Stream::new().with(
        "CREATE TYPE progress AS ENUM ('open', 'done'); \
         CREATE TABLE jobs (id serial PRIMARY KEY, progress progress NOT NULL DEFAULT 'open');",
    )
}

tenant_core::tenant_enum! {
    /// How far a job is.
    pub enum Progress: ProgressSql = "progress" {
        /// Not yet.
        Open = "open",
        /// It is.
        Done = "done",
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::ProgressSql;

    jobs (id) {
        id -> Integer,
        progress -> ProgressSql,
    }
}

/// Inserts, updates, filters and reads by values of the type.
async fn use_type(tenant: &mut TenantConnection) -> QueryResult<Vec<(i32, Progress)>> {
    diesel::insert_into(jobs::table)
        .values(vec![
            jobs::progress.eq(Progress::Open),
            jobs::progress.eq(Progress::Done),
        ])
        .execute(tenant)
        .await?;
    let some = [Progress::Open, Progress::Done];
    let open = jobs::table.filter(jobs::progress.eq_any(some));
    let open = open.filter(jobs::progress.eq(Progress::Open));
    diesel::update(open)
        .set(jobs::progress.eq(Progress::Done))
        .execute(tenant)
        .await?;
    jobs::table.load(tenant).await
}

async fn two_with_a_type(database: &TestDatabase) -> Tenants {
    let tenants = tenants(database, &with_a_type()).await;
    create(&tenants, &["acme", "globex"]).await;
    tenants
}

#[tokio::test]
async fn an_enum_that_each_tenant_has_for_itself_is_written_and_read() {
    let database = TestDatabase::new().await;
    let pool = single(&two_with_a_type(&database).await).await;
    for (tenant, round) in [("acme", 1), ("globex", 1), ("acme", 2), ("globex", 2)] {
        let of = name(tenant);
        let jobs = pool.in_tenant(&of, async |tenant| {
            Ok::<_, PoolError>(use_type(tenant).await?)
        });
        let jobs = jobs.await.unwrap();
        assert_eq!(jobs.len(), 2 * round, "{tenant}");
        assert!(jobs.iter().all(|(_, progress)| *progress == Progress::Done));
    }
}

#[tokio::test]
async fn a_value_that_the_program_does_not_know_is_an_error_of_its_own() {
    let database = TestDatabase::new().await;
    let pool = single(&two_with_a_type(&database).await).await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    acme.batch_execute("INSERT INTO jobs DEFAULT VALUES; ALTER TYPE progress ADD VALUE 'lost'")
        .await
        .unwrap();
    acme.commit().await.unwrap();
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    acme.batch_execute("UPDATE jobs SET progress = 'lost'")
        .await
        .unwrap();
    let error = jobs::table
        .load::<(i32, Progress)>(&mut acme)
        .await
        .unwrap_err();
    let chain = crate::fixture::chain(&error);
    assert!(chain.contains("progress `lost`"), "{chain}");
}

#[tokio::test]
async fn statements_are_kept_for_some_shapes_only() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &with_a_type()).await;
    let names = (0..40)
        .map(|number| format!("t{number}"))
        .collect::<Vec<_>>();
    create(
        &tenants,
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    )
    .await;
    let pool = single(&tenants).await;
    for tenant in &names {
        let mut tenant = pool.tenant(&name(tenant)).await.unwrap();
        jobs::table
            .load::<(i32, Progress)>(&mut tenant)
            .await
            .unwrap();
    }
    let mut public = pool.public().await.unwrap();
    let query = diesel::sql_query("SELECT FROM pg_prepared_statements WHERE statement ~ 'jobs'");
    let kept = RunQueryDsl::execute(query, &mut public).await.unwrap();
    assert!((1..=64).contains(&kept), "{kept}");
}
