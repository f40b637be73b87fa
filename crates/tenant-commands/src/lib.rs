//! The commands that work on tenants, as a library for programs.
//!
//! A program runs the [`entry`] of a command, so everything is generated here, once. The
//! commands are thin over `tenant_core`: they find the database, ask, show, and choose an
//! exit code. How they do that is in `command_line`; which migrations they apply is what
//! the program hands in, or what is found on the disk. No schema crate is known here.

pub mod commands;
pub mod entry;
mod failures;
mod groups;
pub mod interrupt;
mod json;
mod messages;
mod moment;
mod names;
mod one_by_one;
mod plan;
mod progress;
mod report;
mod seed;
pub mod tenants;
mod version;
mod words;
