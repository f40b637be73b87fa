//! What a health check can find.

mod remedy;

use crate::error::few;
use crate::name::listed;
use crate::shape::{Change, Difference, ObjectKind, ObjectName};
use crate::{
    Error, ForeignSign, InvalidName, NameRule, NameUse, Node, SchemaName, UnfitPath, UnfitRow,
    Version,
};

/// A problem that a health check found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Problem {
    /// The tenant or schema; `None` for the public schema and for problems of all tenants.
    pub tenant: Option<String>,
    /// What it is.
    pub kind: ProblemKind,
}

impl Problem {
    /// Creates a problem of a tenant, of a schema, or of the whole database. Use this to test
    /// programs that display problems.
    #[must_use]
    pub fn new(tenant: Option<String>, kind: ProblemKind) -> Self {
        Self { tenant, kind }
    }
}

/// The kinds of problems. `Display` describes the problem.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A registered name that is not a valid tenant name.
    #[error("the registered name is not a valid tenant name")]
    InvalidName(#[source] InvalidName),
    /// The tenant is registered, but its schema does not exist.
    #[error("the tenant is registered, but its schema does not exist")]
    MissingSchema,
    /// The schema in the list of tenants is not valid, or is doubtful.
    #[error("{0}")]
    UnfitRow(Box<UnfitRow>),
    /// A schema cannot follow the tenants' schemas in the search path.
    #[error("{0}")]
    UnfitPath(UnfitPath),
    /// The tenant is listed without a schema, while these tenants have a schema but are no longer
    /// listed. The application may have renamed one of them.
    #[error("the tenant is listed, but its schema does not exist, and {} no longer listed", renamed(.left))]
    PerhapsRenamed {
        /// Their names.
        left: Vec<String>,
    },
    /// Its migration history or its schema could not be read.
    #[error("could not read the state of the tenant")]
    Unreadable(#[source] Error),
    /// Drift: the schema differs from what its applied migrations create.
    #[error("{0}")]
    Drift(Box<Difference>),
    /// The schema has objects, but its migration history is empty or missing.
    #[error("the schema has objects, but its migration history is empty or missing")]
    HalfMade,
    /// The schema has objects, its migration history is empty or missing, and no migration of this
    /// program creates any of the objects.
    #[error(
        "the migration history is empty or missing, and no migration creates the schema's objects"
    )]
    ForeignObjects,
    /// The pending versions, oldest first.
    #[error("{}: {}", pending(.0.len()), listed(.0))]
    PendingMigrations(Vec<Version>),
    /// The schema matches this version, but its migration history lacks entries.
    #[error(
        "the schema matches version {version}, but its migration history lacks {}", listed(.missing)
    )]
    LostEntries {
        /// The version.
        version: Version,
        /// The versions that the history lacks, oldest first.
        missing: Vec<Version>,
    },
    /// The registry records these versions as applied, oldest first, but the migration history
    /// does not list them.
    #[error(
        "the registry records migrations as applied that the migration history lacks: {}",
        listed(.0)
    )]
    RecordedOnly(Vec<Version>),
    /// A pending migration creates this object, which already exists.
    #[error("{object} exists, but the migration that creates it is pending")]
    MadeByPending {
        /// The object, by kind and name.
        object: String,
    },
    /// An unknown migration: applied, but not in this program.
    #[error("the applied migration {0} is not among the migrations of this program")]
    UnknownMigration(Version),
    /// Another program has migrated the tenant.
    #[error("the tenant belongs to another program: {}", sign.told(.versions))]
    OtherProgram {
        /// The applied versions that show it, oldest first.
        versions: Vec<Version>,
        /// What shows it.
        sign: ForeignSign,
    },
    /// A migration was edited after it was applied.
    #[error("migration `{migration}` was edited after it was applied")]
    EditedMigration {
        /// Its name.
        migration: String,
        /// Its version.
        version: Version,
    },
    /// The fingerprints in its registry row could not be read.
    #[error("the fingerprints in its registry row are not a JSON object and are ignored")]
    NoFingerprints,
    /// The application's role cannot use the schema, or cannot read these tables.
    #[error("{}", no_access(.role, .tables))]
    NoAccess {
        /// The schema.
        schema: String,
        /// The role.
        role: String,
        /// The tables that it cannot read, by name; empty if it only lacks the right to use the
        /// schema.
        tables: Vec<String>,
    },
    /// The schema is owned by another role than most tenants' schemas, or than its objects. The
    /// owners of its objects are no separate problem.
    #[error("the schema is owned by `{owner}` instead of `{usual}`")]
    ForeignOwner {
        /// The schema.
        schema: String,
        /// The owner.
        owner: String,
        /// The expected owner.
        usual: String,
        /// The objects in it with the wrong owner, including the migration history, as `ALTER`
        /// names them: `TABLE acme.tasks`.
        objects: Vec<String>,
    },
    /// The database is a Citus cluster, but the schema is not distributed.
    #[error("the tenant is on no node of the cluster: its schema is not distributed")]
    NotDistributed,
    /// A node of the cluster does not answer.
    #[error("could not reach node {node} of the cluster, with {tenants} {} on it", if *.tenants == 1 { "tenant" } else { "tenants" })]
    UnreachableNode {
        /// The node.
        node: Node,
        /// How many tenants are on it.
        tenants: usize,
    },
    /// An orphaned schema: no tenant with its name is registered.
    #[error("{0}")]
    OrphanedSchema(Orphan),
    /// The application no longer lists the tenant, but its schema or its state still exists.
    #[error("{}", unlisted(.schema, *.exists))]
    UnlistedTenant {
        /// Its schema.
        schema: String,
        /// Whether the schema still exists.
        exists: bool,
    },
    /// The application lists the tenant with another schema than before, and both schemas exist.
    #[error(
        "the query for tenants gives it the schema `{listed}`, but its earlier schema `{kept}` \
         also exists"
    )]
    TwoSchemas {
        /// The schema in the list. It may not exist.
        listed: SchemaName,
        /// The schema in the table beside the list.
        kept: String,
    },
    /// A problem of a spare.
    #[error("{0}")]
    SpareLeftover(SpareFault),
    /// Rows of this table contain the name of the spare that became the tenant.
    #[error("rows of `{0}` contain the name of the spare that became this tenant")]
    SpareName(String),
    /// The selection is empty.
    #[error("no tenant was selected, so no tenant was checked")]
    NothingSelected,
    /// The expected definition is unknown, because the role cannot create a schema.
    #[error("could not check the tenants for drift: the trial run of the migrations failed")]
    TablesNotChecked(#[source] Error),
    /// Migrations use the schema's name, and these tenants differ from what the migrations create
    /// under other names. The definition under the tenants' own names is unknown.
    #[error("{}", not_under_own_name(.uses, .tenants, .why.is_some()))]
    NotUnderOwnName {
        /// Where the migrations use the name.
        uses: Vec<NameUse>,
        /// The tenants, by name.
        tenants: Vec<String>,
        /// Why the migrations could not run under these names; `None` if there were too many names
        /// for one check.
        #[source]
        why: Option<Error>,
    },
    /// A function of the migrations resolves names through `search_path`, but PostgreSQL calls it
    /// where the path does not lead to the tenant.
    #[error("{}", no_path(.function, .names, .used_by))]
    UnqualifiedFunction {
        /// The function, with the types of its arguments.
        function: String,
        /// The names without a schema.
        names: Vec<String>,
        /// The object that calls it: an index, a generated column, a check.
        used_by: ObjectName,
    },
    /// The migrations fail on a new schema.
    #[error("the migrations cannot be applied to a new schema")]
    BrokenMigrations(#[source] Error),
}

/// The kinds of orphaned schemas.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Orphan {
    /// It has all or many of the objects that the migrations create.
    #[error("the schema looks like a tenant's, but no tenant with that name is registered")]
    LikeATenant,
    /// The same, and its tables contain rows. They may be a customer's whose registration was lost.
    #[error(
        "the schema looks like a tenant's and contains rows, but no tenant with that name is \
         registered"
    )]
    WithRows,
    /// It looks like a tenant's, and objects outside it depend on it.
    #[error(
        "the schema looks like a tenant's, but no tenant with that name is registered, and objects \
         outside it depend on it"
    )]
    DependedOn,
    /// The same, and it also has objects, by kind and name, that no migration creates. A drop would
    /// include them.
    #[error(
        "the schema looks like a tenant's, but no tenant with that name is registered, and no \
         migration creates these objects in it: {}", .0.join(", ")
    )]
    WithOthers(Vec<String>),
    /// The same, with migrations that this program does not have.
    #[error(
        "the schema looks like a tenant of another program, and no tenant with that name is registered"
    )]
    OfOtherProgram,
    /// It has a migration history, and the application, which writes the list, may have renamed the
    /// tenant there.
    #[error(
        "the schema has a migration history, but no listed tenant has this schema: the application \
         may have renamed or deleted the tenant"
    )]
    WithHistory,
    /// It is empty.
    #[error("the schema is empty, and no tenant with that name is registered")]
    Empty,
}

/// The problems of a spare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpareFault {
    /// It is listed, but does not exist.
    #[error("the spare is listed, but its schema does not exist")]
    Gone,
    /// It exists, but is not listed.
    #[error("the schema was created as a spare, but is not listed")]
    Unlisted,
    /// The same, and objects outside it depend on it.
    #[error(
        "the schema was created as a spare but is not listed, and objects outside it depend on it"
    )]
    DependedOn,
    /// It belongs to a tenant.
    #[error("the schema is listed as a spare, but belongs to a tenant")]
    Tenants,
    /// It is listed, but was not created as a spare.
    #[error("the schema is listed as a spare, but was not created as one")]
    NoSpare,
    /// A migration was edited after it was built, or a baseline replaced its migrations.
    #[error("the spare is outdated: its migrations have changed since it was created")]
    Outdated {
        /// How many spares of this program there are.
        kept: usize,
    },
    /// It differs from what its migrations create.
    #[error("the spare differs from what its migrations create")]
    Drifted,
}

impl Problem {
    /// What makes it the same problem when it is found again.
    pub(crate) fn identity(&self) -> (Option<String>, String) {
        (self.tenant.clone(), self.kind.to_string())
    }
}

impl ProblemKind {
    /// Every [`code`](Self::code).
    pub const CODES: &'static [&'static str] = &[
        "missing_table",
        "missing_object",
        "extra_object",
        "renamed_object",
        "shadowed_object",
        "changed_definition",
        "invalid_index",
        "wrong_owner",
        "missing_grants",
        "extra_grants",
        "pending_migrations",
        "unknown_migration",
        "other_program",
        "edited_migration",
        "no_fingerprints",
        "half_made",
        "foreign_objects",
        "lost_history",
        "made_by_pending",
        "invalid_name",
        "missing_schema",
        "shared_schema",
        "two_schemas",
        "unlisted_tenant",
        "orphaned_schema",
        "spare_leftover",
        "spare_name",
        "no_access",
        "unfit_path",
        "unqualified_function",
        "not_distributed",
        "unreachable_node",
        "unreadable",
        "broken_migrations",
        "tables_not_checked",
        "not_under_own_name",
        "nothing_selected",
    ];

    /// Of a row that cannot be a tenant's.
    pub(crate) fn of_row(invalid: InvalidName) -> Self {
        match invalid.rule {
            NameRule::TwoSchemas { listed, kept } => Self::TwoSchemas { listed, kept },
            _ => Self::InvalidName(invalid),
        }
    }

    /// The code of the kind, for programs: `missing_schema`. It is stable across versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidName(_) => "invalid_name",
            Self::MissingSchema | Self::PerhapsRenamed { .. } => "missing_schema",
            Self::UnfitRow(it) if it.lacks_schema() => "missing_schema",
            Self::UnfitRow(_) => "shared_schema",
            Self::UnfitPath(_) => "unfit_path",
            Self::Unreadable(_) => "unreadable",
            Self::Drift(difference) => code_of(difference),
            Self::HalfMade => "half_made",
            Self::ForeignObjects => "foreign_objects",
            Self::PendingMigrations(_) => "pending_migrations",
            Self::LostEntries { .. } | Self::RecordedOnly(_) => "lost_history",
            Self::MadeByPending { .. } => "made_by_pending",
            Self::UnknownMigration(_) => "unknown_migration",
            Self::OtherProgram { .. } => "other_program",
            Self::EditedMigration { .. } => "edited_migration",
            Self::NoFingerprints => "no_fingerprints",
            Self::NoAccess { .. } => "no_access",
            Self::ForeignOwner { .. } => "wrong_owner",
            Self::NotDistributed => "not_distributed",
            Self::UnreachableNode { .. } => "unreachable_node",
            Self::OrphanedSchema(_) => "orphaned_schema",
            Self::UnlistedTenant { .. } => "unlisted_tenant",
            Self::TwoSchemas { .. } => "two_schemas",
            Self::SpareLeftover(_) => "spare_leftover",
            Self::SpareName(_) => "spare_name",
            Self::NothingSelected => "nothing_selected",
            Self::TablesNotChecked(_) => "tables_not_checked",
            Self::BrokenMigrations(_) => "broken_migrations",
            Self::NotUnderOwnName { .. } => "not_under_own_name",
            Self::UnqualifiedFunction { .. } => "unqualified_function",
        }
    }
}

fn code_of(difference: &Difference) -> &'static str {
    match (&difference.change, difference.object.kind) {
        (Change::Missing | Change::MissingOne { .. }, ObjectKind::Table) => "missing_table",
        (Change::Missing | Change::MissingOne { .. }, _) => "missing_object",
        (Change::Extra, _) => "extra_object",
        (Change::Renamed { .. } | Change::RenamedLabel { .. }, _) => "renamed_object",
        (Change::Shadowed { .. } | Change::ShadowedLabel { .. }, _) => "shadowed_object",
        (Change::Changed(_), _) => "changed_definition",
        (Change::InvalidIndex, _) => "invalid_index",
        (Change::WrongOwner { .. }, _) => "wrong_owner",
        (Change::MissingGrants(_), _) => "missing_grants",
        (Change::ExtraGrants(_), _) => "extra_grants",
    }
}

fn pending(count: usize) -> String {
    match count {
        1 => "1 pending migration".to_owned(),
        several => format!("{several} pending migrations"),
    }
}

fn no_path(function: &str, names: &[String], used_by: &ObjectName) -> String {
    let names = names.iter().map(|name| format!("`{name}`"));
    let names = names.collect::<Vec<_>>().join(", ");
    format!(
        "function `{function}`, called by {used_by}, uses {names} without a schema: it fails in \
         autovacuum and pg_restore, where search_path does not contain the tenant"
    )
}

fn not_under_own_name(uses: &[NameUse], tenants: &[String], is_tried: bool) -> String {
    let uses = uses.iter().map(ToString::to_string);
    let uses = uses.collect::<Vec<_>>().join(", ");
    let why = if is_tried {
        ""
    } else {
        ", because one check tries only a limited number"
    };
    let (were, name) = match tenants {
        [_] => ("was", "its own name"),
        _ => ("were", "their own names"),
    };
    format!(
        "the migrations use the schema's name at {uses}, and {} {were} not compared under {name}{why}",
        few(tenants)
    )
}

fn unlisted(schema: &str, exists: bool) -> String {
    let left = match exists {
        true => format!("its schema `{schema}` still exists"),
        false => "its state is still stored".to_owned(),
    };
    format!("the query for tenants no longer returns the tenant, but {left}")
}

fn renamed(left: &[String]) -> String {
    match left {
        [one] => format!("the tenant `{one}`, which has one, is"),
        several => format!("tenants that have one are ({})", few(several)),
    }
}

fn no_access(role: &str, tables: &[String]) -> String {
    if tables.is_empty() {
        return format!("the role `{role}` cannot use the schema");
    }
    let tables = tables.iter().map(|table| format!("`{table}`"));
    let tables = tables.collect::<Vec<_>>().join(", ");
    format!("the role `{role}` cannot read {tables}, or cannot use the schema")
}
