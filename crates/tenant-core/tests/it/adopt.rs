//! Schemas that are there already, and become tenants.

use tenant_core::remedy::Advice;
use tenant_core::{At, Error, Remedy};
use test_support::TestDatabase;

use crate::drift::{everything, found};
use crate::fixture::{create, migrate, name, open, tenants, two_steps, version};

/// Tenants of `two_steps`, of which `lost` has lost its registration.
async fn with_lost(database: &TestDatabase) -> tenant_core::Tenants {
    let tenants = tenants(database, &two_steps()).await;
    create(&tenants, &["acme", "lost"]).await;
    database
        .execute("DELETE FROM schema_tracker WHERE name = 'lost'")
        .await;
    tenants
}

async fn row(database: &TestDatabase, who: &str) -> String {
    let row = format!(
        "SELECT name || ' ' || coalesce(version, '-') FROM schema_tracker WHERE name = '{who}'"
    );
    database.value(&row).await
}

#[tokio::test]
async fn a_schema_with_a_ledger_is_taken_as_it_is() {
    let database = TestDatabase::new().await;
    let tenants = with_lost(&database).await;
    database
        .execute("ALTER TABLE lost.tasks DROP COLUMN due")
        .await;
    let adopted = tenants.adopt(&name("lost")).await.unwrap();
    assert_eq!(
        (adopted.version, adopted.by_shape),
        (Some(version(2)), false)
    );
    assert_eq!(row(&database, "lost").await, format!("lost {}", version(2)));
    assert_eq!(
        found(&tenants).await,
        [(
            "lost".to_owned(),
            "column `tasks.due` is missing".to_owned()
        )]
    );
    let again = tenants.adopt(&name("lost")).await.unwrap_err();
    assert!(matches!(again, Error::NothingToAdopt(_)), "{again}");
}

#[tokio::test]
async fn without_a_ledger_the_version_is_found_by_the_shape() {
    for (damage, count) in [
        ("DROP TABLE lost.__diesel_schema_migrations", 2),
        (
            "DELETE FROM lost.__diesel_schema_migrations; ALTER TABLE lost.tasks DROP COLUMN due",
            1,
        ),
        ("DROP TABLE lost.__diesel_schema_migrations, lost.tasks", 0),
    ] {
        let database = TestDatabase::new().await;
        let tenants = with_lost(&database).await;
        database.execute(damage).await;
        let adopted = tenants.adopt(&name("lost")).await.unwrap();
        assert!(adopted.by_shape, "{damage}");
        assert_eq!(
            adopted.version,
            (count > 0).then(|| version(count)),
            "{damage}"
        );
        migrate(&tenants).await;
        assert_eq!(found(&tenants).await, [], "{damage}");
        let applied =
            "SELECT string_agg(version, ' ' ORDER BY version) FROM lost.__diesel_schema_migrations";
        assert_eq!(
            database.value(applied).await,
            format!("{} {}", version(1), version(2))
        );
    }
}

#[tokio::test]
async fn a_registered_tenant_without_a_record_gets_one() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &everything()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("DROP TABLE acme.__diesel_schema_migrations")
        .await;
    let health = tenants.health().await.unwrap();
    // Nobody is told to migrate it, which would meet the tables that are there.
    let kinds = health.problems.iter().map(|it| it.kind.code());
    assert_eq!(kinds.collect::<Vec<_>>(), ["half_made"], "{health:?}");
    let adopted = tenants.adopt(&name("acme")).await.unwrap();
    assert_eq!(adopted.version, Some(version(2)));
    assert_eq!(found(&tenants).await, []);
}

#[tokio::test]
async fn what_looks_like_no_version_is_refused_with_the_differences_to_the_nearest() {
    let database = TestDatabase::new().await;
    let tenants = with_lost(&database).await;
    database
        .execute("DROP TABLE lost.__diesel_schema_migrations; ALTER TABLE lost.tasks ADD COLUMN own text")
        .await;
    let error = tenants.adopt(&name("lost")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the schema `lost` matches no version of a tenant: it differs from the nearest, version \
             {}: unexpected column `tasks.own`",
            version(2)
        )
    );
    let untouched = "SELECT (to_regclass('lost.__diesel_schema_migrations') IS NULL)::text || \
                     (SELECT count(*) FROM schema_tracker)";
    assert_eq!(database.value(untouched).await, "true1");

    let adopted = tenants.adopt(&name("lost")).at(version(2)).await.unwrap();
    assert_eq!(adopted.differences, ["unexpected column `tasks.own`"]);
    assert_eq!(row(&database, "lost").await, format!("lost {}", version(2)));
}

#[tokio::test]
async fn versions_that_look_alike_have_to_be_told_apart_by_people() {
    let database = TestDatabase::new().await;
    let stream = two_steps().with("INSERT INTO tasks (id) VALUES (7)");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("DELETE FROM schema_tracker; DROP TABLE acme.__diesel_schema_migrations")
        .await;
    let error = tenants.adopt(&name("acme")).await.unwrap_err();
    let Error::SeveralVersionsFit { versions, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(*versions, [Some(version(2)), Some(version(3))]);
    assert_eq!(
        error.remedies(),
        [Remedy::from(Advice::ChooseAdoptedVersion)]
    );
    tenants.adopt(&name("acme")).at(version(3)).await.unwrap();
    assert_eq!(found(&tenants).await, []);
}

/// A difference beside them does not make one of them likelier.
#[tokio::test]
async fn versions_that_look_alike_are_not_guessed_where_a_schema_matches_none() {
    let database = TestDatabase::new().await;
    let stream = two_steps().with("INSERT INTO tasks (id) VALUES (7)");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "DELETE FROM schema_tracker; DROP TABLE acme.__diesel_schema_migrations;
             ALTER TABLE acme.tasks ADD COLUMN own text",
        )
        .await;
    let error = tenants.adopt(&name("acme")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the schema `acme` matches no version of a tenant: it differs in the same way from the \
             nearest, version {} and version {}, which differ only in their rows: unexpected \
             column `tasks.own`",
            version(3),
            version(2)
        )
    );
    let advice = [Advice::FixSchema, Advice::ChooseAdoptedVersion];
    assert_eq!(error.remedies(), advice.map(Remedy::from));
}

#[tokio::test]
async fn what_cannot_be_adopted_is_refused() {
    let database = TestDatabase::new().await;
    let tenants = with_lost(&database).await;
    tenants.spares().keep(1).await.unwrap();
    let spare = database.value("SELECT name FROM spare_schemas").await;
    database.execute("CREATE SCHEMA gone; INSERT INTO schema_tracker (name) VALUES ('gone'); DROP SCHEMA gone").await;
    for (who, at, said) in [
        ("nobody", None, "there is no schema `nobody`"),
        (
            "acme",
            None,
            "tenant `acme` already has its schema and its migration history",
        ),
        (
            "gone",
            None,
            "tenant `gone` is registered, but its schema does not exist",
        ),
        (
            "lost",
            Some(At::Version("19990101000000".parse().unwrap())),
            "there is no migration with the version `19990101000000`",
        ),
        (
            "lost",
            Some(At::Nothing),
            "the schema `lost` cannot be given a version: its migration history already shows one",
        ),
        (&spare, None, "is a spare, reserved for a new tenant"),
    ] {
        let who = name(who);
        let call = tenants.adopt(&who);
        let call = if let Some(at) = at { call.at(at) } else { call };
        let error = call.await.unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
    assert_eq!(
        database
            .value("SELECT count(*)::text FROM schema_tracker")
            .await,
        "2"
    );
}

#[tokio::test]
async fn an_adopted_tenant_is_served_at_once() {
    let database = TestDatabase::new().await;
    let tenants = with_lost(&database).await;
    let pool = tenants.pool().size(1).open().await.unwrap();
    assert!(pool.tenant(&name("lost")).await.is_err());
    tenants.adopt(&name("lost")).await.unwrap();
    drop(pool.tenant(&name("lost")).await.unwrap());
}

#[tokio::test]
async fn two_tenants_are_compared_with_all_they_have() {
    let database = TestDatabase::new().await;
    let stream = everything();
    let before = tenants(&database, &stream).await;
    create(&before, &["one", "other"]).await;
    assert!(
        before
            .compare(&name("one"), &name("other"))
            .await
            .unwrap()
            .is_same()
    );
    database
        .execute("ALTER TABLE other.tasks ADD extra int; DROP INDEX other.tasks_due_idx; GRANT SELECT ON other.log TO PUBLIC")
        .await;
    let newer = stream.with("CREATE TABLE later (id int)");
    let newer = open(&database, &newer, Default::default()).await;
    migrate(&newer).await;
    database
        .execute(&format!(
            "DROP TABLE one.later; DELETE FROM one.__diesel_schema_migrations WHERE version = '{}'",
            version(3)
        ))
        .await;
    let comparison = newer.compare(&name("one"), &name("other")).await.unwrap();
    let words = comparison
        .differences
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>();
    assert_eq!(
        words,
        [
            "unexpected grants on table `log`: `PUBLIC` has SELECT",
            "index `tasks_due_idx` is missing",
            "unexpected table `later`",
            "unexpected column `tasks.extra`",
        ]
    );
    assert_eq!(comparison.only_in_second, [version(3)]);
    assert_eq!(comparison.only_in_first, [""; 0]);
    let error = newer
        .compare(&name("one"), &name("nobody"))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unknown(_)), "{error}");
    let fingerprints = (
        newer.shape(&name("one")).await.unwrap(),
        newer.shape(&name("other")).await.unwrap(),
    );
    assert_ne!(fingerprints.0.fingerprint(), fingerprints.1.fingerprint());
}
