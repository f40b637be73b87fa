//! What to do about each kind of problem.

use tenant_core::{Problem, ProblemKind, TenantName, quote_ident, quote_literal};

/// The kinds, in the order in which they are shown: what stops everybody first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Broken,
    NotChecked,
    MissingSchema,
    MissingTable,
    Unreadable,
    InvalidName,
    NoAccess,
    Edited,
    Unknown,
    Pending,
    Orphaned,
}

impl Kind {
    pub(super) fn of(kind: &ProblemKind) -> Self {
        match kind {
            ProblemKind::InvalidName(_) => Self::InvalidName,
            ProblemKind::MissingSchema => Self::MissingSchema,
            ProblemKind::Unreadable(_) => Self::Unreadable,
            ProblemKind::MissingTable(_) => Self::MissingTable,
            ProblemKind::PendingMigrations(_) => Self::Pending,
            ProblemKind::UnknownMigration(_) => Self::Unknown,
            ProblemKind::EditedMigration { .. } => Self::Edited,
            ProblemKind::NoAccess { .. } => Self::NoAccess,
            ProblemKind::OrphanedSchema => Self::Orphaned,
            ProblemKind::TablesNotChecked(_) => Self::NotChecked,
            ProblemKind::BrokenMigrations(_) => Self::Broken,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Broken => "Migrations that do not work",
            Self::NotChecked => "Not checked",
            Self::MissingSchema => "Missing schemas",
            Self::MissingTable => "Missing tables",
            Self::Unreadable => "Unreadable tenants",
            Self::InvalidName => "Invalid names",
            Self::NoAccess => "No access for the application",
            Self::Edited => "Migrations edited after they were applied",
            Self::Unknown => "Unknown migrations",
            Self::Pending => "Pending migrations",
            Self::Orphaned => "Orphaned schemas",
        }
    }

    /// Whether the tenant has something to see.
    pub(super) fn has_pages(self) -> bool {
        !matches!(
            self,
            Self::MissingSchema | Self::InvalidName | Self::Orphaned
        )
    }
}

/// The error's text and those of its causes.
pub(super) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    let mut causes = chain.map(ToString::to_string).collect::<Vec<_>>();
    // A transparent error repeats the text of the one that it wraps.
    causes.dedup();
    causes.join(": ")
}

/// What to do about it.
pub(super) fn remedy(problem: &Problem) -> String {
    let name = problem.tenant.as_deref().unwrap_or_default();
    match (&problem.kind, &problem.tenant) {
        (ProblemKind::InvalidName(_), _) => {
            "Correct the name in public.schema_tracker, or delete the row.".to_owned()
        }
        (ProblemKind::MissingSchema, _) => format!(
            "Restore the schema from a backup, or remove the registration: \
             cargo xtask db:drop:tenant {name}"
        ),
        (ProblemKind::TablesNotChecked(_), _) => {
            "Log in as a role with the right to make a schema: GRANT CREATE ON DATABASE.".to_owned()
        }
        (ProblemKind::Unreadable(_) | ProblemKind::BrokenMigrations(_), _) => {
            "Mend what the message says.".to_owned()
        }
        (ProblemKind::EditedMigration { version, .. }, _) => edited(name, version),
        (ProblemKind::NoAccess { role, .. }, _) => no_access(name, role),
        (ProblemKind::MissingTable(_), _) => {
            "Restore the table from a backup, or make it as its migration does.".to_owned()
        }
        (ProblemKind::PendingMigrations(_), None) => "cargo xtask db:migrate".to_owned(),
        (ProblemKind::PendingMigrations(_), Some(_)) => {
            format!("cargo xtask db:migrate:tenant {name}")
        }
        (ProblemKind::UnknownMigration(_), _) => {
            "Use the program that has this migration: this one is older, or the migration's \
             folder was deleted."
                .to_owned()
        }
        (ProblemKind::OrphanedSchema, _) => orphaned(name),
    }
}

fn edited(name: &str, version: &str) -> String {
    format!(
        "Restore the file as it was, and write what is to change as a new migration. When the \
         tenant is right as it is: UPDATE public.schema_tracker SET fingerprints = \
         fingerprints - {} WHERE name = {};",
        quote_literal(version),
        quote_literal(name)
    )
}

fn no_access(name: &str, role: &str) -> String {
    let (schema, role) = (quote_ident(name), quote_ident(role));
    format!(
        "GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL \
         TABLES IN SCHEMA {schema} TO {role};"
    )
}

fn orphaned(name: &str) -> String {
    let drop = format!(
        "if nobody needs it: DROP SCHEMA {} CASCADE;",
        quote_ident(name)
    );
    if name.parse::<TenantName>().is_err() {
        return format!("Its name cannot be a tenant's. Rename it; or, {drop}");
    }
    let name = quote_literal(name);
    format!("Register it: INSERT INTO public.schema_tracker (name) VALUES ({name}); or, {drop}")
}
