//! The words of errors that are put together of lists and options.

use std::fmt;
use std::time::Duration;

use crate::catalog::Dependent;
use crate::migration::{MigrationFile, NameUse};
use crate::{Node, TenantName, Version};

/// How long the wait lasted, in words. `None` if there was no wait.
pub(super) fn gave_up(waited: Duration) -> Option<String> {
    match waited.as_secs_f64() {
        brief if brief < 0.1 => None,
        seconds if seconds < 10.0 => Some(format!("gave up after {seconds:.1} s")),
        seconds => Some(format!("gave up after {seconds:.0} s")),
    }
}

/// That a schema fits several versions.
pub(super) fn fits_each(versions: &[Option<Version>]) -> String {
    let words = versions.iter().map(|version| match version {
        None => "before the first migration",
        Some(version) => version.as_str(),
    });
    let words = words.collect::<Vec<_>>().join(", ");
    format!("matches several versions, which differ only in their rows: {words}")
}

/// That it fits none, and how it differs from the nearest.
pub(super) fn fits_none(
    nearest: Option<&Version>,
    alike: &[Option<Version>],
    differences: &[String],
) -> String {
    let words = |version: Option<&Version>| {
        version.map_or_else(
            || "a tenant before its first migration".to_owned(),
            |version| format!("version {version}"),
        )
    };
    let (nearest, differences) = (words(nearest), differences.join("; "));
    let alike = alike.iter().map(|version| words(version.as_ref()));
    let alike = alike.collect::<Vec<_>>().join(", ");
    if alike.is_empty() {
        return format!(
            "matches no version of a tenant: it differs from the nearest, {nearest}: {differences}"
        );
    }
    format!(
        "matches no version of a tenant: it differs in the same way from the nearest, {nearest} \
         and {alike}, which differ only in their rows: {differences}"
    )
}

/// Where a tenant's name stands that cannot stand in a copy.
pub(super) fn named(places: &[String], rows: &[String]) -> String {
    if rows.is_empty() {
        return format!("its name appears in the {}", places.join(", "));
    }
    let tables = rows.iter().map(|table| format!("`{table}`"));
    let tables = tables.collect::<Vec<_>>().join(", ");
    format!(
        "its name appears in rows of {tables}, and dynamic SQL could use it: {}",
        places.join(", ")
    )
}

/// What a program that is ahead has applied beyond a baseline.
pub(super) fn newer_than_baseline(versions: &[Version]) -> String {
    format!(
        "unknown migrations, which are newer than the migrations that the baseline replaces: {}",
        few_versions(versions)
    )
}

/// The servers that tenants can be on.
pub(super) fn possible_nodes(nodes: &[Node]) -> String {
    if nodes.is_empty() {
        "the cluster has no node for tenants".to_owned()
    } else {
        format!("the cluster has {}", listed(nodes))
    }
}

/// Why tables cannot be moved.
pub(super) fn unmovable(tables: &[String]) -> String {
    let verb = if tables.len() == 1 { "is" } else { "are" };
    format!("{} no primary key, or {verb} unlogged", have(tables))
}

/// How many dependents an error names.
const NAMED: usize = 5;

/// What others would lose.
pub(super) fn depending(dependents: &[Dependent]) -> String {
    let named = dependents.get(..NAMED).unwrap_or(dependents);
    let named = named.iter().map(ToString::to_string);
    let named = named.collect::<Vec<_>>().join(", ");
    let more = match dependents.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match dependents.len() {
        1 => format!("an object outside the schema depends on it: {named}"),
        count => format!("{count} objects outside the schema depend on it: {named}{more}"),
    }
}

/// The migration history is as it was.
pub(super) fn not_recorded(file: MigrationFile) -> String {
    let done = match file {
        MigrationFile::Up => "applied",
        MigrationFile::Down => "rolled back",
    };
    format!("the migration is not recorded as {done}")
}

/// What keeps each `down.sql` from being read.
pub(super) fn unreadable(migrations: &[(String, String)]) -> String {
    let told = migrations.iter().map(|(migration, problem)| {
        format!("could not read the down.sql of migration `{migration}`: {problem}")
    });
    told.collect::<Vec<_>>().join("; ")
}

/// All of them, in quotes.
pub(super) fn quoted(names: &[impl fmt::Display]) -> String {
    let names = names.iter().map(|name| format!("`{name}`"));
    names.collect::<Vec<_>>().join(", ")
}

/// The addresses, one after the other.
fn listed(nodes: &[Node]) -> String {
    let nodes = nodes.iter().map(Node::to_string);
    nodes.collect::<Vec<_>>().join(", ")
}

/// These tables have, or this one has.
fn have(tables: &[String]) -> String {
    match tables {
        [table] => format!("its table `{table}` has"),
        tables => format!("its tables {} have", few(tables)),
    }
}

/// How many names are shown.
const SHOWN: usize = 3;

/// How many: `2 applied migrations`.
pub(super) fn applied_migrations(count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} applied migration{plural}")
}

/// The first of them, and how many more there are.
pub(super) fn few_versions(versions: &[Version]) -> String {
    let names = versions.iter().map(ToString::to_string);
    few(&names.collect::<Vec<_>>())
}

/// The name is in use by a tenant that lacks these.
pub(super) fn incomplete(name: &TenantName, versions: &[Version]) -> String {
    let few = few_versions(versions);
    format!("tenant `{name}` already exists, with pending migrations: {few}")
}

/// It has versions that this program does not have.
pub(super) fn ahead(schema: &str, versions: &[Version]) -> String {
    let (count, few) = (applied_migrations(versions.len()), few_versions(versions));
    format!("{schema} has {count} that this program does not have: {few}")
}

/// Its two records contradict each other.
pub(super) fn lost_entries(schema: &str, versions: &[Version]) -> String {
    let (count, few) = (applied_migrations(versions.len()), few_versions(versions));
    format!("the migration history of {schema} lacks {count} that the registry records: {few}")
}

/// The same of a tenant that was to be repaired.
pub(super) fn not_repaired(name: &TenantName, versions: &[Version]) -> String {
    let (count, few) = (applied_migrations(versions.len()), few_versions(versions));
    format!(
        "tenant `{name}` cannot be repaired: it has {count} that this program does not have: {few}"
    )
}

/// The list was there once.
pub(super) fn lost(table: &str) -> String {
    format!("the table `{table}` does not exist, although the migration that creates it is applied")
}

/// The list has not kept the row.
pub(super) fn not_listed(schema: &str, list: &str) -> String {
    format!(
        "{schema}: could not write its row to `{list}`: a trigger or rule on that table changed it, \
         or several rows have its key"
    )
}

pub(super) fn applied_meanwhile(schema: &str, version: &Version) -> String {
    format!("{schema}: migration {version} was applied after the rollback was planned")
}

pub(super) fn not_ours(versions: &[Version], tenants: &[String]) -> String {
    format!(
        "cannot roll back {}, applied to {}: not among the migrations of this program",
        quoted(versions),
        few(tenants)
    )
}

pub(super) fn edit_matters(schema: &str, versions: &[Version], differences: &[String]) -> String {
    format!(
        "cannot accept the edit of {}: {schema} differs from what its migrations now create: {}",
        few_versions(versions),
        some(differences)
    )
}

pub(super) fn needs_direct(schema: &str, migration: &str) -> String {
    format!(
        "{schema}: cannot run migration `{migration}` through a pooler: it runs outside a transaction"
    )
}

pub(super) fn each_needs_direct(schema: &str) -> String {
    format!("{schema}: cannot run one transaction per migration through a pooler")
}

/// The first of `names`, and how many more there are.
pub(crate) fn few(names: &[String]) -> String {
    let shown = quoted(names.get(..SHOWN).unwrap_or(names));
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// How many differences of a schema are told.
const TOLD: usize = 10;

/// The first of these differences, and how many more there are.
pub(super) fn some(differences: &[String]) -> String {
    let told = differences.get(..TOLD).unwrap_or(differences).join("; ");
    match differences.len().saturating_sub(TOLD) {
        0 => told,
        more => format!("{told}; and {more} more"),
    }
}

/// What migrations do with the name of their schema.
pub(super) fn with_name(uses: &[String], in_text: &[NameUse]) -> String {
    let places = in_text.iter().map(ToString::to_string);
    let places = places.collect::<Vec<_>>();
    match (uses, &*places) {
        (_, []) => format!("write the schema's name into {}", some(uses)),
        ([], _) => format!("use the schema's name at {}", some(&places)),
        _ => format!(
            "write the schema's name into {}, and use it at {}",
            some(uses),
            some(&places)
        ),
    }
}

/// Which migrations may be a baseline.
pub(super) fn unclear(candidates: &[Version]) -> String {
    if candidates.is_empty() {
        "each tenant with old migrations has all migrations of this program".to_owned()
    } else {
        format!(
            "tenants with old migrations lack different ones: {}",
            quoted(candidates)
        )
    }
}

/// How much of a statement an error shows, in characters.
const EXCERPT: usize = 120;

/// The statement on one line, cut short.
pub(crate) fn excerpt(statement: &str) -> String {
    let line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT) {
        None => line,
        Some((end, _)) => format!("{}...", line.get(..end).unwrap_or_default()),
    }
}
