//! What to do about a code of PostgreSQL.
//!
//! Source of the codes: PostgreSQL manual, appendix "PostgreSQL Error Codes".

use super::{Advice, Command, Remedy};

/// After a step that is no migration. Class 23 holds the constraints.
pub(super) fn of_a_step(code: &str) -> Vec<Remedy> {
    match of(code) {
        // Advice about a migration would be of no use.
        _ if matches!(code, "25001" | "55P04") => Vec::new(),
        found if !found.is_empty() => found,
        _ if code.starts_with("23") => vec![Advice::FixRows.into()],
        _ => Vec::new(),
    }
}

pub(super) fn of(code: &str) -> Vec<Remedy> {
    let advice = match code {
        "25001" => Advice::RunOutsideTransaction,
        "42501" => Advice::GrantRight,
        "3F000" => Advice::NameExistingSchema,
        "42P07" | "42701" | "42710" => {
            return vec![Advice::FindExisting.into(), Command::CheckTenants.into()];
        }
        "55P04" => Advice::AddValueOutsideTransaction,
        "55P03" => Advice::WaitForLock,
        "57014" => Advice::AllowMoreTime,
        "53200" => Advice::RaiseLockTable,
        "53100" => Advice::FreeDisk,
        // The server itself says so, over a connection that is whole.
        "08000" | "08001" | "08003" | "08004" | "08006" => Advice::StartNode,
        "53300" => Advice::UseFewerConnections,
        _ => return Vec::new(),
    };
    vec![advice.into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_about_a_migration_is_for_the_failure_of_a_migration() {
        for code in ["25001", "55P04"] {
            assert_eq!(of(code).len(), 1);
            assert_eq!(of_a_step(code), []);
        }
    }
}
