//! The command that serves the studio, and the one that knows all commands.
//!
//! They stand apart from `tenant_scripts` because of what they rest on: no other
//! command waits for a web server to compile, and completions cover this package and
//! that one.

pub mod commands;
pub mod entry;
