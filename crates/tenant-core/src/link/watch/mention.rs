//! Whether the text of a request may set the path.
//!
//! The server says of a command no more than `SET` or `SELECT 1`. Most of these have
//! nothing to do with the path, and to ask after each of them would cost a round trip.

use std::collections::HashMap;

use super::frames::Frame;
use super::state::{Mark, until_zero};

/// The words in the text of each command that names the path, unless it is in a function. The
/// last word shows how the letters of a name can be written as numbers.
const NAMES: [&str; 3] = ["search_path", "set_config", "u&"];

/// What a text says of the path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mention {
    #[default]
    Nothing,
    /// Its end was not kept.
    Unknown,
    Path,
}

impl Mention {
    /// Of a text, of which `is_whole` says whether it is all there.
    pub(super) fn of(text: &[u8], is_whole: bool) -> Self {
        if text.starts_with(Mark::Ask.comment().as_bytes()) {
            return Self::Nothing;
        }
        match (names_path(text), is_whole) {
            (true, _) => Self::Path,
            (false, true) => Self::Nothing,
            (false, false) => Self::Unknown,
        }
    }
}

/// Whether one of the [`NAMES`] is in `text`, which is read once: few of its letters can begin
/// one.
fn names_path(mut text: &[u8]) -> bool {
    while let Some(at) = text.iter().position(|byte| begins_name(*byte)) {
        text = text.get(at..).unwrap_or_default();
        if NAMES.iter().any(|name| starts_with(text, name)) {
            return true;
        }
        text = text.get(1..).unwrap_or_default();
    }
    false
}

fn begins_name(byte: u8) -> bool {
    matches!(byte, b'S' | b's' | b'U' | b'u')
}

fn starts_with(text: &[u8], name: &str) -> bool {
    let beginning = text.get(..name.len());
    beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(name.as_bytes()))
}

/// The prepared statements of a connection that may set the path.
#[derive(Debug, Default)]
pub(super) struct Mentions(HashMap<Vec<u8>, Mention>);

impl Mentions {
    /// Takes in a message of the extended protocol; what it says of the path.
    pub(super) fn take(&mut self, frame: &Frame<'_>) -> Mention {
        let first = until_zero(frame.body);
        let rest = frame.body.get(first.len() + 1..).unwrap_or_default();
        match frame.tag {
            b'P' => {
                // Behind the text are the types of its parameters.
                let text = until_zero(rest);
                let mention = Mention::of(text, text.len() < rest.len());
                match mention {
                    Mention::Nothing => self.0.remove(first),
                    _ => self.0.insert(first.to_owned(), mention),
                };
                mention
            }
            // A portal, and the name of a statement.
            b'B' if !self.0.is_empty() => {
                let known = self.0.get(until_zero(rest));
                known.copied().unwrap_or_default()
            }
            // What is closed, and its name.
            b'C' => {
                self.0.remove(first.get(1..).unwrap_or_default());
                Mention::Nothing
            }
            _ => Mention::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_names_the_path_is_noticed_and_our_own_question_is_not() {
        for text in [
            "RESET search_path",
            "set SEARCH_PATH to default",
            "SELECT Set_Config($1, NULL, false)",
            r#"SET U&"\0073earch_path" TO DEFAULT"#,
        ] {
            assert_eq!(Mention::of(text.as_bytes(), true), Mention::Path, "{text}");
        }
        let plain = b"SET LOCAL lock_timeout TO '2s'";
        assert_eq!(Mention::of(plain, true), Mention::Nothing);
        assert_eq!(Mention::of(plain, false), Mention::Unknown);
        let ours = format!("{}SELECT 'search_path'", Mark::Ask.comment());
        assert_eq!(Mention::of(ours.as_bytes(), true), Mention::Nothing);
    }

    #[test]
    fn each_name_is_noticed_wherever_it_stands() {
        for name in NAMES {
            assert!(begins_name(name.as_bytes()[0]), "{name}");
            for text in [
                name.to_owned(),
                format!("ss {name}"),
                format!("su{name} us"),
            ] {
                assert!(names_path(text.to_uppercase().as_bytes()), "{text}");
                assert!(!names_path(&text.as_bytes()[..name.len() - 1]), "{text}");
            }
        }
    }

    #[test]
    fn a_prepared_statement_is_known_by_its_name() {
        let mut mentions = Mentions::default();
        let mut take = |tag, body: &[u8]| {
            let length = body.len();
            mentions.take(&Frame { tag, length, body })
        };
        assert_eq!(take(b'P', b"s1\0RESET search_path\0\0\0"), Mention::Path);
        assert_eq!(take(b'P', b"s2\0SELECT 1\0\0\0"), Mention::Nothing);
        assert_eq!(take(b'B', b"\0s1\0\0\0"), Mention::Path);
        assert_eq!(take(b'B', b"\0s2\0\0\0"), Mention::Nothing);
        assert_eq!(take(b'P', b"s1\0SELECT 2\0\0\0"), Mention::Nothing);
        assert_eq!(take(b'B', b"\0s1\0\0\0"), Mention::Nothing);
    }
}
