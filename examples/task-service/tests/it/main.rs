//! The service on a real server, driven over HTTP.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

mod client;
mod crowd;
mod ends;
mod fixture;
mod migrations;
mod program;
mod refusals;
mod tasks;
mod tenants;
