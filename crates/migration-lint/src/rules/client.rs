//! `copy-stdin` and `backslash-command`: what needs psql at the other end.

use squawk_syntax::SyntaxKind::{COPY, COPY_STDIN, COPY_STDOUT};
use squawk_syntax::SyntaxNode;

use super::place::{Place, has};
use crate::finding::Found;
use crate::text::Masked;

pub(super) fn copy(node: &SyntaxNode, place: &Place<'_>) -> Option<Found> {
    if node.kind() != COPY || !(has(node, COPY_STDIN) || has(node, COPY_STDOUT)) {
        return None;
    }
    let message = "`COPY` with `STDIN` or `STDOUT` needs a client that sends or receives the \
                   data";
    Some(Found::new(place.start(node), "copy-stdin", message).hint("Use `INSERT` instead."))
}

/// Commands of psql are taken out before the text is parsed.
pub(super) fn commands(masked: &Masked) -> Vec<Found> {
    let commands = masked.commands.iter().map(|offset| {
        let message = "a backslash command belongs to psql; PostgreSQL does not understand it";
        Found::new(*offset, "backslash-command", message).hint(
            "Remove the command, or write it \
                                                                as SQL.",
        )
    });
    commands.collect()
}
