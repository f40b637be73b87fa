//! A table that was there before, such as that of the Drizzle original, and becomes the list
//! of tenants: it gets what it lacks, and no row is lost or changed.

use tokio_postgres::types::Type;

use super::handle::Tenants;
use super::reading::Reading;
use super::state::read_public;
use crate::registry::{ExistingList, List};
use crate::{Error, MigrationSet, UnfitList};

/// The query for the columns of a table, its parameter: name and type.
const COLUMNS: &str = "SELECT a.attname::text, \
        pg_catalog.format_type(a.atttypid, NULL), \
        EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid \
            AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = 1 \
            AND i.indkey[0] = a.attnum) \
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
    WHERE a.attrelid = pg_catalog.to_regclass($1) AND c.relkind IN ('r', 'p') \
    AND a.attnum > 0 AND NOT a.attisdropped";

/// A column of the table.
struct Column {
    name: String,
    of: String,
    is_unique: bool,
}

impl Tenants {
    /// The public migrations, if the table that the first of ours makes is there already: in
    /// its place another one, which adds what the table lacks.
    ///
    /// # Errors
    ///
    /// [`Error::UnfitList`] if its rows or columns cannot be a list of tenants, or what the
    /// server says.
    pub(super) async fn taking_list_over(&self) -> Result<Option<MigrationSet>, Error> {
        let Some(existing) = self.registry.existing_list(&self.migrations.public) else {
            return Ok(None);
        };
        let reading = self.reading().await?;
        let applied = read_public(&reading).await?;
        if applied.iter().any(|version| version == existing.version) {
            return Ok(None);
        }
        let columns = columns(&reading, &existing).await?;
        if columns.is_empty() {
            return Ok(None);
        }
        let mut faults = faults_of_columns(&columns, &existing);
        if faults.is_empty() {
            faults = self.faults_of_rows(&reading).await?;
        }
        if !faults.is_empty() {
            let list = format!("the table `{}`", self.registry.name_of(List::Tenants));
            return Err(Error::UnfitList(Box::new(UnfitList { list, faults })));
        }
        let key = columns.iter().find(|column| column.name == existing.key);
        let is_unique = key.is_some_and(|column| column.is_unique);
        let completed = existing.completion(is_unique);
        Ok(Some(self.migrations.public.replacing(completed)))
    }

    /// What is wrong with names in the table, in words.
    async fn faults_of_rows(&self, reading: &Reading<'_>) -> Result<Vec<String>, Error> {
        let names = self.registry.counted_names();
        let rows = reading.query(&names, &[]).await.map_err(failed)?;
        let mut faults = Vec::new();
        for row in rows {
            let name = row.try_get::<_, Option<String>>(0).map_err(failed)?;
            let count = row.try_get::<_, i64>(1).map_err(failed)?;
            match name {
                None => faults.push(format!("{count} of its rows have no name")),
                Some(name) => {
                    let invalid = self.registry.registered(&name).err();
                    faults.extend(invalid.map(|invalid| invalid.to_string()));
                    if count > 1 {
                        faults.push(format!("{count} of its rows have the name {name:?}"));
                    }
                }
            }
        }
        Ok(faults)
    }
}

async fn columns(reading: &Reading<'_>, list: &ExistingList) -> Result<Vec<Column>, Error> {
    let rows = reading
        .query(COLUMNS, &[(&list.table, Type::TEXT)])
        .await
        .map_err(failed)?;
    let columns = rows.iter().map(|row| {
        Ok(Column {
            name: row.try_get(0)?,
            of: row.try_get(1)?,
            is_unique: row.try_get(2)?,
        })
    });
    columns.collect::<Result<_, _>>().map_err(failed)
}

/// What is wrong with its columns, in words.
fn faults_of_columns(columns: &[Column], list: &ExistingList) -> Vec<String> {
    let faults = list.columns.iter().filter_map(|(name, of)| {
        match columns.iter().find(|column| column.name == *name) {
            Some(column) if of.contains(&column.of.as_str()) => None,
            Some(column) => {
                let of = of.first().copied().unwrap_or_default();
                let is = &column.of;
                Some(format!("its column `{name}` has type {is}; expected {of}"))
            }
            None if *name == list.key => Some(format!("it has no column `{name}`")),
            None => None,
        }
    });
    faults.collect()
}

fn failed(error: tokio_postgres::Error) -> Error {
    Error::database("read the table for the list of tenants", error)
}
