//! The studio over HTTP, on real databases.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod across;
mod compare;
mod console;
mod console_pooler;
mod console_support;
mod console_write;
