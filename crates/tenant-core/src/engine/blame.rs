//! Which migration it was that changed something outside the schema, and where.

use std::collections::BTreeSet;

use sql_text::{TokenKind, stored, tokens};

use super::work::Work;
use crate::Error;
use crate::assertion::Assertion;
use crate::migration::{Migration, MigrationFile, Sql, speaks_of};

/// The error for what the server's `message` lists, after the migrations from `first` to
/// `last`.
pub(super) fn error(
    work: Work<'_>,
    (first, last): (&Migration, &Migration),
    file: MigrationFile,
    message: &str,
) -> Error {
    let list = Assertion::Elsewhere.list(message).unwrap_or_default();
    let changed = list.split("; ").map(|one| in_words(work, one));
    let mut changed = changed.collect::<Vec<_>>();
    if changed.iter().any(|one| one.starts_with("extension ")) {
        // The same one, of which only the number was left.
        changed.retain(|one| one != "an extension");
    }
    let ran = ran(work, first, last);
    let place = find(work, &ran, file, &changed);
    let migrations = match place {
        Some((migration, _)) => vec![migration.name().to_owned()],
        None => {
            let names = ran.iter().map(|migration| migration.name().to_owned());
            names.collect()
        }
    };
    Error::ChangedElsewhere {
        schema: work.schema.to_string(),
        migrations,
        file,
        line: place.map(|(_, line)| line),
        changed,
    }
}

/// The error for a migration that was not run, because it would change `changed`.
pub(super) fn refused(
    work: Work<'_>,
    migration: &Migration,
    file: MigrationFile,
    changed: Vec<String>,
) -> Error {
    let place = find(work, &[migration], file, &changed);
    Error::ChangedElsewhere {
        schema: work.schema.to_string(),
        migrations: vec![migration.name().to_owned()],
        file,
        line: place.map(|(_, line)| line),
        changed,
    }
}

/// What is gone is listed by number.
fn in_words(work: Work<'_>, one: &str) -> String {
    let key = one.strip_prefix('#').and_then(|key| key.parse().ok());
    let words = key.and_then(|key| work.surroundings.words_of(key));
    words.unwrap_or_else(|| one.to_owned())
}

/// The migrations from one to another, which may be the older.
fn ran<'a>(work: Work<'a>, first: &Migration, last: &Migration) -> Vec<&'a Migration> {
    let (first, last) = (first.version(), last.version());
    let (from, to) = (first.min(last), first.max(last));
    let all = work.migrations.iter();
    let ran = all.filter(|one| (from..=to).contains(&one.version()));
    ran.collect()
}

/// The first statement that speaks of one of them, and its line.
fn find<'a>(
    work: Work<'_>,
    ran: &[&'a Migration],
    file: MigrationFile,
    changed: &[String],
) -> Option<(&'a Migration, usize)> {
    let schema = work.behind().map_or("", |schema| schema.name());
    let names = names(changed, schema);
    let is_about = |statement: &str| {
        let lower = statement.to_ascii_lowercase();
        let speaks = |what: &str, word: &str| {
            changed.iter().any(|one| one.contains(what)) && lower.contains(word)
        };
        speaks("extension", "extension")
            || speaks("default acl", "privileges")
            || speaks_of(statement, schema, &names)
    };
    ran.iter().find_map(|migration| {
        let number = migration.statements(file).position(is_about)?;
        let line = migration.file(file).map(|sql: &Sql| sql.line(number, 0))?;
        Some((*migration, line))
    })
}

/// The names of the schema that stand in PostgreSQL's words for the objects.
fn names(changed: &[String], schema: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for words in changed {
        let telling = tokens(words).collect::<Vec<_>>();
        for three in telling.windows(3) {
            if let [outer, dot, name] = three
                && dot.kind == TokenKind::Symbol('.')
                && stored(outer).as_deref() == Some(schema)
            {
                names.extend(stored(name));
            }
        }
    }
    names
}
