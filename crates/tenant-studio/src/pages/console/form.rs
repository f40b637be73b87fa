//! What one types SQL into, and what is said about it.

use maud::{Markup, html};

use super::Here;
use crate::csv::Formulas;
use crate::pages::answer::ROWS;
use crate::shown_schema::ShownSchema;
use crate::studio::Studio;
use crate::url;

/// How many rows can be chosen to be shown.
const CHOICES: [usize; 4] = [100, 500, 1000, ROWS];

/// How many rows are shown unless it is said.
const USUAL: usize = 500;

/// The longest time limit, in seconds.
const LONGEST: u64 = 600;

/// Longer texts than this are not put into an address, in bytes.
pub(in crate::pages) const IN_ADDRESS: usize = 4000;

/// What is asked for.
pub(super) struct Asked {
    pub(super) sql: String,
    pub(super) rows: usize,
    pub(super) seconds: u64,
    /// Only the result, for an open page.
    pub(super) is_part: bool,
    /// The result as a file.
    pub(super) is_file: bool,
    /// What such a file has of formulas.
    pub(super) formulas: Formulas,
}

impl Asked {
    pub(super) fn of(parameters: Option<&str>, studio: &Studio) -> Self {
        let parameter = |name| url::parameter(parameters, name);
        let rows = parameter("rows").and_then(|rows| rows.parse().ok());
        let seconds = parameter("seconds").and_then(|seconds| seconds.parse().ok());
        let usual = usual_seconds(studio);
        Self {
            // A form's lines end as those of mail do.
            sql: parameter("sql").unwrap_or_default().replace("\r\n", "\n"),
            rows: rows.unwrap_or(USUAL).clamp(1, ROWS),
            seconds: seconds.unwrap_or(usual).clamp(1, LONGEST.max(usual)),
            is_part: parameter("part").is_some(),
            is_file: parameter("as").is_some_and(|kind| kind == "csv"),
            formulas: Formulas::of(parameters),
        }
    }

    /// The address that shows this text at `place`, if it is short enough.
    pub(super) fn link(&self, place: &ShownSchema) -> Option<String> {
        let address = url::with(&place.at("sql"), [("sql", self.sql.clone())]);
        (address.len() <= IN_ADDRESS).then_some(address)
    }
}

fn usual_seconds(studio: &Studio) -> u64 {
    studio.options().statement_timeout.as_secs().max(1)
}

pub(super) fn form(here: &Here, asked: &Asked) -> Markup {
    let history = history(&here.studio, &here.place.path());
    html! {
        @if here.studio.options().write {
            p.writing { strong { "Writing is on." } " A statement that succeeds is committed immediately." }
        }
        form.console method="post" action=(here.place.at("sql")) data-console="#result" data-history=(history) {
            label.hidden for="sql" { "SQL" }
            textarea #sql name="sql" rows="8" required spellcheck="false" autocomplete="off"
                autocapitalize="off" autofocus aria-keyshortcuts="Control+Enter Meta+Enter"
                placeholder="SELECT …" { "\n" (asked.sql) }
            div.bar {
                button.main type="submit" title="Ctrl Enter" { "Run" }
                button type="button" data-cancel hidden { "Cancel" }
                (number("rows", "Rows", &CHOICES, asked.rows))
                (seconds(here, asked))
                button type="submit" name="as" value="csv" { "Run and download as CSV" }
                (asked.formulas.choice())
                span.quiet data-clock aria-live="off" {}
            }
            (past())
        }
    }
}

/// What a browser keeps the texts of a page under.
pub(in crate::pages) fn history(studio: &Studio, place: &str) -> String {
    format!("sql {} {place}", studio.tenants().database())
}

/// Where the script shows the texts that ran before.
pub(in crate::pages) fn past() -> Markup {
    html! {
        details.panel data-past hidden {
            summary { "History" }
            ul.past {}
            button type="button" data-forget { "Clear history" }
            p.quiet { "This browser keeps the history for this address, database and page. It is sent nowhere." }
        }
    }
}

/// A choice among numbers; the one that was asked for is among them.
pub(in crate::pages) fn number(name: &str, label: &str, choices: &[usize], asked: usize) -> Markup {
    let mut choices = choices.to_vec();
    if !choices.contains(&asked) {
        choices.push(asked);
        choices.sort_unstable();
    }
    html! {
        label.check { (label) " "
            select name=(name) {
                @for choice in choices {
                    option value=(choice) selected[choice == asked] { (choice) }
                }
            }
        }
    }
}

fn seconds(here: &Here, asked: &Asked) -> Markup {
    let mut choices = vec![usual_seconds(&here.studio), asked.seconds, 60, 300, LONGEST];
    choices.sort_unstable();
    choices.dedup();
    html! {
        label.check { "Time limit "
            select name="seconds" {
                @for choice in choices {
                    option value=(choice) selected[choice == asked.seconds] { (choice) " s" }
                }
            }
        }
    }
}

/// What runs here and what does not.
pub(super) fn help(studio: &Studio) -> Markup {
    html! {
        details.panel.help {
            summary { "What can be run here" }
            @if studio.options().write {
                p { "Any single statement, in a separate transaction. It is committed when it succeeds \
                     and rolled back when it fails. Statements that begin or end transactions cannot run here, \
                     nor statements that PostgreSQL cannot run in a transaction." }
            } @else {
                p { "One SELECT, VALUES, TABLE or WITH that changes nothing, or EXPLAIN of one. PostgreSQL \
                     enforces this with a read-only transaction and a cursor." }
                p { "Functions still run, and some have effects outside the tables: they end other sessions, \
                     read files of the server, or connect to other servers if the role may. For a full guarantee, \
                     start the studio with the URL of a role that has only USAGE on the schemas and SELECT on \
                     the tables." }
            }
            (behind(studio))
            p { "Names without a schema refer to this schema. A statement can name other schemas: the privileges of \
                 the role decide, and this page does not separate tenants." }
            p { "To cancel a running statement, use the button or close the page." }
        }
    }
}

/// Where else the names in a typed statement lead, if that is so. The pages about tables
/// are always those of the one schema.
pub(in crate::pages) fn behind(studio: &Studio) -> Markup {
    let path = studio.tenants().runtime_path();
    let schemas = path.schemas().collect::<Vec<_>>().join(", ");
    html! {
        @if !schemas.is_empty() {
            p.note { "A table that is missing in the tenant's schema is looked up in " strong { (schemas) }
                ", as in the application. To choose a schema, write its name before the table." }
        }
    }
}

/// What the page can do beyond its form.
pub(in crate::pages) fn script(studio: &Studio) -> Markup {
    let edition = [("v", studio.edition().to_owned())];
    html! { script type="module" src=(url::with("/assets/console.js", edition)) {} }
}
