//! Whether an object can be dropped and created again without losing anything: it has the same
//! columns, and accepts and shows no more than the existing object.
//!
//! If a definition cannot be parsed with certainty, the answer is no.

mod clauses;

use std::collections::BTreeSet;

use sql_text::{Token, stored, tokens};

use crate::shape::Shape;
use crate::shape::normal::without_casts;
use crate::shape::object::{Aspect, Object, ObjectKind, ObjectName};
use clauses::{Behind, in_parentheses, list, policy, trigger};

/// Whether what should be loses nothing of what is.
pub(super) fn is_sure(
    (expected, found): (&Shape, &Shape),
    name: &ObjectName,
    (should, is): (&Object, &Object),
) -> bool {
    let text = |object: &Object| {
        let text = object.fact(Aspect::Definition).unwrap_or_default();
        text.to_owned()
    };
    let (to, from) = (text(should), text(is));
    if name.kind != ObjectKind::Rule && without_casts(&to) == without_casts(&from) {
        return true;
    }
    match name.kind {
        ObjectKind::Index => {
            has_same_columns((expected, found), name, (&to, &from)) && is_no_weaker_key(&to, &from)
        }
        ObjectKind::Constraint => {
            let nature = |object: &Object| object.fact(Aspect::Nature).map(str::to_owned);
            match (nature(should).as_deref(), nature(is).as_deref()) {
                (Some("primary key" | "unique"), Some("unique"))
                | (Some("primary key"), Some("primary key"))
                | (Some("exclusion"), Some("exclusion")) => is_no_weaker_key(&to, &from),
                (Some("foreign key"), Some("foreign key")) => is_same_reference(&to, &from),
                (Some("check"), Some("check")) => is_no_weaker_check(&to, &from),
                _ => false,
            }
        }
        ObjectKind::Policy => policy(&to).is_some_and(|to| {
            let from = policy(&from);
            from.is_some_and(|from| to.shows_no_more_than(&from))
        }),
        ObjectKind::Trigger => trigger(&to).is_some_and(|to| {
            let from = trigger(&from);
            from.is_some_and(|from| to.fires_no_less_than(&from))
        }),
        ObjectKind::Statistics => has_same_columns((expected, found), name, (&to, &from)),
        _ => true,
    }
}

/// Whether both definitions are about the same columns of the table.
fn has_same_columns(
    (expected, found): (&Shape, &Shape),
    name: &ObjectName,
    (to, from): (&str, &str),
) -> bool {
    let key = |text: &str| match in_parentheses(text) {
        Some(parts) if name.kind == ObjectKind::Index => parts.inside.to_owned(),
        _ => text.to_owned(),
    };
    let columns = |text: &str| {
        let text = key(text);
        let names = tokens(&text).filter_map(|token| stored(&token));
        let names = names.filter(|column| {
            let table = name.table.as_deref();
            let mut all = expected.columns().chain(found.columns());
            all.any(|(of, it, _)| Some(of) == table && it == column)
        });
        names.collect::<BTreeSet<_>>()
    };
    columns(to) == columns(from)
}

/// Whether a key refuses what the other one refuses. What is no key refuses nothing.
fn is_no_weaker_key(to: &str, from: &str) -> bool {
    if from.starts_with("CREATE INDEX") {
        return true;
    }
    let (Some(one), Some(other)) = (in_parentheses(to), in_parentheses(from)) else {
        return false;
    };
    let key = |inside: &str| {
        let items = list(inside).into_iter().map(without_order);
        items.collect::<BTreeSet<_>>()
    };
    let counts_nulls = |text: &str| text.contains("NULLS NOT DISTINCT");
    let is_key = !to.starts_with("CREATE INDEX");
    let condition = |parts: &Behind<'_>| {
        parts
            .after
            .split_once(" WHERE ")
            .map(|it| without_casts(it.1))
    };
    let is_part = condition(&one).is_some() && condition(&one) != condition(&other);
    is_key
        && key(one.inside) == key(other.inside)
        && (counts_nulls(to) || to.starts_with("PRIMARY KEY") || !counts_nulls(from))
        && !is_part
}

/// An item of a key without the order in which it is kept.
fn without_order(item: String) -> String {
    let mut item = item.as_str();
    for order in [" NULLS FIRST", " NULLS LAST", " DESC", " ASC"] {
        item = item.strip_suffix(order).unwrap_or(item);
    }
    item.to_owned()
}

/// Whether both keys are of the same columns, in as strict a manner.
fn is_same_reference(to: &str, from: &str) -> bool {
    let columns = |text: &str| {
        let own = in_parentheses(text)?;
        let other = in_parentheses(own.after)?;
        let of = [own.before, own.inside, other.before, other.inside].join(" ");
        Some(sql_text::on_one_line(&of))
    };
    let is_full = |text: &str| text.contains(" MATCH FULL");
    columns(to).is_some() && columns(to) == columns(from) && (is_full(to) || !is_full(from))
}

/// Whether each existing condition is among the expected conditions, or allows a longer list of
/// values.
fn is_no_weaker_check(to: &str, from: &str) -> bool {
    let conditions = |text: &str| {
        let inside = in_parentheses(text).map(|parts| parts.inside.to_owned());
        inside.map(|inside| clauses::conditions(&without_casts(&inside)))
    };
    let (Some(to), Some(from)) = (conditions(to), conditions(from)) else {
        return false;
    };
    from.iter()
        .all(|one| to.iter().any(|other| allows_no_more(other, one)))
}

fn allows_no_more(to: &str, from: &str) -> bool {
    if to == from || from == "true" {
        return true;
    }
    let (Some((of, to)), Some((other, from))) = (allowed(to), allowed(from)) else {
        return false;
    };
    let from = list(from);
    of == other && list(to).iter().all(|value| from.contains(value))
}

/// What `condition` is about, and the list of the values that it allows, where it says
/// nothing else: fewer values allow less only as long as nothing turns that about.
fn allowed(condition: &str) -> Option<(&str, &str)> {
    let (before, rest) = condition.split_once("ARRAY [")?;
    let (values, after) = rest.split_once(']')?;
    let of = before.trim_end().strip_suffix('(')?.trim_end();
    let of = of.strip_suffix("ANY")?.trim_end().strip_suffix('=')?;
    let turns = |word: &Token<'_>| ["NOT", "OR", "ALL"].iter().any(|it| word.is_word(it));
    let is_plain = after.trim() == ")" && !tokens(of).any(|word| turns(&word));
    is_plain.then_some((of, values))
}

#[cfg(test)]
mod tests;
