//! [`ExistingList`]: a table that exists before the migration that would create it.

use super::migrations::FIRST;
use super::place::Place;
use super::{List, Registry};
use crate::MigrationSet;

/// The columns that the list has, and the types that each may have, the usual one first.
const COLUMNS: [(&str, &[&str]); 4] = [
    ("name", &["text", "character varying"]),
    ("created_at", &["timestamp with time zone"]),
    ("version", &["text", "character varying"]),
    ("migrated_at", &["timestamp with time zone"]),
];

/// A table that may be there before the migration of this crate that would make it.
pub(crate) struct ExistingList {
    /// The version of that migration.
    pub(crate) version: &'static str,
    /// The table, as SQL text.
    pub(crate) table: String,
    /// The column with the names of tenants.
    pub(crate) key: &'static str,
    /// The columns that it has to have or gets, with their types in the server's words.
    pub(crate) columns: [(&'static str, &'static [&'static str]); 4],
}

impl Registry {
    /// The list that the first of our migrations makes, if it is among `public` and this
    /// registry's.
    pub(crate) fn existing_list(&self, public: &MigrationSet) -> Option<ExistingList> {
        let place = self.place(List::Tenants);
        let ours = MigrationSet::of_texts(&[FIRST]);
        let first = ours.iter().next()?;
        let mut public = public.iter();
        let same = public.find(|it| it.version() == first.version())?;
        let is_ours = *place == Place::tenants() && same.fingerprint() == first.fingerprint();
        is_ours.then(|| ExistingList {
            version: "20260101000000",
            table: place.table.clone(),
            key: "name",
            columns: COLUMNS,
        })
    }

    /// The query for the names in the table, each with how often it is there.
    pub(crate) fn counted_names(&self) -> String {
        let Place { table, key, .. } = self.place(List::Tenants);
        format!("SELECT {key}::text, count(*) FROM {table} GROUP BY 1 ORDER BY 1")
    }
}

impl ExistingList {
    /// The migration that takes the place of the one that would make the table. Another
    /// program that has the original finds its version applied.
    pub(crate) fn completion(&self, is_unique: bool) -> MigrationSet {
        let (name, _, down) = FIRST;
        let unique = match is_unique {
            true => "",
            false => ", ADD UNIQUE (name)",
        };
        let up = format!(
            "ALTER TABLE {table} ALTER COLUMN name SET NOT NULL, \
             ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now(), \
             ADD COLUMN IF NOT EXISTS version text, \
             ADD COLUMN IF NOT EXISTS migrated_at timestamptz{unique};\n",
            table = self.table
        );
        MigrationSet::of_texts(&[(name, &up, down)])
    }
}
