//! The studio over HTTP and in a browser, on real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test a panic is the report"
)]

mod across;
mod browser;
mod bytes;
mod changing;
mod chromium;
mod compare;
mod connections;
mod console;
mod console_pooler;
mod console_support;
mod console_write;
mod diagram;
mod edited_values;
mod editing;
mod editing_bounds;
mod entering;
mod export;
mod grid;
mod guard;
mod hostile;
mod isolation;
mod looks;
mod many;
mod migrations;
mod one_line;
mod other_names;
mod pages;
mod paging;
mod parts;
mod pictures;
mod row_form;
mod saas;
mod shop;
mod spreadsheets;
mod standby;
mod switching;
mod unread;
mod using;
mod values;
