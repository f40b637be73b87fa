//! The program `tenants` as its users meet it: in projects that are not this repository,
//! run against a real PostgreSQL, judged by what it prints, what it leaves in the database
//! and on the disk, and how it exits.
//!
//! What each command does is tested with the programs of this repository. Here is what
//! differs: where the migrations come from, and how commands are called.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

mod advice;
mod authoring;
mod book;
mod completions;
mod deployment;
mod elsewhere;
mod help;
mod life;
mod man_pages;
mod overview;
mod own_loop;
mod picture;
mod readme;
mod reference;
mod shells;
mod support;
mod version;
