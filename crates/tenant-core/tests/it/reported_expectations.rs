//! Cases in which other tools find the wrong expected state of a database, or leave something
//! behind. Each has been reported.

use tenant_core::{Database, MigrationSet, Migrations, Settings, Tenants};
use test_support::TestDatabase;

use crate::expectation::{health, problems};
use crate::expectation_scratch::{COMMITS, beside};
use crate::fixture::{Stream, create, name, tenants};

#[tokio::test]
async fn an_extension_goes_into_a_schema_that_was_made_by_hand() {
    let database = TestDatabase::new().await;
    database.execute("CREATE SCHEMA extensions").await;
    let public = Stream::new().with("CREATE EXTENSION citext WITH SCHEMA extensions;");
    let stream = Stream::new().outside(&format!(
        "CREATE TABLE t (mail extensions.citext); {COMMITS}"
    ));
    let tenants = beside(&database, &public, &stream).await;
    create(&tenants, &["acme"]).await;
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
}

#[tokio::test]
async fn an_extension_that_cannot_be_made_again_matters_only_where_it_is_used() {
    for (table, is_checked) in [
        ("t (id int)", true),
        ("t (x public.file_fdw_needed)", false),
    ] {
        let database = TestDatabase::new().await;
        let role = database.role("secret").await;
        let (who, here) = (role.name(), database.name());
        // The role could not create this one.
        database
            .execute(&format!(
                "CREATE EXTENSION file_fdw; CREATE DOMAIN public.file_fdw_needed AS int; \
                 ALTER ROLE {who} CREATEDB; GRANT CREATE ON DATABASE \"{here}\" TO {who}; \
                 GRANT ALL ON SCHEMA public TO {who}"
            ))
            .await;
        let stream = Stream::new().outside(&format!("CREATE TABLE {table}; {COMMITS}"));
        let migrations = Migrations {
            public: MigrationSet::registry(),
            tenant: stream.set(),
        };
        let url = Database::parse(&role.url()).unwrap();
        let tenants = Tenants::open(url, migrations, Settings::default());
        let tenants = tenants.await.unwrap();
        tenants.migrate_public().await.unwrap();
        create(&tenants, &["acme"]).await;
        let found = health(&tenants).await;
        assert_eq!(found.is_healthy(), is_checked, "{:?}", problems(&found));
        if !is_checked {
            let told = format!("{:?} {:?}", found.problems, found.not_checked);
            assert!(told.contains("could not create an extension"), "{told}");
        }
    }
}

#[tokio::test]
async fn partitions_for_the_months_ahead_are_another_s_in_each_month() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE events (at date NOT NULL, body text) PARTITION BY RANGE (at);
         DO $$
         DECLARE first date;
         BEGIN
           FOR ahead IN 0..3 LOOP
             first := date_trunc('month', now()) + ahead * interval '1 month';
             EXECUTE format('CREATE TABLE %I PARTITION OF events FOR VALUES FROM (%L) TO (%L)',
                            'events_' || to_char(first, 'YYYY_MM'), first, first + interval '1 month');
             EXECUTE format('CREATE INDEX %I ON %I (body)', 'events_' || to_char(first, 'YYYY_MM') || '_body',
                            'events_' || to_char(first, 'YYYY_MM'));
           END LOOP;
           EXECUTE format('CREATE VIEW latest AS SELECT body FROM %I', 'events_' || to_char(first, 'YYYY_MM'));
         END $$;",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme", "older"]).await;
    database
        .execute(
            "DROP VIEW older.latest;
             DO $$ DECLARE part text; BEGIN
               FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'older.events'::regclass LOOP
                 EXECUTE 'DROP TABLE ' || part;
               END LOOP;
             END $$;
             CREATE TABLE older.events_2019_05 PARTITION OF older.events
                 FOR VALUES FROM ('2019-05-01') TO ('2019-06-01');
             CREATE INDEX events_2019_05_body ON older.events_2019_05 (body);
             CREATE VIEW older.latest AS SELECT body FROM older.events_2019_05",
        )
        .await;
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
    let repair = tenants.repair(&name("older")).await.unwrap();
    assert!(
        repair.mended.is_empty() && repair.left.is_empty(),
        "{repair:?}"
    );
}
