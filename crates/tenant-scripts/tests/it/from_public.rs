//! The way in: an application whose `public` is its only customer. The SQL is that of the
//! book's tutorial.

use crate::support::{Database, Migrations};

const TUTORIAL: &str = include_str!("../../../../docs/book/src/tutorials/from-one-schema.md");

/// The migrations of the application, as they ran in `public`.
const FIRST: &str = "
CREATE EXTENSION citext;
CREATE EXTENSION \"uuid-ossp\";
CREATE TABLE lists (id serial PRIMARY KEY, name citext NOT NULL UNIQUE,
                    token uuid NOT NULL DEFAULT uuid_generate_v4());
CREATE TABLE tasks (id bigserial PRIMARY KEY, list_id int NOT NULL REFERENCES lists (id),
                    title text NOT NULL, state text NOT NULL DEFAULT 'open');
CREATE INDEX tasks_list ON tasks (list_id);
CREATE VIEW open_tasks AS SELECT t.id, l.name, t.title FROM tasks t JOIN lists l ON l.id = t.list_id
    WHERE t.state = 'open';
";

const SECOND: &str = "
CREATE FUNCTION count_open(list int) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT count(*) FROM public.tasks WHERE list_id = list AND state = 'open' $$;
CREATE FUNCTION log_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO public.log (task, state) VALUES (NEW.id, NEW.state); RETURN NEW; END $$;
CREATE FUNCTION shout(t text) RETURNS text LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT upper(t) || count_open(1) $$;
CREATE TABLE log (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, task bigint, state text);
CREATE TRIGGER log_state AFTER INSERT OR UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION log_state();
";

/// Rows, made through the application's own functions.
const ROWS: &str = "
INSERT INTO lists (name) VALUES ('Home'), ('work');
INSERT INTO tasks (list_id, title) SELECT 1 + n % 2, 'task ' || n FROM generate_series(1, 200) n;
UPDATE tasks SET state = 'done' WHERE id % 3 = 0;
";

const TABLES: [&str; 4] = ["lists", "tasks", "log", "__diesel_schema_migrations"];

/// The tutorial's file of that name.
fn file(name: &str) -> &'static str {
    let fence = format!("```sql,file={name}\n");
    let (_, block) = TUTORIAL.split_once(fence.as_str()).unwrap();
    block.split("```").next().unwrap()
}

/// What Diesel would have left.
async fn as_diesel(database: &Database) {
    let history = "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
         run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP); \
         INSERT INTO __diesel_schema_migrations (version) VALUES ('20240101000000'), ('20240201000000')";
    for sql in [FIRST, SECOND, history, ROWS] {
        database.execute(sql).await;
    }
}

/// All rows of these tables, and what the view and the functions say.
async fn contents(database: &Database, schema: &str) -> Vec<String> {
    let mut contents = Vec::new();
    for table in TABLES.iter().chain(&["open_tasks"]) {
        let sql = format!("SELECT t::text FROM {schema}.{table} t ORDER BY 1");
        contents.extend(database.column(&sql).await);
    }
    let sql = format!("SELECT {schema}.count_open(1) || {schema}.shout('x')");
    contents.extend(database.column(&sql).await);
    contents
}

/// The application's migrations where the recipe puts them.
fn moved() -> Migrations {
    let extensions = file("migrations/public/2025-01-01-000000_extensions/up.sql");
    let is_kept = |line: &&str| !line.starts_with("CREATE EXTENSION");
    let tenant = |sql: &str| {
        let lines = sql.lines().filter(is_kept).collect::<Vec<_>>();
        lines.join("\n").replace("public.", "")
    };
    let other = "CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\" SCHEMA ext;";
    Migrations::none_for_tenants()
        .public(
            "2026-12-01-000000_extensions",
            &format!("{extensions}{other}"),
        )
        .tenant("2024-01-01-000000_first", &tenant(FIRST))
        .tenant("2024-02-01-000000_second", &tenant(SECOND))
}

#[tokio::test]
async fn the_only_customer_in_public_becomes_the_first_tenant_with_every_row() {
    let database = Database::empty().await;
    as_diesel(&database).await;
    let before = contents(&database, "public").await;
    assert!(before.len() > 500);

    database.execute(file("rename.sql")).await;
    database.execute(file("remaining.sql")).await;
    let migrations = moved();
    database.run_with(&migrations, "migrate-public").succeeds();
    for line in ["adopt-tenant acme", "health-check"] {
        let line = format!("{line} --extensions-schema ext");
        database.run_with(&migrations, &line).succeeds();
    }

    assert_eq!(contents(&database, "acme").await, before);
    let public = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace \
                  AND relkind IN ('r', 'v', 'S') AND relname IN ('lists', 'tasks', 'log', 'open_tasks')";
    assert!(database.column(public).await.is_empty());
    let extension =
        "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'citext'";
    assert_eq!(database.column(extension).await, ["ext"]);

    // The application as it is finds its tables by the path, and numbers go on.
    database
        .execute("INSERT INTO tasks (list_id, title) VALUES (1, 'next'); UPDATE tasks SET state = 'done' WHERE id = 201")
        .await;
    let last = "SELECT id || state FROM acme.tasks ORDER BY id DESC LIMIT 1";
    assert_eq!(database.column(last).await, ["201done"]);
    assert_eq!(
        database
            .column("SELECT name::text FROM lists WHERE name = 'HOME'")
            .await,
        ["Home"]
    );

    // A second customer is made of the same migrations, and is alike.
    let run = |line: &str| {
        let line = format!("{line} --extensions-schema ext");
        database.run_with(&migrations, &line)
    };
    run("create-tenant beta").succeeds();
    run("health-check")
        .succeeds()
        .prints("2 tenants checked: all well.");
    database
        .execute(
            "SET search_path TO beta, ext; INSERT INTO lists (name) VALUES ('x'); \
                  INSERT INTO tasks (list_id, title) VALUES (1, 'first')",
        )
        .await;
    assert_eq!(
        database.column("SELECT task::text FROM beta.log").await,
        ["1"]
    );
    run("drop-tenant acme --yes").succeeds();
    run("health-check").succeeds();
}

#[tokio::test]
async fn an_extension_in_an_adopted_schema_is_named_with_the_way_to_move_it() {
    let database = Database::empty().await;
    let migrations = Migrations::none_for_tenants().tenant(
        "2024-01-01-000000_first",
        "CREATE TABLE tasks (id int PRIMARY KEY, title text);",
    );
    database.run_with(&migrations, "migrate-public").succeeds();
    let make = "CREATE SCHEMA acme; CREATE EXTENSION citext SCHEMA acme; \
                CREATE TABLE acme.tasks (id int PRIMARY KEY, title text); CREATE SCHEMA other; \
                CREATE TABLE other.tasks (id int PRIMARY KEY, title text)";
    database.execute(make).await;
    let adopted = database
        .run_with(&migrations, "adopt-tenant acme --json")
        .succeeds();
    let note = &adopted.json()["notes"][0];
    assert_eq!(note["kind"], "extension_inside");
    let remedy = note["hint"].as_str().unwrap();
    let sql =
        "CREATE SCHEMA IF NOT EXISTS \"ext\";\nALTER EXTENSION \"citext\" SET SCHEMA \"ext\";";
    assert!(remedy.contains(sql), "{remedy}");
    // What is advised works.
    database.execute(sql).await;
    let other = database
        .run_with(&migrations, "adopt-tenant other --json")
        .succeeds();
    assert_eq!(other.json()["notes"].as_array().unwrap().len(), 0);
    database.run_with(&migrations, "health-check").succeeds();
}

#[tokio::test]
async fn a_person_reads_the_note_about_the_extension_too() {
    let database = Database::empty().await;
    let migrations = Migrations::none_for_tenants().tenant(
        "2024-01-01-000000_first",
        "CREATE TABLE tasks (id int PRIMARY KEY);",
    );
    database.run_with(&migrations, "migrate-public").succeeds();
    let make = "CREATE SCHEMA acme; CREATE EXTENSION pg_trgm SCHEMA acme; \
                CREATE TABLE acme.tasks (id int PRIMARY KEY)";
    database.execute(make).await;
    database
        .run_with(&migrations, "adopt-tenant acme --extensions-schema public")
        .succeeds()
        .says("note: the extension `pg_trgm` is in the schema `acme`: dropping the tenant would drop it")
        .says("ALTER EXTENSION \"pg_trgm\" SET SCHEMA \"public\";");
}
