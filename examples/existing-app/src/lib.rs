//! Boards and cards for organizations, each with its own PostgreSQL schema.
//!
//! An application that has its own code for connections, paths and migrations. Start with
//! `database.rs`, which chooses the schema, then read `sign_up.rs` and `migrate.rs`, which
//! create and migrate it. The queries are in `models`, and the handlers in `api`. Users are
//! not authenticated.

mod api;
mod database;
mod error;
mod migrate;
mod models;
mod org;
mod sample;
mod schema;
mod sign_up;
mod slug;
mod types;
mod worker;

pub use api::{router, serve};
pub use database::Database;
pub use error::Error;
pub use migrate::{PUBLIC, TENANT, migrate_all};
pub use sample::load as load_sample;
pub use worker::Worker;
