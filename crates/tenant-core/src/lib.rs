//! Schema-per-tenant PostgreSQL for Diesel.
//!
//! Each tenant has its own PostgreSQL schema. The same Diesel migrations create all of these
//! schemas. The migrations name no schema, because `search_path` selects the schema. The table
//! `public.schema_tracker` lists the tenants.
//!
//! # Creating and migrating tenants
//!
//! A [`Database`] is a parsed URL, and [`Migrations`] are two sets of Diesel migrations.
//! [`Tenants`] has one method for each task:
//!
//! ```no_run
//! use tenant_core::{Database, MigrationSet, Migrations, Settings, Tenants};
//! # use diesel_migrations::{EmbeddedMigrations, embed_migrations};
//! # const TENANT: EmbeddedMigrations = embed_migrations!("../../migrations/tenant");
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let database = Database::parse("postgres://app@localhost/shop")?;
//! let migrations = Migrations {
//!     public: MigrationSet::registry(),
//!     tenant: MigrationSet::from_source(&TENANT)?,
//! };
//! let tenants = Tenants::open(database, migrations, Settings::default()).await?;
//!
//! // When the program starts, or in a deployment: first public, then all tenants.
//! tenants.migrate_public().await?;
//! let report = tenants.migrate().await?;
//! for (outcome, error) in report.failures() {
//!     eprintln!("{}: {error}", outcome.name); // the other tenants were migrated
//! }
//!
//! // Create, rename and drop a tenant.
//! let acme = "acme_corp".parse()?;
//! tenants.create(&acme).await?;
//! tenants.rename(&acme, &"acme_inc".parse()?).await?;
//! tenants.drop_tenant(&"acme_inc".parse()?).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A tenant exists completely or not at all, because schema, migrations and registration are one
//! transaction. [`Tenants::list`] reports the version of each tenant. [`Spares::keep`] creates
//! tenants in advance, so that a sign-up takes milliseconds.
//!
//! [`Tenants::health`] compares each schema with what its migrations create, and names each
//! difference. [`Tenants::repair`] fixes differences without losing data. [`Tenants::compare`]
//! compares two tenants. [`Tenants::suspend`] stops pools from serving a tenant. [`Tenants::adopt`]
//! registers an existing schema, [`Tenants::clone_tenant`] copies a tenant, and [`Tenants::rename`]
//! renames one. [`Tenants::plan_rollback`] shows what a rollback would revert and lose, and
//! [`Tenants::rollback`] runs it.
//!
//! On a Citus cluster, a tenant's schema is on one node, and every call works the same.
//! [`Cluster::move_tenant`] moves a tenant to another node. [`Cluster::placed_on`] chooses the node
//! of new tenants, and [`Cluster::distribute`] distributes existing tenants.
//!
//! Calls with options, such as [`Tenants::migrate`], return a value with a method for each option.
//! For example, [`Migrate::jobs`] sets how many tenants run at a time, [`Migrate::select`] selects
//! tenants, and [`Migrate::observe`] reports progress. The call starts when you await it.
//!
//! # Serving requests
//!
//! One [`TenantPool`] serves all tenants. It returns transactions in one tenant's schema, and the
//! type of the transaction shows this:
//!
//! ```no_run
//! # use diesel::prelude::*;
//! # use diesel_async::RunQueryDsl;
//! # use tenant_core::{PoolError, TenantConnection, TenantName, TenantPool, Tenants};
//! # diesel::table! { tasks (id) { id -> Integer, title -> Text, } }
//! async fn add(tenant: &mut TenantConnection, title: &str) -> QueryResult<usize> {
//!     diesel::insert_into(tasks::table)
//!         .values(tasks::title.eq(title))
//!         .execute(tenant)
//!         .await
//! }
//!
//! async fn handle(pool: &TenantPool, name: &str) -> Result<(), Box<dyn std::error::Error>> {
//!     let name: TenantName = name.parse()?; // for a web service: 400
//!     let mut tenant = match pool.tenant(&name).await {
//!         Err(PoolError::Unknown(_)) => return Ok(()), // 404
//!         opened => opened?,
//!     };
//!     add(&mut tenant, "Call back").await?;
//!     tenant.commit().await?;
//!     Ok(())
//! }
//!
//! # async fn example(tenants: Tenants) -> Result<(), Box<dyn std::error::Error>> {
//! let pool = tenants.pool().size(16).open().await?;
//! handle(&pool, "acme_corp").await?;
//! # Ok(())
//! # }
//! ```
//!
//! Errors, panics and dropped futures leave nothing behind for the next user of the connection.
//! [`TenantPool`] lists the guarantees.
//!
//! To read, use [`TenantPool::read`]. To write, use [`TenantPool::write`], which commits. If a
//! transaction has written and is dropped without a commit, the pool logs it: see
//! [`TenantPoolBuilder::on_unkept`].
//!
//! # Porting
//!
//! | You have | Use |
//! | --- | --- |
//! | handlers that take a pool's connection and commit each statement | [`TenantPool::autocommit`] |
//! | a stored connection that many places use as an `AsyncPgConnection` | [`Session::into_async_pg`] |
//! | functions that take `&mut AsyncPgConnection` | [`ScopedConnection::as_async_pg`], or the parameter `C: AsyncConnection<Backend = Pg>`, which accepts both |
//! | queries that find shared tables of `public` without a schema | [`RuntimePath`] |
//! | enums with `postgres_type(name = "...")` | nothing to change on connections of the pool |
//!
//! A function with the parameter `C: AsyncConnection<Backend = Pg>` has one limit. If it drops the
//! future of a transaction that it began inside, later queries still run. The commit then fails
//! with [`PoolError::GivenUp`].
//!
//! # Versions of Diesel
//!
//! An application and this crate must use the same version of Diesel and of diesel-async. With
//! different versions, the compiler reports that `RunQueryDsl` or `AsyncConnection` is not
//! implemented for a [`TenantConnection`]. This crate exports both, so `use tenant_core::{diesel,
//! diesel_async}` gives the right version. The macros of Diesel need a dependency named `diesel`.
//! To find duplicate versions, run `cargo tree -d`.
//!
//! # Enums
//!
//! Each tenant can have its own enum types. Diesel's derives, and the derives of other crates, look
//! a type up by name once for each connection. A connection of a [`TenantPool`] sends the type of
//! the current tenant instead. On other connections, use [`tenant_enum!`], which needs no lookup.
//!
//! # Observability and testing
//!
//! The crate reports what happens through `tracing`: see [`events`]. The crate `tenant-testing`
//! creates databases and tenants for tests.
//!
//! # Dependencies on your schema
//!
//! This crate knows nothing about the tables of the tenants, and accepts any Diesel
//! `MigrationSource`. It needs its own lists of tenants and spares in the public schema.
//! [`MigrationSet::registry`] creates them, and [`MigrationSet::merge`] adds an application's own
//! public migrations.

mod answer;
mod assertion;
mod catalog;
mod engine;
mod error;
pub mod events;
mod fleet;
mod hook;
mod link;
mod made_up;
mod migration;
mod name;
mod path;
mod pool;
mod registry;
pub mod remedy;
mod report;
mod shape;
mod tenant_enum;
mod tenants;

// What is in the signatures of this crate, in the version that it was built with.
pub use {diesel, diesel_async};

pub use answer::Answer;
pub use catalog::{Affected, Dependent};
pub use engine::{
    LostEntries, NameUses, Rows, Settings, TransactionMode, UnknownMigrations, Writers,
};
pub use error::{
    ArchiveFailure, Cause, Consequence, Error, ErrorParts, Expected, FailedFile, ForeignSign,
    HookFailure, MigrationFailure, NotKept, OwnPart, OwnWork, PathFault, Unconfirmed, UnfitList,
    UnfitPath, UnfitRow, WrongOwner,
};
pub use fleet::{Selection, Stop};
pub use hook::{HookError, HookReason, Hooks};
pub use link::{
    ConnectError, ConnectionPart, Database, ErrorKind, LibpqDefaults, LockHolder, PartOrigin,
    PgError, PgErrorParts, ServerMessage, UrlOption, UrlOptionSupport, url_options,
};
pub use migration::{
    Migration, MigrationFile, MigrationSet, Migrations, NamePurpose, NameUse, Reason, Refusal,
    SourceError,
};
pub use name::{
    At, InvalidName, InvalidNaming, InvalidNode, InvalidSchemaName, InvalidVersion,
    MIGRATION_HISTORY, NameRule, Naming, Node, SchemaName, SchemaNameRule, TenantName, Version,
};
pub use path::{ExtensionsSchema, RuntimePath};
pub use pool::{
    AsyncPgSession, Cancel, DriverTransaction, Isolation, NewTenant, OfPublic, OfTenant, Opening,
    PoolError, PublicConnection, Scope, ScopedConnection, Session, SuspendedTenant,
    TenantConnection, TenantPool, TenantPoolBuilder, Transaction, Unkept,
};
pub use registry::{Registry, Rows as RegistryRows, Suspension, TenantState};
pub use remedy::Remedy;
pub use report::{
    ArchiveProgress, Cloned, Exported, FleetReport, Imported, MoveProgress, Moved, Note, Orphan,
    Outcome, Problem, ProblemKind, Progress, PublicOutcome, Removed, Renamed, Resumed, SpareCount,
    SpareFault, SpareReport, Status, Suspended, TableRows, Waiting,
};
pub use shape::{Aspect, AspectChange, Change, Difference, Mending, ObjectKind, ObjectName, Shape};
pub use sql_text::{ident as quote_ident, literal as quote_literal};
pub use tenant_archive as archive;
pub use tenants::{
    AcceptEdits, Adopt, Adopted, CloneTenant, Cluster, ClusterNode, Comparison, Contents,
    CreateMany, Distribute, DropTenant, Export, Health, HealthCheck, Import, InBoth, KeepSpares,
    LeftDifference, Loss, Migrate, MigratePublic, MoveTenant, PlanRollback, PlannedRevert, Rename,
    Repair, Rollback, RollbackPlan, RollbackTo, Spares, Squash, Suspend, Table, Tenant,
    TenantPlace, TenantStanding, Tenants, UrlOf,
};
