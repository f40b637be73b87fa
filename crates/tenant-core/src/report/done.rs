//! What came of a call on one schema.

use std::time::Duration;

use super::Note;
use crate::{LockHolder, Node, SchemaName, ServerMessage, Suspension, TenantName, Version};

/// The result of migrating the public schema.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PublicOutcome {
    /// The versions of the migrations that were applied, oldest first.
    pub applied: Vec<Version>,
    /// The versions that a dry run would have applied, oldest first.
    pub pending: Vec<Version>,
    /// Warnings and notices of the server during the migrations: see
    /// [`Outcome::messages`](crate::Outcome::messages).
    pub messages: Vec<ServerMessage>,
    /// How many more messages there were.
    pub messages_left_out: usize,
    /// How long it took.
    pub duration: Duration,
}

/// A cloned tenant.
#[derive(Debug)]
#[non_exhaustive]
pub struct Cloned {
    /// The original.
    pub from: TenantName,
    /// The new tenant.
    pub to: TenantName,
    /// The schema of the new tenant.
    pub schema: SchemaName,
    /// How many tables it has, without Diesel's migration history.
    pub tables: usize,
    /// How many rows were copied.
    pub rows: u64,
    /// Functions and rows of the new tenant that contain the original's name ([`Note::NameInText`],
    /// [`Note::NameInRows`]), and tenants whose names differ from the new name only by case.
    pub notes: Vec<Note>,
}

/// A renamed tenant.
#[derive(Debug)]
#[non_exhaustive]
pub struct Renamed {
    /// The old name.
    pub from: TenantName,
    /// The new name.
    pub to: TenantName,
    /// The old schema.
    pub old_schema: SchemaName,
    /// The new schema.
    pub schema: SchemaName,
    /// How many functions and procedures of the schema had the old name in their own `search_path`.
    /// They have the new name now.
    pub functions: usize,
    /// Where the old name still appears ([`Note::OldPath`], [`Note::NameInText`],
    /// [`Note::NameInRows`]), and tenants whose names differ from the new name only by case.
    pub notes: Vec<Note>,
}

/// The result of a move.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Moved {
    /// The node that the tenant was on.
    pub from: Node,
    /// The node that it is on now; the same if it was there already and nothing was done.
    pub to: Node,
    /// How long it took.
    pub duration: Duration,
}

/// What was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Removed {
    /// The schema with everything in it, and the registration.
    Tenant,
    /// The registration; the schema was gone already.
    RegistrationOnly,
}

/// A suspended tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Suspended {
    /// The tenant.
    pub tenant: TenantName,
    /// What the list keeps of it now.
    pub suspension: Suspension,
    /// Whether it was suspended before.
    pub was_suspended: bool,
    /// The sessions that still use its tables, without runs of this library.
    pub sessions: Vec<LockHolder>,
    /// The sessions that [`Suspend::end_sessions`](crate::Suspend::end_sessions) ended.
    pub ended: Vec<LockHolder>,
}

/// A tenant that is served again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resumed {
    /// The tenant.
    pub tenant: TenantName,
    /// Whether it was suspended before.
    pub was_suspended: bool,
}
