//! `drop-tenant`: nothing goes without being confirmed, and only what is a
//! tenant's.

use serde_json::json;

use crate::support::{Call, Database, Terminal};

async fn acme_with_rows() -> Database {
    let database = Database::with_tenants("acme beta").await;
    database
        .execute(
            "INSERT INTO acme.dummy_table (name) SELECT 'row' FROM generate_series(1, 20);
             ANALYZE acme.dummy_table",
        )
        .await;
    database
}

#[tokio::test]
async fn without_a_terminal_and_without_yes_nothing_is_dropped() {
    let database = acme_with_rows().await;
    database
        .run("drop-tenant acme")
        .exits_with(2)
        .prints_nothing()
        .says("This drops tenant `acme` permanently, with all its data:")
        .says("hint: Give --yes to confirm in advance.");
    let command = database.command("drop-tenant acme");
    command.input("acme\n").run().exits_with(2);
    let refused = database.run("drop-tenant acme --json").exits_with(2);
    assert!(refused.error_message().contains("no terminal"), "{refused}");
    assert_eq!(database.tracked().await, ["acme", "beta"]);
    assert_eq!(database.schemas().await, ["acme", "beta"]);
}

#[tokio::test]
async fn yes_drops_schema_data_and_registration_and_nothing_else() {
    let database = acme_with_rows().await;
    database
        .run("drop-tenant acme --yes")
        .succeeds()
        .prints("Dropped tenant `acme`: 1 table and the registration.\n");
    assert_eq!(database.tracked().await, ["beta"]);
    assert_eq!(database.schemas().await, ["beta"]);
    database.run("health-check").succeeds();
    database.run("create-tenant acme").succeeds();
    let rows = "SELECT count(*) FROM acme.dummy_table";
    assert_eq!(database.value(rows).await, "0");
}

#[tokio::test]
async fn the_document_lists_what_went() {
    let database = acme_with_rows().await;
    let dropped = database.run("drop-tenant acme --yes --json").succeeds();
    let document = dropped.json();
    let bytes = document["tables"][0]["bytes"].as_u64().unwrap();
    assert!(bytes >= 8192, "{dropped}");
    assert_eq!(
        document,
        json!({
            "tenant": "acme", "schema": "acme", "dropped": true, "schema_existed": true,
            "tables": [{"name": "dummy_table", "rows": 20, "bytes": bytes}],
            "dependents": [], "affected": [], "error": null,
        })
    );
}

#[tokio::test]
async fn an_unknown_name_is_told_where_the_names_are() {
    let database = Database::with_tenants("acme").await;
    database
        .run("drop-tenant nobody --yes")
        .exits_with(2)
        .prints_nothing()
        .says("there is no tenant `nobody`")
        .says(&database.hint(&Call::ListTenants));
    let refused = database
        .run("drop-tenant nobody --yes --json")
        .exits_with(2);
    assert_eq!(refused.error_message(), "there is no tenant `nobody`");
    database
        .run("drop-tenant acne --yes")
        .exits_with(2)
        .says("error: there is no tenant `acne`\n")
        .says("hint: Did you mean `acme`?\n");
}

#[tokio::test]
async fn a_schema_that_is_no_tenants_is_never_dropped() {
    let database = Database::set_up().await;
    database
        .execute("CREATE SCHEMA billing; CREATE TABLE billing.invoices (id INT)")
        .await;
    database
        .run("drop-tenant billing --yes")
        .exits_with(1)
        .prints_nothing()
        .says("the schema `billing` exists but is not registered as a tenant");
    let table = "SELECT to_regclass('billing.invoices')";
    assert_eq!(database.value(table).await, "billing.invoices");
}

#[tokio::test]
async fn a_tenant_whose_schema_is_gone_loses_its_registration() {
    let database = Database::with_tenants("acme beta").await;
    database
        .execute("DROP SCHEMA acme CASCADE; DROP SCHEMA beta CASCADE")
        .await;
    database
        .run("drop-tenant acme --yes")
        .succeeds()
        .prints("Removed the registration of tenant `acme`. Its schema did not exist.");
    let dropped = database.run("drop-tenant beta --yes --json").succeeds();
    assert_eq!(
        dropped.json(),
        json!({"tenant": "beta", "schema": "beta", "dropped": true, "schema_existed": false, "tables": [],
               "dependents": [], "affected": [], "error": null})
    );
    assert!(database.tracked().await.is_empty());
}

#[tokio::test]
async fn a_tenant_that_is_in_use_is_not_half_dropped() {
    let database = acme_with_rows().await;
    let client = database.client().await;
    let lock = "BEGIN; SELECT * FROM acme.dummy_table";
    client.batch_execute(lock).await.unwrap();
    let running = database.command("drop-tenant acme --yes").start();
    let failed = running.finish().exits_with(1);
    failed.prints_nothing().says("(SQLSTATE 55P03)");
    assert_eq!(database.tracked().await, ["acme", "beta"]);
    client.batch_execute("ROLLBACK").await.unwrap();
    database.run("drop-tenant acme --yes").succeeds();
}

#[tokio::test]
async fn at_a_terminal_typing_the_name_drops_the_tenant() {
    let database = acme_with_rows().await;
    let mut terminal = Terminal::start(database.command("drop-tenant acme"));
    let shown = terminal.until("Type `acme` to drop it");
    assert!(
        shown.contains("This drops tenant `acme` permanently, with all its data:"),
        "{shown}"
    );
    assert!(
        shown.contains("dummy_table") && shown.contains("20"),
        "{shown}"
    );
    terminal.types("acme");
    let ended = terminal.end();
    assert_eq!(ended.code, 0, "{}", ended.shown);
    let dropped = "Dropped tenant `acme`: 1 table and the registration.";
    assert!(ended.shown.contains(dropped), "{}", ended.shown);
    assert_eq!(database.schemas().await, ["beta"]);
    assert_eq!(database.tracked().await, ["beta"]);
}

#[tokio::test]
async fn at_a_terminal_anything_else_drops_nothing() {
    let database = acme_with_rows().await;
    for typed in ["beta", "yes", "", "ACME"] {
        let mut terminal = Terminal::start(database.command("drop-tenant acme"));
        terminal.until("Type `acme` to drop it");
        terminal.types(typed);
        let ended = terminal.end();
        assert_eq!(ended.code, 1, "{typed}: {}", ended.shown);
        let kept = "that is not the tenant's name, so nothing was dropped";
        assert!(ended.shown.contains(kept), "{}", ended.shown);
    }
    assert_eq!(database.schemas().await, ["acme", "beta"]);
    assert_eq!(database.tracked().await, ["acme", "beta"]);
}

#[tokio::test]
async fn at_a_terminal_yes_is_not_asked_again() {
    let database = acme_with_rows().await;
    let ended = Terminal::start(database.command("drop-tenant acme --yes")).end();
    assert_eq!(ended.code, 0, "{}", ended.shown);
    assert!(!ended.shown.contains("Type `acme`"), "{}", ended.shown);
    assert_eq!(database.schemas().await, ["beta"]);
}

#[tokio::test]
async fn results_that_go_elsewhere_do_not_keep_it_from_asking_at_the_terminal() {
    let database = acme_with_rows().await;
    let mut terminal = Terminal::start(database.command("drop-tenant acme --json"));
    terminal.until("Type `acme` to drop it");
    terminal.types("beta");
    let ended = terminal.end();
    assert_eq!(ended.code, 1, "{}", ended.shown);
    assert!(
        ended.shown.contains("\"dropped\": false"),
        "{}",
        ended.shown
    );
    assert_eq!(database.tracked().await, ["acme", "beta"]);
}

#[tokio::test]
async fn what_will_go_is_shown_however_the_result_is_wanted() {
    let database = Database::with_tenants("acme").await;
    for option in ["--json", "--quiet"] {
        let command = database.command(&format!("drop-tenant acme {option}"));
        let mut terminal = Terminal::start(command);
        let shown = terminal.until("Type `acme` to drop it");
        terminal.types("no");
        terminal.end();
        assert!(shown.contains("with all its data"), "{option}: {shown}");
    }
}

#[tokio::test]
async fn what_depends_on_the_tenant_from_outside_is_listed_and_nothing_is_dropped() {
    let database = acme_with_rows().await;
    database
        .execute(
            "CREATE VIEW public.everything AS SELECT * FROM acme.dummy_table;
             CREATE TYPE acme.mood AS ENUM ('good');
             CREATE TABLE public.people (id int, mood acme.mood);
             INSERT INTO public.people VALUES (1, 'good'); ANALYZE public.people",
        )
        .await;
    database
        .run("drop-tenant acme --yes")
        .exits_with(1)
        .prints_nothing()
        .says("column")
        .says("public.people.mood")
        .says(
            "tenant `acme` cannot be dropped: 2 objects outside the schema depend on it: column \
             `public.people.mood`, view `public.everything`",
        )
        .says("--with-dependents");
    let refused = database
        .run("drop-tenant acme --yes --json")
        .exits_with(1)
        .json();
    assert_eq!(refused["dropped"], false);
    assert_eq!(
        refused["dependents"],
        json!([
            {"kind": "column", "name": "public.people.mood", "owner": "postgres", "rows": 1},
            {"kind": "view", "name": "public.everything", "owner": "postgres", "rows": null},
        ])
    );
    assert_eq!(database.tracked().await, ["acme", "beta"]);

    let dropped = database.run("drop-tenant acme --yes --with-dependents");
    dropped.succeeds();
    assert_eq!(database.tracked().await, ["beta"]);
    let gone = "SELECT to_regclass('public.everything')";
    assert_eq!(database.value(gone).await, "NULL");
}

#[tokio::test]
async fn with_dependents_does_not_answer_the_question() {
    let database = acme_with_rows().await;
    let view = "CREATE VIEW public.everything AS SELECT * FROM acme.dummy_table";
    database.execute(view).await;
    database
        .run("drop-tenant acme --with-dependents")
        .exits_with(2)
        .says("These objects outside the schema depend on it:")
        .says("public.everything")
        .says("hint: Give --yes");
    assert_eq!(database.tracked().await, ["acme", "beta"]);
}

#[tokio::test]
async fn what_stays_and_loses_tables_is_listed_before() {
    let database = acme_with_rows().await;
    database
        .execute("CREATE PUBLICATION feed FOR TABLE acme.dummy_table, beta.dummy_table")
        .await;
    database
        .run("drop-tenant acme")
        .exits_with(2)
        .says("These objects stay. They lose its tables, or name objects that will not exist:")
        .says("feed");
    let dropped = database.run("drop-tenant acme --yes --json").succeeds();
    assert_eq!(
        dropped.json()["affected"],
        json!([{"kind": "publication", "name": "feed"}])
    );
}

#[tokio::test]
async fn a_tenant_of_another_program_is_dropped_or_renamed_only_if_that_is_said() {
    let database = acme_with_rows().await;
    database
        .execute(
            "CREATE SCHEMA shop; CREATE TABLE shop.invoices (id int);
             INSERT INTO schema_tracker (name) VALUES ('shop')",
        )
        .await;
    for call in ["drop-tenant shop --yes", "rename-tenant shop store"] {
        database
            .run(call)
            .exits_with(1)
            .prints_nothing()
            .says("tenant `shop` belongs to another program")
            .says("--allow-other-program");
    }
    assert_eq!(database.tracked().await, ["acme", "beta", "shop"]);
    database
        .run("rename-tenant shop store --allow-other-program")
        .succeeds();
    database
        .run("drop-tenant store --yes --allow-other-program")
        .succeeds();
    assert_eq!(database.schemas().await, ["acme", "beta"]);
}
