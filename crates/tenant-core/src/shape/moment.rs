//! What of a moment stays the same from one run of the migrations to the next: a year, a
//! month. Two runs show no difference there, and last year's tenants differ.
//!
//! It is looked for only where migrations ask for the time in what they run at once, and
//! where the statements that make an object do not have the same in them.

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;

use super::moment_numbers::{Epoch, ShortMonth};
use super::name_form::{MONTHS, NameForm, Part, SHORT_MONTH};
use super::object::{Aspect, ObjectName};
use super::written::{Written, about, words};

/// How many digits a year has.
const YEAR: usize = 4;

/// How many digits a number behind or before a year has at the most: of a day of the year.
const BESIDE: usize = 3;

/// The years and months near the moment of a trial.
#[derive(Debug, Clone, Default)]
pub(crate) struct Moments {
    /// In four digits.
    years: Vec<String>,
    /// The year in two digits with the month, and with month and day.
    numbers: Vec<String>,
    /// Names in small letters, whole and their first letters.
    months: Vec<String>,
    /// Years in two digits with the month behind a sign.
    shorts: Vec<ShortMonth>,
    /// In seconds.
    epoch: Epoch,
    /// The text of the migrations.
    text: Arc<str>,
}

/// These of one object, or of one aspect of it.
pub(super) struct Here<'a> {
    moments: &'a Moments,
    written: &'a [Written],
    of: (&'a ObjectName, Option<Aspect>),
    /// What the migrations say of it.
    code: OnceCell<String>,
}

/// Where something of a moment stands in a text, and what can stand there instead.
struct Span {
    range: Range<usize>,
    parts: Vec<Part>,
}

/// Letters, digits, or one other character.
struct Run<'a> {
    start: usize,
    text: &'a str,
}

impl Moments {
    /// Those near `days`, dates in ISO form, of migrations with this text.
    pub(crate) fn near(days: &[String], text: &str) -> Self {
        let mut moments = Self {
            text: text.into(),
            ..Self::default()
        };
        for day in days {
            let digits = day.split('-').map(str::parse::<usize>);
            let Ok([year, month, day]) = <[_; 3]>::try_from(digits.flatten().collect::<Vec<_>>())
            else {
                continue;
            };
            let years = [year.saturating_sub(1), year, year + 1];
            moments.years.extend(years.map(|year| year.to_string()));
            let short = year % 100;
            moments.shorts.push(ShortMonth::new(year, month));
            moments.numbers.push(format!("{short:02}{month:02}"));
            moments
                .numbers
                .push(format!("{short:02}{month:02}{day:02}"));
            let name = month.checked_sub(1).and_then(|at| MONTHS.get(at));
            let forms = name.map(|name| [Some(*name), name.get(..SHORT_MONTH)]);
            let forms = forms.into_iter().flatten().flatten();
            moments.months.extend(forms.map(str::to_owned));
        }
        moments
    }

    /// The same with the seconds since 1970.
    pub(crate) fn at(self, seconds: u64) -> Self {
        Self {
            epoch: Epoch::at(seconds),
            ..self
        }
    }

    /// Whether the body of a function stands so in a migration.
    pub(super) fn have_body(&self, body: &str) -> bool {
        self.text.contains(body)
    }

    /// Sooner than the runs of a text tell.
    fn may_stand_in(&self, text: &str) -> bool {
        let stands = |forms: &[String]| forms.iter().any(|form| text.contains(form.as_str()));
        if self.years.is_empty() {
            return false;
        }
        let text = &text.to_lowercase();
        stands(&self.years)
            || stands(&self.numbers)
            || self.epoch.stands_in(text)
            || self.shorts.iter().any(|it| it.may_stand_in(text))
            || self
                .months
                .iter()
                .any(|month| text.contains(month.as_str()))
    }

    /// The first and the last run of what is the moment's at a place, none before `free`.
    fn found_at(&self, runs: &[Run<'_>], free: usize, at: usize) -> Option<(usize, usize)> {
        let text = |at: usize| runs.get(at).map_or("", |run| run.text);
        let alone = text(at);
        if self.is_of(alone) {
            return Some((backward(runs, free, at), forward(runs, at)));
        }
        if self.epoch.is_near(alone) {
            let has_fraction = text(at + 1) == "." && is_number(text(at + 2));
            return Some((at, if has_fraction { at + 2 } else { at }));
        }
        let before = at.checked_sub(1).map_or("", text);
        let four = [before, alone, text(at + 1), text(at + 2)];
        let is_short = self.shorts.iter().any(|short| short.is(four));
        is_short.then(|| (at, forward(runs, at)))
    }

    /// Whether a run is a year, with or without more of a date behind it, or a month.
    fn is_of(&self, run: &str) -> bool {
        if run.starts_with(|letter: char| letter.is_ascii_digit()) {
            let (year, rest) = run.split_at(YEAR.min(run.len()));
            let is_date =
                rest.len() != 1 && rest.len() <= 4 && self.years.iter().any(|it| it == year);
            return is_date || self.numbers.iter().any(|it| it == run);
        }
        let run = run.to_lowercase();
        self.months.contains(&run)
    }
}

impl<'a> Here<'a> {
    pub(super) fn new(
        moments: &'a Moments,
        written: &'a [Written],
        of: (&'a ObjectName, Option<Aspect>),
    ) -> Self {
        Self {
            moments,
            written,
            of,
            code: OnceCell::new(),
        }
    }

    /// Whether something of the moment stands in a text, and not in what makes it.
    pub(super) fn stand_in(&self, text: &str) -> bool {
        self.spans(text).next().is_some()
    }

    /// Where it stands.
    pub(super) fn places(&self, text: &str) -> impl Iterator<Item = Range<usize>> {
        self.spans(text).map(|span| span.range)
    }

    fn code(&self) -> &str {
        self.code
            .get_or_init(|| about(self.written, self.of.0, self.of.1))
    }

    /// The form of a name with something of the moment in it.
    pub(super) fn form_of(&self, name: &str) -> Option<NameForm> {
        let mut parts = Vec::new();
        let mut end = 0;
        for span in self.spans(name) {
            parts.push(Part::Exact(name.get(end..span.range.start)?.to_owned()));
            end = span.range.end;
            parts.extend(span.parts);
        }
        if parts.is_empty() {
            return None;
        }
        parts.push(Part::Exact(name.get(end..)?.to_owned()));
        Some(NameForm(parts))
    }

    fn spans(&self, text: &str) -> impl Iterator<Item = Span> {
        let runs = if self.moments.may_stand_in(text) && !self.is_written(text) {
            runs(text)
        } else {
            Vec::new()
        };
        let mut spans = Vec::new();
        let mut free = 0;
        for at in 0..runs.len() {
            if at < free {
                continue;
            }
            let Some((first, last)) = self.moments.found_at(&runs, free, at) else {
                continue;
            };
            free = last + 1;
            let of = runs.get(first..free).unwrap_or_default();
            let alone = runs.get(at).map_or("", |run| run.text);
            let (Some(begin), Some(end)) = (of.first(), of.last()) else {
                continue;
            };
            let range = begin.start..end.start + end.text.len();
            // A day that is written down has a time behind it where PostgreSQL reads it.
            let ends = of
                .iter()
                .skip(at - first)
                .map(|run| run.start + run.text.len());
            let mut dates = ends.map(|end| text.get(begin.start..end).unwrap_or_default());
            let is_written =
                dates.any(|date| self.is_written(date)) || self.is_written_in(text, alone);
            if !is_written {
                let parts = of.iter().map(|run| part(run.text)).collect();
                spans.push(Span { range, parts });
            }
        }
        spans.into_iter()
    }

    /// Whether a year or a month of `text` is written: in a name, as a part of another name
    /// that PostgreSQL can have put the name together of.
    fn is_written_in(&self, text: &str, alone: &str) -> bool {
        if self.of.1.is_some() {
            return self.is_written(alone);
        }
        let (text, alone) = (text.to_lowercase(), alone.to_lowercase());
        words(self.code())
            .into_iter()
            .any(|word| word.contains(&alone) && text.contains(&word))
    }

    /// Whether the statements that make it have a text in them, and not only as a part of a
    /// date.
    pub(super) fn is_written(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let text = text.trim();
        let is_digit = |letter: Option<char>| letter.is_some_and(|it| it.is_ascii_digit());
        let is_apart = |near: Option<char>, beyond: Option<char>| {
            let is_more = near == Some('-') && is_digit(beyond);
            !is_more && !near.is_some_and(char::is_alphanumeric)
        };
        let code = self.code();
        let mut found = code.match_indices(text);
        !text.is_empty()
            && found.any(|(at, _)| {
                let mut before = code.get(..at).unwrap_or_default().chars().rev();
                let mut after = code.get(at + text.len()..).unwrap_or_default().chars();
                is_apart(before.next(), before.next()) && is_apart(after.next(), after.next())
            })
    }
}

fn part(run: &str) -> Part {
    match run.len() {
        count if is_number(run) && count >= YEAR => Part::Digits(count, count),
        _ if is_number(run) => Part::Digits(1, BESIDE),
        _ if is_month(run) => Part::Month,
        _ => Part::Exact(run.to_owned()),
    }
}

/// The first run that belongs to the date at `at`, none before `free`.
fn backward(runs: &[Run<'_>], free: usize, at: usize) -> usize {
    let mut first = at;
    while let (Some(sign), Some(number)) = (first.checked_sub(1), first.checked_sub(2)) {
        let is = |at: usize, what: fn(&str) -> bool| runs.get(at).is_some_and(|it| what(it.text));
        if number < free || !is(sign, divides) || !is(number, is_beside) {
            break;
        }
        first = number;
    }
    first
}

/// The last one.
fn forward(runs: &[Run<'_>], at: usize) -> usize {
    let mut last = at;
    let is = |at: usize, what: fn(&str) -> bool| runs.get(at).is_some_and(|it| what(it.text));
    loop {
        let next = last + 1 + usize::from(is(last + 1, divides));
        let next = next + usize::from(is(next, is_unit));
        if next == last + 1 || !is(next, is_beside) {
            return last;
        }
        last = next;
    }
}

fn divides(run: &str) -> bool {
    matches!(run, "-" | "_" | "/" | "." | " ")
}

/// What stands before the number of a quarter, a week, a month or a day.
fn is_unit(run: &str) -> bool {
    matches!(
        run.to_lowercase().as_str(),
        "q" | "w" | "wk" | "m" | "d" | "p" | "t"
    )
}

fn is_beside(run: &str) -> bool {
    is_number(run) && run.len() <= BESIDE || is_month(run)
}

fn is_number(run: &str) -> bool {
    run.starts_with(|letter: char| letter.is_ascii_digit())
}

fn is_month(run: &str) -> bool {
    let run = run.to_lowercase();
    let mut months = MONTHS.iter();
    months.any(|month| run == *month || Some(run.as_str()) == month.get(..SHORT_MONTH))
}

fn runs(text: &str) -> Vec<Run<'_>> {
    let kind = |letter: char| match letter {
        _ if letter.is_ascii_digit() => 0,
        _ if letter.is_alphabetic() => 1,
        _ => 2,
    };
    let mut runs: Vec<Run<'_>> = Vec::new();
    for (at, letter) in text.char_indices() {
        let here = kind(letter);
        if let Some(run) = runs.last_mut()
            && here != 2
            && run.text.chars().next().map(kind) == Some(here)
            && let Some(longer) = text.get(run.start..at + letter.len_utf8())
        {
            run.text = longer;
        } else if let Some(one) = text.get(at..at + letter.len_utf8()) {
            runs.push(Run {
                start: at,
                text: one,
            });
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::object::ObjectKind;

    fn moments() -> Moments {
        let days = ["2026-11-29", "2026-11-30", "2026-12-01"].map(str::to_owned);
        Moments::near(&days, "").at(1_796_040_000)
    }

    fn table(name: &str) -> ObjectName {
        ObjectName {
            kind: ObjectKind::Table,
            table: None,
            name: name.to_owned(),
        }
    }

    #[test]
    fn a_year_and_a_month_in_a_name_are_found_with_what_belongs_to_them() {
        let form_of = |name: &str| {
            let (moments, of) = (moments(), table(name));
            Here::new(&moments, &[], (&of, None)).form_of(name)
        };
        for (name, fitting) in [
            ("sales_2026", "sales_2025"),
            ("sales_2026_11", "sales_2025_3"),
            ("sales_2026_q4", "sales_2027_q1"),
            ("inv202611", "inv202509"),
            ("log_30_11_2026_x", "log_1_2_2024_x"),
            ("logs_nov", "logs_jan"),
            ("logs_2026_November", "logs_2024_may"),
            ("week_2026w48", "week_2025w3"),
            ("d_261130", "d_250101"),
            ("le_26_11", "le_25_09"),
            ("le_2611", "le_2509"),
            ("d-26-11-30", "d-25-1-2"),
            ("log_1796040000", "log_1764500000"),
        ] {
            let form = form_of(name);
            let form = form.unwrap_or_else(|| panic!("nothing in {name}"));
            assert!(form.fits(name), "{name}: {form}");
            assert!(form.fits(fitting), "{name}: {form} does not fit {fitting}");
        }
        for name in [
            "sales",
            "sales_1999",
            "sales_20261",
            "novel",
            "t12026",
            "x_26",
            "le26_11",
            "x_26_10",
            "log_1764500000",
        ] {
            assert_eq!(form_of(name), None, "{name}");
        }
    }

    #[test]
    fn what_the_statement_that_makes_it_has_in_it_is_of_no_moment() {
        for (code, text, is_of_moment) in [
            (
                "CREATE TABLE t (at date DEFAULT '2026-11-05')",
                "2026-11-05",
                false,
            ),
            (
                "CREATE TABLE t (at date DEFAULT '2026-11-05')",
                "2026-11-05 00:00:00",
                false,
            ),
            (
                "CREATE TABLE t (at date DEFAULT '2026-11-05')",
                "2026",
                true,
            ),
            (
                "CREATE TABLE t (at date DEFAULT '2026-11-05')",
                "2026-11",
                true,
            ),
            ("CREATE TABLE t (n int DEFAULT 2026, at int)", "2026", true),
            ("CREATE TABLE t (at int DEFAULT 2026)", "2026", false),
            ("CREATE TABLE t (at int CHECK (at > 2026))", "2026", true),
            ("ALTER TABLE t ALTER at SET DEFAULT x20261", "2026", true),
            ("INSERT INTO t (at) VALUES (2026)", "2026", true),
            ("ALTER TABLE t ALTER at SET DEFAULT 'May be'", "may", false),
            (
                "CREATE TABLE t (at int DEFAULT 1796040000)",
                "1796040000",
                false,
            ),
            ("CREATE TABLE t (at int)", "1796040000", true),
        ] {
            let written = [Written::new(code, false, String::new())];
            let (moments, of) = (
                moments(),
                ObjectName {
                    kind: ObjectKind::Column,
                    table: Some("t".to_owned()),
                    name: "at".to_owned(),
                },
            );
            let here = Here::new(&moments, &written, (&of, Some(Aspect::Default)));
            assert_eq!(here.stand_in(text), is_of_moment, "{code}: {text}");
        }
    }

    #[test]
    fn a_name_that_is_written_is_of_no_moment_and_a_number_elsewhere_says_nothing() {
        for (code, is_of_moment) in [
            ("CREATE TABLE sales_2026 (id int)", false),
            (
                "DO 'BEGIN EXECUTE ''CREATE TABLE sales_2026 (id int)''; END'",
                false,
            ),
            ("INSERT INTO t VALUES (2026)", true),
            ("CREATE TABLE t (y int CHECK (y < 2026))", true),
        ] {
            let written = [Written::new(code, false, String::new())];
            let (moments, of) = (moments(), table("sales_2026"));
            let here = Here::new(&moments, &written, (&of, None));
            assert_eq!(here.stand_in("sales_2026"), is_of_moment, "{code}");
        }
    }
}
