//! Two tenants, and pools that have one connection each.

use deadpool::managed::Pool;
use diesel::QueryableByName;
use diesel::r2d2::ConnectionManager;
use diesel::sql_types::Text;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use tenant_path::{Cleared, Clearing, TenantPath, clear_before_use};
use test_support::TestDatabase;

pub(crate) type Manager = AsyncDieselConnectionManager<AsyncPgConnection>;
pub(crate) type Sync = AsyncConnectionWrapper<AsyncPgConnection>;

diesel::table! {
    /// Its column has another type in each tenant.
    settings (value) {
        value -> diesel::sql_types::Text,
    }
}

/// Two tenants. One of them lacks the table `notes`, which is in `public` as well, and the
/// columns called `value` have different types.
pub(crate) async fn two_tenants() -> TestDatabase {
    let database = TestDatabase::new().await;
    database
        .execute(
            "CREATE SCHEMA acme; CREATE SCHEMA globex; \
             CREATE TABLE acme.tasks (id serial PRIMARY KEY, title text NOT NULL); \
             CREATE TABLE globex.tasks (id serial PRIMARY KEY, title text NOT NULL); \
             CREATE TABLE acme.notes (text text); CREATE TABLE public.notes (text text); \
             INSERT INTO public.notes VALUES ('of all'); \
             CREATE TABLE acme.settings (value int); CREATE TABLE globex.settings (value text)",
        )
        .await;
    database
}

pub(crate) fn path(schema: &str) -> TenantPath {
    TenantPath::new(schema).unwrap()
}

pub(crate) async fn bb8(database: &TestDatabase) -> bb8::Pool<Cleared<Manager>> {
    let manager = Cleared::new(Manager::new(database.url()), &Clearing::new());
    bb8::Pool::builder()
        .max_size(1)
        .build(manager)
        .await
        .unwrap()
}

pub(crate) fn deadpool(database: &TestDatabase) -> Pool<Manager> {
    Pool::builder(Manager::new(database.url()))
        .max_size(1)
        .pre_recycle(clear_before_use(&Clearing::new()))
        .build()
        .unwrap()
}

pub(crate) fn r2d2(url: &str) -> diesel::r2d2::Pool<Cleared<ConnectionManager<Sync>>> {
    let manager = Cleared::new(ConnectionManager::new(url), &Clearing::new());
    diesel::r2d2::Pool::builder()
        .max_size(1)
        .build(manager)
        .unwrap()
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    answer: String,
}

/// The only value that the query gives, as text.
pub(crate) async fn ask(connection: &mut AsyncPgConnection, sql: &str) -> String {
    let query = diesel::sql_query(as_answer(sql));
    let row = diesel_async::RunQueryDsl::get_result::<Row>(query, connection);
    row.await.unwrap().answer
}

pub(crate) fn ask_sync<C>(connection: &mut C, sql: &str) -> String
where
    C: diesel::connection::LoadConnection<Backend = diesel::pg::Pg>,
{
    let row = diesel::RunQueryDsl::get_result::<Row>(diesel::sql_query(as_answer(sql)), connection);
    row.unwrap().answer
}

fn as_answer(sql: &str) -> String {
    format!("SELECT ({sql})::text AS answer")
}

pub(crate) async fn run(connection: &mut AsyncPgConnection, sql: &str) -> diesel::QueryResult<()> {
    let query = diesel::sql_query(sql);
    let ran = diesel_async::RunQueryDsl::execute(query, connection).await;
    ran.map(drop)
}

/// Which server process serves the connection.
pub(crate) const SERVED_BY: &str = "SELECT pg_backend_pid()";

/// What a user may leave on a connection, a question about it, and the answer of a
/// connection on which nothing is left.
pub(crate) const LEAVINGS: &[(&str, &str, &str)] = &[
    (
        "SET search_path TO acme",
        "SELECT current_setting('search_path')",
        "\"$user\", public",
    ),
    (
        "SET ROLE pg_monitor",
        "SELECT current_user = session_user",
        "true",
    ),
    (
        "SET SESSION AUTHORIZATION pg_monitor",
        "SELECT session_user <> 'pg_monitor'",
        "true",
    ),
    (
        "SET statement_timeout TO '7s'",
        "SELECT current_setting('statement_timeout')",
        "0",
    ),
    (
        "SET default_transaction_read_only TO on",
        "SELECT current_setting('transaction_read_only')",
        "off",
    ),
    (
        "SET TIME ZONE 'Asia/Tokyo'",
        "SELECT current_setting('TimeZone')",
        "UTC",
    ),
    (
        "CREATE TEMPORARY TABLE tasks (mine int)",
        "SELECT to_regclass('pg_temp.tasks') IS NULL",
        "true",
    ),
    (
        "PREPARE mine AS SELECT 1",
        "SELECT count(*) FROM pg_prepared_statements WHERE from_sql",
        "0",
    ),
    (
        "DECLARE mine CURSOR WITH HOLD FOR SELECT 1",
        "SELECT count(*) FROM pg_cursors WHERE is_holdable",
        "0",
    ),
    (
        "SELECT pg_advisory_lock(7)",
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
        "0",
    ),
    (
        "LISTEN news",
        "SELECT count(*) FROM pg_listening_channels()",
        "0",
    ),
    (
        "BEGIN; INSERT INTO acme.tasks (title) VALUES ('half')",
        "SELECT count(*) FROM acme.tasks WHERE title = 'half'",
        "0",
    ),
];
