//! What to do about each kind of problem.

use super::{Orphan, Problem, ProblemKind, SpareFault};
use crate::remedy::{Advice, Command, Purpose, Remedy, Sql};
use crate::shape::{Difference, Mending};
use crate::sql::{ident, literal};
use crate::{Error, TenantName, registry};

impl Problem {
    /// What to do about it: one of these, in the order in which to try them.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        let name = self.tenant.as_deref().unwrap_or_default();
        match &self.kind {
            ProblemKind::InvalidName(_) => vec![Sql::unregister(name).into()],
            ProblemKind::MissingSchema => {
                let drop = self.command(Command::DropTenant);
                vec![Advice::RestoreBackup.into(), drop]
            }
            ProblemKind::TablesNotChecked(error) if error.sqlstate() == Some("42501") => {
                vec![Advice::UseRoleThatMayCreate.into()]
            }
            ProblemKind::TablesNotChecked(error) => of(error, Advice::UseRoleThatMayCreate),
            ProblemKind::Unreadable(error) | ProblemKind::BrokenMigrations(error) => {
                of(error, Advice::ReadMessage)
            }
            ProblemKind::Drift(difference) => self.drifted(difference),
            ProblemKind::HalfMade => vec![self.command(adopt)],
            ProblemKind::EditedMigration { version, .. } => edited(name, version),
            ProblemKind::NoAccess { role, .. } => vec![Sql::grant(name, role).into()],
            ProblemKind::ForeignOwner { usual, .. } => vec![change_owner(name, usual).into()],
            ProblemKind::PendingMigrations(_) if self.tenant.is_none() => {
                vec![Command::MigratePublic.into()]
            }
            ProblemKind::PendingMigrations(_) => vec![self.command(Command::MigrateTenant)],
            ProblemKind::UnknownMigration(_) => vec![Advice::UseOtherProgram.into()],
            ProblemKind::NotDistributed => vec![self.command(Command::DistributeTenant)],
            ProblemKind::UnreachableNode { .. } => vec![Advice::StartNode.into()],
            ProblemKind::OrphanedSchema(orphan) => orphaned(name, *orphan),
            ProblemKind::SpareLeftover(fault) => vec![left_over(name, *fault)],
        }
    }

    /// The statements that would fix it, in order. None where there is no SQL for
    /// it, or where a command does it better.
    #[must_use]
    pub fn sql(&self) -> Vec<String> {
        match &self.kind {
            ProblemKind::Drift(difference) => self
                .name()
                .map_or_else(Vec::new, |name| difference.sql(&name)),
            _ => Vec::new(),
        }
    }

    fn name(&self) -> Option<TenantName> {
        self.tenant.as_deref()?.parse().ok()
    }

    /// What a command does about it. No command takes what cannot be a tenant's name.
    fn command(&self, command: impl FnOnce(TenantName) -> Command) -> Remedy {
        match self.name() {
            Some(name) => command(name).into(),
            None => Advice::CorrectRow.into(),
        }
    }

    fn drifted(&self, difference: &Difference) -> Vec<Remedy> {
        match difference.mending() {
            Mending::Adds => vec![self.command(Command::RepairTenant)],
            Mending::Removes => vec![
                Sql::new(Purpose::DropObject, self.sql()).into(),
                Advice::AddMigration.into(),
            ],
            Mending::Rewrites => vec![Sql::new(Purpose::ChangeDefinition, self.sql()).into()],
            Mending::ByHand => vec![Advice::CompareByHand.into()],
        }
    }
}

/// An error can say it better than its kind.
fn of(error: &Error, otherwise: Advice) -> Vec<Remedy> {
    match error.remedies() {
        none if none.is_empty() => vec![otherwise.into()],
        found => found,
    }
}

fn adopt(name: TenantName) -> Command {
    Command::AdoptTenant { name, at: None }
}

fn edited(name: &str, version: &str) -> Vec<Remedy> {
    let accept = format!(
        "UPDATE {} SET fingerprints = fingerprints - {} WHERE name = {}",
        registry::TABLE,
        literal(version),
        literal(name)
    );
    vec![
        Advice::RestoreFile.into(),
        Sql::new(Purpose::AcceptEdited, [accept]).into(),
    ]
}

fn change_owner(name: &str, usual: &str) -> Sql {
    let statement = format!("ALTER SCHEMA {} OWNER TO {}", ident(name), ident(usual));
    Sql::new(Purpose::ChangeOwner, [statement])
}

fn orphaned(name: &str, orphan: Orphan) -> Vec<Remedy> {
    let cascade = match orphan {
        // What is not empty any more when this is run is somebody's.
        Orphan::Empty => "",
        Orphan::LikeATenant => " CASCADE",
    };
    let drop = format!("DROP SCHEMA {}{cascade}", ident(name));
    let first = match name.parse() {
        Ok(name) => adopt(name).into(),
        Err(_) => Advice::RenameSchema.into(),
    };
    vec![first, Sql::new(Purpose::DropSchema, [drop]).into()]
}

fn left_over(name: &str, fault: SpareFault) -> Remedy {
    match fault {
        SpareFault::Gone => {
            let statement = format!(
                "DELETE FROM {} WHERE name = {}",
                registry::SPARES,
                literal(name)
            );
            Sql::new(Purpose::ForgetSpare, [statement]).into()
        }
        SpareFault::Unlisted => {
            let statement = format!("DROP SCHEMA {} CASCADE", ident(name));
            Sql::new(Purpose::DropSpare, [statement]).into()
        }
        SpareFault::Drifted => Command::KeepSpares(0).into(),
    }
}
