//! The programs of this workspace that serve the studio, and complete commands.
//!
//! Their commands are in `studio_commands`. They stand apart from `tenant_scripts` because
//! of what they rest on: no other program waits for a web server to compile, and
//! completions cover this package and that one.

pub mod entry;
