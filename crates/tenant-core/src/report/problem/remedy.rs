//! What to do about each kind of problem.

use sql_text::ident;

use super::{Orphan, Problem, ProblemKind, SpareFault};
use crate::registry::Registry;
use crate::remedy::{
    Advice, Command, Purpose, Remedy, Sql, lost_entries, missing_schema, of_other_program, of_path,
    of_row,
};
use crate::shape::{Change, Difference, Mending};
use crate::{Error, ForeignSign, InvalidName, NameRule, SchemaName, TenantName};

impl Problem {
    /// What to do about it: alternatives, in the order to try them.
    ///
    /// `registry` is the registry of the tenants: [`Tenants::registry`](crate::Tenants::registry).
    #[must_use]
    pub fn remedies(&self, registry: &Registry) -> Vec<Remedy> {
        let name = self.tenant.as_deref().unwrap_or_default();
        match &self.kind {
            ProblemKind::InvalidName(InvalidName {
                rule: NameRule::Shared(_),
                ..
            }) => vec![Advice::GiveOwnSchema.into()],
            // What an application's row says of a customer is not ours to delete.
            ProblemKind::InvalidName(_) if registry.may_be_listed_first() => {
                vec![Advice::CorrectRow.into()]
            }
            ProblemKind::InvalidName(_) => vec![Sql::unregister(registry, name).into()],
            ProblemKind::UnlistedTenant { exists: false, .. } => {
                vec![self.command(registry, Command::DropTenant)]
            }
            ProblemKind::UnlistedTenant { .. } => self
                .name(registry)
                .map_or_else(|| vec![Advice::CorrectRow.into()], left_behind),
            ProblemKind::PerhapsRenamed { left } => {
                let Some(to) = self.name(registry) else {
                    return vec![Advice::CorrectRow.into()];
                };
                let from = match left.as_slice() {
                    [one] => registry.registered(one).ok(),
                    _ => None,
                };
                let create = Command::CreateTenant(Some(to.clone()));
                let to = Some(to);
                vec![Command::RenameTenant { from, to }.into(), create.into()]
            }
            ProblemKind::TwoSchemas { listed, .. } => {
                let follow = registry.keep_schema(name, listed.as_str());
                let follow = Sql::new(Purpose::FollowList, [follow]);
                vec![Advice::ChooseListedSchema.into(), follow.into()]
            }
            ProblemKind::MissingSchema => match self.name(registry) {
                Some(name) => missing_schema(&name, registry),
                None => vec![Advice::RestoreBackup.into(), Advice::CorrectRow.into()],
            },
            ProblemKind::UnfitRow(unfit) => of_row(unfit, registry),
            ProblemKind::UnfitPath(unfit) => of_path(unfit),
            ProblemKind::TablesNotChecked(error) if error.sqlstate() == Some("42501") => {
                vec![Advice::UseRoleThatMayCreate.into()]
            }
            ProblemKind::TablesNotChecked(error) => {
                of(error, registry, Advice::UseRoleThatMayCreate)
            }
            ProblemKind::NotUnderOwnName { why: None, .. } => vec![Command::CheckTenants.into()],
            ProblemKind::NotUnderOwnName {
                why: Some(error), ..
            } => {
                let denied = error.sqlstate() == Some("42501");
                match of(error, registry, Advice::AllowScratchDatabase) {
                    _ if denied => vec![Advice::AllowScratchDatabase.into()],
                    remedies => remedies,
                }
            }
            ProblemKind::Unreadable(error) | ProblemKind::BrokenMigrations(error) => {
                of(error, registry, Advice::ReadMessage)
            }
            ProblemKind::Drift(difference) => self.drifted(registry, difference),
            ProblemKind::HalfMade => vec![self.command(registry, adopt)],
            ProblemKind::ForeignObjects => vec![Advice::MoveForeignObjects.into()],
            ProblemKind::EditedMigration { version, .. } => {
                let accept = Command::AcceptEdits(vec![version.clone()]);
                vec![Advice::RestoreFile.into(), accept.into()]
            }
            ProblemKind::NoFingerprints => {
                let forget = registry.forget_fingerprints(name);
                vec![Sql::new(Purpose::ForgetFingerprints, [forget]).into()]
            }
            ProblemKind::NoAccess { schema, role, .. } => vec![Sql::grant(schema, role).into()],
            ProblemKind::ForeignOwner {
                schema,
                usual,
                objects,
                ..
            } => vec![Sql::change_owner(schema, usual, objects).into()],
            ProblemKind::PendingMigrations(_) if self.tenant.is_none() => {
                vec![Command::MigratePublic.into()]
            }
            ProblemKind::PendingMigrations(_) => {
                vec![self.command(registry, Command::MigrateTenant)]
            }
            ProblemKind::LostEntries { version, .. } => {
                let at = Some(version.clone().into());
                vec![self.command(registry, |name| Command::AdoptTenant { name, at })]
            }
            ProblemKind::RecordedOnly(_) => lost_entries(self.name(registry).as_ref()),
            ProblemKind::MadeByPending { .. } => vec![Advice::FinishMigration.into()],
            ProblemKind::UnknownMigration(_)
            | ProblemKind::OtherProgram {
                sign: ForeignSign::UnknownVersions,
                ..
            } => {
                vec![Advice::UseOtherProgram.into(), Command::Squash.into()]
            }
            ProblemKind::OtherProgram { versions, sign } => of_other_program(versions, *sign),
            ProblemKind::NotDistributed => vec![self.command(registry, Command::DistributeTenant)],
            ProblemKind::UnreachableNode { .. } => vec![Advice::StartNode.into()],
            ProblemKind::OrphanedSchema(orphan) => orphaned(registry, name, orphan),
            ProblemKind::SpareLeftover(fault) => vec![left_over(registry, name, *fault)],
            ProblemKind::UnqualifiedFunction { function, .. } => vec![keep_path(function).into()],
            ProblemKind::SpareName(_) => vec![Advice::CorrectNamedRows.into()],
            ProblemKind::NothingSelected => vec![Advice::SelectTenants.into()],
        }
    }

    /// The statements that fix it, in order. Empty if there is no SQL for it, or if a command is
    /// better. `registry` as for [`remedies`](Self::remedies).
    #[must_use]
    pub fn sql(&self, registry: &Registry) -> Vec<String> {
        match &self.kind {
            // Of part of what is needed people are told nothing: they would run it.
            ProblemKind::Drift(difference)
                if difference.mending() == Mending::ByHand && !difference.is_renamed() =>
            {
                Vec::new()
            }
            ProblemKind::Drift(difference) => self.name(registry).map_or_else(Vec::new, |name| {
                let schema = registry.known_schema(&name);
                schema.map_or_else(Vec::new, |schema| together(difference.sql(&schema)))
            }),
            _ => Vec::new(),
        }
    }

    fn name(&self, registry: &Registry) -> Option<TenantName> {
        registry.registered(self.tenant.as_deref()?).ok()
    }

    /// What a command does about it. No command takes what cannot be a tenant's name.
    fn command(&self, registry: &Registry, command: impl FnOnce(TenantName) -> Command) -> Remedy {
        match self.name(registry) {
            Some(name) => command(name).into(),
            None => Advice::CorrectRow.into(),
        }
    }

    fn drifted(&self, registry: &Registry, difference: &Difference) -> Vec<Remedy> {
        if matches!(
            difference.change,
            Change::Shadowed { .. } | Change::ShadowedLabel { .. }
        ) {
            return vec![Advice::UniteObjects.into()];
        }
        if difference.is_renamed() {
            let sql = self.sql(registry);
            let rename = (!sql.is_empty()).then(|| Sql::new(Purpose::RenameBack, sql).into());
            let mut remedies = rename.into_iter().collect::<Vec<_>>();
            remedies.push(Advice::AddRenamingMigration.into());
            return remedies;
        }
        if difference.may_be_of_name() {
            return vec![Advice::KeepWhatNameMade.into()];
        }
        let undo = match difference.change {
            Change::Extra => Purpose::DropObject,
            Change::ExtraGrants(_) => Purpose::RevokeGrants,
            _ => Purpose::UndoChange,
        };
        let keep = match difference.change {
            Change::Extra => Advice::AddMigration,
            _ => Advice::AddChangingMigration,
        };
        match difference.mending() {
            Mending::Adds => vec![self.command(registry, Command::RepairTenant)],
            Mending::Removes => {
                vec![Sql::new(undo, self.sql(registry)).into(), keep.into()]
            }
            Mending::Keeps => vec![Advice::KeepRows.into(), keep.into()],
            Mending::Rewrites => {
                vec![Sql::new(Purpose::ChangeDefinition, self.sql(registry)).into()]
            }
            Mending::ByHand if difference.is_blocked() => vec![Advice::RenameOther.into()],
            Mending::ByHand => vec![Advice::CompareByHand.into()],
        }
    }
}

/// Statements that only work together: what was dropped must not be gone where what takes
/// its place cannot be made.
fn together(mut statements: Vec<String>) -> Vec<String> {
    let drops = |sql: &String| sql.starts_with("DROP ") || sql.contains(" DROP ");
    if statements.len() > 1 && statements.iter().any(drops) {
        statements.insert(0, "BEGIN".to_owned());
        statements.push("COMMIT".to_owned());
    }
    statements
}

/// An error can say it better than its kind.
fn of(error: &Error, registry: &Registry, otherwise: Advice) -> Vec<Remedy> {
    match error.remedies_for(registry) {
        none if none.is_empty() => vec![otherwise.into()],
        found => found,
    }
}

fn adopt(name: TenantName) -> Command {
    Command::AdoptTenant { name, at: None }
}

/// `function` is SQL: its name and its arguments.
fn keep_path(function: &str) -> Sql {
    let statement = format!("ALTER FUNCTION {function} SET search_path FROM CURRENT");
    Sql::new(Purpose::AddToMigration, [statement])
}

/// What to do about the schema of a tenant that the application does not list any more. What it
/// holds may be a renamed customer's, so no SQL drops it.
fn left_behind(name: TenantName) -> Vec<Remedy> {
    let (from, to) = (Some(name.clone()), None);
    vec![
        Command::RenameTenant { from, to }.into(),
        Advice::ListTenantAgain.into(),
        Command::DropTenant(name).into(),
    ]
}

fn orphaned(registry: &Registry, name: &str, orphan: &Orphan) -> Vec<Remedy> {
    let cascade = match orphan {
        Orphan::OfOtherProgram => return vec![Advice::UseOtherProgram.into()],
        Orphan::WithHistory => {
            let schema = name.parse::<SchemaName>().ok();
            let tenant = schema.and_then(|schema| registry.names().tenant_of(&schema));
            let leave = || vec![Advice::LeaveSchema.into(), to_adopt(registry).into()];
            return tenant.map_or_else(leave, left_behind);
        }
        // What is not empty any more when this is run is somebody's.
        Orphan::Empty => Some(""),
        Orphan::LikeATenant => Some(" CASCADE"),
        // It would take what others have, or a customer's rows.
        Orphan::DependedOn | Orphan::WithOthers(_) | Orphan::WithRows => None,
    };
    let second: Option<Remedy> = match (orphan, cascade) {
        (Orphan::WithRows, _) => None,
        (Orphan::WithOthers(_), _) => Some(Advice::MoveOthersObjects.into()),
        (_, None) => Some(Advice::DetachDependents.into()),
        (_, Some(cascade)) => {
            let drop = format!("DROP SCHEMA {}{cascade}", ident(name));
            Some(Sql::new(Purpose::DropSchema, [drop]).into())
        }
    };
    let schema = name.parse::<SchemaName>().ok();
    let first: Vec<Remedy> = match schema.and_then(|schema| registry.names().tenant_of(&schema)) {
        Some(tenant) => vec![adopt(tenant).into()],
        // Nothing that it holds is lost, whatever becomes of it.
        None => vec![Advice::LeaveSchema.into(), to_adopt(registry).into()],
    };
    first.into_iter().chain(second).collect()
}

/// What has to be done before a schema can be adopted that no tenant's can be called like.
fn to_adopt(registry: &Registry) -> Advice {
    match registry.names().is_mapped() {
        true => Advice::ListSchema,
        false => Advice::AllowName,
    }
}

fn left_over(registry: &Registry, name: &str, fault: SpareFault) -> Remedy {
    match fault {
        SpareFault::Gone | SpareFault::Tenants | SpareFault::NoSpare => {
            Sql::new(Purpose::ForgetSpare, [registry.forget_spare(name)]).into()
        }
        SpareFault::Unlisted => {
            let statement = format!("DROP SCHEMA {} CASCADE", ident(name));
            Sql::new(Purpose::DropSpare, [statement]).into()
        }
        SpareFault::DependedOn => Advice::DetachDependents.into(),
        SpareFault::Outdated { kept } => Command::KeepSpares(kept).into(),
        SpareFault::Drifted => Command::KeepSpares(0).into(),
    }
}
