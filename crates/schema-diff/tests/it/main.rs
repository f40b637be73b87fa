//! Migrations written from edited files, proven and run on real servers.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod changes;
mod fixture;
mod losses;
mod parsing;
mod round_trips;
mod usage;
mod views;
