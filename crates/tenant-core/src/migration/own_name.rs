//! Where migrations use what their schema is called, as far as their text shows.
//!
//! Only text counts that runs while migrating: statements, `DO` blocks, and functions that
//! these call. Most of it asks for the name to find the tenant's own objects, in a catalog or
//! as the qualifier of a name. That gives the same under every name. Everything else counts
//! as a use: a condition, a row, a name or a text made of the schema's name.

mod catalogs;
mod compared;
mod ends;
mod flow;
mod operands;
mod reads;
mod runs;
mod statements;
mod template;

use std::fmt;

use super::{Migration, MigrationFile, MigrationSet};
use crate::Version;
use runs::Reader;

/// The words by which SQL learns the name of the schema that it runs in. A text without any of
/// them is not read any further.
const WORDS: [&str; 5] = [
    "current_schema",
    "search_path",
    "tg_table_schema",
    "tg_relid",
    "namespace",
];

/// A place where migrations use the name of their schema. `Display` shows file, line and purpose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameUse {
    version: Version,
    migration: String,
    line: usize,
    purpose: NamePurpose,
}

/// How migrations use the name of their schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum NamePurpose {
    /// In a condition.
    Condition,
    /// In a row, directly or as part of another text.
    Row,
    /// In a composed statement, directly or as part of another text.
    Statement,
    /// In another expression.
    Expression,
}

impl NameUse {
    /// Returns the name of the migration.
    #[must_use]
    pub fn migration(&self) -> &str {
        &self.migration
    }

    /// Returns the line of its `up.sql`, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns how the name is used.
    #[must_use]
    pub fn purpose(&self) -> NamePurpose {
        self.purpose
    }

    /// Whether it is in one of the migrations `applied` of `tenant`, or in a function of a
    /// public one.
    pub(crate) fn is_among(&self, tenant: &MigrationSet, applied: &[Version]) -> bool {
        let is_public = tenant.find(self.version.as_str()).is_none();
        is_public || applied.contains(&self.version)
    }
}

impl fmt::Display for NameUse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let purpose = match self.purpose {
            NamePurpose::Condition => "in a condition",
            NamePurpose::Row => "in a row",
            NamePurpose::Statement => "in a statement that is put together",
            NamePurpose::Expression => "in an expression",
        };
        let (migration, line) = (&self.migration, self.line);
        write!(
            formatter,
            "`{migration}/{}:{line}` ({purpose})",
            MigrationFile::Up
        )
    }
}

impl MigrationSet {
    /// Where these use their schema's name, also in functions that the `public` migrations
    /// create and these call. Ordered by version and line.
    pub(crate) fn uses_of_name(&self, public: &Self) -> Vec<NameUse> {
        let asks = |set: &Self| {
            set.iter().any(|one| {
                let text = one.sql().to_ascii_lowercase();
                WORDS.iter().any(|word| text.contains(word))
            })
        };
        if !asks(self) && !asks(public) {
            return Vec::new();
        }
        let mut reader = Reader::default();
        public.iter().for_each(|one| reader.define(one));
        self.iter().for_each(|one| reader.run(one));
        reader.uses()
    }
}

/// The statement of a migration that is read.
#[derive(Clone, Copy)]
struct Source<'m> {
    migration: &'m Migration,
    statement: usize,
}

impl Source<'_> {
    /// The use of the name at the byte `at` of the statement.
    fn used(self, at: usize, purpose: NamePurpose) -> NameUse {
        let file = self.migration.file(MigrationFile::Up);
        NameUse {
            version: self.migration.version().clone(),
            migration: self.migration.name().to_owned(),
            line: file.map_or(1, |file| file.line(self.statement, at)),
            purpose,
        }
    }
}

#[cfg(test)]
mod tests;
