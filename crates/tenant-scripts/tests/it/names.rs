//! Names that cannot be a tenant's are refused before anything is done, with
//! the rule that they break and an example of a good one.

use crate::support::Database;

/// Names that are refused, and a part of the rule that is quoted.
const BAD: [(&str, &str); 6] = [
    (
        "2fast",
        "it starts with '2' instead of a letter (a-z, A-Z) or an underscore",
    ),
    (
        "acme-corp",
        "it contains '-'; only letters (a-z, A-Z), digits and underscores are allowed",
    ),
    ("select", "it is a reserved word in PostgreSQL"),
    ("public", "it is the name of a PostgreSQL system schema"),
    ("pg_acme", "it is the name of a PostgreSQL system schema"),
    ("", "it is empty"),
];

const EXAMPLE: &str = "(for example, `acme_corp`)";

#[tokio::test]
async fn every_command_that_takes_a_name_refuses_a_bad_one() {
    let database = Database::with_tenants("acme").await;
    for command in [
        "create-tenant",
        "rename-tenant acme",
        "clone-tenant acme",
        "move-tenant --to localhost:5432",
        "distribute-tenants --only",
        "drop-tenant --yes",
        "tenant-url",
        "repair-tenant",
        "adopt-tenant",
        "diff-tenants acme",
        "migrate-tenants --only",
        "rollback-tenants --steps 1 --yes --only",
        "health-check --only",
    ] {
        for (name, rule) in BAD {
            database
                .command(command)
                .arg(name)
                .run()
                .exits_with(2)
                .prints_nothing()
                .says(rule)
                .says(EXAMPLE);
        }
    }
    assert_eq!(database.tracked().await, ["acme"]);
}

#[tokio::test]
async fn a_name_that_postgresql_would_cut_short_is_refused() {
    let database = Database::set_up().await;
    let name = "x".repeat(64);
    database
        .command("create-tenant")
        .arg(&name)
        .run()
        .exits_with(2)
        .says("it has 64 characters; PostgreSQL allows 63");
    database
        .command("create-tenant")
        .arg(&name[1..])
        .run()
        .succeeds();
    assert_eq!(database.schemas().await, [&name[1..]]);
}

#[tokio::test]
async fn a_refused_name_is_an_error_in_json_too() {
    let database = Database::set_up().await;
    for command in [
        "create-tenant 2fast --json",
        "drop-tenant 2fast --yes --json",
    ] {
        let refused = database.run(command).exits_with(2);
        let message = refused.error_message();
        assert!(message.contains("it starts with '2'"), "{refused}");
        assert!(message.contains(EXAMPLE), "{refused}");
    }
}

#[tokio::test]
async fn a_name_that_tries_to_be_sql_is_only_a_bad_name() {
    let database = Database::with_tenants("acme").await;
    database
        .command("create-tenant")
        .arg("x\"; DROP SCHEMA acme CASCADE; --")
        .run()
        .exits_with(2)
        .says("it contains '\"'");
    assert_eq!(database.schemas().await, ["acme"]);
}

#[tokio::test]
async fn a_bad_name_in_a_file_is_named_with_its_line_and_nothing_is_made() {
    let database = Database::set_up().await;
    let text = "acme\n# a comment\n\nacme-corp\nbeta\n";
    database.folder.file("names.txt", text);
    let refused = database
        .run("create-tenant zeta --names-from names.txt")
        .exits_with(2);
    let refused = refused
        .prints_nothing()
        .says("line 4")
        .says("\"acme-corp\"");
    refused.says("it contains '-'").says(EXAMPLE);
    let refused = database
        .run("create-tenant --names-from names.txt --json")
        .exits_with(2);
    assert!(refused.error_message().contains("line 4"), "{refused}");
    let command = database.command("create-tenant --names-from -");
    command.input(text).run().exits_with(2).says("line 4");
    assert!(database.schemas().await.is_empty());
}

#[tokio::test]
async fn names_that_differ_in_case_only_are_different_tenants() {
    let database = Database::with_tenants("acme Acme").await;
    assert_eq!(database.schemas().await, ["Acme", "acme"]);
    database.run("drop-tenant Acme --yes").succeeds();
    assert_eq!(database.schemas().await, ["acme"]);
    let note = "the tenants `ACME` and `acme` differ in upper and lower case only";
    database.run("create-tenant ACME").succeeds().says(note);
    database.run("drop-tenant ACME --yes").succeeds();
    let document = database.run("create-tenant ACME --json").succeeds().json();
    assert_eq!(document["notes"][0]["kind"], "same_but_for_case");
    assert_eq!(document["notes"][0]["message"], note);
    database.run("health-check").succeeds();
}

#[tokio::test]
async fn an_underscore_and_words_that_are_not_reserved_are_good_names() {
    let database = Database::with_tenants("_ users value _2 Name").await;
    database
        .run("health-check")
        .succeeds()
        .prints("5 tenants checked: all well.");
}

#[tokio::test]
async fn a_bad_name_in_a_file_is_named_with_the_file() {
    let database = Database::set_up().await;
    database.folder.file("names.txt", "2fast\n");
    database
        .run("create-tenant --names-from names.txt")
        .exits_with(2)
        .says("names.txt");
}

#[tokio::test]
async fn names_from_an_input_that_is_closed_are_an_error_and_not_none() {
    let database = Database::set_up().await;
    database
        .run("create-tenant --names-from -")
        .exits_with(2)
        .prints_nothing()
        .says("standard input is closed");
    // A pipe in which nothing comes is a list of no names.
    let command = database.command("create-tenant --names-from -");
    command
        .input("")
        .run()
        .succeeds()
        .prints("There were no names.");
}

#[tokio::test]
async fn byte_order_marks_of_joined_files_are_no_part_of_a_name() {
    let database = Database::set_up().await;
    let text = "\u{feff}acme\r\n\u{feff}beta\n";
    database.folder.file("names.txt", text);
    database
        .run("create-tenant --names-from names.txt")
        .succeeds();
    assert_eq!(database.schemas().await, ["acme", "beta"]);
}
