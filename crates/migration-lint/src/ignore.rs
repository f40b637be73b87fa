//! Comments that silence a rule for one statement:
//! `-- lint:ignore RULE reason`.
//!
//! Such a comment belongs to the statement that contains it, to the statement that ends on its
//! line, or else to the next statement. In a text without statements, comments belong to the text
//! itself.

use std::ops::Range;

use crate::finding::Found;
use crate::options::Options;
use crate::rules::catalog;
use crate::text::{Lines, number_at};

/// What a well-formed comment looks like.
const FORM: &str = "Write the comment on its own line before the statement, or at the end of the \
                    statement's line.\n-- lint:ignore RULE reason";

/// The ignores of one text.
pub(crate) struct Ignores {
    all: Vec<Ignore>,
    bad: Vec<Found>,
    /// Where the statements begin and end.
    statements: Vec<Range<usize>>,
}

struct Ignore {
    offset: usize,
    rule: String,
    /// The number of the statement it is about; none in a text without any,
    /// and after the last.
    statement: Option<usize>,
    used: bool,
}

impl Ignores {
    pub(crate) fn read(
        text: &str,
        comments: &[Range<usize>],
        statements: &[Range<usize>],
        lines: &Lines<'_>,
    ) -> Self {
        let mut ignores = Self {
            all: Vec::new(),
            bad: Vec::new(),
            statements: statements.to_vec(),
        };
        for range in comments {
            let comment = text.get(range.clone()).unwrap_or_default();
            match parse(comment) {
                Parsed::Other => {}
                Parsed::Bad(message) => {
                    let found = Found::new(range.start, "bad-ignore", message);
                    ignores.bad.push(found.hint(FORM));
                }
                Parsed::Ignore(rule) => ignores.all.push(Ignore {
                    offset: range.start,
                    rule,
                    statement: statement_of(range.start, statements, lines),
                    used: false,
                }),
            }
        }
        ignores
    }

    /// Whether one of them is about `found`; if so, it is not unused.
    pub(crate) fn cover(&mut self, found: &Found) -> bool {
        let statement = number_at(&self.statements, found.offset);
        self.mark(|ignore| ignore.rule == found.rule && ignore.statement == statement)
    }

    /// Whether one of them names `rule`, whatever statement it is about.
    pub(crate) fn cover_anywhere(&mut self, rule: &str) -> bool {
        self.mark(|ignore| ignore.rule == rule)
    }

    fn mark(&mut self, is_meant: impl Fn(&Ignore) -> bool) -> bool {
        let mut covered = false;
        for ignore in self.all.iter_mut().filter(|ignore| is_meant(ignore)) {
            ignore.used = true;
            covered = true;
        }
        covered
    }

    /// What is wrong with the ignores themselves, once all findings have been
    /// shown to them.
    pub(crate) fn objections(self, options: &Options) -> Vec<Found> {
        let unused = self
            .all
            .iter()
            .filter(|ignore| !ignore.used && options.is_on(&ignore.rule));
        let unused = unused.map(|ignore| {
            let message = format!("the rule `{}` finds nothing here", ignore.rule);
            Found::new(ignore.offset, "unused-ignore", message)
                .hint("Delete the comment, or move it to the statement that it is about.")
        });
        let mut objections = unused.collect::<Vec<_>>();
        objections.extend(self.bad);
        objections.retain(|found| options.is_on(&found.rule));
        objections
    }
}

enum Parsed {
    /// An ordinary comment.
    Other,
    /// Meant as an ignore, and none.
    Bad(String),
    /// An ignore of this rule.
    Ignore(String),
}

fn parse(comment: &str) -> Parsed {
    let (body, is_line) = match comment.strip_prefix("--") {
        Some(body) => (body, true),
        None => (
            comment.trim_start_matches("/*").trim_end_matches("*/"),
            false,
        ),
    };
    let body = body.trim();
    if body.starts_with("squawk-") {
        return Parsed::Bad("comments for squawk have no effect".to_owned());
    }
    let Some(rest) = body.strip_prefix("lint:") else {
        return Parsed::Other;
    };
    if !is_line {
        return Parsed::Bad("a block comment cannot silence a rule".to_owned());
    }
    let mut words = rest.split_whitespace();
    if words.next() != Some("ignore") {
        return Parsed::Bad("unknown comment; only `lint:ignore` exists".to_owned());
    }
    match (words.next(), words.next()) {
        (None, _) => Parsed::Bad("the comment names no rule".to_owned()),
        (Some(rule), _) if !catalog::is_known(rule) => {
            Parsed::Bad(format!("unknown rule `{rule}`"))
        }
        (Some(_), None) => Parsed::Bad("the comment gives no reason".to_owned()),
        (Some(rule), Some(_)) => Parsed::Ignore(rule.to_owned()),
    }
}

/// The number of the statement that the comment at `offset` is about.
fn statement_of(offset: usize, statements: &[Range<usize>], lines: &Lines<'_>) -> Option<usize> {
    let after = statements.partition_point(|range| range.start <= offset);
    let before = after
        .checked_sub(1)
        .and_then(|number| Some((number, statements.get(number)?)));
    if let Some((number, range)) = before {
        let last = range.end.saturating_sub(1);
        if offset < range.end || lines.line(last) == lines.line(offset) {
            return Some(number);
        }
    }
    (after < statements.len()).then_some(after)
}
