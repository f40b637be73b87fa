//! The command that writes the file of settings: what it finds, and what it leaves alone.

use serde_json::Value;

use crate::support::{Database, Folder, Migrations, Terminal};

/// Thirty tenants as an application has made them by itself.
const ORGANIZATIONS: &str = "
CREATE EXTENSION citext;
CREATE TABLE public.organizations (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title TEXT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    deleted_at TIMESTAMPTZ
);
CREATE TABLE public.invoices (id BIGINT PRIMARY KEY, payer TEXT);
DO $$
BEGIN
    FOR n IN 1..30 LOOP
        INSERT INTO public.organizations (title, slug) VALUES ('Title ' || n, 'big-bang-' || n);
        EXECUTE format('CREATE SCHEMA %I', 'org_big-bang-' || n);
        EXECUTE format('CREATE TABLE %I.__diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY,
            run_on TIMESTAMP NOT NULL DEFAULT now())', 'org_big-bang-' || n);
        EXECUTE format('INSERT INTO %I.__diesel_schema_migrations VALUES (''20260101000000'')',
            'org_big-bang-' || n);
    END LOOP;
    INSERT INTO public.organizations (title, slug, deleted_at) VALUES ('Gone', 'gone', now());
    INSERT INTO public.invoices VALUES (1, 'big-bang-1');
END $$;
";

/// Everything that the database has, as text.
async fn contents(database: &Database) -> Vec<String> {
    let sql = "SELECT n.nspname || '.' || c.relname FROM pg_class c \
               JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1";
    database.column(sql).await
}

/// The file that was written, as TOML that another program reads.
fn written(folder: &Folder) -> String {
    std::fs::read_to_string(folder.path().join("tenants.toml")).unwrap()
}

/// A setting of the file that was written.
fn setting(folder: &Folder, name: &str) -> Value {
    let document = folder.run("show-config --json").succeeds().json();
    let settings = document["settings"].as_array().unwrap();
    let setting = settings.iter().find(|setting| setting["name"] == name);
    setting.unwrap()["value"].clone()
}

#[tokio::test]
async fn a_fleet_that_an_application_made_is_found_with_its_names_and_its_own_list() {
    let database = Database::empty().await;
    database.execute(ORGANIZATIONS).await;
    let before = contents(&database).await;
    let folder = &database.folder;
    folder.file("diesel.toml", "[print_schema]\nfile = \"src/schema.rs\"\n");
    folder.file("migrations/tenant/2026-01-01-000000_a/up.sql", "SELECT 1;");
    folder.file("migrations/public/2026-01-01-000000_a/up.sql", "SELECT 1;");
    let run = database.run("init-settings --yes").succeeds();
    run.says("30 schemas of tenants, recognized by a migration history.")
        .says("public.organizations, column slug: lists 30 tenants, and 1 value without a schema.")
        .prints("Wrote ");
    for (name, value) in [
        (
            "registry.query",
            "SELECT slug AS name FROM public.organizations WHERE deleted_at IS NULL".into(),
        ),
        ("names.schema", "org_{name}".into()),
        ("names.allow", "^[a-z][a-z0-9-]{0,58}$".into()),
        ("path.extensions_schema", "public".into()),
        ("migrations.tenant", vec!["migrations/tenant"].into()),
        ("migrations.public", vec!["migrations/public"].into()),
    ] {
        let value: Value = value;
        assert_eq!(setting(folder, name), value, "{name}");
    }
    assert_eq!(contents(&database).await, before);
}

#[tokio::test]
async fn rows_of_tenants_that_are_still_there_are_not_left_out_though_they_are_marked() {
    let database = Database::empty().await;
    let sql = "CREATE TABLE accounts (code TEXT UNIQUE, deleted_at TIMESTAMPTZ); \
               CREATE SCHEMA t_one; CREATE SCHEMA t_two; \
               CREATE TABLE t_one.a (); CREATE TABLE t_two.a (); \
               INSERT INTO accounts VALUES ('one', now()), ('two', NULL); \
               CREATE VIEW kept AS SELECT code AS name FROM accounts";
    database.execute(sql).await;
    database.run("init-settings --yes").succeeds();
    let folder = &database.folder;
    let query = "SELECT code AS name FROM public.accounts";
    assert_eq!(setting(folder, "registry.query"), query);
}

#[tokio::test]
async fn what_the_role_may_not_read_is_left_alone() {
    let database = Database::empty().await;
    let sql = "CREATE TABLE accounts (code TEXT UNIQUE); CREATE TABLE orgs (slug TEXT UNIQUE); \
               CREATE SCHEMA t_one; CREATE SCHEMA t_two; \
               CREATE TABLE t_one.a (); CREATE TABLE t_two.a (); \
               INSERT INTO accounts VALUES ('one'), ('two'); INSERT INTO orgs SELECT code FROM accounts";
    database.execute(sql).await;
    let role = database.role("hush8puppy").await;
    let grant = format!("GRANT SELECT ON orgs TO {}", role.name());
    database.execute(&grant).await;
    let folder = Folder::new();
    let command = folder.command("init-settings --yes").on(&role.url());
    command.run().succeeds();
    let query = "SELECT slug AS name FROM public.orgs";
    assert_eq!(setting(&folder, "registry.query"), query);
    assert_eq!(setting(&folder, "names.schema"), "t_{name}");
}

#[tokio::test]
async fn a_list_that_another_session_has_locked_is_passed_over_and_no_one_waits_long() {
    let database = Database::empty().await;
    database.execute(ORGANIZATIONS).await;
    let client = database.client().await;
    let lock = "BEGIN; LOCK TABLE public.organizations IN ACCESS EXCLUSIVE MODE";
    client.batch_execute(lock).await.unwrap();
    let begun = std::time::Instant::now();
    database.run("init-settings --yes").succeeds();
    assert!(begun.elapsed().as_secs() < 25, "{:?}", begun.elapsed());
    let folder = &database.folder;
    assert_eq!(setting(folder, "names.schema"), "org_big-bang-{name}");
}

#[tokio::test]
async fn schemas_without_a_history_are_told_by_their_names_and_a_column_with_them() {
    let database = Database::empty().await;
    let sql = "CREATE SCHEMA t_one; CREATE SCHEMA t_two; CREATE SCHEMA audit; \
               CREATE TABLE t_one.a (); CREATE TABLE t_two.a (); CREATE TABLE audit.b (); \
               CREATE TABLE audit.accounts (code TEXT UNIQUE, schema_name TEXT UNIQUE); \
               INSERT INTO audit.accounts VALUES ('one', 't_one'), ('two', 't_two')";
    database.execute(sql).await;
    let run = database.run("init-settings --yes").succeeds();
    run.says("2 schemas of tenants, recognized by the common beginning of their names.");
    let folder = &database.folder;
    let query = "SELECT code AS name, schema_name AS schema FROM audit.accounts";
    assert_eq!(setting(folder, "registry.query"), query);
    // The commands find them with it.
    database.run("migrate-public").succeeds();
    database.run("list-tenants").succeeds().prints("one");
}

#[tokio::test]
async fn a_database_of_these_commands_needs_no_registry_in_the_file() {
    let database = Database::with_tenants("acme beta").await;
    let folder = &database.folder;
    for stream in ["public", "tenant"] {
        let config = format!(
            "[migrations_directory]\ndir = \"migrations/{stream}\"\n[print_schema]\nfile = \
             \"crates/schema-{stream}/src/schema.rs\"\n"
        );
        folder.file(&format!("diesel.{stream}.toml"), &config);
    }
    test_support::copy(
        &Migrations::ours().path(),
        &folder.path().join("migrations"),
    );
    database.run("init-settings --yes").succeeds();
    assert!(
        written(folder).contains("\n# query = "),
        "{}",
        written(folder)
    );
    let schema = setting(folder, "schema.tenant");
    assert_eq!(schema, "crates/schema-tenant/src/schema.rs");
    // The file changes nothing about what is there.
    database.run("migrate-tenants").succeeds();
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn one_folder_goes_where_the_database_has_applied_it() {
    let database = Database::empty().await;
    let sql = "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY, \
               run_on TIMESTAMP NOT NULL DEFAULT now()); \
               INSERT INTO __diesel_schema_migrations VALUES ('20260101000000')";
    database.execute(sql).await;
    let folder = &database.folder;
    folder.file("migrations/2026-01-01-000000_a/up.sql", "SELECT 1;");
    database.run("init-settings --yes").succeeds();
    assert_eq!(setting(folder, "migrations.tenant"), Value::Null);
    let public = setting(folder, "migrations.public");
    assert_eq!(public, Value::from(vec!["migrations"]));
}

#[test]
fn an_empty_project_without_a_database_gets_a_file_all_the_same() {
    let folder = Folder::new();
    folder
        .run("init-settings --yes")
        .succeeds()
        .says("No database is named, so only the files in")
        .says("There are no migrations yet.");
    let document = folder.run("show-config --json").succeeds().json();
    let settings = document["settings"].as_array().unwrap();
    assert!(settings.iter().all(|one| one["source"] == "default"));
}

#[test]
fn a_database_that_does_not_answer_is_no_reason_to_write_nothing() {
    let folder = Folder::new();
    let command = folder.command("init-settings --yes");
    let command = command.on("postgres://ann:hush8puppy@localhost:1/d");
    command
        .run()
        .succeeds()
        .says("The database was not read: ")
        .conceals("hush8puppy");
    assert!(!written(&folder).contains("hush8puppy"));
}

#[test]
fn without_a_terminal_and_without_an_answer_the_file_is_printed_and_not_written() {
    let folder = Folder::new();
    let refused = folder.run("init-settings").exits_with(2);
    refused
        .prints("[migrations]")
        .says("tenants.toml was not written")
        .says("Give --yes to write it.");
    let shown = folder.run("init-settings --dry-run --json").succeeds();
    let document = shown.json();
    assert_eq!(document["written"], false);
    assert!(document["text"].as_str().unwrap().contains("[registry]"));
    assert!(!folder.path().join("tenants.toml").exists());
}

#[test]
fn an_existing_file_is_replaced_only_if_that_is_said_even_a_broken_one() {
    let folder = Folder::new();
    folder.file("tenants.toml", "not = [toml");
    folder
        .run("init-settings --yes")
        .exits_with(2)
        .says("exists\nhint: Give --overwrite to replace it.\n");
    assert_eq!(written(&folder), "not = [toml");
    let replaced = folder.run("init-settings --overwrite").succeeds();
    replaced.says("tenants.toml.old. Copy what you wrote in it by hand");
    let kept = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(kept("tenants.toml.old"), "not = [toml");
    folder.run("show-config").succeeds();
}

#[test]
fn what_is_overwritten_is_kept_and_the_database_stays_the_same() {
    let folder = Folder::new();
    let text = "database_url = { env = 'SHOP_URL' }\n[defaults]\njobs = 3\n";
    folder.file("tenants.toml", text);
    folder.file("tenants.toml.old", "older");
    let replaced = folder.run("init-settings --overwrite").succeeds();
    replaced.says("tenants.toml.old2. Copy");
    assert!(written(&folder).contains("\ndatabase_url = { env = \"SHOP_URL\" }\n"));
    let kept = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(kept("tenants.toml.old2"), text);
    assert_eq!(kept("tenants.toml.old"), "older");
    // The same text again leaves no other copy.
    folder.run("init-settings --overwrite").succeeds();
    assert!(!folder.path().join("tenants.toml.old3").exists());
}

#[test]
fn at_a_terminal_it_asks_and_a_no_writes_nothing() {
    let folder = Folder::new();
    folder.file("migrations/2026-01-01-000000_a/up.sql", "SELECT 1;");
    let start = || {
        let mut terminal = Terminal::start(folder.command("init-settings"));
        terminal.until("Which schemas do the migrations in migrations make?");
        terminal.presses("\r");
        terminal.until("Write ");
        terminal
    };
    let mut terminal = start();
    terminal.presses("n");
    assert_eq!(terminal.end().code, 1);
    assert!(!folder.path().join("tenants.toml").exists());
    let mut terminal = start();
    terminal.presses("y");
    assert_eq!(terminal.end().code, 0);
    let tenant = setting(&folder, "migrations.tenant");
    assert_eq!(tenant, Value::from(vec!["migrations"]));
}

#[test]
fn a_password_of_an_old_file_is_kept_there_and_shown_nowhere() {
    let secret = "hush8puppy";
    for url in [
        format!("postgres://ann:{secret}@h/d"),
        format!("host=h password={secret}"),
    ] {
        let folder = Folder::new();
        folder.file("tenants.toml", &format!("database_url = '{url}'\n"));
        for (line, code) in [
            ("init-settings --dry-run", 0),
            ("init-settings --dry-run --json", 0),
            ("init-settings", 2),
        ] {
            let shown = folder.run(line).exits_with(code);
            shown.conceals(secret);
        }
        for line in [
            "init-settings --overwrite",
            "init-settings --overwrite --json",
        ] {
            folder.run(line).succeeds().conceals(secret);
            assert!(written(&folder).contains(&url));
        }
    }
    let folder = Folder::new();
    folder.file("tenants.toml", "database_url = 'postgres://ann@h/d'\n");
    let shown = folder.run("init-settings --dry-run").succeeds();
    shown.prints("\ndatabase_url = \"postgres://ann@h/d\"\n");
}
