//! Tasks over HTTP, each tenant's in a schema of its own: an example of
//! `tenant-core` in a web service, made to be copied from.
//!
//! Start with `tasks.rs`: its handlers and the queries below them are what most of
//! a service is. Then `tenant.rs`, which finds out whose request it is, and
//! `error.rs`, which says in HTTP's words what goes wrong. Users are not
//! authenticated here.

mod app;
mod config;
mod error;
mod extract;
mod operator;
mod schema;
mod serve;
mod sign_up;
mod spares;
mod tasks;
mod tenant;

pub use app::App;
pub use config::Config;
pub use serve::serve;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};

/// The migrations of every tenant's schema, compiled in.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/tenant");
