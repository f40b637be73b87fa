//! Views that a `schema.rs` describes: they are compared, and no migration is
//! planned for them.
//!
//! A `table!` is about a view when the database has a view, a materialized view or a foreign table
//! of that name. The author of the `table!` chose its key and its nullable columns: PostgreSQL
//! knows neither for a view.

use crate::catalog::{Catalog, StoredView};
use crate::model::{Schema, Table};
use crate::types;

impl Schema {
    /// The file without its views, and without what `joinable!` says of them.
    pub(crate) fn without_views(&self, catalog: &Catalog) -> Self {
        let is_view = |name: &str| {
            let written = self.table(name).is_some_and(|table| table.is_view);
            written || catalog.view(name).is_some()
        };
        let mut rest = self.clone();
        rest.tables.retain(|table| !is_view(&table.name));
        for table in &mut rest.tables {
            let references = &mut table.references;
            references.retain(|reference| !is_view(&reference.parent));
        }
        rest
    }
}

/// Where the views of `wanted` and those of the database disagree, one line
/// each. A column of the view that the file leaves out is no difference: Diesel
/// names the columns in each query.
#[must_use]
pub fn view_differences(wanted: &Schema, catalog: &Catalog) -> Vec<String> {
    let mut found = Vec::new();
    for table in &wanted.tables {
        match catalog.view(&table.name) {
            Some(view) => compare(table, view, &mut found),
            None if !table.is_view => {}
            None if catalog.table(&table.name).is_some() => found.push(format!(
                "`{}` is a view in schema.rs and a table in the migrations",
                table.name
            )),
            None => found.push(format!(
                "view `{}` is in schema.rs but not in the migrations",
                table.name
            )),
        }
    }
    found
}

fn compare(wanted: &Table, view: &StoredView, found: &mut Vec<String>) {
    let (name, kind) = (&view.name, view.kind.words());
    for column in &wanted.columns {
        match view.column(&column.name) {
            None => found.push(format!(
                "column `{}` of the {kind} `{name}` is in schema.rs but not in the migrations",
                column.name
            )),
            Some(there) if !column.ty.is(&there.ty) => {
                let [wanted, there] =
                    [&column.ty, &there.ty].map(|ty| types::to_sql(ty, str::to_owned));
                found.push(format!(
                    "column `{}` of the {kind} `{name}` is {wanted} in schema.rs and {there} in \
                     the migrations",
                    column.name
                ));
            }
            Some(_) => {}
        }
    }
}
