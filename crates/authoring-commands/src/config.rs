//! The parts of a Diesel configuration that matter here. What else stands in
//! the file is between the user and the Diesel CLI.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use command_line::exit::UsageError;
use command_line::files::read_if_there;
use regex::Regex;
use schema_diff::Filter;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// What a `diesel.STREAM.toml` says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    pub(crate) print_schema: PrintSchema,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PrintSchema {
    pub(crate) file: Option<PathBuf>,
    #[serde(deserialize_with = "filter")]
    pub(crate) filter: Filter,
}

/// The filter as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    only_tables: Option<Vec<String>>,
    except_tables: Option<Vec<String>>,
}

fn filter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Filter, D::Error> {
    let written = Written::deserialize(deserializer)?;
    match (written.only_tables, written.except_tables) {
        (None, None) => Ok(Filter::All),
        (Some(only), None) => compiled(&only).map(Filter::Only),
        (None, Some(except)) => compiled(&except).map(Filter::Except),
        (Some(_), Some(_)) => {
            return Err(D::Error::custom(
                "`only_tables` and `except_tables` cannot be combined",
            ));
        }
    }
    .map_err(D::Error::custom)
}

fn compiled(expressions: &[String]) -> Result<Vec<Regex>, regex::Error> {
    expressions.iter().map(|one| Regex::new(one)).collect()
}

/// Reads the file; one that is not there says nothing.
pub(crate) fn read(file: &Path) -> anyhow::Result<Config> {
    let unusable = || format!("could not use the configuration {}", file.display());
    let Some(text) = read_if_there(file).with_context(unusable)? else {
        return Ok(Config::default());
    };
    let read = toml::from_str(&text);
    read.map_err(|error| anyhow!(UsageError(error.to_string())))
        .with_context(unusable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(filter: &str) -> Result<Filter, toml::de::Error> {
        let text = format!("[print_schema.filter]\n{filter}\n");
        toml::from_str::<Config>(&text).map(|config| config.print_schema.filter)
    }

    #[test]
    fn a_filter_is_read_as_it_is_written() {
        assert!(!read("only_tables = [\"^a$\"]").unwrap().includes("ab"));
        assert!(!read("except_tables = [\"^a\"]").unwrap().includes("ab"));
        assert!(read("").unwrap().includes("ab"));
    }

    #[test]
    fn a_filter_that_cannot_be_understood_is_refused() {
        for text in [
            "only_tables = [\"(\"]",
            "only_tables = [\"a\"]\nexcept_tables = [\"b\"]",
            "tables = [\"a\"]",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
