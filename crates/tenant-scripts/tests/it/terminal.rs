//! What a person at a terminal sees besides: colours, and a bar that grows.

use std::time::Duration;

use crate::support::{Database, Terminal};

const ESCAPE: char = '\u{1b}';

#[tokio::test]
async fn a_problem_is_coloured_unless_no_color_is_set() {
    let database = Database::with_tenants("acme").await;
    let ended = Terminal::start(database.command("create-tenant acme")).end();
    assert_eq!(ended.code, 1);
    assert!(ended.shown.contains("\u{1b}[31m"), "{:?}", ended.shown);
    let command = database.command("create-tenant acme").env("NO_COLOR", "1");
    let ended = Terminal::start(command).end();
    assert_eq!(ended.code, 1);
    assert!(
        ended.shown.contains("error: tenant `acme`"),
        "{:?}",
        ended.shown
    );
    assert!(!ended.shown.contains(ESCAPE), "{:?}", ended.shown);
}

#[tokio::test]
async fn a_run_over_several_tenants_shows_how_far_it_is() {
    let database = Database::set_up().await;
    let ended = Terminal::start(database.command("create-tenant a b c d")).end();
    assert_eq!(ended.code, 0, "{:?}", ended.shown);
    assert!(ended.shown.contains("/4 tenants"), "{:?}", ended.shown);
    assert!(
        ended.shown.contains("4 tenants: 4 created ("),
        "{:?}",
        ended.shown
    );
}

#[tokio::test]
async fn neither_one_tenant_nor_a_quiet_run_nor_a_document_has_a_bar() {
    let database = Database::set_up().await;
    for line in [
        "create-tenant a",
        "create-tenant b c --quiet",
        "create-tenant d e --json",
    ] {
        let ended = Terminal::start(database.command(line)).end();
        assert_eq!(ended.code, 0, "{line}: {:?}", ended.shown);
        assert!(
            !ended.shown.contains(" tenants, "),
            "{line}: {:?}",
            ended.shown
        );
    }
}

#[tokio::test]
async fn ctrl_c_or_a_signal_at_a_question_ends_the_command_and_drops_nothing() {
    let database = Database::with_tenants("acme").await;
    let interrupts: [fn(&mut Terminal); 3] = [
        |terminal| terminal.presses_control('c'),
        |terminal| terminal.is_sent("SIGINT"),
        |terminal| terminal.is_sent("SIGTERM"),
    ];
    for interrupt in interrupts {
        let mut terminal = Terminal::start(database.command("drop-tenant acme"));
        terminal.until("Type `acme` to drop it:");
        // A signal before it waits for a key would be seen after that key only.
        tokio::time::sleep(Duration::from_millis(300)).await;
        interrupt(&mut terminal);
        let ended = terminal.end();
        assert_eq!(ended.code, 130, "{:?}", ended.shown);
        assert!(ended.shown.contains("interrupted"), "{:?}", ended.shown);
        assert!(ended.shown.contains("\u{1b}[?25h"), "{:?}", ended.shown);
    }
    assert_eq!(database.tracked().await, ["acme"]);
}
