//! The names of migrations' folders, and what they say about the order.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::finding::Found;
use crate::options::Options;

/// The version in a folder's name, as Diesel writes it into its table: what
/// stands before the first underscore, without hyphens.
pub(super) fn version(name: &str) -> String {
    let (version, _) = name.split_once('_').unwrap_or((name, ""));
    version.replace('-', "")
}

/// What the names of all migrations, in the order of their versions, give rise
/// to; by name.
pub(super) fn of_versions(names: &[String], options: &Options) -> BTreeMap<String, Vec<Found>> {
    let mut found: BTreeMap<String, Vec<Found>> = BTreeMap::new();
    let mut previous: Option<&String> = None;
    for name in names {
        let twin = previous.filter(|previous| version(previous) == version(name));
        let findings = [
            misnamed(name).filter(|_| !exists_already(name, options)),
            twin.map(|twin| same_version(name, twin)),
            not_newest(name, options),
        ];
        let findings = findings.into_iter().flatten();
        found.entry(name.clone()).or_default().extend(findings);
        previous = Some(name);
    }
    found
}

/// The migration that `diesel setup` writes. It is older than every other.
const SETUP: &str = "00000000000000_diesel_initial_setup";

fn misnamed(name: &str) -> Option<Found> {
    if name == SETUP || is_well_named(name) {
        return None;
    }
    let message = format!(
        "the name `{name}` does not begin with a time, and Diesel orders \
                           migrations by name"
    );
    Some(
        Found::new(0, "migration-name", message)
            .hint("Rename the folder to `YYYY-MM-DD-HHMMSS_what_it_does`."),
    )
}

/// Whether the migration is among those that exist already, so that it cannot be renamed.
fn exists_already(name: &str, options: &Options) -> bool {
    let version = version(name);
    let mut base = options.base_versions.iter().flatten();
    base.any(|one| one.replace('-', "") == version)
}

/// Whether the name is `YYYY-MM-DD-HHMMSS_what_it_does`, or the same with four
/// further digits, by which a generator tells migrations of one second apart; or without
/// hyphens, as older programs of Diesel made it. The hours 98 and 99, which no clock shows, are those
/// of the migrations that create the list of tenants.
fn is_well_named(name: &str) -> bool {
    static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let month = "(0[1-9]|1[0-2])";
        let day = "(0[1-9]|[12][0-9]|3[01])";
        let time = "(([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]|9[89]0000)";
        let hyphens = format!("[0-9]{{4}}-{month}-{day}-{time}(-[0-9]{{4}})?");
        let digits = format!("[0-9]{{4}}{month}{day}{time}");
        Regex::new(&format!(r"^({hyphens}|{digits})_[\w-]+$")).ok()
    });
    FORM.as_ref().is_some_and(|form| form.is_match(name))
}

fn same_version(name: &str, twin: &str) -> Found {
    let version = version(name);
    let message = format!(
        "version {version} is also the version of `{twin}`, and Diesel would \
                           run only one"
    );
    Found::new(0, "duplicate-version", message).hint("Give one of the folders another time.")
}

fn not_newest(name: &str, options: &Options) -> Option<Found> {
    let base = options.base_versions.as_ref()?;
    let version = version(name);
    // A base may be given with the hyphens of the folders.
    let base = base.iter().map(|one| one.replace('-', ""));
    let base = base.collect::<HashSet<_>>();
    let newest = base.iter().max()?;
    if base.contains(&version) || version > *newest {
        return None;
    }
    let message = format!(
        "version {version} is older than the existing migration {newest}: existing databases \
         would run this one last, new databases earlier"
    );
    Some(Found::new(0, "not-newest", message).hint("Rename the folder to the current time."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_what_diesel_makes_of_the_name() {
        assert_eq!(version("2026-01-02-030405_add_tasks"), "20260102030405");
        assert_eq!(version("2026-01-02-030405-0001_add"), "202601020304050001");
        assert_eq!(version("odd"), "odd");
    }

    #[test]
    fn names_that_begin_with_a_time_are_good() {
        for good in [
            "2026-01-02-030405_add_tasks",
            "2026-12-31-235959-0001_x",
            "20260102030405_x",
            "2026-12-01-990000_add_suspension",
        ] {
            assert!(is_well_named(good), "{good}");
        }
        for bad in [
            "2026-01-02-030405",
            "2026-01-02-030405_",
            "2026-13-02-030405_x",
            "2026-01-32-030405_x",
            "2026-01-02-250000_x",
            "2026-01-02-0304_x",
            "20261302030405_x",
            "2026010203_x",
            "00000000000001_x",
            "2026-01-02-030405-1_x",
            "add tasks",
            "",
        ] {
            assert!(!is_well_named(bad), "{bad}");
        }
    }
}
