//! What is in force, setting by setting, and where each value comes from.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use tenant_core::Registry;

use super::{Lint, Origin, Placed, TableName};
use crate::files::shown;
use crate::{Context, url};

/// One setting.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Setting {
    /// Key with its section: `migrations.tenant`.
    pub name: &'static str,
    /// The value. Null if there is none. Passwords are hidden.
    pub value: Value,
    /// Where it comes from.
    #[schemars(extend("enum" = Origin::KINDS))]
    pub source: &'static str,
    /// The source in words, with the line.
    pub from: String,
}

/// The options of one command that have their defaults in the file.
#[derive(Debug)]
pub struct Values {
    /// `--app-role`
    pub app_role: Option<String>,
    /// `--jobs`; `None` if the server decides.
    pub jobs: Option<usize>,
    /// `--max-failures`, or 1 for `--fail-fast`.
    pub max_failures: Option<usize>,
    /// The time-outs and the mode of transactions.
    pub settings: tenant_core::Settings,
}

/// What is shown in place of a URL in which the password cannot be told apart.
pub(super) const HIDDEN: &str = "(hidden)";

impl Context {
    /// Every setting, in the order of the file, for a command with these options.
    ///
    /// # Errors
    ///
    /// A variable that is not UTF-8.
    pub fn in_force(&self, values: &Values) -> anyhow::Result<Vec<Setting>> {
        let mut all = self.of_database()?;
        all.extend(self.of_folders());
        all.extend(self.of_file_only());
        all.extend(self.of_path(values));
        all.extend(self.of_hooks());
        all.extend(self.of_lint());
        all.extend(self.of_defaults(values));
        Ok(all)
    }

    fn of_folders(&self) -> [Setting; 4] {
        let written = self.settings().written();
        let option = self.common().migrations_dir.as_ref();
        let folders = |stream: &str, file: Option<&Placed<Vec<PathBuf>>>| {
            let option = option.map(|folder| vec![folder.join(stream)]);
            let found = self
                .option(option, "--migrations-dir")
                .or_else(|| self.of_file(file));
            found.map(|(folders, origin)| (shown_paths(&folders), origin))
        };
        let file = |file: Option<&Placed<PathBuf>>| {
            let found = self.of_file(file);
            found.map(|(path, origin)| (shown(&path), origin))
        };
        let (migrations, schema) = (&written.migrations, &written.schema);
        [
            setting(
                "migrations.public",
                folders("public", migrations.public.as_ref()),
            ),
            setting(
                "migrations.tenant",
                folders("tenant", migrations.tenant.as_ref()),
            ),
            setting("schema.public", file(schema.public.as_ref())),
            setting("schema.tenant", file(schema.tenant.as_ref())),
        ]
    }

    fn of_file<T: Clone>(&self, placed: Option<&Placed<T>>) -> Option<(T, Origin)> {
        placed.map(|placed| (placed.value.clone(), self.in_file(placed.line)))
    }

    fn of_path(&self, values: &Values) -> [Setting; 4] {
        let behind = self.of_file(self.settings().written().path.behind.as_ref());
        let behind = behind.unwrap_or((Vec::new(), Origin::Default));
        [
            setting("path.behind", Some(behind)),
            setting("path.extensions_schema", self.extensions_schema()),
            setting("path.shared_objects", Some(self.named_objects())),
            setting("application.role", self.role(values.app_role.as_deref())),
        ]
    }
}

impl Context {
    /// What only the file can say: the registry and the names.
    fn of_file_only(&self) -> [Setting; 10] {
        let registry = &self.settings().written().registry;
        let names = &self.settings().written().names;
        let table = |placed: &Option<Placed<TableName>>| {
            let placed = placed.as_ref();
            placed.map(|placed| (placed.value.to_string(), self.in_file(placed.line)))
        };
        let text = |placed: &Option<Placed<String>>| {
            let placed = placed.as_ref();
            placed.map(|placed| (placed.value.clone(), self.in_file(placed.line)))
        };
        let usual = Registry::default().sql_table().to_owned();
        let by_query = registry.query.is_some();
        let or_usual = |found: Option<(String, Origin)>, usual: &str| {
            let usual = (usual.to_owned(), Origin::Default);
            found.or(Some(usual).filter(|_| !by_query))
        };
        let template = text(&names.schema);
        let template = template.unwrap_or_else(|| ("{name}".to_owned(), Origin::Default));
        [
            setting("registry.table", or_usual(table(&registry.table), &usual)),
            setting("registry.query", text(&registry.query)),
            setting("registry.key", or_usual(text(&registry.key), "name")),
            setting("registry.schema_column", text(&registry.schema_column)),
            setting("registry.state_column", text(&registry.state_column)),
            setting("registry.states", self.states()),
            setting("registry.only", text(&registry.only)),
            setting("registry.beside", table(&registry.beside)),
            setting("names.schema", Some(template)),
            setting("names.allow", text(&names.allow)),
        ]
    }

    /// The application's words for states.
    fn states(&self) -> Option<(Value, Origin)> {
        let placed = self.settings().written().registry.states.as_ref()?;
        let states = placed.value.iter();
        let states = states.map(|(word, state)| (word.clone(), json!(state.as_str())));
        Some((Value::Object(states.collect()), self.in_file(placed.line)))
    }

    /// The section of the linter. Its values have the place of the section.
    fn of_lint(&self) -> [Setting; 5] {
        let section = self.settings().written().lint.as_ref();
        let value = |of: fn(&Lint) -> Value| {
            section.map(|section| (of(&section.value), self.in_file(section.line)))
        };
        [
            setting(
                "lint.allowed_schemas",
                value(|lint| json!(lint.allowed_schemas)),
            ),
            setting(
                "lint.disabled_rules",
                value(|lint| json!(lint.disabled_rules)),
            ),
            setting(
                "lint.enabled_rules",
                value(|lint| json!(lint.enabled_rules)),
            ),
            setting(
                "lint.postgres_version",
                value(|lint| json!(lint.postgres_version)),
            ),
            setting("lint.citus", value(|lint| json!(lint.citus))),
        ]
    }

    fn of_hooks(&self) -> [Setting; 4] {
        let hooks = &self.settings().written().hooks;
        let files = |placed: &Option<Placed<Vec<PathBuf>>>| {
            let found = placed.as_ref();
            let found = found.map(|found| (shown_paths(&found.value), self.in_file(found.line)));
            Some(found.unwrap_or((Vec::new(), Origin::Default)))
        };
        [
            setting("hooks.seed", files(&hooks.seed)),
            setting("hooks.on_drop", files(&hooks.on_drop)),
            setting("hooks.after_drop", files(&hooks.after_drop)),
            setting("hooks.on_rename", files(&hooks.on_rename)),
        ]
    }
}

fn shown_paths(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| shown(path)).collect()
}

pub(super) fn without_password(text: &str) -> String {
    url::without_password(text).unwrap_or_else(|| HIDDEN.to_owned())
}

pub(super) fn setting<T: Serialize>(name: &'static str, found: Option<(T, Origin)>) -> Setting {
    let (value, origin) = match found {
        Some((value, origin)) => (serde_json::to_value(value).unwrap_or_default(), origin),
        None => (Value::Null, Origin::Default),
    };
    Setting {
        name,
        value,
        source: origin.kind(),
        from: origin.to_string(),
    }
}
