//! What migrations call after the tenant follows the tenant's name.

use tenant_core::{Note, Tenants};
use test_support::TestDatabase;

use crate::expectation::{health, problems};
use crate::fixture::{Stream, create, name, tenants};

/// One object of each kind that is called after the tenant.
fn called() -> Stream {
    Stream::new().with(
        "CREATE TABLE tasks (id int PRIMARY KEY, title text);
         CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
         DO $$ DECLARE s text := current_schema(); BEGIN
           EXECUTE format('CREATE TYPE %I AS ENUM (%L, ''other'')', s || '_kind', s || '_first');
           EXECUTE format('CREATE TABLE %I (id serial PRIMARY KEY, kind %I, CHECK (id > 0))', s || '_data', s || '_kind');
           EXECUTE format('CREATE SEQUENCE %I', s || '_numbers');
           EXECUTE format('CREATE INDEX %I ON tasks (title)', s || '_by_title');
           EXECUTE format('ALTER TABLE tasks ADD CONSTRAINT %I CHECK (id > 0)', s || '_positive');
           EXECUTE format('CREATE FUNCTION %I(n int) RETURNS int LANGUAGE sql AS ''SELECT n''', s || '_same');
           EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION note(%L)', s || '_note', s);
           EXECUTE format('CREATE POLICY %I ON tasks USING (title <> %L)', s || '_rows', s);
           EXECUTE format('CREATE VIEW %I AS SELECT id FROM tasks', s || '_view');
         END $$;",
    )
}

/// All names in the schema, of whatever kind.
async fn names_in(database: &TestDatabase, schema: &str) -> String {
    let names = format!(
        "SELECT string_agg(name, ' ' ORDER BY name) FROM (
             SELECT relname::text AS name FROM pg_class WHERE relnamespace = '{schema}'::regnamespace
             UNION ALL SELECT typname FROM pg_type WHERE typnamespace = '{schema}'::regnamespace
             UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = '{schema}'::regnamespace
             UNION ALL SELECT conname FROM pg_constraint WHERE connamespace = '{schema}'::regnamespace
             UNION ALL SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
                 WHERE relnamespace = '{schema}'::regnamespace AND NOT tgisinternal
             UNION ALL SELECT polname FROM pg_policy p JOIN pg_class c ON c.oid = polrelid
                 WHERE relnamespace = '{schema}'::regnamespace
             UNION ALL SELECT enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = enumtypid
                 WHERE typnamespace = '{schema}'::regnamespace) names"
    );
    database.value(&names).await
}

async fn healthy(tenants: &Tenants) {
    let found = health(tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
}

fn is_told(notes: &[Note], words: &str) -> bool {
    notes.iter().any(|note| note.to_string().contains(words))
}

#[tokio::test]
async fn objects_of_all_kinds_are_called_after_the_new_name() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &called()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "INSERT INTO acme.acme_data (kind) VALUES ('acme_first');
             SELECT nextval('acme.acme_numbers')",
        )
        .await;
    let before = names_in(&database, "acme").await;
    let renamed = tenants
        .rename(&name("acme"), &name("globex"))
        .await
        .unwrap();
    assert!(!is_told(&renamed.notes, "acme_"), "{renamed:?}");
    let after = names_in(&database, "globex").await;
    let mut wanted = before.replace("acme", "globex");
    let mut found = after.split(' ').collect::<Vec<_>>();
    let mut sorted = wanted.split(' ').collect::<Vec<_>>();
    sorted.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, sorted);
    wanted.clear();
    let row = "SELECT kind FROM globex.globex_data";
    assert_eq!(database.value(row).await, "globex_first");
    let next = "SELECT nextval('globex.globex_numbers')";
    assert_eq!(database.value(next).await, "2");
    healthy(&tenants).await;
    // Under a name that needs quotes, and back.
    tenants.rename(&name("globex"), &name("Big")).await.unwrap();
    healthy(&tenants).await;
    tenants.rename(&name("Big"), &name("acme")).await.unwrap();
    assert_eq!(names_in(&database, "acme").await, before);
    healthy(&tenants).await;
}

#[tokio::test]
async fn a_clone_has_its_own_name_there_and_the_original_keeps_its() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &called()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("INSERT INTO acme.acme_data (kind) VALUES ('other')")
        .await;
    let before = names_in(&database, "acme").await;
    let (from, to) = (name("acme"), name("beta"));
    tenants.clone_tenant(&from, &to).await.unwrap();
    assert_eq!(names_in(&database, "acme").await, before);
    let row = "SELECT kind FROM beta.beta_data";
    assert_eq!(database.value(row).await, "other");
    assert!(!names_in(&database, "beta").await.contains("acme"));
    // Each has a sequence of its own behind its column.
    database
        .execute("INSERT INTO beta.beta_data (kind) VALUES ('other'); DROP SCHEMA acme CASCADE; DELETE FROM schema_tracker WHERE name = 'acme'")
        .await;
    let ids = "SELECT string_agg(id::text, ' ' ORDER BY id) FROM beta.beta_data";
    assert_eq!(database.value(ids).await, "1 2");
    healthy(&tenants).await;
}

#[tokio::test]
async fn a_clone_uses_what_is_called_after_it_in_tables_that_are_not() {
    let database = TestDatabase::new().await;
    let made = Stream::new().with(
        "DO $$ DECLARE s text := current_schema(); BEGIN
           EXECUTE format('CREATE SEQUENCE %I', s || '_num');
           EXECUTE format('CREATE TYPE %I AS ENUM (''new'', ''old'')', s || '_t');
           EXECUTE format('CREATE TABLE inv (id bigint DEFAULT nextval(%L), kind %I DEFAULT ''new'', label text DEFAULT %L)',
                          quote_ident(s || '_num'), s || '_t', s);
           EXECUTE format('CREATE FUNCTION %I(n int) RETURNS int LANGUAGE sql IMMUTABLE AS ''SELECT n''', s || '_same');
           EXECUTE format('ALTER TABLE inv ADD n int DEFAULT %I(7)', s || '_same');
           EXECUTE format('CREATE TABLE %I (id int PRIMARY KEY)', s || '_data');
           EXECUTE format('ALTER TABLE inv ADD data int REFERENCES %I (id)', s || '_data');
           EXECUTE format('CREATE VIEW ids AS SELECT id FROM %I', s || '_data');
         END $$;",
    );
    let tenants = tenants(&database, &made).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("INSERT INTO acme.inv DEFAULT VALUES")
        .await;
    let before = names_in(&database, "acme").await;
    for to in ["cl", "Big"] {
        tenants
            .clone_tenant(&name("acme"), &name(to))
            .await
            .unwrap();
        database
            .execute(&format!("INSERT INTO \"{to}\".inv DEFAULT VALUES"))
            .await;
        let row = format!(
            "SELECT concat_ws(' ', id, kind, label, n) FROM \"{to}\".inv ORDER BY id DESC LIMIT 1"
        );
        assert_eq!(database.value(&row).await, format!("2 new {to} 7"));
    }
    assert!(!names_in(&database, "cl").await.contains("acme"));
    assert_eq!(names_in(&database, "acme").await, before);
    healthy(&tenants).await;
}

#[tokio::test]
async fn what_is_called_after_the_tenant_by_hand_or_has_no_room_stays_and_is_told() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &called()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "CREATE TABLE acme.acme_by_hand (id int);
             CREATE INDEX globex_by_title ON acme.tasks (id)",
        )
        .await;
    let renamed = tenants
        .rename(&name("acme"), &name("globex"))
        .await
        .unwrap();
    assert!(
        is_told(&renamed.notes, "index `acme_by_title`"),
        "{renamed:?}"
    );
    let names = names_in(&database, "globex").await;
    assert!(names.contains("acme_by_hand") && names.contains("globex_data"));
}

/// A function about the rows of a table that is called after the tenant, and one with a path
/// of its own that is called after the tenant itself.
fn typed() -> Stream {
    Stream::new().with(
        "DO $$ DECLARE s text := current_schema(); BEGIN
           EXECUTE format('CREATE TABLE %I (id int, title text)', s || '_data');
           EXECUTE format('CREATE FUNCTION title_of(%I) RETURNS text LANGUAGE sql AS ''SELECT $1.title''', s || '_data');
           EXECUTE format('CREATE FUNCTION %I() RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT
               AS ''BEGIN RETURN (SELECT count(*) FROM %I); END''', s || '_count', s || '_data');
         END $$;",
    )
}

#[tokio::test]
async fn functions_that_name_a_followed_table_work_on_the_one_of_their_own_tenant() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &typed()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("INSERT INTO acme.acme_data VALUES (1, 'one')")
        .await;
    tenants
        .clone_tenant(&name("acme"), &name("beta"))
        .await
        .unwrap();
    database
        .execute("INSERT INTO beta.beta_data VALUES (2, 'two')")
        .await;
    let counted = "SELECT acme.acme_count() || ' ' || beta.beta_count()";
    assert_eq!(database.value(counted).await, "1 2");
    let titles = "SELECT string_agg(beta.title_of(d), ' ' ORDER BY id) FROM beta.beta_data d";
    assert_eq!(database.value(titles).await, "one two");
    healthy(&tenants).await;
    tenants.rename(&name("beta"), &name("gamma")).await.unwrap();
    let counted = "SELECT gamma.gamma_count()";
    assert_eq!(database.value(counted).await, "2");
    healthy(&tenants).await;
}
