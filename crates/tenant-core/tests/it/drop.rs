//! Dropping tenants: only what is registered.

use tenant_core::{Error, Removed};
use test_support::TestDatabase;

use crate::fixture::{create, name, tenants, two_steps};

#[tokio::test]
async fn schema_and_registration_go_together_and_the_neighbour_stays() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme", "globex"]).await;
    assert_eq!(
        tenants.drop_tenant(&name("acme")).await.unwrap(),
        Removed::Tenant
    );
    assert_eq!(database.schemas().await, ["globex"]);
    assert_eq!(database.tracked().await, ["globex"]);
}

#[tokio::test]
async fn a_dropped_name_can_be_used_again() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    tenants.drop_tenant(&name("acme")).await.unwrap();
    create(&tenants, &["acme"]).await;
    assert_eq!(database.tracked().await, ["acme"]);
}

#[tokio::test]
async fn a_registration_without_a_schema_can_be_removed() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    database.execute("DROP SCHEMA acme CASCADE").await;
    assert!(!tenants.contents(&name("acme")).await.unwrap().schema);
    let removed = tenants.drop_tenant(&name("acme")).await.unwrap();
    assert_eq!(removed, Removed::RegistrationOnly);
    assert!(database.tracked().await.is_empty());
}

#[tokio::test]
async fn what_is_not_registered_is_never_dropped() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    database.execute("CREATE SCHEMA precious").await;
    let error = tenants.drop_tenant(&name("precious")).await.unwrap_err();
    assert!(matches!(error, Error::Untracked(_)), "{error}");
    let error = tenants.contents(&name("precious")).await.unwrap_err();
    assert!(matches!(error, Error::Untracked(_)), "{error}");
    let error = tenants.drop_tenant(&name("nobody")).await.unwrap_err();
    assert!(matches!(error, Error::Unknown(_)), "{error}");
    assert_eq!(database.schemas().await, ["precious"]);
}

#[tokio::test]
async fn what_will_go_is_told_before() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "INSERT INTO acme.tasks SELECT n FROM generate_series(1, 500) n; ANALYZE acme.tasks",
        )
        .await;
    let contents = tenants.contents(&name("acme")).await.unwrap();
    let [table] = contents.tables.as_slice() else {
        panic!("{contents:?}");
    };
    assert_eq!((table.name.as_str(), table.rows), ("tasks", Some(500)));
    assert!(table.bytes >= 8192, "{contents:?}");
}
