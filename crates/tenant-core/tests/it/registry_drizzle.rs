//! A list of tenants that was there before, as the Drizzle original makes it.

use tenant_core::{Error, ErrorKind, Settings, Status};
use test_support::TestDatabase;

use crate::fixture::{chain, create, name, open, two_steps};

/// What such a project may have, each with the rows `acme` and `globex`.
const TABLES: [&str; 4] = [
    "CREATE TABLE schema_tracker (
         id uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL, name text NOT NULL,
         CONSTRAINT schema_tracker_name_unique UNIQUE (name))",
    "CREATE TABLE schema_tracker (
         id uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL, name text NOT NULL)",
    "CREATE TABLE schema_tracker (id serial PRIMARY KEY NOT NULL, name varchar(256))",
    "CREATE TABLE schema_tracker (
         id uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL, name text NOT NULL,
         created_at timestamp with time zone DEFAULT now() NOT NULL, note text)",
];

const ROWS: &str = "INSERT INTO schema_tracker (name) VALUES ('acme'), ('globex')";

#[tokio::test]
async fn it_is_taken_over_with_all_its_rows() {
    for table in TABLES {
        let database = TestDatabase::new().await;
        database.execute(table).await;
        database.execute(ROWS).await;
        database
            .execute("CREATE SCHEMA acme; CREATE TABLE acme.tasks (id int PRIMARY KEY, title text)")
            .await;
        let rows = "SELECT id || ' ' || name FROM schema_tracker ORDER BY name";
        let as_they_were = database.column(rows).await;
        let tenants = open(&database, &two_steps(), Settings::default()).await;
        let outcome = tenants.migrate_public().await.unwrap();
        assert_eq!(outcome.applied.len(), 5, "{outcome:?}");
        assert_eq!(database.column(rows).await, as_they_were, "{table}");
        assert!(tenants.migrate_public().await.unwrap().applied.is_empty());

        // Its schemas have no record of migrations, and are adopted as they are.
        let adopted = tenants.adopt(&name("acme")).await.unwrap();
        assert!(adopted.by_shape, "{adopted:?}");
        let report = tenants.migrate().only([name("acme")]).await.unwrap();
        assert_eq!(report.count(Status::Migrated), 1, "{report:?}");
        create(&tenants, &["new_one"]).await;
        assert_eq!(tenants.list().await.unwrap().len(), 3);
        // A name is there once from now on.
        let twice = database
            .value("SELECT count(*)::text FROM pg_indexes WHERE indexdef LIKE '%UNIQUE%(name)%' AND tablename = 'schema_tracker'")
            .await;
        assert_eq!(twice, "1", "{table}");
    }
}

#[tokio::test]
async fn rows_that_are_no_tenants_are_told_and_nothing_is_changed() {
    for (table, rows, fault) in [
        (
            TABLES[1],
            "INSERT INTO schema_tracker (name) VALUES ('acme'), ('acme'), ('big-bang')",
            "the table `public.schema_tracker` cannot be the list of tenants: 2 of its rows have \
             the name \"acme\"",
        ),
        (
            TABLES[2],
            "INSERT INTO schema_tracker (name) VALUES (NULL)",
            "the table `public.schema_tracker` cannot be the list of tenants: 1 of its rows have \
             no name",
        ),
        (
            "CREATE TABLE schema_tracker (id int, title text)",
            "SELECT 1",
            "the table `public.schema_tracker` cannot be the list of tenants: it has no column \
             `name`",
        ),
        (
            "CREATE TABLE schema_tracker (name int, version int)",
            "SELECT 1",
            "the table `public.schema_tracker` cannot be the list of tenants: its column `name` has type integer; expected text; its column `version` has type integer; expected text",
        ),
    ] {
        let database = TestDatabase::new().await;
        database.execute(table).await;
        database.execute(rows).await;
        let everything = "SELECT relname || attname FROM pg_class c JOIN pg_attribute a \
             ON attrelid = c.oid WHERE relnamespace = 'public'::regnamespace ORDER BY 1";
        let as_it_was = database.column(everything).await;
        let tenants = open(&database, &two_steps(), Settings::default()).await;
        let error = tenants.migrate_public().await.unwrap_err();
        assert!(matches!(error, Error::UnfitList(_)), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert_eq!(chain(&error), fault);
        assert_eq!(database.column(everything).await, as_it_was);
    }
}
