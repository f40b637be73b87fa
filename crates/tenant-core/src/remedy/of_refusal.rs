//! What to do about a migration that is refused before anything runs.

use super::{Advice, Remedy};
use crate::Reason;

/// One of these, in the order in which to try them.
pub(super) fn of_refusal(reason: &Reason) -> Vec<Remedy> {
    let advice = match reason {
        Reason::Empty => Advice::WriteStatement,
        Reason::Nul => Advice::CorrectFile,
        Reason::Unterminated(_) => Advice::CloseText,
        Reason::TransactionControl(_)
        | Reason::TransactionMode
        | Reason::Backslash
        | Reason::DiscardAll => Advice::RemoveStatement,
        Reason::UnlockAll => Advice::ReleaseOwnLocks,
        Reason::Copy => Advice::InsertRows,
        Reason::OutsideOnly(_) => Advice::RunOutsideTransaction,
        Reason::Mixed(_) => Advice::SplitMigration,
        Reason::EndsWithSession(_) => Advice::UseOrdinaryTable,
        Reason::Abroad(_) => {
            return vec![
                Advice::OmitSchema.into(),
                Advice::MoveToPublicMigration.into(),
            ];
        }
        Reason::DefaultPrivileges => Advice::NamePrivilegesSchema,
    };
    vec![advice.into()]
}
