//! One SQL text through all rules.

use std::collections::HashSet;
use std::path::Path;

use crate::finding::{Finding, Found};
use crate::ignore::Ignores;
use crate::options::Options;
use crate::text::{Lines, Masked, is_too_complex, mask, number_at, statements};
use crate::{rules, stream};

/// The migration stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Public migrations, which run once.
    Public,
    /// Tenant migrations, which run once in each tenant schema.
    Tenant,
}

/// Whether a text applies a migration or rolls it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// `up.sql`.
    Up,
    /// `down.sql`.
    Down,
}

/// One SQL text, with the facts that the rules need.
#[derive(Debug, Clone, Copy)]
pub struct SqlText<'a> {
    /// The stream it belongs to.
    pub stream: Stream,
    /// Whether it applies the migration or rolls it back.
    pub direction: Direction,
    /// Whether it runs in a transaction. Diesel does so unless `metadata.toml` sets
    /// `run_in_transaction = false`.
    pub in_transaction: bool,
    /// The file name for the findings. The file need not exist.
    pub file: &'a Path,
    /// The SQL.
    pub text: &'a str,
}

/// Checks one SQL text. The findings are ordered by line and column.
///
/// Text that cannot be parsed is a finding. The function never fails.
#[must_use]
pub fn lint_text(sql: &SqlText<'_>, options: &Options) -> Vec<Finding> {
    lint_with(sql, options, Vec::new(), stream::check_one(sql.text))
}

/// The same, with findings about the whole migration, which belong to the
/// first line of `sql` and can be ignored by a comment anywhere in it, and with those
/// that the whole stream shows in `sql`.
pub(crate) fn lint_with(
    sql: &SqlText<'_>,
    options: &Options,
    of_the_migration: Vec<Found>,
    of_the_stream: Vec<Found>,
) -> Vec<Finding> {
    let lines = Lines::of(sql.text);
    let mut found = match read(sql, options) {
        Ok((masked, mut found)) => {
            found.extend(of_the_stream);
            silence(sql, options, &masked, &lines, found, of_the_migration)
        }
        Err(unreadable) => {
            let mut found = of_the_migration;
            found.push(unreadable);
            found.retain(|one| options.is_on(&one.rule));
            found
        }
    };
    found.sort_by_key(|one| one.offset);
    let mut findings = found
        .into_iter()
        .map(|one| one.at(sql.file.to_owned(), &lines))
        .collect::<Vec<_>>();
    findings.sort();
    findings.dedup();
    findings
}

/// Parses the text and asks all rules; or says why it cannot be parsed.
fn read(sql: &SqlText<'_>, options: &Options) -> Result<(Masked, Vec<Found>), Found> {
    if let Some(nul) = sql.text.find('\0') {
        let found = Found::new(
            nul,
            "syntax-error",
            "the file contains a NUL byte, which PostgreSQL does not allow",
        );
        return Err(found.hint("Save the file as UTF-8 text."));
    }
    let masked = mask(sql.text);
    if is_too_complex(&masked.sql) {
        return Err(too_complex(
            "the file is too long or too deeply nested to check",
        ));
    }
    let found = rules::ask(sql, &masked, options)
        .map_err(|_| too_complex("the parser could not process the file"))?;
    Ok((masked, found))
}

fn too_complex(message: &str) -> Found {
    Found::new(0, "too-complex", message).hint("Split it into several migrations.")
}

/// What is left when the disabled rules and the ignores have had their say.
fn silence(
    sql: &SqlText<'_>,
    options: &Options,
    masked: &Masked,
    lines: &Lines<'_>,
    mut found: Vec<Found>,
    of_the_migration: Vec<Found>,
) -> Vec<Found> {
    let statements = statements(&masked.sql);
    // After its first error the parser gropes its way through the statement.
    let mut broken = HashSet::new();
    found.retain(|one| {
        one.rule != "syntax-error" || broken.insert(number_at(&statements, one.offset))
    });
    let mut ignores = Ignores::read(sql.text, &masked.comments, &statements, lines);
    found.retain(|one| options.is_on(&one.rule) && !ignores.cover(one));
    let migration = of_the_migration
        .into_iter()
        .filter(|one| options.is_on(&one.rule) && !ignores.cover_anywhere(&one.rule));
    found.extend(migration.collect::<Vec<_>>());
    found.extend(ignores.objections(options));
    found
}
