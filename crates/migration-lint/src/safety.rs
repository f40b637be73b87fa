//! Asks squawk whether a statement is safe on a table in use.

use std::borrow::Cow;

use squawk_linter::{Linter, LinterSettings, Rule, Violation};
use squawk_syntax::{Parse, SourceFile};

use crate::finding::Found;
use crate::lint::{SqlText, Stream};
use crate::options::Options;
use crate::rules::catalog;

/// Rules of squawk that repeat one of ours in a tenant's migration.
const SAID_BETTER: &[&str] = &["ban-drop-extension", "ban-drop-schema", "ban-set-schema"];

/// Rules whose advice is `NOT VALID` and a later `VALIDATE CONSTRAINT`.
const TELLS_TO_VALIDATE: &[Rule] = &[
    Rule::ConstraintMissingNotValid,
    Rule::AddingForeignKeyConstraint,
];

/// Where the two statements belong.
const VALIDATE_LATER: &str = "Validate it in a migration of its own: in the same file, the lock \
     that adding takes is held while all rows are read. Between the two, the engine commits by \
     itself, also in one run; `--transaction migration` commits after every migration";

/// What squawk finds in `text`, which has no comments: squawk obeys some, and
/// here they are to have no effect.
pub(crate) fn ask(
    sql: &SqlText<'_>,
    parse: &Parse<SourceFile>,
    text: &str,
    options: &Options,
) -> Vec<Found> {
    let mut linter = Linter::from(rules(sql.stream, options));
    linter.settings = LinterSettings {
        pg_version: options
            .postgres_version
            .to_string()
            .parse()
            .unwrap_or_default(),
        assume_in_transaction: sql.in_transaction,
    };
    let violations = linter.lint(parse, text).into_iter();
    violations
        .filter(|violation| !asks_for_the_impossible(violation, text))
        .map(|violation| Found {
            offset: usize::from(violation.text_range.start()),
            rule: Cow::Owned(violation.code.to_string()),
            message: violation.message,
            remedy: remedy(violation.code, violation.help),
        })
        .collect()
}

/// What squawk advises, and what becomes of it where migrations share a transaction.
fn remedy(rule: Rule, help: Option<String>) -> Option<String> {
    if !TELLS_TO_VALIDATE.contains(&rule) {
        return help;
    }
    let help = help.map(|help| help.trim_end_matches('.').to_owned() + ". ");
    Some(help.unwrap_or_default() + VALIDATE_LATER)
}

/// PostgreSQL has `NOT VALID` for checks and foreign keys only.
fn asks_for_the_impossible(violation: &Violation, text: &str) -> bool {
    let range = usize::from(violation.text_range.start())..usize::from(violation.text_range.end());
    let what = text.get(range).unwrap_or_default().to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| what.contains(word));
    violation.code == Rule::ConstraintMissingNotValid
        && has(&["PRIMARY KEY", "UNIQUE", "EXCLUDE"])
        && !has(&["CHECK", "REFERENCES"])
}

fn rules(stream: Stream, options: &Options) -> Vec<Rule> {
    catalog::of_squawk()
        .map(|info| info.name)
        .filter(|name| options.is_on(name))
        .filter(|name| stream == Stream::Public || !SAID_BETTER.contains(name))
        .filter_map(|name| name.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_knows_every_rule_squawk_has_on_by_default() {
        let known = catalog::of_squawk().map(|info| info.name.parse::<Rule>());
        let known = known.collect::<Result<Vec<_>, _>>().unwrap();
        for rule in Linter::with_default_rules().rules {
            // Its comments are not read here, so that none can be unused.
            let known = known.contains(&rule) || rule == Rule::UnusedIgnore;
            assert!(known, "{rule}");
        }
    }

    #[test]
    fn the_catalog_has_every_rule_of_squawk_under_its_own_name() {
        for info in catalog::of_squawk() {
            assert_eq!(info.name.parse::<Rule>().unwrap().to_string(), info.name);
        }
    }
}
