//! What is asked across tenants, and of which.

use maud::{Markup, html};

use crate::csv::Formulas;
use crate::data::Selection;
use crate::pages::console::{IN_ADDRESS, behind, history, number, past};
use crate::studio::Studio;
use crate::url;

/// How many rows of each tenant can be chosen to be shown, and how many in all.
const OF_EACH: [usize; 4] = [1, 10, 100, 1000];
const IN_ALL: [usize; 3] = [1_000, 10_000, 50_000];

const USUAL_OF_EACH: usize = 100;
const USUAL_IN_ALL: usize = 10_000;

/// The longest time limit for each tenant, in seconds.
const LONGEST: u64 = 600;

/// What is asked for.
pub(super) struct Asked {
    pub(super) sql: String,
    pub(super) choice: Selection,
    pub(super) rows_of_each: usize,
    pub(super) rows_in_all: usize,
    /// For each tenant, if that was said.
    pub(super) seconds: Option<u64>,
    /// Only the result, for an open page.
    pub(super) is_part: bool,
    /// The result as a file.
    pub(super) is_file: bool,
    /// What such a file has of formulas.
    pub(super) formulas: Formulas,
}

impl Asked {
    pub(super) fn of(parameters: Option<&str>) -> Self {
        let parameter = |name| url::parameter(parameters, name);
        let number = |name| parameter(name).and_then(|number| number.parse::<usize>().ok());
        let seconds = number("seconds").and_then(|seconds| u64::try_from(seconds).ok());
        let [most_of_each, most_in_all] = [OF_EACH.iter().max(), IN_ALL.iter().max()];
        let most = |most: Option<&usize>| most.copied().unwrap_or(1);
        Self {
            sql: parameter("sql").unwrap_or_default().replace("\r\n", "\n"),
            choice: choice(&parameter),
            rows_of_each: number("each")
                .unwrap_or(USUAL_OF_EACH)
                .clamp(1, most(most_of_each)),
            rows_in_all: number("all")
                .unwrap_or(USUAL_IN_ALL)
                .clamp(1, most(most_in_all)),
            seconds: seconds.map(|seconds| seconds.clamp(1, LONGEST)),
            is_part: parameter("part").is_some(),
            is_file: parameter("as").is_some_and(|kind| kind == "csv"),
            formulas: Formulas::of(parameters),
        }
    }
}

impl Asked {
    /// The address that shows this text and this choice, if it is short enough.
    pub(super) fn link(&self) -> Option<String> {
        let choice = match &self.choice {
            Selection::All => None,
            Selection::Containing(text) => Some(("containing", "text", text.clone())),
            Selection::BeginningWith(text) => Some(("beginning", "text", text.clone())),
            Selection::Listed(names) => Some(("listed", "names", names.join("\n"))),
        };
        let choice = choice.into_iter();
        let choice =
            choice.flat_map(|(which, name, value)| [("which", which.to_owned()), (name, value)]);
        let address = url::with(
            "across",
            [("sql", self.sql.clone())].into_iter().chain(choice),
        );
        (address.len() <= IN_ADDRESS).then_some(address)
    }
}

fn choice(parameter: &impl Fn(&'static str) -> Option<String>) -> Selection {
    let text = parameter("text").unwrap_or_default();
    match parameter("which").as_deref() {
        Some("containing") => Selection::Containing(text),
        Some("beginning") => Selection::BeginningWith(text),
        Some("listed") => {
            let names = parameter("names").unwrap_or_default();
            let lines = names.lines().map(str::trim).filter(|line| !line.is_empty());
            Selection::Listed(lines.map(str::to_owned).collect())
        }
        _ => Selection::All,
    }
}

pub(super) fn form(studio: &Studio, asked: &Asked) -> Markup {
    let usual = studio.options().statement_timeout.as_secs().max(1);
    let seconds = usize::try_from(asked.seconds.unwrap_or(usual)).unwrap_or(1);
    html! {
        form.console method="post" action="across" data-across="#result"
            data-history=(history(studio, "across tenants")) {
            label.hidden for="sql" { "SQL" }
            textarea #sql name="sql" rows="6" required spellcheck="false" autocomplete="off"
                autocapitalize="off" autofocus aria-keyshortcuts="Control+Enter Meta+Enter"
                placeholder="SELECT …" { "\n" (asked.sql) }
            (which(&asked.choice))
            div.bar {
                button.main type="submit" title="Ctrl Enter" { "Run" }
                button type="button" data-cancel hidden { "Cancel" }
                (number("each", "Rows per tenant", &OF_EACH, asked.rows_of_each))
                (number("all", "Rows in total", &IN_ALL, asked.rows_in_all))
                (number("seconds", "Seconds per tenant", &[5, 15, 60, 300], seconds))
                button type="submit" name="as" value="csv" { "Run and download as CSV" }
                (asked.formulas.choice())
                span.quiet data-clock {}
            }
            (past())
        }
    }
}

fn which(choice: &Selection) -> Markup {
    let text = match choice {
        Selection::Containing(text) | Selection::BeginningWith(text) => text.as_str(),
        _ => "",
    };
    let names = match choice {
        Selection::Listed(names) => names.join("\n"),
        _ => String::new(),
    };
    let radio = |value: &str, label: &str, checked: bool| {
        html! {
            label.check {
                input type="radio" name="which" value=(value) id=(format!("which-{value}")) checked[checked];
                " " (label)
            }
        }
    };
    html! {
        fieldset.choose {
            legend { "Tenants" }
            (radio("all", "all", *choice == Selection::All))
            div.filter {
                (radio("containing", "whose name contains", matches!(choice, Selection::Containing(_))))
                (radio("beginning", "whose name begins with", matches!(choice, Selection::BeginningWith(_))))
                input type="search" name="text" value=(text) autocomplete="off" spellcheck="false"
                    aria-label="Part of the name" data-chooses="#which-containing";
            }
            div.filter {
                (radio("listed", "listed:", matches!(choice, Selection::Listed(_))))
                textarea name="names" rows="2" spellcheck="false" data-chooses="#which-listed"
                    aria-label="Names of tenants" placeholder="one name per line, or separated by commas" { "\n" (names) }
            }
        }
    }
}

/// What runs here and what does not.
pub(super) fn help(studio: &Studio) -> Markup {
    html! {
        details.panel.help {
            summary { "What can be run here" }
            p { "One SELECT, VALUES, TABLE or WITH that changes nothing, or EXPLAIN of one, even when writing is on. \
                 Four tenants are queried at a time, each in a separate read-only transaction. Names without a \
                 schema refer to the tenant's schema." }
            (behind(studio))
            p { "A tenant that fails is listed with its error and does not stop the others. Rows are in the order in which the \
                 tenants answered. Tenants with other columns than the first have a separate table." }
            p { "Functions still run, as the SQL page of a tenant explains." }
        }
    }
}
