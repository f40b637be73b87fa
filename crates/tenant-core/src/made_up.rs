//! The door that every text goes through which comes from a trial run: no name that the
//! migrations were only tried under is shown to people, nor a mark of this program's own.

use std::borrow::Cow;
use std::ops::Range;

use crate::name::REHEARSAL_PREFIX;

/// How many letters of a made-up name stand together nowhere by accident.
const TELLING: usize = 5;

/// How many digits of the number of a made-up database do not.
const TELLING_DIGITS: usize = 8;

/// What stands in the place of a made-up name in what is said of a tenant.
pub(crate) const VARIES: &str = "...";

/// What stands in the place of a made-up name in what the server said of a trial.
pub(crate) const TRIAL: &str = "(trial run)";

/// The letters of made-up names: none that a number in hexadecimal digits has.
pub(crate) const LETTERS: &[u8] = b"ghjkmnpqrstvwxyz";

/// The forms of made-up names: `x` is one of the letters. None is a part of another.
const FORMS: [&str; 3] = ["xxxxx_xxxxxxx", "xxxxxxxx_xxxxxxxxxx", "xxxAxxx_xxxxBxxxxx"];

/// The made-up part of a schema's name, without what a template for schema names puts around
/// it: what stands there stands elsewhere too.
pub(crate) fn core(schema: &str) -> &str {
    let is_letter = |letter: u8| LETTERS.contains(&letter);
    let has_form = |part: &str, form: &str| {
        let mut letters = part.bytes().zip(form.bytes());
        letters.all(|(letter, of)| {
            if of == b'x' {
                is_letter(letter)
            } else {
                letter == of
            }
        })
    };
    let cores = FORMS.into_iter().rev().flat_map(|form| {
        let starts = 0..=schema.len().saturating_sub(form.len());
        starts.filter_map(move |start| {
            let part = schema.get(start..start + form.len())?;
            has_form(part, form).then_some(part)
        })
    });
    // The longest form first: the end of another looks like a shorter one.
    let longest = cores.max_by_key(|core| core.len());
    longest.unwrap_or(schema)
}

/// Characters that this program alone writes, which Unicode sets apart for that.
const MARKS: Range<char> = '\u{fdd0}'..'\u{fdf0}';

/// Names that migrations were tried under. A part of such a name is recognized as well: a
/// name that is too long is cut, and migrations leave out underscores or change the case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MadeUp(Vec<String>);

/// A letter or a digit of a text, in small letters, and where it stands.
struct Letter {
    letter: char,
    range: Range<usize>,
}

impl MadeUp {
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().collect())
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.0
    }

    /// Whether one of the names stands in a text, or a part that is nowhere by accident.
    pub(crate) fn show_in(&self, text: &str) -> bool {
        !self.places(text).is_empty()
    }

    /// The text with `instead` in their places.
    pub(crate) fn hidden_in<'a>(&self, text: &'a str, instead: &str) -> Cow<'a, str> {
        let places = self.places(text);
        if places.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut hidden = String::with_capacity(text.len());
        let mut end = 0;
        for place in places {
            hidden.push_str(text.get(end..place.start).unwrap_or_default());
            hidden.push_str(instead);
            end = place.end;
        }
        hidden.push_str(text.get(end..).unwrap_or_default());
        Cow::Owned(hidden)
    }

    /// Where they stand, in order.
    pub(crate) fn places(&self, text: &str) -> Vec<Range<usize>> {
        let mut places = Vec::<Range<usize>>::new();
        for name in &self.0 {
            for place in places_of(name, text) {
                let is_free = |it: &Range<usize>| it.end <= place.start || place.end <= it.start;
                if places.iter().all(is_free) {
                    places.push(place);
                }
            }
        }
        places.sort_by_key(|place| place.start);
        places
    }
}

/// The text without marks.
pub(crate) fn unmarked(text: &str) -> Cow<'_, str> {
    let is_mark = |letter: char| MARKS.contains(&letter);
    if text.is_ascii() || !text.contains(is_mark) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(is_mark, VARIES))
}

fn letters(text: &str) -> Vec<Letter> {
    let letters = text.char_indices();
    let letters = letters.filter(|(_, letter)| letter.is_ascii_alphanumeric());
    let letters = letters.map(|(at, letter)| Letter {
        letter: letter.to_ascii_lowercase(),
        range: at..at + 1,
    });
    letters.collect()
}

/// Where `name` stands in a text: the longest parts, and with them underscores between.
fn places_of(name: &str, text: &str) -> Vec<Range<usize>> {
    let fixed = match name.strip_prefix(REHEARSAL_PREFIX) {
        Some(_) => letters(REHEARSAL_PREFIX).len(),
        None => 0,
    };
    let wanted = letters(name).into_iter().map(|it| it.letter);
    let wanted = wanted.collect::<Vec<_>>();
    let there = letters(text);
    let is_joined = |at: usize| {
        let (Some(one), Some(next)) = (there.get(at), there.get(at + 1)) else {
            return false;
        };
        let between = text.get(one.range.end..next.range.start);
        between.is_some_and(|between| between.chars().all(|it| it == '_'))
    };
    let mut places = Vec::new();
    let mut at = 0;
    while at < there.len() {
        let longest = (0..wanted.len()).map(|from| {
            let mut count = 0;
            while let (Some(one), Some(other)) = (there.get(at + count), wanted.get(from + count)) {
                if one.letter != *other || count > 0 && !is_joined(at + count - 1) {
                    break;
                }
                count += 1;
            }
            // What made-up databases have in common says little by itself.
            let needed = match from {
                _ if fixed == 0 => TELLING,
                0 => fixed + TELLING - 1,
                from if from < fixed => usize::MAX,
                _ => TELLING_DIGITS,
            };
            if count >= needed { count } else { 0 }
        });
        let longest = longest.max().unwrap_or_default();
        let ends = at.checked_add(longest).and_then(|end| end.checked_sub(1));
        match (there.get(at), ends.and_then(|end| there.get(end))) {
            (Some(first), Some(last)) if longest > 0 => {
                let start = first.range.start;
                let begins_so = fixed > 0 && text.get(..start).is_some_and(|it| it.ends_with('_'));
                places.push(start - usize::from(begins_so)..last.range.end);
                at += longest;
            }
            _ => at += 1,
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_hidden_whole_cut_and_in_other_forms_and_nothing_else_is() {
        let names =
            MadeUp::new(["sqqAgkn_zpghBwrst", "_rehearsal_0123456789abcdef"].map(str::to_owned));
        for (text, hidden) in [
            (
                "relation \"sqqAgkn_zpghBwrst.t\" is gone",
                "relation \"....t\" is gone",
            ),
            ("part_sqqAgkn__id_seq", "part_...__id_seq"),
            ("x_sqqag", "x_..."),
            ("SQQAGKNZPGHBWRST-1", "...-1"),
            ("x_hBwrst_y", "x_..._y"),
            ("of__rehearsal_0123456789abcdef", "of_..."),
            ("of__rehearsal_01234567", "of_..."),
            ("rehearsal0123456789abcdef", "..."),
            ("the rehearsal of a play", "the rehearsal of a play"),
            ("sqqA", "sqqA"),
            ("tasks", "tasks"),
            ("sqq Agk", "sqq Agk"),
        ] {
            assert_eq!(names.hidden_in(text, VARIES), hidden, "{text}");
            assert_eq!(names.show_in(text), text != hidden, "{text}");
        }
    }

    #[test]
    fn the_made_up_part_is_told_from_what_a_template_puts_around_it() {
        for made_up in ["ghjkm_npqrstv", "ghjkmnpq_rstvwxyzgh", "ghjAkmn_pqrsBtvwxy"] {
            for (before, after) in [("", ""), ("org_", ""), ("Tenant-", "_x"), ("xyz", "")] {
                let schema = format!("{before}{made_up}{after}");
                assert_eq!(core(&schema), made_up, "{schema}");
            }
        }
        assert_eq!(
            core("_rehearsal_0123456789abcdef"),
            "_rehearsal_0123456789abcdef"
        );
        assert_eq!(core("acme"), "acme");
    }

    #[test]
    fn no_mark_is_left() {
        assert_eq!(unmarked("log_\u{fdd9}_\u{fddf}"), "log_..._...");
        assert_eq!(unmarked("größe"), "größe");
    }
}
