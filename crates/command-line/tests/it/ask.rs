//! The questions. Whoever asks is this test program, started once more at a
//! terminal of its own, where it runs [`asks_when_told_to`] alone.

use command_line::{Verdict, ask};
use rexpect::process::WaitStatus;
use rexpect::session::{Options, PtySession, spawn_with_options};

/// Says which question to ask.
const QUESTION: &str = "TEST_QUESTION";

/// What shows and hides the cursor of a terminal.
const SHOW: &str = "\u{1b}[?25h";
const HIDE: &str = "\u{1b}[?25l";

#[test]
fn asks_when_told_to() {
    let Ok(question) = std::env::var(QUESTION) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let answer = runtime.block_on(async {
        match question.as_str() {
            "confirm" => ask::confirm("Sure?", false).map(|sure| sure.to_string()),
            "text" => ask::text("Name?"),
            "choose" => ask::choose("Which?", &["one", "two"]).map(|index| format!("{index:?}")),
            other => panic!("no question {other}"),
        }
    });
    let code = match answer {
        Ok(answer) => {
            let shown = console::Term::stderr().write_line(&format!("answer: {answer}."));
            shown.unwrap();
            0
        }
        Err(error) if Verdict::of(&error) == Verdict::Interrupted => 130,
        Err(error) => panic!("{error:?}"),
    };
    std::process::exit(code);
}

/// Asks at a terminal of its own.
fn asking(question: &str) -> PtySession {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "ask::asks_when_told_to", "--nocapture"]);
    command
        .env(QUESTION, question)
        .env("TERM", "xterm-256color");
    let options = Options::new().timeout_ms(Some(30_000));
    spawn_with_options(command, options).unwrap()
}

/// What it wrote until its end, and its exit code.
fn end(mut session: PtySession) -> (String, i32) {
    let shown = session.exp_eof().unwrap();
    match session.process().wait().unwrap() {
        WaitStatus::Exited(_, code) => (shown, code),
        other => panic!("{other:?} after {shown}"),
    }
}

#[test]
fn each_kind_of_question_takes_its_answer() {
    for (question, prompt, keys, answer) in [
        ("confirm", "Sure?", "y", "true"),
        ("confirm", "Sure?", "\r", "false"),
        ("text", "Name?", "  add due date \r", "add due date"),
        ("choose", "two", "\u{1b}[B\r", "Some(1)"),
        ("choose", "two", "\r", "Some(0)"),
        ("choose", "two", "\u{1b}", "None"),
    ] {
        let mut session = asking(question);
        session.exp_string(prompt).unwrap();
        session.send(keys).unwrap();
        session.flush().unwrap();
        let (shown, code) = end(session);
        assert_eq!(code, 0, "{question}: {shown}");
        let expected = format!("answer: {answer}.");
        assert!(shown.contains(&expected), "{question}: {shown}");
    }
}

/// The cursor is not left hidden.
fn is_in_order(shown: &str) -> bool {
    shown.rfind(SHOW) > shown.rfind(HIDE)
}

#[test]
fn ctrl_c_ends_with_130_and_gives_the_cursor_back() {
    for (question, prompt) in [("confirm", "Sure?"), ("text", "Name?"), ("choose", "two")] {
        let mut session = asking(question);
        session.exp_string(prompt).unwrap();
        session.send_control('c').unwrap();
        let (shown, code) = end(session);
        assert_eq!(code, 130, "{question}: {shown}");
        assert!(is_in_order(&shown), "{question}: {shown:?}");
        assert!(!shown.contains("answer"), "{question}: {shown}");
    }
}
