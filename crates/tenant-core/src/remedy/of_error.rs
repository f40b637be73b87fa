//! What to do about an error.

use sql_text::{ident, literal};
use tenant_archive::ArchiveError;

use super::of_refusal::of_refusal;
use super::of_sqlstate::{is_about_existing, of, of_a_step, will_pass};
use super::{Advice, Command, Purpose, Remedy, Sql};
use crate::name::Schema;
use crate::registry::Registry;
use crate::{
    ArchiveFailure, At, Cause, ConnectError, Error, Expected, ForeignSign, MigrationFailure,
    Naming, Node, NotKept, PathFault, PgError, SchemaName, TenantName, UnfitPath, UnfitRow,
    Version,
};

impl Error {
    /// Returns what to do about it: alternatives, in the order to try them. Empty if there is no
    /// general advice.
    ///
    /// If a remedy names a tenant by its schema, it assumes that both have the same name.
    /// [`remedies_for`](Self::remedies_for) uses other names.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        self.remedies_for(&Registry::default())
    }

    /// The same for the tenants of this registry.
    #[must_use]
    pub fn remedies_for(&self, registry: &Registry) -> Vec<Remedy> {
        match self {
            Self::InvalidName(_) => vec![Advice::ChooseAnotherName.into()],
            Self::Refused { refusal, .. } => of_refusal(&refusal.reason),
            Self::UnfitList(_) => vec![Advice::CorrectList.into()],
            Self::Unconfirmed(it) => vec![match it.expected {
                Expected::Listed => Advice::InsertTenantRow.into(),
                Expected::Gone => Advice::DeleteTenantRow.into(),
                Expected::Renamed => Advice::RenameTenantRow.into(),
            }],
            Self::OwnWork(it) if it.source.is::<NotKept>() => vec![Advice::ChangeOwnWork.into()],
            Self::InvalidRow { source, .. } if source.has_two_schemas() => {
                vec![
                    Advice::ChooseListedSchema.into(),
                    Command::CheckTenants.into(),
                ]
            }
            Self::Connect(error) => error.remedies(),
            Self::Deferred { .. } => vec![Advice::FixMigration.into()],
            Self::Migration(failure) => of_migration(failure),
            Self::Database { source, .. } if source.is_about_hidden_rows() => {
                vec![Advice::SeeAllRows.into()]
            }
            _ if self.postgres().is_some_and(PgError::is_canceled_by_others) => {
                vec![Advice::FindCancellation.into()]
            }
            Self::Database { source, .. } => of_a_step(source),
            Self::NotSetUp { .. }
            | Self::Unknown(_)
            | Self::Untracked(_)
            | Self::MissingSchema(_)
            | Self::HalfMade { .. }
            | Self::NoHistory(_)
            | Self::LostEntries { .. }
            | Self::WrongOwner { .. }
            | Self::NoVersionFits { .. }
            | Self::OthersTenant { .. }
            | Self::HasLedger(_)
            | Self::NoSchema(_)
            | Self::NothingToAdopt(_)
            | Self::StillDifferent { .. } => of_a_tenant(self, registry),
            Self::UnfitRow(unfit) => of_row(unfit, registry),
            Self::UnfitPath(unfit) => of_path(unfit),
            Self::NotACluster
            | Self::UnknownNode { .. }
            | Self::HoldsNoTenants(_)
            | Self::NotDistributed(_)
            | Self::NoReplication(..)
            | Self::WouldBlockWrites { .. } => of_a_cluster(self),
            Self::DependsOnName { uses, .. } if uses.is_empty() => {
                vec![Advice::DoWithoutSpares.into(), Advice::AllowNameUses.into()]
            }
            Self::DependsOnName { .. } => vec![Advice::DoWithoutSpares.into()],
            Self::NoSuspensions(_) if !registry.can_keep_suspensions() => {
                vec![Advice::ListState.into()]
            }
            Self::NoSuspensions(_) | Self::NoSpareList { .. } => {
                vec![Command::MigratePublic.into()]
            }
            Self::RegistryLost { create, .. } => vec![
                Advice::RestoreTable.into(),
                Sql::new(Purpose::CreateRegistry, [create]).into(),
                Command::CheckTenants.into(),
            ],
            Self::NotListed { list, .. } => vec![
                Advice::FixRegistryTrigger.into(),
                Sql::triggers_of(list).into(),
            ],
            Self::NoExtensionsSchema(name) => no_extensions_schema(name),
            Self::Taken(_) => vec![
                Advice::ChooseAnotherName.into(),
                Command::ListTenants.into(),
            ],
            Self::Incomplete(name, _) => vec![
                Command::MigrateTenant(name.clone()).into(),
                Advice::ChooseAnotherName.into(),
            ],
            Self::BaselineUnclear { .. }
            | Self::NotLikeBaseline { .. }
            | Self::BehindBaseline { .. }
            | Self::AheadOfBaseline { .. }
            | Self::EditMatters { .. }
            | Self::NoFingerprints(_)
            | Self::UnknownApplied { .. } => of_recording(self),
            Self::NoVersion(_) => vec![Advice::NameVersion.into(), Command::ListTenants.into()],
            Self::AheadOfProgram { .. } => vec![
                Advice::UseOtherProgram.into(),
                Advice::AllowUnknownMigrations.into(),
            ],
            Self::OtherProgram { versions, sign, .. } => of_other_program(versions, *sign),
            Self::ChangedElsewhere { changed, .. } => changed_elsewhere(changed),
            other => advice(other).map(Remedy::from).into_iter().collect(),
        }
    }
}

/// What to do with a history that lacks entries: enter them if the migrations ran, and run them
/// if they did not.
pub(crate) fn lost_entries(tenant: Option<&TenantName>) -> Vec<Remedy> {
    let complete = tenant.map(|name| Command::CompleteHistory(name.clone()));
    let complete = complete.map(Remedy::from).into_iter();
    complete.chain([Advice::RerunRecorded.into()]).collect()
}

/// What to do with a schema of another program. Texts that were only edited can be accepted,
/// all of them by name.
pub(crate) fn of_other_program(versions: &[Version], sign: ForeignSign) -> Vec<Remedy> {
    let mut remedies = vec![Advice::UseOtherProgram.into()];
    if sign == ForeignSign::OtherTexts {
        remedies.push(Command::AcceptEdits(versions.to_vec()).into());
    }
    remedies
}

/// An extension and default privileges have no schema that could be named.
fn changed_elsewhere(changed: &[String]) -> Vec<Remedy> {
    let is_of_database = |one: &String| {
        ["extension", "an extension", "default "]
            .iter()
            .any(|what| one.starts_with(what))
    };
    if changed.iter().all(is_of_database) {
        vec![Advice::MoveToPublicMigration.into()]
    } else {
        vec![
            Advice::NameSchema.into(),
            Advice::MoveToPublicMigration.into(),
        ]
    }
}

fn of_migration(failure: &MigrationFailure) -> Vec<Remedy> {
    if failure.source.is_about_hidden_rows() {
        return vec![Advice::SeeAllRows.into(), Advice::AllowHiddenRows.into()];
    }
    // A health check would only say again that the migration is pending.
    if failure.schema == Schema::Public.to_string() && is_about_existing(&failure.source) {
        let record = Sql::record_public(&failure.version);
        return vec![Advice::FindExisting.into(), record.into()];
    }
    let of_said = match of(&failure.source) {
        _ if failure.source.is_canceled_by_others() => vec![Advice::FindCancellation.into()],
        none if none.is_empty() => vec![Advice::FixMigration.into()],
        found => found,
    };
    let advice = match &failure.cause {
        Cause::Function(function) if !will_pass(&failure.source) => {
            return vec![Advice::FixFunction.into(), callers(function)];
        }
        Cause::OtherSchema { .. } => {
            return vec![
                Advice::NameExtensionsSchema.into(),
                Advice::FixMigration.into(),
            ];
        }
        Cause::Role => Advice::GrantRole,
        Cause::Path => Advice::RemoveSearchPath,
        Cause::Timeout => Advice::ChangeTimeout,
        Cause::Shared => Advice::CreateOnce,
        _ => return of_said,
    };
    vec![advice.into()]
}

/// What calls `function` by itself: SQL that lists it.
fn callers(function: &str) -> Remedy {
    let function = literal(function);
    let triggers = format!(
        "SELECT evtname AS trigger, evtevent AS \"on\" FROM pg_event_trigger \
         WHERE evtfoid = {function}::regprocedure UNION ALL \
         SELECT tgname, tgrelid::regclass::text FROM pg_trigger \
         WHERE tgfoid = {function}::regprocedure AND NOT tgisinternal"
    );
    Sql::new(Purpose::ListTriggers, [triggers]).into()
}

/// Where advice is all there is.
fn advice(error: &Error) -> Option<Advice> {
    Some(match error {
        Error::Archive(failure) => of_archive(failure)?,
        Error::NotCopyable { .. } => Advice::MoveObjects,
        Error::NotAlike { .. } => Advice::CopyRows,
        Error::NameInText { rows, .. } if !rows.is_empty() => Advice::AllowNameInRows,
        Error::NameInText { .. } => Advice::RemoveName,
        Error::HasDependents { is_spare: true, .. } => Advice::DetachDependents,
        Error::HasDependents { .. } => Advice::RemoveDependents,
        Error::SameName(_) => Advice::ChooseAnotherName,
        Error::InvalidExtensionsSchema { .. } => Advice::CorrectExtensionsSchema,
        Error::ForeignObjects(_) => Advice::MoveForeignObjects,
        Error::IsSpare(_) => Advice::ChooseTenantSchema,
        Error::InvalidRow { .. } | Error::InvalidSpareRow { .. } => Advice::CorrectRow,
        Error::ChangedPath { .. } => Advice::RemoveSearchPath,
        Error::NeedsDirect { .. } | Error::EachNeedsDirect { .. } => Advice::ConnectDirectly,
        Error::Standby { .. } => Advice::UsePrimary,
        Error::Irreversible { .. } => Advice::AddDownFiles,
        Error::UnreadableDown { .. } => Advice::CorrectFile,
        Error::SeveralVersionsFit { .. } => Advice::ChooseAdoptedVersion,
        Error::NotOurs { .. } | Error::CannotRepairAhead { .. } => Advice::UseOtherProgram,
        Error::AppliedMeanwhile { .. } => Advice::RunAgain,
        Error::Busy { .. } => Advice::WaitLonger,
        Error::InUse(_) => Advice::WaitForOtherRun,
        Error::InTheWay => Advice::CheckAgain,
        _ => return None,
    })
}

fn of_archive(failure: &ArchiveFailure) -> Option<Advice> {
    Some(match failure {
        ArchiveFailure::Newer { .. } => Advice::ImportWithOtherProgram,
        ArchiveFailure::Differs { .. } => Advice::AllowDrift,
        ArchiveFailure::MissingReferences { .. } => Advice::InsertReferencedRows,
        ArchiveFailure::File(ArchiveError::CutOff | ArchiveError::Damaged(_)) => {
            Advice::UseWholeArchive
        }
        _ => return None,
    })
}

fn of_a_tenant(error: &Error, registry: &Registry) -> Vec<Remedy> {
    let naming = registry.names();
    match error {
        // No migration of the library creates a table of the application.
        Error::NotSetUp { table } if table != Registry::default().sql_table() => vec![
            Command::MigratePublic.into(),
            Advice::CreateListTable.into(),
        ],
        Error::NotSetUp { .. } => vec![Command::MigratePublic.into()],
        // Only the list knows what the schema of a new tenant is called.
        Error::Unknown(_) if naming.is_mapped() => {
            vec![Command::ListTenants.into(), Advice::NameTenantSchema.into()]
        }
        Error::Unknown(_) => vec![Command::ListTenants.into()],
        Error::Untracked(schema) => vec![
            adopt(naming, schema, None),
            Advice::ChooseAnotherName.into(),
        ],
        Error::MissingSchema(name) => missing_schema(name, registry),
        Error::HalfMade { is_spare: true, .. } => vec![Command::KeepSpares(0).into()],
        Error::HalfMade { name, .. } => match TenantName::quoted(name) {
            Ok(name) => vec![
                Command::MigrateTenant(name.clone()).into(),
                Command::DropTenant(name).into(),
            ],
            Err(_) => vec![Command::CheckTenants.into()],
        },
        // It would stay without any migration that is recorded.
        Error::NoVersionFits {
            nearest: None,
            is_registered: true,
            ..
        } => vec![Advice::MoveForeignObjects.into()],
        Error::NoVersionFits { nearest: None, .. } => {
            vec![
                Advice::LeaveSchema.into(),
                Advice::NameAdoptedVersion.into(),
            ]
        }
        Error::NoVersionFits { alike, .. } if !alike.is_empty() => {
            vec![
                Advice::FixSchema.into(),
                Advice::ChooseAdoptedVersion.into(),
            ]
        }
        Error::NoVersionFits { name, nearest, .. } => vec![
            Advice::FixSchema.into(),
            adopt(naming, name, Some(nearest.clone().into())),
        ],
        Error::HasLedger(name) => vec![adopt(naming, name, None)],
        Error::OthersTenant { .. } => vec![
            Advice::UseOtherProgram.into(),
            Advice::AllowOtherProgram.into(),
        ],
        Error::NoSchema(schema) => {
            let create = Command::CreateTenant(naming.tenant_of(schema));
            vec![Advice::CorrectName.into(), create.into()]
        }
        Error::NoHistory(name) => vec![
            Command::AdoptTenant {
                name: name.clone(),
                at: None,
            }
            .into(),
        ],
        Error::LostEntries { tenant, .. } => lost_entries(tenant.as_ref()),
        Error::WrongOwner(wrong) => {
            let schema = wrong.schema.as_str();
            vec![Sql::change_owner(schema, &wrong.usual, &wrong.objects).into()]
        }
        Error::NothingToAdopt(name) => vec![Command::CheckTenant(name.clone()).into()],
        Error::StillDifferent { name, .. } => vec![
            Advice::RunSqlByHand.into(),
            Command::CheckTenant(name.clone()).into(),
        ],
        _ => Vec::new(),
    }
}

/// Of errors about what is recorded of migrations.
fn of_recording(error: &Error) -> Vec<Remedy> {
    match error {
        Error::BaselineUnclear { .. } => vec![Advice::NameBaseline.into()],
        Error::NotLikeBaseline { .. } => vec![
            Advice::CorrectBaseline.into(),
            Advice::RepairWithOldProgram.into(),
        ],
        Error::BehindBaseline { .. } => vec![Advice::MigrateWithOldProgram.into()],
        Error::AheadOfBaseline { .. } => vec![
            Advice::UseOtherProgram.into(),
            Advice::NameNewestReplaced.into(),
        ],
        Error::EditMatters { .. } => {
            vec![Advice::RestoreFile.into(), Command::CheckTenants.into()]
        }
        Error::NoFingerprints(_) => vec![Command::CheckTenants.into()],
        Error::UnknownApplied { .. } => {
            vec![Advice::UseOtherProgram.into(), Command::Squash.into()]
        }
        _ => Vec::new(),
    }
}

fn of_a_cluster(error: &Error) -> Vec<Remedy> {
    match error {
        Error::NotACluster => vec![Advice::ReadClusterGuide.into()],
        Error::UnknownNode { node, .. } => vec![
            Advice::NameAnotherNode.into(),
            Sql::new(
                Purpose::AddNode,
                [format!("SELECT citus_add_node({})", address(node))],
            )
            .into(),
        ],
        Error::HoldsNoTenants(node) => vec![
            Advice::NameAnotherNode.into(),
            Sql::new(
                Purpose::OpenNode,
                [format!(
                    "SELECT citus_set_node_property({}, 'shouldhaveshards', true)",
                    address(node)
                )],
            )
            .into(),
        ],
        Error::NotDistributed(name) => {
            let name = TenantName::quoted(name).ok();
            name.map(Command::DistributeTenant)
                .map(Remedy::from)
                .into_iter()
                .collect()
        }
        Error::WouldBlockWrites { .. } => {
            vec![Advice::BlockWrites.into(), Advice::AddPrimaryKeys.into()]
        }
        Error::NoReplication(..) => {
            vec![Advice::FreeReplication.into(), Advice::BlockWrites.into()]
        }
        _ => Vec::new(),
    }
}

/// Two arguments: host and port.
fn address(node: &Node) -> String {
    format!("{}, {}", literal(node.host()), node.port())
}

/// Adopts the schema, unless no tenant's can be called like it.
fn adopt(naming: &Naming, schema: &SchemaName, at: Option<At>) -> Remedy {
    match naming.tenant_of(schema) {
        Some(name) => Command::AdoptTenant { name, at }.into(),
        None if naming.is_mapped() => Advice::ListSchema.into(),
        None => Advice::RenameSchema.into(),
    }
}

/// The application lists a customer before its schema is made. In our own list, such a tenant
/// has lost it.
pub(crate) fn missing_schema(name: &TenantName, registry: &Registry) -> Vec<Remedy> {
    if !registry.may_be_listed_first() {
        return vec![
            Advice::RestoreBackup.into(),
            Command::DropTenant(name.clone()).into(),
        ];
    }
    let first = match registry.require_allowed(name) {
        Ok(()) => Command::CreateTenant(Some(name.clone())).into(),
        Err(_) => Advice::AllowRegisteredName.into(),
    };
    vec![first, Advice::RestoreBackup.into()]
}

/// What to do about what the list says of a tenant's schema.
pub(crate) fn of_row(unfit: &UnfitRow, registry: &Registry) -> Vec<Remedy> {
    match unfit {
        UnfitRow::NoSchema { name } if registry.require_allowed(name).is_err() => {
            vec![
                Advice::AllowRegisteredName.into(),
                Advice::GiveSchema.into(),
            ]
        }
        // What the query says, only the application can write.
        UnfitRow::NoSchema { .. } if registry.is_query() => vec![Advice::GiveSchema.into()],
        // The customer has a row, and may have a schema already.
        UnfitRow::NoSchema { name } => {
            let mut remedies = vec![Advice::GiveSchema.into()];
            if name.as_str().parse::<SchemaName>().is_ok() {
                let (name, at) = (name.clone(), None);
                let create = Command::CreateTenant(Some(name.clone()));
                remedies.extend([Command::AdoptTenant { name, at }.into(), create.into()]);
            }
            remedies
        }
        UnfitRow::OtherSchema { name, .. } => vec![
            Command::CreateTenant(Some(name.clone())).into(),
            Advice::GiveSchema.into(),
        ],
        UnfitRow::Shared { .. } | UnfitRow::OfRegistry { .. } => {
            vec![Advice::GiveOwnSchema.into()]
        }
        UnfitRow::Hidden { .. } => {
            vec![Advice::ListTenantAgain.into(), Advice::GiveOwnSchema.into()]
        }
        UnfitRow::Doubtful { .. } | UnfitRow::Misnamed { .. } => {
            vec![Advice::CorrectTemplate.into()]
        }
    }
}

/// What to do about a schema behind the tenants' own in the path.
pub(crate) fn of_path(unfit: &UnfitPath) -> Vec<Remedy> {
    match unfit.fault {
        PathFault::Missing => no_schema_behind(&unfit.schema),
        _ => vec![Advice::CorrectRuntimePath.into()],
    }
}

pub(crate) fn no_extensions_schema(name: &str) -> Vec<Remedy> {
    vec![create_schema(name), Advice::CorrectExtensionsSchema.into()]
}

pub(crate) fn no_schema_behind(name: &str) -> Vec<Remedy> {
    vec![create_schema(name), Advice::CorrectRuntimePath.into()]
}

fn create_schema(name: &str) -> Remedy {
    let sql = format!("CREATE SCHEMA {}", ident(name));
    Sql::new(Purpose::CreateSchema, [sql]).into()
}

impl ConnectError {
    /// Returns what to do about it.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        let advice = match self {
            Self::Url { .. } => Advice::CorrectUrl,
            Self::Variable { .. } => Advice::CorrectService,
            Self::Trust { .. } => Advice::TrustAuthority,
            Self::Identity { .. } => Advice::CorrectCertificate,
            Self::PoolerHasNoPath { .. } => Advice::ConnectDirectly,
            Self::NoServer { .. } => Advice::StartServer,
            Self::Login { .. } => Advice::CorrectLogin,
            Self::NoDatabase { .. } => Advice::CreateDatabase,
            Self::Tls { .. } => Advice::CheckTls,
            Self::OldStrings { .. } => Advice::ResetStrings,
            Self::Refused { .. } => Advice::ReadServerMessage,
        };
        vec![advice.into()]
    }
}
