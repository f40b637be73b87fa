//! A tenant as one file: what is read of a schema for it, and how a schema is filled from it.
//!
//! Values travel as text in PostgreSQL's `COPY` format. The binary format has numbers of types and
//! objects in it, which are others in another database, and differs between versions for some
//! types. Text depends on settings, which `pins` sets.

mod columns;
mod copy_out;
mod facts;
mod fill;
mod import;
mod open;
mod outside;
mod pins;
mod pipe;
mod proof;
mod quiet;
mod read;
mod source;
mod statements;

pub(crate) use import::{Plan, import};
pub(crate) use read::export;
pub(crate) use source::Source;
