//! The studio over HTTP, on real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod browser;
mod export;
mod grid;
mod guard;
mod isolation;
mod pages;
mod paging;
mod switching;
