//! What came of a call on one schema.

use std::time::Duration;

use super::Note;
use crate::{Node, SchemaName, ServerMessage, TenantName, Version};

/// What came of migrating the public schema.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PublicOutcome {
    /// The versions of the migrations that were applied, oldest first.
    pub applied: Vec<Version>,
    /// The versions that a dry run would have applied, oldest first.
    pub pending: Vec<Version>,
    /// What the migrations made the server say: see
    /// [`Outcome::messages`](crate::Outcome::messages).
    pub messages: Vec<ServerMessage>,
    /// How many more of these there were.
    pub messages_left_out: usize,
    /// How long it took.
    pub duration: Duration,
}

/// A tenant that was made like another one.
#[derive(Debug)]
#[non_exhaustive]
pub struct Cloned {
    /// The tenant that it is like.
    pub from: TenantName,
    /// The new tenant.
    pub to: TenantName,
    /// The schema of the new tenant.
    pub schema: SchemaName,
    /// How many tables it has, without Diesel's own.
    pub tables: usize,
    /// How many rows were copied.
    pub rows: u64,
    /// Where the other one's name stands in functions of the new tenant
    /// ([`Note::NameInText`]) or in rows ([`Note::NameInRows`]), and whose name differs
    /// from the new one in upper and lower case only.
    pub notes: Vec<Note>,
}

/// A tenant that has another name now.
#[derive(Debug)]
#[non_exhaustive]
pub struct Renamed {
    /// The name that it had.
    pub from: TenantName,
    /// The name that it has.
    pub to: TenantName,
    /// The schema that it had.
    pub old_schema: SchemaName,
    /// The schema that it has.
    pub schema: SchemaName,
    /// How many functions and procedures of the schema had the old name in a
    /// `search_path` of their own, and have the new one now.
    pub functions: usize,
    /// Where the old name still stands ([`Note::OldPath`], [`Note::NameInText`],
    /// [`Note::NameInRows`]), and whose name differs from the new one in upper and lower case only.
    pub notes: Vec<Note>,
}

/// What came of a move.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Moved {
    /// The server that the tenant was on.
    pub from: Node,
    /// The one that it is on. The same when it was there already, and nothing was done.
    pub to: Node,
    /// How long it took.
    pub duration: Duration,
}

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Removed {
    /// The schema with everything in it, and the registration.
    Tenant,
    /// The registration; the schema was gone already.
    RegistrationOnly,
}
