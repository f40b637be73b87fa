//! What users of other tools have reported about names, each as a small trial.

use tenant_core::{NameRule, Naming, Note, Registry, TenantName, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, tenants};

async fn fleet(database: &TestDatabase, naming: Naming, stream: &Stream) -> Tenants {
    let tenants = tenants(database, stream).await;
    let listed = tenants.listed_in(Registry::default().naming(naming));
    listed.await.unwrap()
}

/// In another tool an existing schema hid a new one that differs in case only, which was
/// never made, and its tenant worked in `public`.
#[tokio::test]
async fn a_name_that_differs_in_case_only_is_another_tenants() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with("CREATE TABLE tasks (title text)");
    let tenants = fleet(&database, Naming::template("c_{name}").unwrap(), &stream).await;
    let name = |text: &str| tenants.name(text).unwrap();
    let report = tenants.create_many([name("a2"), name("A2")]).await.unwrap();
    assert_eq!(report.failures().count(), 0, "{report:?}");
    assert!(
        matches!(&*report.notes, [Note::SameButForCase { .. }]),
        "{:?}",
        report.notes
    );
    for text in ["a2", "A2"] {
        let insert = format!("INSERT INTO \"c_{text}\".tasks VALUES ('of {text}')");
        database.execute(&insert).await;
    }
    let pool = tenants.pool().open().await.unwrap();
    for text in ["a2", "A2", "a2"] {
        let own = pool.tenant(&name(text)).on_driver().await.unwrap();
        let row = own
            .query_typed_one("SELECT title FROM tasks", &[])
            .await
            .unwrap();
        assert_eq!(row.get::<_, String>(0), format!("of {text}"));
        own.end();
    }
}

/// In two others a slug with hyphens under a prefix could be created,
/// and neither cloned nor dropped.
#[tokio::test]
async fn what_has_hyphens_can_be_cloned_and_dropped_as_well() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE tasks (id serial PRIMARY KEY, title text);
         CREATE FUNCTION newest() RETURNS text LANGUAGE sql SET search_path FROM CURRENT
             AS 'SELECT title FROM tasks ORDER BY id DESC LIMIT 1';",
    );
    let naming = Naming::template("tenant_{name}").unwrap();
    let naming = naming.allowing("[a-z-]+").unwrap();
    let tenants = fleet(&database, naming, &stream).await;
    let (one, two) = (
        tenants.name("a-test-person").unwrap(),
        tenants.name("b-b").unwrap(),
    );
    tenants.create(&one).await.unwrap();
    database
        .execute("INSERT INTO \"tenant_a-test-person\".tasks (title) VALUES ('x')")
        .await;
    tenants.clone_tenant(&one, &two).await.unwrap();
    database
        .execute("INSERT INTO \"tenant_b-b\".tasks (title) VALUES ('y')")
        .await;
    assert_eq!(database.value("SELECT \"tenant_b-b\".newest()").await, "y");
    assert_eq!(
        database
            .value("SELECT \"tenant_a-test-person\".newest()")
            .await,
        "x"
    );
    for name in [&one, &two] {
        tenants.drop_tenant(name).await.unwrap();
    }
}

/// Words of SQL and plain numbers as names made another tool crash.
#[tokio::test]
async fn words_and_numbers_are_names_where_they_are_allowed() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with("CREATE TABLE tasks (title text)");
    let naming = Naming::same().allowing("[a-z0-9]+").unwrap();
    let tenants = fleet(&database, naming, &stream).await;
    let names = ["123", "select", "where", "1e5", "0x1f"].map(|text| tenants.name(text).unwrap());
    let report = tenants.create_many(names.clone()).await.unwrap();
    assert_eq!(report.failures().count(), 0, "{report:?}");
    assert!(tenants.health().await.unwrap().problems.is_empty());
    for name in &names {
        tenants
            .rename(name, &tenants.name(&format!("x{name}")).unwrap())
            .await
            .unwrap();
    }
}

/// A tenant without a name made another tool write SQL without one, and one called `pg_...`
/// failed at the server.
#[test]
fn what_can_be_no_schema_is_refused_before_anything_is_done() {
    let any = Naming::same().allowing("(?s).*").unwrap();
    assert_eq!(any.name("").unwrap_err().rule, NameRule::Empty);
    assert!(any.name("pg_acme").is_err());
    // With something before it, it is a name like any other.
    let naming = Naming::template("t_{name}")
        .unwrap()
        .allowing("(?s).*")
        .unwrap();
    assert!(naming.name("pg_acme").is_ok());
    assert!(TenantName::quoted("").is_err());
}

/// With a prefix, which users of several tools ask for, 63 bytes are the schema's, not the name's; and
/// PostgreSQL cuts what is longer without a word, so that two tenants share a schema.
#[tokio::test]
async fn no_two_names_are_cut_to_the_same_schema() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with("CREATE TABLE tasks (title text)");
    let tenants = fleet(
        &database,
        Naming::template("customer_{name}").unwrap(),
        &stream,
    )
    .await;
    let longest = "x".repeat(54);
    tenants
        .create(&tenants.name(&longest).unwrap())
        .await
        .unwrap();
    for end in ["a", "b"] {
        // It is a tenant's name elsewhere.
        let longer = format!("{longest}{end}").parse::<TenantName>().unwrap();
        let refused = tenants.create(&longer).await.unwrap_err();
        assert!(refused.to_string().contains("64 bytes"), "{refused}");
        assert!(tenants.drop_tenant(&longer).await.is_err());
    }
    assert_eq!(tenants.list().await.unwrap().len(), 1);
}
