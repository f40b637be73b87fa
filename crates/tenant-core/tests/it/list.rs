//! Listing tenants and where they stand.

use tenant_core::{Error, Selection, Settings};
use test_support::TestDatabase;

use crate::fixture::{create, migrate, name, open, outcome, tenants, two_steps, version};

#[tokio::test]
async fn each_tenant_is_listed_with_its_version_and_what_it_lacks() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    let old = tenants(&database, &stream).await;
    create(&old, &["behind"]).await;
    let new = open(
        &database,
        &stream.with("CREATE TABLE more (id int);"),
        Settings::default(),
    )
    .await;
    create(&new, &["current"]).await;
    let listed = new.list().await.unwrap();
    let rows = listed
        .iter()
        .map(|tenant| (tenant.name.as_str(), tenant.version.clone(), tenant.pending));
    assert_eq!(
        rows.collect::<Vec<_>>(),
        [
            ("behind", Some(version(2)), Some(1)),
            ("current", Some(version(3)), Some(0))
        ]
    );
}

#[tokio::test]
async fn a_tenant_registered_by_hand_lacks_everything_until_it_is_migrated() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    database
        .execute("CREATE SCHEMA acme; INSERT INTO schema_tracker (name) VALUES ('acme')")
        .await;
    let listed = tenants.list().await.unwrap();
    assert_eq!(
        (listed[0].version.as_ref(), listed[0].pending),
        (None, Some(2))
    );
    assert_eq!(
        outcome(&migrate(&tenants).await, "acme").applied,
        [version(1), version(2)]
    );
    assert_eq!(tenants.list().await.unwrap()[0].pending, Some(0));
}

#[tokio::test]
async fn what_is_wrong_with_one_tenant_does_not_hide_the_others() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["a", "b", "c"]).await;
    database
        .execute(
            "DROP SCHEMA b CASCADE; INSERT INTO schema_tracker (name) VALUES ('no-name'); \
             ALTER TABLE c.__diesel_schema_migrations RENAME version TO v",
        )
        .await;
    let listed = tenants.list().await.unwrap();
    let find = |name: &str| listed.iter().find(|tenant| tenant.name == name).unwrap();
    assert!(find("a").error.is_none());
    assert!(matches!(find("b").error, Some(Error::MissingSchema(_))));
    assert!(matches!(
        find("no-name").error,
        Some(Error::InvalidRow { .. })
    ));
    assert!(matches!(find("c").error, Some(Error::Database { .. })));
    // What is not known is not made up.
    assert_eq!(find("a").pending, Some(0));
    for unknown in ["b", "c", "no-name"] {
        let tenant = find(unknown);
        assert_eq!((tenant.pending, tenant.version.as_ref()), (None, None));
    }
}

#[tokio::test]
async fn a_thousand_tenants_are_all_read() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    database
        .execute(
            "DO $$ BEGIN FOR n IN 1..1000 LOOP \
               EXECUTE format('CREATE SCHEMA t%s', n); \
               EXECUTE format('CREATE TABLE t%s.__diesel_schema_migrations \
                               (version varchar(50) PRIMARY KEY, run_on timestamp)', n); \
               EXECUTE format('INSERT INTO t%s.__diesel_schema_migrations VALUES (%L)', n, \
                              '20260201000000'); \
               INSERT INTO schema_tracker (name) VALUES ('t' || n); \
               IF n % 250 = 0 THEN COMMIT; END IF; \
             END LOOP; END $$",
        )
        .await;
    let listed = tenants.list().await.unwrap();
    assert_eq!(listed.len(), 1000);
    assert!(
        listed
            .iter()
            .all(|tenant| tenant.pending == Some(1) && tenant.error.is_none())
    );
}

#[tokio::test]
async fn it_is_told_which_migrations_each_tenant_lacks_and_which_nobody_knows() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["behind", "current", "lost", "newer"]).await;
    let changes = format!(
        "DELETE FROM behind.__diesel_schema_migrations WHERE version = '{}'; \
         INSERT INTO newer.__diesel_schema_migrations (version) VALUES ('29990101000000'); \
         DROP SCHEMA lost CASCADE",
        version(2)
    );
    database.execute(&changes).await;
    let standings = tenants.standings(Selection::all()).await.unwrap();
    let rows = standings
        .iter()
        .map(|one| (one.name.as_str(), one.pending.clone(), one.unknown.clone()));
    assert_eq!(
        rows.collect::<Vec<_>>(),
        [
            ("behind", vec![version(2)], vec![]),
            ("current", vec![], vec![]),
            ("lost", vec![], vec![]),
            ("newer", vec![], vec!["29990101000000".parse().unwrap()]),
        ]
    );
    assert!(matches!(standings[2].error, Some(Error::MissingSchema(_))));
    let one = Selection::only([name("behind")]);
    let one = tenants.standings(one).await.unwrap();
    assert_eq!((one.len(), one[0].name.as_str()), (1, "behind"));
    let nobody = tenants.standings(name("nobody").into()).await;
    assert!(matches!(nobody, Err(Error::Unknown(_))));
}
