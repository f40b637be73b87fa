//! What this crate promises to those who build on it.

mod fingerprints;
mod lexers;
mod reports;
mod splitting;
