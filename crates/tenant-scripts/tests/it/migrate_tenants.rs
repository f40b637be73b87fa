//! `migrate-tenants`: which tenants, and what is reported of them.

use serde_json::{Value, json};

use crate::support::{Call, Database, Migrations, OUR_VERSIONS, WAIT_AT_GATE, outcome};

const NEW: &str = "20260201000000";
const NEWER: &str = "20260202000000";

/// Two migrations that every tenant lacks.
fn two_more() -> Migrations {
    Migrations::ours()
        .tenant(
            "2026-02-01-000000_tags",
            "CREATE TABLE tags (name TEXT PRIMARY KEY);",
        )
        .tenant("2026-02-02-000000_notes", "CREATE TABLE notes (text TEXT);")
}

/// One that fails for the tenants `breaks` alone.
fn breaking(breaks: &str) -> Migrations {
    let up = format!("SELECT 1 / (current_schema() !~ '^({breaks})$')::int;");
    Migrations::ours().tenant("2026-02-01-000000_break", &up)
}

#[tokio::test]
async fn without_tenants_there_is_nothing_to_do() {
    let database = Database::set_up().await;
    let done = database.run("migrate-tenants").succeeds().says_nothing();
    assert_eq!(done.stdout, "There are no tenants yet.\n");
    let done = database.run("migrate-tenants --json").succeeds();
    assert_eq!(
        done.json_without_times(),
        json!({
            "total": 0, "migrated": 0, "up_to_date": 0, "failed": 0, "skipped": 0,
            "dry_run": false, "duration_ms": 0, "tenants": [], "spares": [], "notes": [],
        })
    );
}

#[tokio::test]
async fn a_run_brings_all_tenants_up_to_date_and_a_second_one_does_nothing() {
    let database = Database::with_tenants("acme beta").await;
    let migrations = two_more();
    database
        .run_with(&migrations, "migrate-tenants")
        .succeeds()
        .prints("  acme: migrated, 2 migrations in ")
        .prints("  beta: migrated, 2 migrations in ")
        .prints("2 tenants: 2 migrated (")
        .says_nothing();
    assert_eq!(
        database.applied("beta").await,
        [OUR_VERSIONS[0], OUR_VERSIONS[1], NEW, NEWER]
    );
    let again = database.run_with(&migrations, "migrate-tenants").succeeds();
    let again = again.prints("2 tenants: 2 up to date (").says_nothing();
    assert_eq!(again.stdout.lines().count(), 1, "{again}");
}

#[tokio::test]
async fn the_document_has_exactly_the_agreed_fields() {
    let database = Database::with_tenants("acme beta").await;
    let migrations = two_more();
    database
        .run_with(&migrations, "migrate-tenants --only beta")
        .succeeds();
    let row = |name, status, applied: &[&str]| {
        let mut row = outcome(name, status, applied);
        row["pending"] = json!([]);
        row
    };
    let done = database
        .run_with(&migrations, "migrate-tenants --json")
        .succeeds();
    assert_eq!(
        done.json_without_times(),
        json!({
            "total": 2, "migrated": 1, "up_to_date": 1, "failed": 0, "skipped": 0,
            "dry_run": false, "duration_ms": 0,
            "tenants": [
                row("acme", "migrated", &[NEW, NEWER]),
                row("beta", "up_to_date", &[]),
            ],
            "spares": [], "notes": [],
        })
    );
}

#[tokio::test]
async fn only_the_named_tenants_are_migrated() {
    let database = Database::with_tenants("acme beta gamma").await;
    let migrations = two_more();
    database
        .run_with(
            &migrations,
            "migrate-tenants --only acme --only gamma --only acme",
        )
        .succeeds()
        .prints("2 tenants: 2 migrated (");
    assert_eq!(database.applied("beta").await, OUR_VERSIONS);
    assert_eq!(database.applied("acme").await.len(), 4);
    assert_eq!(database.applied("gamma").await.len(), 4);
}

#[tokio::test]
async fn a_name_that_no_tenant_has_is_wrong_use_and_no_tenant_is_migrated() {
    let database = Database::with_tenants("acme beta").await;
    let migrations = two_more();
    let list = database.hint_with(&migrations, &Call::ListTenants);
    database
        .run_with(&migrations, "migrate-tenants nobody acme")
        .exits_with(2)
        .prints_nothing()
        .says("error: there is no tenant `nobody`\n")
        .says(&format!("hint: List the tenants.\n      {list}\n"));
    database
        .run_with(&migrations, "migrate-tenants ame --only bta")
        .exits_with(2)
        .says("error: there are no tenants `ame`, `bta`\n")
        .says("Did you mean `acme`, `beta`?");
    let refused = database.run_with(&migrations, "migrate-tenants acne --json");
    let refused = refused.exits_with(2);
    assert_eq!(refused.error_message(), "there is no tenant `acne`");
    let hint = refused.json()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.starts_with("Did you mean `acme`?"), "{hint}");
    assert_eq!(database.applied("acme").await, OUR_VERSIONS);
}

#[tokio::test]
async fn tenants_are_selected_by_position_pattern_and_file() {
    let database = Database::with_tenants("acme eu_one eu_two us_one").await;
    let file = "# customers\nus_one\n\n  acme  \n";
    database.folder.file("names.txt", file);
    let migrations = two_more();
    let selected = |line: &str| {
        let line = format!("migrate-tenants -n {line} --json");
        let document = database.run_with(&migrations, &line).succeeds().json();
        let tenants = document["tenants"].as_array().unwrap().iter();
        let names = tenants.map(|tenant| tenant["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    for (line, expected) in [
        ("acme us_one", "acme us_one"),
        ("--match eu_*", "eu_one eu_two"),
        ("--match eu_* --match acm?", "acme eu_one eu_two"),
        ("--match *_one eu_two", "eu_one eu_two us_one"),
        ("--from-file names.txt", "acme us_one"),
        (
            "--from-file names.txt --match eu_*",
            "acme eu_one eu_two us_one",
        ),
        ("acme --only us_one acme", "acme us_one"),
        ("", "acme eu_one eu_two us_one"),
    ] {
        assert_eq!(selected(line), expected, "{line}");
    }
    let piped = database.command("migrate-tenants --from-file -");
    let piped = piped.migrations(&migrations).input(file).run();
    piped.succeeds().prints("2 tenants: 2 migrated (");
    assert_eq!(database.applied("eu_one").await, OUR_VERSIONS);
}

/// A list that a script computes can be empty by mistake.
#[tokio::test]
async fn a_selection_of_no_tenant_is_wrong_use_and_never_all() {
    let database = Database::with_tenants("acme eu_one").await;
    database.folder.file("none.txt", "# nothing\n");
    let migrations = two_more();
    for (line, says) in [
        ("--match us_*", "no tenant matches `us_*`"),
        ("--match us_* --match x", "no tenant matches `us_*` or `x`"),
        ("--from-file none.txt", "none.txt names no tenant"),
        (
            "--from-file missing.txt",
            "could not read the names from missing.txt",
        ),
        ("eu_*", "Give a pattern with --match 'eu_*'"),
    ] {
        database
            .run_with(&migrations, &format!("migrate-tenants {line}"))
            .exits_with(2)
            .prints_nothing()
            .says(says);
    }
    let empty = database.command("migrate-tenants").args(["--match", ""]);
    empty
        .run()
        .exits_with(2)
        .says("an empty pattern matches no tenant");
    let empty = database.command("migrate-tenants").arg("").run();
    empty.exits_with(2).says("it is empty");
    assert_eq!(database.applied("acme").await, OUR_VERSIONS);
    database
        .run_with(&migrations, "migrate-tenants --match us_* acme")
        .succeeds()
        .says("note: no tenant matches `us_*`")
        .prints("1 tenant: 1 migrated");
}

#[tokio::test]
async fn a_check_fails_if_something_is_pending_and_changes_nothing() {
    let database = Database::with_tenants("acme beta").await;
    let migrations = two_more();
    let check = |line: &str| database.run_with(&migrations, line);
    check("migrate-tenants --check")
        .exits_with(1)
        .prints("2 tenants: 2 behind; nothing was changed")
        .says_nothing();
    let document = check("migrate-tenants --check --json").exits_with(1).json();
    assert_eq!(document["dry_run"], true);
    check("migrate-tenants --check --quiet")
        .exits_with(1)
        .prints("2 behind");
    assert_eq!(database.applied("acme").await, OUR_VERSIONS);
    check("migrate-tenants acme").succeeds();
    check("migrate-tenants --check acme").succeeds();
    check("migrate-tenants --check").exits_with(1);
    check("migrate-tenants").succeeds();
    check("migrate-tenants --check")
        .succeeds()
        .prints("2 up to date");
}

/// Thousands of tenants that are behind alike are one group.
#[tokio::test]
async fn a_dry_run_names_the_migrations_once_for_all_tenants_that_lack_them() {
    let names = (1..=30).map(|number| format!("t{number:02}"));
    let names = names.collect::<Vec<_>>().join(" ");
    let database = Database::with_tenants(&names).await;
    let migrations = two_more();
    let one = breaking("none");
    database
        .run_with(&one, "migrate-tenants t07 t08")
        .succeeds();
    for line in ["migrate-tenants -n", "migrate-tenants -n --quiet"] {
        let planned = database.run_with(&migrations, line).succeeds();
        let lines = planned.stdout.lines().collect::<Vec<_>>();
        assert_eq!(lines.len(), 6, "{planned}");
        assert_eq!(lines[0], "30 tenants: 30 behind; nothing was changed");
        assert_eq!(lines[1], "28 tenants: t01, t02, t03, t04, t05 and 23 more");
        assert!(lines[2].starts_with("  2026-02-01-000000_"), "{planned}");
        assert!(lines[3].starts_with("  2026-02-02-000000_"), "{planned}");
        assert_eq!(lines[4], "2 tenants: t07, t08");
        assert_eq!(lines[5], lines[3], "{planned}");
    }
}

#[tokio::test]
async fn a_dry_run_shows_what_is_pending_and_changes_nothing() {
    let database = Database::with_tenants("acme beta").await;
    let migrations = two_more();
    database
        .run_with(&migrations, "migrate-tenants --only beta")
        .succeeds();
    database
        .run_with(&migrations, "migrate-tenants --dry-run")
        .succeeds()
        .prints("1 tenant: acme\n  2026-02-01-000000_")
        .says_nothing();
    let planned = database
        .run_with(&migrations, "migrate-tenants --dry-run --json")
        .succeeds();
    planned.includes(&json!({
        "total": 2, "migrated": 0, "up_to_date": 1, "failed": 0, "skipped": 1, "dry_run": true,
        "tenants": [
            {"name": "acme", "status": "skipped", "applied": [], "pending": [NEW, NEWER]},
            {"name": "beta", "status": "up_to_date", "applied": [], "pending": []},
        ],
    }));
    assert_eq!(database.applied("acme").await, OUR_VERSIONS);
    let table = "SELECT to_regclass('acme.tags')";
    assert_eq!(database.value(table).await, "NULL");
}

#[tokio::test]
async fn a_dry_run_finds_a_name_that_nobody_has() {
    let database = Database::with_tenants("acme").await;
    database
        .run("migrate-tenants --dry-run --only nobody")
        .exits_with(2)
        .says("there is no tenant `nobody`");
}

#[tokio::test]
async fn fail_fast_begins_no_further_tenant_after_the_first_failure() {
    let database = Database::with_tenants("a b c d").await;
    let migrations = breaking("b");
    let done = database.run_with(&migrations, "migrate-tenants --fail-fast --jobs 1 --json");
    done.exits_with(1).includes(&json!({
        "total": 4, "migrated": 1, "up_to_date": 0, "failed": 1, "skipped": 2,
        "tenants": [
            outcome("a", "migrated", &[NEW]),
            {"name": "b", "status": "failed", "applied": [], "pending": [NEW]},
            {"name": "c", "status": "skipped", "applied": [], "pending": [NEW], "error": null},
            {"name": "d", "status": "skipped", "applied": [], "pending": [NEW], "error": null},
        ],
    }));
    assert_eq!(database.applied("c").await, OUR_VERSIONS);
    database
        .run_with(&migrations, "migrate-tenants --fail-fast --jobs 1")
        .exits_with(1)
        .prints("4 tenants: 1 up to date, 2 behind, 1 failed (")
        .says("failed for tenant `b`: ");
}

#[tokio::test]
async fn what_a_tenant_still_lacks_is_told_for_each_by_itself() {
    let database = Database::with_tenants("a_b aB ab Zoo b").await;
    let migrations = two_more();
    database
        .run_with(&breaking("none"), "migrate-tenants --only aB --only b")
        .succeeds();
    let migrations = migrations.tenant("2026-03-01-000000_break", "SELECT 1 / 0;");
    let last = "20260301000000";
    for options in ["--dry-run", "--fail-fast --jobs 1", "--jobs 1"] {
        let line = format!("migrate-tenants {options} --json");
        let document = database.run_with(&migrations, &line).json_without_times();
        for tenant in document["tenants"].as_array().unwrap() {
            let pending = match tenant["name"].as_str().unwrap() {
                "aB" | "b" => json!([NEWER, last]),
                _ => json!([NEW, NEWER, last]),
            };
            assert_eq!(tenant["pending"], pending, "{options}: {tenant}");
            assert_eq!(tenant["applied"], json!([]), "{options}: {tenant}");
        }
    }
}

#[tokio::test]
async fn what_ran_outside_a_transaction_is_not_pending_any_more() {
    let database = Database::with_tenants("acme").await;
    let migrations = Migrations::ours()
        .tenant("2026-02-01-000000_a", "CREATE TABLE a (id INT);")
        .outside_transaction(
            "2026-02-02-000000_index",
            "CREATE INDEX CONCURRENTLY ON a (id);",
        )
        .tenant("2026-03-01-000000_break", "SELECT 1 / 0;");
    let done = database.run_with(&migrations, "migrate-tenants --json");
    done.exits_with(1).includes(&json!({
        "tenants": [{
            "name": "acme", "status": "failed", "applied": [NEW, NEWER],
            "pending": ["20260301000000"],
            "error": {"migration": "2026-03-01-000000_break", "sqlstate": "22012"},
        }],
    }));
    let listed = database
        .run_with(&migrations, "list-tenants --json")
        .succeeds();
    let tenant = &listed.json()["tenants"][0];
    assert_eq!(
        (&tenant["version"], &tenant["pending"]),
        (&json!(NEWER), &json!(1))
    );
}

#[tokio::test]
async fn after_so_many_failures_no_further_tenant_is_begun() {
    let database = Database::with_tenants("a b c d").await;
    let migrations = breaking("a|b|d");
    let statuses = |done: crate::support::Finished| {
        let document = done.exits_with(1).json();
        let tenants = document["tenants"].as_array().unwrap().clone();
        tenants
            .iter()
            .map(|tenant| tenant["status"].clone())
            .collect::<Value>()
    };
    let two = database.run_with(
        &migrations,
        "migrate-tenants --max-failures 2 --jobs 1 --json",
    );
    assert_eq!(
        statuses(two),
        json!(["failed", "failed", "skipped", "skipped"])
    );
    let three = database.run_with(
        &migrations,
        "migrate-tenants --max-failures 3 --jobs 1 --json",
    );
    assert_eq!(
        statuses(three),
        json!(["failed", "failed", "migrated", "failed"])
    );
}

#[tokio::test]
async fn as_many_tenants_as_jobs_are_migrated_at_the_same_time_and_no_more() {
    let database = Database::with_tenants("a b c d e f").await;
    let mut migrations = Migrations::ours();
    for (jobs, name) in [(1, "2026-02-01-000000_one"), (3, "2026-02-02-000000_three")] {
        database.close_gate().await;
        let up = format!(
            "CREATE TABLE span_{jobs} AS SELECT clock_timestamp() AS began;
             {WAIT_AT_GATE}
             ALTER TABLE span_{jobs} ADD COLUMN ended TIMESTAMPTZ;
             UPDATE span_{jobs} SET ended = clock_timestamp();"
        );
        migrations = migrations.tenant(name, &up);
        let command = database.command(&format!("migrate-tenants --jobs {jobs}"));
        let running = command.migrations(&migrations).start();
        database.until_at_gate(jobs).await;
        database.open_gate().await;
        running.finish().succeeds();

        let spans = ["a", "b", "c", "d", "e", "f"]
            .map(|tenant| format!("SELECT began, ended FROM {tenant}.span_{jobs}"))
            .join(" UNION ALL ");
        let most_at_once = format!(
            "WITH span AS ({spans}) SELECT max((SELECT count(*) FROM span other \
             WHERE other.began <= span.began AND other.ended > span.began)) FROM span"
        );
        assert_eq!(database.value(&most_at_once).await, jobs.to_string());
    }
}

#[tokio::test]
async fn a_quiet_run_prints_nothing_but_failures() {
    let database = Database::with_tenants("acme beta").await;
    let migrations = breaking("acme");
    database
        .run("migrate-tenants --quiet")
        .succeeds()
        .prints_nothing()
        .says_nothing();
    database
        .run_with(&migrations, "migrate-tenants --quiet")
        .exits_with(1)
        .prints_nothing()
        .says("division by zero");
}

#[tokio::test]
async fn a_verbose_run_names_the_database_and_each_tenant_as_it_ends() {
    let database = Database::with_tenants("acme beta").await;
    let done = database
        .run_with(&two_more(), "migrate-tenants --verbose")
        .succeeds();
    let done = done.says(&format!("/{}\n", database.name()));
    done.says("acme: ").says("beta: ");
}

#[tokio::test]
async fn a_row_that_is_no_tenants_name_fails_by_itself() {
    let database = Database::with_tenants("acme").await;
    database
        .execute("INSERT INTO schema_tracker (name) VALUES ('Not-A-Name')")
        .await;
    database
        .run_with(&two_more(), "migrate-tenants")
        .exits_with(1)
        .prints("2 tenants: 1 migrated, 1 failed (")
        .says("error: ")
        .says("\"Not-A-Name\"")
        .says("Correct the name in the registry, or delete its row.");
}

#[tokio::test]
async fn numbers_that_make_no_sense_are_wrong_use() {
    let database = Database::with_tenants("acme").await;
    for options in [
        "--jobs 0",
        "--jobs many",
        "--max-failures 0",
        "--lock-timeout -1",
        "--lock-timeout soon",
        "--max-failures 2 --fail-fast",
        "--quiet --verbose",
    ] {
        database
            .run(&format!("migrate-tenants {options}"))
            .exits_with(2)
            .prints_nothing()
            .says("error: ");
    }
}
