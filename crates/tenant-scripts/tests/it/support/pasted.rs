//! A command that was shown, pasted into a shell.

use std::process::{Command as Process, Stdio};

use super::{Command, Database};

/// Every alias, in the one file that spells them.
const ALIASES: &str = include_str!("../../../../../xtask/src/alias.rs");

/// The first command in `text`: between backquotes, or on a line of its own.
#[track_caller]
pub(crate) fn shown(text: &str) -> &str {
    let (_, rest) = text
        .split_once("cargo xtask ")
        .unwrap_or_else(|| panic!("no command in {text}"));
    rest.split(['`', '\n']).next().unwrap()
}

/// What a shell makes of it: the alias, and the arguments behind it.
#[track_caller]
pub(crate) fn words(command: &str) -> Vec<String> {
    let script = format!("printf '%s\\0' {command}");
    let shell = Process::new("bash")
        .args(["-c", &script])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let text = String::from_utf8(shell.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// The program of an alias, and what the alias puts before the first argument.
#[track_caller]
pub(crate) fn program(alias: &str) -> (String, Option<&'static str>) {
    let start = format!("    alias(\"{alias}\", ");
    let line = ALIASES.lines().find(|line| line.starts_with(&start));
    let line = line.unwrap_or_else(|| panic!("there is no alias {alias}"));
    let call = line.split_once("Task::").unwrap().1;
    let program = call.split('"').nth(1).unwrap_or_default();
    let before = call.starts_with("OneTenant").then_some("--only");
    (program.to_owned(), before)
}

fn without_password(url: &str) -> String {
    let (login, server) = url.split_once('@').unwrap();
    let (scheme, login) = login.split_once("://").unwrap();
    let role = login.split(':').next().unwrap();
    format!("{scheme}://{role}@{server}")
}

impl Database {
    /// The command that is shown in `text`, as the shell and `cargo xtask` start it. A
    /// server that wants a password gets it, as the reader would type it.
    #[track_caller]
    pub(crate) fn pasted(&self, text: &str) -> Command {
        let words = words(shown(text));
        let (alias, arguments) = words.split_first().unwrap();
        let (program, before) = program(alias);
        let command = self.folder.command(&program);
        let url = self.url();
        let shown = without_password(&url);
        let arguments = arguments
            .iter()
            .map(|word| if *word == shown { &url } else { word });
        command.args(before).args(arguments)
    }
}
