//! One function for each program: from the arguments of the process to its exit code.
//!
//! The body of an async function is generated where it is polled. These functions are
//! not generic, so that this is here, once for all programs: a program is a call.

use std::process::ExitCode;

use clap::CommandFactory;

use crate::commands::{
    AcceptEdits, AdoptTenant, CloneTenant, CreateTenant, DemoTenantSchema, DiffTenants,
    DistributeTenants, DropTenant, HealthCheck, InitSettings, ListTenants, MigratePublic,
    MigrateTenants, MoveTenant, RenameTenant, RepairTenant, RollbackTenants, ShowConfig,
    SpareTenants, SquashTenants, StopServer,
};

macro_rules! entries {
    ($($name:ident: $Command:ident,)*) => {
        $(
            #[doc = concat!("Runs [`", stringify!($Command), "`] from the arguments of the process.")]
            #[must_use]
            pub fn $name() -> ExitCode {
                command_line::run::<$Command>()
            }
        )*

        /// What each command of this package accepts.
        #[must_use]
        pub fn commands() -> Vec<clap::Command> {
            vec![$(<$Command as CommandFactory>::command()),*]
        }
    };
}

entries! {
    accept_edits: AcceptEdits,
    adopt_tenant: AdoptTenant,
    clone_tenant: CloneTenant,
    create_tenant: CreateTenant,
    demo_tenant_schema: DemoTenantSchema,
    diff_tenants: DiffTenants,
    distribute_tenants: DistributeTenants,
    drop_tenant: DropTenant,
    health_check: HealthCheck,
    init_settings: InitSettings,
    list_tenants: ListTenants,
    migrate_public: MigratePublic,
    migrate_tenants: MigrateTenants,
    move_tenant: MoveTenant,
    rename_tenant: RenameTenant,
    repair_tenant: RepairTenant,
    rollback_tenants: RollbackTenants,
    show_config: ShowConfig,
    spare_tenants: SpareTenants,
    squash_tenants: SquashTenants,
    stop_server: StopServer,
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_command_is_well_formed() {
        for command in super::commands() {
            command.debug_assert();
        }
    }
}
