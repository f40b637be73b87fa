//! What migrations made PostgreSQL say: for people, and in a document.

use std::collections::HashMap;

use command_line::init::Stream;
use command_line::json::Said as Keys;
use command_line::{Context, Invocation, Message, Place};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{
    FleetReport, MigrationFailure, Outcome, PublicOutcome, ServerMessage, SpareReport,
};

use crate::names::whom;

/// How many messages are shown.
const SHOWN: usize = 50;

/// What the server said during the migrations of a schema.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Messages {
    /// Warnings of PostgreSQL, and notices with `--verbose`.
    messages: Vec<MessageDetail>,
    /// Further server messages that are not in the document.
    messages_left_out: usize,
}

/// A warning or notice of PostgreSQL during a migration.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ServerMessage")]
pub(crate) struct MessageDetail {
    /// `WARNING`, `NOTICE` or `INFO`.
    severity: String,
    #[serde(flatten)]
    said: Keys,
    /// Name of the migration.
    migration: String,
}

impl Messages {
    /// Those of a tenant's migrations.
    pub(crate) fn of(outcome: &Outcome, by: &Invocation) -> Self {
        Self {
            messages: details(&outcome.messages, Stream::Tenant, by),
            messages_left_out: outcome.messages_left_out,
        }
    }

    /// Those of the public migrations.
    pub(crate) fn of_public(outcome: &PublicOutcome, by: &Invocation) -> Self {
        Self {
            messages: details(&outcome.messages, Stream::Public, by),
            messages_left_out: outcome.messages_left_out,
        }
    }
}

/// Messages, in their order.
fn details(messages: &[ServerMessage], stream: Stream, by: &Invocation) -> Vec<MessageDetail> {
    let details = messages.iter();
    let details = details.map(|message| detail(message, stream, by));
    details.collect()
}

fn detail(message: &ServerMessage, stream: Stream, by: &Invocation) -> MessageDetail {
    let said = Keys::new(text(message))
        .notes(hint(message))
        .sqlstate(Some(message.sqlstate.clone()))
        .at(Some(place(message, stream, by)));
    MessageDetail {
        severity: message.severity.clone(),
        said,
        migration: message.migration.clone(),
    }
}

/// The message, and the detail behind a colon.
fn text(message: &ServerMessage) -> String {
    match &message.detail {
        Some(detail) => format!("{}: {detail}", message.text),
        None => message.text.clone(),
    }
}

/// What the server advises. It is no advice of this program, so it is a note.
fn hint(message: &ServerMessage) -> Vec<String> {
    let hint = message.hint.as_ref();
    let hint = hint.map(|hint| format!("PostgreSQL's hint: {hint}"));
    hint.into_iter().collect()
}

fn place(message: &ServerMessage, stream: Stream, by: &Invocation) -> Place {
    Place {
        file: by.file_of(stream, &message.migration, &message.file),
        line: Some(message.line),
        column: None,
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
pub(crate) fn of_fleet(context: &Context, report: &FleetReport) {
    let outcomes = report.outcomes.iter().chain(&report.spares);
    show(context, &outcomes.map(Said::of).collect::<Vec<_>>());
}

/// The same of spares.
pub(crate) fn of_spares(context: &Context, report: &SpareReport) {
    show(
        context,
        &report.outcomes.iter().map(Said::of).collect::<Vec<_>>(),
    );
}

/// Shows each message once, whatever the number of tenants that it is about. A
/// document has them too.
pub(crate) fn show(context: &Context, said: &[Said<'_>]) {
    let output = context.output;
    if output.is_json() {
        return;
    }
    let same = group(said);
    for (message, names) in same.iter().take(SHOWN) {
        let shown = shown(message, names, context.invocation());
        output.problem(&shown.to_string());
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

fn shown(message: &ServerMessage, names: &[&str], by: &Invocation) -> Message {
    let text = match message.sqlstate.as_str() {
        "00000" | "01000" => text(message),
        code => format!("{} (SQLSTATE {code}){}", message.text, detail_of(message)),
    };
    let shown = if message.is_warning() {
        Message::warning(text)
    } else {
        Message::note(text)
    };
    let stream = match names {
        [] => Stream::Public,
        _ => Stream::Tenant,
    };
    shown
        .at(place(message, stream, by))
        .rows(whom(names))
        .notes(hint(message))
}

fn detail_of(message: &ServerMessage) -> String {
    let detail = message.detail.as_ref();
    detail.map_or_else(String::new, |detail| format!(": {detail}"))
}
