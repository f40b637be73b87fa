//! Damage done by hand, and what the health check says of it.

use tenant_core::{Error, Health, ProblemKind, Settings};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, open, tenants, two_steps, version};

fn problems(health: &Health) -> Vec<(Option<&str>, String)> {
    let problems = health.problems.iter();
    problems
        .map(|problem| {
            let kind = match &problem.kind {
                ProblemKind::Drift(difference) => difference.to_string(),
                kind => format!("{kind:?}"),
            };
            (problem.tenant.as_deref(), kind)
        })
        .collect()
}

#[tokio::test]
async fn sound_tenants_are_sound_and_the_check_leaves_nothing_behind() {
    let database = TestDatabase::new().await;
    let tenants = tenants(
        &database,
        &two_steps().outside("CREATE INDEX CONCURRENTLY ON tasks (title);"),
    )
    .await;
    create(&tenants, &["a", "b"]).await;
    let health = tenants.health().await.unwrap();
    assert_eq!((health.checked, problems(&health)), (2, vec![]));
    assert_eq!(database.schemas().await, ["a", "b"]);
}

#[tokio::test]
async fn each_kind_of_damage_is_found_at_its_tenant() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["gone", "behind", "ahead", "lacking", "sound"]).await;
    database
        .execute(&format!(
            "DROP SCHEMA gone CASCADE; \
             DELETE FROM behind.__diesel_schema_migrations WHERE version = '{}'; \
             ALTER TABLE behind.tasks DROP COLUMN due; \
             UPDATE schema_tracker SET fingerprints = '{{}}' WHERE name = 'behind'; \
             INSERT INTO ahead.__diesel_schema_migrations VALUES ('20990101000000'); \
             DROP TABLE lacking.tasks; \
             INSERT INTO schema_tracker (name) VALUES ('not-a-name')",
            version(2)
        ))
        .await;
    let health = tenants.health().await.unwrap();
    assert_eq!(health.checked, 6);
    let found = problems(&health);
    let expected = [
        (
            Some("ahead"),
            "UnknownMigration(\"20990101000000\")".to_owned(),
        ),
        (
            Some("behind"),
            format!("PendingMigrations([\"{}\"])", version(2)),
        ),
        (Some("gone"), "MissingSchema".to_owned()),
        (Some("lacking"), "table `tasks` is missing".to_owned()),
    ];
    assert_eq!(found[..4], expected);
    assert!(
        matches!(health.problems[4].kind, ProblemKind::InvalidName(_)),
        "{found:?}"
    );
    assert_eq!(found.len(), 5);
}

#[tokio::test]
async fn a_tenant_that_is_behind_is_not_blamed_for_tables_of_later_migrations() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let new = open(
        &database,
        &stream.with("CREATE TABLE later (id int);"),
        Settings::default(),
    )
    .await;
    let health = new.health().await.unwrap();
    assert_eq!(
        problems(&health),
        [(
            Some("acme"),
            format!("PendingMigrations([\"{}\"])", version(3))
        )]
    );
}

#[tokio::test]
async fn left_over_schemas_are_found_and_neighbours_are_not() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme", "lost"]).await;
    database
        .execute(
            "DELETE FROM schema_tracker WHERE name = 'lost'; CREATE SCHEMA empty; \
             CREATE SCHEMA looks_like_one; CREATE TABLE looks_like_one.tasks (id int, title text); \
             CREATE SCHEMA rival; CREATE TABLE rival.tasks (id uuid, name text); \
             CREATE TABLE rival.__diesel_schema_migrations (version text, run_on timestamp); \
             CREATE SCHEMA analytics; CREATE TABLE analytics.cubes (id int); \
             CREATE SCHEMA functions; CREATE FUNCTION functions.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        )
        .await;
    let health = tenants.health().await.unwrap();
    let orphan = |name, how: &str| (Some(name), format!("OrphanedSchema({how})"));
    assert_eq!(
        problems(&health),
        [
            orphan("empty", "Empty"),
            orphan("looks_like_one", "LikeATenant"),
            orphan("lost", "LikeATenant")
        ]
    );
}

#[tokio::test]
async fn the_public_schema_is_checked_too() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    database
        .execute("DELETE FROM public.__diesel_schema_migrations")
        .await;
    let health = tenants.health().await.unwrap();
    assert_eq!(
        problems(&health),
        [(
            None,
            "PendingMigrations([\"20260101000000\", \"20260103000000\", \"20260104000000\", \"20260105000000\", \"20261201990000\"])"
                .to_owned()
        )]
    );
}

#[tokio::test]
async fn one_tenant_can_be_checked_alone() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["a", "b"]).await;
    database
        .execute("DROP TABLE a.tasks; DROP TABLE b.tasks")
        .await;
    let health = tenants.health().only([name("a")]).await.unwrap();
    assert_eq!(
        (health.checked, problems(&health)),
        (1, vec![(Some("a"), "table `tasks` is missing".to_owned())])
    );
    let error = tenants.health().only([name("nobody")]).await.unwrap_err();
    assert!(matches!(error, Error::Unknown(_)), "{error}");
}

#[tokio::test]
async fn migrations_that_cannot_make_a_tenant_are_reported() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps().with("SELECT 1 / 0;")).await;
    let health = tenants.health().await.unwrap();
    assert!(
        matches!(
            health.problems[0].kind,
            ProblemKind::BrokenMigrations(Error::Migration(_))
        ),
        "{health:?}"
    );
}

#[tokio::test]
async fn migrations_for_outside_a_transaction_are_tried_in_a_form_that_can_be() {
    let database = TestDatabase::new().await;
    let stream = two_steps()
        .outside("CREATE UNIQUE INDEX CONCURRENTLY one_title ON tasks (title);")
        .with("ALTER TABLE tasks ADD CONSTRAINT one_title UNIQUE USING INDEX one_title;")
        .outside("VACUUM tasks;")
        .with("CREATE TABLE states (id int);");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let health = tenants.health().await.unwrap();
    assert_eq!(problems(&health), []);
    database.execute("DROP TABLE acme.states").await;
    let health = tenants.health().await.unwrap();
    assert_eq!(
        problems(&health),
        [(Some("acme"), "table `states` is missing".to_owned())]
    );
}

#[tokio::test]
async fn a_neighbour_that_has_a_table_of_the_same_name_among_others_is_no_orphan() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    database
        .execute("CREATE SCHEMA board; CREATE TABLE board.tasks (id int); CREATE TABLE board.cards (id int)")
        .await;
    assert_eq!(problems(&tenants.health().await.unwrap()), []);
}

#[tokio::test]
async fn migrations_that_no_single_transaction_would_take_are_tried_in_a_database() {
    let database = TestDatabase::new().await;
    let stream = Stream::new()
        .with("CREATE TYPE state AS ENUM ('open');")
        .outside("ALTER TYPE state ADD VALUE 'done';")
        .with("CREATE TABLE states (state state DEFAULT 'done');");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let databases = "SELECT count(*)::text FROM pg_database WHERE datname LIKE '\\_rehearsal%'";
    let health = tenants.health().await.unwrap();
    assert_eq!((problems(&health), health.as_expected), (vec![], Some(1)));
    assert_eq!(database.value(databases).await, "0");
    database
        .execute("ALTER TABLE acme.states ALTER state SET DEFAULT 'open'")
        .await;
    let health = tenants.health().await.unwrap();
    assert_eq!(problems(&health).len(), 1, "{health:?}");
}

#[tokio::test]
async fn migrations_that_cannot_be_tried_at_all_are_no_problem_and_no_silence() {
    let database = TestDatabase::new().await;
    let stream = Stream::new()
        .with("CREATE TYPE state AS ENUM ('open');")
        .outside("ALTER TYPE state ADD VALUE 'done';")
        .with("CREATE TABLE states (state state DEFAULT 'done');");
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let role = database.role("secret").await;
    let grants = format!(
        "GRANT CREATE ON DATABASE {} TO {role}; GRANT USAGE ON SCHEMA acme TO {role}; \
         GRANT SELECT ON ALL TABLES IN SCHEMA acme, public TO {role}",
        database.name(),
        role = role.name()
    );
    database.execute(&grants).await;
    let tenants = crate::fixture::open_at(&role.url(), &stream, Settings::default()).await;
    let health = tenants.health().await.unwrap();
    assert_eq!(problems(&health), []);
    // PostgreSQL 17 and later can try it, because the type is new as well.
    let version: u32 = database
        .value("SHOW server_version_num")
        .await
        .parse()
        .unwrap();
    assert_eq!(health.not_checked.is_some(), version < 170_000);
    assert_eq!(health.as_expected.is_some(), version >= 170_000);
}

#[tokio::test]
async fn what_the_applications_role_cannot_read_is_found() {
    let database = TestDatabase::new().await;
    let stream = two_steps().with("CREATE TABLE notes (id int);");
    create(
        &tenants(&database, &stream).await,
        &["good", "shut", "partly"],
    )
    .await;
    let role = database.role("secret").await;
    let app = role.name();
    database
        .execute(&format!(
            "GRANT USAGE ON SCHEMA good, partly TO {app}; \
             GRANT SELECT ON ALL TABLES IN SCHEMA good, shut TO {app}; \
             GRANT SELECT ON partly.tasks TO {app}"
        ))
        .await;
    let settings = |role: &str| Settings {
        application_role: Some(role.to_owned()),
        ..Settings::default()
    };
    let asking = open(&database, &stream, settings(app)).await;
    let health = asking.health().await.unwrap();
    let found = health.problems.iter().map(|problem| {
        let ProblemKind::NoAccess { tables, .. } = &problem.kind else {
            panic!("{problem:?}")
        };
        (problem.tenant.as_deref().unwrap(), tables.join(" "))
    });
    let expected = [("partly", "notes".to_owned()), ("shut", String::new())];
    assert_eq!(found.collect::<Vec<_>>(), expected);

    let nobody = open(&database, &stream, settings("nobody_of_that_name")).await;
    let error = nobody.health().await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("42704"), "{error}");
}
