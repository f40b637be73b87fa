//! The command that serves the studio, and those that are about all commands: completions
//! and manual pages.
//!
//! They stand apart from `tenant_commands` because of what they rest on: no other command
//! waits for a web server to compile. No schema crate is known here.

pub mod commands;
pub mod entry;
