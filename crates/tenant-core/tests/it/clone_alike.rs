//! What a clone has like its original although it is rare, and names that mean more than
//! one thing.

use tenant_core::{Rows, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, chain, create, migrate, name, open, tenants, two_steps};

async fn cloned(tenants: &Tenants, from: &str, to: &str) {
    let cloned = tenants.clone_tenant(&name(from), &name(to)).await;
    cloned.unwrap_or_else(|error| panic!("{from}: {}", chain(&error)));
    let health = tenants.health().await.unwrap();
    let of_clone = health
        .problems
        .iter()
        .filter(|problem| problem.tenant.as_deref() == Some(to));
    let of_clone = of_clone.map(|problem| problem.kind.to_string());
    assert_eq!(of_clone.collect::<Vec<_>>(), Vec::<String>::new());
}

#[tokio::test]
async fn columns_of_views_have_their_defaults_and_comments() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE SEQUENCE numbers START 7;
         CREATE TABLE tasks (id int PRIMARY KEY, title text);
         CREATE VIEW open_tasks AS SELECT id, title FROM tasks;
         ALTER VIEW open_tasks ALTER id SET DEFAULT nextval('numbers'), ALTER title SET DEFAULT 'acme.new';
         COMMENT ON COLUMN open_tasks.title IS 'what is to be done';",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    cloned(&tenants, "acme", "beta").await;
    database
        .execute("INSERT INTO beta.open_tasks DEFAULT VALUES")
        .await;
    let row = "SELECT id || ' ' || title FROM beta.tasks";
    assert_eq!(database.value(row).await, "7 acme.new");
    assert_eq!(database.value("SELECT count(*) FROM acme.tasks").await, "0");
    let comment = "SELECT col_description('beta.open_tasks'::regclass, 2)";
    assert_eq!(database.value(comment).await, "what is to be done");
}

#[tokio::test]
async fn a_table_that_is_of_a_type_stays_so_and_the_next_migration_changes_both() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TYPE person AS (id int, name text);
         CREATE TABLE people OF person (PRIMARY KEY (id));",
    );
    let first = tenants(&database, &stream).await;
    create(&first, &["acme"]).await;
    database
        .execute("INSERT INTO acme.people VALUES (1, 'Ada')")
        .await;
    cloned(&first, "acme", "beta").await;
    let stream = stream.with("ALTER TYPE person ADD ATTRIBUTE born date CASCADE;");
    let report = migrate(&open(&database, &stream, tenant_core::Settings::default()).await).await;
    assert_eq!(report.failures().count(), 0, "{report:?}");
    let row = "SELECT people::text FROM beta.people";
    assert_eq!(database.value(row).await, "(1,Ada,)");
}

#[tokio::test]
async fn options_of_toast_clustering_and_comments_on_the_schema_come_along() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "ALTER TABLE acme.tasks SET (toast.autovacuum_enabled = off, fillfactor = 70);
             ALTER TABLE acme.tasks CLUSTER ON tasks_pkey;
             COMMENT ON SCHEMA acme IS 'the first customer';
             COMMENT ON INDEX acme.tasks_pkey IS 'by number'",
        )
        .await;
    cloned(&tenants, "acme", "beta").await;
    let facts = "SELECT concat_ws(' ', c.reloptions, t.reloptions, indisclustered, \
                     obj_description(c.relnamespace, 'pg_namespace'), \
                     obj_description(indexrelid, 'pg_class')) \
                 FROM pg_class c JOIN pg_class t ON t.oid = c.reltoastrelid \
                 JOIN pg_index ON indrelid = c.oid WHERE c.oid = 'beta.tasks'::regclass";
    assert_eq!(
        database.value(facts).await,
        "{fillfactor=70} {autovacuum_enabled=off} t the first customer by number"
    );
}

#[tokio::test]
async fn tenants_called_like_something_of_their_own_can_be_cloned() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE tasks (id int PRIMARY KEY, notes text);
         CREATE TABLE notes (id int PRIMARY KEY, task int REFERENCES tasks);
         CREATE TABLE log (id int);
         CREATE VIEW open AS SELECT tasks.id, tasks.notes FROM tasks LEFT JOIN notes ON notes.task = tasks.id;
         CREATE VIEW short AS SELECT t.id FROM tasks t;
         CREATE RULE keep AS ON UPDATE TO tasks DO ALSO INSERT INTO log VALUES (old.id + new.id * 10);
         CREATE FUNCTION count_tasks() RETURNS bigint LANGUAGE sql SET search_path FROM CURRENT
             AS 'SELECT count(*) FROM tasks';
         ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
         CREATE POLICY p ON tasks USING (EXISTS (SELECT FROM notes WHERE notes.task = tasks.id));",
    );
    let tenants = tenants(&database, &stream).await;
    for (number, from) in ["tasks", "open", "t", "new", "old"].into_iter().enumerate() {
        create(&tenants, &[from]).await;
        let rows = format!("INSERT INTO {from}.tasks VALUES (1, 'a'), (2, 'b')");
        database.execute(&rows).await;
        let to = format!("copy_{number}");
        cloned(&tenants, from, &to).await;
        let update = format!("UPDATE {to}.tasks SET id = 3 WHERE id = 2");
        database.execute(&update).await;
        let log = format!(
            "SELECT (SELECT string_agg(id::text, ' ') FROM {to}.log) || ' ' || {to}.count_tasks() \
                    || ' ' || (SELECT count(*) FROM {from}.log)"
        );
        assert_eq!(database.value(&log).await, "32 2 0", "{from}");
    }
    // And a clone may be called so.
    cloned(&tenants, "copy_0", "notes").await;
    cloned(&tenants, "notes", "excluded").await;
}

#[tokio::test]
async fn partitions_keep_a_default_and_a_constraint_of_their_own() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE events (at int, note text DEFAULT 'all', seen bool) PARTITION BY RANGE (at);
         CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (1) TO (2);
         CREATE TABLE events_2 PARTITION OF events (note DEFAULT 'two', seen NOT NULL)
             FOR VALUES FROM (2) TO (3);
         CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM (3) TO (4);
         ALTER TABLE events_3 ALTER note DROP DEFAULT;",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("INSERT INTO acme.events VALUES (1, 'all', NULL), (2, 'x', true)")
        .await;
    cloned(&tenants, "acme", "beta").await;
    let refused = database.client().await;
    let refused = refused
        .batch_execute("INSERT INTO beta.events_2 (at) VALUES (2)")
        .await;
    assert_eq!(refused.unwrap_err().code().unwrap().code(), "23502");
    database
        .execute(
            "INSERT INTO beta.events_2 (at, seen) VALUES (2, false);
             INSERT INTO beta.events_3 (at) VALUES (3)",
        )
        .await;
    let rows =
        "SELECT string_agg(concat_ws('-', at, note), ' ' ORDER BY at, note) FROM beta.events";
    assert_eq!(database.value(rows).await, "1-all 2-two 2-x 3");
}

#[tokio::test]
async fn values_that_a_domain_does_not_check_are_no_reason_to_fail() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE DOMAIN word AS text DEFAULT 'CONSTRAINT x NOT VALID' CHECK (value <> '');
         CREATE TABLE words (word word, words word[]);
         INSERT INTO words VALUES ('much too long');
         ALTER DOMAIN word ADD CONSTRAINT short CHECK (length(value) < 5) NOT VALID;",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    cloned(&tenants, "acme", "beta").await;
    let words = "SELECT string_agg(word, ' ') FROM beta.words";
    assert_eq!(database.value(words).await, "much too long");
    let client = database.client().await;
    let refused = client.batch_execute("INSERT INTO beta.words VALUES ('too long as well')");
    assert_eq!(refused.await.unwrap_err().code().unwrap().code(), "23514");
}

#[tokio::test]
async fn functions_that_read_the_table_that_uses_them_are_no_circle() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE tasks (id int, number int, size int);
         CREATE FUNCTION next_number() RETURNS int LANGUAGE sql
             BEGIN ATOMIC SELECT coalesce(max(number), 0) + 1 FROM tasks; END;
         CREATE FUNCTION is_small(tasks) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1.size < 10';
         CREATE FUNCTION total() RETURNS bigint LANGUAGE sql STABLE SET search_path FROM CURRENT
             AS 'SELECT count(*) FROM tasks';
         ALTER TABLE tasks ALTER number SET DEFAULT next_number(),
             ADD CONSTRAINT small CHECK (is_small(tasks)), ADD CONSTRAINT few CHECK (total() < 4);",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let rows = "INSERT INTO acme.tasks VALUES (1, DEFAULT, 1); INSERT INTO acme.tasks VALUES (2, DEFAULT, 1)";
    database.execute(rows).await;
    cloned(&tenants, "acme", "beta").await;
    database
        .execute("INSERT INTO beta.tasks (id, size) VALUES (3, 1)")
        .await;
    let numbers = "SELECT string_agg(number::text, ' ' ORDER BY id) FROM beta.tasks";
    assert_eq!(database.value(numbers).await, "1 2 3");
    let numbers = "SELECT string_agg(number::text, ' ' ORDER BY id) FROM acme.tasks";
    assert_eq!(database.value(numbers).await, "1 2");
}

#[tokio::test]
async fn an_empty_clone_is_like_its_original_too() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["tasks"]).await;
    database
        .execute("CREATE VIEW tasks.v AS SELECT tasks.id FROM tasks.tasks")
        .await;
    let (from, to) = (name("tasks"), name("beta"));
    let made = tenants.clone_tenant(&from, &to).rows(Rows::None);
    made.await.unwrap();
    assert_eq!(database.value("SELECT count(*) FROM beta.v").await, "0");
}
