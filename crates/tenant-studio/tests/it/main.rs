//! The studio over HTTP, on real PostgreSQL.

mod browser;
mod export;
mod grid;
mod guard;
mod isolation;
mod migrations;
mod pages;
mod paging;
mod switching;
