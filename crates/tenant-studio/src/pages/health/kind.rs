//! The kinds of problems, as they are grouped.

use tenant_core::ProblemKind;

/// The kinds, in display order: problems that affect all tenants come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Unreachable,
    Broken,
    NotChecked,
    MissingSchema,
    Unreadable,
    InvalidName,
    Drift,
    HalfMade,
    NoAccess,
    Unqualified,
    Owner,
    Local,
    Edited,
    Unknown,
    Pending,
    Orphaned,
    Spare,
    Other,
}

impl Kind {
    pub(super) fn of(kind: &ProblemKind) -> Self {
        match kind {
            ProblemKind::InvalidName(_) => Self::InvalidName,
            ProblemKind::UnfitRow(unfit) if unfit.lacks_schema() => Self::MissingSchema,
            ProblemKind::UnfitRow(_) => Self::InvalidName,
            ProblemKind::MissingSchema => Self::MissingSchema,
            ProblemKind::Drift(_) => Self::Drift,
            ProblemKind::HalfMade | ProblemKind::ForeignObjects => Self::HalfMade,
            ProblemKind::Unreadable(_) => Self::Unreadable,
            ProblemKind::PendingMigrations(_) => Self::Pending,
            ProblemKind::UnknownMigration(_) | ProblemKind::OtherProgram { .. } => Self::Unknown,
            ProblemKind::EditedMigration { .. } | ProblemKind::NoFingerprints => Self::Edited,
            ProblemKind::NoAccess { .. } => Self::NoAccess,
            ProblemKind::UnqualifiedFunction { .. } => Self::Unqualified,
            ProblemKind::ForeignOwner { .. } => Self::Owner,
            ProblemKind::NotDistributed => Self::Local,
            ProblemKind::UnreachableNode { .. } => Self::Unreachable,
            ProblemKind::OrphanedSchema(_) => Self::Orphaned,
            ProblemKind::SpareLeftover(_) | ProblemKind::SpareName(_) => Self::Spare,
            ProblemKind::TablesNotChecked(_) | ProblemKind::NotUnderOwnName { .. } => {
                Self::NotChecked
            }
            ProblemKind::BrokenMigrations(_) => Self::Broken,
            _ => Self::Other,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "Servers that cannot be reached",
            Self::Broken => "Migrations that fail",
            Self::NotChecked => "Not checked",
            Self::MissingSchema => "Missing schemas",
            Self::Unreadable => "Unreadable tenants",
            Self::InvalidName => "Invalid names",
            Self::Drift => "Drift",
            Self::HalfMade => "Incomplete tenants",
            Self::NoAccess => "No access for the application",
            Self::Unqualified => "Functions that need search_path",
            Self::Owner => "Schemas with another owner",
            Self::Local => "Tenants that are not distributed",
            Self::Edited => "Migrations edited after they were applied",
            Self::Unknown => "Unknown migrations",
            Self::Pending => "Pending migrations",
            Self::Orphaned => "Orphaned schemas",
            Self::Spare => "Orphaned spare schemas",
            Self::Other => "Others",
        }
    }

    /// Whether the tenant has something to see.
    pub(super) fn has_pages(self) -> bool {
        !matches!(
            self,
            Self::MissingSchema | Self::InvalidName | Self::Orphaned | Self::Spare
        )
    }
}
