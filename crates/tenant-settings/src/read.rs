//! From the text of the file to what it says.

use std::path::{Path, PathBuf};

use tenant_core::TenantState;
use toml::de::{DeTable, DeValue};

use crate::files::shown;
use crate::mistake;
use crate::placed::{PerStream, Placed};
use crate::reader::{Reader, Section};
use crate::table_name::TableName;
use crate::value::{Expected, Value, boolean, count, duration, text as string, texts};
use crate::written::{
    DatabaseUrl, Defaults, Hooks, Lint, Names, PathAtRunTime, RegistryPlace, Transaction, Written,
};
use crate::{Mistake, SettingsError};

/// What stands for the tenant's name in a template.
const NAME: &str = "{name}";

/// Reads `text`, which is in `file`.
///
/// # Errors
///
/// Every mistake, with its place.
pub(crate) fn settings(text: &str, file: &Path) -> Result<Written, SettingsError> {
    let document =
        DeTable::parse(text).map_err(|error| Mistake::of_toml(shown(file), text, &error))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let reader = Reader::new(text);
    let written = whole(&reader.top(document.get_ref()), folder);
    let mistakes = reader.into_mistakes();
    if mistakes.is_empty() {
        Ok(written)
    } else {
        Err(mistake::error(text, file, mistakes))
    }
}

fn whole(top: &Section<'_>, folder: &Path) -> Written {
    let migrations = top.section("migrations");
    let schema = top.section("schema");
    Written {
        database_url: top.value("database_url", database_url),
        migrations: PerStream {
            public: migrations.value("public", |value| paths(value, folder)),
            tenant: migrations.value("tenant", |value| paths(value, folder)),
        },
        schema: PerStream {
            public: schema.value("public", |value| path(value, folder)),
            tenant: schema.value("tenant", |value| path(value, folder)),
        },
        registry: registry(&top.section("registry")),
        names: names(&top.section("names")),
        path: path_at_run_time(&top.section("path")),
        application_role: top.section("application").value("role", string),
        hooks: hooks(&top.section("hooks"), folder),
        lint: lint(top),
        defaults: defaults(&top.section("defaults")),
    }
}

/// `"postgres://..."` or `{ env = "NAME" }`.
fn database_url(value: &Value<'_>) -> Result<DatabaseUrl, Expected> {
    const EXPECTED: &str = "a URL, or `{ env = \"NAME\" }` for a variable with the URL";
    let DeValue::Table(table) = value.get_ref() else {
        return match value.get_ref() {
            DeValue::String(_) => string(value).map(DatabaseUrl::Text),
            _ => Err(Expected::at(value, EXPECTED)),
        };
    };
    let mut entries = table.iter();
    match (entries.next(), entries.next()) {
        (Some((key, name)), None) if key.get_ref() == "env" => match string(name)? {
            name if is_variable(&name) => Ok(DatabaseUrl::Variable(name)),
            // It may be the URL itself, with its password.
            _ => Err(Expected::of(name, EXPECTED)),
        },
        _ => Err(Expected::of(value, EXPECTED)),
    }
}

fn is_variable(name: &str) -> bool {
    let mut letters = name.chars();
    let is_letter = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    letters.next().is_some_and(is_letter)
        && letters.all(|letter| is_letter(letter) || letter.is_ascii_digit())
}

fn registry(section: &Section<'_>) -> RegistryPlace {
    for key in ["table", "key", "schema_column", "state_column", "only"] {
        section.refuse_both("query", key);
    }
    section.refuse_without("beside", "query");
    if section.line("query").is_none() {
        section.refuse_without("states", "state_column");
    }
    RegistryPlace {
        table: section.value("table", table),
        query: section.value("query", string),
        key: section.value("key", string),
        schema_column: section.value("schema_column", string),
        state_column: section.value("state_column", string),
        states: section.value("states", states),
        only: section.value("only", string),
        beside: section.value("beside", table),
    }
}

fn table(value: &Value<'_>) -> Result<TableName, Expected> {
    const EXPECTED: &str = "a table with its schema, such as \"public.organizations\"";
    TableName::parse(&string(value)?).ok_or_else(|| Expected::of(value, EXPECTED))
}

/// The application's words, each with the state that it means.
fn states(value: &Value<'_>) -> Result<Vec<(String, TenantState)>, Expected> {
    const STATES: &str = "\"active\", \"suspended\" or \"trashed\"";
    let Some(table) = value.get_ref().as_table() else {
        let expected = "a table, such as `{ blocked = \"suspended\" }`";
        return Err(Expected::at(value, expected));
    };
    let states =
        table.iter().map(
            |(word, state)| match TenantState::from(string(state)?.as_str()) {
                TenantState::Other(_) => Err(Expected::of(state, STATES)),
                known => Ok((word.get_ref().to_string(), known)),
            },
        );
    states.collect()
}

fn names(section: &Section<'_>) -> Names {
    Names {
        schema: section.value("schema", template),
        allow: section.value("allow", string),
    }
}

fn template(value: &Value<'_>) -> Result<String, Expected> {
    let template = string(value)?;
    if template.matches(NAME).count() == 1 {
        return Ok(template);
    }
    let expected = "a template that contains `{name}` once, such as \"org_{name}\"";
    Err(Expected::of(value, expected))
}

fn path_at_run_time(section: &Section<'_>) -> PathAtRunTime {
    PathAtRunTime {
        behind: section.value("behind", texts),
        extensions_schema: section.value("extensions_schema", string),
        shared_objects: section.value("shared_objects", texts),
    }
}

fn hooks(section: &Section<'_>, folder: &Path) -> Hooks {
    let files = |key| section.value(key, |value| paths(value, folder));
    Hooks {
        seed: files("seed"),
        on_drop: files("on_drop"),
        after_drop: files("after_drop"),
        on_rename: files("on_rename"),
    }
}

fn lint(top: &Section<'_>) -> Option<Placed<Lint>> {
    let section = top.section("lint");
    if !section.is_there() {
        return None;
    }
    let list = |key| {
        let list = section.value(key, texts);
        list.map(|list| list.value).unwrap_or_default()
    };
    let version = section.value("postgres_version", |value| {
        let expected = "a major version of PostgreSQL, such as 15";
        let version = u32::try_from(count(value)?.get());
        version.map_err(|_| Expected::of(value, expected))
    });
    let value = Lint {
        allowed_schemas: list("allowed_schemas"),
        disabled_rules: list("disabled_rules"),
        enabled_rules: list("enabled_rules"),
        postgres_version: version.map(|version| version.value),
        citus: section
            .value("citus", boolean)
            .is_some_and(|citus| citus.value),
    };
    let line = top.line("lint").unwrap_or_default();
    Some(Placed { value, line })
}

fn defaults(section: &Section<'_>) -> Defaults {
    Defaults {
        jobs: section.value("jobs", count),
        lock_timeout: section.value("lock_timeout", duration),
        wait: section.value("wait", duration),
        statement_timeout: section.value("statement_timeout", duration),
        max_failures: section.value("max_failures", count),
        transaction: section.value("transaction", transaction),
        no_download: section.value("no_download", boolean),
    }
}

fn transaction(value: &Value<'_>) -> Result<Transaction, Expected> {
    const EXPECTED: &str = "\"schema\" or \"migration\"";
    match value.get_ref().as_str() {
        Some("schema") => Ok(Transaction::Schema),
        Some("migration") => Ok(Transaction::Migration),
        Some(_) => Err(Expected::of(value, EXPECTED)),
        None => Err(Expected::at(value, EXPECTED)),
    }
}

/// A path, which starts at the folder of the file.
fn path(value: &Value<'_>, folder: &Path) -> Result<PathBuf, Expected> {
    string(value).map(|path| folder.join(path))
}

fn paths(value: &Value<'_>, folder: &Path) -> Result<Vec<PathBuf>, Expected> {
    let paths = texts(value)?;
    if paths.is_empty() {
        return Err(Expected::of(value, "a list of at least one path"));
    }
    Ok(paths.iter().map(|path| folder.join(path)).collect())
}
