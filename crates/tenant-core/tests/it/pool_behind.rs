//! Schemas behind the tenant's own in the path of the application's queries.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use tenant_core::{Error, PoolError, RuntimePath, Settings, TenantPool, Tenants};
use test_support::{PgBouncer, TestDatabase};

use crate::fixture::{Stream, create, name, open, tenants};
use crate::pgbouncer;

diesel::table! {
    tasks (title) {
        title -> Text,
    }
}

diesel::table! {
    plans (name) {
        name -> Text,
    }
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn label() -> Text;
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Text)]
    text: String,
}

/// For connections of this pool and any other.
async fn titles<C: AsyncConnection<Backend = Pg>>(connection: &mut C) -> QueryResult<Vec<String>> {
    tasks::table.select(tasks::title).load(connection).await
}

fn public() -> RuntimePath {
    RuntimePath::behind(["public"]).unwrap()
}

/// Tenants with a table of tasks, of which two have lost it, and shared tables in `public`.
async fn fleet(database: &TestDatabase) -> Tenants {
    let stream = Stream::new().with("CREATE TABLE tasks (title text NOT NULL);");
    let tenants = tenants(database, &stream).await;
    let shared = "CREATE TABLE plans (name text NOT NULL); INSERT INTO plans VALUES ('gold'); \
         CREATE TABLE tasks (title varchar(20) NOT NULL); INSERT INTO tasks VALUES ('public''s')";
    TestDatabase::execute(database, shared).await;
    create(&tenants, &["acme", "globex", "bare", "empty"]).await;
    let rows = "INSERT INTO acme.tasks VALUES ('acme''s'); \
         INSERT INTO globex.tasks VALUES ('globex''s'); \
         DROP TABLE bare.tasks; DROP TABLE empty.tasks";
    TestDatabase::execute(database, rows).await;
    tenants.behind(public())
}

async fn single(tenants: &Tenants) -> TenantPool {
    tenants.pool().size(1).open().await.unwrap()
}

async fn ask(pool: &TenantPool, tenant: &str, sql: &str) -> String {
    let mut tenant = pool.tenant(&name(tenant)).await.unwrap();
    let answer = diesel::sql_query(sql).get_result::<Answer>(&mut tenant);
    answer.await.unwrap().text
}

const PATH: &str = "SELECT array_to_string(current_schemas(false), ' ') AS text";

async fn assert_each_has_its_own(pool: &TenantPool) {
    for tenant in ["acme", "bare", "globex", "empty", "acme", "bare", "globex"] {
        // A table that a tenant lacks is the shared one: that is what was chosen.
        let expected = match tenant {
            "bare" | "empty" => ["public's".to_owned()],
            own => [format!("{own}'s")],
        };
        for is_lent in [false, true] {
            let mut connection = pool.read(&name(tenant)).await.unwrap();
            let found = match is_lent {
                false => titles(&mut *connection).await,
                true => titles(connection.as_async_pg().await.unwrap()).await,
            };
            assert_eq!(found.unwrap(), expected, "{tenant}");
            let plans = plans::table.select(plans::name);
            let plans: Vec<String> = plans.load(&mut *connection).await.unwrap();
            assert_eq!(plans, ["gold"]);
        }
    }
}

#[tokio::test]
async fn shared_tables_are_found_behind_and_no_tenant_sees_anothers() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database).await;
    let pool = single(&tenants).await;
    assert_each_has_its_own(&pool).await;
    let path = tenants.runtime_path().of(&"acme".parse().unwrap());
    assert_eq!(path, r#""acme", "public""#);
    assert_eq!(ask(&pool, "acme", PATH).await, "acme public");
}

#[tokio::test]
async fn the_same_is_found_behind_a_pooler() {
    let database = TestDatabase::new().await;
    drop(fleet(&database).await);
    let pooler = PgBouncer::start(&database, 1);
    let pool = TenantPool::builder(pgbouncer::behind(&pooler)).size(1);
    let pool = pool.behind(public()).open().await.unwrap();
    assert_each_has_its_own(&pool).await;
}

#[tokio::test]
async fn a_write_goes_to_the_tenants_table_and_a_session_has_the_same_path() {
    let database = TestDatabase::new().await;
    let pool = single(&fleet(&database).await).await;
    let acme = name("acme");
    let insert = || diesel::insert_into(tasks::table).values(tasks::title.eq("new"));
    let written = pool.write(&acme, async |acme| {
        Ok::<_, PoolError>(insert().execute(acme).await?)
    });
    written.await.unwrap();
    let mut session = pool.autocommit(&acme).await.unwrap();
    insert().execute(&mut *session).await.unwrap();
    drop(session);
    let counts = "SELECT concat_ws(' ', (SELECT count(*) FROM acme.tasks), \
                  (SELECT count(*) FROM public.tasks))";
    assert_eq!(database.value(counts).await, "3 1");
}

#[tokio::test]
async fn a_vanished_schema_is_told_and_its_tables_are_not_looked_for_in_public() {
    let database = TestDatabase::new().await;
    let pool = single(&fleet(&database).await).await;
    ask(&pool, "acme", PATH).await;
    TestDatabase::execute(&database, "DROP SCHEMA acme CASCADE").await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    let error = PoolError::from(titles(&mut *acme).await.unwrap_err());
    assert!(matches!(error, PoolError::MissingSchema(_)), "{error:?}");
}

#[tokio::test]
async fn a_commit_inside_does_not_leave_the_tenant_for_public() {
    let database = TestDatabase::new().await;
    let pool = single(&fleet(&database).await).await;
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    acme.batch_execute("COMMIT").await.unwrap();
    let error = PoolError::from(titles(&mut *acme).await.unwrap_err());
    assert!(matches!(error, PoolError::Ended), "{error:?}");
    drop(acme);
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    acme.batch_execute("RESET search_path").await.unwrap();
    let error = PoolError::from(titles(&mut *acme).await.unwrap_err());
    assert!(matches!(error, PoolError::PathReset), "{error:?}");
}

#[tokio::test]
async fn a_schema_behind_that_does_not_exist_is_named() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database).await;
    let missing = RuntimePath::behind(["public", "nowhere"]).unwrap();
    let error = tenants.behind(missing).pool().open().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the schema `nowhere` cannot follow the tenants' schemas in the search path: it does not exist"
    );
    assert!(!error.remedies().is_empty());
    for impossible in ["pg_temp", "", "information_schema"] {
        assert!(RuntimePath::behind([impossible]).is_err(), "{impossible}");
    }
}

#[tokio::test]
async fn migrations_see_the_tenants_schema_alone() {
    let database = TestDatabase::new().await;
    drop(fleet(&database).await);
    let stream = Stream::new()
        .with("CREATE TABLE tasks (title text NOT NULL);")
        .with("CREATE TABLE copies AS SELECT * FROM plans;");
    let settings = Settings {
        runtime_path: public(),
        ..Settings::default()
    };
    let tenants = open(&database, &stream, settings).await;
    let report = tenants.migrate().only([name("acme")]).await.unwrap();
    let (_, error) = report.failures().next().unwrap();
    assert_eq!(error.sqlstate(), Some("42P01"), "{error}");
}

#[tokio::test]
async fn a_function_of_the_same_name_with_another_result_is_each_tenants_own() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database).await;
    let functions = "CREATE FUNCTION public.label() RETURNS text LANGUAGE sql \
         AS $$ SELECT 'public' $$; \
         CREATE FUNCTION acme.label() RETURNS varchar LANGUAGE sql \
         AS $$ SELECT 'acme'::varchar $$";
    TestDatabase::execute(&database, functions).await;
    let pool = single(&tenants).await;
    for (tenant, expected) in [("acme", "acme"), ("globex", "public"), ("acme", "acme")] {
        let mut tenant = pool.read(&name(tenant)).await.unwrap();
        // A statement that Diesel prepares and keeps.
        let found = diesel::select(label()).get_result::<String>(&mut tenant);
        assert_eq!(found.await.unwrap(), expected);
    }
}

#[tokio::test]
async fn names_that_stand_in_both_schemas_are_listed_once_for_all_tenants() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE tasks (id serial, title text); CREATE TYPE kind AS ENUM ('a'); \
         CREATE FUNCTION label(text) RETURNS text LANGUAGE sql AS 'SELECT $1'; \
         CREATE VIEW own AS SELECT 1 AS one;",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme", "globex"]).await;
    let shared = "CREATE TABLE tasks (id serial, title text); CREATE TYPE kind AS ENUM ('a'); \
         CREATE FUNCTION label(text) RETURNS text LANGUAGE sql AS 'SELECT $1'; \
         CREATE FUNCTION label(int) RETURNS text LANGUAGE sql AS 'SELECT ''i''::text'; \
         CREATE VIEW others AS SELECT 1 AS one";
    TestDatabase::execute(&database, shared).await;
    assert_eq!(tenants.health().await.unwrap().in_both, []);
    let health = tenants.behind(public()).health().await.unwrap();
    let found = health.in_both.iter().map(ToString::to_string);
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            "function `label(text)` exists in 2 tenants and in the schema `public` behind them",
            "table `tasks` exists in 2 tenants and in the schema `public` behind them",
            "type `kind` exists in 2 tenants and in the schema `public` behind them",
        ]
    );
    assert!(health.is_healthy(), "{:?}", health.problems);
    // The dangerous case is a problem, as it always was.
    TestDatabase::execute(&database, "DROP TABLE acme.tasks").await;
    let health = tenants.behind(public()).health().await.unwrap();
    assert!(!health.is_healthy());
}

#[tokio::test]
async fn a_tenants_schema_behind_those_of_all_is_refused() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database).await;
    let tenants = tenants.behind(RuntimePath::behind(["public", "acme"]).unwrap());
    let refused = tenants.pool().size(1).open().await.unwrap_err();
    assert!(
        matches!(&refused, PoolError::TenantBehind(name) if name == "acme"),
        "{refused}"
    );
}

/// What is told of each schema behind those of the tenants.
async fn told(tenants: &Tenants) -> Vec<String> {
    let found = tenants.unfit_path().await.unwrap();
    found.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn health_and_urls_know_what_cannot_be_behind_all_tenants() {
    let database = TestDatabase::new().await;
    let tenants = fleet(&database).await;
    tenants.spares().keep(1).await.unwrap();
    let spare = "SELECT name FROM spare_schemas";
    let spare = database.value(spare).await;
    let whole = RuntimePath::behind(["public"]).unwrap();
    assert!(told(&tenants.behind(whole)).await.is_empty());
    for (schema, why) in [
        ("acme", "it is the schema of tenant `acme`"),
        (spare.as_str(), "it is a spare, reserved for a new tenant"),
        ("nowhere", "it does not exist"),
    ] {
        let tenants = tenants.behind(RuntimePath::behind(["public", schema]).unwrap());
        let words = format!(
            "the schema `{schema}` cannot follow the tenants' schemas in the search path: {why}"
        );
        assert_eq!(told(&tenants).await.join("; "), words);
        let health = tenants.health().await.unwrap();
        let found = health
            .problems
            .iter()
            .find(|it| it.kind.code() == "unfit_path");
        let found = found.unwrap();
        assert_eq!(found.kind.to_string(), words);
        assert!(!health.is_healthy() && !found.remedies(tenants.registry()).is_empty());
        let refused = tenants.url_of(&name("globex")).await.unwrap_err();
        assert_eq!(refused.to_string(), words);
        let pool = match tenants.pool().size(1).open().await {
            Ok(pool) => pool.tenant(&name("globex")).await.map(drop),
            Err(refused) => Err(refused),
        };
        assert!(pool.is_err(), "{schema}");
    }
}

/// What all tenants read is no tenant's: work on it would be work on all of them.
#[tokio::test]
async fn a_schema_that_all_tenants_read_is_not_worked_on_as_one_tenants() {
    let database = TestDatabase::new().await;
    drop(fleet(&database).await);
    let stream = Stream::new()
        .with("CREATE TABLE tasks (title text NOT NULL);")
        .with("CREATE TABLE notes (title text NOT NULL);");
    let settings = Settings {
        runtime_path: RuntimePath::behind(["public", "acme", "later"]).unwrap(),
        ..Settings::default()
    };
    let tenants = open(&database, &stream, settings).await;
    let (acme, later, other) = (name("acme"), name("later"), name("other"));
    for refused in [
        tenants.drop_tenant(&acme).await.map(drop),
        tenants.rename(&acme, &other).await.map(drop),
        tenants.rename(&name("globex"), &later).await.map(drop),
        tenants
            .clone_tenant(&name("globex"), &later)
            .await
            .map(drop),
        tenants.repair(&acme).await.map(drop),
        tenants.create(&later).await.map(drop),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, Error::UnfitPath(_)), "{error}");
    }
    let report = tenants.migrate().await.unwrap();
    let failed = report.failures().map(|(outcome, _)| outcome.name.as_str());
    assert_eq!(failed.collect::<Vec<_>>(), ["acme"]);
    let tables = "SELECT string_agg(schemaname, ' ' ORDER BY schemaname) FROM pg_tables \
         WHERE tablename = 'notes'";
    assert_eq!(database.value(tables).await, "bare empty globex");
    let rows = "SELECT count(*) FROM acme.tasks";
    assert_eq!(database.value(rows).await, "1");
}
