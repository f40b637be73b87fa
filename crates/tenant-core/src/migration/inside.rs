//! Statements that cannot run in a transaction, in a form that can.

use std::borrow::Cow;

use sql_text::words;

use super::transaction_need::detaches_concurrently;

use super::outside::is_of_server;

/// What to run in place of `statement` in a transaction: an index is built, or
/// dropped, in the ordinary way. `None` for maintenance (`VACUUM` and the like),
/// which makes nothing, and for what is about the whole server, which is no trial.
pub(crate) fn in_transaction_form(statement: &str) -> Option<Cow<'_, str>> {
    if is_of_server(statement) {
        return None;
    }
    let mut words = words(statement);
    let (first, _) = words.next()?;
    match first.as_str() {
        "vacuum" | "reindex" | "cluster" => None,
        "alter" if detaches_concurrently(statement) => {
            let (_, range) = words.last()?;
            statement.get(..range.start).map(Cow::Borrowed)
        }
        // The word stands before the index's name, which comes within four words.
        "create" | "drop" => {
            let found = words.take(4).find(|(word, _)| word == "concurrently");
            Some(match found {
                None => Cow::Borrowed(statement),
                Some((_, range)) => {
                    let before = statement.get(..range.start).unwrap_or_default();
                    let after = statement.get(range.end..).unwrap_or_default();
                    Cow::Owned(format!("{before}{after}"))
                }
            })
        }
        _ => Some(Cow::Borrowed(statement)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(statement: &str) -> Option<String> {
        in_transaction_form(statement).map(Cow::into_owned)
    }

    #[test]
    fn an_index_is_built_and_dropped_in_the_ordinary_way() {
        assert_eq!(
            form("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)").unwrap(),
            "CREATE UNIQUE INDEX  IF NOT EXISTS i ON t (a)"
        );
        assert_eq!(form("DROP INDEX concurrently i").unwrap(), "DROP INDEX  i");
        assert_eq!(
            form("ALTER TABLE t DETACH PARTITION p CONCURRENTLY").unwrap(),
            "ALTER TABLE t DETACH PARTITION p "
        );
    }

    #[test]
    fn maintenance_is_left_out_and_the_rest_is_as_it_is() {
        for statement in [
            "VACUUM ANALYZE t",
            "ALTER SYSTEM SET a = 1",
            "CREATE DATABASE d",
        ] {
            assert_eq!(form(statement), None, "{statement}");
        }
        for statement in [
            "SELECT 'concurrently'",
            "ALTER TYPE m ADD VALUE 'concurrently'",
        ] {
            assert_eq!(form(statement).unwrap(), statement);
        }
    }
}
