//! The programs of this workspace for writing migrations, one binary each.
//!
//! Their commands are in `authoring_commands`. No schema crate is known here, because the
//! programs are wanted exactly when a `schema.rs` has been edited and what rests on it does
//! not compile.

pub mod entry;
