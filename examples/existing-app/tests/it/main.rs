//! Tests of the application over HTTP, on a real server.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "in a test a panic is the report"
)]

mod before;
mod boards;
mod cards;
mod client;
mod diff;
mod fixture;
mod isolation;
mod members;
mod migrate;
mod moved_in;
mod program;
mod sign_up;
mod worker;
