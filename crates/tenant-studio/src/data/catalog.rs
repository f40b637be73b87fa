//! What the catalog says of one table.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::comparison::Comparison;
use super::cut::Storage;
use super::keys::{self, Constraint, Target};
use super::parts::{self, Part, Parts};
use super::reading::{Parameter, Reading};
use super::relation::{self, Kind, Relation};
use super::text::{some_text, text, texts};
use crate::error::Failure;
use crate::shown_schema::ShownSchema;

/// A table or view, and what is needed to show its rows.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) schema: String,
    pub(crate) relation: Relation,
    pub(crate) columns: Vec<Column>,
    pub(crate) constraints: Vec<Constraint>,
    /// The foreign keys of other tables that lead here.
    pub(crate) incoming: Vec<Constraint>,
    pub(super) parts: Parts,
    /// Whether each byte is a letter: the database does not know what they mean.
    pub(super) is_bytes: bool,
    /// The tables that its rows are in, by their number, where each can be asked.
    pub(super) each: Vec<Part>,
}

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// Its type as SQL has it, with its length and the like.
    pub(crate) type_name: String,
    /// The same without.
    pub(crate) bare_type: String,
    /// What a value is cast to, to be written or compared: of a domain what is below it. A
    /// cast to a domain cuts what is too long for it, and refuses what its checks refuse.
    pub(crate) base_type: String,
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
    pub(super) comparison: Comparison,
    pub(super) storage: Storage,
}

/// What a domain is made of is looked up first: its values are of that type. Each
/// comparison is between two values of one type, for which PostgreSQL takes its own
/// operator before any other in the path.
const COLUMNS: &str = "SELECT a.attname::pg_catalog.text, \
        pg_catalog.format_type(a.atttypid, a.atttypmod), \
        pg_catalog.format_type(a.atttypid, -1), pg_catalog.format_type(b.oid, -1), \
        a.attnotnull, pg_catalog.pg_get_expr(d.adbin, d.adrelid), \
        a.attidentity <> '', a.attidentity = 'a', a.attgenerated <> '', \
        pg_catalog.col_description(a.attrelid, a.attnum), \
        ARRAY(SELECT enumlabel::pg_catalog.text FROM pg_catalog.pg_enum \
            WHERE enumtypid = b.oid ORDER BY enumsortorder), \
        b.typcategory = 'N', b.oid = known.json OR b.oid = known.jsonb, \
        CASE WHEN b.typlen > 0 THEN 'fixed' WHEN b.oid = known.bytea THEN 'bytes' \
            WHEN b.oid = known.bits OR b.oid = known.varbits THEN 'bits' \
            WHEN b.oid = known.text OR EXISTS (SELECT FROM pg_catalog.pg_cast k \
                WHERE k.castsource = b.oid AND k.casttarget = known.text AND k.castmethod = 'b') \
            THEN 'text' ELSE 'whole' END, \
        b.typtype = 'e' OR b.typtype = 'r' OR b.typtype = 'm' OR bn.nspname = 'pg_catalog' \
            AND (b.typcategory = 'S' OR b.typcategory = 'N' OR b.typcategory = 'I'), \
        ordered.schemas, ordered.names \
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
     CROSS JOIN (SELECT 'pg_catalog.json'::pg_catalog.regtype::pg_catalog.oid AS json, \
        'pg_catalog.jsonb'::pg_catalog.regtype::pg_catalog.oid AS jsonb, \
        'pg_catalog.bytea'::pg_catalog.regtype::pg_catalog.oid AS bytea, \
        'pg_catalog.bit'::pg_catalog.regtype::pg_catalog.oid AS bits, \
        'pg_catalog.varbit'::pg_catalog.regtype::pg_catalog.oid AS varbits, \
        'pg_catalog.text'::pg_catalog.regtype::pg_catalog.oid AS text) AS known \
     CROSS JOIN LATERAL (WITH RECURSIVE base AS (SELECT t.oid, t.typtype, t.typbasetype \
        UNION ALL SELECT n.oid, n.typtype, n.typbasetype FROM base \
            JOIN pg_catalog.pg_type n ON n.oid = base.typbasetype WHERE base.typtype = 'd') \
        SELECT base.oid FROM base WHERE base.typtype <> 'd') AS below \
     JOIN pg_catalog.pg_type b ON b.oid = below.oid \
     JOIN pg_catalog.pg_namespace bn ON bn.oid = b.typnamespace \
     CROSS JOIN LATERAL (SELECT pg_catalog.array_agg(n.nspname::pg_catalog.text \
            ORDER BY o.amopstrategy) AS schemas, \
            pg_catalog.array_agg(p.oprname::pg_catalog.text ORDER BY o.amopstrategy) AS names \
        FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod \
        JOIN pg_catalog.pg_amop o ON o.amopfamily = c.opcfamily \
            AND o.amoplefttype = c.opcintype AND o.amoprighttype = c.opcintype \
        JOIN pg_catalog.pg_operator p ON p.oid = o.amopopr \
        JOIN pg_catalog.pg_namespace n ON n.oid = p.oprnamespace \
        WHERE c.opcdefault AND c.opcintype = b.oid AND m.amname = 'btree' \
            AND o.amoppurpose = 's') AS ordered \
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
        let (columns, constraints, incoming, scattered) = tokio::try_join!(
            columns(reading, &oid),
            keys::of(reading, &oid),
            keys::leading_to(reading, &oid),
            parts::of(reading, &oid, relation.oid),
        )?;
        Ok(Self {
            schema: reading.schema().to_owned(),
            relation,
            columns,
            constraints,
            incoming,
            parts: scattered.parts,
            is_bytes: scattered.is_bytes,
            each: scattered.each,
        })
    }

    /// The column `name`.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Where the table that a foreign key leads to is shown, seen from `here`, the table's own
    /// place: there too, or in public. None if it is in any other schema.
    pub(crate) fn place_of(&self, target: &Target, here: &ShownSchema) -> Option<ShownSchema> {
        match target.schema.as_str() {
            schema if schema == self.schema => Some(here.clone()),
            "public" => Some(ShownSchema::Public),
            _ => None,
        }
    }

    /// The columns that tell each row from every other, if there are such: the
    /// primary key, or else a unique one without NULL. That of a table from which others
    /// inherit says nothing of their rows.
    pub(crate) fn key(&self) -> Option<&[String]> {
        let is_of_all = self.relation.kind != Kind::Table || self.parts == Parts::None;
        self.declared_key().filter(|_| is_of_all)
    }

    /// The same of the rows that are in the table itself.
    pub(super) fn declared_key(&self) -> Option<&[String]> {
        let unique = self.constraints.iter().filter(|one| one.is_unique());
        let mut certain = unique.filter(|one| {
            let mut columns = one.columns.iter().filter_map(|name| self.column(name));
            one.is_primary() || columns.all(|column| column.not_null)
        });
        certain.next().map(|one| one.columns.as_slice())
    }

    /// The columns that say where a row is, and their types. In a table with parts each
    /// of them has its own places. Empty where rows have none.
    pub(super) fn place(&self) -> &'static [(&'static str, &'static str)] {
        const PLACE: [(&str, &str); 2] =
            [("tableoid", "pg_catalog.oid"), ("ctid", "pg_catalog.tid")];
        let [_, in_table] = &PLACE;
        match (self.relation.kind, self.parts) {
            (Kind::Table | Kind::MaterializedView, Parts::None) => std::slice::from_ref(in_table),
            (Kind::Table | Kind::Partitioned, Parts::None | Parts::Some) => &PLACE,
            _ => &[],
        }
    }

    /// The foreign keys.
    pub(crate) fn foreign_keys(&self) -> impl Iterator<Item = &Constraint> {
        self.constraints.iter().filter(|one| one.target.is_some())
    }
}

pub(super) async fn columns(
    reading: &Reading,
    oid: &Parameter<'_>,
) -> Result<Vec<Column>, Failure> {
    const WHAT: &str = "Reading the columns";
    let rows = reading
        .rows(WHAT, COLUMNS, std::slice::from_ref(oid))
        .await?;
    let columns = rows.iter().map(column).collect::<Result<_, _>>();
    columns.map_err(Failure::of(WHAT))
}

fn column(row: &Row) -> Result<Column, tokio_postgres::Error> {
    let schemas = row.try_get::<_, Option<Vec<String>>>(15)?;
    let names = row.try_get::<_, Option<Vec<String>>>(16)?;
    let (schemas, names) = (schemas.unwrap_or_default(), names.unwrap_or_default());
    Ok(Column {
        name: text(row, 0)?,
        type_name: text(row, 1)?,
        bare_type: text(row, 2)?,
        base_type: text(row, 3)?,
        not_null: row.try_get(4)?,
        default: some_text(row, 5)?,
        is_identity: row.try_get(6)?,
        is_always: row.try_get(7)?,
        is_generated: row.try_get(8)?,
        comment: some_text(row, 9)?,
        labels: texts(row, 10)?,
        is_number: row.try_get(11)?,
        is_json: row.try_get(12)?,
        storage: Storage::of(row.try_get(13)?),
        comparison: Comparison::of(&schemas, &names, row.try_get(14)?),
    })
}
