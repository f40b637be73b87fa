//! Which extensions and schemas a text creates that may not exist before.

use std::collections::BTreeSet;

use sql_text::{Telling, TokenKind, tokens};

use super::mentions::content;

/// How many strings inside each other are read: a statement may stand in a `DO` block, and
/// there in an `EXECUTE`.
const DEPTH: usize = 3;

/// What a text creates without `IF NOT EXISTS`, by names as PostgreSQL stores them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct CreatedAnew {
    pub(crate) extensions: BTreeSet<String>,
    pub(crate) schemas: BTreeSet<String>,
}

impl CreatedAnew {
    /// What `statement` creates so.
    pub(super) fn read(&mut self, statement: &str) {
        self.read_text(statement, DEPTH);
    }

    fn read_text(&mut self, text: &str, depth: usize) {
        let telling = Telling::of(text);
        for place in 0..telling.len() {
            self.extensions
                .extend(created(&telling, place, "extension"));
            self.schemas.extend(created(&telling, place, "schema"));
        }
        if depth == 0 {
            return;
        }
        for token in tokens(text) {
            if let TokenKind::Text(how) = token.kind {
                self.read_text(&content(&token, how), depth - 1);
            }
        }
    }
}

/// The name behind `CREATE` and `kind` at this place.
fn created(telling: &Telling<'_>, place: usize, kind: &str) -> Option<String> {
    let is_created = telling.are_words(place, &["create", kind]);
    let may_exist = telling.are_words(place + 2, &["if", "not", "exists"]);
    if !is_created || may_exist {
        return None;
    }
    let of_role = kind == "schema" && telling.is_word(place + 2, "authorization");
    telling.name(place + 2 + usize::from(of_role))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> [Vec<String>; 2] {
        let mut created = CreatedAnew::default();
        created.read(text);
        [created.extensions, created.schemas].map(|names| names.into_iter().collect())
    }

    #[test]
    fn what_may_not_exist_before_is_found_also_in_a_block_and_the_rest_is_not() {
        let names = |names: &[&str]| {
            let names = names.iter().map(ToString::to_string);
            names.collect::<Vec<_>>()
        };
        for (text, extensions, schemas) in [
            ("CREATE EXTENSION citext", &["citext"][..], &[][..]),
            (
                "create extension \"uuid-ossp\" with schema public",
                &["uuid-ossp"],
                &[],
            ),
            ("CREATE SCHEMA Reporting", &[], &["reporting"]),
            ("CREATE SCHEMA AUTHORIZATION ops", &[], &["ops"]),
            (
                "DO $$ BEGIN CREATE SCHEMA reporting; EXECUTE 'CREATE EXTENSION hstore'; END $$",
                &["hstore"],
                &["reporting"],
            ),
            ("CREATE EXTENSION IF NOT EXISTS citext", &[], &[]),
            ("CREATE SCHEMA IF NOT EXISTS reporting", &[], &[]),
            ("CREATE TABLE schema (extension text)", &[], &[]),
        ] {
            assert_eq!(read(text), [names(extensions), names(schemas)], "{text}");
        }
    }
}
