//! The words of a migration, wherever they are: also in the body of a function, and in
//! text that is run as SQL.

use std::collections::BTreeSet;

use sql_text::{TokenKind, stored, tokens};

/// Each word as PostgreSQL would store it as a name, and each name in quotes.
pub(super) fn of(text: &str) -> BTreeSet<String> {
    let is_of_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let words = text.split(|c| !is_of_word(c)).filter(|it| !it.is_empty());
    let words = words.flat_map(|word| [word.to_owned(), word.to_lowercase()]);
    let quoted = tokens(text).filter(|token| token.kind == TokenKind::QuotedName);
    words
        .chain(quoted.filter_map(|name| stored(&name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_statements_and_in_bodies() {
        let found = of("CREATE TABLE Tasks (); CREATE TABLE \"My tasks\" (); \
             DO $$ BEGIN EXECUTE 'CREATE TABLE more_tasks ()'; END $$");
        for name in ["tasks", "My tasks", "more_tasks"] {
            assert!(found.contains(name), "{name}: {found:?}");
        }
        assert!(!found.contains("other"));
    }
}
