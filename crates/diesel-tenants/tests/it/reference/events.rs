//! Events, as the documentation of `tenant_core::events` lists them. The list there is compared
//! with the messages in its code.

use std::collections::BTreeSet;

use super::page::{Cell, Page, known};

const SOURCE: &str = include_str!("../../../../tenant-core/src/events.rs");

#[test]
fn the_documentation_of_events_has_every_message() {
    let sources = [
        SOURCE,
        include_str!("../../../../tenant-core/src/events/spans.rs"),
    ];
    let lines = sources.iter().flat_map(|source| source.lines());
    let code = lines.filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<String>();
    let texts = code.split('"').skip(1).step_by(2);
    let given = texts.filter(|text| text.contains(' ') && !text.contains(['{', '`']));
    let given = given.collect::<BTreeSet<_>>();
    let documented = messages();
    let documented = documented.iter().map(|row| row[0].trim_matches('`'));
    assert_eq!(documented.collect::<BTreeSet<_>>(), given);
}

#[test]
fn the_page_of_events_has_every_message() {
    let all = messages();
    let rows = all
        .iter()
        .map(|row| vec![known(&row[0]), known(&row[1]), Cell::ByHand]);
    let fields = all.iter().map(|row| vec![known(&row[0]), known(&row[2])]);
    Page::read("events")
        .with_table("messages", &rows.collect::<Vec<_>>())
        .with_table("fields-of-messages", &fields.collect::<Vec<_>>())
        .is_as_the_code_says();
}

#[test]
fn the_page_of_events_has_every_field() {
    let fields = table_of("field").into_iter();
    let fields = fields.map(|row| vec![known(&row[0]), known(&row[1]), Cell::ByHand]);
    Page::read("events")
        .with_table("fields", &fields.collect::<Vec<_>>())
        .is_as_the_code_says();
}

/// The rows of the list of messages: message, level, fields, when.
fn messages() -> Vec<Vec<String>> {
    table_of("message")
}

/// The rows of the table in the documentation with this first heading.
fn table_of(heading: &str) -> Vec<Vec<String>> {
    let lines = SOURCE.lines().filter_map(|line| line.strip_prefix("//! "));
    let start = format!("| {heading} |");
    let lines = lines.skip_while(|line| !line.starts_with(&start)).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|'));
    let rows = rows.map(|row| {
        row.trim_matches('|')
            .split('|')
            .map(|it| it.trim().to_owned())
    });
    rows.map(Iterator::collect).collect()
}
