//! The commands of this project that work on tenants, one binary each.
//!
//! A binary is one line: everything is here, so that the completions know
//! every command and the tests reach every part. The commands are thin over
//! `tenant_core`: they find the database, ask, show, and choose an exit code.
//! How they do that is in `command_line`; which migrations they apply is in
//! `tenants`.

pub mod commands;
mod interrupt;
mod json;
mod progress;
mod report;
mod tenants;
mod version;
