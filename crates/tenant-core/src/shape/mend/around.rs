//! What stands in the way of another type of a column: views that read its table, and
//! columns that are computed from it. They are dropped before and made again behind, so that
//! the statements work as they are.

use std::collections::BTreeSet;

use sql_text::{stored, tokens};

use super::create::{self, column};
use crate::shape::Shape;
use crate::shape::normal::{in_schema, own};
use crate::shape::object::{Aspect, ObjectKind, ObjectName};

/// `statements`, which give the column `name` another type, with what they need.
pub(super) fn around(
    (expected, found): (&Shape, &Shape),
    name: &ObjectName,
    statements: Vec<String>,
) -> Vec<String> {
    let Some(table) = &name.table else {
        return statements;
    };
    let views = views_over(found, table);
    let generated = found.objects.iter().filter(|(other, object)| {
        let expression = object.fact(Aspect::Generated);
        other.kind == ObjectKind::Column
            && other.table == name.table
            && expression.is_some_and(|text| has_word(text, &name.name))
    });
    let generated = generated.map(|(other, _)| other).collect::<Vec<_>>();
    let mut all = Vec::new();
    for view in views.iter().rev() {
        let object = found.get(view);
        all.extend(object.into_iter().flat_map(|it| super::drop(view, it)));
    }
    for other in &generated {
        let object = found.get(other);
        all.extend(object.into_iter().flat_map(|it| super::drop(other, it)));
    }
    all.extend(statements);
    for other in &generated {
        let of = if expected.get(other).is_some() {
            expected
        } else {
            found
        };
        let Some(object) = of.get(other) else {
            continue;
        };
        let text = column(other, object);
        all.push(format!("ALTER TABLE {} ADD COLUMN {text}", own(table)));
        let hanging = create::hanging_on(of, table).filter(|it| {
            let definition = of.get(it).and_then(|it| it.fact(Aspect::Definition));
            found.has(it) && definition.is_some_and(|text| has_word(text, &other.name))
        });
        let hanging = hanging.flat_map(|it| create::one(of, it));
        all.extend(hanging.map(|statement| statement.sql));
    }
    for view in &views {
        all.extend(super::create(found, view));
    }
    all
}

fn has_word(text: &str, name: &str) -> bool {
    let mut words = tokens(text).filter_map(|token| stored(&token));
    words.any(|word| word == name)
}

/// Whether the definition of a view reads the table or view `name` of the schema, which it
/// may call otherwise behind that.
fn reads(text: &str, name: &str) -> bool {
    let continues = |rest: &str| {
        let next = rest.chars().next();
        next.is_some_and(|one| one.is_alphanumeric() || one == '_' || one == '$')
    };
    let plain = in_schema(name);
    let mut plain = text.split(plain.as_str()).skip(1);
    text.contains(&own(name)) || plain.any(|rest| !continues(rest))
}

/// The views that read the table, and those that read these, in the order in which they can
/// be made.
fn views_over<'a>(shape: &'a Shape, table: &str) -> Vec<&'a ObjectName> {
    let views = shape.objects.iter().filter_map(|(name, object)| {
        let is_view = matches!(name.kind, ObjectKind::View | ObjectKind::MaterializedView);
        let text = object.fact(Aspect::Definition).filter(|_| is_view)?;
        Some((name, text))
    });
    let views = views.collect::<Vec<_>>();
    let mut over = BTreeSet::from([table]);
    let mut ordered = Vec::new();
    loop {
        let more = views.iter().filter(|(name, text)| {
            !over.contains(name.name.as_str()) && over.iter().any(|it| reads(text, it))
        });
        let more = more.map(|(name, _)| *name).collect::<Vec<_>>();
        if more.is_empty() {
            break;
        }
        over.extend(more.iter().map(|name| name.name.as_str()));
        ordered.extend(more);
    }
    in_order(ordered, &views)
}

/// The views `wanted`, each behind those that it reads.
fn in_order<'a>(
    mut wanted: Vec<&'a ObjectName>,
    views: &[(&'a ObjectName, &'a str)],
) -> Vec<&'a ObjectName> {
    let mut ordered = Vec::new();
    while !wanted.is_empty() {
        let is_ready = |name: &&ObjectName| {
            let text = views
                .iter()
                .find(|(it, _)| it == name)
                .map_or("", |it| it.1);
            let mut others = wanted.iter().filter(|it| *it != name);
            !others.any(|other| reads(text, &other.name))
        };
        let ready = wanted.iter().copied().filter(is_ready).collect::<Vec<_>>();
        if ready.is_empty() {
            break;
        }
        wanted.retain(|it| !ready.contains(it));
        ordered.extend(ready);
    }
    ordered.extend(wanted);
    ordered
}
