//! The studio over HTTP, on real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod browser;
mod export;
mod grid;
mod guard;
mod isolation;
mod pages;
mod paging;
mod switching;
