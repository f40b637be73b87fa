//! What to do about each kind of problem.

use super::{Orphan, Problem, ProblemKind, SpareFault};
use crate::SchemaName;
use crate::registry::Registry;
use crate::shape::{Difference, Mending};
use crate::sql::ident;

impl Problem {
    /// What to do about it: for people, with the commands of this workspace and with
    /// SQL. Control characters of names are shown as escapes.
    ///
    /// `registry` is that of the tenants it is about:
    /// [`Tenants::registry`](crate::Tenants::registry).
    #[must_use]
    pub fn remedy(&self, registry: &Registry) -> String {
        let name = self.tenant.as_deref().unwrap_or_default();
        let shown = name.escape_debug().to_string();
        match (&self.kind, &self.tenant) {
            (ProblemKind::InvalidName(_), _) => {
                format!(
                    "Correct the name in {}, or delete the row.",
                    registry.sql_table()
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
            (ProblemKind::EditedMigration { version, .. }, _) => edited(registry, name, version),
            (ProblemKind::NoAccess { role, .. }, _) => no_access(&schema_of(registry, name), role),
            (ProblemKind::ForeignOwner { usual, .. }, _) => {
                let schema = ident(&schema_of(registry, name));
                format!("ALTER SCHEMA {schema} OWNER TO {};", ident(usual))
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
            (ProblemKind::OrphanedSchema(orphan), _) => orphaned(registry, name, *orphan),
            (ProblemKind::SpareLeftover(fault), _) => left_over(registry, name, *fault),
        }
    }

    /// The statements that would mend it, in order. None where there is no SQL for
    /// it, or where a command does it better. `registry` as for
    /// [`remedy`](Self::remedy).
    #[must_use]
    pub fn sql(&self, registry: &Registry) -> Vec<String> {
        let ProblemKind::Drift(difference) = &self.kind else {
            return Vec::new();
        };
        let name = self.tenant.as_deref().and_then(|name| name.parse().ok());
        name.map_or_else(Vec::new, |name| {
            difference.sql(&registry.target(&name).schema)
        })
    }
}

/// The schema of the tenant `name`; of what is no tenant's name, the schema called so.
fn schema_of(registry: &Registry, name: &str) -> String {
    match name.parse() {
        Ok(name) => registry.target(&name).schema.to_string(),
        Err(_) => name.to_owned(),
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

fn edited(registry: &Registry, name: &str, version: &str) -> String {
    format!(
        "Restore the file as it was, and write what is to change as a new migration. When the \
         tenant is right as it is: {}",
        registry.forget_fingerprint(name, version)
    )
}

fn no_access(name: &str, role: &str) -> String {
    let (schema, role) = (ident(name), ident(role));
    format!(
        "GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL \
         TABLES IN SCHEMA {schema} TO {role}; the guide has the default privileges for new tenants."
    )
}

fn orphaned(registry: &Registry, name: &str, orphan: Orphan) -> String {
    let cascade = match orphan {
        // What is not empty any more when this is run is somebody's.
        Orphan::Empty => "",
        Orphan::LikeATenant => " CASCADE",
    };
    let drop = format!("if nobody needs it: DROP SCHEMA {}{cascade};", ident(name));
    let schema = name.parse::<SchemaName>().ok();
    match schema.and_then(|schema| registry.naming().tenant_of(&schema)) {
        None => format!("Its name cannot be a tenant's. Rename it; or, {drop}"),
        Some(tenant) => {
            format!("Make it a tenant: cargo xtask db:adopt:tenant {tenant}; or, {drop}")
        }
    }
}

fn left_over(registry: &Registry, name: &str, fault: SpareFault) -> String {
    match fault {
        SpareFault::Gone => registry.forget_spare(name),
        SpareFault::Unlisted => format!("DROP SCHEMA {} CASCADE;", ident(name)),
        SpareFault::Drifted => {
            "Drop the spares and build them anew: cargo xtask db:spare:tenants 0, then with the \
             number that is wanted."
                .to_owned()
        }
    }
}
