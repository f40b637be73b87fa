//! All tables of a schema in outline, for the diagram.

use std::collections::HashMap;

use tokio_postgres::types::Type;

use super::keys::{self, Constraint};
use super::reading::{Parameter, Reading};
use super::relation::Relation;
use super::text::text;
use crate::error::Failure;

/// A table with its columns.
#[derive(Debug)]
pub(crate) struct Outline {
    pub(crate) name: String,
    /// Name and type of each.
    pub(crate) columns: Vec<(String, String)>,
}

const COLUMNS: &str = "SELECT a.attrelid, a.attname::pg_catalog.text, \
        pg_catalog.format_type(a.atttypid, a.atttypmod) \
     FROM pg_catalog.pg_attribute a \
     WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped \
     ORDER BY a.attrelid, a.attnum";

/// These tables in outline, and the foreign keys between them.
pub(crate) async fn outlines(
    reading: &Reading,
    tables: &[&Relation],
) -> Result<(Vec<Outline>, Vec<Constraint>), Failure> {
    const WHAT: &str = "Reading the columns";
    let oids = tables.iter().map(|table| table.oid).collect::<Vec<_>>();
    let oids: Parameter<'_> = (&oids, Type::OID_ARRAY);
    let (rows, keys) = tokio::try_join!(
        reading.rows(WHAT, COLUMNS, std::slice::from_ref(&oids)),
        keys::all_foreign(reading, &oids),
    )?;
    let mut columns = HashMap::<u32, Vec<(String, String)>>::new();
    for row in &rows {
        let read = || Ok((row.try_get(0)?, (text(row, 1)?, text(row, 2)?)));
        let (oid, column) = read().map_err(Failure::of(WHAT))?;
        columns.entry(oid).or_default().push(column);
    }
    let outlines = tables.iter().map(|table| Outline {
        name: table.name.clone(),
        columns: columns.remove(&table.oid).unwrap_or_default(),
    });
    Ok((outlines.collect(), keys))
}
