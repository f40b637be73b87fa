//! Questions at the terminal.

use anyhow::anyhow;
use console::Term;
use dialoguer::Input;

use crate::exit::UsageError;

/// Lets the user type `name`, so that nothing is dropped by a careless key.
/// False when something else is typed.
///
/// # Errors
///
/// A wrong use (exit code 2) where there is no terminal to ask at: then
/// `instead` names the option that answers beforehand.
pub(crate) fn type_name(question: &str, name: &str, instead: &str) -> anyhow::Result<bool> {
    let terminal = Term::stderr();
    if !(terminal.is_term() && std::io::IsTerminal::is_terminal(&std::io::stdin())) {
        return Err(anyhow!(UsageError(format!(
            "this has to be confirmed, and there is no terminal to ask at; give {instead} to \
             confirm it beforehand"
        ))));
    }
    let input = Input::<String>::new()
        .with_prompt(question)
        .allow_empty(true);
    Ok(input.interact_text_on(&terminal)?.trim() == name)
}
