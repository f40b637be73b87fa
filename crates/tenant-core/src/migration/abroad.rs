//! What a tenant's migration would make outside the tenant's schema.

use sql_text::{Token, TokenKind, tokens};

/// What `CREATE` makes that is in a schema.
const IN_A_SCHEMA: [&str; 11] = [
    "table",
    "view",
    "sequence",
    "type",
    "domain",
    "function",
    "procedure",
    "aggregate",
    "collation",
    "operator",
    "statistics",
];

/// The words that may stand between `CREATE` and what is made.
const BETWEEN: [&str; 9] = [
    "or",
    "replace",
    "unlogged",
    "materialized",
    "foreign",
    "recursive",
    "global",
    "local",
    "temporary",
];

/// The name, as it is written, of what `statement` makes in a schema that it
/// names: `public.plans`. A temporary table's schema does not count.
///
/// The path alone says where a tenant's things are. What names its schema would
/// be made in the same place in every tenant's turn.
pub(super) fn made_abroad(statement: &str) -> Option<String> {
    let mut tokens = tokens(statement)
        .filter(|token| !token.is_trivia())
        .peekable();
    let word = |token: Token<'_>| token.text.to_ascii_lowercase();
    if tokens.next().map(word)? != "create" {
        return None;
    }
    let mut made = tokens.next().map(word)?;
    while BETWEEN.contains(&made.as_str()) {
        made = tokens.next().map(word)?;
    }
    if !IN_A_SCHEMA.contains(&made.as_str()) {
        return None;
    }
    for skipped in ["if", "not", "exists"] {
        tokens.next_if(|token| token.text.eq_ignore_ascii_case(skipped));
    }
    let schema = tokens.next_if(Token::is_name)?.text;
    tokens.next_if(|token| token.kind == TokenKind::Symbol('.'))?;
    let name = tokens.next_if(Token::is_name)?.text;
    let is_temporary = schema.trim_matches('"').eq_ignore_ascii_case("pg_temp");
    (!is_temporary).then(|| format!("{schema}.{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_its_schema_is_found() {
        for (statement, found) in [
            ("CREATE TABLE public.plans (id int)", "public.plans"),
            (
                "create table if not exists \"public\" . plans ()",
                "\"public\".plans",
            ),
            (
                "CREATE OR REPLACE FUNCTION audit.log() RETURNS int",
                "audit.log",
            ),
            ("CREATE UNLOGGED TABLE a.b (c int)", "a.b"),
            ("CREATE MATERIALIZED VIEW public.v AS SELECT 1", "public.v"),
        ] {
            assert_eq!(
                made_abroad(statement).as_deref(),
                Some(found),
                "{statement}"
            );
        }
    }

    #[test]
    fn what_only_refers_elsewhere_is_not() {
        for statement in [
            "CREATE TABLE plans (id int REFERENCES public.plans)",
            "CREATE VIEW v AS SELECT * FROM public.plans",
            "CREATE INDEX i ON public.plans (id)",
            "CREATE TABLE pg_temp.scratch (id int)",
            "CREATE TEMPORARY TABLE scratch (id int)",
            "CREATE EXTENSION citext SCHEMA public",
            "INSERT INTO public.plans VALUES (1)",
        ] {
            assert_eq!(made_abroad(statement), None, "{statement}");
        }
    }
}
