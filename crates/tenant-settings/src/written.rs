//! What a `tenants.toml` says, with the line of each value.
//!
//! Paths are absolute here: in the file they start at its folder.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use tenant_core::TenantState;

use crate::placed::{PerStream, Placed};
use crate::table_name::TableName;

/// The values of the file. The default is an empty file.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// `database_url`
    pub database_url: Option<Placed<DatabaseUrl>>,
    /// `[migrations]`: the folders of each stream, which are merged.
    pub migrations: PerStream<Vec<PathBuf>>,
    /// `[schema]`: the `schema.rs` of each stream.
    pub schema: PerStream<PathBuf>,
    /// `[registry]`
    pub registry: RegistryPlace,
    /// `[names]`
    pub names: Names,
    /// `[path]`
    pub path: PathAtRunTime,
    /// `[application] role`
    pub application_role: Option<Placed<String>>,
    /// `[hooks]`
    pub hooks: Hooks,
    /// `[lint]`
    pub lint: Option<Placed<Lint>>,
    /// `[defaults]`
    pub defaults: Defaults,
}

/// The database.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// The URL itself. It can contain a password.
    Text(String),
    /// The environment variable with the URL, in the process or in `.env`.
    Variable(String),
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(_) => formatter.write_str("Text(..)"),
            Self::Variable(name) => formatter.debug_tuple("Variable").field(name).finish(),
        }
    }
}

/// The list of tenants.
#[derive(Debug, Clone, Default)]
pub struct RegistryPlace {
    /// `table`
    pub table: Option<Placed<TableName>>,
    /// `query`: returns `name` and `schema`, in place of a table.
    pub query: Option<Placed<String>>,
    /// `key`: the column of the tenant's name.
    pub key: Option<Placed<String>>,
    /// `schema_column`: the column of the schema's name.
    pub schema_column: Option<Placed<String>>,
    /// `state_column`: the column of the tenant's state.
    pub state_column: Option<Placed<String>>,
    /// `states`: the states for words of the application.
    pub states: Option<Placed<Vec<(String, TenantState)>>>,
    /// `only`: a condition that rows must meet.
    pub only: Option<Placed<String>>,
    /// `beside`: the table for values that the query does not return.
    pub beside: Option<Placed<TableName>>,
}

/// The rules for tenant names and schema names.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// `schema`: a template with `{name}`.
    pub schema: Option<Placed<String>>,
    /// `allow`: a regular expression.
    pub allow: Option<Placed<String>>,
}

/// The schemas that follow the tenant's schema in the search path.
#[derive(Debug, Clone, Default)]
pub struct PathAtRunTime {
    /// `behind`: at run time only.
    pub behind: Option<Placed<Vec<String>>>,
    /// `extensions_schema`
    pub extensions_schema: Option<Placed<String>>,
    /// `shared_objects`
    pub shared_objects: Option<Placed<Vec<String>>>,
}

/// SQL files that run in the transaction of a command.
#[derive(Debug, Clone, Default)]
pub struct Hooks {
    /// `seed`: when a tenant is created.
    pub seed: Option<Placed<Vec<PathBuf>>>,
    /// `on_drop`: before the schema is dropped.
    pub on_drop: Option<Placed<Vec<PathBuf>>>,
    /// `after_drop`: after the schema is dropped.
    pub after_drop: Option<Placed<Vec<PathBuf>>>,
    /// `on_rename`
    pub on_rename: Option<Placed<Vec<PathBuf>>>,
}

/// The settings of the linter, as in a `lint.toml`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Lint {
    /// `allowed_schemas`
    pub allowed_schemas: Vec<String>,
    /// `disabled_rules`
    pub disabled_rules: Vec<String>,
    /// `enabled_rules`
    pub enabled_rules: Vec<String>,
    /// `postgres_version`
    pub postgres_version: Option<u32>,
    /// `citus`
    pub citus: bool,
}

/// The default values of options.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    /// `jobs`: tenants at the same time.
    pub jobs: Option<Placed<NonZeroUsize>>,
    /// `lock_timeout`; zero for no limit.
    pub lock_timeout: Option<Placed<Duration>>,
    /// `wait`; zero for no wait.
    pub wait: Option<Placed<Duration>>,
    /// `statement_timeout`; zero for no limit.
    pub statement_timeout: Option<Placed<Duration>>,
    /// `max_failures`
    pub max_failures: Option<Placed<NonZeroUsize>>,
    /// `transaction`
    pub transaction: Option<Placed<Transaction>>,
    /// `no_download`
    pub no_download: Option<Placed<bool>>,
}

/// Where a run commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transaction {
    /// Once for each schema.
    Schema,
    /// After each migration.
    Migration,
}

impl Transaction {
    /// Returns the value as the option spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Migration => "migration",
        }
    }
}
