//! `citus-sequence-column`, `citus-alter-sequence` and `citus-setval`: a sequence that tables use
//! exists on every worker, each with its own range of numbers.

use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

use super::alter_table::is_beside_others;
use crate::finding::Found;
use crate::rules::literals::called;
use crate::rules::place::{Place, child, has, segments};

/// Types that stand for a column with a sequence.
const SERIAL: &[&str] = &[
    "bigserial",
    "serial",
    "serial2",
    "serial4",
    "serial8",
    "smallserial",
];

/// Columns that get their values from a sequence after their table was made.
pub(in crate::rules) fn column(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let message = match node.kind() {
        ADD_COLUMN if is_numbered(node) => {
            "Citus cannot add a column with values from a sequence to a table with rows"
        }
        ALTER_COLUMN if is_beside_others(node) && calls_nextval(&child(node, SET_DEFAULT)?) => {
            "Citus sets a `DEFAULT` from a sequence only if it is the only change of the `ALTER \
             TABLE`"
        }
        _ => return None,
    };
    let found = Found::new(place.start(node), "citus-sequence-column", message);
    Some(found.hint(
        "Add a `bigint` column and create a sequence. Then set `DEFAULT nextval('...')` in a \
         separate `ALTER TABLE`.",
    ))
}

fn is_numbered(column: &SyntaxNode) -> bool {
    let of_type = child(column, PATH_TYPE).and_then(|of_type| child(&of_type, PATH_REF));
    let of_type = of_type.and_then(|path| segments(&path).pop());
    of_type.is_some_and(|name| SERIAL.contains(&name.as_str()))
        || has(column, GENERATED_IDENTITY)
        || child(column, DEFAULT_CONSTRAINT).is_some_and(|default| calls_nextval(&default))
}

fn calls_nextval(node: &SyntaxNode) -> bool {
    let mut nodes = node.descendants();
    nodes.any(|node| node.kind() == CALL_EXPR && is_call_of(&node, "nextval"))
}

pub(super) fn is_call_of(call: &SyntaxNode, function: &str) -> bool {
    let name = called(call).and_then(|mut names| names.pop());
    name.as_deref() == Some(function)
}

/// Other options of a sequence, and a table that is to own it.
pub(in crate::rules) fn alter(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    let (message, hint) = match node.kind() {
        CREATE_SEQUENCE if is_owned(node) => (
            "Citus cannot create a sequence that a tenant's table owns",
            "Create the sequence, then run `ALTER SEQUENCE ... OWNED BY` before a column uses it \
             as its `DEFAULT`.",
        ),
        ALTER_SEQUENCE if changes_options(node) && !is_given_away(node) => (
            "Citus cannot change a sequence that a table uses, except its name, schema and \
             owner",
            "Create another sequence, and set it as the column's `DEFAULT`. To change the next \
             number, use a `DO` block with `setval`.",
        ),
        _ => return None,
    };
    let found = Found::new(place.start(node), "citus-alter-sequence", message);
    Some(found.hint(hint))
}

fn is_owned(sequence: &SyntaxNode) -> bool {
    child(sequence, OPTION_OWNED_BY).is_some_and(|owned| child(&owned, OWNED_BY_NONE).is_none())
}

fn changes_options(statement: &SyntaxNode) -> bool {
    statement.children().any(|change| {
        matches!(
            change.kind(),
            OPTION_AS_TYPE
                | OPTION_CACHE
                | OPTION_CYCLE
                | OPTION_INCREMENT
                | OPTION_MAX_VALUE
                | OPTION_MIN_VALUE
                | OPTION_NO_CYCLE
                | OPTION_NO_MAX_VALUE
                | OPTION_NO_MIN_VALUE
                | OPTION_OWNED_BY
                | OPTION_RESTART
                | OPTION_START
        )
    })
}

/// Whether it gives an owner to the sequence that the statement before has made, and that
/// no column uses yet.
fn is_given_away(statement: &SyntaxNode) -> bool {
    let before = statement.prev_sibling();
    let made = before.filter(|before| before.kind() == CREATE_SEQUENCE);
    let name = |node: Option<SyntaxNode>| node.as_ref().map(segments);
    let given = name(child(statement, SEQUENCE_REF));
    is_owned(statement)
        && given.is_some()
        && name(made.and_then(|made| child(&made, SEQUENCE))) == given
}

/// Calls of `setval` in a query of a table, which runs where the table is.
pub(in crate::rules) fn setval(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    if node.kind() != CALL_EXPR || !is_call_of(node, "setval") {
        return None;
    }
    let query = node.ancestors().find(|above| above.kind() == SELECT);
    let has_rows = query.is_some_and(|query| child(&query, FROM_CLAUSE).is_some());
    if !has_rows && !has(node, FROM_CLAUSE) {
        return None;
    }
    let message = "Citus runs this query on the worker, where the sequence has a different range \
                   of numbers than on the coordinator";
    Some(Found::new(place.start(node), "citus-setval", message).hint(
        "Read the number first.\nDO $$ DECLARE top bigint; BEGIN SELECT max(id) INTO top FROM \
         ...; PERFORM setval('...', top); END $$;",
    ))
}
