//! Rules for the SQL of migrations.
//!
//! A project has two migration streams. A public migration runs once. A tenant
//! migration runs once in each tenant schema, which it finds through
//! `search_path` alone. So a tenant migration must not name a schema, must not
//! change the path, and must not touch objects that tenants share. This crate
//! reads the files and reports where a migration does. It also applies the
//! rules of squawk, which report statements that are unsafe on a table in use.
//!
//! The crate runs no SQL, writes no files, and does not use a terminal or git.
//! The caller passes paths and texts, and gets [`Finding`]s.

mod finding;
mod folder;
mod ignore;
mod lint;
mod options;
mod rules;
mod safety;
mod stream;
mod text;

pub use finding::{Finding, Report, Severity};
pub use folder::{FolderError, created_names, lint_folder, lint_folders};
pub use lint::{Direction, SqlText, Stream, lint_text};
pub use options::{Options, OptionsError};
pub use rules::catalog::{RuleInfo, rules};
pub use stream::SharedNames;
