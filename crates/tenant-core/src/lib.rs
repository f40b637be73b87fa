//! Schema-per-tenant PostgreSQL for Diesel.
//!
//! Each tenant has a PostgreSQL schema of its own, made by the same Diesel
//! migrations, which name no schema: `search_path` says where they take
//! effect. The table `public.schema_tracker` lists the tenants.
//!
//! [`Tenants`] creates, migrates, lists, checks and drops them:
//!
//! ```no_run
//! use tenant_core::{Database, MigrationSet, Migrations, Settings, Tenants};
//! # use diesel_migrations::{EmbeddedMigrations, embed_migrations};
//! # const TENANT: EmbeddedMigrations = embed_migrations!("../../migrations/tenant");
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let database = Database::parse("postgres://app@localhost/shop")?;
//! let migrations = Migrations {
//!     public: MigrationSet::from_source(&schema_public::MIGRATIONS)?,
//!     tenant: MigrationSet::from_source(&TENANT)?,
//! };
//! let tenants = Tenants::open(database, migrations, Settings::default()).await?;
//! tenants.migrate_public(false).await?;
//! tenants.create(&"acme_corp".parse()?).await?;
//! # Ok(())
//! # }
//! ```
//!
//! What happens is told through `tracing`: see [`events`].
//!
//! [`TenantPool`] runs Diesel queries that see one tenant's tables only.
//!
//! This crate knows nothing of what the tenants' tables are: it takes any
//! Diesel `MigrationSource`.

mod connect;
mod engine;
mod error;
pub mod events;
mod forget;
mod lock_holder;
mod migration;
mod name;
mod path;
mod pg_error;
mod pool;
mod sql;
mod tenant_enum;
mod tenants;
#[cfg(feature = "testing")]
pub mod testing;
mod tracker;

pub use connect::{ConnectError, Database};
pub use engine::{Removed, Settings};
pub use error::{Consequence, Error, MigrationFailure};
pub use lock_holder::LockHolder;
pub use migration::{Migration, MigrationSet, Migrations, Reason, Refusal, SourceError};
pub use name::{InvalidName, NameRule, TenantName};
pub use path::ExtensionsSchema;
pub use pg_error::PgError;
pub use pool::{
    Cancel, DriverTransaction, Isolation, OfPublic, OfTenant, Opening, PoolError, PublicConnection,
    Scope, ScopedConnection, Session, TenantConnection, TenantPool, TenantPoolBuilder, Transaction,
    own_type,
};
pub use sql::{quote_ident, quote_literal};
pub use tenants::{
    Contents, FleetReport, Health, MigrateOptions, Note, Outcome, Problem, ProblemKind, Progress,
    PublicOutcome, SpareCount, SpareReport, Status, Stop, Table, Tenant, TenantStanding, Tenants,
};
