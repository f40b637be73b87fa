//! The name of a new migration, in Diesel's form.

use anyhow::anyhow;
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use command_line::exit::UsageError;

/// A time, as Diesel's CLI writes it into a folder's name since its release
/// 2.3; the last part is a fraction of the second there.
const FORM: &str = "%Y-%m-%d-%H%M%S-0000";

/// The digits of a version that are a time.
const TIME: &str = "%Y%m%d%H%M%S";

/// Those that are a date.
const DATE: &str = "%Y%m%d";

/// How long a name may be, without the time.
const LONGEST: usize = 60;

/// The folder's name for a migration called `name` that is written at `now`,
/// and is to be newer than all of `existing`, the names of other folders.
///
/// # Errors
///
/// When the newest of these is called by no time, so that none comes after it.
pub(crate) fn folder(
    name: &str,
    now: DateTime<Utc>,
    existing: &[String],
) -> anyhow::Result<String> {
    let newest = existing.iter().map(|folder| version(folder)).max();
    let mut time = now.naive_utc();
    if let Some(newest) = newest.filter(|newest| *newest >= version(&at(time, name))) {
        time = after(&newest).ok_or_else(|| {
            anyhow!(UsageError(format!(
                "the version of the newest migration, {newest}, is not a time, so no name for a \
                 newer one exists (expected `YYYY-MM-DD-HHMMSS_what_it_does`)"
            )))
        })?;
    }
    Ok(at(time, name))
}

fn at(time: NaiveDateTime, name: &str) -> String {
    format!("{}_{name}", time.format(FORM))
}

/// Diesel's version of a folder: what stands before the first underscore,
/// without hyphens.
pub(crate) fn version(folder: &str) -> String {
    let (version, _) = folder.split_once('_').unwrap_or((folder, ""));
    version.replace('-', "")
}

/// The second after that of a version. After an hour that no clock shows, as the migrations of
/// the list of tenants have it, the next day begins.
fn after(version: &str) -> Option<NaiveDateTime> {
    if let Ok(time) = NaiveDateTime::parse_from_str(version.get(..14)?, TIME) {
        return time.checked_add_signed(TimeDelta::seconds(1));
    }
    let date = NaiveDate::parse_from_str(version.get(..8)?, DATE).ok()?;
    date.succ_opt()?.and_hms_opt(0, 0, 0)
}

/// `name` as part of a folder's name.
///
/// # Errors
///
/// A wrong use for what is more than words.
pub(crate) fn checked(name: &str) -> anyhow::Result<String> {
    let slug = slug(name);
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == ' ';
    if slug.is_empty() || !name.chars().all(is_word) {
        return Err(anyhow!(UsageError(format!(
            "invalid migration name {name:?}: use letters, digits and underscores, as in \
             `add_due_date`"
        ))));
    }
    Ok(slug)
}

/// A name made from what the migration does.
pub(crate) fn of_changes(changes: &[String]) -> String {
    let first = changes.first().map_or("change", String::as_str);
    // The types of a changed column are not worth their length.
    let (first, _) = first.split_once(" from ").unwrap_or((first, ""));
    let first = slug(first);
    match changes.len() {
        0 | 1 => first,
        count => format!("{first}_and_{}_more", count - 1),
    }
}

/// Small letters and digits, with one underscore between words.
fn slug(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let mut slug = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        if slug.len() + word.len() >= LONGEST {
            break;
        }
        if !slug.is_empty() {
            slug.push('_');
        }
        slug.push_str(word);
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-04T05:06:07Z".parse().unwrap()
    }

    fn existing(folder: &str) -> Vec<String> {
        vec!["2026-01-01-000000_a".to_owned(), folder.to_owned()]
    }

    #[test]
    fn a_new_migration_is_named_by_its_time_and_is_the_newest() {
        let named = |other: &str| folder("b", now(), &existing(other)).unwrap();
        assert_eq!(named("2026-03-04-050606_a"), "2026-03-04-050607-0000_b");
        assert_eq!(
            named("2026-03-04-050607-9999_a"),
            "2026-03-04-050608-0000_b"
        );
        assert_eq!(named("2027-12-31-235959_a"), "2028-01-01-000000-0000_b");
        assert_eq!(named("2026-03-04-990000_a"), "2026-03-05-000000-0000_b");
        assert!(folder("b", now(), &existing("9999_a")).is_err());
    }

    #[test]
    fn a_name_is_words() {
        assert_eq!(checked("Add due-date").unwrap(), "add_due_date");
        for wrong in ["", "__", "a/b", "../x", "über", "a\0"] {
            assert!(checked(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn without_a_name_it_is_called_by_what_it_does() {
        let changes = ["add column `title` to `tasks`", "drop table `x`"].map(str::to_owned);
        assert_eq!(of_changes(&changes[..1]), "add_column_title_to_tasks");
        assert_eq!(of_changes(&changes), "add_column_title_to_tasks_and_1_more");
        assert!(of_changes(&["x ".repeat(200)]).len() <= LONGEST);
    }
}
