//! Tasks over HTTP, each tenant's in a separate schema: an example of `tenant-core` in a web
//! service that you can copy from.
//!
//! Start with `tasks.rs`: its handlers and the queries below them are most of a service. Then read
//! `tenant.rs`, which finds the tenant of a request, and `error.rs`, which maps errors to HTTP
//! responses. Users are not authenticated here.

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
