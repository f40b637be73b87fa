//! A project's file of settings, as an application opens it, on a real server.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod opened;
mod project;
mod refused;
