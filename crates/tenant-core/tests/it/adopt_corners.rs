//! Schemas that look like tenants, and are not, or not quite.

use tenant_core::{Error, ProblemKind};
use test_support::TestDatabase;

use crate::drift::everything;
use crate::fixture::{create, migrate, name, tenants, version};

#[tokio::test]
async fn neighbours_are_not_mentioned() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &everything()).await;
    create(&tenants, &["acme"]).await;
    let ledger = "__diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp)";
    database
        .execute(&format!(
            "CREATE SCHEMA shop; CREATE TABLE shop.{ledger}; INSERT INTO shop.__diesel_schema_migrations VALUES ('1'); \
             CREATE TABLE shop.people (id bigint, email text, address text, city text); CREATE TABLE shop.orders (id int, total int); \
             CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; CREATE SCHEMA hs; CREATE EXTENSION hstore SCHEMA hs; \
             CREATE SCHEMA lib; CREATE FUNCTION lib.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE lib.status AS ENUM ('open'); \
             CREATE SCHEMA reports; CREATE VIEW reports.tasks AS SELECT * FROM acme.tasks; \
             CREATE SCHEMA archive; CREATE TABLE archive.people (id bigint, email text)"
        ))
        .await;
    let health = tenants.health().await.unwrap();
    let problems = health.problems.iter().map(|it| format!("{it:?}"));
    assert_eq!(problems.collect::<Vec<_>>(), [""; 0]);
}

#[tokio::test]
async fn a_neighbour_that_is_new_is_never_to_be_dropped_with_what_is_in_it() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &everything()).await;
    let ledger = "__diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp)";
    // Another application with Diesel's table, whose first migration only makes
    // rows, or an extension.
    database
        .execute(&format!(
            "CREATE SCHEMA young; CREATE TABLE young.{ledger}; INSERT INTO young.__diesel_schema_migrations VALUES ('20200101000000'); \
             CREATE SCHEMA \"odd.name\"; CREATE TABLE \"odd.name\".{ledger}; CREATE SCHEMA empty_one"
        ))
        .await;
    let health = tenants.health().await.unwrap();
    for problem in &health.problems {
        assert!(
            !format!("{:?}", problem.remedies(tenants.registry())).contains("CASCADE"),
            "{problem:?}: {:?}",
            problem.remedies(tenants.registry())
        );
    }
}

/// Whoever follows the advice of the check drops nothing that no migration creates.
#[tokio::test]
async fn an_orphan_with_objects_of_others_is_never_to_be_dropped_with_them() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &everything()).await;
    create(&tenants, &["lost", "bare", "older"]).await;
    database
        .execute(
            "CREATE TABLE lost.invoices (id int); INSERT INTO lost.invoices VALUES (7);
             CREATE FUNCTION lost.total() RETURNS int LANGUAGE sql AS 'SELECT 7';
             CREATE VIEW bare.paid AS SELECT 7 AS id; DROP TABLE bare.__diesel_schema_migrations;
             DELETE FROM schema_tracker",
        )
        .await;
    let remedies = async || {
        let health = tenants.health().await.unwrap();
        let told = health.problems.iter().map(|it| {
            let remedies = format!("{:?}", it.remedies(tenants.registry()));
            let name = it.tenant.clone().unwrap_or_default();
            (name, it.kind.to_string(), remedies)
        });
        told.collect::<Vec<_>>()
    };
    let told = remedies().await;
    let of = |who: &str| told.iter().find(|(name, _, _)| name == who).unwrap();
    for (who, objects) in [
        (
            "lost",
            "these objects in it: function `total()`, table `invoices`",
        ),
        ("bare", "these objects in it: view `paid`"),
    ] {
        let (_, message, remedies) = of(who);
        assert!(message.ends_with(objects), "{message}");
        assert!(remedies.contains("AdoptTenant"), "{remedies}");
        assert!(remedies.contains("MoveOthersObjects"), "{remedies}");
        assert!(!remedies.contains("DROP"), "{remedies}");
    }
    assert!(of("older").2.contains("CASCADE"), "{told:?}");
    database
        .execute(
            "CREATE SCHEMA billing; ALTER TABLE lost.invoices SET SCHEMA billing;
             ALTER FUNCTION lost.total() SET SCHEMA billing",
        )
        .await;
    let told = remedies().await;
    let lost = told.iter().find(|(name, _, _)| name == "lost").unwrap();
    assert!(lost.2.contains("CASCADE"), "{told:?}");
    assert_eq!(database.value("SELECT id FROM billing.invoices").await, "7");
}

#[tokio::test]
async fn what_is_half_applied_fits_no_version() {
    let database = TestDatabase::new().await;
    let stream = everything()
        .with("CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE INDEX i ON b (id)");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["lost"]).await;
    database
        .execute("DELETE FROM schema_tracker; DROP TABLE lost.__diesel_schema_migrations; DROP INDEX lost.i")
        .await;
    let health = tenants.health().await.unwrap();
    let is_orphan = |kind: &ProblemKind| kind.code() == "orphaned_schema";
    assert!(health.problems.iter().all(|it| is_orphan(&it.kind)) && health.problems.len() == 1);
    let error = tenants.adopt(&name("lost")).await.unwrap_err();
    let Error::NoVersionFits {
        nearest,
        differences,
        ..
    } = &error
    else {
        panic!("{error:?}")
    };
    assert_eq!(*nearest, Some(version(3)));
    assert_eq!(*differences, ["index `i` is missing"]);
    tenants.adopt(&name("lost")).at(version(3)).await.unwrap();
    tenants.repair(&name("lost")).await.unwrap();
    migrate(&tenants).await;
    assert_eq!(tenants.health().await.unwrap().as_expected, Some(1));
}

#[tokio::test]
async fn a_schema_with_partitions_of_its_own_and_another_owner_is_adopted_by_its_shape() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &everything()).await;
    create(&tenants, &["acme", "tasks"]).await;
    let role = database.role("secret").await;
    let partition = "CREATE TABLE acme.log_27 PARTITION OF acme.log FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')";
    database
        .execute(&format!(
            "{partition}; DELETE FROM schema_tracker; DROP TABLE acme.__diesel_schema_migrations, tasks.__diesel_schema_migrations; \
             ALTER TABLE acme.people OWNER TO {}; GRANT SELECT ON acme.tasks TO {0}",
            role.name()
        ))
        .await;
    for who in ["acme", "tasks"] {
        let adopted = tenants.adopt(&name(who)).await.unwrap();
        assert_eq!(
            (adopted.version, adopted.by_shape),
            (Some(version(2)), true)
        );
    }
}
