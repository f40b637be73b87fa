//! [`Sql`]: statements that help, and what for.

use sql_text::{ident, literal};

use crate::Version;
use crate::name::Schema;
use crate::registry::Registry;

/// Statements that help. They are complete and can run unchanged, without a `;` at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sql {
    /// Their purpose.
    pub purpose: Purpose,
    /// The statements, in order.
    pub statements: Vec<String>,
}

/// The purpose of statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// Drops a schema that nothing uses, with its contents.
    DropSchema,
    /// Drops an object that no migration creates and nothing uses, with its contents.
    DropObject,
    /// Undoes a change that no migration makes and that allows more than before: to a policy, a
    /// check, row-level security.
    UndoChange,
    /// Revokes rights that no migration grants.
    RevokeGrants,
    /// Renames an object back. It loses nothing.
    RenameBack,
    /// Changes the definition of an object, and possibly its values.
    ChangeDefinition,
    /// Deletes the fingerprints of applied migrations.
    ForgetFingerprints,
    /// Lets a role use the schema and its tables.
    GrantAccess,
    /// Makes the role that owns most tenants, or the objects, the owner of the schema.
    ChangeOwner,
    /// Deletes a row of the registry. No schema is changed.
    Unregister,
    /// Updates the table beside the application's list to name the listed schema. No tenant uses
    /// the other schema then.
    FollowList,
    /// Deletes a spare that does not exist from the list of spares.
    ForgetSpare,
    /// Drops a spare that is not listed.
    DropSpare,
    /// Creates an empty table for tenants or spares.
    CreateRegistry,
    /// Creates the schema for extensions.
    CreateSchema,
    /// Adds a node to the cluster, as a superuser.
    AddNode,
    /// Lets a node hold tenants, as a superuser.
    OpenNode,
    /// Updates a stored search path with the tenant's new name.
    RenamePath,
    /// Moves an extension to a schema that belongs to no tenant.
    MoveExtension,
    /// Records a migration of the public schema that was applied before, and whose entry in the
    /// migration history is lost.
    RecordMigration,
    /// A statement for a new tenant migration, which fits every tenant.
    AddToMigration,
    /// Lists the triggers and event triggers that call a function. Changes nothing.
    ListTriggers,
    /// Lists the triggers of a table. Changes nothing.
    ListTableTriggers,
}

impl Purpose {
    /// All purposes.
    pub const ALL: &'static [Self] = &[
        Self::DropSchema,
        Self::DropObject,
        Self::UndoChange,
        Self::RevokeGrants,
        Self::RenameBack,
        Self::ChangeDefinition,
        Self::ForgetFingerprints,
        Self::GrantAccess,
        Self::ChangeOwner,
        Self::Unregister,
        Self::FollowList,
        Self::ForgetSpare,
        Self::DropSpare,
        Self::CreateRegistry,
        Self::CreateSchema,
        Self::AddNode,
        Self::OpenNode,
        Self::RenamePath,
        Self::MoveExtension,
        Self::RecordMigration,
        Self::AddToMigration,
        Self::ListTriggers,
        Self::ListTableTriggers,
    ];
}

impl Sql {
    pub(crate) fn new<S: Into<String>>(
        purpose: Purpose,
        statements: impl IntoIterator<Item = S>,
    ) -> Self {
        Self {
            purpose,
            statements: statements.into_iter().map(Into::into).collect(),
        }
    }

    /// Takes `name`, which may be any text, off the registry.
    pub(crate) fn unregister(registry: &Registry, name: &str) -> Self {
        Self::new(Purpose::Unregister, [registry.unregister(name)])
    }

    /// Records the migration with this version in the history of the public schema.
    pub(crate) fn record_public(version: &Version) -> Self {
        let history = Schema::Public.ledger();
        let version = literal(version.as_str());
        let record = format!("INSERT INTO {history} (version) VALUES ({version})");
        Self::new(Purpose::RecordMigration, [record])
    }

    /// Lists the triggers of the table `list`, a SQL text.
    pub(crate) fn triggers_of(list: &str) -> Self {
        let list = literal(list);
        let statement = format!(
            "SELECT tgname, tgfoid::regprocedure FROM pg_trigger \
             WHERE tgrelid = {list}::regclass AND NOT tgisinternal"
        );
        Self::new(Purpose::ListTableTriggers, [statement])
    }

    /// Gives the schema to the role `usual`, and `objects` in it, which are SQL.
    pub(crate) fn change_owner(schema: &str, usual: &str, objects: &[String]) -> Self {
        let (schema, usual) = (format!("SCHEMA {}", ident(schema)), ident(usual));
        let all = std::iter::once(&schema).chain(objects);
        let statements = all.map(|object| format!("ALTER {object} OWNER TO {usual}"));
        Self::new(Purpose::ChangeOwner, statements)
    }

    /// Lets `role` use the schema, and its tables.
    pub(crate) fn grant(schema: &str, role: &str) -> Self {
        let (schema, role) = (ident(schema), ident(role));
        Self::new(
            Purpose::GrantAccess,
            [
                format!("GRANT USAGE ON SCHEMA {schema} TO {role}"),
                format!(
                    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}"
                ),
            ],
        )
    }
}
