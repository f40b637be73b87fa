//! What `EXECUTE` of a block or a function runs, where its text is known: a constant, or
//! one that `||` and `format` put together of constants.
//!
//! Where a part is known only when it runs, a name stands for it. That is enough to see
//! whether a setting is changed, and no more is asked then.

use squawk_syntax::SyntaxKind::{
    ARG, ARG_LIST, BIN_EXPR, CALL_EXPR, CAST_EXPR, EXECUTE_KW, LITERAL, PAREN_EXPR, PLPGSQL_EXPR,
    TARGET, TARGET_LIST,
};
use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::decoded_text::DecodedText;
use squawk_syntax::{SyntaxNode, SyntaxToken};

use super::literals::called;
use super::place::{Place, child, tokens};

/// What stands for a part that is not known.
const UNKNOWN: &str = "x";

/// A text that is executed.
pub(super) struct Executed {
    pub(super) text: String,
    /// Whether all of it is known.
    pub(super) is_whole: bool,
    /// Where it stands, if it is one constant.
    literal: Option<(SyntaxNode, DecodedText)>,
    /// The expression.
    node: SyntaxNode,
}

/// What `node` executes, if it is an `EXECUTE` of PL/pgSQL.
pub(super) fn executed(node: &SyntaxNode) -> Option<Executed> {
    let mut elements = node.children_with_tokens();
    elements.find(|element| element.kind() == EXECUTE_KW)?;
    let expression = elements.find_map(|element| element.into_node())?;
    (expression.kind() == PLPGSQL_EXPR).then(|| text_of(&expression))?
}

impl Executed {
    /// Where a token of the text stands in the file, in bytes: in the constant, or where the
    /// expression begins.
    pub(super) fn offset(&self, token: &SyntaxToken, place: &Place<'_>) -> usize {
        let start = place.start(&self.node);
        let Some((literal, decoded)) = &self.literal else {
            return start;
        };
        let at = usize::from(decoded.source_range(token.text_range()).start());
        let mut around = tokens(literal);
        let around = around.find(|outer| usize::from(outer.text_range().end()) > at);
        around.map_or(start, |outer| {
            let before = at.saturating_sub(usize::from(outer.text_range().start()));
            (place.offset)(&outer) + before
        })
    }
}

fn text_of(node: &SyntaxNode) -> Option<Executed> {
    match node.kind() {
        LITERAL => {
            let decoded = ast::Literal::cast(node.clone())?.decoded_value()?;
            Some(Executed {
                text: decoded.text().to_owned(),
                is_whole: true,
                literal: Some((node.clone(), decoded)),
                node: node.clone(),
            })
        }
        BIN_EXPR => joined(node),
        CALL_EXPR => formatted(node),
        PLPGSQL_EXPR | TARGET_LIST | TARGET | PAREN_EXPR | CAST_EXPR => {
            text_of(&node.children().next()?)
        }
        _ => None,
    }
}

/// `'a' || 'b'`.
fn joined(node: &SyntaxNode) -> Option<Executed> {
    let (left, right) = (node.first_child()?, node.last_child()?);
    let (begin, end) = (left.text_range().end(), right.text_range().start());
    let operator = tokens(node).filter(|token| {
        let range = token.text_range();
        range.start() >= begin && range.end() <= end
    });
    let operator = operator.map(|token| token.text().to_owned());
    if operator.collect::<String>() != "||" {
        return None;
    }
    let (left, right) = (text_of(&left), text_of(&right));
    if left.is_none() && right.is_none() {
        return None;
    }
    let is_whole = |part: &Option<Executed>| part.as_ref().is_some_and(|part| part.is_whole);
    let both = is_whole(&left) && is_whole(&right);
    let text = |part: Option<Executed>| part.map_or_else(|| UNKNOWN.to_owned(), |part| part.text);
    Some(Executed {
        text: text(left) + &text(right),
        is_whole: both,
        literal: None,
        node: node.clone(),
    })
}

/// `format('... %I', 'a')`.
fn formatted(call: &SyntaxNode) -> Option<Executed> {
    if called(call)?.pop()? != "format" {
        return None;
    }
    let arguments = child(call, ARG_LIST)?;
    let arguments = arguments.children().filter(|one| one.kind() == ARG);
    let arguments = arguments.map(|one| text_of(&one.children().next()?));
    let mut arguments = arguments.collect::<Vec<_>>().into_iter();
    let pattern = arguments.next()??;
    let values = arguments.map(|one| Some(one.filter(|one| one.is_whole)?.text));
    let (text, is_whole) = filled(&pattern.text, &values.collect::<Vec<_>>());
    Some(Executed {
        text,
        is_whole: is_whole && pattern.is_whole,
        literal: None,
        node: call.clone(),
    })
}

/// A pattern of `format` with its values, and whether all of these are known.
///
/// Source: PostgreSQL manual, "String Functions: format".
fn filled(pattern: &str, values: &[Option<String>]) -> (String, bool) {
    let (mut text, mut is_whole, mut next) = (String::new(), true, 0);
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let mut position = String::new();
        let kind = letters.by_ref().find(|letter| {
            let is_kind = letter.is_ascii_alphabetic() || *letter == '%';
            if !is_kind {
                position.push(*letter);
            }
            is_kind
        });
        if kind == Some('%') {
            text.push('%');
            continue;
        }
        let said = position.split_once('$');
        let said = said.and_then(|(number, _)| number.parse::<usize>().ok());
        let at = said.map_or(next, |number| number.saturating_sub(1));
        next = at + 1;
        let value = values.get(at).and_then(Option::as_deref);
        is_whole &= value.is_some();
        let value = value.unwrap_or(UNKNOWN);
        match kind {
            Some('I') => text.push_str(&sql_text::ident(value)),
            Some('L') => text.push_str(&sql_text::literal(value)),
            _ => text.push_str(value),
        }
    }
    (text, is_whole)
}
