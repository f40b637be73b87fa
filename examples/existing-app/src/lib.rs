//! Boards and cards for organizations, each with its own PostgreSQL schema.
//!
//! An application that had its own code for connections, migrations and sign-up, and moved
//! in. Start with `database.rs`, which lends connections, then read `sign_up.rs` and
//! `migrate.rs`. The queries are in `models`, and the handlers in `api`; they are as they
//! were. Users are not authenticated.

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
pub use migrate::{PUBLIC, TENANT, migrate_all, tenants};
pub use sample::load as load_sample;
pub use worker::Worker;
