//! The tables that every tenant has for itself.
//!
//! No query here names a schema. The same queries work for each tenant, on a connection whose
//! `search_path` is that tenant's. Replace `dummy_table` with your own tables: a migration in
//! `migrations/tenant`, and a file with its row types here. The tables that exist once for all
//! tenants are in `schema-public`.
//!
//! # Enums
//!
//! Every PostgreSQL enum belongs to a schema, so each tenant has its own. A migration creates it:
//!
//! ```sql
//! CREATE TYPE task_progress AS ENUM ('open', 'done');
//! CREATE TABLE tasks (
//!     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
//!     progress task_progress NOT NULL DEFAULT 'open'
//! );
//! ```
//!
//! `tenant_enum!` declares it, with the Rust enum, Diesel's type and the type's name in PostgreSQL.
//! It works for every tenant, also for several tenants in turn on the same connection:
//!
//! ```
//! use diesel::prelude::*;
//! use diesel_async::RunQueryDsl;
//! use tenant_core::TenantConnection;
//!
//! tenant_core::tenant_enum! {
//!     /// How far a task is.
//!     pub enum Progress: TaskProgress = "task_progress" {
//!         /// It is still to be done.
//!         Open = "open",
//!         /// It is done.
//!         Done = "done",
//!     }
//! }
//!
//! diesel::table! {
//!     use diesel::sql_types::*;
//!     use super::TaskProgress;
//!
//!     tasks (id) {
//!         id -> BigInt,
//!         progress -> TaskProgress,
//!     }
//! }
//!
//! /// Ends all tasks of the tenant whose connection this is.
//! pub async fn end_all(tenant: &mut TenantConnection) -> QueryResult<usize> {
//!     diesel::update(tasks::table.filter(tasks::progress.ne(Progress::Done)))
//!         .set(tasks::progress.eq(Progress::Done))
//!         .execute(tenant)
//!         .await
//! }
//! # fn main() {}
//! ```

use diesel_migrations::{EmbeddedMigrations, embed_migrations};

mod dummy_table;
#[expect(
    missing_docs,
    reason = "`table!` generates items without documentation"
)]
pub mod schema;

pub use dummy_table::{Dummy, NewDummy};

/// The migrations of every tenant's schema, compiled in from `migrations/tenant`.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/tenant");
