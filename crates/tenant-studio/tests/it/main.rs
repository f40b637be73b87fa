//! The studio over HTTP and in a browser, on real PostgreSQL.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test a panic is the report"
)]

mod browser;
mod chromium;
mod export;
mod grid;
mod guard;
mod isolation;
mod looks;
mod many;
mod pages;
mod paging;
mod pictures;
mod shop;
mod switching;
mod using;
