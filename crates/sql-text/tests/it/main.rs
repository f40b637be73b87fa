//! What this crate promises to those who build on it.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod fingerprints;
mod lexers;
mod reports;
mod splitting;
