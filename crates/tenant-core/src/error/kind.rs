//! Which kind of error each is.

use super::{ArchiveFailure, Error, PathFault, UnfitRow};
use crate::{ErrorKind, PgError};

impl Error {
    /// Returns the kind of the error, by what the caller can do about it.
    ///
    /// ```
    /// # use tenant_core::{Error, ErrorKind, TenantName};
    /// # let name: TenantName = "acme_corp".parse().unwrap();
    /// let error = Error::Unknown(name);
    /// assert_eq!(error.kind(), ErrorKind::NotFound); // for a web service: 404
    /// ```
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Connect(error) => error.kind(),
            Self::RegistryLost { .. }
            | Self::NotSetUp { .. }
            | Self::NoSpareList { .. }
            | Self::NoSuspensions(_)
            | Self::NoExtensionsSchema(_) => ErrorKind::NotSetUp,
            Self::UnfitPath(it) if it.fault == PathFault::Missing => ErrorKind::NotSetUp,
            Self::InvalidExtensionsSchema { .. } | Self::UnfitPath(_) => ErrorKind::Misconfigured,
            Self::Unknown(_)
            | Self::UnknownSpare(_)
            | Self::NoSchema(_)
            | Self::NoVersion(_)
            | Self::UnknownNode { .. } => ErrorKind::NotFound,
            Self::UnfitRow(it) if matches!(**it, UnfitRow::OtherSchema { .. }) => {
                ErrorKind::Refused
            }
            Self::UnfitRow(_)
            | Self::MissingSchema(_)
            | Self::MissingSpare(_)
            | Self::InvalidRow { .. }
            | Self::InvalidSpareRow { .. }
            | Self::NoHistory(_)
            | Self::LostEntries { .. }
            | Self::ForeignObjects(_)
            | Self::WrongOwner { .. }
            | Self::NoFingerprints(_)
            | Self::HalfMade { .. } => ErrorKind::Damaged,
            Self::Taken(_)
            | Self::Incomplete(..)
            | Self::Untracked(_)
            | Self::IsSpare(_)
            | Self::NothingToAdopt(_)
            | Self::Busy { .. }
            | Self::InUse(_)
            | Self::InTheWay
            | Self::NoReplication(..)
            | Self::AppliedMeanwhile { .. } => ErrorKind::Conflict,
            Self::SameName(_)
            | Self::NotCopyable { .. }
            | Self::HasDependents { .. }
            | Self::NameInText { .. }
            | Self::Refused { .. }
            | Self::Irreversible { .. }
            | Self::UnreadableDown { .. }
            | Self::NotOurs { .. }
            | Self::NotListed { .. }
            | Self::AheadOfProgram { .. }
            | Self::CannotRepairAhead { .. }
            | Self::OtherProgram { .. }
            | Self::OthersTenant { .. }
            | Self::ChangedPath { .. }
            | Self::ChangedElsewhere { .. }
            | Self::NoVersionFits { .. }
            | Self::SeveralVersionsFit { .. }
            | Self::WouldBlockWrites { .. }
            | Self::BaselineUnclear { .. }
            | Self::NotLikeBaseline { .. }
            | Self::BehindBaseline { .. }
            | Self::AheadOfBaseline { .. }
            | Self::EditMatters { .. }
            | Self::UnknownApplied { .. }
            | Self::InvalidName(_)
            | Self::Unconfirmed(_)
            | Self::UnfitList(_)
            | Self::HasLedger(_) => ErrorKind::Refused,
            Self::NeedsDirect { .. }
            | Self::EachNeedsDirect { .. }
            | Self::Standby { .. }
            | Self::DependsOnName { .. }
            | Self::NotACluster
            | Self::HoldsNoTenants(_)
            | Self::NotDistributed(_) => ErrorKind::Unsupported,
            Self::Archive(failure) => match **failure {
                ArchiveFailure::File(_) | ArchiveFailure::NotAlike { .. } => ErrorKind::Failed,
                ArchiveFailure::Cluster => ErrorKind::Unsupported,
                _ => ErrorKind::Refused,
            },
            Self::NotAlike { .. } | Self::StillDifferent { .. } => ErrorKind::Failed,
            Self::OwnWork(failure) => failure.kind,
            Self::Migration(_) | Self::Hook(_) | Self::Deferred { .. } | Self::Database { .. } => {
                self.postgres().map_or(ErrorKind::Failed, PgError::kind)
            }
        }
    }
}
