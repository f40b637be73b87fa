//! [`Error`].

use std::time::Duration;

use thiserror::Error;

use super::{
    ArchiveFailure, ForeignSign, HookFailure, MigrationFailure, OwnWork, Unconfirmed, UnfitList,
    UnfitPath, UnfitRow, WrongOwner, words,
};
use crate::catalog::Dependent;
use crate::link::LockHolder;
use crate::migration::{MigrationFile, NameUse, Refusal};
use crate::{
    ConnectError, InvalidName, InvalidSchemaName, Node, PgError, SchemaName, SchemaNameRule,
    TenantName, Version,
};

/// A failed operation. Unless a variant says otherwise, the database is unchanged.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The connection failed.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The public migrations are pending.
    #[error("the database is not set up: it has no table `{table}`")]
    NotSetUp {
        /// The missing table for the list of tenants, as SQL text.
        table: String,
    },
    /// A list does not exist, although the migration that creates it is applied.
    #[error("{}", words::lost(.table))]
    RegistryLost {
        /// The missing table for the list of tenants or spares, as SQL text.
        table: String,
        /// The statement that creates it.
        create: String,
    },
    /// A trigger or rule changed a written row of a list. Nothing was changed.
    #[error("{}", words::not_listed(.schema, .list))]
    NotListed {
        /// The schema, in words.
        schema: String,
        /// The table of the list, as SQL text.
        list: String,
    },
    /// The name of the schema for extensions is not valid.
    #[error("`{name}` cannot be the schema for extensions: {rule}")]
    InvalidExtensionsSchema {
        /// The name.
        name: String,
        /// The reason.
        rule: SchemaNameRule,
    },
    /// The list of spares does not exist.
    #[error("the database has no table `{table}`, which lists spare schemas")]
    NoSpareList {
        /// The table, as SQL text.
        table: String,
    },
    /// The schema for extensions does not exist.
    #[error("the schema for extensions, `{0}`, does not exist")]
    NoExtensionsSchema(String),
    /// The tenant already exists.
    #[error("tenant `{0}` already exists")]
    Taken(TenantName),
    /// The tenant already exists, with pending migrations. Perhaps its creation was interrupted.
    #[error("{}", words::incomplete(.0, .1))]
    Incomplete(TenantName, Vec<Version>),
    /// The new name equals the old one.
    #[error("tenant `{0}` already has that name")]
    SameName(TenantName),
    /// A tenant has objects that cannot be cloned. No clone was created.
    #[error("tenant `{name}` cannot be cloned: its schema contains {}", .objects.join(", "))]
    NotCopyable {
        /// The tenant.
        name: TenantName,
        /// The objects in its schema, in PostgreSQL's words.
        objects: Vec<String>,
    },
    /// A clone would refer to the tenant by its name, in a text or in a row for dynamic SQL.
    #[error("tenant `{name}` cannot be cloned: {}", words::named(.places, .rows))]
    NameInText {
        /// The tenant.
        name: TenantName,
        /// Where, in words. If rows contain it, the functions with dynamic SQL.
        places: Vec<String>,
        /// The tables with such rows.
        rows: Vec<String>,
    },
    /// A clone differed from the original and was rolled back.
    #[error("could not clone tenant `{name}`: the clone would differ from it: {}", .differences.join("; "))]
    NotAlike {
        /// The tenant.
        name: TenantName,
        /// What would differ.
        differences: Vec<String>,
    },
    /// Objects outside a schema depend on it. Nothing was dropped.
    #[error("{schema} cannot be dropped: {}", words::depending(.dependents))]
    HasDependents {
        /// The schema, in words.
        schema: String,
        /// Whether it is a spare.
        is_spare: bool,
        /// The objects outside the schema that depend on it, by kind and name.
        dependents: Vec<Dependent>,
    },
    /// The tenant does not exist.
    #[error("there is no tenant `{0}`")]
    Unknown(TenantName),
    /// A schema with this name exists, but is not registered.
    #[error("the schema `{0}` exists but is not registered as a tenant")]
    Untracked(SchemaName),
    /// The tenant is registered, but its schema does not exist.
    #[error("tenant `{0}` is registered, but its schema does not exist")]
    MissingSchema(TenantName),
    /// No spare with this name is listed.
    #[error("there is no spare schema `{0}`")]
    UnknownSpare(SchemaName),
    /// The spare is listed, but does not exist.
    #[error("the spare schema `{0}` is listed, but does not exist")]
    MissingSpare(SchemaName),
    /// A new tenant could not be completed or dropped. The next run over all completes it.
    #[error("could not finish creating {schema}, and could not remove it ({undo})")]
    HalfMade {
        /// The schema, in words.
        schema: String,
        /// The name of the tenant or the spare.
        name: String,
        /// Whether it is a spare.
        is_spare: bool,
        /// Why it could not be removed.
        undo: Box<Error>,
        /// Why it could not be completed.
        source: Box<Error>,
    },
    /// The name is not valid for a new tenant.
    #[error(transparent)]
    InvalidName(#[from] InvalidName),
    /// A registered name is not a valid tenant name.
    #[error("a row of {list} is not a valid tenant")]
    InvalidRow {
        /// The list of tenants, in words.
        list: String,
        /// The reason.
        source: InvalidName,
    },
    /// A registered name is not a valid name of a spare.
    #[error("a row of `{list}` is not a valid spare schema")]
    InvalidSpareRow {
        /// The list of spares, as SQL text.
        list: String,
        /// The reason.
        source: InvalidSchemaName,
    },
    /// The application's list does not match the change, which was rolled back.
    #[error(transparent)]
    Unconfirmed(Box<Unconfirmed>),
    /// A table or a query cannot be the list of tenants. Nothing was changed.
    #[error(transparent)]
    UnfitList(Box<UnfitList>),
    /// The list gives a tenant a schema that it cannot have. Nothing was changed.
    #[error(transparent)]
    UnfitRow(Box<UnfitRow>),
    /// A schema cannot follow the tenants' schemas in the search path.
    #[error(transparent)]
    UnfitPath(Box<UnfitPath>),
    /// A statement of a migration failed.
    #[error(transparent)]
    Migration(Box<MigrationFailure>),
    /// A statement of a hook failed.
    #[error(transparent)]
    Hook(Box<HookFailure>),
    /// The application's own work in the transaction failed.
    #[error(transparent)]
    OwnWork(Box<OwnWork>),
    /// A deferred constraint was violated at the end of its migration.
    #[error("{}", self.parts())]
    Deferred {
        /// The schema, in words.
        schema: String,
        /// The migration's name.
        migration: String,
        /// The migration's version.
        version: Version,
        /// The file of the migration.
        file: MigrationFile,
        /// The error of the server.
        source: PgError,
    },
    /// A migration contains a statement that cannot run. Nothing ran.
    #[error("{}", self.parts())]
    Refused {
        /// The migration's name.
        migration: String,
        /// The file of the migration.
        file: MigrationFile,
        /// The place and the reason.
        refusal: Refusal,
    },
    /// Migrations to roll back have no `down.sql`. Nothing ran.
    #[error("cannot roll back {}: no down.sql, or no statement in it", words::quoted(.migrations))]
    Irreversible {
        /// Their names, newest first.
        migrations: Vec<String>,
    },
    /// A `down.sql` could not be read.
    #[error("{}", words::unreadable(.migrations))]
    UnreadableDown {
        /// Their names, newest first, each with the reason.
        migrations: Vec<(String, String)>,
    },
    /// This program does not have a migration to roll back. Nothing ran.
    #[error("{}", words::not_ours(.versions, .tenants))]
    NotOurs {
        /// Their versions, newest first.
        versions: Vec<Version>,
        /// The tenants that have applied one of them, by name.
        tenants: Vec<String>,
    },
    /// The tenant has unknown migrations: see [`crate::Settings::unknown_migrations`].
    #[error("{}", words::ahead(.schema, .versions))]
    AheadOfProgram {
        /// The schema, in words.
        schema: String,
        /// The versions that this program does not have, oldest first.
        versions: Vec<Version>,
    },
    /// A tenant with unknown migrations was not repaired.
    #[error("{}", words::not_repaired(.name, .versions))]
    CannotRepairAhead {
        /// The tenant.
        name: TenantName,
        /// The versions that this program does not have, oldest first.
        versions: Vec<Version>,
    },
    /// Another program has migrated the schema, which was not changed.
    #[error("{schema} belongs to another program: {}", sign.told(.versions))]
    OtherProgram {
        /// The schema, in words.
        schema: String,
        /// The applied versions that show this, oldest first.
        versions: Vec<Version>,
        /// The sign of the other program.
        sign: ForeignSign,
    },
    /// Another program's tenant was neither dropped nor renamed. The text gives the reason.
    #[error("tenant `{0}` belongs to another program: {1}")]
    OthersTenant(TenantName, String),
    /// A tenant has objects, but no migration history.
    #[error("tenant `{0}` has objects, but its migration history is missing or empty")]
    NoHistory(TenantName),
    /// The migration history does not list migrations that the registry records as applied: see
    /// [`crate::Settings::lost_entries`]. They did not run again.
    #[error("{}", words::lost_entries(.schema, .versions))]
    LostEntries {
        /// The schema, in words.
        schema: String,
        /// The tenant; `None` for a spare.
        tenant: Option<TenantName>,
        /// The versions, oldest first.
        versions: Vec<Version>,
    },
    /// A tenant has objects, but no migration history, and no migration creates the objects.
    #[error("tenant `{0}` has no migration history, and no migration creates its objects")]
    ForeignObjects(TenantName),
    /// The schema is owned by another role than its objects, or than most tenants' schemas.
    #[error(transparent)]
    WrongOwner(Box<WrongOwner>),
    /// No migration of this program has the version.
    #[error("there is no migration with the version `{0}`")]
    NoVersion(Version),
    /// A migration was applied after the rollback was planned.
    #[error("{}", words::applied_meanwhile(.schema, .version))]
    AppliedMeanwhile {
        /// The schema, in words.
        schema: String,
        /// The version.
        version: Version,
    },
    /// The migration runs outside a transaction, which does not work through a pooler.
    #[error("{}", words::needs_direct(.schema, .migration))]
    NeedsDirect {
        /// The schema, in words.
        schema: String,
        /// The migration's name.
        migration: String,
    },
    /// One transaction per migration does not work through a pooler: no lock lasts.
    #[error("{}", words::each_needs_direct(.schema))]
    EachNeedsDirect {
        /// The schema, in words.
        schema: String,
    },
    /// The server is a read-only standby.
    #[error("{schema}: the server is a read-only standby")]
    Standby {
        /// The schema, in words, or the database if the error concerns all of it.
        schema: String,
    },
    /// The trial run was canceled, because another session waited for its lock.
    #[error("the trial run of the migrations was canceled: another session waited for its lock")]
    InTheWay,
    /// The result of the migrations depends on the schema's name, which a spare does not have yet.
    #[error("cannot create spares: the migrations {}", words::with_name(.uses, .in_text))]
    DependsOnName {
        /// Where the migrations write the name, in words.
        uses: Vec<String>,
        /// Where the migrations use the name.
        in_text: Vec<NameUse>,
    },
    /// A migration changed the search path.
    #[error("{}", self.parts())]
    ChangedPath {
        /// The schema, in words.
        schema: String,
        /// The migration's name.
        migration: String,
        /// The file of the migration.
        file: MigrationFile,
        /// The line, from 1, of the first statement that mentions the path, if there is one.
        line: Option<usize>,
    },
    /// A tenant's migration changed objects outside its schema.
    #[error("{}", self.parts())]
    ChangedElsewhere {
        /// The schema, in words.
        schema: String,
        /// The name of the migration, or several candidates.
        migrations: Vec<String>,
        /// The file of the migration.
        file: MigrationFile,
        /// The line, from 1, of the first statement that mentions it, if there is one.
        line: Option<usize>,
        /// The changed objects: `table public.plans`, `rows of table public.plans`.
        changed: Vec<String>,
    },
    /// Another run is changing the same schema.
    #[error("{}", self.parts())]
    Busy {
        /// The schema, in words.
        schema: String,
        /// How long this run waited.
        waited: Duration,
        /// The sessions that change it, as far as known.
        holders: Vec<LockHolder>,
    },
    /// A tenant still differs after its repair.
    #[error("tenant `{name}` still differs after the repair: {}", .differences.join("; "))]
    StillDifferent {
        /// The tenant.
        name: TenantName,
        /// The remaining differences, in words.
        differences: Vec<String>,
    },
    /// A schema matches no version of a tenant.
    #[error("the schema `{name}` {}", words::fits_none(.nearest.as_ref(), .alike, .differences))]
    NoVersionFits {
        /// The schema.
        name: SchemaName,
        /// The nearest version; `None` for the state before the first one.
        nearest: Option<Version>,
        /// Older versions from which it differs in the same way, so it could have any of them.
        alike: Vec<Option<Version>>,
        /// Whether a tenant with this schema is registered.
        is_registered: bool,
        /// How the schema differs from it, in words.
        differences: Vec<String>,
    },
    /// A schema matches several versions of a tenant.
    #[error("the schema `{name}` {}", words::fits_each(.versions))]
    SeveralVersionsFit {
        /// The schema.
        name: SchemaName,
        /// The versions, oldest first; `None` for the state before the first one.
        versions: Vec<Option<Version>>,
    },
    /// The baseline is unclear: several migrations could replace the old ones.
    #[error("could not find the baseline: {}", words::unclear(.candidates))]
    BaselineUnclear {
        /// The first migrations that tenants with old migrations lack.
        candidates: Vec<Version>,
    },
    /// A schema with old migrations does not match the baseline.
    #[error("{schema} does not match the baseline: {}", words::some(.differences))]
    NotLikeBaseline {
        /// The schema, in words.
        schema: String,
        /// How it differs, in words.
        differences: Vec<String>,
    },
    /// A schema lacks migrations that the baseline replaces.
    #[error("{schema} lacks old migrations that the baseline replaces: {}", words::few_versions(.versions))]
    BehindBaseline {
        /// The schema, in words.
        schema: String,
        /// The missing versions, oldest first.
        versions: Vec<Version>,
    },
    /// A schema has migrations that neither the baseline nor this program includes.
    #[error("{schema} has {}", words::newer_than_baseline(.versions))]
    AheadOfBaseline {
        /// The schema, in words.
        schema: String,
        /// Their versions, oldest first.
        versions: Vec<Version>,
    },
    /// A tenant differs from what its edited migrations create. No edit was accepted.
    #[error("{}", words::edit_matters(.schema, .versions, .differences))]
    EditMatters {
        /// The schema, in words.
        schema: String,
        /// The versions of the edited migrations, oldest first.
        versions: Vec<Version>,
        /// How it differs, in words.
        differences: Vec<String>,
    },
    /// The expected definition is unknown: this program lacks migrations of the schema.
    #[error("{schema} has migrations that this program does not have: {}", words::few_versions(.versions))]
    UnknownApplied {
        /// The schema, in words.
        schema: String,
        /// Their versions, oldest first.
        versions: Vec<Version>,
    },
    /// A list, or a row of it, does not record the texts of applied migrations.
    #[error("{0} does not record the texts of applied migrations")]
    NoFingerprints(String),
    /// The list of tenants has no column for suspensions.
    #[error("{0} keeps no suspensions: it has no column `suspension`")]
    NoSuspensions(String),
    /// The database is not a Citus cluster.
    #[error("the database is not a Citus cluster: it has no extension `citus`")]
    NotACluster,
    /// The cluster places no tenants on this node.
    #[error("cannot place tenants on node {0}: the cluster places no rows there")]
    HoldsNoTenants(Node),
    /// The cluster has no such node.
    #[error("cannot place tenants on node {node}: {}", words::possible_nodes(.nodes))]
    UnknownNode {
        /// The named node.
        node: Node,
        /// The nodes for tenants, by address.
        nodes: Vec<Node>,
    },
    /// The tenant's schema is not distributed.
    #[error("tenant `{0}` is on no node of the cluster: its schema is not distributed")]
    NotDistributed(String),
    /// The tenant cannot move without blocking writes to these tables.
    #[error("cannot move tenant `{name}` without blocking writes: {}", words::unmovable(.tables))]
    WouldBlockWrites {
        /// The tenant's name.
        name: String,
        /// The tables without a replica identity, and unlogged ones, by name.
        tables: Vec<String>,
    },
    /// The tenant cannot move without blocking writes. The text says what a node lacks.
    #[error("cannot move tenant `{0}` without blocking writes: {1}")]
    NoReplication(String, String),
    /// A version was given for a schema with a migration history.
    #[error("the schema `{0}` cannot be given a version: its migration history already shows one")]
    HasLedger(SchemaName),
    /// Another session holds a lock in the tenant's schema.
    #[error("could not read tenant `{0}`: another session is changing it")]
    InUse(TenantName),
    /// The schema to adopt does not exist.
    #[error("there is no schema `{0}`")]
    NoSchema(SchemaName),
    /// The schema to adopt already is a complete tenant.
    #[error("tenant `{0}` already has its schema and its migration history")]
    NothingToAdopt(TenantName),
    /// The schema is a spare.
    #[error("the schema `{0}` is a spare, reserved for a new tenant")]
    IsSpare(SchemaName),
    /// A tenant's file could not be read, written or imported.
    #[error(transparent)]
    Archive(#[from] Box<ArchiveFailure>),
    /// A step other than a migration failed on the server.
    #[error("{action}")]
    Database {
        /// What failed, such as "could not read the list of tenants".
        action: String,
        /// The error of the server.
        source: PgError,
    },
}
