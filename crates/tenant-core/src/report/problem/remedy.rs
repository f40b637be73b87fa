//! What to do about each kind of problem.

use super::{Orphan, Problem, ProblemKind, SpareFault};
use crate::TenantName;
use crate::registry;
use crate::shape::{Difference, Mending};
use crate::sql::{ident, literal};

impl Problem {
    /// What to do about it: for people, with the commands of this workspace and with
    /// SQL. Control characters of names are shown as escapes.
    #[must_use]
    pub fn remedy(&self) -> String {
        let name = self.tenant.as_deref().unwrap_or_default();
        let shown = name.escape_debug().to_string();
        match (&self.kind, &self.tenant) {
            (ProblemKind::InvalidName(_), _) => {
                format!(
                    "Correct the name in {}, or delete the row.",
                    registry::TABLE
                )
            }
            (ProblemKind::MissingSchema, _) => format!(
                "Restore the schema from a backup, or remove the registration: \
                 cargo xtask db:drop:tenant {shown}"
            ),
            (ProblemKind::TablesNotChecked(_), _) => {
                "Run the check as a role with the right: GRANT CREATE ON DATABASE.".to_owned()
            }
            (ProblemKind::Unreadable(_) | ProblemKind::BrokenMigrations(_), _) => {
                "Mend what the message says.".to_owned()
            }
            (ProblemKind::Drift(difference), _) => drifted(&shown, difference),
            (ProblemKind::HalfMade, _) => format!(
                "Find the version that it has, and record it: cargo xtask db:adopt:tenant {shown}"
            ),
            (ProblemKind::EditedMigration { version, .. }, _) => edited(name, version.as_str()),
            (ProblemKind::NoAccess { role, .. }, _) => no_access(name, role),
            (ProblemKind::ForeignOwner { usual, .. }, _) => {
                format!("ALTER SCHEMA {} OWNER TO {};", ident(name), ident(usual))
            }
            (ProblemKind::PendingMigrations(_), None) => "cargo xtask db:migrate".to_owned(),
            (ProblemKind::PendingMigrations(_), Some(_)) => {
                format!("cargo xtask db:migrate:tenant {shown}")
            }
            (ProblemKind::UnknownMigration(_), _) => {
                "Use the program that has this migration: this one is older, or the migration's \
                 folder was deleted."
                    .to_owned()
            }
            (ProblemKind::NotDistributed, _) => {
                format!("cargo xtask db:distribute:tenants --only {shown}")
            }
            (ProblemKind::UnreachableNode { .. }, _) => {
                "Start the server, or see to the network between it and the coordinator.".to_owned()
            }
            (ProblemKind::NothingSelected, _) => {
                "Select at least one tenant, or all of them.".to_owned()
            }
            (ProblemKind::OrphanedSchema(orphan), _) => orphaned(name, *orphan),
            (ProblemKind::SpareLeftover(fault), _) => left_over(name, *fault),
        }
    }

    /// The statements that would mend it, in order. None where there is no SQL for
    /// it, or where a command does it better.
    #[must_use]
    pub fn sql(&self) -> Vec<String> {
        let ProblemKind::Drift(difference) = &self.kind else {
            return Vec::new();
        };
        let name = self
            .tenant
            .as_deref()
            .and_then(|name| name.parse::<TenantName>().ok());
        name.map_or_else(Vec::new, |name| difference.sql(&name))
    }
}

fn drifted(name: &str, difference: &Difference) -> String {
    match difference.mending() {
        Mending::Adds => format!("cargo xtask db:repair:tenant {name}"),
        Mending::Removes => {
            "If nobody needs it, take it away with this SQL; otherwise write a migration that \
             makes it for every tenant."
                .to_owned()
        }
        Mending::Rewrites => {
            "Look at what the values would become, then change it with this SQL.".to_owned()
        }
        Mending::ByHand => {
            "There is no SQL that is sure to be right: compare it with another tenant, and mend it \
             by hand."
                .to_owned()
        }
    }
}

fn edited(name: &str, version: &str) -> String {
    format!(
        "Restore the file as it was, and write what is to change as a new migration. When the \
         tenant is right as it is: UPDATE {} SET fingerprints = fingerprints - {} WHERE name = {};",
        registry::TABLE,
        literal(version),
        literal(name)
    )
}

fn no_access(name: &str, role: &str) -> String {
    let (schema, role) = (ident(name), ident(role));
    format!(
        "GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL \
         TABLES IN SCHEMA {schema} TO {role}; the guide has the default privileges for new tenants."
    )
}

fn orphaned(name: &str, orphan: Orphan) -> String {
    let cascade = match orphan {
        // What is not empty any more when this is run is somebody's.
        Orphan::Empty => "",
        Orphan::LikeATenant => " CASCADE",
    };
    let drop = format!("if nobody needs it: DROP SCHEMA {}{cascade};", ident(name));
    if name.parse::<TenantName>().is_err() {
        return format!("Its name cannot be a tenant's. Rename it; or, {drop}");
    }
    format!("Make it a tenant: cargo xtask db:adopt:tenant {name}; or, {drop}")
}

fn left_over(name: &str, fault: SpareFault) -> String {
    match fault {
        SpareFault::Gone => {
            format!(
                "DELETE FROM {} WHERE name = {};",
                registry::SPARES,
                literal(name)
            )
        }
        SpareFault::Unlisted => format!("DROP SCHEMA {} CASCADE;", ident(name)),
        SpareFault::Drifted => {
            "Drop the spares and build them anew: cargo xtask db:spare:tenants 0, then with the \
             number that is wanted."
                .to_owned()
        }
    }
}
