//! [`Hooks`]: SQL of the application's own that runs in the transactions in which tenants are
//! created, renamed and dropped.
//!
//! A placeholder is sent as a parameter, never pasted: a name is a value in these
//! statements, whatever is in it.

mod error;
mod statement;
mod takes_values;

use std::fmt;

use crate::migration::{Reason, Sql};

pub use error::{HookError, HookReason};
pub(crate) use statement::{Bound, Placeholder};

/// What happens to a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    Create,
    /// A schema that was there before becomes a tenant.
    Adopt,
    /// It is about to be dropped.
    Drop,
    /// It has been dropped.
    Dropped,
    Rename,
}

impl Occasion {
    /// The placeholders that have a value then.
    fn placeholders(self) -> &'static [Placeholder] {
        use Placeholder::{Name, OldName, OldSchema, Schema};
        match self {
            Self::Create | Self::Adopt | Self::Drop | Self::Dropped => &[Name, Schema],
            Self::Rename => &[Name, Schema, OldName, OldSchema],
        }
    }
}

/// Your own SQL for tenant events.
///
/// Each text runs in the transaction that creates, drops or renames the tenant. If a statement
/// fails, the transaction is rolled back. The search path contains only the tenant's schema and the
/// schema for extensions, so qualify the names of other schemas:
///
/// ```
/// # use tenant_core::{HookError, Hooks, Settings};
/// # fn main() -> Result<(), HookError> {
/// let settings = Settings {
///     hooks: Hooks::new()
///         .on_create("seed.sql", "INSERT INTO boards (title) VALUES ('First steps');")?
///         .after_drop("goodbye.sql", "DELETE FROM public.organizations WHERE slug = {name};")?
///         .on_rename(
///             "follow.sql",
///             "UPDATE public.organizations SET slug = {name} WHERE slug = {old_name};",
///         )?,
///     ..Settings::default()
/// };
/// # Ok(())
/// # }
/// ```
///
/// | placeholder | value, of type `text` |
/// | --- | --- |
/// | `{name}`, `{schema}` | the tenant's name and its schema's; of a rename the new ones |
/// | `{old_name}`, `{old_schema}` | in `on_rename`: those before |
///
/// Placeholders are parameters (`$1`), so you can use them where PostgreSQL accepts a parameter: in
/// a query, `INSERT`, `UPDATE`, `DELETE`, `MERGE`. They are values and cannot be part of a name.
/// Write `CREATE TABLE notes ()`, because the search path leads to the tenant's schema. In a `DO`
/// block, use `current_schema()`.
///
/// * `on_create` runs after the migrations and the registration, also for a spare, and before the
///   work of [`Tenants::create_with`](crate::Tenants::create_with). It does not run for adopted
///   schemas, which have their rows, or for clones, whose rows are copied.
/// * `on_adopt` runs after the registration of an adopted schema. Use it for rows about the tenant
///   in other schemas, or for missing objects.
/// * `on_drop` runs before the schema is dropped. If the schema has more objects than the server
///   can lock at a time, its tables are dropped earlier, in separate transactions.
/// * `after_drop` runs after the schema is dropped, so no foreign key of a tenant's table blocks
///   the deletion of a row. The search path then contains only the schema for extensions.
/// * `on_rename` runs after the schema has its new name.
///
/// Before the commit, the library checks that hooks did not change the schema, its migration
/// history, or the tenant's registry row. If a hook changed them, everything is rolled back: see
/// [`NotKept`](crate::NotKept).
#[derive(Debug, Clone, Default)]
pub struct Hooks {
    create: Vec<Hook>,
    adopt: Vec<Hook>,
    drop: Vec<Hook>,
    dropped: Vec<Hook>,
    rename: Vec<Hook>,
}

/// One text.
#[derive(Clone)]
pub(crate) struct Hook {
    source: String,
    sql: Sql,
    statements: Vec<Bound>,
}

impl Hooks {
    /// Creates an empty set of hooks.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `sql` when a tenant is created. `source` is its name in errors, such as its file.
    ///
    /// # Errors
    ///
    /// If the SQL cannot run: see [`HookReason`].
    pub fn on_create(mut self, source: impl Into<String>, sql: &str) -> Result<Self, HookError> {
        self.create
            .push(Hook::new(source.into(), sql, Occasion::Create)?);
        Ok(self)
    }

    /// Runs `sql` after a schema is adopted.
    ///
    /// # Errors
    ///
    /// As [`on_create`](Self::on_create).
    pub fn on_adopt(mut self, source: impl Into<String>, sql: &str) -> Result<Self, HookError> {
        self.adopt
            .push(Hook::new(source.into(), sql, Occasion::Adopt)?);
        Ok(self)
    }

    /// Runs `sql` when a tenant is dropped, before its schema is dropped.
    ///
    /// # Errors
    ///
    /// As [`on_create`](Self::on_create).
    pub fn on_drop(mut self, source: impl Into<String>, sql: &str) -> Result<Self, HookError> {
        self.drop
            .push(Hook::new(source.into(), sql, Occasion::Drop)?);
        Ok(self)
    }

    /// Runs `sql` when a tenant is dropped, after its schema is dropped.
    ///
    /// # Errors
    ///
    /// As [`on_create`](Self::on_create).
    pub fn after_drop(mut self, source: impl Into<String>, sql: &str) -> Result<Self, HookError> {
        self.dropped
            .push(Hook::new(source.into(), sql, Occasion::Dropped)?);
        Ok(self)
    }

    /// Runs `sql` when a tenant is renamed.
    ///
    /// # Errors
    ///
    /// As [`on_create`](Self::on_create).
    pub fn on_rename(mut self, source: impl Into<String>, sql: &str) -> Result<Self, HookError> {
        self.rename
            .push(Hook::new(source.into(), sql, Occasion::Rename)?);
        Ok(self)
    }

    /// Whether one may leave prepared statements on the connection.
    pub(crate) fn prepare(&self) -> bool {
        let all = [&self.create, &self.adopt, &self.drop, &self.dropped];
        let all = all.into_iter().chain([&self.rename]);
        all.flatten().any(|hook| hook.sql.prepares())
    }

    /// Runs `others` after these hooks, for the same events.
    #[must_use]
    pub fn then(mut self, others: Self) -> Self {
        self.create.extend(others.create);
        self.adopt.extend(others.adopt);
        self.drop.extend(others.drop);
        self.dropped.extend(others.dropped);
        self.rename.extend(others.rename);
        self
    }

    /// Those for what happens.
    pub(crate) fn on(&self, occasion: Occasion) -> &[Hook] {
        match occasion {
            Occasion::Create => &self.create,
            Occasion::Adopt => &self.adopt,
            Occasion::Drop => &self.drop,
            Occasion::Dropped => &self.dropped,
            Occasion::Rename => &self.rename,
        }
    }
}

impl Hook {
    fn new(source: String, text: &str, occasion: Occasion) -> Result<Self, HookError> {
        let sql = Sql::of_transaction(text);
        if let Some(refusal) = sql.refusal() {
            let reason = match &refusal.reason {
                Reason::Empty => HookReason::Empty,
                reason => HookReason::Refused(reason.clone()),
            };
            return Err(HookError::new(source, refusal.line, reason));
        }
        let allowed = occasion.placeholders();
        let bound = sql.statements().enumerate().map(|(number, statement)| {
            Bound::new(statement, allowed)
                .map_err(|(offset, reason)| (sql.line(number, offset), reason))
        });
        match bound.collect::<Result<Vec<_>, _>>() {
            Ok(statements) => Ok(Self {
                source,
                sql,
                statements,
            }),
            Err((line, reason)) => Err(HookError::new(source, line, reason)),
        }
    }

    /// What errors call it.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Its statements, with parameters in the place of the placeholders.
    pub(crate) fn statements(&self) -> &[Bound] {
        &self.statements
    }

    /// A statement as it was written.
    pub(crate) fn written(&self, statement: usize) -> &str {
        self.sql.statements().nth(statement).unwrap_or_default()
    }

    /// The line, from 1, of the byte `offset` of a statement as it is sent.
    pub(crate) fn line(&self, statement: usize, offset: usize) -> usize {
        let bound = self.statements.get(statement);
        let offset = bound.map_or(0, |bound| bound.written_at(offset));
        self.sql.line(statement, offset)
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Hook").field(&self.source).finish()
    }
}
