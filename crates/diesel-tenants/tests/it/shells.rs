//! Real shells at a terminal, in which somebody types and presses the tabulator.

use std::process::{Command, Stdio};

use rexpect::session::{Options, PtySession, spawn_with_options};
use test_support::say_not_run;

use crate::support::Project;

/// What a shell is asked to show the words by that a command would get.
const SHOWN: [(&str, &[&str], &str); 3] = [
    (
        "bash",
        &["--norc", "--noprofile", "-i"],
        "source ./script; tenants() { printf '<%s>' \"$@\"; echo EN''D; }; echo REA''DY",
    ),
    (
        "zsh",
        &["-f", "-i"],
        "autoload -U compinit; compinit -u -D; source ./script; \
         tenants() { printf '<%s>' \"$@\"; echo EN''D; }; echo REA''DY",
    ),
    (
        "fish",
        &["--no-config", "-i"],
        "source ./script; function tenants; printf '<%s>' $argv; echo EN''D; end; echo REA''DY",
    ),
];

/// A shell in the project's folder that has taken its completions.
pub(crate) struct Shell(PtySession);

impl Shell {
    /// Starts it. Bash is everywhere; of another shell that is not there, none.
    pub(crate) fn start(project: &Project, shell: &str) -> Option<Self> {
        let (_, arguments, setup) = SHOWN.iter().find(|one| one.0 == shell).unwrap();
        if !is_there(shell) {
            assert_ne!(shell, "bash", "there is no bash");
            say_not_run(&format!("there is no {shell}"));
            return None;
        }
        let script = project.run(&format!("completions {shell}")).succeeds();
        project.file("script", &script.stdout);
        let mut command = Command::new(shell);
        command.args(*arguments).current_dir(project.folder.path());
        command
            .env("TERM", "xterm")
            .env("HOME", project.folder.path());
        let options = Options::new().timeout_ms(Some(30_000));
        let mut session = spawn_with_options(command, options).unwrap();
        session.send_line(setup).unwrap();
        session.exp_string("READY").unwrap();
        Some(Self(session))
    }

    /// Types `keys` and Enter. Gives back the words that the program is called with, each
    /// in angle brackets.
    pub(crate) fn words_of(&mut self, keys: &str) -> String {
        self.0.send(keys).unwrap();
        self.0.flush().unwrap();
        self.0.send_line("").unwrap();
        let shown = self.0.exp_string("END").unwrap();
        let words = shown.rfind('\n').map_or(shown.as_str(), |at| &shown[at..]);
        let words = words.find('<').map_or("", |at| &words[at..]);
        words.to_owned()
    }

    /// Ends it. An interactive shell ignores the signal that would.
    pub(crate) fn end(mut self) {
        self.0.send_line("exit").unwrap();
        self.0.exp_eof().unwrap();
    }
}

fn is_there(shell: &str) -> bool {
    let mut command = Command::new(shell);
    let command = command.arg("--version").stdin(Stdio::null());
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
