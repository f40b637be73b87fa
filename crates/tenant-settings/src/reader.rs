//! Reads the keys of a TOML document, and collects every mistake with its place.

use std::cell::RefCell;

use toml::de::DeTable;

use crate::keys::{KEYS, unknown};
use crate::mistake::{Found, position};
use crate::placed::Placed;
use crate::value::{Expected, Value};

/// The document that is read, and the mistakes in it.
pub(crate) struct Reader<'a> {
    text: &'a str,
    mistakes: RefCell<Vec<Found>>,
}

/// One section of it.
pub(crate) struct Section<'a> {
    name: &'static str,
    /// `None` if the file does not have it.
    table: Option<&'a DeTable<'a>>,
    reader: &'a Reader<'a>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            mistakes: RefCell::default(),
        }
    }

    /// The top of the document.
    pub(crate) fn top(&'a self, document: &'a DeTable<'a>) -> Section<'a> {
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

    pub(crate) fn refuse(&self, mistake: Found) {
        self.mistakes.borrow_mut().push(mistake);
    }

    pub(crate) fn into_mistakes(self) -> Vec<Found> {
        self.mistakes.into_inner()
    }
}

impl<'a> Section<'a> {
    /// The section `name` of this one.
    pub(crate) fn section(&self, name: &'static str) -> Section<'a> {
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
    pub(crate) fn is_there(&self) -> bool {
        self.table.is_some()
    }

    /// The line of `key`, from 1, if the file has it.
    pub(crate) fn line(&self, key: &str) -> Option<usize> {
        let (at, _) = self.entry(key)?;
        Some(position(self.reader.text, at).0)
    }

    /// The value of `key` as `read` understands it.
    pub(crate) fn value<T>(
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
            Err(expected) => {
                self.reader.refuse(expected.mistake(key));
                None
            }
        }
    }

    /// Refuses `other` beside `key`: they exclude each other.
    pub(crate) fn refuse_both(&self, key: &'static str, other: &'static str) {
        if let (Some(_), Some((_, value))) = (self.entry(key), self.entry(other)) {
            self.refuse(
                value,
                &format!("`{key}` and `{other}` cannot be used together"),
            );
        }
    }

    /// Refuses `key` without `other`, to which it belongs.
    pub(crate) fn refuse_without(&self, key: &'static str, other: &'static str) {
        if let (Some((_, value)), None) = (self.entry(key), self.entry(other)) {
            self.refuse(value, &format!("`{key}` needs `{other}`, which is missing"));
        }
    }

    fn refuse(&self, value: &Value<'_>, message: &str) {
        self.reader
            .refuse(Found::new(&value.span(), message.to_owned()));
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
                self.reader.refuse(Found::new(&key.span(), message));
            }
        }
    }
}
