//! A customer whose schema is another one in the query than in what is kept beside it.

use tenant_core::remedy::{Advice, Purpose};
use tenant_core::{
    Database, Error, Migrations, ProblemKind, Registry, Remedy, Settings, Status, TenantName,
    Tenants,
};
use test_support::TestDatabase;

use crate::fixture::{Stream, chain, name, two_steps};

const CUSTOMERS: &str = "CREATE TABLE public.customers (slug text PRIMARY KEY, home text)";

async fn opened(database: &TestDatabase, stream: &Stream) -> Tenants {
    let query = "SELECT slug AS name, home AS schema FROM public.customers";
    let registry = Registry::query(query);
    let migrations = Migrations {
        public: registry.migrations(),
        tenant: stream.set(),
    };
    let url = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default()).await;
    let tenants = tenants.unwrap().listed_in(registry).await.unwrap();
    tenants.migrate_public().await.unwrap();
    tenants
}

/// `acme` in the schema `a`, and `globex` in `g`.
async fn ready() -> (TestDatabase, Tenants) {
    let database = TestDatabase::new().await;
    database.execute(CUSTOMERS).await;
    let tenants = opened(&database, &two_steps()).await;
    for (slug, home) in [("acme", "a"), ("globex", "g")] {
        let insert = format!("INSERT INTO customers VALUES ('{slug}', '{home}')");
        database.execute(&insert).await;
        let schema = home.parse().unwrap();
        tenants.create_in(&name(slug), &schema).await.unwrap();
    }
    (database, tenants)
}

/// A copy of the schema `a` called `b`, as somebody restores one.
async fn copied(database: &TestDatabase) {
    database
        .execute(
            "CREATE SCHEMA b; CREATE TABLE b.tasks (LIKE a.tasks INCLUDING ALL); \
             CREATE TABLE b.__diesel_schema_migrations \
                 (LIKE a.__diesel_schema_migrations INCLUDING ALL); \
             INSERT INTO b.__diesel_schema_migrations SELECT * FROM a.__diesel_schema_migrations",
        )
        .await;
}

const POINT_AT_B: &str = "UPDATE customers SET home = 'b' WHERE slug = 'acme'";

#[tokio::test]
async fn a_customer_with_two_schemas_is_found_and_its_remedy_ends_it() {
    for is_copied in [true, false] {
        let (database, tenants) = ready().await;
        if is_copied {
            copied(&database).await;
        }
        database.execute(POINT_AT_B).await;
        for health in [tenants.health(), tenants.health().quick()] {
            let problems = health.await.unwrap().problems;
            let [problem] = problems.as_slice() else {
                panic!("{problems:?}")
            };
            assert_eq!(problem.tenant.as_deref(), Some("acme"));
            assert_eq!(problem.kind.code(), "two_schemas");
            assert_eq!(
                problem.kind.to_string(),
                "the query for tenants gives it the schema `b`, but its earlier schema `a` also exists"
            );
        }
        let problems = tenants.health().await.unwrap().problems;
        let remedies = problems[0].remedies(tenants.registry());
        let [Remedy::Advice(Advice::ChooseListedSchema), Remedy::Sql(sql)] = remedies.as_slice()
        else {
            panic!("{remedies:?}")
        };
        assert_eq!(sql.purpose, Purpose::FollowList);
        database.execute(&sql.statements.join("; ")).await;
        let problems = tenants.health().await.unwrap().problems;
        // The other schema is nobody's now, and is told as such.
        assert!(
            problems.iter().any(|it| it.tenant.as_deref() == Some("a")
                && matches!(it.kind, ProblemKind::OrphanedSchema(_))),
            "{problems:?}"
        );
        assert_eq!(
            problems.len(),
            if is_copied { 1 } else { 2 },
            "{problems:?}"
        );
    }
}

#[tokio::test]
async fn it_is_not_migrated_and_others_are() {
    let (database, _) = ready().await;
    copied(&database).await;
    database.execute(POINT_AT_B).await;
    let next = two_steps().with("CREATE TABLE notes ()");
    let tenants = opened(&database, &next).await;
    let report = tenants.migrate().await.unwrap();
    assert_eq!(report.count(Status::Failed), 1, "{report:?}");
    assert_eq!(report.count(Status::Migrated), 1, "{report:?}");
    let notes = "SELECT schemaname FROM pg_tables WHERE tablename = 'notes'";
    assert_eq!(database.column(notes).await, ["g"]);
    let listed = tenants.list().await.unwrap();
    let error = listed[0].error.as_ref().unwrap();
    assert_eq!(
        chain(error),
        "a row of the query for tenants is not a valid tenant: \"acme\" cannot be a tenant name: it is listed with the schema `b`, but its earlier schema `a` also exists"
    );
    let remedies = error.remedies_for(tenants.registry());
    assert_eq!(remedies[0], Remedy::from(Advice::ChooseListedSchema));
    // By its name it is not migrated either.
    let only = [TenantName::quoted("acme").unwrap()];
    let report = tenants.migrate().only(only).await.unwrap();
    assert_eq!(report.count(Status::Failed), 1, "{report:?}");
    assert_eq!(database.column(notes).await, ["g"]);
}

#[tokio::test]
async fn a_schema_that_the_application_has_renamed_is_nothing_to_report() {
    let (database, tenants) = ready().await;
    let rename = format!("ALTER SCHEMA a RENAME TO b; {POINT_AT_B}");
    database.execute(&rename).await;
    assert!(tenants.health().await.unwrap().problems.is_empty());
    let next = two_steps().with("CREATE TABLE notes ()");
    let tenants = opened(&database, &next).await;
    let report = tenants.migrate().await.unwrap();
    assert_eq!(report.count(Status::Migrated), 2, "{report:?}");
    let kept = "SELECT name || ' ' || schema FROM tenant_state ORDER BY 1";
    assert_eq!(database.column(kept).await, ["acme b", "globex g"]);
}

#[tokio::test]
async fn two_customers_that_have_changed_places_are_both_found() {
    let (database, tenants) = ready().await;
    let swap = "UPDATE customers SET home = CASE home WHEN 'a' THEN 'g' ELSE 'a' END";
    database.execute(swap).await;
    let problems = tenants.health().await.unwrap().problems;
    let kinds = problems.iter().map(|it| it.kind.code());
    assert_eq!(kinds.collect::<Vec<_>>(), ["two_schemas"; 2]);
    let listed = tenants.list().await.unwrap();
    let is_refused =
        |tenant: &tenant_core::Tenant| matches!(tenant.error, Some(Error::InvalidRow { .. }));
    assert!(listed.iter().all(is_refused), "{listed:?}");
}
