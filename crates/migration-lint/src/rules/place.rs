//! Where in the files a node stands, as far as rules care.

use squawk_syntax::ast::normalize_name_node;
use squawk_syntax::{SyntaxKind, SyntaxNode, SyntaxToken};

use crate::lint::{SqlText, Stream};
use crate::options::Options;

/// What a node is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    /// The file itself.
    File,
    /// The block of a `DO`, which runs with the migration.
    Block,
    /// A function in PL/pgSQL.
    Function,
    /// A function whose quoted body is SQL.
    SqlFunction,
    /// A text that such a block executes.
    Executed,
    /// A text that a function executes.
    ExecutedLater,
}

impl Inside {
    /// Whether it runs with the migration, and not only when something is called.
    pub(super) fn runs_now(self) -> bool {
        matches!(self, Self::File | Self::Block | Self::Executed)
    }

    /// Whether names may be those of variables.
    pub(super) fn has_variables(self) -> bool {
        matches!(self, Self::Block | Self::Function)
    }
}

/// What rules know of the surroundings of a node.
pub(super) struct Place<'a> {
    pub(super) sql: &'a SqlText<'a>,
    pub(super) options: &'a Options,
    pub(super) inside: Inside,
    /// Where a token of this tree stands in the file, in bytes.
    pub(super) offset: &'a dyn Fn(&SyntaxToken) -> usize,
}

impl Place<'_> {
    pub(super) fn is_tenant(&self) -> bool {
        self.sql.stream == Stream::Tenant
    }

    /// Where in the file `node` begins, in bytes.
    pub(super) fn start(&self, node: &SyntaxNode) -> usize {
        let mut tokens = tokens(node);
        let first = tokens.next().or_else(|| node.first_token());
        first.map_or(0, |token| (self.offset)(&token))
    }
}

/// The tokens of `node` that are not white space.
pub(super) fn tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> + use<> {
    let elements = node.descendants_with_tokens();
    let tokens = elements.filter_map(|element| element.into_token());
    tokens.filter(|token| !token.kind().is_trivia())
}

/// The first `count` words of `node`, in capitals: what people call a statement.
pub(super) fn title(node: &SyntaxNode, count: usize) -> String {
    let words = tokens(node).take(count);
    let words = words.map(|token| token.text().to_uppercase());
    words.collect::<Vec<_>>().join(" ")
}

/// The child of `node` of this kind.
pub(super) fn child(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxNode> {
    node.children().find(|child| child.kind() == kind)
}

/// Whether something below `node` is of this kind.
pub(super) fn has(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.descendants_with_tokens()
        .any(|element| element.kind() == kind)
}

/// The parts of a `PATH` or `PATH_REF`, as PostgreSQL stores names.
pub(super) fn segments(path: &SyntaxNode) -> Vec<String> {
    use SyntaxKind::{PATH_SEGMENT, PATH_SEGMENT_REF};
    path.descendants()
        .filter(|node| matches!(node.kind(), PATH_SEGMENT | PATH_SEGMENT_REF))
        .map(|segment| normalize_name_node(&segment))
        .collect()
}

/// The parts of an expression that is nothing but names and dots, `*` being
/// one of them.
pub(super) fn dotted(expression: &SyntaxNode) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut node = expression.clone();
    while node.kind() == SyntaxKind::FIELD_EXPR {
        let mut children = node.children();
        let (base, field) = (children.next()?, children.next());
        parts.push(field.map_or_else(|| "*".to_owned(), |field| normalize_name_node(&field)));
        node = base;
    }
    if node.kind() != SyntaxKind::NAME_REF {
        return None;
    }
    parts.push(normalize_name_node(&node));
    parts.reverse();
    Some(parts)
}
