//! What migrations made PostgreSQL say: for people, and in a document.

use std::collections::HashMap;

use command_line::Output;
use command_line::output::shown;
use serde::Serialize;
use tenant_core::{
    FleetReport, MigrationFailure, Outcome, PublicOutcome, ServerMessage, SpareReport,
};

/// How many tenants are named with a message.
const NAMED: usize = 3;

/// How many messages are shown.
const SHOWN: usize = 50;

/// A message, as a document has it. Field names are stable.
#[derive(Debug, Serialize)]
pub(crate) struct MessageDetail {
    severity: String,
    text: String,
    sqlstate: String,
    detail: Option<String>,
    hint: Option<String>,
    migration: String,
    file: String,
    line: usize,
}

/// Messages, in their order.
pub(crate) fn details(messages: &[ServerMessage]) -> Vec<MessageDetail> {
    messages.iter().map(detail).collect()
}

fn detail(message: &ServerMessage) -> MessageDetail {
    MessageDetail {
        severity: message.severity.clone(),
        text: message.text.clone(),
        sqlstate: message.sqlstate.clone(),
        detail: message.detail.clone(),
        hint: message.hint.clone(),
        migration: message.migration.clone(),
        file: message.file.clone(),
        line: message.line,
    }
}

/// What was said about one schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said<'a> {
    /// The tenant or the spare; `None` for the public schema.
    name: Option<&'a str>,
    messages: &'a [ServerMessage],
    left_out: usize,
}

impl<'a> Said<'a> {
    /// About the public schema.
    pub(crate) fn of_public(outcome: &'a PublicOutcome) -> Self {
        Self {
            name: None,
            messages: &outcome.messages,
            left_out: outcome.messages_left_out,
        }
    }

    /// About the public schema, whose migration has failed.
    pub(crate) fn of_failure(failure: &'a MigrationFailure) -> Self {
        Self {
            name: None,
            messages: &failure.messages,
            left_out: 0,
        }
    }

    fn of(outcome: &'a Outcome) -> Self {
        Self {
            name: Some(&outcome.name),
            messages: &outcome.messages,
            left_out: outcome.messages_left_out,
        }
    }
}

/// Shows what was said in a run over several tenants.
pub(crate) fn of_fleet(output: Output, report: &FleetReport) {
    let outcomes = report.outcomes.iter().chain(&report.spares);
    show(output, &outcomes.map(Said::of).collect::<Vec<_>>());
}

/// The same of spares.
pub(crate) fn of_spares(output: Output, report: &SpareReport) {
    show(
        output,
        &report.outcomes.iter().map(Said::of).collect::<Vec<_>>(),
    );
}

/// Shows each message once, whatever the number of tenants that it is about. A
/// document has them too.
pub(crate) fn show(output: Output, said: &[Said<'_>]) {
    if output.is_json() {
        return;
    }
    let same = group(said);
    for (message, names) in same.iter().take(SHOWN) {
        output.problem(&words(message, names));
    }
    let left_out = said.iter().map(|one| one.left_out).sum::<usize>();
    let more = left_out + same.len().saturating_sub(SHOWN);
    if more > 0 {
        output.problem(&format!("... and {more} more messages of migrations"));
    }
}

/// Each message once, with the tenants that it is about, in the order in which they
/// came.
fn group<'a>(said: &[Said<'a>]) -> Vec<(&'a ServerMessage, Vec<&'a str>)> {
    let mut groups = Vec::<(&ServerMessage, Vec<&str>)>::new();
    let mut known = HashMap::<&ServerMessage, usize>::new();
    for one in said {
        for message in one.messages {
            let at = *known.entry(message).or_insert_with(|| {
                groups.push((message, Vec::new()));
                groups.len() - 1
            });
            if let Some((_, names)) = groups.get_mut(at) {
                // The same tenant can be told the same twice.
                names.extend(one.name.filter(|name| names.last() != Some(name)));
            }
        }
    }
    groups
}

fn words(message: &ServerMessage, names: &[&str]) -> String {
    let label = if message.is_warning() {
        console::style("warning:").for_stderr().yellow().bold()
    } else {
        console::style("note:").for_stderr().bold()
    };
    let place = format!(
        "  --> {}/{}:{}{}",
        shown(&message.migration),
        message.file,
        message.line,
        of_tenants(names)
    );
    format!("{label} {}\n{place}", shown(&message.to_string()))
}

/// The tenants that it is about: ` for `a``, or how many, and some of them.
fn of_tenants(names: &[&str]) -> String {
    let quoted = |names: &[&str]| {
        let names = names.iter().map(|name| format!("`{}`", shown(name)));
        names.collect::<Vec<_>>().join(", ")
    };
    match names {
        [] => String::new(),
        [name] => format!(" for `{}`", shown(name)),
        names => match names.get(..NAMED) {
            Some(first) if names.len() > NAMED => format!(
                " for {} tenants: {} and {} more",
                names.len(),
                quoted(first),
                names.len() - NAMED
            ),
            _ => format!(" for {} tenants: {}", names.len(), quoted(names)),
        },
    }
}
