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
        let ProblemKind::ForeignOwner { owner, usual, .. } = &problem.kind else {
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

/// Gives everything in the schema to the role, as a restore by that role does.
async fn hand_all(database: &TestDatabase, role: &str) {
    let hand = format!(
        "DO $$ DECLARE it text; BEGIN \
         FOR it IN SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || oid::regclass \
             FROM pg_class c WHERE relnamespace = 'acme'::regnamespace \
             AND relkind IN ('r', 'p', 'v', 'm', 'S') AND NOT EXISTS (SELECT FROM pg_depend d \
                 WHERE d.objid = c.oid AND relkind = 'S' AND d.deptype IN ('a', 'i')) \
             UNION ALL SELECT 'ROUTINE ' || oid::regprocedure FROM pg_proc \
                 WHERE pronamespace = 'acme'::regnamespace \
             UNION ALL SELECT 'TYPE ' || oid::regtype FROM pg_type \
                 WHERE typnamespace = 'acme'::regnamespace AND (typtype IN ('e', 'd', 'r') \
                     OR typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c')) \
             UNION ALL SELECT 'STATISTICS acme.' || quote_ident(stxname) FROM pg_statistic_ext \
                 WHERE stxnamespace = 'acme'::regnamespace LOOP \
         EXECUTE 'ALTER ' || it || ' OWNER TO {role}'; END LOOP; END $$",
    );
    database.execute(&hand).await;
}

/// Restored as another role, a tenant belongs to it with all that it holds, its migration
/// history included: check and repair say the same, and what they advise is enough.
#[tokio::test]
async fn a_tenant_that_was_handed_over_wholly_is_brought_back_by_what_is_advised() {
    let database = TestDatabase::new().await;
    let (tenants, role) = handed_over(&database, &["b", "c"]).await;
    let usual = database.value("SELECT current_user").await;
    hand_all(&database, role.name()).await;
    let health = tenants.health().await.unwrap();
    let codes = health.problems.iter().map(|it| it.kind.code());
    assert_eq!(codes.collect::<Vec<_>>(), ["wrong_owner"], "{health:#?}");
    let remedies = health.problems[0].remedies(tenants.registry());
    for refused in [
        tenants.repair(&name("acme")).await.unwrap_err(),
        tenants.try_repair(&name("acme")).await.unwrap_err(),
    ] {
        assert!(matches!(refused, Error::WrongOwner { .. }), "{refused}");
        assert_eq!(refused.remedies(), remedies);
    }
    let [Remedy::Sql(sql)] = remedies.as_slice() else {
        panic!("{remedies:?}")
    };
    let history = format!("ALTER TABLE acme.__diesel_schema_migrations OWNER TO \"{usual}\"");
    assert!(sql.statements.contains(&history), "{:#?}", sql.statements);
    database.execute(&sql.statements.join(";")).await;
    assert_eq!(owners(&database).await, [usual]);
    let health = tenants.health().await.unwrap();
    assert!(health.is_healthy(), "{health:#?}");
    let repaired = tenants.repair(&name("acme")).await.unwrap();
    assert!(repaired.mended.is_empty() && repaired.left.is_empty());
}

/// The other way round: the role that owns the tenants is no superuser, and one tenant was
/// restored by the first role of the server, of whose objects the catalog records no owner.
#[tokio::test]
async fn a_tenant_that_a_superuser_restored_is_brought_back_as_well() {
    let database = TestDatabase::new().await;
    let (tenants, role) = handed_over(&database, &["b", "c"]).await;
    let usual = database.value("SELECT current_user").await;
    for tenant in ["b", "c"] {
        let hand = format!("ALTER SCHEMA {tenant} OWNER TO {}", role.name());
        database.execute(&hand).await;
    }
    hand_all(&database, role.name()).await;
    database
        .execute(&format!(
            "ALTER SCHEMA acme OWNER TO {usual}; ALTER TABLE acme.__diesel_schema_migrations OWNER TO {usual}"
        ))
        .await;
    let only = name("acme");
    let health = tenants.health().only([only.clone()]).await.unwrap();
    let [problem] = health.problems.as_slice() else {
        panic!("{:#?}", health.problems)
    };
    let remedies = problem.remedies(tenants.registry());
    let [Remedy::Sql(sql)] = remedies.as_slice() else {
        panic!("{remedies:?}")
    };
    assert_eq!(sql.statements.len(), 2, "{:#?}", sql.statements);
    database.execute(&sql.statements.join(";")).await;
    assert_eq!(owners(&database).await, [role.name()]);
    let health = tenants.health().only([only.clone()]).await.unwrap();
    assert!(health.is_healthy(), "{health:#?}");
}
