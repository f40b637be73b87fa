//! One function for each program: from the arguments of the process to its exit code.

use std::process::ExitCode;

use command_line::{Entry, Program};
use tenant_commands::entry as commands;
use tenant_core::{MigrationSet, Migrations, SourceError};

use crate::demo_tenant_schema::DemoTenantSchema;

/// What every program of this workspace hands to its commands.
pub const PROGRAM: Program = Program {
    spelling: command_line::invocation::Spelling::Xtask,
    compiled_in: Some(compiled_in),
    commands: None,
    schemas: None,
};

fn compiled_in() -> Result<Migrations, SourceError> {
    Ok(Migrations {
        public: MigrationSet::from_source(&schema_public::MIGRATIONS)?,
        tenant: MigrationSet::from_source(&schema_tenant::MIGRATIONS)?,
    })
}

/// Runs [`DemoTenantSchema`].
pub static DEMO_TENANT_SCHEMA: Entry = Entry::of::<DemoTenantSchema>();

macro_rules! programs {
    ($($name:ident: $entry:expr,)*) => {
        $(
            #[doc = concat!("The program `", stringify!($name), "`.")]
            #[must_use]
            pub fn $name() -> ExitCode {
                $entry.run(&PROGRAM)
            }
        )*

        /// What each program of this package runs.
        #[must_use]
        pub fn entries() -> Vec<&'static Entry> {
            vec![$(&$entry),*]
        }

        /// What each of them accepts.
        #[must_use]
        pub fn commands() -> Vec<clap::Command> {
            entries().into_iter().map(Entry::command).collect()
        }
    };
}

programs! {
    accept_edits: commands::ACCEPT_EDITS,
    adopt_tenant: commands::ADOPT_TENANT,
    clone_tenant: commands::CLONE_TENANT,
    create_tenant: commands::CREATE_TENANT,
    demo_tenant_schema: DEMO_TENANT_SCHEMA,
    diff_tenants: commands::DIFF_TENANTS,
    distribute_tenants: commands::DISTRIBUTE_TENANTS,
    drop_tenant: commands::DROP_TENANT,
    export_tenant: commands::EXPORT_TENANT,
    health_check: commands::HEALTH_CHECK,
    import_tenant: commands::IMPORT_TENANT,
    init_settings: commands::INIT_SETTINGS,
    list_tenants: commands::LIST_TENANTS,
    migrate_public: commands::MIGRATE_PUBLIC,
    migrate_tenants: commands::MIGRATE_TENANTS,
    move_tenant: commands::MOVE_TENANT,
    rename_tenant: commands::RENAME_TENANT,
    repair_tenant: commands::REPAIR_TENANT,
    resume_tenants: commands::RESUME_TENANTS,
    rollback_tenants: commands::ROLLBACK_TENANTS,
    show_config: commands::SHOW_CONFIG,
    show_version: commands::SHOW_VERSION,
    spare_tenants: commands::SPARE_TENANTS,
    squash_tenants: commands::SQUASH_TENANTS,
    stop_server: commands::STOP_SERVER,
    suspend_tenants: commands::SUSPEND_TENANTS,
    tenant_url: commands::TENANT_URL,
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
