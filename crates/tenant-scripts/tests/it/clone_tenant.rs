//! `clone-tenant`: what it says, and that it is done wholly or not at all.

use serde_json::json;

use crate::support::{Database, Migrations, assert_alike, eventually};

async fn acme_with_rows() -> Database {
    let database = Database::with_tenants("acme beta").await;
    let rows = "INSERT INTO acme.dummy_table (name) SELECT 'row' FROM generate_series(1, 20)";
    database.execute(rows).await;
    database
}

#[tokio::test]
async fn the_clone_is_a_tenant_like_the_original() {
    let database = acme_with_rows().await;
    database
        .run("clone-tenant acme copy")
        .succeeds()
        .says_nothing()
        .prints("Cloned tenant `acme` to `copy`: 1 table, 20 rows (");
    assert_eq!(database.tracked().await, ["acme", "beta", "copy"]);
    assert_alike(
        &database.catalog("acme").await,
        &database.catalog("copy").await,
    );
    assert_eq!(
        database.applied("copy").await,
        database.applied("acme").await
    );
    let same = "SELECT count(*) FROM acme.dummy_table JOIN copy.dummy_table USING (id, name)";
    assert_eq!(database.value(same).await, "20");
    database.run("health-check").succeeds();
    database
        .run("migrate-tenants")
        .succeeds()
        .prints("3 tenants: 3 up to date");
}

#[tokio::test]
async fn without_data_it_is_empty() {
    let database = acme_with_rows().await;
    database
        .run("clone-tenant acme copy --no-data")
        .succeeds()
        .prints("Cloned tenant `acme` to `copy`: 1 table, no rows (");
    let rows = "SELECT count(*) FROM copy.dummy_table";
    assert_eq!(database.value(rows).await, "0");
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn the_document_counts_what_was_copied() {
    let database = acme_with_rows().await;
    let cloned = database.run("clone-tenant acme copy --json").succeeds();
    let mut document = cloned.says_nothing().json();
    let duration = document.as_object_mut().unwrap().remove("duration_ms");
    assert!(duration.is_some_and(|it| it.is_u64()));
    let expected = json!({
        "tenant": "copy", "schema": "copy", "cloned_from": "acme", "cloned": true, "tables": 1, "rows": 20,
        "notes": [],
    });
    assert_eq!(document, expected);
}

#[tokio::test]
async fn names_that_will_not_do_are_refused_and_nothing_is_made() {
    let database = acme_with_rows().await;
    database
        .run("clone-tenant acme acme")
        .exits_with(2)
        .prints_nothing()
        .says("tenant `acme` already has that name");
    database
        .run("clone-tenant acme beta")
        .exits_with(1)
        .prints_nothing()
        .says("tenant `beta` already exists");
    let refused = database
        .run("clone-tenant nobody copy --json")
        .exits_with(2);
    assert_eq!(refused.error_message(), "there is no tenant `nobody`");
    assert_eq!(database.schemas().await, ["acme", "beta"]);
}

#[tokio::test]
async fn what_cannot_be_copied_is_named_with_what_to_do() {
    let database = acme_with_rows().await;
    let rare = "CREATE COLLATION acme.here (locale = 'C')";
    database.execute(rare).await;
    database
        .run("clone-tenant acme copy")
        .exits_with(1)
        .prints_nothing()
        .says("tenant `acme` cannot be cloned: its schema contains collation acme.here")
        .says("move them to a schema that belongs to no tenant");
    assert_eq!(database.schemas().await, ["acme", "beta"]);
}

#[tokio::test]
async fn when_the_program_is_gone_the_server_gives_up_as_well_and_the_names_are_free() {
    let database = acme_with_rows().await;
    // Where somebody has put a row into `public.slow`, copying takes ten minutes.
    database
        .execute(
            "CREATE TABLE public.slow (); \
             CREATE FUNCTION acme.wait(text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS \
             'BEGIN PERFORM pg_sleep(600) FROM public.slow; RETURN 1; END'; \
             ALTER TABLE acme.dummy_table \
                 ADD COLUMN waited int GENERATED ALWAYS AS (acme.wait(name)) STORED; \
             INSERT INTO public.slow DEFAULT VALUES",
        )
        .await;
    let running = database.command("clone-tenant acme copy").start();
    eventually("rows are being copied", async || {
        let sql = "SELECT count(*) FROM pg_stat_activity \
                   WHERE wait_event = 'PgSleep' AND datname = current_database()";
        database.value(sql).await == "1"
    })
    .await;
    assert!(running.kill().is_none());
    database.until_alone().await;
    assert_eq!(database.schemas().await, ["acme", "beta"]);
    database.execute("DELETE FROM public.slow").await;
    database.run("clone-tenant acme copy").succeeds();
}

#[tokio::test]
async fn rows_with_the_name_beside_dynamic_sql_are_copied_only_on_request() {
    let migrations = Migrations::ours().tenant(
        "2026-02-01-000000_settings",
        "CREATE TABLE settings (log text); INSERT INTO settings VALUES (current_schema() || '.log');
         CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           EXECUTE 'INSERT INTO ' || (SELECT log FROM settings) || ' VALUES (1)'; RETURN NEW; END $$;",
    );
    let database = Database::set_up().await;
    database
        .run_with(&migrations, "create-tenant acme")
        .succeeds();
    database
        .run_with(&migrations, "clone-tenant acme copy")
        .exits_with(1)
        .says("its name appears in rows of `settings`")
        .says("--allow-name-in-rows");
    assert_eq!(database.tracked().await, ["acme"]);
    database
        .run_with(&migrations, "clone-tenant acme copy --allow-name-in-rows")
        .succeeds()
        .says("the name `acme`");
}
