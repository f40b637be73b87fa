//! Which migrations the list records as applied: the second record beside each schema's own
//! history.

use sql_text::literal;

use super::change::READABLE;
use super::columns::Column;
use super::{List, Registry};
use crate::name::Schema;

impl Registry {
    /// The query for those of `versions` that the row of the schema records, in order. None if
    /// the list records none, or `versions` is empty.
    pub(crate) fn recorded<'a>(
        &self,
        schema: Schema<'_>,
        versions: impl IntoIterator<Item = &'a str>,
    ) -> Option<String> {
        let list = self.list_for(schema)?;
        if !self.columns(list).has(Column::Fingerprints) {
            return None;
        }
        let versions = versions.into_iter().map(literal).collect::<Vec<_>>();
        if versions.is_empty() {
            return None;
        }
        let place = self.place(list);
        let is_its = match self.schema_column_of(list) {
            Some(column) => format!(" AND {column} = {}", literal(schema.schema_name())),
            None => String::new(),
        };
        Some(format!(
            "SELECT asked_.version_ FROM {} CROSS JOIN \
             pg_catalog.unnest(ARRAY[{}]::text[]) WITH ORDINALITY asked_ (version_, place_) \
             WHERE {} = {}{is_its} AND ({READABLE}) ? asked_.version_ ORDER BY asked_.place_",
            place.table,
            versions.join(", "),
            place.key,
            literal(schema.key()),
        ))
    }

    /// The same for many rows of `list`: key and version. Its parameters are three arrays of the
    /// same length: keys, schemas and versions.
    pub(crate) fn recorded_of_many(&self, list: List) -> Option<String> {
        if !self.columns(list).has(Column::Fingerprints) {
            return None;
        }
        let place = self.place(list);
        let is_its = match self.schema_column_of(list) {
            Some(column) => format!(" AND {column}::text = asked_.schema_"),
            None => String::new(),
        };
        Some(format!(
            "SELECT asked_.key_, asked_.version_ \
             FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), \
                  pg_catalog.unnest($3)) WITH ORDINALITY \
                  asked_ (key_, schema_, version_, place_) \
             JOIN {} ON {}::text = asked_.key_{is_its} \
             WHERE ({READABLE}) ? asked_.version_ ORDER BY asked_.place_",
            place.table, place.key,
        ))
    }
}
