//! What others have met where a tenant's name and its schema's were taken for each
//! other, tried here.

use tenant_core::{Error, ProblemKind};
use test_support::TestDatabase;

use crate::fixture::{Stream, name, tenants, two_steps};

/// In another library a schema was made under its quoted name and looked for, dumped and
/// dropped under the bare one, so that one with a hyphen could be made and not used.
#[tokio::test]
async fn a_spare_whose_name_needs_quotes_is_migrated_taken_and_dropped() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    let tenants = tenants(&database, &stream).await;
    let odd = [r#"_spare_a-test "person".x"#, "_spare_it's \\ 2 ünder"];
    tenants.create(&name("acme")).await.unwrap();
    tenants.create(&name("globex")).await.unwrap();
    for (name, odd) in ["acme", "globex"].iter().zip(odd) {
        let (ident, literal) = (
            tenant_core::quote_ident(odd),
            tenant_core::quote_literal(odd),
        );
        database
            .execute(&format!(
                "ALTER SCHEMA {name} RENAME TO {ident}; \
                 INSERT INTO spare_schemas (name, version, fingerprints) \
                     SELECT {literal}, version, fingerprints FROM schema_tracker WHERE name = '{name}'; \
                 DELETE FROM schema_tracker WHERE name = '{name}'"
            ))
            .await;
    }
    let more = stream.with("CREATE TABLE notes (id int); CREATE INDEX ON notes (id)");
    let tenants = crate::fixture::tenants(&database, &more).await;
    assert_eq!(tenants.spares().count().await.unwrap().behind, 2);
    let report = tenants.migrate().await.unwrap();
    let migrated = report.spares.iter().map(|it| it.name.as_str());
    assert_eq!(migrated.collect::<Vec<_>>(), odd);
    assert_eq!(report.failures().count(), 0, "{report:?}");
    assert_eq!(tenants.spares().count().await.unwrap().ready, 2);
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:#?}");

    assert!(tenants.create(&name("initech")).await.unwrap().from_spare);
    let kept = tenants.spares().keep(0).await;
    assert_eq!(kept.unwrap().ready, 0);
    assert_eq!(database.schemas().await, ["initech"]);
    let left = database.value("SELECT count(*) FROM spare_schemas").await;
    assert_eq!(left, "0");
    assert!(tenants.health().await.unwrap().problems.is_empty());
}

/// In another library the schema of a new tenant was looked for without regard to case
/// and made with it, so that a second one was never made, and its path led to `public`.
#[tokio::test]
async fn names_that_differ_in_case_only_have_schemas_of_their_own() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    for tenant in ["c2", "C2"] {
        tenants.create(&name(tenant)).await.unwrap();
    }
    assert_eq!(database.schemas().await, ["C2", "c2"]);
    let pool = tenants.pool().open().await.unwrap();
    for tenant in ["c2", "C2"] {
        let mut open = pool.tenant(&name(tenant)).await.unwrap();
        diesel_async::SimpleAsyncConnection::batch_execute(
            &mut *open,
            &format!("INSERT INTO tasks (id, title) VALUES (1, '{tenant}')"),
        )
        .await
        .unwrap();
        open.commit().await.unwrap();
    }
    for (ident, title) in [("c2", "c2"), ("\"C2\"", "C2")] {
        let found = database
            .value(&format!("SELECT title FROM {ident}.tasks"))
            .await;
        assert_eq!(found, title);
    }
    tenants.drop_tenant(&name("C2")).await.unwrap();
    assert_eq!(database.schemas().await, ["c2"]);
}

/// In another library who changed the name in the tenant's row believed that the schema
/// was renamed with it.
#[tokio::test]
async fn a_row_that_was_renamed_by_hand_is_found_and_takes_no_schema_with_it() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with("CREATE TABLE tasks (id int)");
    let tenants = tenants(&database, &stream).await;
    tenants.create(&name("acme")).await.unwrap();
    database
        .execute("UPDATE schema_tracker SET name = 'globex' WHERE name = 'acme'")
        .await;
    let health = tenants.health().await.unwrap();
    let found = health.problems.iter();
    let found = found.map(|it| (it.tenant.as_deref().unwrap_or_default(), &it.kind));
    let found = found.collect::<Vec<_>>();
    assert!(
        matches!(
            found.as_slice(),
            [
                ("acme", ProblemKind::OrphanedSchema(_)),
                ("globex", ProblemKind::MissingSchema)
            ]
        ),
        "{found:?}"
    );
    // Neither name leads to what the other one has.
    let renamed = tenants.rename(&name("globex"), &name("initech")).await;
    assert!(
        matches!(renamed, Err(Error::MissingSchema(_))),
        "{renamed:?}"
    );
    let dropped = tenants.drop_tenant(&name("acme")).await;
    assert!(matches!(dropped, Err(Error::Untracked(_))), "{dropped:?}");
    let pool = tenants.pool().open().await.unwrap();
    assert!(pool.tenant(&name("globex")).await.is_err());
    tenants.drop_tenant(&name("globex")).await.unwrap();
    tenants.adopt(&name("acme")).await.unwrap();
    assert!(tenants.health().await.unwrap().problems.is_empty());
}
