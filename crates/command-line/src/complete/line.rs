//! [`Line`]: what has been typed so far, as words.
//!
//! Bash, zsh and fish hand over the text as it stands on the line, with its quotes. Bash
//! alone would cut words at each `=` and `:`, and `--only=acme` would be three.

use std::ffi::OsString;

/// What has been typed up to the cursor.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// The words before the one at the cursor; the first is the program.
    pub(super) before: Vec<String>,
    /// The word at the cursor, without quotes.
    pub(super) current: String,
    /// The same as it was typed.
    pub(super) raw: String,
    /// Whether the cursor is inside quotes.
    pub(super) quote: Quote,
}

/// What the shell reads a character in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Quote {
    #[default]
    None,
    Single,
    Double,
}

impl Line {
    /// Words that a shell has read already.
    pub(super) fn of_words(words: &[OsString]) -> Self {
        let mut before = words
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect::<Vec<_>>();
        let current = before.pop().unwrap_or_default();
        Self {
            before,
            raw: current.clone(),
            current,
            quote: Quote::None,
        }
    }

    /// Reads the text of a command line. The words begin with the program called `name`,
    /// whatever stands before it: variables, `sudo`, another command. `variable` is the
    /// value of a variable of the shell's environment. None where a file is to follow, as
    /// after `>`.
    pub(super) fn read(
        text: &str,
        name: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Option<Self> {
        let mut reader = Reader::new(variable);
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            reader.take(letter, &mut letters);
        }
        let (line, is_file) = (reader.line, reader.is_file);
        Some(line.beginning_with(name)).filter(|_| !is_file)
    }

    fn beginning_with(mut self, name: &str) -> Self {
        let is_program = |word: &String| word.rsplit('/').next() == Some(name);
        let is_assignment = |word: &String| !word.contains('=');
        let begin = self.before.iter().position(is_program);
        // An alias has another name.
        let begin = begin.or_else(|| self.before.iter().position(is_assignment));
        self.before.drain(..begin.unwrap_or_default());
        self
    }
}

/// Reads a line letter by letter.
struct Reader<V> {
    variable: V,
    line: Line,
    /// Whether the word at the cursor is one, although it may be empty: `''`.
    is_word: bool,
    /// Whether the word names the file of a redirection.
    is_file: bool,
}

type Letters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

impl<V: Fn(&str) -> Option<String>> Reader<V> {
    fn new(variable: V) -> Self {
        Self {
            variable,
            line: Line::default(),
            is_word: false,
            is_file: false,
        }
    }

    fn take(&mut self, letter: char, letters: &mut Letters<'_>) {
        match (letter, self.line.quote) {
            (' ' | '\t' | '\n', Quote::None) => return self.end_word(),
            (';' | '|' | '&' | '(', Quote::None) => return self.begin_command(),
            ('<' | '>', Quote::None) => return self.redirect(),
            _ => {}
        }
        self.line.raw.push(letter);
        self.is_word = true;
        match (letter, self.line.quote) {
            ('\'', Quote::None) => self.line.quote = Quote::Single,
            ('"', Quote::None) => self.line.quote = Quote::Double,
            ('\'', Quote::Single) | ('"', Quote::Double) => self.line.quote = Quote::None,
            ('\\', Quote::None | Quote::Double) => self.escaped(letters),
            ('$', Quote::None | Quote::Double) => self.expand(letters),
            _ => self.line.current.push(letter),
        }
    }

    fn end_word(&mut self) {
        let raw = std::mem::take(&mut self.line.raw);
        let mut word = std::mem::take(&mut self.line.current);
        if !std::mem::take(&mut self.is_word) {
            return;
        }
        if let (Some(rest), Some(home)) = (raw.strip_prefix("~/"), (self.variable)("HOME")) {
            word = format!("{home}/{rest}");
        }
        if !std::mem::take(&mut self.is_file) {
            self.line.before.push(word);
        }
    }

    fn begin_command(&mut self) {
        self.end_word();
        self.line.before.clear();
        self.is_file = false;
    }

    fn redirect(&mut self) {
        if self.line.raw.chars().all(|letter| letter.is_ascii_digit()) {
            // The number of the stream belongs to the sign: `2>`.
            self.line.raw.clear();
            self.line.current.clear();
            self.is_word = false;
        }
        self.end_word();
        self.is_file = true;
    }

    /// What follows a backslash.
    fn escaped(&mut self, letters: &mut Letters<'_>) {
        let Some(letter) = letters.next() else { return };
        self.line.raw.push(letter);
        if self.line.quote == Quote::Double && !"\\\"$`".contains(letter) {
            self.line.current.push('\\');
        }
        self.line.current.push(letter);
    }

    /// What follows a dollar sign.
    fn expand(&mut self, letters: &mut Letters<'_>) {
        let mut name = String::new();
        let is_in_braces = letters.next_if_eq(&'{').is_some();
        while let Some(letter) =
            letters.next_if(|next| next.is_ascii_alphanumeric() || *next == '_')
        {
            name.push(letter);
        }
        let braces = match is_in_braces {
            true => ("{", letters.next_if_eq(&'}').map_or("", |_| "}")),
            false => ("", ""),
        };
        let written = format!("{}{name}{}", braces.0, braces.1);
        self.line.raw.push_str(&written);
        match (self.variable)(&name) {
            Some(value) => self.line.current.push_str(&value),
            None => self.line.current.push_str(&format!("${written}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Vec<String>, String)> {
        let variable = |name: &str| match name {
            "URL" => Some("postgres://h/shop".to_owned()),
            "HOME" => Some("/home/me".to_owned()),
            _ => None,
        };
        let line = Line::read(text, "tenants", variable)?;
        Some((line.before, line.current))
    }

    #[test]
    fn a_line_is_read_as_a_shell_reads_it() {
        for (text, before, current) in [
            ("tenants ", vec!["tenants"], ""),
            ("tenants dr", vec!["tenants"], "dr"),
            ("tenants  drop a", vec!["tenants", "drop"], "a"),
            ("./x/tenants drop ''", vec!["./x/tenants", "drop"], ""),
            ("A=b sudo tenants drop a", vec!["tenants", "drop"], "a"),
            ("A=b t drop a", vec!["t", "drop"], "a"),
            ("cd x && tenants drop a", vec!["tenants", "drop"], "a"),
            (
                "tenants migrate --only=eu:a",
                vec!["tenants", "migrate"],
                "--only=eu:a",
            ),
            ("tenants drop 'my t", vec!["tenants", "drop"], "my t"),
            ("tenants drop \"my \\\"t", vec!["tenants", "drop"], "my \"t"),
            (r"tenants drop my\ t", vec!["tenants", "drop"], "my t"),
            ("tenants drop 'a;b' c", vec!["tenants", "drop", "a;b"], "c"),
            (
                "tenants --database-url \"$URL\" x",
                vec!["tenants", "--database-url", "postgres://h/shop"],
                "x",
            ),
            (
                "tenants --database-url=${URL} x",
                vec!["tenants", "--database-url=postgres://h/shop"],
                "x",
            ),
            (
                "tenants --database-url '$URL' x",
                vec!["tenants", "--database-url", "$URL"],
                "x",
            ),
            (
                "tenants --config ~/t.toml x",
                vec!["tenants", "--config", "/home/me/t.toml"],
                "x",
            ),
            ("tenants 2>log drop a", vec!["tenants", "drop"], "a"),
        ] {
            let expected = (
                before.iter().map(ToString::to_string).collect(),
                current.to_owned(),
            );
            assert_eq!(read(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn no_word_of_the_program_follows_a_redirection() {
        assert_eq!(read("tenants list > "), None);
        assert_eq!(read("tenants list 2>er"), None);
    }

    #[test]
    fn a_word_is_also_known_as_it_was_typed() {
        let line = Line::read("tenants drop eu:'my t", "tenants", |_| None).unwrap();
        assert_eq!((line.raw.as_str(), line.quote), ("eu:'my t", Quote::Single));
        assert_eq!(line.current, "eu:my t");
    }
}
