//! Constraints, foreign keys among them.

use tokio_postgres::Row;

use super::reading::{Parameter, Reading};
use super::text::{some_text, text, texts};
use crate::error::Failure;

/// A constraint of a table.
#[derive(Debug, Clone)]
pub(crate) struct Constraint {
    pub(crate) name: String,
    /// As `pg_constraint.contype` has it.
    kind: String,
    /// As SQL has it.
    pub(crate) definition: String,
    /// The table that has it.
    pub(crate) table: String,
    pub(crate) columns: Vec<String>,
    /// Where a foreign key leads.
    pub(crate) target: Option<Target>,
    /// Whether it can be put off to the end of a transaction.
    is_deferrable: bool,
}

/// The columns that a foreign key leads to.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) schema: String,
    pub(crate) table: String,
    pub(crate) columns: Vec<String>,
}

impl Constraint {
    pub(crate) fn is_primary(&self) -> bool {
        self.kind == "p"
    }

    /// Whether no two rows have the same at any time.
    pub(crate) fn is_unique(&self) -> bool {
        matches!(self.kind.as_str(), "p" | "u") && !self.is_deferrable
    }

    /// What people call it.
    pub(crate) fn kind(&self) -> &'static str {
        match self.kind.as_str() {
            "p" => "primary key",
            "u" => "unique",
            "f" => "foreign key",
            "c" => "check",
            "x" => "exclusion",
            "n" => "not null",
            _ => "constraint",
        }
    }
}

const SELECT: &str = "SELECT k.conname::pg_catalog.text, k.contype::pg_catalog.text, \
        pg_catalog.pg_get_constraintdef(k.oid, true), r.relname::pg_catalog.text, \
        ARRAY(SELECT a.attname::pg_catalog.text FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS u (number, at) \
            JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number \
            ORDER BY u.at), \
        fn.nspname::pg_catalog.text, f.relname::pg_catalog.text, \
        ARRAY(SELECT a.attname::pg_catalog.text FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS u (number, at) \
            JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number \
            ORDER BY u.at), k.condeferrable \
     FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class r ON r.oid = k.conrelid \
     LEFT JOIN pg_catalog.pg_class f ON f.oid = k.confrelid \
     LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace";

/// The constraints of the table `oid`, the primary key first. PostgreSQL 18 has
/// one for each column that is NOT NULL; the columns say that already.
pub(super) async fn of(reading: &Reading, oid: &Parameter<'_>) -> Result<Vec<Constraint>, Failure> {
    let sql = format!(
        "{SELECT} WHERE k.conrelid = $1 AND k.contype = ANY ('{{p,u,f,c,x}}'::pg_catalog.\"char\"[]) \
         ORDER BY pg_catalog.strpos('pufcx', k.contype::pg_catalog.text), k.conname"
    );
    read(reading, &sql, oid).await
}

/// The foreign keys of the same schema that lead to the table `oid`. They are
/// found through `pg_depend`: `pg_constraint` has no index by where they lead.
pub(super) async fn leading_to(
    reading: &Reading,
    oid: &Parameter<'_>,
) -> Result<Vec<Constraint>, Failure> {
    let sql = format!(
        "{SELECT} WHERE k.oid = ANY (SELECT d.objid FROM pg_catalog.pg_depend d \
             WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid \
             AND d.refobjid = $1 AND d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass::pg_catalog.oid) \
         AND k.contype = 'f' AND k.confrelid = $1 AND k.conparentid = 0::pg_catalog.oid \
         AND r.relnamespace = f.relnamespace ORDER BY r.relname, k.conname"
    );
    read(reading, &sql, oid).await
}

/// All foreign keys of the schema's tables `oids`.
pub(super) async fn all_foreign(
    reading: &Reading,
    oids: &Parameter<'_>,
) -> Result<Vec<Constraint>, Failure> {
    let sql = format!(
        "{SELECT} WHERE k.conrelid = ANY ($1) AND k.contype = 'f' AND k.conparentid = 0::pg_catalog.oid \
         ORDER BY k.conname"
    );
    read(reading, &sql, oids).await
}

async fn read(
    reading: &Reading,
    sql: &str,
    parameter: &Parameter<'_>,
) -> Result<Vec<Constraint>, Failure> {
    const WHAT: &str = "Reading the constraints";
    let rows = reading
        .rows(WHAT, sql, std::slice::from_ref(parameter))
        .await?;
    let constraints = rows.iter().map(constraint).collect::<Result<_, _>>();
    constraints.map_err(Failure::of(WHAT))
}

fn constraint(row: &Row) -> Result<Constraint, tokio_postgres::Error> {
    let schema = some_text(row, 5)?;
    let columns = texts(row, 7)?;
    let target = match (schema, some_text(row, 6)?) {
        (Some(schema), Some(table)) => Some(Target {
            schema,
            table,
            columns,
        }),
        _ => None,
    };
    Ok(Constraint {
        name: text(row, 0)?,
        kind: row.try_get(1)?,
        definition: text(row, 2)?,
        table: text(row, 3)?,
        columns: texts(row, 4)?,
        target,
        is_deferrable: row.try_get(8)?,
    })
}
