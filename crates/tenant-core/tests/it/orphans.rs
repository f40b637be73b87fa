//! What is advised about schemas that lost their registration.

use tenant_core::remedy::Command;
use tenant_core::{Health, Remedy, Tenants};
use test_support::TestDatabase;

use crate::fixture::{create, name, tenants, two_steps};

/// What is advised about the schema `schema`.
fn advised(tenants: &Tenants, health: &Health, schema: &str) -> Vec<Remedy> {
    let mut problems = health.problems.iter();
    let problem = problems.find(|it| it.tenant.as_deref() == Some(schema));
    problem
        .unwrap_or_else(|| panic!("{schema}: {health:?}"))
        .remedies(tenants.registry())
}

#[tokio::test]
async fn a_schema_with_rows_is_to_be_registered_again_and_never_to_be_dropped() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme", "vacant", "beta"]).await;
    database
        .execute(
            "INSERT INTO acme.tasks VALUES (1, 'kept');
             CREATE SCHEMA bare; CREATE TABLE bare.tasks (id int, title text, due date);
             INSERT INTO bare.tasks VALUES (1);
             DELETE FROM schema_tracker WHERE name <> 'beta'",
        )
        .await;
    let health = tenants.health().await.unwrap();
    let adopt = |schema| {
        Remedy::from(Command::AdoptTenant {
            name: name(schema),
            at: None,
        })
    };
    for schema in ["acme", "bare"] {
        assert_eq!(advised(&tenants, &health, schema), [adopt(schema)]);
    }
    let [first, Remedy::Sql(drop)] = &advised(&tenants, &health, "vacant")[..] else {
        panic!("{health:?}")
    };
    assert_eq!(*first, adopt("vacant"));
    assert_eq!(drop.statements, ["DROP SCHEMA \"vacant\" CASCADE"]);
    tenants.adopt(&name("acme")).await.unwrap();
    assert_eq!(database.value("SELECT title FROM acme.tasks").await, "kept");
}
