//! Which arguments have values that the program looks up.

use std::any::TypeId;
use std::ffi::OsStr;
use std::sync::Arc;

use clap::{Arg, Command, ValueHint};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use tenant_core::At;

use super::typed::Typed;
use super::{tenants, versions};
use crate::NameArg;

/// The same command and its subcommands, whose arguments know their values. The type of an
/// argument decides, so commands that are added later have the same. An argument for a name
/// that no tenant has yet is marked with [`ValueHint::Other`].
pub(super) fn with(command: Command, typed: &Arc<Typed>) -> Command {
    let command = command.mut_args(|argument| of_argument(argument, typed));
    command.mut_subcommands(|command| with(command, typed))
}

fn of_argument(argument: Arg, typed: &Arc<Typed>) -> Arg {
    let found: fn(&Typed, &str) -> Vec<CompletionCandidate> = match argument.get_value_parser() {
        _ if argument.get_value_hint() == ValueHint::Other => return argument,
        parser if parser.type_id() == TypeId::of::<NameArg>() => tenants::starting_with,
        parser if parser.type_id() == TypeId::of::<At>() => versions::starting_with,
        _ => return argument,
    };
    let typed = Arc::clone(typed);
    let values = move |current: &OsStr| match current.to_str() {
        Some(current) => found(&typed, current),
        None => Vec::new(),
    };
    argument.add(ArgValueCompleter::new(values))
}
