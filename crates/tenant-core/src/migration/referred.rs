//! Which tables of the public schema a migration's tables refer to.

use squawk_lexer::TokenKind;

use crate::name::{LEDGER, Schema};
use crate::token::{is_trivia, tokens};

/// The names of the tables of `public` that stand behind `REFERENCES` in `statement`.
pub(super) fn referred(statement: &str) -> Vec<String> {
    let words = tokens(statement)
        .filter(|token| !is_trivia(token.kind))
        .map(|token| (token.kind, statement.get(token.range).unwrap_or_default()));
    let words = words.collect::<Vec<_>>();
    let names = words.windows(4).filter_map(|four| match four {
        [(TokenKind::Ident, word), schema, (TokenKind::Dot, _), table]
            if word.eq_ignore_ascii_case("references")
                && name(*schema)? == Schema::Public.schema_name() =>
        {
            name(*table)
        }
        _ => None,
    });
    names.filter(|name| name != LEDGER).collect()
}

/// The name as PostgreSQL reads it.
fn name((kind, text): (TokenKind, &str)) -> Option<String> {
    match kind {
        TokenKind::Ident => Some(text.to_ascii_lowercase()),
        TokenKind::QuotedIdent { .. } => {
            let inner = text.strip_prefix('"')?.strip_suffix('"')?;
            Some(inner.replace("\"\"", "\""))
        }
        _ => None,
    }
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
