//! Schemas that were handed to another role: one finding, and one way out of it.

use tenant_core::{Error, ProblemKind, Remedy, Tenants};
use test_support::{Role, TestDatabase};

use crate::drift::everything;
use crate::fixture::{create, name, tenants};

async fn handed_over(database: &TestDatabase, others: &[&str]) -> (Tenants, Role) {
    let tenants = tenants(database, &everything()).await;
    create(&tenants, &[&["acme"], others].concat()).await;
    let role = database.role("secret").await;
    let hand = format!("ALTER SCHEMA acme OWNER TO {}", role.name());
    database.execute(&hand).await;
    (tenants, role)
}

async fn owners(database: &TestDatabase) -> Vec<String> {
    let sql = "SELECT DISTINCT relowner::regrole::text FROM pg_class \
               WHERE relnamespace = 'acme'::regnamespace";
    database.column(sql).await
}

#[tokio::test]
async fn a_schema_that_was_handed_over_is_one_finding_whose_remedy_works() {
    // The only tenant, one of two, and one of several.
    for others in [&[][..], &["b"], &["b", "c"]] {
        let database = TestDatabase::new().await;
        let (tenants, role) = handed_over(&database, others).await;
        let before = owners(&database).await;
        let health = tenants.health().await.unwrap();
        let [problem] = health.problems.as_slice() else {
            panic!("{others:?}: {:#?}", health.problems)
        };
        let ProblemKind::ForeignOwner { owner, usual } = &problem.kind else {
            panic!("{problem:?}")
        };
        assert_eq!(
            (owner.as_str(), [usual.clone()].as_slice()),
            (role.name(), &*before)
        );

        let error = tenants.repair(&name("acme")).await.unwrap_err();
        assert!(matches!(error, Error::WrongOwner { .. }), "{error:?}");
        assert_eq!(error.remedies(), problem.remedies(tenants.registry()));
        assert_eq!(owners(&database).await, before);

        let remedies = error.remedies();
        let [Remedy::Sql(sql)] = remedies.as_slice() else {
            panic!("{remedies:?}")
        };
        database.execute(&sql.statements.join(";")).await;
        let health = tenants.health().await.unwrap();
        assert!(health.is_healthy(), "{health:#?}");
        let repaired = tenants.repair(&name("acme")).await.unwrap();
        assert!(repaired.mended.is_empty() && repaired.left.is_empty());
    }
}

/// Restored as another role, a tenant belongs to it with all that it holds.
#[tokio::test]
async fn a_tenant_that_was_handed_over_wholly_is_brought_back_step_by_step() {
    let database = TestDatabase::new().await;
    let (tenants, role) = handed_over(&database, &["b", "c"]).await;
    let hand = format!(
        "DO $$ DECLARE it text; BEGIN FOR it IN SELECT oid::regclass FROM pg_class \
         WHERE relnamespace = 'acme'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') LOOP \
         EXECUTE 'ALTER TABLE ' || it || ' OWNER TO {}'; END LOOP; END $$",
        role.name()
    );
    database.execute(&hand).await;
    let health = tenants.health().await.unwrap();
    let codes = health.problems.iter().map(|it| it.kind.code());
    assert_eq!(codes.collect::<Vec<_>>(), ["wrong_owner"], "{health:#?}");
    let remedies = health.problems[0].remedies(tenants.registry());
    let [Remedy::Sql(sql)] = remedies.as_slice() else {
        panic!("{remedies:?}")
    };
    database.execute(&sql.statements.join(";")).await;
    let repaired = tenants.repair(&name("acme")).await.unwrap();
    assert!(!repaired.mended.is_empty() && repaired.left.is_empty());
    let health = tenants.health().await.unwrap();
    assert!(health.is_healthy(), "{health:#?}");
}
