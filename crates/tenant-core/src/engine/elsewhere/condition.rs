//! The statement that fails if a transaction has made a forbidden change.
//!
//! PostgreSQL records the changes of a transaction in two ways. It does not matter whether a
//! statement, a function, a trigger or a block made them.
//!
//! - Locks, which the transaction holds until it ends. To write rows of a table, it takes
//!   `RowExclusiveLock` on the table. To drop an object, it takes `AccessExclusiveLock` on the
//!   object, and still holds it after the drop. To alter a table, it takes a lock on the table
//!   too. So does creating or dropping a foreign key to the table; there the catalog's rows
//!   decide.
//! - Catalog rows that the transaction wrote. Their `xmin` is its number, or the number of a
//!   subtransaction. The rows of tables, functions and types are read only if PostgreSQL has
//!   counted a change in their catalog.

//!
//! Planning one statement with all of that takes longer than a small migration. So it is a
//! block that plans what it needs, step by step, and ends after the first steps where
//! nothing was changed. A role that may not use PL/pgSQL sends it as one statement.

use sql_text::literal;

use super::allowed::is_allowed;
use super::catalogs::{DEFAULT_ACL, EXTENSION};
use super::forbidden::Forbidden;
use super::pieces::{Piece, common, pieces};
use crate::assertion::Assertion;

/// As what the statement is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Block,
    OneStatement,
}

/// The statement.
pub(super) fn statement(forbidden: &Forbidden<'_>, form: Form) -> String {
    let common = common(forbidden.behind.as_ref());
    let pieces = pieces(forbidden);
    let allowed = forbidden.behind.as_ref().map(is_allowed);
    let allowed = allowed.unwrap_or_else(|| "false".to_owned());
    match form {
        Form::Block => block(&common, &pieces, &allowed),
        Form::OneStatement => one_statement(&common, &pieces, &allowed),
    }
}

fn one_statement(common: &str, pieces: &[Piece], allowed: &str) -> String {
    let found = pieces.iter().map(|piece| match &piece.gate {
        None => piece.query.clone(),
        Some(gate) => format!("SELECT * FROM ({}) q WHERE (SELECT {gate})", piece.query),
    });
    let found = found.collect::<Vec<_>>().join(" UNION ALL ");
    format!(
        "{common}, dt_found(class, oid, name, how) AS MATERIALIZED ({found}) SELECT {}",
        Assertion::Elsewhere.require_none(&refused(allowed))
    )
}

/// The same in steps, each of which PostgreSQL parses when it comes to it. What is found
/// is kept as text, of which each line is a column.
fn block(common: &str, pieces: &[Piece], allowed: &str) -> String {
    let gates = pieces.iter().map(|piece| piece.gate.as_deref());
    let gates = gates.map(|gate| gate.unwrap_or("true")).collect::<Vec<_>>();
    let steps = pieces.iter().enumerate().map(|(number, piece)| {
        let step = format!(
            "{common} SELECT ARRAY(SELECT pg_catalog.concat_ws(E'\\n', q.class, q.oid, q.how, q.name) \
             FROM ({}) q(class, oid, name, how))",
            piece.query
        );
        format!(
            "IF dt_gates[{}] THEN EXECUTE {} INTO dt_more; dt_list := dt_list || dt_more; END IF;",
            number + 1,
            literal(&step)
        )
    });
    let column = |number: u32| format!("pg_catalog.split_part(u, E'\\n', {number})");
    let found = format!(
        "SELECT {}::oid, {}::oid, nullif({}, ''), {} FROM pg_catalog.unnest($1) u",
        column(1),
        column(2),
        column(4),
        column(3)
    );
    let verdict = format!(
        "{common}, dt_found(class, oid, name, how) AS MATERIALIZED ({found}) SELECT {}",
        Assertion::Elsewhere.require_none(&refused(allowed))
    );
    let body = format!(
        "DECLARE dt_gates bool[]; dt_more text[]; dt_list text[] := '{{}}'; \
         BEGIN dt_gates := ({common} SELECT ARRAY[{gates}]); {steps} \
         IF dt_list <> '{{}}' THEN EXECUTE {verdict} USING dt_list; END IF; END",
        gates = gates.join(", "),
        steps = steps.collect::<Vec<_>>().join(" "),
        verdict = literal(&verdict)
    );
    format!("DO LANGUAGE plpgsql {}", literal(&body))
}

/// The query for what of `dt_found` is refused, in words.
fn refused(allowed: &str) -> String {
    let words = format!(
        "SELECT CASE f.how WHEN 'gone' \
                THEN '#' || (f.class::int8 << 32 | f.oid::int8)::text \
                ELSE CASE f.how WHEN 'rows' THEN 'rows of ' ELSE '' END \
                     || coalesce(o.type || ' ' || o.identity, \
                                 CASE f.class WHEN {EXTENSION} THEN 'an extension' \
                                              WHEN {DEFAULT_ACL} THEN 'default privileges' \
                                              ELSE 'an object' END) END \
         FROM dt_found f LEFT JOIN LATERAL pg_catalog.pg_identify_object(f.class, f.oid, 0) o ON true \
         WHERE f.class IN ({EXTENSION}, {DEFAULT_ACL}) OR f.how = 'gone' OR NOT ({allowed})"
    );
    format!("SELECT pg_catalog.string_agg(DISTINCT w.words, '; ') FROM ({words}) w(words)")
}
