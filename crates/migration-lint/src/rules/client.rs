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
    let message = "COPY with STDIN or STDOUT needs a client that holds the data";
    Some(Found::new(place.start(node), "copy-stdin", message).remedy("use INSERT instead"))
}

/// Commands of psql are taken out before the text is parsed.
pub(super) fn commands(masked: &Masked) -> Vec<Found> {
    let commands = masked.commands.iter().map(|offset| {
        let message = "a backslash command belongs to psql, and PostgreSQL does not know it";
        Found::new(*offset, "backslash-command", message).remedy("remove it, or write it as SQL")
    });
    commands.collect()
}
