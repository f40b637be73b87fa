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
const VALIDATE_LATER: &str = "Validate it in a separate migration: in the same file, the lock is \
                              held while PostgreSQL reads all rows. The engine commits between \
                              the two, even in one run; `--transaction migration` commits after \
                              each migration.";

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
        .map(|violation| {
            let mut facts = facts(&violation.message).into_iter();
            Found {
                offset: usize::from(violation.text_range.start()),
                rule: Cow::Owned(violation.code.to_string()),
                message: facts.next().unwrap_or_default(),
                notes: facts.collect(),
                hint: hint(violation.code, violation.help),
            }
        })
        .collect()
}

/// The sentences of a message, each as it reads behind a label: it begins with a small letter
/// and has no full stop.
fn facts(message: &str) -> Vec<String> {
    let words = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let sentences = words.split(". ").map(|one| one.trim_end_matches('.'));
    sentences.map(in_lower_case).collect()
}

/// `sentence` without its capital, unless the first word is a name or a keyword.
fn in_lower_case(sentence: &str) -> String {
    let is_capital = |letter: Option<char>| letter.is_some_and(char::is_uppercase);
    let mut letters = sentence.chars();
    let (first, second) = (letters.next(), letters.next());
    if !is_capital(first) || is_capital(second) || sentence.starts_with("Postgres") {
        return sentence.to_owned();
    }
    let small = first.map(|first| first.to_ascii_lowercase());
    small.into_iter().chain(sentence.chars().skip(1)).collect()
}

/// What squawk advises, and what becomes of it where migrations share a transaction.
fn hint(rule: Rule, help: Option<String>) -> Option<String> {
    let help = help.map(|help| format!("{}.", help.trim().trim_end_matches('.')));
    if !TELLS_TO_VALIDATE.contains(&rule) {
        return help;
    }
    let sentences = help.into_iter().chain([VALIDATE_LATER.to_owned()]);
    Some(sentences.collect::<Vec<_>>().join(" "))
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
    fn each_sentence_of_a_message_is_a_fact() {
        let said = "Adding a field is slow.  It `blocks`\n reads. NULL stays. Postgres drops it.";
        assert_eq!(
            facts(said),
            [
                "adding a field is slow",
                "it `blocks` reads",
                "NULL stays",
                "Postgres drops it"
            ]
        );
    }

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
