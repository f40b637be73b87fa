//! What can go wrong, and which tenant it concerns.
//!
//! A `Display` names only its own failed operation; the cause stands in `source`. PostgreSQL's
//! words stay whole, in [`PgError`]. Nothing here names a command: applications get these too.

mod behind;
mod cause;
mod failure;
mod foreign_sign;
mod kind;
mod not_kept;
mod own_work;
mod unconfirmed;
mod unfit;
mod words;
mod wrong_owner;

use std::time::Duration;

use thiserror::Error;

use crate::catalog::Dependent;
use crate::link::{LockHolder, in_words};
use crate::migration::{MigrationFile, NameUse, Refusal};
use crate::{
    ConnectError, InvalidName, InvalidSchemaName, Node, PgError, SchemaName, SchemaNameRule,
    TenantName, Version,
};

pub use cause::Cause;
pub(crate) use cause::trigger_function;
pub use failure::{Consequence, MigrationFailure};
pub use foreign_sign::ForeignSign;
pub use not_kept::{NotKept, OwnPart};
pub use own_work::{HookFailure, OwnWork};
pub use unconfirmed::{Expected, Unconfirmed};
pub use unfit::{PathFault, UnfitList, UnfitPath, UnfitRow};
pub(crate) use words::{excerpt, few};
pub use wrong_owner::WrongOwner;

/// A failed operation. Unless a variant says otherwise, the database is as it was before.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The public migrations have not been applied.
    #[error("the database is not set up: it has no table `{table}`")]
    NotSetUp {
        /// The table that would list the tenants, as SQL text.
        table: String,
    },
    /// The migration that makes a list is applied, and the list does not exist.
    #[error("{}", words::lost(.table))]
    RegistryLost {
        /// The table that would list the tenants, or the spares, as SQL text.
        table: String,
        /// The statement that creates it, empty.
        create: String,
    },
    /// A row of a list did not come out as it was written, and nothing was changed.
    #[error("{}", words::not_listed(.schema, .list))]
    NotListed {
        /// Which schema, in words.
        schema: String,
        /// The table that lists it, as SQL text.
        list: String,
    },
    /// The schema that was named for extensions cannot be one.
    #[error("`{name}` cannot be the schema for extensions: {rule}")]
    InvalidExtensionsSchema {
        /// The name.
        name: String,
        /// Why not.
        rule: SchemaNameRule,
    },
    /// There is nowhere to list spare schemas.
    #[error("the database has no table `{table}`, which lists spare schemas")]
    NoSpareList {
        /// The table, as SQL text.
        table: String,
    },
    /// The schema that was named for extensions is not there.
    #[error("the schema for extensions, `{0}`, does not exist")]
    NoExtensionsSchema(String),
    /// The name is in use.
    #[error("tenant `{0}` already exists")]
    Taken(TenantName),
    /// The same, and the tenant lacks migrations: perhaps its creation was interrupted.
    #[error("{}", words::incomplete(.0, .1))]
    Incomplete(TenantName, Vec<Version>),
    /// A tenant was to be given the name that it has.
    #[error("tenant `{0}` already has that name")]
    SameName(TenantName),
    /// A tenant has what a copy of it could not have, and no copy was made.
    #[error("tenant `{name}` cannot be cloned: its schema contains {}", .objects.join(", "))]
    NotCopyable {
        /// The tenant.
        name: TenantName,
        /// The objects in its schema, in PostgreSQL's words.
        objects: Vec<String>,
    },
    /// A text of the tenant, or a row that dynamic SQL could use, leads to the tenant.
    #[error("tenant `{name}` cannot be cloned: {}", words::named(.places, .rows))]
    NameInText {
        /// The tenant.
        name: TenantName,
        /// Where, in words. If rows contain it, the functions with dynamic SQL.
        places: Vec<String>,
        /// The tables with such rows.
        rows: Vec<String>,
    },
    /// A copy of a tenant did not come out like it, and was rolled back.
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
        /// Which schema, in words.
        schema: String,
        /// Whether it is a spare.
        is_spare: bool,
        /// What depends on it from outside, by kind and name.
        dependents: Vec<Dependent>,
    },
    /// Nobody is registered under this name.
    #[error("there is no tenant `{0}`")]
    Unknown(TenantName),
    /// A schema of this name exists without being registered.
    #[error("the schema `{0}` exists but is not registered as a tenant")]
    Untracked(SchemaName),
    /// The tenant is registered without having a schema.
    #[error("tenant `{0}` is registered, but its schema does not exist")]
    MissingSchema(TenantName),
    /// No spare schema of this name is listed.
    #[error("there is no spare schema `{0}`")]
    UnknownSpare(SchemaName),
    /// The spare is listed without existing.
    #[error("the spare schema `{0}` is listed, but does not exist")]
    MissingSpare(SchemaName),
    /// A new tenant, neither completed nor removed. The next run over the tenants completes it.
    #[error("could not finish creating {schema}, and could not remove it ({undo})")]
    HalfMade {
        /// Which schema, in words.
        schema: String,
        /// The tenant's name, or that of a spare.
        name: String,
        /// Whether it is a spare.
        is_spare: bool,
        /// Why it could not be removed.
        undo: Box<Error>,
        /// Why it could not be completed.
        source: Box<Error>,
    },
    /// A name that no new tenant may have here.
    #[error(transparent)]
    InvalidName(#[from] InvalidName),
    /// A registered name that cannot be a tenant's.
    #[error("a row of {list} is not a valid tenant")]
    InvalidRow {
        /// What lists the tenants, in words.
        list: String,
        /// Why not.
        source: InvalidName,
    },
    /// A registered name that cannot be that of a spare schema.
    #[error("a row of `{list}` is not a valid spare schema")]
    InvalidSpareRow {
        /// The table that lists the spares, as SQL text.
        list: String,
        /// Why not.
        source: InvalidSchemaName,
    },
    /// The application's list does not agree with what was done, which was rolled back.
    #[error(transparent)]
    Unconfirmed(Box<Unconfirmed>),
    /// A table or a query cannot be the list of tenants. Nothing was changed.
    #[error(transparent)]
    UnfitList(Box<UnfitList>),
    /// What a row of the list says of a tenant's schema cannot be. Nothing was changed.
    #[error(transparent)]
    UnfitRow(Box<UnfitRow>),
    /// A schema behind the tenants' own in the path cannot be there.
    #[error(transparent)]
    UnfitPath(Box<UnfitPath>),
    /// A statement of a migration failed.
    #[error(transparent)]
    Migration(Box<MigrationFailure>),
    /// A statement of a hook failed.
    #[error(transparent)]
    Hook(Box<HookFailure>),
    /// What the application did in a transaction of ours failed.
    #[error(transparent)]
    OwnWork(Box<OwnWork>),
    /// A deferred constraint is violated when its migration ends.
    #[error("{}", words::deferred(.schema, .migration))]
    Deferred {
        /// Which schema, in words.
        schema: String,
        /// The migration's name.
        migration: String,
        /// The migration's version.
        version: Version,
        /// Which of its files.
        file: MigrationFile,
        /// What the server says.
        source: PgError,
    },
    /// A migration would change what it must not. Nothing was run.
    #[error("migration `{migration}` cannot run: {file}, {refusal}")]
    Refused {
        /// The migration's name.
        migration: String,
        /// Which of its files.
        file: MigrationFile,
        /// Where and why.
        refusal: Refusal,
    },
    /// Migrations that are to be reverted and cannot be, and nothing was run.
    #[error("cannot roll back {}: no down.sql, or no statement in it", words::quoted(.migrations))]
    Irreversible {
        /// Their names, newest first.
        migrations: Vec<String>,
    },
    /// What would revert migrations cannot be read.
    #[error("{}", words::unreadable(.migrations))]
    UnreadableDown {
        /// Their names, newest first, each with why its `down.sql` cannot be read.
        migrations: Vec<(String, String)>,
    },
    /// Migrations to be reverted are another program's. Nothing was run.
    #[error("{}", words::not_ours(.versions, .tenants))]
    NotOurs {
        /// Their versions, newest first.
        versions: Vec<Version>,
        /// The tenants that have one of them, by name.
        tenants: Vec<String>,
    },
    /// This program lacks migrations of the tenant: see [`crate::Settings::unknown_migrations`].
    #[error("{}", words::ahead(.schema, .versions))]
    AheadOfProgram {
        /// Which schema, in words.
        schema: String,
        /// The versions that this program does not have, oldest first.
        versions: Vec<Version>,
    },
    /// A tenant that is ahead of this program, and was left as it is.
    #[error("{}", words::not_repaired(.name, .versions))]
    CannotRepairAhead {
        /// The tenant.
        name: TenantName,
        /// The versions that this program does not have, oldest first.
        versions: Vec<Version>,
    },
    /// Another program has migrated the schema, which was left as it is.
    #[error("{schema} belongs to another program: {}", sign.told(.versions))]
    OtherProgram {
        /// Which schema, in words.
        schema: String,
        /// The applied versions that show it, oldest first.
        versions: Vec<Version>,
        /// What shows it.
        sign: ForeignSign,
    },
    /// Another program's tenant was neither dropped nor renamed. The second text says why.
    #[error("tenant `{0}` belongs to another program: {1}")]
    OthersTenant(TenantName, String),
    /// A tenant that is not empty has no record of applied migrations.
    #[error("tenant `{0}` has objects, but its migration history is missing or empty")]
    NoHistory(TenantName),
    /// The same, and nothing in its schema is what migrations make.
    #[error("tenant `{0}` has no migration history, and no migration creates its objects")]
    ForeignObjects(TenantName),
    /// The schema belongs to another role than what is in it, or than those of most tenants.
    #[error(transparent)]
    WrongOwner(Box<WrongOwner>),
    /// A version that no migration of this program has.
    #[error("there is no migration with the version `{0}`")]
    NoVersion(Version),
    /// The schema got a migration after it was found out what to revert.
    #[error("{}", words::applied_meanwhile(.schema, .version))]
    AppliedMeanwhile {
        /// Which schema, in words.
        schema: String,
        /// The version.
        version: Version,
    },
    /// A pooler is at the other end, and hands each transaction another connection.
    #[error("{}", words::needs_direct(.schema, .migration))]
    NeedsDirect {
        /// Which schema, in words.
        schema: String,
        /// The migration's name.
        migration: String,
    },
    /// A pooler is at the other end, and no lock can be kept between transactions.
    #[error("{}", words::each_needs_direct(.schema))]
    EachNeedsDirect {
        /// Which schema, in words.
        schema: String,
    },
    /// The server is a standby, on which nothing can be changed or tried.
    #[error("{schema}: the server is a read-only standby")]
    Standby {
        /// Which schema, in words, or which database where it is about all.
        schema: String,
    },
    /// Trying the migrations would have kept other sessions waiting, and was cut off.
    #[error("the trial run of the migrations was canceled: another session waited for its lock")]
    InTheWay,
    /// The result of the migrations depends on the name of the schema, and a spare has none.
    #[error("cannot create spares: the migrations {}", words::with_name(.uses, .in_text))]
    DependsOnName {
        /// Where the name is written, in words.
        uses: Vec<String>,
        /// Where the text of the migrations uses it.
        in_text: Vec<NameUse>,
    },
    /// A migration left the connection looking at other schemas.
    #[error(
        "{schema}: migration `{migration}` changed the search path{}, and is not recorded as {}",
        words::at_line(.line.as_ref(), *.file), words::done(*.file)
    )]
    ChangedPath {
        /// Which schema, in words.
        schema: String,
        /// The migration's name.
        migration: String,
        /// Which of its files.
        file: MigrationFile,
        /// The line, from 1, of the first statement that names the path, if one does.
        line: Option<usize>,
    },
    /// A tenant's migration would change what is outside its schema.
    #[error(
        "{schema}: {}{}, and is not recorded as {}: {}", words::who_changed(.migrations),
        words::at_line(.line.as_ref(), *.file), words::done(*.file), .changed.join(", ")
    )]
    ChangedElsewhere {
        /// Which schema, in words.
        schema: String,
        /// The migration's name; several candidates where no statement names what was changed.
        migrations: Vec<String>,
        /// Which of its files.
        file: MigrationFile,
        /// The line, from 1, of the first statement that speaks of it, if one does.
        line: Option<usize>,
        /// What would have been changed: `table public.plans`, `rows of table public.plans`.
        changed: Vec<String>,
    },
    /// Another run works on the same schema.
    #[error("{schema} is being changed by another run{}{}", words::gave_up(*.waited), in_words(.holders))]
    Busy {
        /// Which schema, in words.
        schema: String,
        /// For how long it was waited for.
        waited: Duration,
        /// Who works on it, as far as is known.
        holders: Vec<LockHolder>,
    },
    /// A tenant that was repaired, and looks no better.
    #[error("tenant `{name}` still differs after the repair: {}", .differences.join("; "))]
    StillDifferent {
        /// The tenant.
        name: TenantName,
        /// What still differs, in words.
        differences: Vec<String>,
    },
    /// A schema that matches no version of a tenant.
    #[error("the schema `{name}` {}", words::fits_none(.nearest.as_ref(), .alike, .differences))]
    NoVersionFits {
        /// The schema.
        name: SchemaName,
        /// The version whose shape is the nearest; `None` for that before the first.
        nearest: Option<Version>,
        /// Older versions that it differs from in the same way: it may have any of them.
        alike: Vec<Option<Version>>,
        /// Whether it is registered as a tenant's.
        is_registered: bool,
        /// How the schema differs from it, in words.
        differences: Vec<String>,
    },
    /// A schema that looks like several versions of a tenant.
    #[error("the schema `{name}` {}", words::fits_each(.versions))]
    SeveralVersionsFit {
        /// The schema.
        name: SchemaName,
        /// The versions, oldest first; `None` for that before the first.
        versions: Vec<Option<Version>>,
    },
    /// Which migration replaces those that this program does not have is not known.
    #[error("could not find the baseline: {}", words::unclear(.candidates))]
    BaselineUnclear {
        /// The migrations that some tenants with old ones lack first.
        candidates: Vec<Version>,
    },
    /// A schema with old migrations is not what the baseline creates.
    #[error("{schema} does not match the baseline: {}", words::some(.differences))]
    NotLikeBaseline {
        /// Which schema, in words.
        schema: String,
        /// How it differs, in words.
        differences: Vec<String>,
    },
    /// A schema that lacks some of the migrations that a baseline replaces.
    #[error("{schema} lacks old migrations that the baseline replaces: {}", words::few_versions(.versions))]
    BehindBaseline {
        /// Which schema, in words.
        schema: String,
        /// The versions that it lacks, oldest first.
        versions: Vec<Version>,
    },
    /// A schema with migrations that neither the baseline nor this program has.
    #[error("{schema} has {}", words::newer_than_baseline(.versions))]
    AheadOfBaseline {
        /// Which schema, in words.
        schema: String,
        /// Their versions, oldest first.
        versions: Vec<Version>,
    },
    /// A tenant is not what its migrations create now. No edited text was accepted.
    #[error("{}", words::edit_matters(.schema, .versions, .differences))]
    EditMatters {
        /// Which schema, in words.
        schema: String,
        /// The versions of the edited migrations, oldest first.
        versions: Vec<Version>,
        /// How it differs, in words.
        differences: Vec<String>,
    },
    /// What a schema should be is not known: this program lacks some of its migrations.
    #[error("{schema} has migrations that this program does not have: {}", words::few_versions(.versions))]
    UnknownApplied {
        /// Which schema, in words.
        schema: String,
        /// Their versions, oldest first.
        versions: Vec<Version>,
    },
    /// A list, or a row of it, does not show which migrations were edited.
    #[error("{0} does not record the texts of applied migrations")]
    NoFingerprints(String),
    /// There is one server, and nothing to spread tenants over.
    #[error("the database is not a Citus cluster: it has no extension `citus`")]
    NotACluster,
    /// The cluster has this server, and no tenant can be on it.
    #[error("cannot place tenants on node {0}: the cluster places no rows there")]
    HoldsNoTenants(Node),
    /// The cluster has no such server.
    #[error("cannot place tenants on node {node}: {}", words::possible_nodes(.nodes))]
    UnknownNode {
        /// The server that was named.
        node: Node,
        /// Those that tenants can be on, by address.
        nodes: Vec<Node>,
    },
    /// The tenant's schema is the coordinator's own.
    #[error("tenant `{0}` is on no node of the cluster: its schema is not distributed")]
    NotDistributed(String),
    /// The tenant cannot be moved while others write to these tables.
    #[error("cannot move tenant `{name}` without blocking writes: {}", words::unmovable(.tables))]
    WouldBlockWrites {
        /// The tenant's name.
        name: String,
        /// The tables without a replica identity, and unlogged ones, by name.
        tables: Vec<String>,
    },
    /// The same: what a server lacks for that.
    #[error("cannot move tenant `{0}` without blocking writes: {1}")]
    NoReplication(String, String),
    /// A version was named for a schema that says itself which it has.
    #[error("the schema `{0}` cannot be given a version: its migration history already shows one")]
    HasLedger(SchemaName),
    /// Another session holds a lock on something in the tenant's schema.
    #[error("could not read tenant `{0}`: another session is changing it")]
    InUse(TenantName),
    /// A schema was to become a tenant, and is not there.
    #[error("there is no schema `{0}`")]
    NoSchema(SchemaName),
    /// A schema was to become a tenant that is one already, wholly.
    #[error("tenant `{0}` already has its schema and its migration history")]
    NothingToAdopt(TenantName),
    /// The schema is a spare.
    #[error("the schema `{0}` is a spare, reserved for a new tenant")]
    IsSpare(SchemaName),
    /// The server refused a step other than a migration.
    #[error("{action}")]
    Database {
        /// What failed, such as "could not read the list of tenants".
        action: String,
        /// What the server says.
        source: PgError,
    },
}
