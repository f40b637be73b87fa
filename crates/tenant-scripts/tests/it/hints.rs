//! Commands that are advised: pasted and run, they do what was meant, on the same
//! database and with the same migrations.

use command_line::invocation::Action;
use command_line::{Common, Invocation};
use tenant_core::TenantName;

use crate::support::{Call, Database, Migrations, pasted};

const NEW: &str = "2026-02-01-000000_plans";

fn acme() -> TenantName {
    "acme".parse().unwrap()
}

/// The URL of the database with a password, and the password. The tests' own server
/// asks for none, and takes any.
fn with_password(database: &Database) -> (String, String) {
    let url = database.url();
    let (login, server) = url.split_once('@').unwrap();
    match login.split("://").nth(1).unwrap().split_once(':') {
        Some((_, password)) => (url.clone(), password.to_owned()),
        None => (format!("{login}:s3cret@{server}"), "s3cret".to_owned()),
    }
}

#[tokio::test]
async fn a_command_that_is_shown_works_with_the_same_migrations_on_the_same_database() {
    let database = Database::with_tenants("acme beta").await;
    let elsewhere = Database::with_tenants("acme").await;
    let migrations = Migrations::ours().tenant(NEW, "CREATE TABLE plans (id INT);");
    let (url, password) = with_password(&database);
    let checked = database
        .folder
        .command("health-check --only acme")
        .on(&url)
        .migrations(&migrations)
        .run()
        .exits_with(1)
        .conceals(&password)
        .prints("1 pending migration: 20260201000000");

    // Whatever the environment says by then.
    database
        .pasted(&checked.stdout)
        .env("DATABASE_URL", elsewhere.url())
        .run()
        .succeeds()
        .prints("  acme: migrated, 1 migration in ");
    assert_eq!(database.applied("acme").await.len(), 3);
    // It is about one tenant, and stays so.
    assert_eq!(database.applied("beta").await.len(), 2);
    assert_eq!(elsewhere.applied("acme").await.len(), 2);
}

#[tokio::test]
async fn a_folder_with_spaces_and_signs_of_a_shell_is_found_again() {
    let database = Database::with_tenants("acme").await;
    let ours = Migrations::ours().tenant(NEW, "CREATE TABLE plans (id INT);");
    for folder in ["my migrations", "it's $HOME `id`; exit 3", "-x", "a\tb"] {
        crate::support::copy(&ours.path(), &database.folder.path().join(folder));
        let checked = database
            .command("health-check")
            .arg(format!("--migrations-dir={folder}"))
            .run()
            .exits_with(1);
        database
            .pasted(&checked.stdout)
            .arg("--dry-run")
            .run()
            .succeeds()
            .prints("1 tenant: acme\n  2026-02-01-000000_");
    }
}

#[tokio::test]
async fn only_what_was_given_as_an_option_is_repeated() {
    let database = Database::empty().await;
    let refused = database
        .folder
        .command("list-tenants")
        .env("DATABASE_URL", database.url())
        .run()
        .exits_with(3);
    assert_eq!(pasted::shown(&refused.stderr), "db:migrate");
    let refused = database
        .folder
        .command("list-tenants --extensions-schema My_Extensions")
        .env("DATABASE_URL", database.url())
        .run();
    refused.fails().says("--extensions-schema");
    database.execute("CREATE SCHEMA \"My Extensions\"").await;
    let refused = database
        .folder
        .command("list-tenants --extensions-schema")
        .arg("My Extensions")
        .env("DATABASE_URL", database.url())
        .run()
        .exits_with(3);
    assert_eq!(
        pasted::shown(&refused.stderr),
        "db:migrate --extensions-schema 'My Extensions'"
    );
}

#[tokio::test]
async fn a_url_is_never_shown_with_stars_that_would_be_taken_for_its_password() {
    let database = Database::empty().await;
    let (url, password) = with_password(&database);
    let refused = database
        .folder
        .command("list-tenants --json")
        .on(&url)
        .run()
        .exits_with(3)
        .conceals(&password)
        .conceals("*");
    let document = refused.json();
    let hint = document["error"]["hint"].as_str().unwrap();
    database.pasted(hint).run().succeeds();
    database.run("list-tenants").succeeds();
}

#[test]
fn every_command_that_can_be_advised_is_an_alias_whose_program_takes_its_arguments() {
    let common = Common {
        database_url: Some("postgres://app:s3cret@db.test/shop?sslmode=disable".to_owned()),
        migrations_dir: Some("my migrations".into()),
        extensions_schema: Some("ext".to_owned()),
        ..Common::default()
    };
    let invocation = Invocation::of(&common);
    for call in Call::examples(&acme()) {
        let text = format!("`{}`", invocation.call(&call));
        let words = pasted::words(pasted::shown(&text));
        let (alias, arguments) = words.split_first().unwrap();
        let (program, before) = pasted::program(alias);
        let arguments = std::iter::once(program.as_str())
            .chain(before)
            .chain(arguments.iter().map(String::as_str));
        parses(&program, arguments.collect());
        for option in ["--database-url", "--migrations-dir", "--extensions-schema"] {
            assert!(text.contains(option), "{text}");
        }
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[test]
fn what_is_advised_beside_the_librarys_calls_is_an_alias_too() {
    let invocation = Invocation::default();
    for (action, expected) in [
        (Action::StopServer, "stop-server"),
        (Action::GenerateMigration("public"), "generate-migration"),
        (Action::GenerateMigration("tenant"), "generate-migration"),
        (Action::PrintSchema("public"), "print-schema"),
        (Action::PrintSchema("tenant"), "print-schema"),
    ] {
        let text = format!("`{}`", invocation.call(action));
        let (program, _) = pasted::program(pasted::shown(&text));
        assert_eq!(program, expected);
    }
}

/// Clap itself says whether the program takes them.
#[track_caller]
fn parses(program: &str, arguments: Vec<&str>) {
    use clap::Parser;
    use tenant_commands::commands as c;

    fn by<P: Parser>(arguments: Vec<&str>) -> Result<(), clap::Error> {
        P::try_parse_from(arguments).map(drop)
    }
    let shown = arguments.join(" ");
    let parsed = match program {
        "migrate-public" => by::<c::MigratePublic>(arguments),
        "migrate-tenants" => by::<c::MigrateTenants>(arguments),
        "create-tenant" => by::<c::CreateTenant>(arguments),
        "list-tenants" => by::<c::ListTenants>(arguments),
        "drop-tenant" => by::<c::DropTenant>(arguments),
        "rename-tenant" => by::<c::RenameTenant>(arguments),
        "accept-edits" => by::<c::AcceptEdits>(arguments),
        "squash-tenants" => by::<c::SquashTenants>(arguments),
        "adopt-tenant" => by::<c::AdoptTenant>(arguments),
        "repair-tenant" => by::<c::RepairTenant>(arguments),
        "resume-tenants" => by::<c::ResumeTenants>(arguments),
        "health-check" => by::<c::HealthCheck>(arguments),
        "distribute-tenants" => by::<c::DistributeTenants>(arguments),
        "spare-tenants" => by::<c::SpareTenants>(arguments),
        other => panic!("{other} is not among the programs of this test"),
    };
    parsed.unwrap_or_else(|error| panic!("{shown}: {error}"));
}

#[tokio::test]
async fn accepting_one_edited_migration_does_not_accept_another() {
    let database = Database::set_up().await;
    let third = ("2026-01-03-000000_more", "CREATE TABLE more (id INT);");
    let before = Migrations::ours().tenant(third.0, third.1);
    database.run_with(&before, "create-tenant acme").succeeds();
    let migrations = edited_ones().tenant(third.0, third.1);
    let edited = || {
        let checked = database.run_with(&migrations, "health-check --json");
        let problems = checked.json()["problems"].as_array().unwrap().clone();
        let edited = |it: &&serde_json::Value| it["kind"] == "edited_migration";
        problems.iter().filter(edited).cloned().collect::<Vec<_>>()
    };
    let found = edited();
    assert_eq!(found.len(), 2, "{found:?}");
    let remedy = found[0]["hint"].as_str().unwrap();
    assert!(remedy.starts_with("Restore the file"), "{remedy}");
    database.pasted(remedy).run().succeeds();
    let left = edited();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0]["message"], found[1]["message"]);
}

/// The demo's migrations, each with another text that creates the same.
fn edited_ones() -> Migrations {
    let ours = Migrations::ours();
    let names = [
        "2026-01-01-000000_create_dummy_table",
        "2026-01-02-000000_add_dummy_description",
    ];
    names.iter().fold(Migrations::ours(), |edited, name| {
        let path = ours.path().join(format!("tenant/{name}/up.sql"));
        let text = std::fs::read_to_string(path).unwrap();
        edited.tenant(name, &format!("{text}SELECT 'edited';\n"))
    })
}

#[tokio::test]
async fn where_all_migrations_were_edited_the_hint_names_each_and_accepts_them() {
    let database = Database::with_tenants("acme").await;
    let edited = edited_ones();
    let refused = database.run_with(&edited, "migrate-tenants").exits_with(1);
    refused
        .says("tenant `acme` belongs to another program: it has 2 applied migrations, each with a different text");
    let checked = database.run_with(&edited, "health-check --json");
    let problems = checked.json()["problems"].clone();
    assert_eq!(problems[0]["kind"], "other_program", "{problems}");
    assert_eq!(problems.as_array().map(Vec::len), Some(1), "{problems}");
    let remedy = problems[0]["hint"].as_str().unwrap();
    assert!(
        remedy.starts_with("Run the program that applied"),
        "{remedy}"
    );
    database.pasted(remedy).run().succeeds();
    database.run_with(&edited, "health-check").succeeds();
}

#[tokio::test]
async fn a_command_that_drops_still_asks_when_it_is_pasted() {
    let database = Database::with_tenants("acme").await;
    database
        .execute("ALTER SCHEMA acme RENAME TO kept; CREATE TABLE kept.precious ()")
        .await;
    let listed = database.run("list-tenants").exits_with(1);
    let hint = listed.stderr.split("Or drop the tenant.").nth(1).unwrap();
    // The schema is back before the advice is followed.
    database.execute("ALTER SCHEMA kept RENAME TO acme").await;
    database
        .pasted(hint)
        .run()
        .exits_with(2)
        .says("cannot ask for confirmation: there is no terminal");
    assert_eq!(database.tracked().await, ["acme"]);
    database.execute("SELECT FROM acme.precious").await;
}
