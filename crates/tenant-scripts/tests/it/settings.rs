//! The file of settings: what it decides, what comes before it, and what is said of
//! mistakes in it.

use serde_json::Value;

use crate::support::{Database, Folder, Migrations};

/// A folder with this file of settings.
fn project(text: &str) -> Folder {
    let folder = Folder::new();
    folder.file("tenants.toml", text);
    folder
}

/// The setting `name` of what is in force: its value, and where it comes from.
fn in_force(document: &Value, name: &str) -> (Value, String) {
    let settings = document["settings"].as_array().unwrap();
    let setting = settings.iter().find(|setting| setting["name"] == name);
    let setting = setting.unwrap_or_else(|| panic!("there is no setting {name}"));
    let from = setting["from"].as_str().unwrap().to_owned();
    (setting["value"].clone(), from)
}

fn url_of(database: &Database) -> String {
    format!("database_url = \"{}\"\n", database.url())
}

#[tokio::test]
async fn the_file_of_the_folder_or_of_one_above_names_database_and_migrations() {
    let database = Database::empty().await;
    let folder = project(&format!(
        "{}[migrations]\npublic = 'db/public'\ntenant = ['db/tenant', 'db/vendor']\n",
        url_of(&database)
    ));
    let migration = |path: &str, sql: &str| folder.file(&format!("db/{path}/up.sql"), sql);
    // The application's own, without the tables that the commands need.
    migration(
        "public/2026-03-01-000000_plans",
        "CREATE TABLE plans (id INT PRIMARY KEY);",
    );
    migration(
        "tenant/2026-03-03-000000_links",
        "CREATE TABLE links (vendor_id INT REFERENCES vendor_things);",
    );
    migration(
        "vendor/2026-03-02-000000_things",
        "CREATE TABLE vendor_things (id INT PRIMARY KEY);",
    );
    let below = |line: &str| folder.command(line).within("crates/shop").run();
    below("migrate-public").succeeds();
    below("create-tenant acme").succeeds();
    assert_eq!(database.tracked().await, ["acme"]);
    let applied = ["20260302000000", "20260303000000"];
    assert_eq!(database.applied("acme").await, applied);
    assert_eq!(database.value("SELECT count(*) FROM plans").await, "0");
}

#[tokio::test]
async fn an_option_comes_before_the_environment_that_before_the_env_file_and_that_before_the_file()
{
    let folder = project(
        "database_url = 'postgres://file/d'\n[path]\nextensions_schema = 'file'\n[application]\n\
         role = 'file'\n[defaults]\njobs = 3\n",
    );
    let shown = |command: test_support::Command| command.run().succeeds().json();
    let names = [
        ("database_url", "postgres://file/d"),
        ("path.extensions_schema", "file"),
        ("application.role", "file"),
    ];
    let document = shown(folder.command("show-config --json"));
    for (index, (name, value)) in names.iter().enumerate() {
        let line = [1, 3, 5][index];
        let expected = ((*value).into(), format!("tenants.toml:{line}"));
        assert_eq!(in_force(&document, name), expected);
    }
    assert_eq!(
        in_force(&document, "defaults.jobs"),
        (3.into(), "tenants.toml:7".to_owned())
    );
    folder.file(
        ".env",
        "# Ours\nDATABASE_URL=postgres://env-file/d\nTENANT_EXTENSIONS_SCHEMA=env_file\n\
         export TENANT_APP_ROLE=env_file\n",
    );
    let document = shown(folder.command("show-config --json"));
    let of_env_file = |name, value: &str, line| {
        let expected = (value.into(), format!(".env:{line}"));
        assert_eq!(in_force(&document, name), expected);
    };
    of_env_file("database_url", "postgres://env-file/d", 2);
    of_env_file("path.extensions_schema", "env_file", 3);
    of_env_file("application.role", "env_file", 4);
    let with_environment = |line: &str| {
        let command = folder.command(line);
        let command = command.env("DATABASE_URL", "postgres://environment/d");
        let command = command.env("TENANT_EXTENSIONS_SCHEMA", "environment");
        command.env("TENANT_APP_ROLE", "environment")
    };
    let document = shown(with_environment("show-config --json"));
    let of_environment = |name, value: &str, variable: &str| {
        let expected = (value.into(), format!("environment {variable}"));
        assert_eq!(in_force(&document, name), expected);
    };
    of_environment("database_url", "postgres://environment/d", "DATABASE_URL");
    of_environment(
        "path.extensions_schema",
        "environment",
        "TENANT_EXTENSIONS_SCHEMA",
    );
    of_environment("application.role", "environment", "TENANT_APP_ROLE");
    let line = "show-config --json --database-url postgres://option/d --extensions-schema option \
                --app-role option --jobs 9";
    let document = shown(with_environment(line));
    for (name, value, option) in [
        (
            "database_url",
            "postgres://option/d".into(),
            "--database-url",
        ),
        (
            "path.extensions_schema",
            "option".into(),
            "--extensions-schema",
        ),
        ("application.role", "option".into(), "--app-role"),
        ("defaults.jobs", 9.into(), "--jobs"),
    ] {
        let expected: (Value, _) = (value, format!("option {option}"));
        assert_eq!(in_force(&document, name), expected);
    }
}

#[test]
fn without_a_file_everything_is_a_default() {
    let folder = Folder::new();
    let document = folder.run("show-config --json").succeeds().json();
    assert_eq!(document["file"], Value::Null);
    let settings = document["settings"].as_array().unwrap();
    let others = settings.iter().filter(|one| one["source"] != "default");
    assert_eq!(others.collect::<Vec<_>>(), Vec::<&Value>::new());
    let (wait, _) = in_force(&document, "defaults.wait");
    assert_eq!(wait, "10m");
    let (table, _) = in_force(&document, "registry.table");
    assert_eq!(table, "public.schema_tracker");
    folder
        .run("show-config")
        .succeeds()
        .prints("There is no tenants.toml here or above.")
        .prints("(the project's own server)");
}

#[test]
fn a_password_is_shown_nowhere() {
    let secret = "hush8puppy";
    for url in [
        format!("postgres://ann:{secret}@localhost:1/d"),
        format!("postgres://localhost:1/d?password={secret}"),
        format!("postgres://ann:{secret}?@localhost:1/d"),
    ] {
        let folder = project(&format!("database_url = '{url}'\n"));
        for line in ["show-config", "show-config --json"] {
            folder.run(line).succeeds().conceals(secret);
        }
        let list = folder.run("list-tenants --verbose").exits_with(3);
        list.conceals(secret);
    }
    let folder = project(&format!(
        "database_url = 'postgres://ann:{secret}@localhost:1/d'\n"
    ));
    folder
        .run("list-tenants")
        .says("warning: `database_url` contains a password\n  --> tenants.toml:1\nhint: Set DATABASE_URL")
        .says("DATABASE_URL");
}

#[test]
fn a_mistake_ends_every_command_with_its_place_and_never_counts_as_nothing() {
    let folder = project("[defaults]\nmax_failure = 1\njobs = 'many'\n");
    for line in ["list-tenants", "show-config", "stop-server"] {
        folder
            .run(line)
            .exits_with(2)
            .prints_nothing()
            .says("error: unknown key `max_failure` (did you mean `max_failures`?)\n  --> tenants.toml:2:1\n")
            .says("error: `jobs` must be a whole number of at least 1, but is a string\n  --> tenants.toml:3:8\n");
    }
    let refused = folder.run("list-tenants --json").exits_with(2);
    let document = refused.json();
    let place = |error: &Value| {
        let keys = ["file", "line", "column"].map(|key| error[key].clone());
        serde_json::to_string(&keys).unwrap()
    };
    assert_eq!(place(&document["error"]), "[\"tenants.toml\",2,1]");
    assert_eq!(
        place(&document["other_errors"][0]),
        "[\"tenants.toml\",3,8]"
    );
    // Help is there nevertheless.
    folder.run("list-tenants --help").succeeds();
}

#[tokio::test]
async fn defaults_of_options_are_those_of_the_file_until_an_option_is_given() {
    let database = Database::with_tenants("a b c").await;
    let migrations = Migrations::ours().tenant("2026-02-01-000000_bad", "SELECT 1/0;");
    let folder = project(&format!(
        "{}[defaults]\njobs = 1\nmax_failures = 1\n",
        url_of(&database)
    ));
    let failed = |line: &str| {
        let command = folder.command(line).migrations(&migrations);
        let document = command.run().exits_with(1).json();
        (document["failed"].clone(), document["skipped"].clone())
    };
    let of_file = failed("migrate-tenants --json");
    assert_eq!(of_file, (1.into(), 2.into()));
    let of_option = failed("migrate-tenants --json --max-failures 9");
    assert_eq!(of_option, (3.into(), 0.into()));
    let fail_fast = failed("migrate-tenants --json --fail-fast");
    assert_eq!(fail_fast, (1.into(), 2.into()));
}

#[tokio::test]
async fn tenants_are_listed_in_the_table_that_the_file_names() {
    let database = Database::set_up().await;
    let sql = "CREATE SCHEMA ops; CREATE TABLE ops.\"Customers\" (slug TEXT NOT NULL UNIQUE)";
    database.execute(sql).await;
    let folder = project(&format!(
        "{}[registry]\ntable = 'ops.\"Customers\"'\nkey = 'slug'\n",
        url_of(&database)
    ));
    folder.run("migrate-public").succeeds();
    folder.run("create-tenant acme").succeeds();
    let listed = database.column("SELECT slug FROM ops.\"Customers\"").await;
    assert_eq!(listed, ["acme"]);
    assert_eq!(database.tracked().await, Vec::<String>::new());
    folder.run("list-tenants").succeeds().prints("acme");
    folder.run("drop-tenant acme --yes").succeeds();
    folder.run("health-check").succeeds();
}

#[tokio::test]
async fn the_url_is_in_the_variable_that_the_file_names_and_nowhere_else_if_it_is_not_set() {
    let database = Database::with_tenants("acme").await;
    let folder = project("database_url = { env = \"SHOP_URL\" }\n");
    // Not the project's own server: that would be another database.
    folder
        .run("list-tenants")
        .exits_with(2)
        .says("error: `database_url` names the variable SHOP_URL, which is not set\n  --> tenants.toml:1\n");
    let command = folder.command("list-tenants");
    let command = command.env("SHOP_URL", database.url());
    command.run().succeeds().prints("acme");
    // Who names the database otherwise needs no variable.
    let command = folder.command("list-tenants").on(&database.url());
    command.run().succeeds().prints("acme");
    folder.file(".env", &format!("SHOP_URL={}\n", database.url()));
    folder.run("list-tenants").succeeds().prints("acme");
}

#[tokio::test]
async fn another_file_is_named_by_the_option_or_by_a_variable_and_advice_repeats_the_option() {
    let database = Database::empty().await;
    let folder = Folder::new();
    folder.file("conf/other.toml", &url_of(&database));
    let hint = "--config conf/other.toml";
    let refused = folder.run("list-tenants --config conf/other.toml");
    refused.exits_with(3).says(hint);
    folder
        .run("migrate-public --config conf/other.toml")
        .succeeds();
    let command = folder.command("create-tenant acme");
    let command = command.env("TENANTS_CONFIG", "conf/other.toml");
    command.run().succeeds();
    assert_eq!(database.tracked().await, ["acme"]);
    for (line, variable, by) in [
        ("list-tenants --config none.toml", "", "--config"),
        ("list-tenants", "none.toml", "TENANTS_CONFIG"),
    ] {
        let command = folder.command(line).env("TENANTS_CONFIG", variable);
        command.run().exits_with(2).says(&format!(
            "the file none.toml, which {by} names, does not exist"
        ));
    }
}

#[test]
fn a_file_above_the_root_of_the_repository_belongs_to_another_project() {
    let folder = project("[defaults]\njobs = 3\n");
    std::fs::create_dir_all(folder.path().join("own/.git")).unwrap();
    let within = |place: &str| {
        let command = folder.command("show-config --json").within(place);
        let document = command.run().succeeds().json();
        in_force(&document, "defaults.jobs").0
    };
    assert_eq!(within("below"), 3);
    assert_eq!(within("own/src"), Value::Null);
}

#[test]
fn a_file_as_windows_writes_it_is_read_and_another_encoding_is_an_error() {
    let folder = Folder::new();
    folder.file("tenants.toml", "\u{feff}[defaults]\r\njobs = 3\r\n");
    let document = folder.run("show-config --json").succeeds().json();
    let (jobs, from) = in_force(&document, "defaults.jobs");
    assert_eq!((jobs, from.as_str()), (3.into(), "tenants.toml:2"));
    let utf_16 = b"\xff\xfe[\0d\0]\0".as_slice();
    std::fs::write(folder.path().join("tenants.toml"), utf_16).unwrap();
    folder
        .run("list-tenants")
        .exits_with(2)
        .says("could not read the file tenants.toml: it is not UTF-8");
}

#[tokio::test]
async fn a_folder_of_migrations_that_is_not_there_is_named() {
    let database = Database::empty().await;
    let folder = project(&format!(
        "{}[migrations]\ntenant = 'nowhere'\n",
        url_of(&database)
    ));
    folder
        .run("migrate-public")
        .exits_with(2)
        .says("nowhere")
        .says("tenants.toml:3");
}

/// The parts of the connection in force: each with where it comes from.
fn connection(document: &Value) -> Vec<String> {
    let names = ["host", "port", "name", "user"];
    let parts = names.map(|name| {
        let (value, from) = in_force(document, &format!("database.{name}"));
        format!("{name} {} {from}", value.as_str().unwrap_or("-"))
    });
    parts.to_vec()
}

#[test]
fn the_database_in_force_is_the_one_that_commands_connect_to() {
    let folder = project("database_url = 'postgres://file@file.test/file'\n");
    let shown = |command: test_support::Command| command.run().succeeds().json();
    let command = || folder.command("show-config --json");
    let file = "tenants.toml:1";
    assert_eq!(
        connection(&shown(command().env("PGPORT", "6000"))),
        [
            format!("host file.test {file}"),
            "port 6000 environment PGPORT".to_owned(),
            format!("name file {file}"),
            format!("user file {file}"),
        ]
    );
    // A variable that names a database comes before the file, as for every command.
    let secret = "hush8puppy";
    let named = command().env("PGDATABASE", "shop").env("PGHOST", "db.test");
    let named = named.env("PGUSER", "ann").env("PGPASSWORD", secret);
    let document = shown(named);
    assert_eq!(
        connection(&document),
        [
            "host db.test environment PGHOST",
            "port 5432 default",
            "name shop environment PGDATABASE",
            "user ann environment PGUSER",
        ]
    );
    assert_eq!(
        in_force(&document, "database_url"),
        (
            "postgresql://ann@db.test/shop".into(),
            "environment PGDATABASE".to_owned()
        )
    );
    assert!(!document.to_string().contains(secret));
    folder.file(
        "services",
        "[goods]\nhost=s.test\nuser=bob\ndbname=goods\npassword=hush8puppy\n",
    );
    let services = folder.path().join("services").display().to_string();
    let named = command().env("PGSERVICEFILE", services);
    let document = shown(named.env("PGSERVICE", "goods"));
    assert_eq!(
        connection(&document),
        [
            "host s.test service goods",
            "port 5432 default",
            "name goods service goods",
            "user bob service goods",
        ]
    );
    assert!(!document.to_string().contains(secret));
    let option = folder.command("show-config --json --database-url postgres:///own");
    let option = shown(option.env("PGHOST", "db.test").env("PGDATABASE", "shop"));
    let parts = connection(&option);
    assert_eq!(
        [&parts[0], &parts[2]],
        [
            "host db.test environment PGHOST",
            "name own option --database-url"
        ]
    );
}

#[test]
fn a_variable_that_is_not_set_is_told_instead_of_another_database() {
    let folder = project("database_url = { env = 'SHOP_URL' }\n");
    let document = folder.run("show-config --json").succeeds().json();
    for name in ["database_url", "database.host", "database.name"] {
        let expected = (
            "(the variable is not set)".into(),
            "tenants.toml:1, variable SHOP_URL".to_owned(),
        );
        assert_eq!(in_force(&document, name), expected);
    }
}
