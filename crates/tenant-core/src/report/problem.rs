//! What a health check can find.

mod remedy;

use crate::error::few;
use crate::name::listed;
use crate::shape::{Change, Difference, ObjectKind, ObjectName};
use crate::{
    Error, ForeignSign, InvalidName, NameRule, NameUse, Node, SchemaName, UnfitPath, UnfitRow,
    Version,
};

/// Something that is not as it should be.
#[derive(Debug)]
#[non_exhaustive]
pub struct Problem {
    /// The tenant or schema it is about; `None` for the public schema and for
    /// what concerns all tenants.
    pub tenant: Option<String>,
    /// What it is.
    pub kind: ProblemKind,
}

impl Problem {
    /// A problem of a tenant or a schema, or of what exists once. For the tests of a program
    /// that shows problems.
    #[must_use]
    pub fn new(tenant: Option<String>, kind: ProblemKind) -> Self {
        Self { tenant, kind }
    }
}

/// The kinds of problems. `Display` is the detail in words.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A registered name that cannot be a tenant's.
    #[error("the registered name is not a valid tenant name")]
    InvalidName(#[source] InvalidName),
    /// Registered, and no schema.
    #[error("the tenant is registered, but its schema does not exist")]
    MissingSchema,
    /// What the list says of its schema cannot be, or may not be.
    #[error("{0}")]
    UnfitRow(Box<UnfitRow>),
    /// A schema behind the tenants' own in the path cannot be there.
    #[error("{0}")]
    UnfitPath(UnfitPath),
    /// Listed, and no schema, while these tenants have a schema and are not listed any more: the
    /// application may have renamed one of them.
    #[error("the tenant is listed, but its schema does not exist, and {} no longer listed", renamed(.left))]
    PerhapsRenamed {
        /// Their names.
        left: Vec<String>,
    },
    /// Its ledger, or what is in its schema, cannot be read.
    #[error("could not read the state of the tenant")]
    Unreadable(#[source] Error),
    /// The schema is not what the applied migrations make of it.
    #[error("{0}")]
    Drift(Box<Difference>),
    /// Something is in the schema, and no migration is recorded.
    #[error("the schema has objects, but its migration history is empty or missing")]
    HalfMade,
    /// Something is in the schema that no migration of this program makes, nothing that one
    /// does, and no migration is recorded.
    #[error(
        "the migration history is empty or missing, and no migration creates the schema's objects"
    )]
    ForeignObjects,
    /// Migrations that were not applied, by version, oldest first.
    #[error("{}: {}", pending(.0.len()), listed(.0))]
    PendingMigrations(Vec<Version>),
    /// The schema is as at this version, and entries of its migration history are missing.
    #[error(
        "the schema matches version {version}, but its migration history lacks {}", listed(.missing)
    )]
    LostEntries {
        /// The version.
        version: Version,
        /// The versions that the history lacks, oldest first.
        missing: Vec<Version>,
    },
    /// A pending migration creates this object, which is there already.
    #[error("{object} exists, but the migration that creates it is pending")]
    MadeByPending {
        /// The object, by kind and name.
        object: String,
    },
    /// A migration that was applied and that nobody has.
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
    /// The text of a migration is not the one that was applied.
    #[error("migration `{migration}` was edited after it was applied")]
    EditedMigration {
        /// Its name.
        migration: String,
        /// Its version.
        version: Version,
    },
    /// What its row keeps of the texts of the applied migrations cannot be read.
    #[error("the fingerprints in its registry row are not a JSON object and are ignored")]
    NoFingerprints,
    /// The application's role cannot use the schema, or not read these tables.
    #[error("{}", no_access(.role, .tables))]
    NoAccess {
        /// The schema.
        schema: String,
        /// The role.
        role: String,
        /// The tables that it cannot read, by name; none when it could, if only
        /// it had the right to use the schema.
        tables: Vec<String>,
    },
    /// The schema belongs to another role than those of most tenants, or than what is in
    /// it. Whom the objects in it belong to is no further problem.
    #[error("the schema is owned by `{owner}` instead of `{usual}`")]
    ForeignOwner {
        /// The schema.
        schema: String,
        /// The role that it belongs to.
        owner: String,
        /// The role that it should belong to.
        usual: String,
        /// What in it belongs to the wrong role as well, the migration history included, as
        /// `ALTER` names it: `TABLE acme.tasks`.
        objects: Vec<String>,
    },
    /// The schema is the coordinator's own, and the database is spread over a cluster.
    #[error("the tenant is on no node of the cluster: its schema is not distributed")]
    NotDistributed,
    /// A server of the cluster does not answer.
    #[error("could not reach node {node} of the cluster, with {tenants} {} on it", if *.tenants == 1 { "tenant" } else { "tenants" })]
    UnreachableNode {
        /// The server.
        node: Node,
        /// How many tenants are on it.
        tenants: usize,
    },
    /// Nobody is registered under the name of this schema.
    #[error("{0}")]
    OrphanedSchema(Orphan),
    /// The application does not list the tenant any more, and something of it is left.
    #[error("{}", unlisted(.schema, *.exists))]
    UnlistedTenant {
        /// Its schema.
        schema: String,
        /// Whether the schema still exists.
        exists: bool,
    },
    /// The application lists the tenant with another schema than before, and both exist.
    #[error(
        "the query for tenants gives it the schema `{listed}`, but its earlier schema `{kept}` \
         also exists"
    )]
    TwoSchemas {
        /// The schema by what the list says. It may not exist.
        listed: SchemaName,
        /// The schema that was kept beside the list.
        kept: String,
    },
    /// A spare schema that is none.
    #[error("{0}")]
    SpareLeftover(SpareFault),
    /// Rows of this table have the name of the spare that the tenant was made of.
    #[error("rows of `{0}` contain the name of the spare that became this tenant")]
    SpareName(String),
    /// The selection that was to be checked is empty.
    #[error("no tenant was selected, so no tenant was checked")]
    NothingSelected,
    /// What tenants should look like is not known: the role may not create a schema.
    #[error("could not check the tenants for drift: the trial run of the migrations failed")]
    TablesNotChecked(#[source] Error),
    /// Migrations use the schema's name, these tenants differ from what they make under other
    /// names, and what they make under the tenants' own names is not known.
    #[error("{}", not_under_own_name(.uses, .tenants, .why.is_some()))]
    NotUnderOwnName {
        /// Where the migrations use the name.
        uses: Vec<NameUse>,
        /// The tenants, by name.
        tenants: Vec<String>,
        /// Why the migrations could not be tried under these names; `None` where they were
        /// too many for one check.
        #[source]
        why: Option<Error>,
    },
    /// A function of the migrations finds what it names through `search_path` only, and
    /// PostgreSQL calls it where the path does not lead to the tenant.
    #[error("{}", no_path(.function, .names, .used_by))]
    UnqualifiedFunction {
        /// The function, with the types of its arguments.
        function: String,
        /// What it names without a schema.
        names: Vec<String>,
        /// What calls it: an index, a generated column, a check.
        used_by: ObjectName,
    },
    /// The migrations do not make a schema any more.
    #[error("the migrations cannot be applied to a new schema")]
    BrokenMigrations(#[source] Error),
}

/// How a schema without a registration looks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Orphan {
    /// It holds what the migrations make, or a good part of it.
    #[error("the schema looks like a tenant's, but no tenant with that name is registered")]
    LikeATenant,
    /// The same, and it cannot be dropped without what others have.
    #[error(
        "the schema looks like a tenant's, but no tenant with that name is registered, and objects \
         outside it depend on it"
    )]
    DependedOn,
    /// The same, and it also holds objects, by kind and name, that no migration creates. They
    /// would be dropped with it.
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
    /// It has a migration history, and the application writes the list of tenants: it may have
    /// renamed the tenant there.
    #[error(
        "the schema has a migration history, but no listed tenant has this schema: the application \
         may have renamed or deleted the tenant"
    )]
    WithHistory,
    /// It holds nothing.
    #[error("the schema is empty, and no tenant with that name is registered")]
    Empty,
}

/// What is wrong with a spare schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpareFault {
    /// It is in the list of spares, and does not exist.
    #[error("the spare is listed, but its schema does not exist")]
    Gone,
    /// It exists, and is not in the list.
    #[error("the schema was created as a spare, but is not listed")]
    Unlisted,
    /// The same, and it cannot be dropped without what others have.
    #[error(
        "the schema was created as a spare but is not listed, and objects outside it depend on it"
    )]
    DependedOn,
    /// It is a tenant's.
    #[error("the schema is listed as a spare, but belongs to a tenant")]
    Tenants,
    /// It is in the list of spares, and was not created as one.
    #[error("the schema is listed as a spare, but was not created as one")]
    NoSpare,
    /// A migration was edited after it was built, or a baseline has replaced its migrations.
    #[error("the spare is outdated: its migrations have changed since it was created")]
    Outdated {
        /// How many spares of this program there are.
        kept: usize,
    },
    /// It does not look as its migrations make it.
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
    /// Of a row that cannot be a tenant's.
    pub(crate) fn of_row(invalid: InvalidName) -> Self {
        match invalid.rule {
            NameRule::TwoSchemas { listed, kept } => Self::TwoSchemas { listed, kept },
            _ => Self::InvalidName(invalid),
        }
    }

    /// The kind in one word, for programs: `missing_schema`. It does not change from
    /// one version to the next.
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
            Self::LostEntries { .. } => "lost_history",
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
