//! Reads the keys of a TOML document, and collects every mistake with its place.

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::duration;
use super::mistake::{Mistake, position};
use super::nearest::nearest;
use super::placed::Placed;

/// A value with its place in the text.
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// Every key, by section. The first section is the top of the file.
pub(super) const KEYS: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "database_url",
            "migrations",
            "schema",
            "registry",
            "names",
            "path",
            "application",
            "hooks",
            "lint",
            "defaults",
        ],
    ),
    ("migrations", &["public", "tenant"]),
    ("schema", &["public", "tenant"]),
    (
        "registry",
        &["table", "query", "key", "schema_column", "only", "beside"],
    ),
    ("names", &["schema", "allow"]),
    ("path", &["behind", "extensions_schema", "shared_objects"]),
    ("application", &["role"]),
    ("hooks", &["seed", "on_drop", "on_rename"]),
    (
        "lint",
        &[
            "allowed_schemas",
            "disabled_rules",
            "enabled_rules",
            "postgres_version",
            "citus",
        ],
    ),
    (
        "defaults",
        &[
            "jobs",
            "lock_timeout",
            "wait",
            "statement_timeout",
            "max_failures",
            "transaction",
            "no_download",
        ],
    ),
];

/// The document that is read, and the mistakes in it.
pub(super) struct Reader<'a> {
    text: &'a str,
    mistakes: RefCell<Vec<Mistake>>,
}

/// One section of it.
pub(super) struct Section<'a> {
    name: &'static str,
    /// `None` if the file does not have it.
    table: Option<&'a DeTable<'a>>,
    reader: &'a Reader<'a>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            mistakes: RefCell::default(),
        }
    }

    /// The top of the document.
    pub(super) fn top(&'a self, document: &'a DeTable<'a>) -> Section<'a> {
        self.section("", Some(document))
    }

    fn section(&'a self, name: &'static str, table: Option<&'a DeTable<'a>>) -> Section<'a> {
        let section = Section {
            name,
            table,
            reader: self,
        };
        section.refuse_unknown();
        section
    }

    pub(super) fn refuse(&self, mistake: Mistake) {
        self.mistakes.borrow_mut().push(mistake);
    }

    pub(super) fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes.into_inner()
    }
}

impl<'a> Section<'a> {
    /// The section `name` of this one.
    pub(super) fn section(&self, name: &'static str) -> Section<'a> {
        let table = self.entry(name).and_then(|(_, value)| {
            let table = value.get_ref().as_table();
            if table.is_none() {
                self.refuse(value, &format!("`{name}` must be a section: `[{name}]`"));
            }
            table
        });
        self.reader.section(name, table)
    }

    /// Whether the file has it.
    pub(super) fn is_there(&self) -> bool {
        self.table.is_some()
    }

    /// The line of `key`, from 1, if the file has it.
    pub(super) fn line(&self, key: &str) -> Option<usize> {
        let (at, _) = self.entry(key)?;
        Some(position(self.reader.text, at).0)
    }

    /// The value of `key` as `read` understands it.
    pub(super) fn value<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&Value<'a>) -> Result<T, Expected>,
    ) -> Option<Placed<T>> {
        let (at, value) = self.entry(key)?;
        match read(value) {
            Ok(value) => Some(Placed {
                value,
                line: position(self.reader.text, at).0,
            }),
            Err(Expected { span, expected }) => {
                let message = format!("`{key}` must be {expected}");
                self.reader.refuse(Mistake::new(&span, message));
                None
            }
        }
    }

    /// Refuses `other` beside `key`: they exclude each other.
    pub(super) fn refuse_both(&self, key: &'static str, other: &'static str) {
        if let (Some(_), Some((_, value))) = (self.entry(key), self.entry(other)) {
            self.refuse(value, &format!("`{key}` and `{other}` exclude each other"));
        }
    }

    fn refuse(&self, value: &Value<'_>, message: &str) {
        self.reader
            .refuse(Mistake::new(&value.span(), message.to_owned()));
    }

    /// Where the key begins, and its value.
    fn entry(&self, key: &str) -> Option<(usize, &'a Value<'a>)> {
        let mut entries = self.table?.iter();
        let (name, value) = entries.find(|(name, _)| name.get_ref() == key)?;
        Some((name.span().start, value))
    }

    fn refuse_unknown(&self) {
        let keys = KEYS.iter().find(|(section, _)| *section == self.name);
        let known = keys.map_or(&[] as &[&str], |(_, keys)| *keys);
        for (key, _) in self.table.into_iter().flatten() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let message = unknown(name, self.name, known);
                self.reader.refuse(Mistake::new(&key.span(), message));
            }
        }
    }
}

/// What is said of a key that does not exist.
fn unknown(key: &str, section: &str, known: &[&str]) -> String {
    let elsewhere = KEYS.iter().find(|(_, keys)| keys.contains(&key));
    let instead = match (elsewhere, nearest(key, known.iter().copied())) {
        (_, Some(meant)) => format!("did you mean `{meant}`?"),
        (Some(("", _)), None) => format!("`{key}` belongs at the top of the file"),
        (Some((other, _)), None) => format!("`{key}` belongs in `[{other}]`"),
        (None, None) => of_all(key, section, known),
    };
    format!("unknown key `{key}`; {instead}")
}

fn of_all(key: &str, section: &str, known: &[&str]) -> String {
    let all = KEYS.iter().flat_map(|(other, keys)| {
        let keys = keys.iter().copied();
        keys.map(move |key| (*other, key))
    });
    let all = all.collect::<Vec<_>>();
    let meant = nearest(key, all.iter().map(|(_, key)| *key));
    let found = all.iter().find(|(_, key)| Some(*key) == meant);
    match found {
        Some((other, key)) if !other.is_empty() => {
            format!("did you mean `{key}` in `[{other}]`?")
        }
        _ => {
            let here = match section {
                "" => "at the top of the file".to_owned(),
                section => format!("in `[{section}]`"),
            };
            let known = known.iter().map(|key| format!("`{key}`"));
            let known = known.collect::<Vec<_>>().join(", ");
            format!("the keys {here} are {known}")
        }
    }
}

/// What was expected where something else is.
pub(super) struct Expected {
    span: std::ops::Range<usize>,
    expected: String,
}

impl Expected {
    pub(super) fn at(value: &Value<'_>, expected: &str) -> Self {
        let found = value.get_ref().type_str();
        let article = if found.starts_with(['a', 'i']) {
            "an"
        } else {
            "a"
        };
        Self {
            span: value.span(),
            expected: format!("{expected}; it is {article} {found}"),
        }
    }

    /// The type is right, and the value is not.
    pub(super) fn of(value: &Value<'_>, expected: &str) -> Self {
        Self {
            span: value.span(),
            expected: expected.to_owned(),
        }
    }
}

/// A text that is not empty.
pub(super) fn text(value: &Value<'_>) -> Result<String, Expected> {
    match value.get_ref().as_str() {
        Some(text) if text.trim().is_empty() => {
            Err(Expected::of(value, "a string that is not empty"))
        }
        Some(text) if text.contains('\0') => Err(Expected::of(value, "a string without NUL")),
        Some(text) => Ok(text.to_owned()),
        None => Err(Expected::at(value, "a string")),
    }
}

/// Several texts; a single one is a list of one.
pub(super) fn texts(value: &Value<'_>) -> Result<Vec<String>, Expected> {
    match value.get_ref() {
        DeValue::String(_) => Ok(vec![text(value)?]),
        DeValue::Array(values) => values.iter().map(text).collect(),
        _ => Err(Expected::at(value, "a list of strings")),
    }
}

pub(super) fn boolean(value: &Value<'_>) -> Result<bool, Expected> {
    let boolean = value.get_ref().as_bool();
    boolean.ok_or_else(|| Expected::at(value, "true or false"))
}

/// A whole number of at least 1.
pub(super) fn count(value: &Value<'_>) -> Result<NonZeroUsize, Expected> {
    const EXPECTED: &str = "a whole number of at least 1";
    let Some(number) = value.get_ref().as_integer() else {
        return Err(Expected::at(value, EXPECTED));
    };
    usize::from_str_radix(number.as_str(), number.radix())
        .ok()
        .and_then(NonZeroUsize::new)
        .ok_or_else(|| Expected::of(value, EXPECTED))
}

pub(super) fn duration(value: &Value<'_>) -> Result<Duration, Expected> {
    match value.get_ref() {
        DeValue::String(text) => duration::parse(text),
        DeValue::Integer(number) if number.as_str() == "0" => Some(Duration::ZERO),
        _ => return Err(Expected::at(value, duration::EXPECTED)),
    }
    .ok_or_else(|| Expected::of(value, duration::EXPECTED))
}
