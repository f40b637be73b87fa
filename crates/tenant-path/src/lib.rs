//! Switches a connection from your pool to one tenant's schema, and clears it before its next user.
//!
//! `tenant-core` has a pool that does this and more. Use this crate to keep your existing pool.
//! Without features, the crate only returns SQL text. [`TenantPath`] returns the statements that
//! set and check `search_path` for one transaction. [`Clearing`] returns the message that removes
//! what a connection's last user left. The features add the calls that send these texts:
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `diesel-async` | `in_tenant`: a transaction in a tenant, on an `AsyncPgConnection` |
//! | `diesel` | `in_tenant_sync`: the same on a synchronous connection |
//! | `bb8` | `Cleared`, around the manager of a pool of bb8 |
//! | `deadpool` | `clear_before_use` and `in_tenant_of`, for a pool of deadpool |
//! | `r2d2` | `Cleared`, around the manager of a pool of r2d2 |
//!
//! ```
//! use tenant_path::TenantPath;
//!
//! let path = TenantPath::new("org_big-bang")?.behind(["public"])?;
//! assert_eq!(
//!     path.set_local(),
//!     r#"SET LOCAL search_path TO "org_big-bang", "public", pg_temp"#
//! );
//! # Ok::<(), tenant_path::InvalidName>(())
//! ```
//!
//! # Limits
//!
//! Diesel caches the OID of a custom type by its name for the lifetime of a connection, and the
//! cache cannot be cleared. If every tenant has an enum in its own schema, declare a Diesel type
//! with the OID 0, as `tenant_core::tenant_enum!` does. PostgreSQL then takes the type from the
//! column.
//!
//! The crate does not know which tenants exist. If a schema does not exist, the transaction fails
//! when it begins.

#[cfg(feature = "diesel-async")]
mod asynchronous;
#[cfg(feature = "diesel")]
mod blocking;
#[cfg(any(feature = "bb8", feature = "r2d2"))]
mod cleared;
mod clearing;
#[cfg(feature = "deadpool")]
mod lent;
#[cfg(any(feature = "diesel", feature = "diesel-async"))]
mod mark;
mod name;
#[cfg(any(feature = "bb8", feature = "deadpool"))]
mod notifications;
mod path;
#[cfg(any(feature = "diesel", feature = "diesel-async"))]
mod refusal;

#[cfg(feature = "diesel-async")]
pub use asynchronous::in_tenant;
#[cfg(feature = "diesel")]
pub use blocking::in_tenant_sync;
#[cfg(any(feature = "bb8", feature = "r2d2"))]
pub use cleared::Cleared;
pub use clearing::{Clearing, FORGET, FORGET_PREPARED};
#[cfg(feature = "deadpool")]
pub use lent::{clear_before_use, in_tenant_of};
pub use name::{InvalidName, NameRule};
pub use path::TenantPath;
#[cfg(any(feature = "diesel", feature = "diesel-async"))]
pub use refusal::Refusal;
