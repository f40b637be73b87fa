//! The tables that the rows of a table are in.

use tenant_core::quote_ident;
use tokio_postgres::Row;

use super::reading::{Parameter, Reading};
use super::text::text;
use crate::error::Failure;

/// Where the rows of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parts {
    /// In the table itself.
    None,
    /// In others too, which are part of it: by inheritance or as partitions.
    Some,
    /// Some of these are on another server, where rows have no place.
    Foreign,
}

/// One of the tables.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) oid: u32,
    /// As SQL names it.
    pub(super) name: String,
}

/// What the catalog says of them.
pub(super) struct Scattered {
    pub(super) parts: Parts,
    pub(super) is_bytes: bool,
    pub(super) each: Vec<Part>,
}

/// The table and its parts; whether each can be asked as a part of it, with the rights to
/// it and no policy that only one of them has; and whether the database takes each byte for
/// a letter.
const SELECT: &str = "WITH RECURSIVE part AS (SELECT $1 AS relid UNION \
        SELECT i.inhrelid FROM part JOIN pg_catalog.pg_inherits i ON i.inhparent = part.relid) \
     SELECT c.oid, c.relkind::pg_catalog.text, n.nspname::pg_catalog.text, \
        c.relname::pg_catalog.text, NOT c.relrowsecurity \
            AND pg_catalog.has_table_privilege(c.oid, 'SELECT'::pg_catalog.text), \
        pg_catalog.getdatabaseencoding() = 'SQL_ASCII'::pg_catalog.name \
     FROM part JOIN pg_catalog.pg_class c ON c.oid = part.relid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ORDER BY c.oid";

struct Found {
    oid: u32,
    kind: String,
    name: String,
    is_open: bool,
    is_bytes: bool,
}

/// Those of the table `own`.
pub(super) async fn of(
    reading: &Reading,
    oid: &Parameter<'_>,
    own: u32,
) -> Result<Scattered, Failure> {
    const WHAT: &str = "Reading the parts of the table";
    let rows = reading
        .rows(WHAT, SELECT, std::slice::from_ref(oid))
        .await?;
    let found = rows.iter().map(found).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(Failure::of(WHAT))?;
    let others = || found.iter().filter(|one| one.oid != own);
    let parts = match others().count() {
        0 => Parts::None,
        _ if others().any(|one| one.kind == "f") => Parts::Foreign,
        _ => Parts::Some,
    };
    let is_bytes = found.iter().any(|one| one.is_bytes);
    let can_be_asked = parts == Parts::Some && found.iter().all(|one| one.is_open);
    let with_rows = found
        .into_iter()
        .filter(|one| can_be_asked && one.kind != "p");
    Ok(Scattered {
        parts,
        is_bytes,
        each: with_rows
            .map(|one| Part {
                oid: one.oid,
                name: one.name,
            })
            .collect(),
    })
}

fn found(row: &Row) -> Result<Found, tokio_postgres::Error> {
    let (schema, name) = (text(row, 2)?, text(row, 3)?);
    Ok(Found {
        oid: row.try_get(0)?,
        kind: text(row, 1)?,
        name: format!("{}.{}", quote_ident(&schema), quote_ident(&name)),
        is_open: row.try_get(4)?,
        is_bytes: row.try_get(5)?,
    })
}
