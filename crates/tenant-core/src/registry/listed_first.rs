//! Lists that the application writes as well: a customer has a row there before its schema is
//! made. The row is completed then, and another one is never inserted beside it.

use sql_text::literal;

use super::change::Values;
use super::columns::Column;
use super::{List, Registry};
use crate::assertion::Assertion;
use crate::name::Schema;
use crate::{Error, TenantName};

/// The row that a customer had before its tenant was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowBefore {
    /// It had none.
    None,
    /// It had one that said no schema.
    WithoutSchema,
    /// It had one that stays as it is.
    Listed,
}

impl Registry {
    /// What is wrong with the tenant `name`, which is listed and has no schema. In a table,
    /// one whose name no new tenant may have is a mistake.
    pub(crate) fn without_schema(&self, name: TenantName) -> Error {
        match self.require_allowed(&name) {
            Err(source) if !self.is_query() => Error::InvalidRow {
                list: self.words_for_list(),
                source,
            },
            _ => Error::MissingSchema(name),
        }
    }

    /// Whether a tenant can have a row in the list before it has a schema. A row in the table of
    /// this library without a schema is a tenant's that has lost it.
    pub(crate) fn may_be_listed_first(&self) -> bool {
        !self.is_our_own()
    }

    /// Whether a row of `list` may be there before it is written.
    pub(super) fn is_listed_first(&self, list: List) -> bool {
        list == List::Tenants && self.may_be_listed_first() && !self.is_query()
    }

    /// An expression: whether the application's list has a row for the tenant, whatever schema
    /// that says. False for a list that only this library writes, or only the application.
    pub(crate) fn has_row(&self, schema: Schema<'_>) -> String {
        let list = self.list_for(schema);
        match list.is_some_and(|list| self.is_listed_first(list)) {
            false => "false".to_owned(),
            true => format!(
                "EXISTS (SELECT FROM {} WHERE {})",
                self.sql_table(),
                self.row_that_is_listed(schema)
            ),
        }
    }

    /// Takes back what was written of a tenant that could not be completed: the row is as it
    /// was before.
    pub(crate) fn take_back(&self, schema: Schema<'_>, before: RowBefore) -> Option<String> {
        if before == RowBefore::None {
            return self.delete(schema);
        }
        let column = self.0.source.schema_column();
        let column = column.filter(|_| before == RowBefore::WithoutSchema);
        let columns = self.columns(List::Tenants);
        let kept = [Column::Version, Column::MigratedAt].into_iter();
        let kept = kept.filter(|it| columns.has(*it));
        let kept = kept.map(|it| it.name().to_owned());
        let set = column.map(str::to_owned).into_iter().chain(kept);
        let set = set.map(|name| format!("{name} = NULL"));
        let texts = columns.has(Column::Fingerprints);
        let set = set.chain(texts.then(|| "fingerprints = DEFAULT".to_owned()));
        let set = set.collect::<Vec<_>>().join(", ");
        let row = self.row_that_is_listed(schema);
        (!set.is_empty()).then(|| format!("UPDATE {} SET {set} WHERE {row}", self.sql_table()))
    }

    /// What follows `WITH`: completes the tenant's row, or inserts one if there is none, and
    /// fails where neither was done. A row that says another schema stays as it is. `values` may refer to columns of `from`, which has one row.
    pub(super) fn complete_row(
        &self,
        schema: Schema<'_>,
        values: &Values,
        from: Option<&str>,
    ) -> String {
        let place = self.place(List::Tenants);
        let (table, key) = (&place.table, &place.key);
        let is_listed = self.row_that_is_listed(schema);
        let row = self.row_of(List::Tenants, schema);
        let from = from.map_or_else(String::new, |from| format!(" FROM {from}"));
        let is_there = match from.as_str() {
            "" => String::new(),
            from => format!(" AND EXISTS (SELECT{from})"),
        };
        let is_done = Assertion::Listed.require(&format!(
            "ARRAY(SELECT key FROM completed UNION ALL SELECT key FROM written) \
             = ARRAY[{}]::text[]",
            literal(schema.key())
        ));
        format!(
            "completed AS (UPDATE {table} SET {} WHERE {is_listed}{}{is_there} \
                 RETURNING {key}::text AS key), \
             written AS (INSERT INTO {table} ({}{}) SELECT {}{}{from} \
                 WHERE NOT EXISTS (SELECT FROM {table} WHERE {is_listed}) \
                 RETURNING {key}::text AS key) \
             SELECT WHERE {is_done} <> 1",
            self.set_of_row(schema, values, &from),
            self.is_free(schema),
            row.names,
            values.names(),
            row.values,
            values.values(),
        )
    }

    /// What follows `SET`: all but the name.
    fn set_of_row(&self, schema: Schema<'_>, values: &Values, from: &str) -> String {
        let column = self.0.source.schema_column();
        let column = column.map(|column| (column.to_owned(), literal(schema.schema_name())));
        let set = column.into_iter().chain(values.set.iter().cloned());
        let (names, new): (Vec<_>, Vec<_>) = set.unzip();
        let key = &self.place(List::Tenants).key;
        match names.as_slice() {
            [] => format!("{key} = {key}"),
            names => format!("({}) = (SELECT {}{from})", names.join(", "), new.join(", ")),
        }
    }

    /// A condition on a row: whether it is the tenant's, and the list is to have it.
    fn row_that_is_listed(&self, schema: Schema<'_>) -> String {
        let key = &self.place(List::Tenants).key;
        let row = format!("{key} = {}", literal(schema.key()));
        match self.0.source.condition() {
            Some(only) => format!("{row} AND {only}"),
            None => row,
        }
    }

    /// What follows the condition that a row is the tenant's: it says no other schema.
    fn is_free(&self, schema: Schema<'_>) -> String {
        let Some(column) = self.0.source.schema_column() else {
            return String::new();
        };
        let name = literal(schema.schema_name());
        format!(" AND coalesce({column}::text, '') IN ('', {name})")
    }
}
