//! What the catalog says of one table.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::keys::{self, Constraint};
use super::reading::{Parameter, Reading};
use super::relation::{self, Relation};
use crate::error::Failure;

/// A table or view, and what is needed to show its rows.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) schema: String,
    pub(crate) relation: Relation,
    pub(crate) columns: Vec<Column>,
    pub(crate) constraints: Vec<Constraint>,
    /// The foreign keys of other tables that lead here.
    pub(crate) incoming: Vec<Constraint>,
}

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// Its type as SQL has it, with its length and the like.
    pub(crate) type_name: String,
    /// The same without: a value to compare with may be longer.
    pub(crate) bare_type: String,
    /// What a new value is cast to: of a domain what is below it, because a cast to
    /// a domain cuts what is too long for it.
    pub(crate) written_type: String,
    pub(crate) not_null: bool,
    pub(crate) default: Option<String>,
    pub(crate) is_identity: bool,
    /// Whether PostgreSQL alone gives the identity's values.
    pub(crate) is_always: bool,
    pub(crate) is_generated: bool,
    pub(crate) comment: Option<String>,
    /// The values of an enum, in their order.
    pub(crate) labels: Vec<String>,
    pub(crate) is_number: bool,
    pub(crate) is_json: bool,
    /// Whether its values have an order; those of `json` and `point` have none.
    pub(crate) is_ordered: bool,
}

const COLUMNS: &str = "SELECT a.attname::text, \
        pg_catalog.format_type(a.atttypid, a.atttypmod), \
        pg_catalog.format_type(a.atttypid, -1), a.attnotnull, \
        pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attidentity <> '', a.attgenerated <> '', \
        pg_catalog.col_description(a.attrelid, a.attnum), \
        ARRAY(SELECT enumlabel::text FROM pg_catalog.pg_enum \
            WHERE enumtypid = t.oid ORDER BY enumsortorder), \
        t.typcategory = 'N', t.oid = ANY ('{json, jsonb}'::pg_catalog.regtype[]::oid[]), \
        t.typtype IN ('e', 'r', 'm') OR t.typcategory IN ('S', 'N', 'I') \
            OR t.typcategory = 'A' AND t.typelem <> 'json'::pg_catalog.regtype \
            OR EXISTS (SELECT FROM pg_catalog.pg_opclass o \
                JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod AND m.amname = 'btree' \
                WHERE o.opcdefault AND o.opcintype = CASE WHEN t.typtype = 'd' \
                    THEN t.typbasetype ELSE t.oid END), \
        a.attidentity = 'a', \
        (WITH RECURSIVE base AS (SELECT t.oid, t.typtype, t.typbasetype \
            UNION ALL SELECT b.oid, b.typtype, b.typbasetype FROM base \
            JOIN pg_catalog.pg_type b ON b.oid = base.typbasetype WHERE base.typtype = 'd') \
            SELECT pg_catalog.format_type(oid, -1) FROM base WHERE typtype <> 'd') \
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
     LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
     WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

impl Table {
    /// The table `name` of the schema that is read.
    ///
    /// # Errors
    ///
    /// [`Failure::NoTable`] when the schema has none of that name.
    pub(crate) async fn read(reading: &Reading, name: &str) -> Result<Self, Failure> {
        let Some(relation) = relation::find(reading, name).await? else {
            return Err(Failure::NoTable {
                place: reading.place().clone(),
                name: name.to_owned(),
            });
        };
        let oid: Parameter<'_> = (&relation.oid, Type::OID);
        let (columns, constraints, incoming) = tokio::try_join!(
            columns(reading, &oid),
            keys::of(reading, &oid),
            keys::leading_to(reading, &oid),
        )?;
        Ok(Self {
            schema: reading.schema().to_owned(),
            relation,
            columns,
            constraints,
            incoming,
        })
    }

    /// The column `name`.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The columns that tell each row from every other, if there are such: the
    /// primary key, or else a unique one without NULL.
    pub(crate) fn key(&self) -> Option<&[String]> {
        let unique = self.constraints.iter().filter(|one| one.is_unique());
        let mut certain = unique.filter(|one| {
            let mut columns = one.columns.iter().filter_map(|name| self.column(name));
            one.is_primary() || columns.all(|column| column.not_null)
        });
        certain.next().map(|one| one.columns.as_slice())
    }

    /// The foreign keys.
    pub(crate) fn foreign_keys(&self) -> impl Iterator<Item = &Constraint> {
        self.constraints.iter().filter(|one| one.target.is_some())
    }
}

async fn columns(reading: &Reading, oid: &Parameter<'_>) -> Result<Vec<Column>, Failure> {
    const WHAT: &str = "Reading the columns";
    let rows = reading
        .rows(WHAT, COLUMNS, std::slice::from_ref(oid))
        .await?;
    let columns = rows.iter().map(column).collect::<Result<_, _>>();
    columns.map_err(Failure::of(WHAT))
}

fn column(row: &Row) -> Result<Column, tokio_postgres::Error> {
    Ok(Column {
        name: row.try_get(0)?,
        type_name: row.try_get(1)?,
        bare_type: row.try_get(2)?,
        not_null: row.try_get(3)?,
        default: row.try_get(4)?,
        is_identity: row.try_get(5)?,
        is_generated: row.try_get(6)?,
        comment: row.try_get(7)?,
        labels: row.try_get(8)?,
        is_number: row.try_get(9)?,
        is_json: row.try_get(10)?,
        is_ordered: row.try_get(11)?,
        is_always: row.try_get(12)?,
        written_type: row.try_get(13)?,
    })
}
