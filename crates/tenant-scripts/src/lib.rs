//! The commands of this project that work on tenants, one binary each.
//!
//! A binary is one call into [`entry`]: everything is here, so that it is generated
//! once, the completions know every command, and the tests reach every part. The commands are thin over
//! `tenant_core`: they find the database, ask, show, and choose an exit code.
//! How they do that is in `command_line`; which migrations they apply is in
//! `tenants`.

pub mod commands;
pub mod entry;
mod interrupt;
mod json;
mod messages;
mod progress;
mod report;
mod seed;
pub mod tenants;
mod version;
