//! A command that has ended, and what a user would notice of it.

use std::fmt;

use serde_json::Value;

use crate::schema;

/// How each document begins: with its version.
const START: &str = "{\n  \"schema_version\": 1";

/// A command that has ended.
///
/// Whatever it was, it did not panic, and wrote nothing that only a terminal understands. A
/// JSON document that it printed is as its schema says.
#[derive(Debug)]
pub struct Finished {
    line: String,
    code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl Finished {
    #[track_caller]
    pub(crate) fn new(line: String, code: Option<i32>, stdout: String, stderr: String) -> Self {
        let finished = Self {
            line,
            code,
            stdout,
            stderr,
        };
        assert!(finished.code.is_some(), "it hung, or crashed: {finished}");
        assert!(!finished.stderr.contains("panicked"), "{finished}");
        for text in [&finished.stdout, &finished.stderr] {
            assert!(
                !text.contains('\u{1b}'),
                "escape codes without a terminal: {finished:?}"
            );
        }
        if finished.stdout.starts_with(START) {
            let violations = schema::violations(&finished.line, &finished.foreign_json());
            assert_eq!(violations, [""; 0], "{finished}");
        }
        finished
    }

    /// Its exit code is `code`.
    #[track_caller]
    pub fn exits_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// All went well.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.exits_with(0)
    }

    /// Something went wrong, whatever the exit code says about it.
    #[track_caller]
    pub fn fails(self) -> Self {
        assert_ne!(self.code, Some(0), "{self}");
        self
    }

    /// Its standard output contains `text`.
    #[track_caller]
    pub fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "not printed: {text}\n{self}");
        self
    }

    /// Its standard error contains `text`.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "not said: {text}\n{self}");
        self
    }

    /// There is nothing on its standard output.
    #[track_caller]
    pub fn prints_nothing(self) -> Self {
        assert_eq!(self.stdout, "", "{self}");
        self
    }

    /// There is nothing on its standard error.
    #[track_caller]
    pub fn says_nothing(self) -> Self {
        assert_eq!(self.stderr, "", "{self}");
        self
    }

    /// `secret` is neither in what it prints nor in what it says.
    #[track_caller]
    pub fn conceals(self, secret: &str) -> Self {
        let shown = format!("{}{}", self.stdout, self.stderr);
        assert!(!shown.contains(secret), "{secret} is shown: {self}");
        self
    }

    /// Its standard output as the one JSON document that it has to be. The version, which each
    /// document begins with, is left out.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert!(self.stdout.starts_with(START), "no version first\n{self}");
        let mut read = self.foreign_json();
        let fields = read.as_object_mut();
        fields.and_then(|fields| fields.remove("schema_version"));
        read
    }

    /// The same of a document whose form others have set.
    #[track_caller]
    pub fn foreign_json(&self) -> Value {
        let read = serde_json::from_str(&self.stdout);
        read.unwrap_or_else(|error| panic!("not one JSON document: {error}\n{self}"))
    }

    /// The same with all durations set to zero, once it is sure that they are
    /// numbers.
    #[track_caller]
    pub fn json_without_times(&self) -> Value {
        without_times(self.json())
    }

    /// Its document has all that `expected` has, durations aside.
    #[track_caller]
    pub fn includes(&self, expected: &Value) {
        let document = self.json_without_times();
        assert!(
            includes(&document, expected),
            "expected {expected:#}\n{self}"
        );
    }

    /// The message of a failure in JSON.
    #[track_caller]
    pub fn error_message(&self) -> String {
        let document = self.json();
        let message = document.pointer("/error/message").and_then(Value::as_str);
        let message = message.map(str::to_owned);
        message.unwrap_or_else(|| panic!("no error in the document: {self}"))
    }
}

impl fmt::Display for Finished {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "\n$ {}\n-> exit code {:?}\n--- standard output\n{}--- standard error\n{}",
            self.line, self.code, self.stdout, self.stderr
        )
    }
}

/// Sets every `duration_ms` to zero.
#[track_caller]
fn without_times(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                if name == "duration_ms" {
                    assert!(field.is_number(), "a duration is no number: {field}");
                    *field = 0.into();
                } else {
                    *field = without_times(field.take());
                }
            }
        }
        Value::Array(elements) => {
            for element in elements {
                *element = without_times(element.take());
            }
        }
        _ => {}
    }
    value
}

/// What became of a tenant, in a run's document: as expected, without an error.
pub fn outcome(name: &str, status: &str, applied: &[&str]) -> Value {
    serde_json::json!({
        "name": name, "status": status, "applied": applied, "messages": [],
        "messages_left_out": 0, "duration_ms": 0, "error": null,
    })
}

/// Whether `whole` has all that `part` has: an object may have more fields.
fn includes(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(name, part)| whole.get(name).is_some_and(|whole| includes(whole, part))),
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len()
                && whole
                    .iter()
                    .zip(part)
                    .all(|(whole, part)| includes(whole, part))
        }
        _ => whole == part,
    }
}
