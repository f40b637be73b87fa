//! Schema-per-tenant PostgreSQL for Diesel.
//!
//! Each tenant has a PostgreSQL schema of its own, made by the same Diesel
//! migrations, which name no schema: `search_path` says where they take
//! effect. The table `public.schema_tracker` lists the tenants.
//!
//! # Making and keeping tenants
//!
//! A [`Database`] is a parsed URL, [`Migrations`] are two sets of Diesel's
//! migrations, and [`Tenants`] is everything one does with the tenants, one call
//! each:
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
//! // When the program starts, or in a deployment: public first, then everybody.
//! tenants.migrate_public().await?;
//! let report = tenants.migrate().await?;
//! for (outcome, error) in report.failures() {
//!     eprintln!("{}: {error}", outcome.name); // the others went on
//! }
//!
//! // When a customer signs up, is called otherwise, and leaves.
//! let acme = "acme_corp".parse()?;
//! tenants.create(&acme).await?;
//! tenants.rename(&acme, &"acme_inc".parse()?).await?;
//! tenants.drop_tenant(&"acme_inc".parse()?).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A tenant is wholly there or not at all, and wholly at one version: schema,
//! migrations and registration are one transaction. [`Tenants::list`] says who is
//! at which version, and [`Spares::keep`] makes tenants ahead of time, so that
//! a sign-up takes milliseconds.
//!
//! [`Tenants::health`] says what is wrong: it holds what each schema is against what
//! its migrations make, and names each difference. [`Tenants::repair`] puts right what
//! can be put right without losing anything, [`Tenants::compare`] says how two tenants
//! differ, [`Tenants::adopt`] makes a tenant of a schema that is there,
//! [`Tenants::clone_tenant`] one like another, and [`Tenants::rename`] gives one another
//! name. [`Tenants::plan_rollback`] says what going back would revert and
//! lose, and [`Tenants::rollback`] does it.
//!
//! Where Citus spreads the database over several servers, a tenant's schema is on one of
//! them, and all of this is the same. [`Cluster::move_tenant`] takes a tenant to another
//! server, [`Cluster::placed_on`] says where new ones are put, and
//! [`Cluster::distribute`] spreads those that were there before.
//!
//! A call that can do with more to be told, such as [`Tenants::migrate`], gives back a
//! value with a method for each: how many at a time ([`Migrate::jobs`]), which tenants
//! ([`Migrate::select`]), who hears of each ([`Migrate::observe`]). It begins when you
//! await it.
//!
//! # Serving them
//!
//! One [`TenantPool`] serves all tenants. What it hands out is a transaction in one
//! tenant's schema, and its type says so:
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
//! Errors, panics and dropped futures leave nothing behind for the next tenant on
//! the connection; [`TenantPool`] says what exactly is certain.
//!
//! To read, use [`TenantPool::read`]; to write, [`TenantPool::write`], which commits. A
//! transaction that has written and is dropped without a commit is logged: see
//! [`TenantPoolBuilder::on_unkept`].
//!
//! # Porting
//!
//! | You have | Use |
//! | --- | --- |
//! | handlers that take a connection of a pool and commit each statement | [`TenantPool::autocommit`] |
//! | a connection that is kept and used as an `AsyncPgConnection` everywhere | [`Session::into_async_pg`] |
//! | functions that take `&mut AsyncPgConnection` | [`ScopedConnection::as_async_pg`], or give them the parameter `C: AsyncConnection<Backend = Pg>`, which takes both |
//! | queries that find shared tables of `public` without a schema | [`RuntimePath`] |
//! | enums with `postgres_type(name = "...")` | nothing to change on connections of the pool |
//!
//! A function with the parameter `C: AsyncConnection<Backend = Pg>` has one limit. If the
//! future of a transaction that it began inside is dropped, later queries are not refused;
//! the commit is, with [`PoolError::GivenUp`].
//!
//! # Versions of Diesel
//!
//! An application and this crate must use the same version of Diesel and of diesel-async.
//! Otherwise the traits of one are not those of the other, and the compiler says that
//! `RunQueryDsl` or `AsyncConnection` is not implemented for a [`TenantConnection`]. Both are
//! exported here: `use tenant_core::{diesel, diesel_async}` is the right version. The macros
//! of Diesel need a dependency called `diesel`; `cargo tree -d` shows whether there are two.
//!
//! # Enums
//!
//! Each tenant may have its own. Diesel's derives and those of other crates look a type up by
//! its name once for each connection; a connection of a [`TenantPool`] sends the type of the
//! tenant that it serves instead. On other connections, use [`tenant_enum!`], which needs no
//! lookup.
//!
//! # Watching, testing
//!
//! What happens is told through `tracing`: see [`events`]. The crate
//! `tenant-testing` makes databases and tenants for tests.
//!
//! # What it does not know
//!
//! This crate knows nothing of what the tenants' tables are: it takes any
//! Diesel `MigrationSource`. What it needs for itself are its lists of tenants and of
//! spares in the public schema: [`MigrationSet::registry`] makes them, and
//! [`MigrationSet::merge`] adds an application's own public migrations.

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
pub use engine::{NameUses, Rows, Settings, TransactionMode, UnknownMigrations, Writers};
pub use error::{
    Cause, Consequence, Error, Expected, ForeignSign, HookFailure, MigrationFailure, NotKept,
    OwnPart, OwnWork, PathFault, Unconfirmed, UnfitList, UnfitPath, UnfitRow, WrongOwner,
};
pub use fleet::{Selection, Stop};
pub use hook::{HookError, HookReason, Hooks};
pub use link::{
    ConnectError, Database, ErrorKind, LibpqDefaults, LockHolder, PgError, PgErrorParts,
    ServerMessage,
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
    PoolError, PublicConnection, Scope, ScopedConnection, Session, TenantConnection, TenantPool,
    TenantPoolBuilder, Transaction, Unkept,
};
pub use registry::{Registry, Rows as RegistryRows, TenantState};
pub use remedy::Remedy;
pub use report::{
    Cloned, FleetReport, MoveProgress, Moved, Note, Orphan, Outcome, Problem, ProblemKind,
    Progress, PublicOutcome, Removed, Renamed, SpareCount, SpareFault, SpareReport, Status,
    Waiting,
};
pub use shape::{Aspect, AspectChange, Change, Difference, Mending, ObjectKind, ObjectName, Shape};
pub use sql_text::{ident as quote_ident, literal as quote_literal};
pub use tenants::{
    AcceptEdits, Adopt, Adopted, CloneTenant, Cluster, ClusterNode, Comparison, Contents,
    CreateMany, Distribute, DropTenant, Health, HealthCheck, InBoth, KeepSpares, LeftDifference,
    Loss, Migrate, MigratePublic, MoveTenant, PlanRollback, PlannedRevert, Rename, Repair,
    Rollback, RollbackPlan, RollbackTo, Spares, Squash, Table, Tenant, TenantPlace, TenantStanding,
    Tenants, UrlOf,
};
