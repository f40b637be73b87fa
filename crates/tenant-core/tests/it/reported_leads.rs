//! Cases in which other tools leave a copy of a schema with a way to its original, or count
//! a schema as empty or as filled that is not. Each has been reported.

use tenant_core::{Error, Status};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, migrate, name, outcome, tenants, two_steps};

/// A trigger of the tenant calls a shared function, a function takes a row of a table, and a
/// trigger changes what is inserted.
fn with_triggers() -> Stream {
    Stream::new().with(
        "CREATE TABLE people (id int PRIMARY KEY, name text, changed int DEFAULT 0);
         CREATE TABLE people_log (name text);
         CREATE FUNCTION named(people) RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'Dr ' || $1.name $$;
         CREATE VIEW names AS SELECT named(people) AS name FROM people;
         CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           NEW.changed := NEW.changed + 1; RETURN NEW; END $$;
         CREATE TRIGGER counted BEFORE INSERT OR UPDATE ON people FOR EACH ROW EXECUTE FUNCTION counted();
         CREATE TRIGGER logged AFTER INSERT ON people FOR EACH ROW EXECUTE FUNCTION public.logged();",
    )
}

#[tokio::test]
async fn nothing_of_a_clone_depends_on_its_original_and_its_triggers_write_in_the_clone() {
    let database = TestDatabase::new().await;
    database
        .execute(
            "CREATE FUNCTION public.logged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               EXECUTE format('INSERT INTO %I.people_log VALUES ($1)', TG_TABLE_SCHEMA) USING NEW.name;
               RETURN NULL; END $$",
        )
        .await;
    let tenants = tenants(&database, &with_triggers()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("INSERT INTO acme.people VALUES (1, 'Ada'); UPDATE acme.people SET name = 'Grace'")
        .await;
    tenants
        .clone_tenant(&name("acme"), &name("beta"))
        .await
        .unwrap();
    // No trigger fired for the copied rows.
    let rows = "SELECT string_agg(name || changed, ' ') || (SELECT count(*) FROM beta.people_log) FROM beta.people";
    assert_eq!(database.value(rows).await, "Grace21");
    database
        .execute("INSERT INTO beta.people VALUES (2, 'Edsger')")
        .await;
    let logged = "SELECT (SELECT count(*) FROM acme.people_log) || ' ' || (SELECT count(*) FROM beta.people_log)";
    assert_eq!(database.value(logged).await, "1 2");
    let names = "SELECT string_agg(name, ' ' ORDER BY name) FROM beta.names";
    assert_eq!(database.value(names).await, "Dr Edsger Dr Grace");
    tenants.drop_tenant(&name("acme")).await.unwrap();
    assert_eq!(database.value(names).await, "Dr Edsger Dr Grace");
}

/// What a provider puts into each schema by an extension is no table of a tenant, and a schema
/// with it is migrated.
#[tokio::test]
async fn an_extension_in_a_registered_schema_leaves_it_empty() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    database
        .execute(
            "CREATE SCHEMA acme; CREATE EXTENSION hstore SCHEMA acme;
             INSERT INTO schema_tracker (name) VALUES ('acme')",
        )
        .await;
    assert_eq!(migrate(&tenants).await.count(Status::Migrated), 1);
}

/// A refused run leaves no history behind that would stand in the way of an adoption.
#[tokio::test]
async fn after_a_refused_run_a_schema_can_be_adopted_and_migrated() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    database
        .execute(
            "CREATE SCHEMA acme; CREATE TABLE acme.tasks (id int PRIMARY KEY, title text);
             INSERT INTO acme.tasks VALUES (1, 'kept'); INSERT INTO schema_tracker (name) VALUES ('acme')",
        )
        .await;
    let report = migrate(&tenants).await;
    let refused = outcome(&report, "acme").error.as_ref().unwrap();
    assert!(matches!(refused, Error::NoHistory(_)), "{refused}");
    let adopted = tenants.adopt(&name("acme")).await.unwrap();
    assert!(adopted.by_shape, "{adopted:?}");
    assert_eq!(migrate(&tenants).await.count(Status::Migrated), 1);
    let kept = "SELECT title FROM acme.tasks WHERE due IS NULL";
    assert_eq!(database.value(kept).await, "kept");
}
