//! Migrations that are tried in a scratch database: what it has before and after the
//! public migrations.

use tenant_core::{Database, MigrationSet, Migrations, Settings, Tenants};
use test_support::{TestDatabase, eventually};

use crate::expectation::{health, problems};
use crate::fixture::{Stream, create};

/// A statement that commits, so that the migrations are tried in a scratch database.
pub(crate) const COMMITS: &str = "DO $$ BEGIN PERFORM 1; COMMIT; END $$;";

/// Tenants beside the public migrations of `public`.
pub(crate) async fn beside(database: &TestDatabase, public: &Stream, stream: &Stream) -> Tenants {
    let migrations = Migrations {
        public: MigrationSet::registry().merge(public.set()).unwrap(),
        tenant: stream.set(),
    };
    let url = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default());
    let tenants = tenants.await.unwrap();
    tenants.migrate_public().await.unwrap();
    tenants
}

#[tokio::test]
async fn what_public_migrations_create_anew_is_not_in_their_way() {
    for (public, by_hand, tenant) in [
        (
            "CREATE EXTENSION citext;",
            "",
            "CREATE TABLE t (mail public.citext);",
        ),
        (
            "CREATE SCHEMA reporting; CREATE EXTENSION IF NOT EXISTS citext SCHEMA reporting;",
            "",
            "CREATE TABLE t (mail reporting.citext);",
        ),
        (
            "DO $$ BEGIN EXECUTE 'CREATE EXTENSION cube'; CREATE SCHEMA reporting; END $$;",
            "CREATE EXTENSION earthdistance SCHEMA public; CREATE EXTENSION hstore SCHEMA reporting",
            "CREATE TABLE t (at public.earth, more reporting.hstore);",
        ),
    ] {
        let database = TestDatabase::new().await;
        let stream = Stream::new().outside(&format!("{tenant} {COMMITS}"));
        let stream = stream.back("DROP TABLE t;");
        let public = Stream::new().with(public);
        let tenants = beside(&database, &public, &stream).await;
        database.execute(by_hand).await;
        create(&tenants, &["acme"]).await;
        let found = health(&tenants).await;
        assert!(found.is_healthy(), "{:?}", problems(&found));
        let plan = tenants.plan_rollback().await.unwrap();
        let notes = plan.notes().iter().map(ToString::to_string);
        assert_eq!(notes.collect::<Vec<_>>(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_extension_made_by_hand_is_there_before_public_migrations_need_it() {
    let database = TestDatabase::new().await;
    database
        .execute("CREATE SCHEMA tools; CREATE EXTENSION citext SCHEMA tools")
        .await;
    let public = Stream::new()
        .with("CREATE EXTENSION cube; CREATE TABLE plans (name tools.citext PRIMARY KEY);");
    let stream = Stream::new().outside(&format!(
        "CREATE TABLE t (plan tools.citext REFERENCES public.plans); {COMMITS}"
    ));
    let tenants = beside(&database, &public, &stream).await;
    create(&tenants, &["acme"]).await;
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
}

#[tokio::test]
async fn a_trial_that_nobody_waits_for_any_more_leaves_no_database() {
    let database = TestDatabase::new().await;
    // The name tells this test's database from others' on the same server.
    let stream = Stream::new().outside(
        "CREATE TABLE t (id int);
         DO $$ BEGIN
           IF current_database() LIKE '\\_rehearsal\\_%' THEN
             PERFORM set_config('application_name', 'given up', false);
             PERFORM pg_sleep(60);
           END IF;
           COMMIT;
         END $$;",
    );
    let tenants = crate::fixture::tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let sleeping = "SELECT min(datname) FROM pg_stat_activity WHERE application_name = 'given up'";
    let checking = tokio::spawn(async move { tenants.health().await.map(drop) });
    eventually("it is tried", async || {
        !database
            .column(&format!(
                "SELECT datname FROM ({sleeping}) s (datname) WHERE datname IS NOT NULL"
            ))
            .await
            .is_empty()
    })
    .await;
    let name = database.value(sleeping).await;
    checking.abort();
    eventually("the database is gone", async || {
        let left = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
        database.value(&left).await == "0"
    })
    .await;
}
