//! A registered schema that is not empty and has no migration history is not to be built
//! upon: each command says so, and what to do.

use tenant_core::remedy::{Advice, Command};
use tenant_core::{Error, FleetReport, Remedy, Status, Tenants};
use test_support::TestDatabase;

use crate::fixture::{
    create, migrate, name, outcome, rollback_with, tenants, two_steps, two_steps_and_back,
};

/// What a schema can hold that no migration creates.
const OF_OTHERS: [&str; 5] = [
    "CREATE TABLE acme.invoices (id int); INSERT INTO acme.invoices VALUES (7)",
    "CREATE VIEW acme.invoices AS SELECT 7 AS id",
    "CREATE TYPE acme.mood AS ENUM ('good')",
    "CREATE FUNCTION acme.f() RETURNS int LANGUAGE sql AS 'SELECT 7'",
    "CREATE SEQUENCE acme.ids",
];

async fn registered(database: &TestDatabase, statements: &str) {
    database
        .execute(&format!(
            "CREATE SCHEMA acme; {statements}; INSERT INTO schema_tracker (name) VALUES ('acme')"
        ))
        .await;
}

fn refusal(report: &FleetReport) -> &Error {
    let error = outcome(report, "acme").error.as_ref();
    error.unwrap_or_else(|| panic!("{report:?}"))
}

/// What each command that works on tenants gives for it.
async fn reports(tenants: &Tenants) -> Vec<(&'static str, FleetReport)> {
    let back = tenants.plan_rollback();
    vec![
        ("dry run", tenants.migrate().dry_run().await.unwrap()),
        ("migrate", migrate(tenants).await),
        ("accept edits", tenants.accept_edits().await.unwrap()),
        ("rollback", rollback_with(tenants, back).await.unwrap()),
    ]
}

#[tokio::test]
async fn what_others_have_made_in_a_registered_schema_is_not_built_upon() {
    for statements in OF_OTHERS {
        let database = TestDatabase::new().await;
        let tenants = tenants(&database, &two_steps_and_back()).await;
        create(&tenants, &["globex"]).await;
        registered(&database, statements).await;
        for (command, report) in reports(&tenants).await {
            let refused = refusal(&report);
            assert_eq!(
                refused.to_string(),
                "tenant `acme` has no migration history, and no migration creates its objects",
                "{command}: {statements}"
            );
            assert_eq!(
                refused.remedies(),
                [Remedy::from(Advice::MoveForeignObjects)]
            );
            assert_eq!(report.outcomes.len(), 2, "{command}");
        }
        let repaired = tenants.repair(&name("acme")).await.unwrap_err();
        assert!(matches!(repaired, Error::ForeignObjects(_)), "{repaired}");
        let created = tenants.create(&name("acme")).await.unwrap_err();
        assert!(matches!(created, Error::Taken(_)), "{created}");
        let history = "SELECT to_regclass('acme.__diesel_schema_migrations') IS NULL";
        assert_eq!(database.value(history).await, "t", "{statements}");
        let health = tenants.health().await.unwrap();
        let codes = health.problems.iter().map(|it| it.kind.code());
        assert!(
            codes.into_iter().any(|it| it == "foreign_objects"),
            "{health:?}"
        );
    }
}

#[tokio::test]
async fn what_the_migrations_made_is_not_made_again_where_its_history_is_lost() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("DROP TABLE acme.__diesel_schema_migrations")
        .await;
    let report = migrate(&tenants).await;
    let refused = refusal(&report);
    assert_eq!(
        refused.to_string(),
        "tenant `acme` has objects, but its migration history is missing or empty"
    );
    let adopt = Command::AdoptTenant {
        name: name("acme"),
        at: None,
    };
    assert_eq!(refused.remedies(), [Remedy::from(adopt)]);
    tenants.adopt(&name("acme")).await.unwrap();
    assert_eq!(migrate(&tenants).await.count(Status::UpToDate), 1);
}

#[tokio::test]
async fn an_empty_registered_schema_is_migrated_and_one_that_is_said_to_be_at_nothing() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    registered(&database, "SELECT 1").await;
    database
        .execute(
            "CREATE SCHEMA globex; CREATE FUNCTION globex.f() RETURNS int LANGUAGE sql AS 'SELECT 7'",
        )
        .await;
    let globex = name("globex");
    let at_nothing = tenants.adopt(&globex).at(tenant_core::At::Nothing);
    at_nothing.await.unwrap();
    assert_eq!(migrate(&tenants).await.count(Status::Migrated), 2);
}
