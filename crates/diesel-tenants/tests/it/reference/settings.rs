//! Keys of `tenants.toml`, and options of a database URL.

use std::collections::BTreeSet;

use tenant_core::{UrlOption, UrlOptionSupport, url_options};
use tenant_settings::KEYS;

use super::page::{Cell, Page, code, known};

/// The blocks with options that have an effect. In the first four, the second column is the
/// variable.
const USED: [&str; 5] = ["server", "hosts", "time-limits", "tls", "pooler"];

#[test]
fn the_page_of_settings_has_every_key() {
    let mut page = Page::read("settings");
    let sections = KEYS.iter().map(|(section, _)| *section);
    let sections = sections.collect::<Vec<_>>();
    for (section, keys) in KEYS {
        let block = match *section {
            "" => "top-level".to_owned(),
            section => format!("section-{section}"),
        };
        let keys = keys
            .iter()
            .filter(|key| !sections.contains(key) || !section.is_empty());
        let head = page.block(&block).trim().lines().next().unwrap_or_default();
        let columns = head.matches('|').count() - 1;
        let rows = keys.map(|key| {
            let mut row = vec![Cell::ByHand; columns];
            row[0] = code(key);
            row
        });
        let rows = rows.collect::<Vec<_>>();
        page = page.with_table(&block, &rows);
    }
    page.is_as_the_code_says();
}

#[test]
fn the_page_of_url_options_has_every_option() {
    let mut page = Page::read("url-options");
    let all = url_options().collect::<Vec<_>>();
    let named = |key: &str| all.iter().find(|it| format!("`{}`", it.name) == key);
    let mut listed = BTreeSet::new();
    for block in USED {
        let columns = page.rows(block).values().map(Vec::len).max().unwrap();
        let keys = page.keys(block);
        let rows = keys.iter().map(|key| {
            let option = named(key).unwrap_or_else(|| panic!("{key} is no option"));
            let mut row = vec![Cell::ByHand; columns];
            row[0] = code(option.name);
            row[1] = variable(option);
            row
        });
        let rows = rows.collect::<Vec<_>>();
        listed.extend(keys);
        page = page.with_table(block, &rows);
    }
    let used = all.iter().filter(|it| it.support == UrlOptionSupport::Used);
    let used = used.map(|it| format!("`{}`", it.name));
    assert_eq!(listed, used.collect::<BTreeSet<_>>());
    page.with_table("other-options", &others(&all))
        .is_as_the_code_says();
}

fn variable(option: &UrlOption) -> Cell {
    match option.variable {
        Some(variable) => code(variable),
        None => known(""),
    }
}

/// Options without an effect, and options that are an error.
fn others(all: &[UrlOption]) -> Vec<Vec<Cell>> {
    let row = |option: &UrlOption| {
        let result = match option.support {
            UrlOptionSupport::Ignored => "ignored".to_owned(),
            UrlOptionSupport::Only(values) => {
                let values = values.iter().map(|value| format!("`{value}`"));
                format!("only {}", values.collect::<Vec<_>>().join(", "))
            }
            _ => "error".to_owned(),
        };
        vec![code(option.name), variable(option), known(result)]
    };
    let others = all.iter().filter(|it| it.support != UrlOptionSupport::Used);
    others.map(row).collect()
}
