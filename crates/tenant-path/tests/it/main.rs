//! Pools of an application's own, on a real server.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

mod blocking;
mod cut_off;
mod fixture;
mod leavings;
mod names;
mod work;
