//! Comma-separated values, as in RFC 4180. NULL is an empty field, and the empty text is `""`.
//!
//! A spreadsheet runs a cell that begins like a formula, and a customer can have entered it into a
//! form. So such a cell gets an apostrophe before it unless it is a number. Source: OWASP, "CSV
//! Injection".

use std::borrow::Cow;

use maud::{Markup, html};

use crate::url;

/// What a cell begins with that a spreadsheet takes for a formula. The last four are the
/// wide forms, which some spreadsheets read as the others.
const BEGINNINGS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// What is done with formulas.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Formulas {
    /// They are made text, with an apostrophe before them.
    #[default]
    AsText,
    /// They stay what they are.
    Kept,
}

/// The parameter for it, and the value that switches it off.
const PARAMETER: &str = "formulas";
const KEPT: &str = "kept";

impl Formulas {
    /// What an address or a form asks for.
    pub(crate) fn of(parameters: Option<&str>) -> Self {
        match url::parameter(parameters, PARAMETER) {
            Some(asked) if asked == KEPT => Self::Kept,
            _ => Self::AsText,
        }
    }

    /// The choice beside a button. A box without a tick sends nothing: then the hidden
    /// field is the last word.
    pub(crate) fn choice(self) -> Markup {
        html! {
            input type="hidden" name=(PARAMETER) value=(KEPT);
            label.check title="A cell that begins with = + - @ gets an apostrophe, so that a spreadsheet does not run it. Numbers stay numbers." {
                input type="checkbox" name=(PARAMETER) value="text" checked[self == Self::AsText];
                "Formulas as text"
            }
        }
    }
}

/// One value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'a> {
    text: Option<&'a str>,
    is_number: bool,
}

impl<'a> Value<'a> {
    /// The value of a column of text, or of numbers. `None` is NULL.
    pub(crate) fn new(text: Option<&'a str>, is_number: bool) -> Self {
        Self { text, is_number }
    }

    /// A text.
    pub(crate) fn text(text: &'a str) -> Self {
        Self::new(Some(text), false)
    }

    fn is_formula(self) -> bool {
        let text = self.text.unwrap_or_default();
        let is_negative = text.starts_with('-') && (self.is_number || is_number(text));
        text.starts_with(BEGINNINGS) && !is_negative
    }
}

/// A line of these values.
pub(crate) fn line<'a>(values: impl Iterator<Item = Value<'a>>, formulas: Formulas) -> String {
    let values = values.map(|value| match (value.text, formulas) {
        (None, _) => Cow::Borrowed(""),
        (Some(text), Formulas::AsText) if value.is_formula() => quoted(&format!("'{text}")).into(),
        (Some(text), _) => quoted(text).into(),
    });
    let mut line = values.collect::<Vec<Cow<'_, str>>>().join(",");
    line.push_str("\r\n");
    line
}

fn quoted(text: &str) -> String {
    let has_to_be = text.is_empty() || text.contains(['"', ',', '\n', '\r']) || text.trim() != text;
    match has_to_be {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

/// Whether it is a number and nothing else.
fn is_number(text: &str) -> bool {
    let is_plain =
        |letter: char| letter.is_ascii_digit() || matches!(letter, '-' | '.' | 'e' | 'E' | '+');
    text.chars().all(is_plain) && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_the_empty_text_and_text_with_quotes_differ() {
        let values = [
            Some(""),
            Some("a\"b"),
            Some("c,\nd"),
            Some(" e"),
            Some("f g"),
        ];
        let values = values.map(|text| Value::new(text, false));
        let values = std::iter::once(Value::new(None, false)).chain(values);
        let expected = ",\"\",\"a\"\"b\",\"c,\nd\",\" e\",f g\r\n";
        assert_eq!(line(values, Formulas::AsText), expected);
    }

    fn of(text: &str, is_number: bool) -> String {
        let line = line(
            std::iter::once(Value::new(Some(text), is_number)),
            Formulas::AsText,
        );
        line.trim_end_matches("\r\n").to_owned()
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for text in [
            "=1+1",
            "+1",
            "-1+1",
            "@SUM(A1)",
            "=cmd|' /C calc'!A0",
            "-1-2",
            "-",
            "--1",
            "＝1",
        ] {
            assert_eq!(of(text, false), format!("'{text}"));
        }
        assert_eq!(of("\t=1", false), "'\t=1");
        assert_eq!(of("\r=1", false), "\"'\r=1\"");
        assert_eq!(
            of("=HYPERLINK(\"http://x\",1)", false),
            "\"'=HYPERLINK(\"\"http://x\"\",1)\""
        );
        let kept = line(std::iter::once(Value::text("=1+1")), Formulas::Kept);
        assert_eq!(kept, "=1+1\r\n");
    }

    #[test]
    fn a_negative_number_stays_a_number() {
        for text in ["-5", "-0.02", "-1e-7", "5", "a=b", "a-b", "'x"] {
            assert_eq!(of(text, false), text);
        }
        // Also as a column of numbers has it.
        for text in ["-Infinity", "-$5.00"] {
            assert_eq!(of(text, true), text);
        }
        assert_eq!(of("-$5.00", false), "'-$5.00");
    }

    #[test]
    fn an_address_without_a_choice_makes_formulas_text() {
        let asked = |query| Formulas::of(Some(query));
        assert_eq!(asked("sort=a"), Formulas::AsText);
        assert_eq!(asked("formulas=kept"), Formulas::Kept);
        assert_eq!(asked("formulas=kept&formulas=text"), Formulas::AsText);
    }
}
