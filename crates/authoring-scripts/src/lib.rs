//! The programs of this workspace for writing migrations, one binary each.
//!
//! Their commands are in `authoring_commands`. This crate knows no schema crate, because the
//! programs are needed after an edit of a `schema.rs`, when code that depends on it does not
//! compile.

pub mod entry;
