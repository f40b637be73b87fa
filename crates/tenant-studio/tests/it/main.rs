//! The studio over HTTP, on real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

mod across;
mod browser;
mod compare;
mod console;
mod console_pooler;
mod console_support;
mod console_write;
mod edited_values;
mod editing;
mod editing_bounds;
mod export;
mod grid;
mod guard;
mod isolation;
mod migrations;
mod pages;
mod paging;
mod row_form;
mod switching;
