//! The clauses of definitions, as PostgreSQL writes them.

use std::collections::BTreeSet;

use sql_text::{Token, tokens};

/// What stands before, in and behind the first parentheses of a text.
pub(super) struct Behind<'a> {
    pub(super) before: &'a str,
    pub(super) inside: &'a str,
    pub(super) after: &'a str,
}

/// The first parentheses of a text.
pub(super) fn in_parentheses(text: &str) -> Option<Behind<'_>> {
    let (mut depth, mut begin) = (0, None);
    for token in tokens(text) {
        match token.text {
            "(" => {
                begin = begin.or(Some(token.range()));
                depth += 1;
            }
            ")" if depth == 1 => {
                let begin = begin?;
                return Some(Behind {
                    before: text.get(..begin.start)?,
                    inside: text.get(begin.end..token.start)?,
                    after: text.get(token.range().end..)?,
                });
            }
            ")" => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The items of a list, where a comma inside of parentheses belongs to its item.
pub(super) fn list(text: &str) -> Vec<String> {
    apart(text, |token| token.text == ",")
}

/// The conditions that are joined by `AND`. `without_casts` has written them, and keeps
/// no parentheses around the whole.
pub(super) fn conditions(text: &str) -> Vec<String> {
    let inside = bare(text);
    let is_choice = apart(inside, |token| token.is_word("OR")).len() > 1;
    if is_choice {
        return vec![inside.to_owned()];
    }
    let conditions = apart(inside, |token| token.is_word("AND")).into_iter();
    conditions.map(|one| bare(&one).to_owned()).collect()
}

/// A text without the parentheses around the whole of it.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let whole = in_parentheses(text)
        .filter(|parts| parts.before.trim().is_empty() && parts.after.trim().is_empty());
    whole.map_or(text, |parts| bare(parts.inside))
}

/// The parts of a text between tokens that stand in no parentheses.
fn apart(text: &str, is_between: impl Fn(&Token<'_>) -> bool) -> Vec<String> {
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for token in tokens(text) {
        match token.text {
            "(" | "[" => depth += 1,
            ")" | "]" => depth -= 1,
            _ if depth == 0 && is_between(&token) => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push_str(token.text);
        }
    }
    parts
        .into_iter()
        .map(|part| part.trim().to_owned())
        .collect()
}

/// A policy of row-level security.
#[derive(Debug)]
pub(super) struct Policy {
    is_permissive: bool,
    command: String,
    roles: BTreeSet<String>,
    using: Option<String>,
    check: Option<String>,
}

/// Reads a policy's definition in the form of a shape.
pub(super) fn policy(text: &str) -> Option<Policy> {
    let rest = text.strip_prefix("AS ")?;
    let (kind, rest) = rest.split_once(" FOR ")?;
    let (command, rest) = rest.split_once(" TO ")?;
    let (roles, using) = clause(rest, " USING (");
    let (roles, check) = match using {
        None => clause(roles, " WITH CHECK ("),
        Some(_) => (roles, None),
    };
    let (using, check) = match using {
        None => (None, check),
        Some(rest) => {
            let (using, check) = clause(rest, " WITH CHECK (");
            (Some(using), check)
        }
    };
    Some(Policy {
        is_permissive: kind == "PERMISSIVE",
        command: command.to_owned(),
        roles: list(roles).into_iter().collect(),
        using: using.map(expression),
        check: check.map(expression),
    })
}

/// What stands before a clause, and what stands in it.
fn clause<'a>(text: &'a str, begin: &str) -> (&'a str, Option<&'a str>) {
    match text.split_once(begin) {
        Some((before, rest)) => (before, Some(rest)),
        None => (text, None),
    }
}

fn expression(text: &str) -> String {
    text.strip_suffix(')').unwrap_or(text).trim().to_owned()
}

impl Policy {
    /// Whether this policy allows no role more than `other` does.
    pub(super) fn shows_no_more_than(&self, other: &Self) -> bool {
        if self.is_permissive != other.is_permissive {
            return other.is_permissive;
        }
        let (wide, narrow) = if self.is_permissive {
            (other, self)
        } else {
            (self, other)
        };
        let has_roles = wide.roles.contains("PUBLIC") || wide.roles.is_superset(&narrow.roles);
        let has_command = wide.command == "ALL" || wide.command == narrow.command;
        has_roles
            && has_command
            && is_no_wider(self.using.as_ref(), other.using.as_ref())
            && is_no_wider(self.for_new_rows(), other.for_new_rows())
    }

    /// What new rows have to fulfil.
    fn for_new_rows(&self) -> Option<&String> {
        self.check.as_ref().or(self.using.as_ref())
    }
}

fn is_no_wider(to: Option<&String>, from: Option<&String>) -> bool {
    to == from || from.is_some_and(|from| from == "true")
}

/// When a trigger fires.
#[derive(Debug)]
pub(super) struct Trigger {
    timing: String,
    events: BTreeSet<String>,
    /// What else is said, up to the function.
    rest: String,
    condition: Option<String>,
}

/// Reads a trigger's definition as PostgreSQL writes it.
pub(super) fn trigger(text: &str) -> Option<Trigger> {
    let (text, _) = text.rsplit_once(" EXECUTE FUNCTION ")?;
    let timings = [" BEFORE ", " AFTER ", " INSTEAD OF "];
    let timing = timings.iter().filter(|timing| text.contains(**timing));
    let timing = timing.min_by_key(|timing| text.find(**timing))?;
    let (_, rest) = text.split_once(timing)?;
    let (events, rest) = rest.split_once(" ON ")?;
    let (rest, condition) = clause(rest, " WHEN (");
    Some(Trigger {
        timing: (*timing).to_owned(),
        events: events.split(" OR ").map(str::to_owned).collect(),
        rest: rest.to_owned(),
        condition: condition.map(expression),
    })
}

impl Trigger {
    /// Whether it fires whenever `other` does.
    pub(super) fn fires_no_less_than(&self, other: &Self) -> bool {
        let fires_at = |event: &String| {
            let any_column = event.split(" OF ").next().unwrap_or(event);
            self.events.contains(event) || self.events.contains(any_column)
        };
        self.timing == other.timing
            && self.rest == other.rest
            && other.events.iter().all(fires_at)
            && (self.condition.is_none() || self.condition == other.condition)
    }
}
