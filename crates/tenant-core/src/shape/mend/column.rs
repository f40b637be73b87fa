//! The statements that change a column into what it should be.

use sql_text::ident;

use super::change::options;
use super::column_type;
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
            let statement = column_type::statement((&table, name), (should, is));
            (Mending::Rewrites, vec![statement])
        }
        (Aspect::Options, _) => {
            let column = ident(&name.name);
            let alter = format!("ALTER FOREIGN TABLE {table} ALTER COLUMN {column}");
            (Mending::Adds, options(&alter, (should, is)))
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

/// A generated column is created again. Its values are computed from the row, unless the existing
/// column is an ordinary one. Then values that differ from the expression are kept, and the repair
/// fails.
fn generated(
    name: &ObjectName,
    (should, is): (&Object, &Object),
    table: &str,
) -> (Mending, Vec<String>) {
    let text = column(name, should);
    let (drop, add) = (
        super::drop(name, is),
        format!("ALTER TABLE {table} ADD COLUMN {text}"),
    );
    let granted = grant(name, should, &Grants::from_fact(is.fact(Aspect::Grants)));
    let statements = drop.into_iter().chain([add]).chain(granted);
    if is.fact(Aspect::Generated).is_some() {
        return (Mending::Adds, statements.collect());
    }
    let statements = statements.collect::<Vec<_>>().join("; ");
    let expression = should.fact(Aspect::Generated).unwrap_or_default();
    let expression = expression
        .trim_end_matches(" STORED")
        .trim_end_matches(" VIRTUAL");
    let column = ident(&name.name);
    let body = format!(
        "BEGIN IF EXISTS (SELECT FROM {table} WHERE {column} IS DISTINCT FROM {expression}) \
         THEN RAISE EXCEPTION 'values would be lost'; END IF; {statements}; END"
    );
    let sql = format!("DO LANGUAGE plpgsql {}", dollar_quoted(&body));
    (Mending::Rewrites, vec![sql])
}

/// A text as a constant in which nothing has to be escaped.
fn dollar_quoted(body: &str) -> String {
    let mut tag = "$do$".to_owned();
    while body.contains(&tag) {
        tag.insert(1, 'x');
    }
    format!("{tag}{body}{tag}")
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
