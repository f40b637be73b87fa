//! `suspend-tenants` and `resume-tenants`: what they say, and what the list shows.

use crate::support::Database;

#[tokio::test]
async fn suspended_tenants_are_listed_as_such_until_they_are_resumed() {
    let database = Database::with_tenants("acme beta gamma").await;
    database
        .run("suspend-tenants acme --reason unpaid")
        .succeeds()
        .says_nothing()
        .prints("Suspended tenant `acme`.\n");
    database
        .run("suspend-tenants --match b* gamma --until 2099-01-31T18:00 --by ops")
        .succeeds()
        .prints("Suspended 2 tenants until 2099-01-31 18:00 UTC.\n");
    let listed = database.run("list-tenants --state suspended -o name");
    assert_eq!(listed.succeeds().stdout, "acme\nbeta\ngamma\n");
    let all = database.run("list-tenants --json").succeeds().json();
    let acme = &all["tenants"][0];
    assert_eq!(acme["listed_as"], "suspended");
    assert_eq!(acme["state"], "up_to_date");
    assert_eq!(acme["suspension"]["reason"], "unpaid");
    assert_eq!(acme["suspension"]["by"], "postgres");
    assert_eq!(all["tenants"][1]["suspension"]["by"], "ops");
    assert_eq!(
        all["tenants"][1]["suspension"]["until"],
        "2099-01-31T18:00:00Z"
    );
    database
        .run("list-tenants")
        .succeeds()
        .prints("Listed as")
        .prints("suspended");
    // They are worked on as before.
    database.run("health-check").succeeds();
    database.run("migrate-tenants").succeeds();

    database
        .run("resume-tenants acme")
        .succeeds()
        .prints("Resumed tenant `acme`.\n");
    database
        .run("resume-tenants acme")
        .succeeds()
        .prints("Tenant `acme` is not suspended.\n");
    let document = database
        .run("resume-tenants --match * --json")
        .succeeds()
        .json();
    let counts = ["total", "resumed", "up_to_date", "failed"].map(|key| document[key].clone());
    assert_eq!(counts, [3, 2, 1, 0]);
    let active = database
        .run("list-tenants --state active -o name")
        .succeeds();
    assert_eq!(active.stdout, "acme\nbeta\ngamma\n");
    database
        .run("list-tenants --state suspended")
        .succeeds()
        .prints_nothing()
        .says("note: no tenant is in state `suspended`\n");
}

#[tokio::test]
async fn who_uses_a_tenant_is_told_waited_for_or_ended() {
    let database = Database::with_tenants("acme").await;
    let session = database.client().await;
    let begin = "SET application_name = 'shop'; BEGIN; SELECT FROM acme.dummy_table";
    session.batch_execute(begin).await.unwrap();
    database
        .run("suspend-tenants acme")
        .succeeds()
        .prints("Suspended tenant `acme`.\n")
        .says("note: 1 session still uses the tables of tenant `acme`")
        .says("application `shop`");
    database
        .run("suspend-tenants acme --wait 100ms")
        .exits_with(1)
        .says("error: tenant `acme` is suspended, but 1 session still uses its tables\n")
        .says("--end-sessions");
    let ended = database.run("suspend-tenants acme --end-sessions --json");
    let ended = ended.succeeds().json();
    assert_eq!(ended["tenants"][0]["ended"][0]["application"], "shop");
    assert_eq!(ended["tenants"][0]["sessions"], serde_json::json!([]));
    assert!(session.batch_execute("SELECT 1").await.is_err());
}

#[tokio::test]
async fn no_names_are_wrong_use_and_so_are_a_time_in_the_past_and_a_tenant_that_is_none() {
    let database = Database::with_tenants("acme").await;
    for command in ["suspend-tenants", "resume-tenants"] {
        database
            .run(command)
            .exits_with(2)
            .prints_nothing()
            .says("error: no tenant is named\n")
            .says("--match '*'");
    }
    database
        .run("suspend-tenants acme --until 2020-01-01")
        .exits_with(2)
        .says("that time is in the past");
    database
        .run("suspend-tenants acme --until soon")
        .exits_with(2)
        .says("expected a time");
    database
        .run("suspend-tenants acme nobody")
        .exits_with(2)
        .says("there is no tenant `nobody`");
    let suspended = database.run("list-tenants --state suspended").succeeds();
    assert_eq!(suspended.stdout, "");
}

#[tokio::test]
async fn a_database_without_the_column_names_the_command_that_adds_it() {
    let database = Database::with_tenants("acme").await;
    database
        .execute("ALTER TABLE schema_tracker DROP COLUMN suspension")
        .await;
    database.run("list-tenants").succeeds();
    database
        .run("suspend-tenants acme")
        .exits_with(1)
        .says("keeps no suspensions: it has no column `suspension`")
        .says("db:migrate");
}
