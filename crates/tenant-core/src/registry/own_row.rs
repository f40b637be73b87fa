//! Whether the row that this library writes of a tenant is as it was written.

use sql_text::literal;

use super::change::{READABLE, Ran};
use super::columns::Column;
use super::{List, Registry};
use crate::name::Schema;

impl Registry {
    /// An expression: whether there is such a row, about the same schema. With `texts` it has
    /// no text of a migration but theirs. None for a schema that is no tenant's.
    pub(crate) fn has_own_row(&self, schema: Schema<'_>, texts: Option<Ran<'_>>) -> Option<String> {
        let list = self.list_for(schema)?;
        if list != List::Tenants {
            return None;
        }
        let place = self.place(list);
        let mut conditions = vec![format!("{} = {}", place.key, literal(schema.key()))];
        if let Some(column) = self.schema_column_of(list) {
            conditions.push(format!("{column} = {}", literal(schema.schema_name())));
        }
        let texts = texts.filter(|_| self.columns(list).has(Column::Fingerprints));
        if let Some(texts) = texts.and_then(Ran::fingerprints) {
            conditions.push(format!("({READABLE}) <@ {texts}"));
        }
        let conditions = conditions.join(" AND ");
        Some(format!(
            "EXISTS (SELECT FROM {} WHERE {conditions})",
            place.table
        ))
    }
}
