//! The statements that change an object into what it should be.

use sql_text::ident;

use super::anew;
use super::around::around;
use super::column::of_column;
use super::create::{add_constraint, create_index, set_view_default, with_options};
use super::words::{keyword, reference};
use super::{Mending, create, grant, set_comment};
use crate::shape::Shape;
use crate::shape::difference::AspectChange;
use crate::shape::grants::Grants;
use crate::shape::normal::own;
use crate::shape::object::{Aspect, Object, ObjectKind, ObjectName};

/// The kind of change, and the statements. If SQL cannot repair one aspect, the whole object is
/// left for repair by hand.
pub(in crate::shape) fn change(
    (expected, found): (&Shape, &Shape),
    name: &ObjectName,
    (should, is): (&Object, &Object),
    changes: &[AspectChange],
) -> (Mending, Vec<String>) {
    let is_anew = |change: &&AspectChange| is_made_anew(name, (should, is), change);
    let anew = changes.iter().find(is_anew);
    let mut mending = Mending::Adds;
    let mut statements = Vec::new();
    if anew.is_some() {
        statements.extend(make_anew(expected, name, (should, is)));
    }
    let is_sure = anew.is_none() || anew::is_sure((expected, found), name, (should, is));
    if !is_sure || takes_more_away((expected, found), name, anew.is_some(), changes) {
        mending = Mending::Removes;
    }
    for change in first_those_that_make_room(changes) {
        let (kind, some) = match (change.aspect, anew) {
            (Aspect::Comment, None) => (Mending::Adds, vec![set_comment(name, should)]),
            (_, Some(_)) => continue,
            _ => aspect(name, (should, is), change),
        };
        mending = worse(mending, kind);
        let is_of_type = matches!(change.aspect, Aspect::Type | Aspect::Collation);
        statements.extend(if is_of_type && name.kind == ObjectKind::Column {
            around((expected, found), name, some)
        } else {
            some
        });
    }
    if mending == Mending::ByHand {
        statements.clear();
    }
    (mending, statements)
}

fn worse(one: Mending, other: Mending) -> Mending {
    let rank = |mending| match mending {
        Mending::Adds => 0,
        Mending::Removes => 1,
        Mending::Rewrites => 2,
        Mending::Keeps | Mending::ByHand => 3,
    };
    if rank(other) > rank(one) { other } else { one }
}

/// The changes in an order that works: a column has one of a default, an identity and
/// an expression, so what it has goes first.
fn first_those_that_make_room(changes: &[AspectChange]) -> Vec<&AspectChange> {
    let mut changes = changes.iter().collect::<Vec<_>>();
    changes.sort_by_key(|change| match (&change.expected, change.aspect) {
        // An identity can only be dropped from a column that is not null.
        (None, Aspect::NotNull) => 1,
        (None, _) => 0,
        _ => 2,
    });
    changes
}

/// Whether something hangs on a view or a generated column that would go when that is
/// made anew, and not come back.
fn takes_more_away(
    (expected, found): (&Shape, &Shape),
    name: &ObjectName,
    is_anew: bool,
    changes: &[AspectChange],
) -> bool {
    let is_generated = changes.iter().any(|it| it.aspect == Aspect::Generated);
    let (table, part) = match (name.kind, &name.table) {
        (ObjectKind::Column, Some(table)) if is_generated => (table, name.name.as_str()),
        (kind, _) if is_anew && kind.holds_others() => (&name.name, ""),
        _ => return false,
    };
    let mut hanging = create::hanging_on(found, table);
    hanging.any(|other| {
        let definition = found.get(other).and_then(|it| it.fact(Aspect::Definition));
        let is_touched = definition.is_some_and(|text| text.contains(part));
        is_touched && expected.get(other).is_none()
    })
}

/// Whether the object is dropped and created again, which loses nothing: it holds no rows itself.
fn is_made_anew(
    name: &ObjectName,
    (should, is): (&Object, &Object),
    change: &AspectChange,
) -> bool {
    let outline = (should.fact(Aspect::Outline), is.fact(Aspect::Outline));
    match name.kind {
        ObjectKind::View => change.aspect == Aspect::Definition && !goes_on(outline),
        ObjectKind::Function => change.aspect == Aspect::Definition && outline.0 != outline.1,
        // Rebuilding does not reach those of the partitions that it lacks.
        ObjectKind::Index if is_partitioned(should) => {
            matches!(change.aspect, Aspect::Definition | Aspect::Validity)
        }
        // Only a superuser may switch on the triggers of a key.
        ObjectKind::Constraint => matches!(
            change.aspect,
            Aspect::Definition | Aspect::Nature | Aspect::Enabled
        ),
        ObjectKind::Index
        | ObjectKind::Trigger
        | ObjectKind::Policy
        | ObjectKind::Rule
        | ObjectKind::Statistics
        | ObjectKind::MaterializedView => change.aspect == Aspect::Definition,
        _ => false,
    }
}

/// Whether the columns of a view that should be are those that it has, and perhaps
/// more behind them: a view can take those without being dropped.
fn goes_on((should, is): (Option<&str>, Option<&str>)) -> bool {
    let rest = should
        .unwrap_or_default()
        .strip_prefix(is.unwrap_or_default());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(", "))
}

fn is_partitioned(index: &Object) -> bool {
    let definition = index.fact(Aspect::Definition);
    definition.is_some_and(|text| text.contains(" ON ONLY "))
}

/// Whether the triggers of a key do not fire.
fn is_switched_off(constraint: &Object) -> bool {
    constraint.fact(Aspect::Enabled).is_some()
}

/// Whether a key can be added first and rows that violate it be looked for later: a foreign
/// key, and none of a partitioned table.
fn may_be_checked_later(expected: &Shape, name: &ObjectName, key: &Object) -> bool {
    let table = ObjectName {
        kind: ObjectKind::Table,
        table: None,
        name: name.table.clone().unwrap_or_default(),
    };
    let nature = |object: &Object| object.fact(Aspect::Nature).map(str::to_owned);
    let of_table = expected.get(&table).and_then(nature).unwrap_or_default();
    nature(key).is_some_and(|nature| nature == "foreign key")
        && key.fact(Aspect::Validity).is_none()
        && !of_table.contains("partitioned")
}

fn make_anew(expected: &Shape, name: &ObjectName, (should, is): (&Object, &Object)) -> Vec<String> {
    let mut statements = super::drop(name, is);
    let text = should.fact(Aspect::Definition).unwrap_or_default();
    match name.kind {
        ObjectKind::Constraint => {
            let mut added = add_constraint(name, should);
            if is_switched_off(is) && may_be_checked_later(expected, name, should) {
                added.push_str(" NOT VALID");
            }
            statements.push(added);
        }
        ObjectKind::Index => statements.push(create_index(text)),
        _ => {
            let mut made = create::one(expected, name);
            if name.kind.holds_others() {
                let hanging = create::hanging_on(expected, &name.name);
                made.extend(hanging.flat_map(|other| create::one(expected, other)));
            }
            made.sort_by_key(|statement| statement.stage);
            statements.extend(made.into_iter().map(|statement| statement.sql));
            let granted = Grants::from_fact(is.fact(Aspect::Grants));
            statements.extend(grant(name, should, &granted));
            return statements;
        }
    }
    if should.fact(Aspect::Comment).is_some() {
        statements.push(set_comment(name, should));
    }
    statements
}

fn aspect(
    name: &ObjectName,
    (should, is): (&Object, &Object),
    change: &AspectChange,
) -> (Mending, Vec<String>) {
    match name.kind {
        ObjectKind::Column => of_column(name, (should, is), change),
        ObjectKind::Table => of_table(name, (should, is), change),
        ObjectKind::MaterializedView => of_materialized_view(name, change),
        ObjectKind::ViewColumn => of_view_column(name, change),
        ObjectKind::Type => of_type(name, change),
        ObjectKind::Sequence => of_sequence(name, should, change),
        ObjectKind::View | ObjectKind::Function => of_text(name, should, change),
        ObjectKind::Constraint | ObjectKind::Index => of_validity(name, should, change),
        ObjectKind::Trigger | ObjectKind::Rule => firing(name, change),
        _ => (Mending::ByHand, Vec::new()),
    }
}

fn of_table(
    name: &ObjectName,
    (should, is): (&Object, &Object),
    change: &AspectChange,
) -> (Mending, Vec<String>) {
    let table = own(&name.name);
    let alter = format!("ALTER {}", reference(name, should));
    let one = |text: String| (Mending::Adds, vec![format!("{alter} {text}")]);
    let nature = |text: &Option<String>| text.clone().unwrap_or_default().replace("unlogged", "");
    match change.aspect {
        Aspect::RowSecurity => row_security(&format!("ALTER TABLE {table}"), change),
        Aspect::Nature if nature(&change.expected).trim() == nature(&change.found).trim() => {
            let unlogged = should.fact(Aspect::Nature).unwrap_or_default();
            let to = if unlogged.contains("unlogged") {
                "UNLOGGED"
            } else {
                "LOGGED"
            };
            (Mending::Adds, vec![format!("ALTER TABLE {table} SET {to}")])
        }
        Aspect::Partitioning => attach(&table, change),
        Aspect::TypedBy => match &change.expected {
            Some(kind) => one(format!("OF {kind}")),
            None => one("NOT OF".to_owned()),
        },
        Aspect::Storage => one(format!(
            "SET ({})",
            change.expected.as_deref().unwrap_or_default()
        )),
        Aspect::Options => (Mending::Adds, options(&alter, (should, is))),
        _ => (Mending::ByHand, Vec::new()),
    }
}

/// The statement that gives a foreign table or column the options that it should have.
pub(super) fn options(alter: &str, (should, is): (&Object, &Object)) -> Vec<String> {
    let read = |object: &Object| {
        let text = object.fact(Aspect::Options).unwrap_or_default();
        let all = labels(text).into_iter().filter(|one| !one.is_empty());
        all.collect::<Vec<_>>()
    };
    let name = |option: &str| option.split(" '").next().unwrap_or_default().to_owned();
    let (should, is) = (read(should), read(is));
    let is_there = |all: &[String], option: &str| all.iter().any(|it| name(it) == name(option));
    let dropped = is.iter().filter(|option| !is_there(&should, option));
    let dropped = dropped.map(|option| format!("DROP {}", name(option)));
    let changed = should.iter().filter(|option| !is.contains(option));
    let changed = changed.map(|option| {
        let verb = if is_there(&is, option) { "SET" } else { "ADD" };
        format!("{verb} {option}")
    });
    let all = dropped.chain(changed).collect::<Vec<_>>().join(", ");
    vec![format!("{alter} OPTIONS ({all})")]
}

/// One that was never filled is filled.
fn of_materialized_view(name: &ObjectName, change: &AspectChange) -> (Mending, Vec<String>) {
    let view = own(&name.name);
    match change.aspect {
        Aspect::Validity => (
            Mending::Adds,
            vec![format!("REFRESH MATERIALIZED VIEW {view}")],
        ),
        Aspect::Storage => {
            let parameters = change.expected.as_deref().unwrap_or_default();
            let sql = format!("ALTER MATERIALIZED VIEW {view} SET ({parameters})");
            (Mending::Adds, vec![sql])
        }
        _ => (Mending::ByHand, Vec::new()),
    }
}

fn of_view_column(name: &ObjectName, change: &AspectChange) -> (Mending, Vec<String>) {
    match change.aspect {
        Aspect::Default => (
            Mending::Adds,
            vec![set_view_default(name, change.expected.as_deref())],
        ),
        _ => (Mending::ByHand, Vec::new()),
    }
}

/// Missing row security is added. Removing additional row security is left to the operator.
fn row_security(alter: &str, change: &AspectChange) -> (Mending, Vec<String>) {
    let words = |text: &Option<String>| {
        let text = text.clone().unwrap_or_default();
        (text.contains("enabled"), text.contains("forced"))
    };
    let (expected, found) = (words(&change.expected), words(&change.found));
    let mut statements = Vec::new();
    let mut mending = Mending::Adds;
    for (should, is, on, off) in [
        (expected.0, found.0, "ENABLE", "DISABLE"),
        (expected.1, found.1, "FORCE", "NO FORCE"),
    ] {
        if should == is {
            continue;
        }
        let verb = if should { on } else { off };
        if !should {
            mending = Mending::Removes;
        }
        statements.push(format!("{alter} {verb} ROW LEVEL SECURITY"));
    }
    (mending, statements)
}

fn attach(table: &str, change: &AspectChange) -> (Mending, Vec<String>) {
    let wanted = change.expected.as_deref().unwrap_or_default();
    let bound = wanted.strip_prefix("PARTITION OF ").and_then(|rest| {
        let at = rest.find(" FOR VALUES").or_else(|| rest.find(" DEFAULT"))?;
        Some((rest.get(..at)?, rest.get(at..)?))
    });
    match (bound, &change.found) {
        (Some((parent, bound)), None) => {
            let sql = format!("ALTER TABLE {parent} ATTACH PARTITION {table}{bound}");
            (Mending::Adds, vec![sql])
        }
        _ => (Mending::ByHand, Vec::new()),
    }
}

fn of_type(name: &ObjectName, change: &AspectChange) -> (Mending, Vec<String>) {
    let (Aspect::Labels, Some(expected), Some(found)) =
        (change.aspect, &change.expected, &change.found)
    else {
        return (Mending::ByHand, Vec::new());
    };
    let (expected, found) = (labels(expected), labels(found));
    // What is there has to be in the order of what should be: a label cannot be
    // moved, nor taken out.
    let kept = expected.iter().filter(|label| found.contains(label));
    if kept.ne(found.iter()) {
        return (Mending::ByHand, Vec::new());
    }
    let mut statements = Vec::new();
    let mut before: Option<&String> = None;
    for label in &expected {
        if !found.contains(label) {
            let place = match (before, found.first()) {
                (Some(before), _) => format!(" AFTER {before}"),
                (None, Some(first)) => format!(" BEFORE {first}"),
                (None, None) => String::new(),
            };
            let own_name = own(&name.name);
            statements.push(format!("ALTER TYPE {own_name} ADD VALUE {label}{place}"));
        }
        before = Some(label);
    }
    (Mending::Adds, statements)
}

/// The labels of an enum, each as a constant. They are joined by a comma, which may
/// stand in one as well.
pub(in crate::shape) fn labels(fact: &str) -> Vec<String> {
    let mut labels = Vec::new();
    let mut label = String::new();
    let mut quotes = 0;
    for letter in fact.chars() {
        if quotes % 2 == 0 && (letter == ',' || letter == ' ' && label.is_empty()) {
            labels.extend((letter == ',').then(|| std::mem::take(&mut label)));
            continue;
        }
        quotes += usize::from(letter == '\'');
        label.push(letter);
    }
    labels.push(label);
    labels
}

fn of_sequence(
    name: &ObjectName,
    should: &Object,
    change: &AspectChange,
) -> (Mending, Vec<String>) {
    let alter = format!("ALTER {}", reference(name, should));
    match (change.aspect, &change.expected) {
        (Aspect::Definition, Some(text)) => (Mending::Adds, vec![format!("{alter} {text}")]),
        (Aspect::OwnedBy, owner) => {
            let owner = owner.as_deref().unwrap_or("NONE");
            (Mending::Adds, vec![format!("{alter} OWNED BY {owner}")])
        }
        _ => (Mending::ByHand, Vec::new()),
    }
}

/// A view or function takes another text without being dropped.
fn of_text(name: &ObjectName, should: &Object, change: &AspectChange) -> (Mending, Vec<String>) {
    let text = should.fact(Aspect::Definition).unwrap_or_default();
    let text = text.trim_end().trim_end_matches(';');
    match (name.kind, change.aspect) {
        (ObjectKind::View, Aspect::Definition | Aspect::Nature) => {
            let options = with_options(should.fact(Aspect::Nature).unwrap_or_default());
            let view = own(&name.name);
            let sql = format!("CREATE OR REPLACE VIEW {view}{options} AS {text}");
            (Mending::Adds, vec![sql])
        }
        (ObjectKind::Function, Aspect::Definition) => (Mending::Adds, vec![text.to_owned()]),
        _ => (Mending::ByHand, Vec::new()),
    }
}

fn of_validity(
    name: &ObjectName,
    should: &Object,
    change: &AspectChange,
) -> (Mending, Vec<String>) {
    if change.aspect != Aspect::Validity || change.expected.is_some() {
        return (Mending::ByHand, Vec::new());
    }
    let sql = match (name.kind, &name.table) {
        (ObjectKind::Constraint, Some(table)) => {
            format!(
                "ALTER TABLE {} VALIDATE CONSTRAINT {}",
                own(table),
                ident(&name.name)
            )
        }
        _ => format!("REINDEX {}", reference(name, should)),
    };
    (Mending::Adds, vec![sql])
}

fn firing(name: &ObjectName, change: &AspectChange) -> (Mending, Vec<String>) {
    let (Aspect::Enabled, Some(table)) = (change.aspect, &name.table) else {
        return (Mending::ByHand, Vec::new());
    };
    let verb = change.expected.as_deref().unwrap_or("ENABLE");
    let sql = format!(
        "ALTER TABLE {} {verb} {} {}",
        own(table),
        keyword(name.kind, &Object::default()),
        ident(&name.name)
    );
    (Mending::Adds, vec![sql])
}
