//! Names that the tenants' migrations create and those of `public` as well.
//!
//! Where `public` is behind the tenant's schema in the path at run time, a tenant without its
//! own uses the one of `public`, and nothing tells.

use std::collections::BTreeSet;

use super::statement::{Defined, Statement};
use crate::finding::Found;
use crate::text::{is_too_complex, mask, statements};

/// What tables and the like are called, and types: each kind has its own names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SharedNames(BTreeSet<(bool, String)>);

impl SharedNames {
    /// What the migrations create and do not drop again, in the order of their texts.
    pub(crate) fn of(texts: &[&str]) -> Self {
        let mut names = BTreeSet::new();
        for text in texts {
            each(text, |statement| {
                if let Some(name) = statement.created().and_then(key) {
                    names.insert(name);
                }
                if let Some(name) = statement.dropped().and_then(key) {
                    names.remove(&name);
                }
            });
        }
        Self(names)
    }

    /// Which of them a tenant's migration creates, too.
    pub(crate) fn created_in(&self, text: &str) -> Vec<Found> {
        let mut found = Vec::new();
        if self.0.is_empty() {
            return found;
        }
        each(text, |statement| {
            let Some(defined) = statement.created().filter(|_| !is_temporary(statement)) else {
                return;
            };
            let message = format!(
                "the public migrations also create the {} `{}`: a tenant that loses its own \
                 would silently use the one in `public`",
                defined.kind, defined.name
            );
            if key(defined).is_some_and(|name| self.0.contains(&name)) {
                let one = Found::new(statement.offset(0), "also-in-public", message);
                found.push(one.hint("Rename one of the two."));
            }
        });
        found
    }
}

fn each(text: &str, mut take: impl FnMut(&Statement<'_>)) {
    let masked = mask(text).sql;
    if is_too_complex(&masked) {
        return;
    }
    for range in statements(&masked) {
        let text = masked.get(range.clone()).unwrap_or_default();
        take(&Statement::new(text, range.start));
    }
}

/// Whether it is a type, and what it is called.
fn key(defined: Defined) -> Option<(bool, String)> {
    let is_type = match defined.kind {
        "table" | "view" | "materialized view" | "sequence" => false,
        "type" | "domain" => true,
        _ => return None,
    };
    Some((is_type, defined.name))
}

fn is_temporary(statement: &Statement<'_>) -> bool {
    let before = (1..4).filter_map(|place| statement.text.word(place));
    let mut words = before.take_while(|word| word != "table" && word != "view");
    words.any(|word| word == "temp" || word == "temporary")
}
