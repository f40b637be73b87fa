//! Questions at the terminal.
//!
//! They are asked on standard error, so that standard output stays the
//! result's. Ctrl-C at a question ends the command with
//! [`Verdict::Interrupted`](crate::Verdict::Interrupted), and leaves the
//! terminal as it was.

use anyhow::anyhow;
use console::Term;
use dialoguer::{Confirm, Input, Select};

use crate::exit::{Interrupted, usage};
use crate::interrupt::Signals;

/// Whether there is a terminal to ask at.
#[must_use]
pub fn is_possible() -> bool {
    Term::stderr().is_term() && std::io::IsTerminal::is_terminal(&std::io::stdin())
}

/// Lets the user type `name`, so that nothing is dropped by a careless key.
/// False when something else is typed.
///
/// # Errors
///
/// A wrong use (exit code 2) where there is no terminal to ask at: then
/// `instead` names the option that answers in advance.
pub fn type_name(question: &str, name: &str, instead: &str) -> anyhow::Result<bool> {
    if !is_possible() {
        return Err(usage(
            "cannot ask for confirmation: there is no terminal",
            format!("Give {instead} to confirm in advance."),
        ));
    }
    let input = Input::<String>::new()
        .with_prompt(question)
        .allow_empty(true);
    Ok(ask(|terminal| input.interact_text_on(terminal))?.trim() == name)
}

/// Asks for a yes or no; Enter alone is `default`.
///
/// # Errors
///
/// A wrong use (exit code 2) where there is no terminal: ask [`is_possible`]
/// first, to name the option that answers instead. Ctrl-C.
pub fn confirm(question: &str, default: bool) -> anyhow::Result<bool> {
    let confirm = Confirm::new().with_prompt(question).default(default);
    ask(|terminal| confirm.interact_on(terminal))
}

/// Asks for a text that is not empty; it comes back without spaces around it.
///
/// # Errors
///
/// As [`confirm`].
pub fn text(question: &str) -> anyhow::Result<String> {
    let input = Input::<String>::new().with_prompt(question);
    let input = input.validate_with(|text: &String| match text.trim() {
        "" => Err("it must not be empty"),
        _ => Ok(()),
    });
    let typed = ask(|terminal| input.interact_text_on(terminal))?;
    Ok(typed.trim().to_owned())
}

/// Lets the user choose one of `items`, the first to begin with; its index, or
/// `None` when Esc was pressed.
///
/// # Errors
///
/// As [`confirm`].
pub fn choose(question: &str, items: &[impl std::fmt::Display]) -> anyhow::Result<Option<usize>> {
    let select = Select::new().with_prompt(question).items(items).default(0);
    ask(|terminal| select.interact_on_opt(terminal))
}

/// Asks, and sees to it that Ctrl-C and SIGTERM leave the terminal in order.
///
/// The prompt itself gives back the terminal's mode when a signal interrupts
/// it, but not the cursor, and then sends a SIGINT to this very process. That
/// must find a listener, or the cursor stays hidden.
fn ask<T>(prompt: impl FnOnce(&Term) -> dialoguer::Result<T>) -> anyhow::Result<T> {
    if !is_possible() {
        return Err(usage(
            "cannot ask a question: there is no terminal",
            "Run the command at a terminal.",
        ));
    }
    let signals = Signals::listen()?;
    let terminal = Term::stderr();
    prompt(&terminal).map_err(|dialoguer::Error::IO(error)| {
        // When even this fails there is no terminal left to put in order.
        let _ = terminal
            .show_cursor()
            .and_then(|()| terminal.write_line(""));
        if error.kind() != std::io::ErrorKind::Interrupted {
            return anyhow!(error).context("could not ask at the terminal");
        }
        signals.keep();
        anyhow!(Interrupted)
    })
}
