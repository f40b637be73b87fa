//! Runs the rules for migrations over a generated one.
//!
//! Some rules warn about a change that `schema.rs` requires, such as a dropped
//! column. The command reports the warning and marks the statement, so that a
//! later lint does not report it again.

use std::path::Path;

use anyhow::anyhow;
use migration_lint::{Direction, Finding, SqlText, lint_text, rules};
use schema_diff::Plan;

use crate::advice::advised;
use crate::{Project, Stream, lint_options};

/// A text with its marks.
pub(super) struct Marked {
    pub(super) up: String,
    /// What was found, one line each.
    pub(super) notes: Vec<String>,
}

/// Marks the statements of `plan` that a rule about safety objects to.
///
/// # Errors
///
/// If another rule objects: such a migration must not be written.
pub(super) fn mark(project: &Project, stream: Stream, plan: &Plan) -> anyhow::Result<Marked> {
    let options = lint_options::read(project)?;
    let text = plan.up();
    let sql = |text, direction| SqlText {
        stream: stream.into(),
        direction,
        in_transaction: true,
        file: Path::new("up.sql"),
        text,
    };
    let findings = lint_text(&sql(&text, Direction::Up), &options);
    let down = plan.down();
    let in_down = lint_text(&sql(&down, Direction::Down), &options);
    let mut grave = findings
        .iter()
        .chain(&in_down)
        .filter(|one| !is_about_safety(one));
    if let Some(finding) = grave.next() {
        let error = anyhow!("{}", finding.message);
        let what = format!(
            "the migration breaks the lint rule `{}`, so it was not written",
            finding.rule
        );
        return Err(match &finding.hint {
            Some(hint) => error.context(advised(what, hint)),
            None => error.context(what),
        });
    }
    Ok(Marked {
        up: marked(plan, &findings),
        notes: findings.iter().map(note).collect(),
    })
}

fn is_about_safety(finding: &Finding) -> bool {
    let mut rules = rules().iter();
    rules.any(|rule| rule.name == finding.rule && rule.is_about_safety())
}

fn note(finding: &Finding) -> String {
    format!("{} ({})", finding.message.trim(), finding.rule)
}

fn marked(plan: &Plan, findings: &[Finding]) -> String {
    let mut text = String::new();
    let mut line = 1;
    for statement in plan.up_statements() {
        let end = line + statement.lines().count();
        let mut rules = findings
            .iter()
            .filter(|finding| (line..end).contains(&finding.line))
            .map(|finding| finding.rule.as_str())
            .collect::<Vec<_>>();
        rules.sort_unstable();
        rules.dedup();
        for rule in rules {
            text.push_str(&format!("-- lint:ignore {rule} {}\n", reason(statement)));
        }
        text.push_str(statement);
        text.push('\n');
        line = end;
    }
    text
}

/// Why the rule does not matter here.
fn reason(statement: &str) -> &'static str {
    if statement.contains("DROP COLUMN") || statement.starts_with("DROP TABLE") {
        "the loss of its data was confirmed"
    } else {
        "schema.rs asks for it"
    }
}
