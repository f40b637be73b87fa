//! States that the registry has, and SQL files of the settings and of `--seed`.

use serde_json::Value;

use crate::support::Database;

const STATES: &str = "[registry]\ntable = 'public.customers'\nkey = 'slug'\n\
     state_column = 'status'\nstates = { blocked = 'suspended' }\n";

const CUSTOMERS: &str = "CREATE TABLE public.customers (slug text PRIMARY KEY, status text)";

async fn project(settings: &str, before: &str) -> Database {
    let database = Database::empty().await;
    database.folder.file("tenants.toml", settings);
    database.execute(before).await;
    database.run("migrate-public").succeeds();
    database
}

#[tokio::test]
async fn a_list_shows_what_the_registry_says_of_a_state() {
    let database = project(STATES, CUSTOMERS).await;
    database
        .run("create-tenant acme globex umbrella")
        .succeeds();
    let set = "UPDATE customers SET status = CASE slug WHEN 'acme' THEN 'blocked' \
               WHEN 'globex' THEN 'on trial' END";
    database.execute(set).await;
    let listed = database.run("list-tenants").succeeds();
    listed
        .prints("Listed as")
        .prints("suspended")
        .prints("on trial")
        .prints("up to date");
    let document = database.run("list-tenants --json").succeeds().json();
    let states = document["tenants"].as_array().unwrap().iter();
    let states = states.map(|tenant| tenant["listed_as"].clone());
    let expected = [Value::from("suspended"), "on trial".into(), Value::Null];
    assert_eq!(states.collect::<Vec<_>>(), expected);
    // Nothing is refused because of a state.
    database.run("migrate-tenants --only acme").succeeds();
    database.run("health-check").succeeds();
    let config = database.run("show-config --json").succeeds().to_string();
    assert!(config.contains("\"blocked\""), "{config}");
}

#[tokio::test]
async fn a_list_without_states_has_no_column_of_them() {
    let database = Database::with_tenants("acme").await;
    let listed = database.run("list-tenants").succeeds();
    assert!(!listed.to_string().contains("Listed as"), "{listed}");
    let document = database.run("list-tenants --json").succeeds().json();
    assert!(document["tenants"][0].get("listed_as").is_none());
}

#[tokio::test]
async fn a_word_for_a_state_has_to_mean_one() {
    let refused = |settings: &str, says: &str| {
        let folder = crate::support::Folder::new();
        folder.file("tenants.toml", settings);
        folder.run("list-tenants").exits_with(2).says(says);
    };
    refused(
        "[registry]\nstate_column = 's'\nstates = { blocked = 'frozen' }\n",
        "\"active\", \"suspended\" or \"trashed\"",
    );
    refused(
        "[registry]\nstate_column = 's'\nstates = 'blocked'\n",
        "`states` must be a table",
    );
    refused(
        "[registry]\nstates = { blocked = 'suspended' }\n",
        "`states` needs `state_column`",
    );
    refused(
        "[registry]\nquery = 'SELECT 1'\nstate_column = 's'\n",
        "cannot be used together",
    );
}

const NO_FILES: &str = "[hooks]\nseed = 'sql/seed.sql'\non_drop = 'sql/drop.sql'\n\
     on_rename = 'sql/rename.sql'\n";

#[tokio::test]
async fn a_missing_file_of_hooks_stops_only_the_commands_that_run_it() {
    let database = project("", "").await;
    database.run("create-tenant acme").succeeds();
    database.folder.file("tenants.toml", NO_FILES);
    for command in [
        "list-tenants",
        "migrate-tenants",
        "health-check",
        "show-config",
        "clone-tenant acme copy",
    ] {
        database.run(command).succeeds();
    }
    let line = |command: &str, line: usize, key: &str, file: &str| {
        database
            .run(command)
            .exits_with(2)
            .says(&format!("error: `{key}` names the file "))
            .says(&format!("  --> tenants.toml:{line}\n"))
            .says(&format!("sql/{file}, which does not exist"));
    };
    line("create-tenant globex", 2, "seed", "seed.sql");
    line("drop-tenant acme --yes", 3, "on_drop", "drop.sql");
    line("rename-tenant acme beta", 4, "on_rename", "rename.sql");
    assert_eq!(database.tracked().await, ["acme", "copy"]);
    // Each needs its own file only.
    database.folder.file("sql/drop.sql", "SELECT {name};");
    database.run("drop-tenant copy --yes").succeeds();
}

#[tokio::test]
async fn a_seed_runs_in_the_transaction_that_adopts_a_schema() {
    let database = project("[hooks]\nseed = 'none.sql'\n", "").await;
    database.folder.file("tenants.toml", "");
    database.run("create-tenant acme").succeeds();
    database.execute("DELETE FROM schema_tracker").await;
    database
        .folder
        .file("tenants.toml", "[hooks]\nseed = 'none.sql'\n");
    let run = |sql: &str| {
        database.folder.file("seed.sql", sql);
        database.run("adopt-tenant acme --seed seed.sql")
    };
    run("SELECT 1;\nSELECT oops;")
        .exits_with(1)
        .says("  --> seed.sql:2\n");
    run("DROP TABLE __diesel_schema_migrations;")
        .exits_with(1)
        .says("changed the migration history of the schema `acme`")
        .says("Remove that statement");
    run("INSERT INTO {schema}.dummy_table (name) VALUES ('a');")
        .exits_with(2)
        .says("omit the schema");
    database
        .run("adopt-tenant acme --seed nowhere.sql")
        .exits_with(2)
        .says("could not read the seed from nowhere.sql");
    assert!(database.tracked().await.is_empty());
    run("INSERT INTO dummy_table (name) VALUES ('of ' || {name});").succeeds();
    let seeded = "SELECT name FROM acme.dummy_table";
    assert_eq!(database.value(seeded).await, "of acme");
    assert_eq!(database.tracked().await, ["acme"]);
}
