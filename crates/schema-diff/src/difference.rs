//! Says in words where a `schema.rs` and a schema disagree.
//!
//! This is kept apart from the planning of a migration, which it judges.

use crate::catalog::Catalog;
use crate::filter::Filter;
use crate::model::{Reference, Schema, Table};
use crate::types;
use crate::views::view_differences;

/// Every difference that Diesel would see between `wanted` and what the
/// database holds, one line each; none when they agree. The order of tables and
/// of columns is not one: PostgreSQL adds columns at the end, and Diesel names
/// them in each query.
#[must_use]
pub fn differences(wanted: &Schema, catalog: &Catalog, filter: &Filter) -> Vec<String> {
    let there = catalog.as_diesel_sees_it(filter);
    let mut found = view_differences(wanted, catalog);
    let wanted = &wanted.without_views(catalog);
    for table in &wanted.tables {
        match there.table(&table.name) {
            Some(existing) => compare(table, existing, catalog, &mut found),
            None if catalog.table(&table.name).is_some() => found.push(format!(
                "table `{}` has no primary key in the migrations, so Diesel ignores it",
                table.name
            )),
            None => found.push(format!(
                "table `{}` is in schema.rs but not in the migrations",
                table.name
            )),
        }
    }
    let missing = there.tables.iter();
    let missing = missing.filter(|table| wanted.table(&table.name).is_none());
    found.extend(missing.map(|table| {
        format!(
            "table `{}` is in the migrations but not in schema.rs",
            table.name
        )
    }));
    let types = wanted.own_types_in_use().into_iter();
    let types = types.filter(|name| catalog.custom_type(name).is_none());
    found.extend(types.map(|name| {
        format!(
            "type `{name}` is in schema.rs but not in the \
                                          migrations"
        )
    }));
    found
}

fn compare(wanted: &Table, there: &Table, catalog: &Catalog, found: &mut Vec<String>) {
    let name = &wanted.name;
    for column in &wanted.columns {
        let Some(existing) = there.column(&column.name) else {
            found.push(format!(
                "column `{}` of `{name}` is in schema.rs but not in the migrations",
                column.name
            ));
            continue;
        };
        if !column.ty.is(&existing.ty) {
            let [wanted, there] =
                [&column.ty, &existing.ty].map(|ty| types::to_sql(ty, str::to_owned));
            found.push(format!(
                "column `{}` of `{name}` is {wanted} in schema.rs and {there} in the \
                 migrations",
                column.name
            ));
        }
        if column.nullable != existing.nullable {
            let may = |nullable: bool| if nullable { "may" } else { "may not" };
            found.push(format!(
                "column `{}` of `{name}` {} be NULL in schema.rs and {} in the migrations",
                column.name,
                may(column.nullable),
                may(existing.nullable)
            ));
        }
    }
    let missing = there.columns.iter();
    let missing = missing.filter(|column| wanted.column(&column.name).is_none());
    found.extend(missing.map(|column| {
        format!(
            "column `{}` of `{name}` is in the migrations but not in schema.rs",
            column.name
        )
    }));
    if wanted.primary_key != there.primary_key {
        found.push(format!(
            "the primary key of `{name}` is ({}) in schema.rs and ({}) in the migrations",
            wanted.primary_key.join(", "),
            there.primary_key.join(", ")
        ));
    }
    compare_references(wanted, there, catalog, found);
}

/// A foreign key that Diesel would not print may be named all the same: with
/// two between the same tables, `joinable!` chooses one.
fn compare_references(wanted: &Table, there: &Table, catalog: &Catalog, found: &mut Vec<String>) {
    let text = |reference: &Reference| {
        format!(
            "`{}` ({}) to `{}`",
            wanted.name, reference.column, reference.parent
        )
    };
    for reference in &wanted.references {
        if !is_there(&wanted.name, reference, catalog) {
            found.push(format!(
                "foreign key from {} is in schema.rs but not in the migrations",
                text(reference)
            ));
        }
    }
    for reference in &there.references {
        if !wanted.references.contains(reference) {
            found.push(format!(
                "foreign key from {} is in the migrations but not in schema.rs",
                text(reference)
            ));
        }
    }
}

fn is_there(child: &str, reference: &Reference, catalog: &Catalog) -> bool {
    let key = catalog
        .table(&reference.parent)
        .and_then(|table| table.key());
    let keys = catalog.table(child).map(|table| table.foreign_keys.iter());
    keys.is_some_and(|mut keys| {
        keys.any(|found| {
            found.parent == reference.parent
                && found.columns.as_slice() == [reference.column.as_str()]
                && Some(found.parent_columns.as_slice()) == key
        })
    })
}
