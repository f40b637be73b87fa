//! Rules for the SQL of migrations.
//!
//! Migrations come in two streams. Those of `public` run once; those of
//! `tenant` run once in each tenant's schema, found through `search_path`
//! alone. So a tenant's migration must not name a schema, must leave the path
//! as it is, and must not touch what all tenants share. This crate reads the
//! files and says where one of them does. Whether a statement is safe to run
//! on a table in use is left to the rules of squawk, which are asked too.
//!
//! Nothing here runs SQL, writes files, or talks to a terminal or to git:
//! whoever calls hands in paths and texts, and gets findings back.

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
