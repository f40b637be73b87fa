//! The statements that change a column into what it should be.

use sql_text::ident;

use super::create::column;
use super::sequence::catch_up_identity;
use super::{Mending, grant};
use crate::shape::difference::AspectChange;
use crate::shape::grants::Grants;
use crate::shape::normal::own;
use crate::shape::object::{Aspect, Object, ObjectName};

pub(super) fn of_column(
    name: &ObjectName,
    (should, is): (&Object, &Object),
    change: &AspectChange,
) -> (Mending, Vec<String>) {
    let table = name.table.as_deref().map(own).unwrap_or_default();
    let alter = format!("ALTER TABLE {table} ALTER COLUMN {}", ident(&name.name));
    let one = |text: String| (Mending::Adds, vec![format!("{alter} {text}")]);
    match (change.aspect, change.expected.as_deref()) {
        (Aspect::Type | Aspect::Collation, _) => {
            let to = should.fact(Aspect::Type).unwrap_or_default();
            let collation = should.fact(Aspect::Collation);
            let collation = collation.map_or_else(String::new, |it| format!(" COLLATE {it}"));
            let using = format!("USING {}::{to}", ident(&name.name));
            (
                Mending::Rewrites,
                vec![format!("{alter} TYPE {to}{collation} {using}")],
            )
        }
        (Aspect::NotNull, Some(_)) => one("SET NOT NULL".to_owned()),
        (Aspect::NotNull, None) => one("DROP NOT NULL".to_owned()),
        (Aspect::Default, Some(default)) => one(format!("SET DEFAULT {default}")),
        (Aspect::Default, None) => one("DROP DEFAULT".to_owned()),
        (Aspect::Generated, None) => one("DROP EXPRESSION".to_owned()),
        (Aspect::Generated, Some(_)) => generated(name, (should, is), &table),
        (Aspect::Identity, None) => one("DROP IDENTITY".to_owned()),
        (Aspect::Identity, Some(identity)) => identity_of(name, &alter, change, identity),
        _ => (Mending::ByHand, Vec::new()),
    }
}

/// A generated column is made anew. What it holds is computed from the row, unless
/// it was an ordinary column.
fn generated(
    name: &ObjectName,
    (should, is): (&Object, &Object),
    table: &str,
) -> (Mending, Vec<String>) {
    let kind = match is.fact(Aspect::Generated) {
        Some(_) => Mending::Adds,
        None => Mending::Rewrites,
    };
    let column = column(name, should);
    let (drop, add) = (
        super::drop(name, is),
        format!("ALTER TABLE {table} ADD COLUMN {column}"),
    );
    let granted = grant(name, should, &Grants::from_fact(is.fact(Aspect::Grants)));
    (kind, drop.into_iter().chain([add]).chain(granted).collect())
}

fn identity_of(
    name: &ObjectName,
    alter: &str,
    change: &AspectChange,
    identity: &str,
) -> (Mending, Vec<String>) {
    if change.found.is_none() {
        let add = format!("{alter} ADD GENERATED {identity}");
        let statements = [Some(add), catch_up_identity(name)];
        return (Mending::Adds, statements.into_iter().flatten().collect());
    }
    let (when, options) = identity
        .split_once(" AS IDENTITY (")
        .unwrap_or((identity, ""));
    let mut options = options.trim_end_matches(')').to_owned();
    for word in ["INCREMENT", "MINVALUE", "MAXVALUE", "START", "CACHE"] {
        options = options.replace(&format!("{word} "), &format!("SET {word} "));
    }
    let cycle = if options.ends_with(" CYCLE") {
        ""
    } else {
        " SET NO CYCLE"
    };
    let options = options.replace(" CYCLE", " SET CYCLE");
    (
        Mending::Adds,
        vec![format!("{alter} SET GENERATED {when} {options}{cycle}")],
    )
}
