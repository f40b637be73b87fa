//! Which columns a list has beside its key.

use std::sync::atomic::{AtomicU8, Ordering};

/// The columns that a list may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns(u8);

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// When the row was inserted; its default.
    CreatedAt = 1,
    /// The newest migration, for display.
    Version = 2,
    /// When that was applied, for display.
    MigratedAt = 4,
    /// What the texts of the applied migrations were, by version.
    Fingerprints = 8,
    /// Why the tenant is not served, and until when. No list of spares has it.
    Suspension = 16,
}

impl Column {
    const ALL: [Self; 5] = [
        Self::CreatedAt,
        Self::Version,
        Self::MigratedAt,
        Self::Fingerprints,
        Self::Suspension,
    ];

    /// What it is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::Version => "version",
            Self::MigratedAt => "migrated_at",
            Self::Fingerprints => "fingerprints",
            Self::Suspension => "suspension",
        }
    }
}

impl Columns {
    /// All of them.
    pub(super) const ALL: Self = Self(31);

    /// The columns of a list that was not read yet. A database that was set up by an older program
    /// has no fingerprints, and gets them with the next public migrations.
    const UNKNOWN: Self = Self(7);

    /// Those that are kept beside a query, and whether that says when a tenant was made.
    pub(super) fn beside(has_created_at: bool) -> Self {
        match has_created_at {
            true => Self(15),
            false => Self(14),
        }
    }

    /// Those of `names` that are among them.
    pub(super) fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let bits = names.into_iter().filter_map(|name| {
            let column = Column::ALL.into_iter().find(|it| it.name() == name);
            column.map(|column| column as u8)
        });
        Self(bits.fold(0, |all, bit| all | bit))
    }

    /// These, and those of `others` that are this one.
    pub(super) fn with(self, column: Column, others: Self) -> Self {
        Self(self.0 | (others.0 & column as u8))
    }

    /// Whether it is among them.
    pub(super) fn has(self, column: Column) -> bool {
        self.0 & column as u8 != 0
    }
}

/// The columns of a list as they were found.
#[derive(Debug)]
pub(super) struct Found(AtomicU8);

impl Default for Found {
    fn default() -> Self {
        Self::of(Columns::UNKNOWN)
    }
}

impl Clone for Found {
    fn clone(&self) -> Self {
        Self::of(self.columns())
    }
}

impl Found {
    pub(super) fn of(columns: Columns) -> Self {
        Self(AtomicU8::new(columns.0))
    }

    pub(super) fn columns(&self) -> Columns {
        Columns(self.0.load(Ordering::Relaxed))
    }

    pub(super) fn set(&self, columns: Columns) {
        self.0.store(columns.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_columns_are_nobodys_business() {
        let found = Columns::of(["id", "version", "created_at"]);
        assert!(found.has(Column::Version) && found.has(Column::CreatedAt));
        assert!(!found.has(Column::MigratedAt) && !found.has(Column::Fingerprints));
        assert_eq!(Columns::of(Column::ALL.map(Column::name)), Columns::ALL);
    }
}
