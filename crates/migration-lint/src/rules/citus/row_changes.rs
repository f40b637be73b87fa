//! `citus-change-rows`: changes of rows that the coordinator cannot hand on as they are.

use squawk_syntax::SyntaxKind::*;
use squawk_syntax::{SyntaxKind, SyntaxNode};

use crate::finding::Found;
use crate::rules::literals::called;
use crate::rules::place::{Place, child, has};

/// Functions that people use in migrations and that give another value with each call.
const VOLATILE: &[&str] = &[
    "clock_timestamp",
    "gen_random_bytes",
    "gen_random_uuid",
    "nextval",
    "random",
    "timeofday",
    "uuid_generate_v1",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
];

/// Those that give another value with each statement or transaction.
const STABLE: &[&str] = &["now", "statement_timestamp", "transaction_timestamp"];

/// The same without parentheses.
const STABLE_WORDS: &[SyntaxKind] = &[
    CURRENT_DATE_KW,
    CURRENT_TIME_KW,
    CURRENT_TIMESTAMP_KW,
    LOCALTIME_KW,
    LOCALTIMESTAMP_KW,
];

const WITH: &str = "Compute the values in a `WITH` query, and join it.\nWITH new AS (SELECT id, \
                    ... AS value FROM ...) UPDATE ... SET ... = new.value FROM new WHERE ...;";

pub(in crate::rules) fn check(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let (changes, hint) = match node.kind() {
        UPDATE | DELETE if child(node, WHERE_CURRENT_OF).is_some() => {
            let message = "Citus cannot change a row through a cursor";
            return Some(found(node, place, message, "Select the row by its key."));
        }
        UPDATE => (call(node, VOLATILE)?, WITH),
        DELETE => (
            call(node, VOLATILE)?,
            "Select the rows in a `WITH` query, and join it.",
        ),
        CONFLICT_DO_UPDATE_SET => (
            changing(node)?,
            "Insert the value, and read it from `excluded`.\nSET ... = excluded.column",
        ),
        MERGE => (
            changing(node)?,
            "Use `INSERT ... ON CONFLICT` or `UPDATE ... FROM`.",
        ),
        _ => return None,
    };
    let message = match node.kind() {
        UPDATE | DELETE => {
            "Citus rejects functions here that return another value with each \
                            call"
        }
        _ => "Citus rejects functions here that do not always return the same value",
    };
    Some(found(&changes, place, message, hint))
}

fn found(node: &SyntaxNode, place: &Place<'_>, message: &str, hint: &str) -> Found {
    Found::new(place.start(node), "citus-change-rows", message).hint(hint)
}

/// The first call of one of `functions`, outside the queries that are answered before.
fn call(statement: &SyntaxNode, functions: &[&str]) -> Option<SyntaxNode> {
    let answered = child(statement, WITH_CLAUSE).map(|with| with.text_range());
    statement.descendants().find(|node| {
        let function = || called(node).and_then(|mut names| names.pop());
        node.kind() == CALL_EXPR
            && !answered.is_some_and(|range| range.contains_range(node.text_range()))
            && function().is_some_and(|name| functions.contains(&name.as_str()))
    })
}

/// The first part of `statement` whose value can change.
fn changing(statement: &SyntaxNode) -> Option<SyntaxNode> {
    let word = || {
        let mut leaves = statement.descendants();
        leaves.find(|node| {
            let mut tokens = node.children_with_tokens();
            tokens.any(|token| STABLE_WORDS.contains(&token.kind()))
        })
    };
    call(statement, VOLATILE)
        .or_else(|| call(statement, STABLE))
        .or_else(|| word().filter(|word| !has(word, WITH_CLAUSE)))
}
