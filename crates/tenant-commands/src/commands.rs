//! One file for each command.

mod accept_edits;
mod adopt_tenant;
mod clone_tenant;
mod create_tenant;
mod diff_tenants;
mod distribute_tenants;
mod drop_tenant;
mod export_tenant;
mod health_check;
mod import_tenant;
mod init_settings;
mod list_tenants;
mod migrate_public;
mod migrate_tenants;
mod move_tenant;
mod rename_tenant;
mod repair_tenant;
mod resume_tenants;
mod rollback_tenants;
mod show_config;
mod show_version;
mod spare_tenants;
mod squash_tenants;
#[cfg(all(unix, feature = "local-postgres"))]
mod stop_server;
mod suspend_tenants;
mod tenant_url;

pub use accept_edits::AcceptEdits;
pub use adopt_tenant::AdoptTenant;
pub use clone_tenant::CloneTenant;
pub use create_tenant::CreateTenant;
pub use diff_tenants::DiffTenants;
pub use distribute_tenants::DistributeTenants;
pub use drop_tenant::DropTenant;
pub use export_tenant::ExportTenant;
pub use health_check::HealthCheck;
pub use import_tenant::ImportTenant;
pub use init_settings::InitSettings;
pub use list_tenants::ListTenants;
pub use migrate_public::MigratePublic;
pub use migrate_tenants::MigrateTenants;
pub use move_tenant::MoveTenant;
pub use rename_tenant::RenameTenant;
pub use repair_tenant::RepairTenant;
pub use resume_tenants::ResumeTenants;
pub use rollback_tenants::RollbackTenants;
pub use show_config::ShowConfig;
pub use show_version::ShowVersion;
pub use spare_tenants::SpareTenants;
pub use squash_tenants::SquashTenants;
#[cfg(all(unix, feature = "local-postgres"))]
pub use stop_server::StopServer;
pub use suspend_tenants::SuspendTenants;
pub use tenant_url::TenantUrl;
