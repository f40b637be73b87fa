//! `qualified-name` in strings that PostgreSQL reads as names:
//! `'public.tasks'::regclass`, `nextval('public.tasks_id_seq')`.

use squawk_syntax::SyntaxKind::{
    ARG, ARG_LIST, CALL_EXPR, CAST_EXPR, FIELD_EXPR, LITERAL, NAME_REF, PATH_REF, PATH_TYPE,
};
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode};

use super::names::report;
use super::place::{Place, child, dotted, segments};
use crate::finding::Found;

/// Functions whose first argument is the name of a table, a sequence or a type.
const NAME_FUNCTIONS: &[&str] = &[
    "currval",
    "nextval",
    "pg_get_serial_sequence",
    "setval",
    "to_regclass",
    "to_regproc",
    "to_regprocedure",
    "to_regtype",
];

/// Types whose values are written as names.
const NAME_TYPES: &[&str] = &["regclass", "regproc", "regprocedure", "regtype"];

pub(super) fn name(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    if node.kind() != LITERAL || !place.is_tenant() || !is_read_as_name(node) {
        return None;
    }
    let text = text(node)?;
    let parts = parts(&text);
    let schema = parts.len().checked_sub(2)?;
    report(parts.get(schema)?, &text, place.start(node), place)
}

/// What a string literal stands for.
pub(super) fn text(literal: &SyntaxNode) -> Option<String> {
    let decoded = ast::Literal::cast(literal.clone())?.decoded_value()?;
    Some(decoded.text().to_owned())
}

/// The names a call goes through: `pg_catalog` and `nextval`, for example.
pub(super) fn called(call: &SyntaxNode) -> Option<Vec<String>> {
    let callee = call.children().next()?;
    matches!(callee.kind(), NAME_REF | FIELD_EXPR)
        .then(|| dotted(&callee))
        .flatten()
}

/// The literal a call has as its first argument.
pub(super) fn first_argument(call: &SyntaxNode) -> Option<SyntaxNode> {
    let argument = child(&child(call, ARG_LIST)?, ARG)?;
    child(&argument, LITERAL)
}

fn is_read_as_name(literal: &SyntaxNode) -> bool {
    let Some(parent) = literal.parent() else {
        return false;
    };
    match parent.kind() {
        CAST_EXPR => is_name_type(&parent),
        ARG => {
            let call = parent.ancestors().find(|one| one.kind() == CALL_EXPR);
            call.is_some_and(|call| {
                let function = called(&call).and_then(|mut names| names.pop());
                function.is_some_and(|name| NAME_FUNCTIONS.contains(&name.as_str()))
                    && first_argument(&call).as_ref() == Some(literal)
            })
        }
        _ => false,
    }
}

fn is_name_type(cast: &SyntaxNode) -> bool {
    let path = child(cast, PATH_TYPE).and_then(|of_type| child(&of_type, PATH_REF));
    let name = path.and_then(|path| segments(&path).pop());
    name.is_some_and(|name| NAME_TYPES.contains(&name.as_str()))
}

/// The parts of a name in a string. What follows a parenthesis are the types of
/// a function's arguments.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for character in text.trim().chars() {
        match character {
            '"' => quoted = !quoted,
            '(' if !quoted => break,
            '.' if !quoted => parts.push(String::new()),
            _ => {
                if let Some(part) = parts.last_mut() {
                    let plain = character.to_ascii_lowercase();
                    part.push(if quoted { character } else { plain });
                }
            }
        }
    }
    parts
}
