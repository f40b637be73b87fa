//! What a program runs: an [`Entry`] for each command.

use command_line::Entry;

#[cfg(all(unix, feature = "local-postgres"))]
use crate::commands::StopServer;
use crate::commands::{
    AcceptEdits, AdoptTenant, CloneTenant, CreateTenant, DiffTenants, DistributeTenants,
    DropTenant, ExportTenant, HealthCheck, ImportTenant, InitSettings, ListTenants, MigratePublic,
    MigrateTenants, MoveTenant, RenameTenant, RepairTenant, ResumeTenants, RollbackTenants,
    ShowConfig, ShowVersion, SpareTenants, SquashTenants, SuspendTenants, TenantUrl,
};

macro_rules! entries {
    ($($(#[$condition:meta])* $NAME:ident: $Command:ident,)*) => {
        $(
            $(#[$condition])*
            #[doc = concat!("Runs [`", stringify!($Command), "`].")]
            pub static $NAME: Entry = Entry::of::<$Command>();
        )*

        /// Every command of this crate.
        pub static ALL: &[&Entry] = &[$($(#[$condition])* &$NAME),*];
    };
}

entries! {
    ACCEPT_EDITS: AcceptEdits,
    ADOPT_TENANT: AdoptTenant,
    CLONE_TENANT: CloneTenant,
    CREATE_TENANT: CreateTenant,
    DIFF_TENANTS: DiffTenants,
    DISTRIBUTE_TENANTS: DistributeTenants,
    DROP_TENANT: DropTenant,
    EXPORT_TENANT: ExportTenant,
    HEALTH_CHECK: HealthCheck,
    IMPORT_TENANT: ImportTenant,
    INIT_SETTINGS: InitSettings,
    LIST_TENANTS: ListTenants,
    MIGRATE_PUBLIC: MigratePublic,
    MIGRATE_TENANTS: MigrateTenants,
    MOVE_TENANT: MoveTenant,
    RENAME_TENANT: RenameTenant,
    REPAIR_TENANT: RepairTenant,
    RESUME_TENANTS: ResumeTenants,
    ROLLBACK_TENANTS: RollbackTenants,
    SHOW_CONFIG: ShowConfig,
    SHOW_VERSION: ShowVersion,
    SPARE_TENANTS: SpareTenants,
    SQUASH_TENANTS: SquashTenants,
    #[cfg(all(unix, feature = "local-postgres"))]
    STOP_SERVER: StopServer,
    SUSPEND_TENANTS: SuspendTenants,
    TENANT_URL: TenantUrl,
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_command_is_well_formed() {
        for entry in super::ALL {
            entry.command().debug_assert();
        }
    }
}
