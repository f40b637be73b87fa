//! The statements that change the lists. They travel inside a schema's transaction.

use sql_text::literal;

use super::beside::BESIDE_SCHEMA;
use super::columns::{Column, Columns};
use super::place::Place;
use super::{List, Registry};
use crate::Version;
use crate::assertion::Assertion;
use crate::migration::Migration;
use crate::name::Schema;

/// The fingerprints of a row; empty if the column contains something else.
pub(super) const READABLE: &str =
    "CASE WHEN pg_catalog.jsonb_typeof(fingerprints) = 'object' THEN fingerprints ELSE '{}' END";

/// Migrations that were applied or reverted, for the list to know.
#[derive(Clone, Copy)]
pub(crate) struct Ran<'a> {
    /// Applied ones oldest first, reverted ones newest first.
    pub(crate) migrations: &'a [&'a Migration],
}

impl Ran<'_> {
    /// The newest version of those that were applied, as a constant.
    fn version(self) -> String {
        version_or_null(
            self.migrations
                .last()
                .map(|newest| newest.version().as_str()),
        )
    }

    /// An expression of type `jsonb`: the fingerprints by version, if there are any.
    pub(super) fn fingerprints(self) -> Option<String> {
        let pairs = self.migrations.iter();
        let pairs =
            pairs.flat_map(|one| [literal(one.version().as_str()), literal(one.fingerprint())]);
        let pairs = pairs.collect::<Vec<_>>().join(", ");
        (!pairs.is_empty()).then(|| format!("pg_catalog.jsonb_object(ARRAY[{pairs}]::text[])"))
    }

    /// The versions, as constants.
    fn versions(self) -> String {
        let versions = self
            .migrations
            .iter()
            .map(|one| literal(one.version().as_str()));
        versions.collect::<Vec<_>>().join(", ")
    }
}

/// Columns of a list with what they are set to, in order: those that the list has.
pub(super) struct Values {
    columns: Columns,
    pub(super) set: Vec<(String, String)>,
}

impl Values {
    fn of(columns: Columns) -> Self {
        let set = Vec::new();
        Self { columns, set }
    }

    fn with(mut self, column: Column, value: String) -> Self {
        if self.columns.has(column) {
            self.set.push((column.name().to_owned(), value));
        }
        self
    }

    pub(super) fn names(&self) -> String {
        let names = self.set.iter().map(|(name, _)| format!(", {name}"));
        names.collect()
    }

    pub(super) fn values(&self) -> String {
        let values = self.set.iter().map(|(_, value)| format!(", {value}"));
        values.collect()
    }

    /// What follows `SET`. A list that keeps nothing has its row written all the same:
    /// see [`Registry::hold`].
    fn set(&self, key: &str) -> String {
        if self.set.is_empty() {
            return format!("{key} = {key}");
        }
        let set = self
            .set
            .iter()
            .map(|(name, value)| format!("{name} = {value}"));
        set.collect::<Vec<_>>().join(", ")
    }
}

impl Registry {
    /// Registers a schema with the migrations that it has.
    pub(crate) fn insert(&self, schema: Schema<'_>, applied: Ran<'_>) -> Option<String> {
        let list = self.list_for(schema)?;
        let values = self.versioned(list, applied.version());
        let values = match applied.fingerprints() {
            Some(fingerprints) => values.with(Column::Fingerprints, fingerprints),
            None => values,
        };
        Some(self.insert_values(list, schema, &values))
    }

    /// Registers a schema that has its own migration history, whose newest version is `newest`. The
    /// texts of those migrations are unknown.
    pub(crate) fn adopt(&self, schema: Schema<'_>, newest: Option<&str>) -> Option<String> {
        let list = self.list_for(schema)?;
        let values = self.versioned(list, version_or_null(newest));
        Some(self.insert_values(list, schema, &values))
    }

    /// The version, and that it is reached now.
    fn versioned(&self, list: List, version: String) -> Values {
        Values::of(self.columns(list))
            .with(Column::Version, version)
            .with(Column::MigratedAt, "now()".to_owned())
    }

    fn insert_values(&self, list: List, schema: Schema<'_>, values: &Values) -> String {
        if self.is_listed_first(list) {
            return format!("WITH {}", self.complete_row(schema, values, None));
        }
        let place = self.place(list);
        let row = self.row_of(list, schema);
        let insert = format!(
            "INSERT INTO {} ({}{}) VALUES ({}{}){}",
            place.table,
            row.names,
            values.names(),
            row.values,
            values.values(),
            self.in_place_of_old(list)
        );
        format!("WITH {}", place.written(&insert, &exactly(schema.key())))
    }

    /// Notes which migrations a run has applied to a schema, and fails unless
    /// the path is as it was, which `path_holds` says. An older migration that was
    /// applied late does not set the version back.
    pub(crate) fn update(
        &self,
        schema: Schema<'_>,
        applied: Ran<'_>,
        path_holds: &str,
    ) -> Option<String> {
        let list = self.list_for(schema)?;
        let version = format!("greatest(version, {})", applied.version());
        let values = self.versioned(list, version);
        let values = match applied.fingerprints() {
            Some(new) => values.with(Column::Fingerprints, format!("{READABLE} || {new}")),
            None => values,
        };
        Some(self.update_values(list, schema, &values, path_holds))
    }

    /// Notes which migrations a run has reverted in a schema, and fails unless the path is as
    /// it was, which `path_holds` says. `newest` is an expression: the newest version that its
    /// own table still has.
    pub(crate) fn set_back(
        &self,
        schema: Schema<'_>,
        reverted: Ran<'_>,
        newest: String,
        path_holds: &str,
    ) -> Option<String> {
        let list = self.list_for(schema)?;
        let left = format!("({READABLE}) - ARRAY[{}]::text[]", reverted.versions());
        let values = self
            .versioned(list, newest)
            .with(Column::Fingerprints, left);
        Some(self.update_values(list, schema, &values, path_holds))
    }

    /// Notes what is recorded of a schema: these are the texts of migrations that it has, and
    /// those versions are forgotten. `newest` is an expression, as of
    /// [`set_back`](Self::set_back).
    pub(crate) fn record(
        &self,
        schema: Schema<'_>,
        texts: Ran<'_>,
        forgotten: &[Version],
        newest: String,
    ) -> Option<String> {
        let list = self.list_for(schema)?;
        let gone = forgotten.iter().map(|version| literal(version.as_str()));
        let gone = gone.collect::<Vec<_>>().join(", ");
        let left = format!("({READABLE}) - ARRAY[{gone}]::text[]");
        let fingerprints = match texts.fingerprints() {
            Some(new) => format!("({left}) || {new}"),
            None => left,
        };
        let values = Values::of(self.columns(list))
            .with(Column::Version, newest)
            .with(Column::Fingerprints, fingerprints);
        Some(self.update_values(list, schema, &values, "true"))
    }

    fn update_values(
        &self,
        list: List,
        schema: Schema<'_>,
        values: &Values,
        path_holds: &str,
    ) -> String {
        let place = self.place(list);
        let key = literal(schema.key());
        if self.is_beside(list) {
            let write = self.update_beside(schema, values, path_holds);
            return format!("WITH {}", place.written(&write, &at_most(schema.key())));
        }
        let update = format!(
            "UPDATE {} SET {} WHERE {} = {key} AND {} = 1",
            place.table,
            values.set(&place.key),
            place.key,
            Assertion::Path.require(path_holds)
        );
        // A row that somebody has deleted is no matter of a trigger.
        format!("WITH {}", place.written(&update, &at_most(schema.key())))
    }

    /// Moves a spare, which is at the version `newest`, to the list of tenants.
    pub(crate) fn take_over(
        &self,
        spare: Schema<'_>,
        tenant: Schema<'_>,
        newest: Option<&str>,
    ) -> String {
        let (from, to) = (self.place(List::Spares), self.place(List::Tenants));
        let values = self.versioned(List::Tenants, version_or_null(newest));
        let values = self.with_same_fingerprints(List::Spares, values);
        let taken = format!(
            "WITH taken AS (DELETE FROM {} WHERE {} = {} RETURNING *), ",
            from.table,
            from.key,
            literal(spare.key())
        );
        if self.is_listed_first(List::Tenants) {
            return format!(
                "{taken}{}",
                self.complete_row(tenant, &values, Some("taken"))
            );
        }
        let row = self.row_of(List::Tenants, tenant);
        let insert = format!(
            "INSERT INTO {} ({}{}) SELECT {}{} FROM taken{}",
            to.table,
            row.names,
            values.names(),
            row.values,
            values.values(),
            self.in_place_of_old(List::Tenants)
        );
        format!("{taken}{}", to.written(&insert, &exactly(tenant.key())))
    }

    /// Registers a schema with the migrations of another, whose copy it is.
    pub(crate) fn copy(&self, from: Schema<'_>, to: Schema<'_>) -> String {
        let place = self.place(List::Tenants);
        let values = self.versioned(List::Tenants, Column::Version.name().to_owned());
        let values = self.with_same_fingerprints(List::Tenants, values);
        let row = self.row_of(List::Tenants, to);
        let original = match self.is_beside(List::Tenants) {
            true => self.kept_of(from),
            false => format!(
                "{} WHERE {} = {}",
                place.table,
                place.key,
                literal(from.key())
            ),
        };
        if self.is_listed_first(List::Tenants) {
            let original = format!("(SELECT * FROM {original}) original");
            return format!("WITH {}", self.complete_row(to, &values, Some(&original)));
        }
        let insert = format!(
            "INSERT INTO {} ({}{}) SELECT {}{} FROM {original}{}",
            place.table,
            row.names,
            values.names(),
            row.values,
            values.values(),
            self.in_place_of_old(List::Tenants)
        );
        format!("WITH {}", place.written(&insert, &exactly(to.key())))
    }

    /// With the fingerprints of the row that is read from `list`, if it has some.
    fn with_same_fingerprints(&self, list: List, values: Values) -> Values {
        if !self.columns(list).has(Column::Fingerprints) {
            return values;
        }
        values.with(Column::Fingerprints, Column::Fingerprints.name().to_owned())
    }

    /// Gives a registered schema another name in its list; all else in its row stays.
    pub(crate) fn rename(&self, from: Schema<'_>, to: Schema<'_>) -> Option<String> {
        let list = self.list_for(from)?;
        let place = self.place(list);
        if self.is_beside(list) {
            return Some(self.rename_beside(from, to));
        }
        let (table, key) = (&place.table, &place.key);
        let (from, is_to) = (literal(from.key()), exactly(to.key()));
        let schema = match self.0.source.schema_column() {
            Some(column) => format!(", {column} = {}", literal(to.schema_name())),
            None => String::new(),
        };
        let to = literal(to.key());
        let update = format!("UPDATE {table} SET {key} = {to}{schema} WHERE {key} = {from}");
        Some(format!("WITH {}", place.written(&update, &is_to)))
    }

    /// Takes a schema out of its list.
    pub(crate) fn delete(&self, schema: Schema<'_>) -> Option<String> {
        let list = self.list_for(schema)?;
        let place = self.place(list);
        let (table, key) = (&place.table, &place.key);
        let name = literal(schema.key());
        let delete = format!("DELETE FROM {table} WHERE {key} = {name}");
        let is_right = match self.is_beside(list) {
            // Of a tenant that no run has changed nothing is kept.
            true => at_most(schema.key()),
            false => exactly(schema.key()),
        };
        Some(format!("WITH {}", place.written(&delete, &is_right)))
    }

    /// The column with the name of the schema, in the rows that are written of a list, if they have
    /// one.
    pub(super) fn schema_column_of(&self, list: List) -> Option<&str> {
        match list {
            List::Tenants if self.is_query() => Some(BESIDE_SCHEMA),
            List::Tenants => self.0.source.schema_column(),
            List::Spares => None,
        }
    }

    /// What a row says of whom it is about.
    pub(super) fn row_of(&self, list: List, schema: Schema<'_>) -> Row {
        let (mut names, mut values) = (self.place(list).key.clone(), literal(schema.key()));
        if let Some(column) = self.schema_column_of(list) {
            names = format!("{names}, {column}");
            values = format!("{values}, {}", literal(schema.schema_name()));
        }
        Row { names, values }
    }
}

/// What a row says of whom it is about: the names of columns, and their values.
pub(super) struct Row {
    pub(super) names: String,
    pub(super) values: String,
}

impl Place {
    /// What follows `WITH`: the statement, which writes rows, and the check `is_right` of
    /// the keys that it has written, of the table `written`. A trigger can leave a row out
    /// or change it, and PostgreSQL reports success.
    pub(super) fn written(&self, statement: &str, is_right: &str) -> String {
        let key = &self.key;
        let check = Assertion::Listed.require(is_right);
        format!("written AS ({statement} RETURNING {key}::text AS key) SELECT WHERE {check} <> 1")
    }
}

/// The condition that one row was written, with this key.
pub(super) fn exactly(key: &str) -> String {
    let key = literal(key);
    format!("ARRAY(SELECT key FROM written) = ARRAY[{key}]::text[]")
}

/// The condition that no row was written with another key.
pub(super) fn at_most(key: &str) -> String {
    format!(
        "NOT EXISTS (SELECT FROM written WHERE key <> {})",
        literal(key)
    )
}

pub(super) fn version_or_null(version: Option<&str>) -> String {
    version.map_or_else(|| "NULL".to_owned(), literal)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The statement that is checked, of `written` AS (... RETURNING).
    fn of(statement: &str) -> &str {
        let (_, statement) = statement.split_once("written AS (").unwrap();
        let (statement, _) = statement.split_once(" RETURNING ").unwrap();
        statement
    }

    #[test]
    fn todays_list_has_the_statements_it_always_had() {
        let registry = Registry::default();
        let target = registry.tenant("acme", None).unwrap();
        let spare = "_spare_1".parse().unwrap();
        let (tenant, spare) = (Schema::Tenant(&target), Schema::Spare(&spare));
        let none = Ran { migrations: &[] };
        assert_eq!(
            registry.insert(tenant, none).unwrap(),
            format!(
                "WITH written AS (INSERT INTO public.schema_tracker (name, version, migrated_at) \
                 VALUES ('acme', NULL, now()) RETURNING name::text AS key) SELECT WHERE {} <> 1",
                Assertion::Listed.require("ARRAY(SELECT key FROM written) = ARRAY['acme']::text[]")
            )
        );
        assert_eq!(
            of(&registry.update(tenant, none, "true").unwrap()),
            format!(
                "UPDATE public.schema_tracker SET version = greatest(version, NULL), \
                 migrated_at = now() WHERE name = 'acme' AND {} = 1",
                Assertion::Path.require("true")
            )
        );
        registry.learn(
            &["created_at", "version", "migrated_at", "fingerprints"].map(|it| (1, it.to_owned())),
        );
        let taken = registry.take_over(spare, tenant, Some("2"));
        assert!(
            taken.starts_with(
                "WITH taken AS (DELETE FROM public.spare_schemas WHERE name = '_spare_1' \
                 RETURNING *), written AS ("
            ),
            "{taken}"
        );
        assert_eq!(
            of(&taken),
            "INSERT INTO public.schema_tracker (name, version, migrated_at, fingerprints) \
             SELECT 'acme', '2', now(), fingerprints FROM taken"
        );
        assert_eq!(
            of(&registry.copy(tenant, tenant)),
            "INSERT INTO public.schema_tracker (name, version, migrated_at, fingerprints) \
             SELECT 'acme', version, now(), fingerprints FROM public.schema_tracker \
             WHERE name = 'acme'"
        );
        assert_eq!(registry.insert(Schema::Public, none), None);
    }

    #[test]
    fn a_list_that_keeps_nothing_is_written_all_the_same() {
        let registry = Registry::table("a\"b", "List.").key("Key");
        registry.learn(&[(1, "Key".to_owned())]);
        let target = registry.tenant("acme", None).unwrap();
        let (tenant, none) = (Schema::Tenant(&target), Ran { migrations: &[] });
        assert_eq!(
            of(&registry.update(tenant, none, "x").unwrap()),
            format!(
                r#"UPDATE "a""b"."List." SET "Key" = "Key" WHERE "Key" = 'acme' AND {} = 1"#,
                Assertion::Path.require("x")
            )
        );
        assert_eq!(
            of(&registry.adopt(tenant, Some("1")).unwrap()),
            r#"INSERT INTO "a""b"."List." ("Key") SELECT 'acme' WHERE NOT EXISTS "#.to_owned()
                + r#"(SELECT FROM "a""b"."List." WHERE "Key" = 'acme')"#
        );
        assert_eq!(
            registry.all(List::Tenants),
            r#"SELECT coalesce("Key"::text, ''), NULL::timestamptz, NULL::text FROM "a""b"."List.""#
        );
    }
}
