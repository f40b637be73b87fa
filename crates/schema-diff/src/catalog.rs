//! Reads what a schema holds, as far as migrations of tables need it.

mod queries;
mod stored;
mod views;

use std::collections::{HashMap, HashSet};

use sql_text::Quote;
use tokio_postgres::{Client, Error, Row};

use crate::filter::Filter;
use crate::model::{Column, CustomType, Reference, Schema, Table, Type};
pub(crate) use stored::{
    ForeignKey, Identity, Sequence, StoredColumn, StoredConstraint, StoredIndex, StoredTable,
    StoredType,
};
pub(crate) use views::{StoredView, ViewKind};

/// What a schema holds: its tables with everything that hangs on them, and its
/// types. Also what of the server is needed to write SQL for it.
#[derive(Debug, Clone)]
pub struct Catalog {
    pub(crate) tables: Vec<StoredTable>,
    pub(crate) types: Vec<StoredType>,
    pub(crate) views: Vec<StoredView>,
    pub(crate) quote: Quote,
    /// The names of all types that exist, wherever.
    known_types: HashSet<String>,
    /// From which type to which there is a conversion, and whether it is made
    /// without being asked for when a value is assigned.
    casts: HashMap<(String, String), bool>,
}

impl Catalog {
    /// Reads the schema called `schema`, which the connection's `search_path`
    /// has to lead to, so that the server writes the names in it without it.
    ///
    /// # Errors
    ///
    /// Whatever the server answers.
    pub async fn read(client: &Client, schema: &str) -> Result<Self, Error> {
        let keywords = client.query(queries::KEYWORDS, &[]).await?;
        let mut tables = read_tables(client, schema).await?;
        read_columns(client, schema, &mut tables).await?;
        read_constraints(client, schema, &mut tables).await?;
        read_foreign_keys(client, schema, &mut tables).await?;
        read_indexes(client, schema, &mut tables).await?;
        read_triggers(client, schema, &mut tables).await?;
        Ok(Self {
            tables: tables.list,
            types: read_types(client, schema).await?,
            views: views::read(client, schema).await?,
            quote: Quote::new(keywords.iter().map(|row| row.get(0))),
            known_types: read_known_types(client).await?,
            casts: read_casts(client).await?,
        })
    }

    pub(crate) fn table(&self, name: &str) -> Option<&StoredTable> {
        self.tables.iter().find(|table| table.name == name)
    }

    pub(crate) fn view(&self, name: &str) -> Option<&StoredView> {
        self.views.iter().find(|view| view.name == name)
    }

    pub(crate) fn custom_type(&self, name: &str) -> Option<&StoredType> {
        self.types.iter().find(|ty| ty.name == name)
    }

    /// Whether there is a type of that name, in whichever schema.
    pub(crate) fn knows_type(&self, name: &str) -> bool {
        self.known_types.contains(name)
    }

    /// The conversion that PostgreSQL itself has between the two.
    pub(crate) fn cast(&self, from: &str, to: &str) -> Cast {
        match self.casts.get(&(from.to_owned(), to.to_owned())) {
            _ if from == to => Cast::Assignment,
            Some(true) => Cast::Assignment,
            Some(false) => Cast::Explicit,
            None => Cast::None,
        }
    }

    /// The part of it that Diesel would write into a `schema.rs`.
    ///
    /// Source of what is left out: the Diesel CLI's `print-schema`. It skips
    /// tables without a primary key, and foreign keys that `joinable!` cannot
    /// say: to the table itself, of several columns, to something else than a
    /// primary key, and all between two tables that have more than one.
    #[must_use]
    pub fn as_diesel_sees_it(&self, filter: &Filter) -> Schema {
        let seen = self.tables.iter();
        let seen = seen.filter(|table| table.key().is_some() && filter.includes(&table.name));
        let tables = seen
            .map(|table| self.seen(table, filter))
            .collect::<Vec<_>>();
        let types = self.types.iter().map(|ty| CustomType {
            name: ty.name.clone(),
            written: ty.name.clone(),
            own: true,
            line: 0,
        });
        Schema {
            types: types.collect(),
            tables,
        }
    }

    fn seen(&self, table: &StoredTable, filter: &Filter) -> Table {
        let columns = table.columns.iter().map(|column| Column {
            name: column.name.clone(),
            ty: column.ty.clone(),
            nullable: column.nullable,
        });
        let references = table.foreign_keys.iter().filter(|key| {
            filter.includes(&key.parent) && self.between(&table.name, &key.parent) == 1
        });
        Table {
            name: table.name.clone(),
            columns: columns.collect(),
            primary_key: table.key().map(<[_]>::to_vec).unwrap_or_default(),
            references: references
                .filter_map(|key| self.joinable(table, key))
                .collect(),
            is_view: false,
            line: 0,
        }
    }

    /// The foreign key as `joinable!` says it, if it can.
    pub(crate) fn joinable(&self, table: &StoredTable, key: &ForeignKey) -> Option<Reference> {
        let parent = self.table(&key.parent)?;
        match (key.columns.as_slice(), key.parent_columns.as_slice()) {
            ([column], [_]) if key.parent != table.name => (parent.key()? == key.parent_columns)
                .then(|| Reference {
                    column: column.clone(),
                    parent: key.parent.clone(),
                }),
            _ => None,
        }
    }

    /// How many foreign keys there are between two tables, either way.
    fn between(&self, one: &str, other: &str) -> usize {
        let from_to = |from: &str, to: &str| {
            let keys = self.table(from).map(|table| table.foreign_keys.iter());
            keys.map_or(0, |keys| keys.filter(|key| key.parent == to).count())
        };
        from_to(one, other) + from_to(other, one)
    }
}

/// How a value of one type becomes one of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cast {
    /// By itself, when it is assigned.
    Assignment,
    /// When `CAST` asks for it.
    Explicit,
    /// Only through its text.
    None,
}

/// The tables being read, to be found by name.
struct Tables {
    list: Vec<StoredTable>,
    by_name: HashMap<String, usize>,
}

impl Tables {
    /// The table that the row is about, which its first column names.
    fn of(&mut self, row: &Row) -> Option<&mut StoredTable> {
        let index = self.by_name.get(row.get::<_, &str>(0))?;
        self.list.get_mut(*index)
    }
}

async fn read_tables(client: &Client, schema: &str) -> Result<Tables, Error> {
    let rows = client.query(queries::TABLES, &[&schema]).await?;
    let list = rows.iter().map(|row| StoredTable {
        name: row.get(0),
        comment: row.get(1),
        oid: row.get(2),
        ..StoredTable::default()
    });
    let list = list.collect::<Vec<_>>();
    let names = list.iter().enumerate();
    let by_name = names.map(|(index, table)| (table.name.clone(), index));
    Ok(Tables {
        by_name: by_name.collect(),
        list,
    })
}

async fn read_columns(client: &Client, schema: &str, tables: &mut Tables) -> Result<(), Error> {
    for row in client.query(queries::COLUMNS, &[&schema]).await? {
        let length: Option<i32> = row.get("length");
        let identity: &str = row.get("identity");
        let generated: bool = row.get("generated");
        let expression: Option<String> = row.get("expression");
        let (default, generated) = if generated {
            (None, expression)
        } else {
            (expression, None)
        };
        let column = StoredColumn {
            name: row.get("name"),
            ty: Type {
                name: row.get("type_name"),
                array: row.get("is_array"),
                length: length.and_then(|length| u32::try_from(length).ok()),
            },
            sql_type: row.get("sql_type"),
            is_domain: row.get("is_domain"),
            nullable: row.get("nullable"),
            default,
            generated,
            identity: match identity {
                "a" => Some(Identity::Always),
                "d" => Some(Identity::ByDefault),
                _ => None,
            },
            collation: row.get("collation"),
            sequence: sequence(&row),
            comment: row.get("comment"),
        };
        if let Some(table) = tables.of(&row) {
            table.columns.push(column);
        }
    }
    Ok(())
}

fn sequence(row: &Row) -> Option<Sequence> {
    Some(Sequence {
        name: row.get::<_, Option<String>>("sequence")?,
        options: row.get("sequence_options"),
    })
}

async fn read_constraints(client: &Client, schema: &str, tables: &mut Tables) -> Result<(), Error> {
    for row in client.query(queries::CONSTRAINTS, &[&schema]).await? {
        let constraint = StoredConstraint {
            name: row.get(1),
            is_key: row.get(2),
            columns: row.get(3),
            definition: row.get(4),
            comment: row.get(5),
        };
        if let Some(table) = tables.of(&row) {
            table.constraints.push(constraint);
        }
    }
    Ok(())
}

async fn read_foreign_keys(
    client: &Client,
    schema: &str,
    tables: &mut Tables,
) -> Result<(), Error> {
    for row in client.query(queries::FOREIGN_KEYS, &[&schema]).await? {
        let key = ForeignKey {
            name: row.get(1),
            columns: row.get(2),
            parent: row.get(3),
            parent_columns: row.get(4),
            options: row.get(5),
            comment: row.get(6),
            is_inherited: row.get(7),
        };
        if let Some(table) = tables.of(&row) {
            table.foreign_keys.push(key);
        }
    }
    Ok(())
}

async fn read_indexes(client: &Client, schema: &str, tables: &mut Tables) -> Result<(), Error> {
    for row in client.query(queries::INDEXES, &[&schema]).await? {
        let index = StoredIndex {
            name: row.get(1),
            columns: row.get(2),
            definition: row.get(3),
            comment: row.get(4),
        };
        if let Some(table) = tables.of(&row) {
            table.indexes.push(index);
        }
    }
    Ok(())
}

async fn read_triggers(client: &Client, schema: &str, tables: &mut Tables) -> Result<(), Error> {
    for row in client.query(queries::TRIGGERS, &[&schema]).await? {
        let definition = row.get(1);
        if let Some(table) = tables.of(&row) {
            table.triggers.push(definition);
        }
    }
    Ok(())
}

async fn read_types(client: &Client, schema: &str) -> Result<Vec<StoredType>, Error> {
    let rows = client.query(queries::TYPES, &[&schema]).await?;
    let types = rows.iter().map(|row| StoredType {
        name: row.get(0),
        labels: row.get(1),
        comment: row.get(2),
        used_elsewhere: row.get(3),
    });
    Ok(types.collect())
}

async fn read_known_types(client: &Client) -> Result<HashSet<String>, Error> {
    let rows = client.query(queries::KNOWN_TYPES, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

async fn read_casts(client: &Client) -> Result<HashMap<(String, String), bool>, Error> {
    let rows = client.query(queries::CASTS, &[]).await?;
    let casts = rows
        .iter()
        .map(|row| ((row.get(0), row.get(1)), row.get(2)));
    Ok(casts.collect())
}
