//! What can go wrong, and which tenant it concerns.
//!
//! A `Display` names only its own failed operation, and `source` has the cause. [`PgError`] keeps
//! PostgreSQL's words. No text names a command, because applications get these errors too.

mod archive;
mod behind;
mod cause;
mod enumeration;
mod failure;
mod foreign_sign;
mod kind;
mod not_kept;
mod own_work;
mod parts;
mod unconfirmed;
mod unfit;
mod words;
mod wrong_owner;

pub use archive::ArchiveFailure;
pub use cause::Cause;
pub(crate) use cause::trigger_function;
pub use enumeration::Error;
pub use failure::{Consequence, MigrationFailure};
pub use foreign_sign::ForeignSign;
pub use not_kept::{NotKept, OwnPart};
pub use own_work::{HookFailure, OwnWork};
pub use parts::{ErrorParts, FailedFile};
pub use unconfirmed::{Expected, Unconfirmed};
pub use unfit::{PathFault, UnfitList, UnfitPath, UnfitRow};
pub(crate) use words::{excerpt, few};
pub use wrong_owner::WrongOwner;
