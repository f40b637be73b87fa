//! `repair-tenant`, `diff-tenants` and `adopt-tenant`: what they print, and their
//! exit codes. What they do to tenants is tested in the library.

use serde_json::json;

use crate::support::{Call, Database};

const INDEX: &str = "CREATE INDEX by_name ON dummy_table (name);";

#[tokio::test]
async fn a_repair_says_what_it_did_and_what_it_left() {
    let database = Database::with_tenants("acme beta").await;
    database
        .execute(
            "ALTER TABLE acme.dummy_table DROP COLUMN value, ADD COLUMN legacy int; \
             INSERT INTO acme.dummy_table (name) VALUES ('kept')",
        )
        .await;
    let tried = database.run("repair-tenant acme --dry-run").exits_with(1);
    assert_eq!(
        tried.stdout,
        "Would repair tenant `acme`:\n  \
           column `dummy_table.value` is missing\n\
         1 statement would run:\n  \
           ALTER TABLE \"acme\".\"dummy_table\" ADD COLUMN \"value\" text;\n\
         Not repaired in tenant `acme`: 1 difference\n\
         error: unexpected column `dummy_table.legacy`\n\
         hint: If nothing uses it, drop it.\n      \
           ALTER TABLE \"acme\".\"dummy_table\" DROP COLUMN \"legacy\";\n\
         hint: Or write a migration that creates it for every tenant.\n"
    );
    let repaired = database.run("repair-tenant acme --json").exits_with(1);
    let document = repaired.json();
    assert_eq!(document["dry_run"], false);
    let tenant = &document["tenants"][0];
    assert_eq!(
        tenant["repaired"],
        json!(["column `dummy_table.value` is missing"])
    );
    assert_eq!(tenant["left"][0]["kind"], "extra_object");
    let drop = tenant["left"][0]["sql"][0].as_str().unwrap();
    database.execute(drop).await;
    let repaired = database.run("repair-tenant acme").succeeds();
    assert_eq!(repaired.stdout, "Tenant `acme` matches its migrations.\n");
    database.run("health-check").succeeds();
    let kept = "SELECT name FROM acme.dummy_table";
    assert_eq!(database.value(kept).await, "kept");
}

#[tokio::test]
async fn a_repair_that_rows_stand_against_says_why_and_what_to_do_and_repairs_the_rest() {
    let database = Database::with_tenants("acme").await;
    database
        .execute(
            "ALTER TABLE acme.dummy_table ALTER COLUMN name DROP NOT NULL, DROP COLUMN value; \
             INSERT INTO acme.dummy_table DEFAULT VALUES",
        )
        .await;
    let document = database
        .run("repair-tenant acme --dry-run --json")
        .exits_with(1)
        .json();
    let why = document["tenants"][0]["left"][0]["notes"]
        .as_array()
        .unwrap();
    assert!(
        why.iter()
            .any(|it| it.as_str().unwrap().contains("SQLSTATE 23502")),
        "{why:?}"
    );
    database
        .run("repair-tenant acme")
        .exits_with(1)
        .prints("column `dummy_table.value` is missing\n1 statement ran:")
        .prints(
            "error: column `dummy_table.name` allows NULL; expected NOT NULL\n\
             note: the repair failed: ",
        )
        .prints("contains null values (SQLSTATE 23502)")
        .prints("hint: Change the rows that the message names");
    database
        .run("repair-tenant acme --json")
        .exits_with(1)
        .prints("\"repaired\": []");
}

#[tokio::test]
async fn a_rename_by_hand_is_shown_with_the_way_back() {
    let database = Database::with_tenants("acme").await;
    database
        .execute("ALTER TABLE acme.dummy_table RENAME name TO title")
        .await;
    let repaired = database.run("repair-tenant acme").exits_with(1);
    assert_eq!(
        repaired.stdout,
        "Not repaired in tenant `acme`: 1 difference\n\
         error: column `dummy_table.name` was renamed to `title`\n\
         hint: If nothing uses the new name, rename it back.\n      \
           ALTER TABLE \"acme\".\"dummy_table\" RENAME COLUMN \"title\" TO \"name\";\n\
         hint: Or write a migration that renames it for every tenant.\n"
    );
    let checked = database.run("health-check --json").exits_with(1).json();
    assert_eq!(checked["problems"][0]["kind"], "renamed_object");
}

#[tokio::test]
async fn a_repair_of_nobody_is_refused() {
    let database = Database::with_tenants("acme").await;
    database
        .run("repair-tenant nobody")
        .exits_with(2)
        .says("there is no tenant `nobody`")
        .says("cargo xtask db:list:tenants");
    database.run("repair-tenant Not-A-Name").exits_with(2);
}

#[tokio::test]
async fn several_tenants_are_repaired_and_each_has_its_own_outcome() {
    let database = Database::with_tenants("acme beta gamma delta").await;
    database
        .execute(
            "ALTER TABLE acme.dummy_table DROP COLUMN value; \
             ALTER TABLE beta.dummy_table ADD COLUMN legacy int; \
             ALTER TABLE delta.dummy_table DROP COLUMN value; \
             INSERT INTO gamma.__diesel_schema_migrations (version) VALUES ('20300101000000')",
        )
        .await;
    let document = database
        .run("repair-tenant acme --match ?e?a gamma --json -n")
        .exits_with(1)
        .json();
    assert_eq!(document["total"], 3);
    assert_eq!(
        (&document["repaired"], &document["left"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(document["failed"], 1);
    let tenants = document["tenants"].as_array().unwrap();
    let names = tenants
        .iter()
        .map(|tenant| tenant["tenant"].as_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["acme", "beta", "gamma"]);
    assert_eq!(tenants[2]["schema"], json!(null));
    assert!(tenants[2]["error"]["message"].is_string(), "{document}");
    database
        .run("repair-tenant acme beta gamma")
        .exits_with(1)
        .prints("Repaired tenant `acme`:\n  column `dummy_table.value` is missing")
        .prints("tenant `beta`")
        .says("gamma");
    database
        .run("health-check acme --quick")
        .succeeds()
        .prints("1 tenant checked");
    // The one that was not named is as it was.
    database.run("health-check delta").exits_with(1);
    database
        .run("repair-tenant")
        .exits_with(2)
        .says("<TENANT>...");
    database.run("repair-tenant --match delta").succeeds();
}

#[tokio::test]
async fn a_comparison_that_cannot_be_made_is_no_difference() {
    let database = Database::with_tenants("acme beta").await;
    database.run("diff-tenants acme nobody").exits_with(2);
    database.execute("DROP SCHEMA beta CASCADE").await;
    database
        .run("diff-tenants acme beta")
        .exits_with(2)
        .prints_nothing();
}

#[tokio::test]
async fn two_tenants_are_compared() {
    let database = Database::with_tenants("acme beta").await;
    let same = database.run("diff-tenants acme beta").succeeds();
    assert_eq!(same.stdout, "Tenants `acme` and `beta` do not differ.\n");
    database
        .execute(&format!(
            "SET search_path TO beta; {INDEX} RESET search_path; \
             ALTER TABLE acme.dummy_table ALTER name DROP NOT NULL"
        ))
        .await;
    let differ = database.run("diff-tenants acme beta").exits_with(1);
    assert_eq!(
        differ.stdout,
        "2 differences between `acme` and `beta`:\n  column `dummy_table.name` differs\n    \
           not null in `acme`: none\n    not null in `beta`: NOT NULL\n  \
           only in `beta`: index `by_name`\n"
    );
    let document = database
        .run("diff-tenants beta acme --json")
        .exits_with(1)
        .json();
    assert_eq!(document["same"], false);
    assert_eq!(
        document["differences"],
        json!([
            {"message": "column `dummy_table.name` differs", "object": "column `dummy_table.name`",
             "only_in": null,
             "changes": [{"aspect": "not null", "first": "NOT NULL", "second": null}]},
            {"message": "only in `beta`: index `by_name`", "object": "index `by_name`", "only_in": "first", "changes": []},
        ])
    );
    database.run("create-tenant gamma delta").succeeds();
    let unrecorded =
        "DELETE FROM delta.__diesel_schema_migrations WHERE version = '20260102000000'";
    database.execute(unrecorded).await;
    let differ = database.run("diff-tenants gamma delta").exits_with(1);
    assert_eq!(
        differ.stdout,
        "1 difference between `gamma` and `delta`:\n  applied only to `gamma`: 20260102000000\n"
    );
}

#[tokio::test]
async fn a_schema_is_adopted_or_refused_with_what_to_do() {
    let database = Database::with_tenants("acme lost").await;
    database
        .execute("DELETE FROM schema_tracker WHERE name = 'lost'; DROP TABLE lost.__diesel_schema_migrations; \
                  ALTER TABLE lost.dummy_table DROP COLUMN value")
        .await;
    let refused = database.run("adopt-tenant lost").exits_with(1);
    refused
        .says("the schema `lost` matches no version of a tenant: it differs from the nearest, version 20260102000000")
        .says("column `dummy_table.value` is missing")
        .says("cargo xtask db:adopt:tenant lost --at 20260102000000");
    let adopted = database
        .run("adopt-tenant lost --at 20260102000000")
        .succeeds();
    assert_eq!(
        adopted.stdout,
        "Schema `lost` is a tenant now, at version 20260102000000.\n"
    );
    adopted.says(
        "note: the schema differs from the definition that its migrations create: 1 difference\n  \
           column `dummy_table.value` is missing\n",
    );
    database.run("repair-tenant lost").succeeds();
    database.run("health-check").succeeds();

    database
        .execute("DELETE FROM schema_tracker WHERE name = 'lost'; DROP TABLE lost.__diesel_schema_migrations")
        .await;
    let document = database.run("adopt-tenant lost --json").succeeds().json();
    assert_eq!(
        document,
        json!({"tenant": "lost", "schema": "lost", "version": "20260102000000", "by_definition": true, "differences": [], "notes": []})
    );
    database
        .run("adopt-tenant nowhere")
        .exits_with(1)
        .says("there is no schema `nowhere`")
        .says("cargo xtask db:create:tenant nowhere");
    database
        .run("adopt-tenant lost --at 2020-01-01-000000")
        .exits_with(1)
        .says("there is no migration with the version `20200101000000`")
        .says("cargo xtask db:list:tenants");
    let check = database.hint(&Call::CheckTenant("lost".parse().unwrap()));
    database
        .run("adopt-tenant lost")
        .exits_with(1)
        .says("tenant `lost` already has its schema and its migration history")
        .says(&format!("hint: Check the tenant.\n      {check}\n"));
}

#[tokio::test]
async fn a_fleet_is_summed_up_before_its_problems() {
    let database = Database::with_tenants("a b c d").await;
    database
        .execute("ALTER TABLE a.dummy_table DROP COLUMN value; ALTER TABLE b.dummy_table DROP COLUMN value; \
                  ALTER TABLE c.dummy_table ADD COLUMN legacy int")
        .await;
    let checked = database.run("health-check").exits_with(1);
    checked.prints(
        "4 tenants checked: 3 problems.\n1 tenant has the expected definition.\n\
         error: column `dummy_table.value` is missing\n  2 tenants: a, b\n\
         hint: Repair the tenant.\n      cargo xtask db:repair:tenant NAME ",
    );
    let document = database.run("health-check --json").exits_with(1).json();
    assert_eq!(document["as_expected"], 1);
    assert_eq!(
        document["groups"][0],
        json!({"kind": "missing_object", "message": "column `dummy_table.value` is missing", "tenants": 2, "names": ["a", "b"]})
    );
    assert_eq!(
        document["problems"][0]["sql"],
        json!(["ALTER TABLE \"a\".\"dummy_table\" ADD COLUMN \"value\" text"])
    );
    database
        .run("health-check --quick")
        .succeeds()
        .prints("4 tenants checked: all well.");
    database.execute("DROP TABLE d.dummy_table").await;
    let quick = database
        .run("health-check --quick --json")
        .exits_with(1)
        .json();
    assert_eq!(quick["as_expected"], json!(null));
    assert_eq!(quick["problems"][0]["kind"], "missing_table");
}
