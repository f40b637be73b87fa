//! Whether what migrations make can depend on the time at which they run.

use sql_text::{Text, TokenKind, tokens};

use super::mentions::content;

/// The words by which SQL asks for the time.
const TIME_WORDS: [&str; 11] = [
    "now",
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
    "timeofday",
    // It makes partitions of periods.
    "partman",
];

/// The constants that mean a moment when they are read.
const TIME_CONSTANTS: [&str; 4] = ["now", "today", "tomorrow", "yesterday"];

/// The first words of statements that run what they contain at once.
const RUN_AT_ONCE: [&str; 7] = [
    "do", "select", "with", "call", "execute", "values", "perform",
];

/// What a statement says.
pub(crate) struct Code {
    /// The statement without its comments, and with the contents of its strings.
    pub(crate) text: String,
    /// Whether it can make something that depends on when it runs.
    pub(crate) asks_the_clock: bool,
    /// Where it is: the migration, the file, and the line.
    pub(crate) at: String,
}

impl Code {
    pub(super) fn of(statement: &str, at: String) -> Self {
        let mut text = String::new();
        code(statement, &mut text);
        Self {
            text,
            asks_the_clock: depends_on_time(statement),
            at,
        }
    }
}

/// What a migration has in it: words, and constants one by one.
#[derive(Default)]
struct Read {
    words: Vec<String>,
    constants: Vec<String>,
}

impl Read {
    fn of(statement: &str) -> Self {
        let mut read = Self::default();
        read.add(statement);
        read
    }

    fn add(&mut self, text: &str) {
        for token in tokens(text) {
            match token.kind {
                TokenKind::Word => self.words.push(token.text.to_ascii_lowercase()),
                TokenKind::Text(how) => {
                    let inside = content(&token, how);
                    if how == Text::Dollar || is_code(&inside) {
                        self.add(&inside);
                    }
                    self.constants.push(inside.trim().to_ascii_lowercase());
                }
                _ => {}
            }
        }
    }

    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|it| it == word)
    }

    fn asks_the_time(&self) -> bool {
        let is_time = |it: &String| TIME_CONSTANTS.contains(&it.as_str());
        TIME_WORDS.iter().any(|word| self.has(word)) || self.constants.iter().any(is_time)
    }
}

/// Whether a string can be a statement to be run.
fn is_code(inside: &str) -> bool {
    inside.contains(char::is_whitespace) && inside.contains(['(', '_'])
}

/// Whether a statement can make something that depends on when it runs. A default or a
/// trigger that asks for the time when a row is written does not.
pub(super) fn depends_on_time(statement: &str) -> bool {
    let read = Read::of(statement);
    if !read.asks_the_time() {
        return false;
    }
    let is_time = |it: &String| TIME_CONSTANTS.contains(&it.as_str());
    let runs_at_once = read
        .words
        .first()
        .is_some_and(|first| RUN_AT_ONCE.contains(&first.as_str()));
    let of_partition = read.words.windows(2).any(|two| two == ["for", "values"]);
    runs_at_once || of_partition || read.constants.iter().any(is_time) || puts_together(&read)
}

/// Whether it makes a function that puts SQL together of the time.
pub(super) fn makes_by_time(statement: &str) -> bool {
    let read = Read::of(statement);
    read.asks_the_time() && puts_together(&read)
}

fn puts_together(read: &Read) -> bool {
    let is_function = read.has("function") || read.has("procedure");
    let first = read.words.first().map(String::as_str);
    first == Some("create") && is_function && read.has("execute")
}

/// A statement without its comments, and with the contents of its strings.
fn code(statement: &str, code: &mut String) {
    for token in tokens(statement) {
        match token.kind {
            _ if token.is_trivia() => code.push(' '),
            TokenKind::Text(Text::Dollar) => self::code(&content(&token, Text::Dollar), code),
            TokenKind::Text(how) => {
                code.push('\'');
                code.push_str(&content(&token, how));
                code.push('\'');
            }
            _ => code.push_str(token.text),
        }
    }
    code.push(' ');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_makes_something_of_the_time_is_found() {
        for (statement, depends) in [
            (
                "DO $$ BEGIN EXECUTE 'CREATE TABLE t_' || to_char(now(), 'YYYY'); END $$",
                true,
            ),
            ("SELECT make_parts(current_date)", true),
            (
                "CREATE TABLE p PARTITION OF t FOR VALUES FROM (date_trunc('month', now())) TO ('2030-01-01')",
                true,
            ),
            ("ALTER TABLE t ALTER at SET DEFAULT 'today'", true),
            (
                "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'CREATE TABLE t_' || extract(year from now()); END $$",
                true,
            ),
            ("CREATE TABLE t (at timestamptz DEFAULT now())", false),
            (
                "CREATE TRIGGER t BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION now_at()",
                false,
            ),
            (
                "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at = now(); RETURN NEW; END $$",
                false,
            ),
            ("INSERT INTO t (at) VALUES (now())", false),
            ("DO $$ BEGIN PERFORM 1; END $$", false),
            ("COMMENT ON TABLE t IS 'what we know now'", false),
        ] {
            assert_eq!(depends_on_time(statement), depends, "{statement}");
        }
    }

    #[test]
    fn code_has_no_comments_and_the_strings_without_quotes_of_their_own() {
        let mut text = String::new();
        code(
            "-- 2026\nDO $$ -- of 2025\nBEGIN x := 'a''b'; END $$",
            &mut text,
        );
        assert!(!text.contains("202") && text.contains("'a'b'"), "{text}");
    }
}
