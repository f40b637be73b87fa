//! Commands for tenants whose schemas are not called as they are.

use serde_json::Value;
use tenant_core::remedy::Command;

use crate::support::Database;

/// A database of a project whose file has these lines, with a tenant of each name.
async fn project(lines: &str, before: &str, create: &[&str]) -> Database {
    let database = Database::empty().await;
    database.folder.file("tenants.toml", lines);
    database.execute(before).await;
    database.run("migrate-public").succeeds();
    for line in create {
        database.run(&format!("create-tenant {line}")).succeeds();
    }
    database
}

const TEMPLATE: &str = "[names]\nschema = 'org_{name}'\nallow = '[a-z][a-z0-9-]{1,50}'\n";

const MAPPED: &str = "[registry]\ntable = 'public.workspaces'\nkey = 'slug'\n\
     schema_column = 'home'\n[names]\nallow = '.+'\n";

const WORKSPACES: &str = "CREATE TABLE public.workspaces (slug text NOT NULL UNIQUE, home text)";

async fn template() -> Database {
    project(TEMPLATE, "", &["big-bang north-sea"]).await
}

/// One's name is the other's schema.
async fn mapped() -> Database {
    let create = ["one --schema two", "two --schema one"];
    project(MAPPED, WORKSPACES, &create).await
}

async fn homes(database: &Database) -> Vec<String> {
    let homes = "SELECT slug || ' ' || home FROM workspaces ORDER BY slug COLLATE \"C\"";
    database.column(homes).await
}

#[tokio::test]
async fn the_list_has_a_column_of_schemas_only_if_one_differs_from_its_name() {
    let database = template().await;
    let listed = database.run("list-tenants").succeeds();
    let listed = listed.prints("Schema").prints("big-bang");
    listed.prints("org_big-bang").prints("north-sea");
    let document = database.run("list-tenants --json").succeeds().json();
    assert_eq!(document["tenants"][1]["name"], "north-sea");
    assert_eq!(document["tenants"][1]["schema"], "org_north-sea");
    let database = Database::with_tenants("acme").await;
    let document = database.run("list-tenants --json").succeeds().json();
    assert_eq!(document["tenants"][0]["schema"], "acme");
    let listed = database.run("list-tenants").succeeds();
    assert!(!listed.to_string().contains("Schema"), "{listed}");
}

#[tokio::test]
async fn a_row_whose_schema_is_not_known_is_listed_with_null() {
    let database = mapped().await;
    let without = "INSERT INTO workspaces VALUES ('lost', NULL)";
    database.execute(without).await;
    let document = database.run("list-tenants --json").fails().json();
    assert_eq!(document["tenants"][0]["name"], "lost");
    assert_eq!(document["tenants"][0]["schema"], Value::Null);
    assert_eq!(document["tenants"][1]["schema"], "two");
}

#[tokio::test]
async fn a_schema_that_lost_its_row_is_adopted_by_the_name_that_the_advice_has() {
    let database = template().await;
    let lose = "DELETE FROM public.schema_tracker WHERE name = 'big-bang'";
    database.execute(lose).await;
    let name = tenant_core::TenantName::quoted("big-bang").unwrap();
    let adopt = database.hint(&Command::AdoptTenant { name, at: None });
    let checked = database.run("health-check --json").fails().json();
    let problem = &checked["problems"][0];
    assert_eq!(problem["kind"], "orphaned_schema");
    assert!(problem["hint"].as_str().unwrap().contains(&adopt));
    // The same advice comes with the error of one who creates it again.
    let again = database.run("create-tenant big-bang").fails();
    again.says(&adopt);
    let adopted = database.run("adopt-tenant big-bang").succeeds();
    adopted.prints("Schema `org_big-bang` is the tenant `big-bang` now, at version");
    database.execute(lose).await;
    let adopted = database.run("adopt-tenant big-bang --json").succeeds();
    let adopted = adopted.json();
    assert_eq!(adopted["tenant"], "big-bang");
    assert_eq!(adopted["schema"], "org_big-bang");
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn a_template_leaves_no_choice_of_a_schema() {
    let database = template().await;
    database
        .run("create-tenant west-end --schema elsewhere")
        .fails()
        .says("org_west-end");
    database
        .run("create-tenant west-end --schema org_west-end")
        .succeeds();
    let schemas = ["org_big-bang", "org_north-sea", "org_west-end"];
    assert_eq!(database.schemas().await, schemas);
}

#[tokio::test]
async fn where_only_the_list_knows_a_new_tenant_is_given_its_schema() {
    let database = mapped().await;
    assert_eq!(homes(&database).await, ["one two", "two one"]);
    let created = database.run("create-tenant three --schema ws-3 --json");
    assert_eq!(created.succeeds().json()["created"], 1);
    database
        .run("clone-tenant three four --schema ws-4")
        .succeeds();
    database
        .run("rename-tenant three five --schema ws-5")
        .succeeds();
    database
        .execute("DELETE FROM workspaces WHERE slug = 'five'")
        .await;
    database
        .command("adopt-tenant --schema ws-5")
        .arg("Six & Co.")
        .run()
        .succeeds()
        .prints("Schema `ws-5` is the tenant `Six & Co.` now");
    let listed = ["Six & Co. ws-5", "four ws-4", "one two", "two one"];
    assert_eq!(homes(&database).await, listed);
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn a_new_tenant_without_a_schema_is_refused_with_what_is_missing() {
    let database = mapped().await;
    database.run("create-tenant three").fails().says("--schema");
    let refused = database.run("create-tenant three --json").fails().json();
    let hint = refused["tenants"][0]["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("--schema"), "{hint}");
    database
        .run("rename-tenant one three")
        .fails()
        .says("--schema");
    database
        .run("create-tenant three four --schema ws-3")
        .exits_with(2)
        .says("--schema names the schema of one tenant");
    database
        .run("create-tenant three --schema pg_own")
        .exits_with(2);
    assert_eq!(homes(&database).await, ["one two", "two one"]);
    assert_eq!(database.schemas().await, ["one", "two"]);
}

#[tokio::test]
async fn two_tenants_that_have_each_others_names_as_schemas_are_never_mixed_up() {
    let database = mapped().await;
    for (schema, whose) in [("two", "of one"), ("one", "of two")] {
        let insert = format!("INSERT INTO {schema}.dummy_table (name) VALUES ('{whose}')");
        database.execute(&insert).await;
    }
    database.run("migrate-tenants --only one").succeeds();
    database.run("repair-tenant one").succeeds();
    database.run("diff-tenants one two").succeeds();
    let url = database.run("tenant-url one").succeeds();
    assert!(url.to_string().contains("two"), "{url}");
    database.run("drop-tenant one --yes").succeeds();
    assert_eq!(database.schemas().await, ["one"]);
    let kept = "SELECT name FROM one.dummy_table";
    assert_eq!(database.value(kept).await, "of two");
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn a_registered_name_that_breaks_the_rule_is_taken_by_every_command() {
    let database = Database::with_tenants("acme").await;
    let odd = "CREATE SCHEMA \"big-bang\"; INSERT INTO schema_tracker (name) VALUES ('big-bang')";
    database.execute(odd).await;
    database.run("migrate-tenants --only big-bang").succeeds();
    database.run("health-check --only big-bang").succeeds();
    database.run("diff-tenants acme big-bang").succeeds();
    database.run("repair-tenant big-bang").succeeds();
    let url = database.run("tenant-url big-bang").succeeds();
    assert!(url.to_string().contains("big-bang"), "{url}");
    database
        .run("rename-tenant big-bang big_bang")
        .succeeds()
        .prints("Renamed tenant `big-bang` to `big_bang`");
    database
        .run("rename-tenant big_bang big-bang")
        .exits_with(2)
        .says("it contains '-'");
    for line in [
        "drop-tenant big-bang --yes",
        "migrate-tenants --only big-bang",
        "tenant-url big-bang",
    ] {
        database.run(line).exits_with(2).says("it contains '-'");
    }
    let again = "ALTER SCHEMA big_bang RENAME TO \"a b\"; UPDATE schema_tracker SET name = 'a b' \
         WHERE name = 'big_bang'";
    database.execute(again).await;
    let dropped = database.command("drop-tenant --yes").arg("a b").run();
    dropped.succeeds().prints("Dropped tenant `a b`");
    assert_eq!(database.schemas().await, ["acme"]);
}

#[tokio::test]
async fn what_is_dropped_or_renamed_is_shown_with_its_schema() {
    let database = template().await;
    database
        .run("rename-tenant north-sea south-sea")
        .succeeds()
        .prints("`north-sea` (schema `org_north-sea`) to `south-sea` (schema `org_south-sea`)");
    database
        .run("repair-tenant south-sea --dry-run")
        .succeeds()
        .prints("Tenant `south-sea` (schema `org_south-sea`)");
    let dropped = database.run("drop-tenant south-sea --yes").succeeds();
    dropped.prints("Dropped tenant `south-sea` (schema `org_south-sea`)");
    let dropped = database.run("drop-tenant big-bang --yes --json").succeeds();
    assert_eq!(dropped.json()["schema"], "org_big-bang");
}

#[tokio::test]
async fn a_customer_who_is_listed_first_is_created_by_the_advice_of_the_health_check() {
    let database = project(MAPPED, WORKSPACES, &[]).await;
    database
        .execute("INSERT INTO workspaces VALUES ('acme', 'ws-1'), ('globex', NULL)")
        .await;
    let checked = database.run("health-check --json").fails().json();
    for (at, slug) in ["acme", "globex"].into_iter().enumerate() {
        let name = tenant_core::TenantName::quoted(slug).unwrap();
        let create = database.hint(&Command::CreateTenant(Some(name)));
        let remedy = checked["problems"][at]["hint"].as_str().unwrap();
        assert!(remedy.contains(&create), "{remedy}");
    }
    database
        .run("create-tenant globex --schema ws-1")
        .fails()
        .says("gives it to `acme`");
    database
        .run("create-tenant acme --schema ws-2")
        .fails()
        .says("`ws-1`");
    database.run("create-tenant acme globex").succeeds();
    assert_eq!(homes(&database).await, ["acme ws-1", "globex globex"]);
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn the_sql_of_a_check_names_the_tenant_whatever_blanks_its_name_has() {
    let database = project("[names]\nallow = '(?s).+'\n", "", &[]).await;
    let names = ["two  spaces", "two spaces", "tab\there", "cr\r\nX"];
    for name in names {
        let create = database.command("create-tenant").arg(name);
        create.run().succeeds();
        let schema = tenant_core::quote_ident(name);
        let stray = format!("CREATE TABLE {schema}.stray (id int)");
        database.execute(&stray).await;
    }
    let checked = database.run("health-check --json").fails().json();
    let problems = checked["problems"].as_array().unwrap().iter();
    let hints = problems.filter_map(|problem| problem["hint"].as_str());
    let drops = hints
        .flat_map(str::lines)
        .filter(|line| line.starts_with("DROP "));
    let drops = drops.collect::<std::collections::BTreeSet<_>>();
    assert_eq!(
        drops.iter().copied().collect::<Vec<_>>(),
        [
            "DROP TABLE \"two  spaces\".\"stray\";",
            "DROP TABLE \"two spaces\".\"stray\";",
            "DROP TABLE U&\"cr\\000D\\000AX\".\"stray\";",
            "DROP TABLE U&\"tab\\0009here\".\"stray\";",
        ],
        "{checked}"
    );
    for drop in drops {
        database.execute(drop).await;
    }
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn a_tenants_schema_behind_all_is_told_by_every_command_that_opens() {
    let behind = "[path]\nbehind = ['public', 'acme']\n";
    let database = project(behind, "", &["acme globex"]).await;
    let words = "the schema `acme` cannot follow the tenants' schemas in the search path: it is the schema of tenant `acme`";
    database.run("list-tenants").succeeds().says(words);
    let checked = database.run("health-check --json").exits_with(1);
    let problem = &checked.json()["problems"][0];
    assert_eq!(problem["kind"], "unfit_path");
    assert_eq!(problem["message"], words);
    database
        .run("tenant-url globex")
        .exits_with(1)
        .says("[path] behind");
    database
        .run("show-config")
        .succeeds()
        .says("note: a schema in path.behind must not be a tenant's");
}

#[tokio::test]
async fn a_number_of_jobs_is_at_least_one() {
    let database = Database::with_tenants("acme").await;
    let refused = database.run("migrate-tenants --jobs 0").exits_with(2);
    refused.says("it must be a whole number, at least 1");
}
