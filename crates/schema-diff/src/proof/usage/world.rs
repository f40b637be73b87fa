//! What a use has to know of a database.

use std::collections::HashMap;

use tokio_postgres::{Client, Error};

use super::maker::{Fixed, Shape};
use super::{Kind, Subject};
use crate::catalog::{Catalog, StoredColumn, StoredTable};

/// The schema that is used, and those beside it, in which its foreign keys may end.
pub(super) struct World {
    /// The one that is used comes first.
    schemas: Vec<(String, Catalog)>,
    /// By table: how rows are made in it before the migration.
    pub(super) fixed: HashMap<(u32, Shape), Fixed>,
    pub(super) keys: Vec<ForeignKey>,
    /// By table: the conditions that a row has to meet, in SQL.
    pub(super) conditions: HashMap<u32, Vec<String>>,
    /// By table and column: those of the column's domain, about `VALUE`.
    pub(super) domains: HashMap<(u32, String), Vec<String>>,
    /// By table: the names of its policies, and their conditions.
    pub(super) policies: Vec<(u32, String, String)>,
    pub(super) truncated: Vec<u32>,
    /// By type: how many fields a composite type has.
    pub(super) composites: HashMap<String, usize>,
    /// Views that can be written to because a trigger or a rule defines how.
    pub(super) writable: HashMap<String, i32>,
}

/// A foreign key, to whichever schema.
pub(super) struct ForeignKey {
    pub(super) child: u32,
    pub(super) parent: u32,
    pub(super) columns: Vec<String>,
    pub(super) parent_columns: Vec<String>,
}

/// A table, and where it is.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) table: &'a StoredTable,
    /// `None` in the schema that is used.
    schema: Option<&'a str>,
}

impl World {
    pub(super) async fn read(client: &Client, schema: &str) -> Result<Self, Error> {
        let mut schemas = vec![(schema.to_owned(), Catalog::read(client, schema).await?)];
        for row in client.query(SCHEMAS, &[&schema]).await? {
            let name: String = row.get(0);
            let catalog = Catalog::read(client, &name).await?;
            schemas.push((name, catalog));
        }
        let keys = client.query(FOREIGN_KEYS, &[]).await?;
        let keys = keys.iter().map(|row| ForeignKey {
            child: row.get(0),
            parent: row.get(1),
            columns: row.get(2),
            parent_columns: row.get(3),
        });
        let policies = client.query(POLICIES, &[&schema]).await?;
        let policies = policies.iter();
        let truncated = client.query(TRUNCATED, &[&schema]).await?;
        let composites = client.query(COMPOSITES, &[]).await?;
        let composites = composites
            .iter()
            .map(|row| (row.get(0), row.get::<_, i16>(1)));
        let fields = |number: i16| usize::try_from(number).unwrap_or_default();
        let writable = client.query(WRITABLE, &[&schema]).await?;
        Ok(Self {
            schemas,
            fixed: HashMap::new(),
            keys: keys.collect(),
            conditions: read_conditions(client).await?,
            domains: read_domains(client).await?,
            policies: policies
                .map(|row| (row.get(0), row.get(1), row.get(2)))
                .collect(),
            truncated: truncated.iter().map(|row| row.get(0)).collect(),
            composites: composites
                .map(|(name, number)| (name, fields(number)))
                .collect(),
            writable: writable
                .iter()
                .map(|row| (row.get(0), row.get(1)))
                .collect(),
        })
    }

    /// What is in the schema that is used.
    pub(super) fn used(&self) -> Option<&Catalog> {
        self.schemas.first().map(|(_, catalog)| catalog)
    }

    /// The tables that are used.
    pub(super) fn tables(&self) -> impl Iterator<Item = Place<'_>> {
        let used = self.used().into_iter();
        used.flat_map(|catalog| {
            catalog.tables.iter().map(move |table| Place {
                catalog,
                table,
                schema: None,
            })
        })
    }

    /// The table of that number, wherever it is.
    pub(super) fn place(&self, oid: u32) -> Option<Place<'_>> {
        self.schemas
            .iter()
            .enumerate()
            .find_map(|(number, (schema, catalog))| {
                let table = catalog.tables.iter().find(|table| table.oid == oid)?;
                Some(Place {
                    catalog,
                    table,
                    schema: (number > 0).then_some(schema.as_str()),
                })
            })
    }

    /// The foreign keys of the table of that number.
    pub(super) fn keys_of(&self, oid: u32) -> impl Iterator<Item = &ForeignKey> {
        self.keys.iter().filter(move |key| key.child == oid)
    }
}

impl<'a> Place<'a> {
    /// Its name in SQL.
    pub(super) fn sql(&self) -> String {
        let table = self.catalog.quote.ident(&self.table.name);
        self.schema.map_or_else(
            || table.clone(),
            |schema| format!("{}.{table}", self.catalog.quote.ident(schema)),
        )
    }

    pub(super) fn subject(&self) -> Subject {
        Subject {
            kind: Kind::Table,
            oid: self.table.oid,
            name: self.table.name.clone(),
        }
    }

    /// The columns that a statement may set.
    pub(super) fn settable(self) -> impl Iterator<Item = &'a StoredColumn> {
        let columns = self.table.columns.iter();
        columns.filter(|column| column.generated.is_none() && column.identity.is_none())
    }
}

async fn read_conditions(client: &Client) -> Result<HashMap<u32, Vec<String>>, Error> {
    let mut conditions = HashMap::<_, Vec<_>>::new();
    for row in client.query(CONDITIONS, &[]).await? {
        let condition: Option<String> = row.get(1);
        conditions.entry(row.get(0)).or_default().extend(condition);
    }
    Ok(conditions)
}

async fn read_domains(client: &Client) -> Result<HashMap<(u32, String), Vec<String>>, Error> {
    let mut domains = HashMap::<_, Vec<_>>::new();
    for row in client.query(DOMAINS, &[]).await? {
        let column = (row.get(0), row.get(1));
        domains.entry(column).or_default().push(row.get(2));
    }
    Ok(domains)
}

const SCHEMAS: &str = "
SELECT nspname::text FROM pg_catalog.pg_namespace
WHERE nspname <> $1 AND nspname !~ '^pg_' AND nspname <> 'information_schema'
ORDER BY 1";

const FOREIGN_KEYS: &str = "
SELECT o.conrelid, o.confrelid,
       ARRAY(SELECT a.attname::text
             FROM pg_catalog.unnest(o.conkey) WITH ORDINALITY AS u (attnum, i)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = u.attnum
             ORDER BY i),
       ARRAY(SELECT a.attname::text
             FROM pg_catalog.unnest(o.confkey) WITH ORDINALITY AS u (attnum, i)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = o.confrelid AND a.attnum = u.attnum
             ORDER BY i)
FROM pg_catalog.pg_constraint o
LEFT JOIN pg_catalog.pg_constraint p ON p.oid = o.conparentid
WHERE o.contype = 'f'
    AND (p.oid IS NULL OR p.conrelid <> o.conrelid)
ORDER BY o.conrelid, o.conname COLLATE \"C\"";

/// Checks; for a partition what its bounds say, for a partitioned table that one of its
/// partitions takes the row.
const CONDITIONS: &str = "
SELECT o.conrelid, pg_catalog.pg_get_expr(o.conbin, o.conrelid)
FROM pg_catalog.pg_constraint o WHERE o.contype = 'c'
UNION ALL
SELECT c.oid, pg_catalog.pg_get_partition_constraintdef(c.oid)
FROM pg_catalog.pg_class c WHERE c.relispartition AND c.relkind IN ('r', 'p')
UNION ALL
SELECT i.inhparent,
       pg_catalog.string_agg(pg_catalog.format('(%s)',
           pg_catalog.pg_get_partition_constraintdef(c.oid)), ' OR ' ORDER BY c.relname)
FROM pg_catalog.pg_inherits i
JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition AND c.relkind IN ('r', 'p')
GROUP BY i.inhparent";

const DOMAINS: &str = "
SELECT a.attrelid, a.attname::text, pg_catalog.pg_get_expr(o.conbin, 0)
FROM pg_catalog.pg_constraint o
JOIN pg_catalog.pg_attribute a ON a.atttypid = o.contypid AND NOT a.attisdropped
WHERE o.contypid <> 0 AND o.contype = 'c'
ORDER BY o.conname COLLATE \"C\"";

const POLICIES: &str = "
SELECT p.polrelid, p.polname::text, pg_catalog.pg_get_expr(e.expression, p.polrelid)
FROM pg_catalog.pg_policy p
CROSS JOIN LATERAL (VALUES (p.polqual), (p.polwithcheck)) e (expression)
JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND e.expression IS NOT NULL
ORDER BY 1, 2";

/// Tables with a trigger on TRUNCATE: bit 5 of its type.
const TRUNCATED: &str = "
SELECT DISTINCT t.tgrelid
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND NOT t.tgisinternal AND t.tgtype::integer & 32 <> 0";

const COMPOSITES: &str = "
SELECT t.typname::text, c.relnatts
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

/// Views with triggers or rules for writes, and for which: 8 INSERT, 4 UPDATE, 16
/// DELETE. The others are written to through the tables below them.
const WRITABLE: &str = "
SELECT c.relname::text, pg_catalog.pg_relation_is_updatable(c.oid, true)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind = 'v'
    AND (EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
         OR EXISTS (SELECT FROM pg_catalog.pg_rewrite r
                    WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN'))";
