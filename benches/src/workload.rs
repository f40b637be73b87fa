//! The tenants that are measured: their names and their migrations.
//!
//! Both sides read the same files. The newest migration stands for the "one
//! more" that a fleet gets; tenants are first made without it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use diesel::migration::{Migration, MigrationSource, Result as DieselResult};
use diesel::pg::Pg;
use diesel_migrations::FileBasedMigrations;
use tenant_core::{MigrationSet, Migrations, TenantName};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");

/// The tables that the migrations make.
pub(crate) const TABLES: [&str; 14] = [
    "accounts",
    "attachments",
    "audit_events",
    "comments",
    "invoice_lines",
    "invoices",
    "projects",
    "settings",
    "tags",
    "task_tags",
    "tasks",
    "team_members",
    "teams",
    "webhooks",
];

/// How many of the migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All.
    All,
    /// All but the newest.
    BeforeNewest,
}

impl Extent {
    fn of<T>(self, mut all: Vec<T>) -> Vec<T> {
        if self == Self::BeforeNewest {
            all.pop();
        }
        all
    }
}

/// The names of the first `tenants` tenants, in sort order.
pub(crate) fn names(tenants: usize) -> impl Iterator<Item = String> {
    (1..=tenants).map(|number| format!("tenant_{number:05}"))
}

/// The same for `tenant-core`.
pub(crate) fn tenant_names(tenants: usize) -> anyhow::Result<Vec<TenantName>> {
    Ok(names(tenants)
        .map(|name| name.parse())
        .collect::<Result<_, _>>()?)
}

/// The migrations for `tenant-core`.
pub(crate) fn migrations(extent: Extent) -> anyhow::Result<Migrations> {
    Ok(Migrations {
        public: MigrationSet::from_source(&source("public", Extent::All)?)?,
        tenant: MigrationSet::from_source(&source("tenant", extent)?)?,
    })
}

fn source(stream: &str, extent: Extent) -> anyhow::Result<Source> {
    let folder = Path::new(FOLDER).join(stream);
    let found = FileBasedMigrations::from_path(&folder);
    let migrations = found.with_context(|| format!("reading {}", folder.display()))?;
    Ok(Source { migrations, extent })
}

/// A folder of migrations, or all of it but the newest.
struct Source {
    migrations: FileBasedMigrations,
    extent: Extent,
}

impl MigrationSource<Pg> for Source {
    fn migrations(&self) -> DieselResult<Vec<Box<dyn Migration<Pg>>>> {
        let mut all = MigrationSource::<Pg>::migrations(&self.migrations)?;
        all.sort_by_cached_key(|migration| migration.name().version().to_string());
        Ok(self.extent.of(all))
    }
}

/// A tenant's migration, for the side of hand-written SQL.
pub(crate) struct Step {
    /// As Diesel records it.
    pub(crate) version: String,
    /// What brings it in.
    pub(crate) sql: String,
}

/// The tenants' migrations, oldest first.
pub(crate) fn steps(extent: Extent) -> anyhow::Result<Vec<Step>> {
    let folder = Path::new(FOLDER).join("tenant");
    let entries = fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut folders = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    folders.sort();
    extent.of(folders).into_iter().map(step).collect()
}

fn step(folder: PathBuf) -> anyhow::Result<Step> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let (time, _) = name.split_once('_').unwrap_or((&name, ""));
    let file = folder.join("up.sql");
    let sql = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    Ok(Step {
        version: time.replace('-', ""),
        sql,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_have_the_same_migrations() {
        for (extent, count) in [(Extent::All, 11), (Extent::BeforeNewest, 10)] {
            let ours = migrations(extent).unwrap().tenant;
            let plain = steps(extent).unwrap();
            let ours = ours.iter().map(|migration| migration.version().as_str());
            let plain = plain.iter().map(|step| step.version.as_str());
            assert_eq!(ours.len(), count);
            assert!(ours.eq(plain));
        }
    }

    #[test]
    fn the_migrations_make_the_tables_and_indexes_that_were_agreed_on() {
        let steps = steps(Extent::BeforeNewest).unwrap();
        let sql = steps.iter().map(|step| step.sql.as_str());
        let sql = sql.collect::<String>();
        for table in TABLES {
            assert!(sql.contains(&format!("CREATE TABLE {table} (")), "{table}");
        }
        assert_eq!(sql.matches("CREATE TABLE ").count(), TABLES.len());
        let kinds = [
            "PRIMARY KEY",
            "UNIQUE,",
            "UNIQUE CHECK",
            "UNIQUE (",
            " INDEX ",
        ];
        let indexes = kinds.map(|kind| sql.matches(kind).count());
        assert_eq!(indexes.iter().sum::<usize>(), 37, "{indexes:?}");
    }
}
