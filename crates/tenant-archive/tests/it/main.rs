//! The file format, without a database.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod archives;
