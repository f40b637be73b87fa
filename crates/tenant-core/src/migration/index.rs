//! The index that a `CREATE INDEX CONCURRENTLY` builds, and its table.

use sql_text::{Token, TokenKind, stored, tokens};

/// What a statement builds, by the names that the server gives them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BuiltIndex {
    /// `None` where the server finds a name.
    pub(crate) name: Option<String>,
    pub(crate) table: String,
}

/// The index that `statement` builds concurrently. `None` for any other
/// statement, and for a table whose schema is named.
pub(crate) fn built_concurrently(statement: &str) -> Option<BuiltIndex> {
    let mut words = tokens(statement)
        .filter(|token| !token.is_trivia())
        .peekable();
    let mut skip = |expected: &str| {
        let found = words.next_if(|token| token.is_word(expected));
        found.map(drop)
    };
    skip("create")?;
    skip("unique");
    skip("index")?;
    skip("concurrently")?;
    for optional in ["if", "not", "exists"] {
        skip(optional);
    }
    let name = match skip("on") {
        Some(()) => None,
        None => {
            let name = name_of(&words.next()?);
            words.next_if(|token| token.is_word("on"))?;
            Some(name)
        }
    };
    words.next_if(|token| token.is_word("only"));
    let table = name_of(&words.next()?);
    let is_qualified = words
        .peek()
        .is_some_and(|token| token.kind == TokenKind::Symbol('.'));
    (!is_qualified).then_some(BuiltIndex { name, table })
}

/// The name that the token stands for, or its text where it is no name.
fn name_of(token: &Token<'_>) -> String {
    stored(token).unwrap_or_else(|| token.text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(statement: &str) -> Option<(Option<String>, String)> {
        built_concurrently(statement).map(|index| (index.name, index.table))
    }

    #[test]
    fn name_and_table_are_those_that_the_server_uses() {
        let named = |name: &str, table: &str| Some((Some(name.to_owned()), table.to_owned()));
        assert_eq!(
            built("CREATE INDEX CONCURRENTLY By_Title ON Tasks (title)"),
            named("by_title", "tasks")
        );
        assert_eq!(
            built("create unique index concurrently if not exists \"A \"\"b\" on only \"T\" (a)"),
            named("A \"b", "T")
        );
        assert_eq!(
            built("CREATE INDEX CONCURRENTLY ON tasks (title)"),
            Some((None, "tasks".to_owned()))
        );
    }

    #[test]
    fn other_statements_build_nothing_of_the_kind() {
        for statement in [
            "CREATE INDEX by_title ON tasks (title)",
            "DROP INDEX CONCURRENTLY by_title",
            "CREATE INDEX CONCURRENTLY by_title ON public.tasks (title)",
        ] {
            assert_eq!(built(statement), None, "{statement}");
        }
    }
}
