//! What the catalog says of a table beyond its columns and constraints.

use tokio_postgres::types::Type;

use super::catalog::Table;
use super::reading::{Parameter, Reading};
use super::text::text;
use crate::error::Failure;

/// Indexes, triggers, and of a view its query.
#[derive(Debug)]
pub(crate) struct Details {
    pub(crate) indexes: Vec<Index>,
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) view: Option<String>,
}

/// An index.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) name: String,
    pub(crate) definition: String,
    /// False for what a failed `CREATE INDEX CONCURRENTLY` has left.
    pub(crate) is_valid: bool,
    pub(crate) size: i64,
    /// How often it was used since the statistics began.
    pub(crate) scans: Option<i64>,
}

/// A trigger.
#[derive(Debug)]
pub(crate) struct Trigger {
    pub(crate) name: String,
    pub(crate) definition: String,
    pub(crate) is_enabled: bool,
}

const INDEXES: &str = "SELECT c.relname::pg_catalog.text, pg_catalog.pg_get_indexdef(i.indexrelid), \
        i.indisvalid, pg_catalog.pg_relation_size(i.indexrelid::pg_catalog.regclass), \
        pg_catalog.pg_stat_get_numscans(i.indexrelid) \
     FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
     WHERE i.indrelid = $1 ORDER BY i.indisprimary DESC, c.relname";

const TRIGGERS: &str = "SELECT tgname::pg_catalog.text, pg_catalog.pg_get_triggerdef(oid, true), \
        tgenabled <> 'D' \
     FROM pg_catalog.pg_trigger WHERE tgrelid = $1 AND NOT tgisinternal ORDER BY tgname";

const VIEW: &str = "SELECT pg_catalog.pg_get_viewdef(oid, true) FROM pg_catalog.pg_class \
     WHERE oid = $1 AND (relkind = 'v' OR relkind = 'm')";

impl Table {
    /// Its details.
    pub(crate) async fn details(&self, reading: &Reading) -> Result<Details, Failure> {
        const WHAT: &str = "Reading the structure";
        let oid: Parameter<'_> = (&self.relation.oid, Type::OID);
        let oid = std::slice::from_ref(&oid);
        let (indexes, triggers, view) = tokio::try_join!(
            reading.rows(WHAT, INDEXES, oid),
            reading.rows(WHAT, TRIGGERS, oid),
            reading.rows(WHAT, VIEW, oid),
        )?;
        let read = || -> Result<_, tokio_postgres::Error> {
            let indexes = indexes.iter().map(|row| {
                Ok(Index {
                    name: text(row, 0)?,
                    definition: text(row, 1)?,
                    is_valid: row.try_get(2)?,
                    size: row.try_get(3)?,
                    scans: row.try_get(4)?,
                })
            });
            let triggers = triggers.iter().map(|row| {
                Ok(Trigger {
                    name: text(row, 0)?,
                    definition: text(row, 1)?,
                    is_enabled: row.try_get(2)?,
                })
            });
            Ok(Details {
                indexes: indexes.collect::<Result<_, tokio_postgres::Error>>()?,
                triggers: triggers.collect::<Result<_, tokio_postgres::Error>>()?,
                view: view.first().map(|row| text(row, 0)).transpose()?,
            })
        };
        read().map_err(Failure::of(WHAT))
    }
}
