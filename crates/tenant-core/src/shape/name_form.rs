//! The form of a name of which each run of the migrations, or each month, makes another.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::forms::filled;
use crate::made_up::MadeUp;

/// The names of months as English writes them. A shorter form is their first letters.
pub(super) const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// How many letters the shorter form of a month's name has.
pub(super) const SHORT_MONTH: usize = 3;

/// From how many letters on a random text is always as long: the digits of a hash are, and
/// those of a number are not.
const HASH: usize = 16;

/// A part of a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Part {
    /// As it is.
    Exact(String),
    /// Digits: the minimum and the maximum number.
    Digits(usize, usize),
    /// The name of a month, whole or its first letters.
    Month,
    /// Letters and digits: the minimum and the maximum number.
    Any(usize, usize),
    /// The same with other characters between them, as in a UUID.
    AnySigns(usize, usize),
}

/// The form of a name. `Display` has three dots for what can be another text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NameForm(pub(super) Vec<Part>);

impl NameForm {
    /// The form of the name `name` and no other.
    pub(super) fn exact(name: &str) -> Self {
        Self(vec![Part::Exact(name.to_owned())])
    }

    /// The form of the name `name`, with anything in the place of what a trial has made up.
    pub(super) fn without(name: &str, made_up: &MadeUp) -> Self {
        let mut parts = Vec::new();
        let mut end = 0;
        for place in made_up.places(name) {
            let before = name.get(end..place.start).unwrap_or_default();
            parts.push(Part::Exact(before.to_owned()));
            parts.push(Part::AnySigns(1, sql_text::MAX_NAME));
            end = place.end;
        }
        let rest = name.get(end..).unwrap_or_default();
        parts.push(Part::Exact(rest.to_owned()));
        parts.retain(|part| !part.is_empty());
        Self(parts)
    }

    /// The form that both names have: what they begin and end with, and anything between.
    pub(super) fn of_both(one: &str, other: &str) -> Self {
        if one == other {
            return Self::exact(one);
        }
        let begin = shared(one.chars(), other.chars());
        let (one, other) = (skip(one, begin.len()), skip(other, begin.len()));
        let end = shared(one.chars().rev(), other.chars().rev());
        let between = |rest: &str| {
            let until = rest.len() - end.len();
            rest.get(..until).unwrap_or_default().to_owned()
        };
        let (one, other) = (between(one), between(other));
        let counts = [&one, &other].map(|rest| rest.chars().count());
        let (least, most) = match counts {
            [one, other] if one == other && one >= HASH => (one, one),
            [one, other] => (one.min(other).min(1), sql_text::MAX_NAME),
        };
        let is_plain = (one + &other).chars().all(char::is_alphanumeric);
        let any = if is_plain {
            Part::Any(least, most)
        } else {
            Part::AnySigns(least, most)
        };
        let end = end.chars().rev().collect::<String>();
        let parts = [Part::Exact(begin), any, Part::Exact(end)].into_iter();
        Self(parts.filter(|part| !part.is_empty()).collect())
    }

    /// How many letters of it are certain.
    pub(super) fn certain(&self) -> usize {
        let exact = self.0.iter().map(|part| match part {
            Part::Exact(text) => text.len(),
            _ => 0,
        });
        exact.sum()
    }

    /// Whether `name` has this form.
    pub(super) fn fits(&self, name: &str) -> bool {
        fits(&self.0, name)
    }

    /// The same with the schema's name where it has a place.
    pub(super) fn filled(&self, schema: &str) -> Self {
        let parts = self.0.iter().map(|part| match part {
            Part::Exact(text) => Part::Exact(filled(text, schema)),
            part => part.clone(),
        });
        Self(parts.collect())
    }

    /// What stands in it as it is.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Exact(text) => Some(text.as_str()),
            _ => None,
        })
    }
}

impl Part {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Exact(text) if text.is_empty()) || *self == Self::Any(0, 0)
    }
}

impl fmt::Display for NameForm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Exact(text) => formatter.write_str(text),
            _ => formatter.write_str("..."),
        })
    }
}

/// What both begin with, up to a letter that divides words: a random number and another can
/// begin with the same digit.
fn shared(one: impl Iterator<Item = char>, other: impl Iterator<Item = char>) -> String {
    let same = one.zip(other).take_while(|(one, other)| one == other);
    let same = same.map(|(letter, _)| letter).collect::<String>();
    let rest = same.rsplit(|letter: char| !letter.is_alphanumeric()).next();
    let end = same.len() - rest.map_or(0, str::len);
    same.get(..end).unwrap_or_default().to_owned()
}

fn skip(name: &str, bytes: usize) -> &str {
    name.get(bytes..).unwrap_or_default()
}

fn fits(parts: &[Part], name: &str) -> bool {
    let Some((first, rest)) = parts.split_first() else {
        return name.is_empty();
    };
    match first {
        Part::Exact(text) => name
            .strip_prefix(text.as_str())
            .is_some_and(|name| fits(rest, name)),
        Part::Digits(least, most) => fits_some(rest, name, (*least, *most), |letter| {
            letter.is_ascii_digit()
        }),
        Part::Any(least, most) => fits_some(rest, name, (*least, *most), char::is_alphanumeric),
        Part::AnySigns(least, most) => fits_some(rest, name, (*least, *most), |_| true),
        Part::Month => {
            let lower = name.to_lowercase();
            let mut forms = MONTHS
                .iter()
                .flat_map(|month| [Some(*month), month.get(..SHORT_MONTH)]);
            forms.any(|month| {
                month.is_some_and(|month| {
                    lower.starts_with(month) && fits(rest, skip(name, month.len()))
                })
            })
        }
    }
}

/// Whether `name` begins with a permitted number of letters of this kind, and `rest` fits what
/// follows.
fn fits_some(
    rest: &[Part],
    name: &str,
    (least, most): (usize, usize),
    is_one: impl Fn(char) -> bool,
) -> bool {
    let such = name.chars().take_while(|letter| is_one(*letter)).count();
    (least..=most.min(such)).any(|count| {
        let end = name.char_indices().nth(count).map_or(name.len(), |it| it.0);
        fits(rest, skip(name, end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_two_random_names_fits_a_third_and_no_other_name() {
        let hash = |name: char| name.to_string().repeat(HASH);
        let name = |hash: &str| format!("log_{hash}_x");
        let form = NameForm::of_both(&name(&hash('a')), &name(&hash('b')));
        assert_eq!(form.to_string(), "log_..._x");
        assert!(form.fits(&name(&hash('7'))));
        for other in ["77ab", "7-7777777777777a", &(hash('7') + "7")] {
            assert!(!form.fits(&name(other)), "{other}");
        }
        assert!(!form.fits(&format!("b{}", name(&hash('7')))));
        let uuid = |digit: &str| format!("log_{digit}-41d4-a716-44665544{digit}");
        let form = NameForm::of_both(&uuid("55a0"), &uuid("7c1e"));
        assert!(form.fits(&uuid("0000")) && !form.fits("log_of_mails"));
        for (one, other) in [("r7", "r1234"), ("r_17", "r_19")] {
            assert!(NameForm::of_both(one, other).fits(&format!("{one}55")));
        }
        assert!(!NameForm::exact("lucky").fits("lucky_2"));
    }

    #[test]
    fn the_form_of_a_month_fits_other_months() {
        let form = NameForm(vec![
            Part::Exact("sales_".to_owned()),
            Part::Digits(4, 4),
            Part::Exact("_".to_owned()),
            Part::Month,
        ]);
        for (name, does) in [
            ("sales_2025_dec", true),
            ("sales_2025_December", true),
            ("sales_25_dec", false),
            ("sales_2025_decade", false),
            ("sales_2025_12", false),
        ] {
            assert_eq!(form.fits(name), does, "{name}");
        }
        assert_eq!(form.to_string(), "sales_..._...");
    }
}
