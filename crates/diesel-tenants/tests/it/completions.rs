//! Completions: what the program answers a shell, and what real shells make of it.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use test_support::{Command, Folder};

use crate::shells::Shell;
use crate::support::{Project, VERSIONS};

/// What the program answers at the end of a line, without help.
fn answers(folder: &Folder, line: &str) -> Vec<String> {
    let answered = asked(folder, line).run().succeeds().says_nothing();
    let lines = answered.stdout.lines();
    let values = lines.map(|line| line.split('\t').next().unwrap().to_owned());
    values.collect()
}

/// The program as fish asks it, which takes values as they are.
fn asked(folder: &Folder, line: &str) -> Command {
    let command = folder.command("tenants").env("TENANTS_COMPLETE", "fish");
    command.arg("--").arg(line)
}

/// A project with three tenants.
async fn with_tenants() -> Project {
    let project = Project::set_up().await;
    project.run("create acme acme_two globex").succeeds();
    project
}

#[test]
fn every_shell_has_a_script_that_asks_the_program() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = folder.run(&format!("tenants completions {shell}"));
        let script = script.succeeds().says_nothing();
        assert!(script.stdout.contains("TENANTS_COMPLETE"), "{script}");
        let document = folder.run(&format!("tenants completions {shell} --json"));
        let document = document.succeeds().json();
        assert_eq!(document["shell"], shell);
        let in_document = document["script"].as_str().unwrap();
        assert_eq!(in_document.trim_end(), script.stdout.trim_end());
    }
}

#[test]
fn bash_takes_the_completions() {
    let folder = Folder::new();
    let script = folder.run("tenants completions bash").succeeds();
    let script = folder.file("completions.bash", &script.stdout);
    let completed = std::process::Command::new("bash")
        .args([
            "--norc",
            "-c",
            "source \"$1\" && complete -p tenants",
            "bash",
        ])
        .arg(&script)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8(completed.stdout).unwrap();
    assert!(told.starts_with("complete "), "{told}");
}

#[test]
fn a_mistake_in_the_settings_does_not_keep_a_shell_from_starting() {
    let folder = Folder::new();
    folder.file("tenants.toml", "nonsense\n");
    folder
        .run("tenants completions bash")
        .succeeds()
        .says_nothing();
}

#[test]
fn subcommands_options_values_and_files_are_completed() {
    let folder = Folder::new();
    folder.file("names of tenants.txt", "acme\n");
    folder.file("migrations/tenant/.keep", "");
    for (line, expected) in [
        ("tenants re", vec!["rename", "resume", "repair"]),
        ("A=b sudo tenants re", vec!["rename", "resume", "repair"]),
        ("cd x && ./tenants re", vec!["rename", "resume", "repair"]),
        ("tenants migrate --dry", vec!["--dry-run"]),
        (
            "tenants migrate --transaction ",
            vec!["schema", "migration"],
        ),
        (
            "tenants migrate --transaction=m",
            vec!["--transaction=migration"],
        ),
        ("tenants completions z", vec!["zsh"]),
        ("tenants create --from-file n", vec!["names of tenants.txt"]),
        ("tenants list --migrations-dir m", vec!["migrations/"]),
        ("tenants list > m", vec![]),
        ("tenants nonsense x", vec![]),
    ] {
        assert_eq!(answers(&folder, line), expected, "{line}");
    }
}

#[test]
fn options_are_offered_once_a_dash_is_typed_or_nothing_else_can_follow() {
    let folder = Folder::new();
    let subcommands = answers(&folder, "tenants ");
    assert!(
        subcommands.contains(&"create".to_owned()),
        "{subcommands:?}"
    );
    assert!(
        !subcommands.iter().any(|one| one.starts_with('-')),
        "{subcommands:?}"
    );
    assert!(answers(&folder, "tenants list ").contains(&"--json".to_owned()));
    assert!(answers(&folder, "tenants drop acme ").contains(&"--yes".to_owned()));
    assert!(answers(&folder, "tenants drop --").contains(&"--yes".to_owned()));
    assert!(answers(&folder, "tenants drop -").contains(&"-y".to_owned()));
    assert_eq!(answers(&folder, "tenants create "), [""; 0]);
}

#[tokio::test]
async fn tenants_are_completed_wherever_a_command_takes_one() {
    let project = with_tenants().await;
    let answers = |line: &str| answers(&project.folder, line);
    for line in [
        "accept-edits",
        "clone",
        "diff",
        "distribute",
        "drop",
        "drop --yes",
        "export",
        "health",
        "health --quick globex",
        "list",
        "migrate",
        "migrate globex",
        "migrate --only globex --only",
        "move",
        "rename",
        "repair",
        "repair globex",
        "rollback --to 0 globex",
        "squash",
        "url",
    ] {
        assert_eq!(
            answers(&format!("tenants {line} ac")),
            ["acme", "acme_two"],
            "{line}"
        );
    }
    assert_eq!(answers("tenants studio --tenant=g"), ["--tenant=globex"]);
    assert_eq!(answers("tenants drop "), ["acme", "acme_two", "globex"]);
    assert_eq!(answers("tenants diff acme "), ["acme_two", "globex"]);
    assert_eq!(answers("tenants migrate acme "), ["acme_two", "globex"]);
    assert_eq!(answers("tenants migrate --match ac"), [""; 0]);
    for line in ["create", "clone acme", "rename acme", "adopt"] {
        assert_eq!(answers(&format!("tenants {line} a")), [""; 0], "{line}");
    }
}

#[tokio::test]
async fn the_database_is_the_one_that_the_line_the_environment_or_the_settings_name() {
    let project = with_tenants().await;
    let url = project.url();
    let folder = Folder::new();
    assert_eq!(answers(&folder, "tenants drop a"), [""; 0]);
    for line in [
        format!("tenants --database-url '{url}' drop glo"),
        format!("tenants drop --database-url=\"{url}\" glo"),
        format!("DATABASE_URL={url} tenants drop --database-url \"$URL\" glo"),
    ] {
        let command = asked(&folder, &line).env("URL", url.as_str());
        assert_eq!(command.run().succeeds().stdout.trim(), "globex", "{line}");
    }
    let command = asked(&folder, "tenants drop glo").env("DATABASE_URL", url.as_str());
    assert_eq!(command.run().succeeds().stdout.trim(), "globex");
    folder.file("other.toml", &format!("database_url = '{url}'\n"));
    assert_eq!(
        answers(&folder, "tenants --config other.toml drop glo"),
        ["globex"]
    );
    folder.file("tenants.toml", &format!("database_url = '{url}'\n"));
    assert_eq!(answers(&folder, "tenants drop glo"), ["globex"]);
}

#[tokio::test]
async fn a_database_that_cannot_be_asked_completes_no_tenant_and_nothing_is_said() {
    let project = Project::new().await;
    let empty = || answers(&project.folder, "tenants drop a");
    assert_eq!(empty(), [""; 0], "there is no list of tenants");
    for (file, text) in [
        (
            ".env",
            "DATABASE_URL=postgres://nobody:secret@127.0.0.1:1/x\n",
        ),
        (".env", "DATABASE_URL=postgres://a:b:c@@/\n"),
        (".env", "nonsense\n"),
        ("tenants.toml", "nonsense\n"),
    ] {
        project.file(file, text);
        assert_eq!(empty(), [""; 0], "{text}");
    }
}

/// A server that is reached and says nothing is what a wrong port or a firewall is like.
#[tokio::test]
async fn a_database_that_does_not_answer_holds_nobody_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let folder = Folder::new();
    let began = Instant::now();
    let line = format!("tenants --database-url postgres://a@127.0.0.1:{port}/x drop a");
    assert_eq!(answers(&folder, &line), [""; 0]);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(6), "{took:?}");
}

#[tokio::test]
async fn a_locked_list_of_tenants_holds_nobody_up_and_leaves_no_session() {
    let project = with_tenants().await;
    let client = project.client().await;
    let lock = "BEGIN; LOCK TABLE public.schema_tracker IN ACCESS EXCLUSIVE MODE";
    client.batch_execute(lock).await.unwrap();
    let began = Instant::now();
    assert_eq!(answers(&project.folder, "tenants drop a"), [""; 0]);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(6), "{took:?}");
    let sessions = "SELECT count(*)::text FROM pg_stat_activity WHERE query LIKE '%starts_with%' \
                    AND pid <> pg_backend_pid()";
    test_support::eventually("the session ends", async || {
        project.value(sessions).await == "0"
    })
    .await;
    client.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(answers(&project.folder, "tenants drop glo"), ["globex"]);
}

#[test]
fn the_projects_own_server_is_asked_if_it_runs_and_never_started() {
    let folder = Folder::new();
    folder.file(
        "migrations/tenant/2025-03-01-000000_a/up.sql",
        "CREATE TABLE a ();",
    );
    assert_eq!(answers(&folder, "tenants drop a"), [""; 0]);
    assert!(!folder.path().join(".postgres").exists());
    folder.run("tenants migrate --public").succeeds();
    folder.run("tenants create acme").succeeds();
    assert_eq!(answers(&folder, "tenants drop a"), ["acme"]);
    folder.run("tenants stop").succeeds();
    assert_eq!(answers(&folder, "tenants drop a"), [""; 0]);
    folder
        .run("tenants stop --json")
        .succeeds()
        .prints("\"stopped\": false");
}

/// A shell inserts what all candidates share. With the first ones alone, that could be
/// more than all tenants share.
#[tokio::test]
async fn of_very_many_tenants_the_last_one_is_among_the_answers() {
    let project = Project::set_up().await;
    let rows = "INSERT INTO public.schema_tracker (name) \
                SELECT 'eu_' || n FROM generate_series(1, 1200) n UNION ALL SELECT 'zz_last'";
    project.execute(rows).await;
    let found = answers(&project.folder, "tenants drop ");
    assert_eq!(found.len(), 1001);
    assert_eq!(found.last().unwrap(), "zz_last");
    assert_eq!(answers(&project.folder, "tenants drop eu_77").len(), 11);
}

#[tokio::test]
async fn migrations_are_completed_where_a_version_is_wanted() {
    let project = Project::new().await;
    let answers = |line: &str| answers(&project.folder, line);
    let names = ["2025-03-02-000000_position", "2025-03-01-000000_boards"];
    assert_eq!(answers("tenants rollback --to "), names);
    assert_eq!(answers("tenants adopt acme --at 2025-03-01"), [names[1]]);
    assert_eq!(answers("tenants rollback --to 20250301"), [VERSIONS[0]]);
    assert_eq!(
        answers("tenants rollback --migrations-dir elsewhere --to "),
        [""; 0]
    );
}

#[tokio::test]
async fn names_arrive_in_the_program_as_they_are_whatever_they_contain() {
    let project = Project::new().await;
    let names = [
        "my shop",
        "o'brien",
        "eu:acme",
        "eu:beta",
        "a*b",
        "say \"hi\"",
        "$HOME",
        "back\\slash",
        "x=y",
        "q&a;r|s",
        "-dash",
        "tab\tx",
        "mail@eu",
        "wow!5",
    ];
    let client = project.client().await;
    client
        .batch_execute("CREATE TABLE public.org (name TEXT, schema TEXT)")
        .await
        .unwrap();
    for name in names {
        let insert = "INSERT INTO public.org VALUES ($1, md5($1))";
        client.execute(insert, &[&name]).await.unwrap();
    }
    let settings = "[registry]\nquery = 'SELECT name, schema FROM public.org'\n";
    project.file("tenants.toml", settings);
    project.run("migrate --public").succeeds();
    let typed = [
        ("ren\t", "<rename>"),
        ("drop my\t", "<drop><my shop>"),
        ("drop 'my\t", "<drop><my shop>"),
        ("drop \"my\t", "<drop><my shop>"),
        ("drop o\t", "<drop><o'brien>"),
        ("drop eu:a\t", "<drop><eu:acme>"),
        ("drop eu\tb\t", "<drop><eu:beta>"),
        ("drop mail@\t", "<drop><mail@eu>"),
        ("drop sa\t", "<drop><say \"hi\">"),
        ("drop ba\t", "<drop><back\\slash>"),
        ("drop \"wo\t", "<drop><wow!5>"),
        ("drop wo\t", "<drop><wow!5>"),
        ("drop x=\t", "<drop><x=y>"),
        ("drop q\t", "<drop><q&a;r|s>"),
        ("drop a\t", "<drop><a*b>"),
        ("migrate --only=o\t", "<migrate><--only=o'brien>"),
    ];
    for shell in ["bash", "zsh", "fish"] {
        let Some(mut session) = Shell::start(&project, shell) else {
            continue;
        };
        for (keys, expected) in typed {
            let words = session.words_of(&format!("tenants {keys}"));
            assert_eq!(words, expected, "{keys:?} in {shell}");
        }
        session.end();
    }
    let answered = answers(&project.folder, "tenants drop ");
    assert!(!answered.contains(&"-dash".to_owned()), "{answered:?}");
    assert_eq!(answered.len(), 12, "{answered:?}");
}

/// Whoever presses the tabulator wants nothing to be written, whatever the settings contain.
#[tokio::test]
async fn a_query_of_several_statements_writes_nothing_while_a_shell_asks() {
    let project = with_tenants().await;
    for (condition, expected) in [
        ("name <> 'globex'", vec!["acme", "acme_two"]),
        (
            "true) t) f; COMMIT; DELETE FROM public.schema_tracker; \
             SELECT 1 FROM (SELECT 1 FROM (SELECT 1 WHERE (true",
            vec![],
        ),
        (
            "true)) t; COMMIT; DELETE FROM public.schema_tracker; --",
            vec![],
        ),
    ] {
        let settings =
            format!("[registry]\ntable = 'public.schema_tracker'\nonly = \"{condition}\"\n");
        project.file("tenants.toml", &settings);
        assert_eq!(answers(&project.folder, "tenants drop "), expected);
        let rows = project
            .value("SELECT count(*) FROM public.schema_tracker")
            .await;
        assert_eq!(rows, "3", "{condition}");
    }
}
