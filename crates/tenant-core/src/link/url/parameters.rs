//! The parameters of a connection, by libpq's names for them.

use std::collections::BTreeMap;

use super::known::{self, Kind, Known};
use crate::link::ConnectError;

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The text that names the database: a URL or `key=value` pairs.
    Given,
    /// The service file.
    Service,
    /// An environment variable.
    Variable(&'static str),
    /// The operating system.
    System,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Value {
    text: String,
    origin: Origin,
}

/// The parts of a connection, each under libpq's name for it.
#[derive(Clone, Default, PartialEq, Eq)]
pub(in crate::link) struct Parameters {
    values: BTreeMap<&'static str, Value>,
    password: Option<Vec<u8>>,
}

/// Whether names of options may be shown, or can be a part of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    Shown,
    Hidden,
}

impl Parameters {
    /// What it is, as text; an empty text says nothing.
    pub(in crate::link) fn get(&self, key: &str) -> Option<&str> {
        let value = self.values.get(key).map(|value| value.text.as_str());
        value.filter(|text| !text.is_empty())
    }

    /// Where it comes from, if something is said of it.
    pub(super) fn origin(&self, key: &str) -> Option<Origin> {
        let value = self.values.get(key).filter(|value| !value.text.is_empty());
        value.map(|value| value.origin)
    }

    /// The password.
    pub(super) fn password(&self) -> Option<&[u8]> {
        self.password.as_deref().filter(|text| !text.is_empty())
    }

    /// Sets the password, whatever it was.
    pub(in crate::link) fn set_password(&mut self, password: Vec<u8>) {
        self.password = Some(password);
    }

    /// The same without the password.
    pub(in crate::link) fn without_password(&self) -> Self {
        Self {
            password: None,
            values: self.values.clone(),
        }
    }

    /// Whether there is a password, or something said of it.
    pub(super) fn has(&self, key: &str) -> bool {
        match key {
            "password" => self.password().is_some(),
            _ => self.get(key).is_some(),
        }
    }

    /// All but the password, by name.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = self.values.iter();
        let all = all.map(|(key, value)| (*key, value.text.as_str()));
        all.filter(|(_, text)| !text.is_empty())
    }

    /// Sets one of the names that [`known`] lists.
    pub(in crate::link) fn set(&mut self, key: &'static str, text: impl Into<String>) {
        self.put(key, text.into(), Origin::Given);
    }

    pub(super) fn put(&mut self, key: &'static str, text: String, origin: Origin) {
        match key {
            "password" => self.password = Some(text.into_bytes()),
            _ => drop(self.values.insert(key, Value { text, origin })),
        }
    }

    /// Forgets what is said of it.
    pub(in crate::link) fn remove(&mut self, key: &str) {
        self.values.remove(key);
    }

    /// Adds an option as it is written in a URL or a file.
    ///
    /// # Errors
    ///
    /// The option is unknown, or belongs to another tool.
    pub(super) fn add(
        &mut self,
        key: &str,
        text: String,
        origin: Origin,
        names: Names,
    ) -> Result<(), String> {
        // As libpq reads what JDBC's drivers write.
        if (key, text.as_str()) == ("ssl", "true") {
            self.put("sslmode", "require".to_owned(), origin);
            return Ok(());
        }
        match known::find(key) {
            Some(known) => self.add_known(known, text, origin),
            None => match names {
                Names::Shown => Err(known::unknown(key)),
                Names::Hidden => Err(
                    "it has an option that is not known; its name is not shown, \
                                      for it can be a part of the password (characters that mean \
                                      something in a URL are percent-encoded in a password: `?` \
                                      as %3F, `&` as %26)"
                        .to_owned(),
                ),
            },
        }
    }

    fn add_known(&mut self, known: &Known, text: String, origin: Origin) -> Result<(), String> {
        let key = known.key;
        match known.kind {
            Kind::Used => self.put(key, text, origin),
            Kind::Ignored => {}
            Kind::Only(values) if values.contains(&text.to_ascii_lowercase().as_str()) => {}
            Kind::Only(values) => {
                return Err(format!(
                    "{} must be {} here",
                    named(key, origin),
                    values.join(" or ")
                ));
            }
            Kind::Missing(why) => return Err(format!("{}: {why}", named(key, origin))),
        }
        Ok(())
    }

    /// Takes from the variables what is not said yet. `get` returns the value of a
    /// variable.
    ///
    /// # Errors
    ///
    /// A variable asks for something that does not exist here.
    pub(super) fn fill_from<'a>(
        &mut self,
        get: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<(), String> {
        for known in known::ALL {
            let Some(variable) = known.variable else {
                continue;
            };
            if self.has(known.key) {
                continue;
            }
            if let Some(text) = get(variable).filter(|text| !text.is_empty()) {
                self.add_known(known, text.to_owned(), Origin::Variable(variable))?;
            }
        }
        Ok(())
    }

    /// How an error calls it: `its sslmode`, or the variable that says so.
    pub(super) fn named(&self, key: &str) -> String {
        let origin = self.values.get(key).map(|value| value.origin);
        named(key, origin.unwrap_or(Origin::Given))
    }

    /// One of a few values.
    ///
    /// # Errors
    ///
    /// It is none of them. It is not shown, for it can be a part of a password.
    pub(super) fn one_of<T: Copy>(
        &self,
        key: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, ConnectError> {
        let Some(text) = self.get(key) else {
            return Ok(None);
        };
        let found = choices.iter().find(|(name, _)| *name == text);
        let names = || {
            let names = choices.iter().map(|(name, _)| *name);
            names.collect::<Vec<_>>().join(", ")
        };
        match found {
            Some((_, choice)) => Ok(Some(*choice)),
            None => Err(super::invalid(format!(
                "{} must be one of {}",
                self.named(key),
                names()
            ))),
        }
    }

    /// A whole number.
    ///
    /// # Errors
    ///
    /// It is none.
    pub(super) fn number(&self, key: &str) -> Result<Option<i64>, ConnectError> {
        let Some(text) = self.get(key) else {
            return Ok(None);
        };
        let number = text.trim().parse::<i32>();
        let number =
            number.map_err(|_| super::invalid(format!("{} is no number", self.named(key))))?;
        Ok(Some(i64::from(number)))
    }
}

fn named(key: &str, origin: Origin) -> String {
    match origin {
        Origin::Given | Origin::System => format!("its {key}"),
        Origin::Service => format!("the {key} of its service"),
        Origin::Variable(name) => format!("the variable {name}"),
    }
}
