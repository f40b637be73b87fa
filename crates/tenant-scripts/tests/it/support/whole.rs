//! Whether every tenant is wholly at one version, and registered exactly when
//! its schema exists.

use std::collections::BTreeMap;

use local_postgres::ThrowawayServer;

use super::catalog::lacking;
use super::{Database, Migrations};

/// What a tenant has at each version that a run may leave it at: by the ledger,
/// the catalog of a tenant that was made alone.
#[derive(Debug)]
pub(crate) struct Versions(BTreeMap<Vec<String>, Vec<String>>);

impl Versions {
    /// Those that these migrations lead to.
    pub(crate) async fn that(server: &ThrowawayServer, sets: &[&Migrations]) -> Self {
        let mut versions = BTreeMap::new();
        for migrations in sets {
            let database = Database::on(server).await;
            database
                .run_with(migrations, "create-tenant alone")
                .succeeds();
            let applied = database.applied("alone").await;
            versions.insert(applied, database.catalog("alone").await);
        }
        Self(versions)
    }

    /// All that is not as it should be, tenants and spares alike.
    pub(crate) async fn wrong_in(&self, database: &Database) -> Vec<String> {
        let listed = listed(database).await;
        let schemas = database.schemas().await;
        let ledgers = ledgers(database).await;
        let catalogs = database.catalogs().await;
        let mut wrong = Vec::new();
        for name in listed.keys().filter(|name| !schemas.contains(name)) {
            wrong.push(format!("`{name}` is registered and has no schema"));
        }
        for name in &schemas {
            let ledger = ledgers.get(name).map_or(&[][..], Vec::as_slice);
            let catalog = catalogs.get(name).map_or(&[][..], Vec::as_slice);
            let newest = ledger.last().cloned().unwrap_or_default();
            match listed.get(name) {
                None => wrong.push(format!("the schema `{name}` is not registered")),
                Some(versions) if *versions != [newest] => {
                    wrong.push(format!("`{name}` is listed at {versions:?}"));
                }
                Some(_) => {}
            }
            let not_whole = self.not_whole(ledger, catalog);
            wrong.extend(not_whole.map(|why| format!("`{name}` {why}")));
        }
        wrong
    }

    /// In which way a tenant is not wholly at one version, if it is not.
    fn not_whole(&self, ledger: &[String], catalog: &[String]) -> Option<String> {
        let Some(expected) = self.0.get(ledger) else {
            return Some(format!("was left at {ledger:?}"));
        };
        (expected != catalog).then(|| {
            let (lacks, has) = (lacking(expected, catalog), lacking(catalog, expected));
            format!("at {ledger:?} lacks {lacks:?} and has {has:?}")
        })
    }
}

/// The names in both lists of `public`, with the version that is shown for each.
async fn listed(database: &Database) -> BTreeMap<String, Vec<String>> {
    let sql = "SELECT concat_ws(' ', name, version) FROM schema_tracker \
               UNION ALL SELECT concat_ws(' ', name, version) FROM spare_schemas";
    grouped(database.column(sql).await)
}

/// The versions in each schema's own table of applied migrations, oldest first.
async fn ledgers(database: &Database) -> BTreeMap<String, Vec<String>> {
    let sql = "SELECT relnamespace::regnamespace::text FROM pg_class \
               WHERE relname = '__diesel_schema_migrations' AND relkind = 'r'";
    let schemas = database.column(sql).await;
    let ledgers = schemas.iter().filter(|schema| *schema != "public");
    let ledgers = ledgers.map(|schema| {
        format!("SELECT '{schema} ' || version FROM {schema}.__diesel_schema_migrations")
    });
    let all = ledgers.collect::<Vec<_>>().join(" UNION ALL ");
    if all.is_empty() {
        return BTreeMap::new();
    }
    let rows = format!("SELECT * FROM ({all}) AS rows (row) ORDER BY row COLLATE \"C\"");
    grouped(database.column(&rows).await)
}

/// Of lines that are a name and a value each, the values by name.
fn grouped(lines: Vec<String>) -> BTreeMap<String, Vec<String>> {
    let mut groups = BTreeMap::<String, Vec<String>>::new();
    for line in lines {
        let (name, value) = line.split_once(' ').unwrap_or((&line, ""));
        groups
            .entry(name.to_owned())
            .or_default()
            .push(value.to_owned());
    }
    groups
}

#[tokio::test]
async fn whatever_is_not_whole_is_found() {
    let server = test_support::own_server().start().unwrap();
    let ours = Migrations::ours();
    let one = Migrations::none_for_tenants().tenant(
        "2026-01-01-000000_create_dummy_table",
        "CREATE TABLE dummy_table (id INT PRIMARY KEY);",
    );
    let versions = Versions::that(&server, &[&ours]).await;
    let whole = Database::on(&server).await;
    whole.run("create-tenant acme beta").succeeds();
    whole.run("spare-tenants 1").succeeds();
    assert_eq!(versions.wrong_in(&whole).await, Vec::<String>::new());
    for (change, what) in [
        (
            "DROP SCHEMA acme CASCADE",
            "`acme` is registered and has no schema",
        ),
        (
            "DELETE FROM schema_tracker WHERE name = 'acme'",
            "`acme` is not registered",
        ),
        ("DELETE FROM spare_schemas", "is not registered"),
        (
            "UPDATE schema_tracker SET version = 'x' WHERE name = 'acme'",
            "`acme` is listed at [\"x\"]",
        ),
        (
            "INSERT INTO spare_schemas (name) VALUES ('acme')",
            "`acme` is listed at [",
        ),
        (
            "ALTER TABLE acme.dummy_table DROP COLUMN name",
            "`acme` at [",
        ),
        ("CREATE TABLE beta.more ()", "`beta` at ["),
        (
            "DELETE FROM acme.__diesel_schema_migrations",
            "`acme` was left at []",
        ),
    ] {
        let changed = whole.copy().await;
        changed.execute(change).await;
        let wrong = versions.wrong_in(&changed).await;
        assert!(
            wrong.iter().any(|wrong| wrong.contains(what)),
            "{change}: {wrong:?}"
        );
    }
    whole.run_with(&one, "create-tenant early").succeeds();
    let wrong = versions.wrong_in(&whole).await;
    assert!(
        matches!(&wrong[..], [one] if one.starts_with("`early` was left at [\"20260101000000\"]")),
        "{wrong:?}"
    );
}
