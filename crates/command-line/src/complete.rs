//! Completions for the shell: the program's answers while a user types.
//!
//! The script of a shell ([`script`]) runs the program with a variable in its environment
//! and the line so far. The program prints the words that can follow and ends
//! ([`answered`]). It starts no server and changes nothing. If the database does not answer
//! in time, it completes no tenant and reports no error: a report would end up between the
//! words that are being typed.

mod candidates;
mod line;
mod registration;
mod reply;
mod tenants;
mod typed;
mod versions;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Command;
use clap_complete::Shell;
use clap_complete::engine::{CompletionCandidate, complete};

use self::line::Line;
use self::typed::Typed;
use crate::{Environment, Program, Verdict, output};

pub use self::registration::script;
pub(crate) use self::tenants::all_names;

/// How long a key press may take in all, the database included.
const LIMIT: Duration = Duration::from_secs(2);

/// What stands between the program and what the shell hands to it.
const BEHIND: &str = "--";

/// Answers the shell if it is a shell that has called the program, and not a person.
/// `command` is what the program accepts.
#[must_use]
pub fn answered(program: &Program, command: impl FnOnce() -> Command) -> Option<ExitCode> {
    let shell = Environment::completing_shell()?.parse::<Shell>().ok()?;
    let mut arguments = std::env::args_os();
    let called = arguments.next().unwrap_or_default();
    let mut handed = arguments.skip_while(|one| one != BEHIND);
    let command = command();
    let text = match handed.next() {
        // By hand: `TENANTS_COMPLETE=bash tenants`.
        None => script(shell, command.get_name(), &called).ok(),
        Some(_) => in_time(*program, command, shell, handed.collect()),
    };
    // A shell that has gone away needs no answer.
    let _ = output::raw(text.unwrap_or_default().as_bytes());
    Some(Verdict::Done.into())
}

/// The answer, or none if it is not there in time. What is late ends with the process.
fn in_time(
    program: Program,
    command: Command,
    shell: Shell,
    handed: Vec<OsString>,
) -> Option<String> {
    let (sender, answer) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        // Nobody listens any more if it is late.
        let _ = sender.send(answer_to(program, command, shell, handed));
    });
    answer.recv_timeout(LIMIT).ok().flatten()
}

fn answer_to(
    program: Program,
    command: Command,
    shell: Shell,
    handed: Vec<OsString>,
) -> Option<String> {
    let line = match shell {
        // These two hand over words whose quotes are gone already.
        Shell::Elvish | Shell::PowerShell => Line::of_words(&handed),
        _ => {
            let text = handed.first()?.to_str()?;
            Line::read(text, command.get_name(), Environment::of_process)?
        }
    };
    let found = words(program, command, &line)?;
    Some(match shell {
        Shell::Bash => reply::bash(&found, &line, handed.get(1).and_then(|word| word.to_str())),
        Shell::Zsh => reply::zsh(&found),
        Shell::Elvish => reply::plain(&found),
        _ => reply::with_help(&found),
    })
}

/// What can follow on the line.
fn words(program: Program, command: Command, line: &Line) -> Option<Vec<CompletionCandidate>> {
    let words = line.before.iter().chain([&line.current]);
    let words = words.map(OsString::from).collect::<Vec<_>>();
    let typed = Arc::new(Typed::new(program, command.clone(), &line.before));
    let mut command = candidates::with(command, &typed);
    let here = std::env::current_dir().ok();
    let index = words.len().checked_sub(1)?;
    let found = complete(&mut command, words, index, here.as_deref()).ok()?;
    Some(match line.current.is_empty() {
        true => without_options(found, typed.awaits_argument),
        false => found,
    })
}

/// Options are offered once a dash is typed, or where nothing else can follow.
fn without_options(
    found: Vec<CompletionCandidate>,
    awaits_argument: bool,
) -> Vec<CompletionCandidate> {
    let is_option =
        |one: &CompletionCandidate| one.get_value().as_encoded_bytes().starts_with(b"-");
    if !awaits_argument && found.iter().all(is_option) {
        return found;
    }
    found.into_iter().filter(|one| !is_option(one)).collect()
}
