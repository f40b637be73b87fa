//! The studio over HTTP, on real PostgreSQL.

mod browser;
mod editing;
mod export;
mod grid;
mod guard;
mod isolation;
mod migrations;
mod pages;
mod paging;
mod row_form;
mod switching;
