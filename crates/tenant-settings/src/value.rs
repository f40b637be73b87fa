//! Values of the file: which type is expected, and what is there instead.

use std::num::NonZeroUsize;
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use crate::duration;
use crate::mistake::Found;

/// A value with its place in the text.
pub(crate) type Value<'a> = Spanned<DeValue<'a>>;

/// What was expected where something else is.
pub(crate) struct Expected {
    span: std::ops::Range<usize>,
    expected: String,
}

impl Expected {
    pub(crate) fn at(value: &Value<'_>, expected: &str) -> Self {
        let found = value.get_ref().type_str();
        let article = if found.starts_with(['a', 'i']) {
            "an"
        } else {
            "a"
        };
        Self {
            span: value.span(),
            expected: format!("{expected}, but is {article} {found}"),
        }
    }

    /// The same as a mistake in the value of `key`.
    pub(crate) fn mistake(&self, key: &str) -> Found {
        Found::new(&self.span, format!("`{key}` must be {}", self.expected))
    }

    /// The type is right, and the value is not.
    pub(crate) fn of(value: &Value<'_>, expected: &str) -> Self {
        Self {
            span: value.span(),
            expected: expected.to_owned(),
        }
    }
}

/// A text that is not empty.
pub(crate) fn text(value: &Value<'_>) -> Result<String, Expected> {
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
pub(crate) fn texts(value: &Value<'_>) -> Result<Vec<String>, Expected> {
    match value.get_ref() {
        DeValue::String(_) => Ok(vec![text(value)?]),
        DeValue::Array(values) => values.iter().map(text).collect(),
        _ => Err(Expected::at(value, "a list of strings")),
    }
}

pub(crate) fn boolean(value: &Value<'_>) -> Result<bool, Expected> {
    let boolean = value.get_ref().as_bool();
    boolean.ok_or_else(|| Expected::at(value, "true or false"))
}

/// A whole number of at least 1.
pub(crate) fn count(value: &Value<'_>) -> Result<NonZeroUsize, Expected> {
    const EXPECTED: &str = "a whole number of at least 1";
    let Some(number) = value.get_ref().as_integer() else {
        return Err(Expected::at(value, EXPECTED));
    };
    usize::from_str_radix(number.as_str(), number.radix())
        .ok()
        .and_then(NonZeroUsize::new)
        .ok_or_else(|| Expected::of(value, EXPECTED))
}

pub(crate) fn duration(value: &Value<'_>) -> Result<Duration, Expected> {
    match value.get_ref() {
        DeValue::String(text) => duration::parse(text),
        DeValue::Integer(number) if number.as_str() == "0" => Some(Duration::ZERO),
        _ => return Err(Expected::at(value, duration::EXPECTED)),
    }
    .ok_or_else(|| Expected::of(value, duration::EXPECTED))
}
