//! Which tables of the public schema a migration's tables refer to.

use sql_text::{TokenKind, stored, tokens};

use crate::name::{MIGRATION_HISTORY, Schema};

/// The names of the tables of `public` that stand behind `REFERENCES` in `statement`.
pub(super) fn referred(statement: &str) -> Vec<String> {
    let telling = tokens(statement).filter(|token| !token.is_trivia());
    let telling = telling.collect::<Vec<_>>();
    let names = telling.windows(4).filter_map(|four| match four {
        [word, schema, dot, table]
            if word.is_word("references")
                && dot.kind == TokenKind::Symbol('.')
                && stored(schema)? == Schema::Public.schema_name() =>
        {
            stored(table)
        }
        _ => None,
    });
    names.filter(|name| name != MIGRATION_HISTORY).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_public_are_found_behind_references() {
        for (statement, found) in [
            (
                "CREATE TABLE a (p int REFERENCES public.plans, q int references \"public\" . \"My\"\"Q\" (id))",
                vec!["plans", "My\"Q"],
            ),
            (
                "ALTER TABLE a ADD FOREIGN KEY (p) REFERENCES PUBLIC.Plans (id)",
                vec!["plans"],
            ),
            (
                "CREATE TABLE a (p int REFERENCES lists, q int REFERENCES other.b)",
                vec![],
            ),
            ("CREATE VIEW v AS SELECT id FROM public.plans", vec![]),
            ("COMMENT ON TABLE a IS 'REFERENCES public.plans'", vec![]),
        ] {
            assert_eq!(referred(statement), found, "{statement}");
        }
    }
}
