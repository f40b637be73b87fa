//! The command that serves the Studio, the completions for all commands, and their manual pages.
//!
//! They are separate from `tenant_commands` because of their dependencies: no other command waits
//! for a web server to compile. This crate knows no schema crate.

pub mod commands;
pub mod entry;
