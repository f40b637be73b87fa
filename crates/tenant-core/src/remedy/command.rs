//! [`Command`]: a call of this library that helps.

use std::iter::successors;

use crate::{At, TenantName, Version};

/// A call of this library that helps. Your program shows its own command for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// [`Tenants::migrate_public`](crate::Tenants::migrate_public).
    MigratePublic,
    /// [`Tenants::migrate`](crate::Tenants::migrate), for all tenants.
    MigrateTenants,
    /// The same, for one tenant.
    MigrateTenant(TenantName),
    /// [`Tenants::create`](crate::Tenants::create); `None` if the reader chooses the name.
    CreateTenant(Option<TenantName>),
    /// [`Tenants::list`](crate::Tenants::list).
    ListTenants,
    /// [`Tenants::drop_tenant`](crate::Tenants::drop_tenant).
    DropTenant(TenantName),
    /// [`Tenants::resume`](crate::Tenants::resume).
    ResumeTenant(TenantName),
    /// [`Tenants::rename`](crate::Tenants::rename), for a tenant that the application may have
    /// renamed; `None` if the reader chooses the name.
    RenameTenant {
        /// The old name.
        from: Option<TenantName>,
        /// The new one.
        to: Option<TenantName>,
    },
    /// [`Tenants::adopt`](crate::Tenants::adopt).
    AdoptTenant {
        /// The schema, and the tenant that it becomes.
        name: TenantName,
        /// The version to record, if the schema does not show it.
        at: Option<At>,
    },
    /// [`Tenants::adopt`](crate::Tenants::adopt), for a tenant whose migration history lacks
    /// entries that the registry records.
    CompleteHistory(TenantName),
    /// [`Tenants::repair`](crate::Tenants::repair).
    RepairTenant(TenantName),
    /// [`Tenants::health`](crate::Tenants::health), for all tenants.
    CheckTenants,
    /// [`HealthCheck::quick`](crate::HealthCheck::quick), for all tenants.
    CheckQuickly,
    /// [`Tenants::health`](crate::Tenants::health), for one tenant.
    CheckTenant(TenantName),
    /// [`Cluster::distribute`](crate::Cluster::distribute), for one tenant.
    DistributeTenant(TenantName),
    /// [`Spares::keep`](crate::Spares::keep), with that many.
    KeepSpares(usize),
    /// [`Tenants::squash`](crate::Tenants::squash), for all tenants, as a dry run.
    Squash,
    /// [`Tenants::accept_edits`](crate::Tenants::accept_edits) of these migrations, for all
    /// tenants.
    AcceptEdits(Vec<Version>),
}

impl Command {
    /// Whether it only reads: it explains, but fixes nothing.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        matches!(
            self,
            Self::ListTenants
                | Self::CheckTenants
                | Self::CheckQuickly
                | Self::CheckTenant(_)
                | Self::Squash
        )
    }

    /// Returns one command of each kind for the tenant `name`, so that a program's tests can check
    /// all of them.
    #[must_use]
    pub fn examples(name: &TenantName) -> Vec<Self> {
        let first = Some(Self::MigratePublic);
        successors(first, |command| command.following(name)).collect()
    }

    /// The variant after this one. Without a wildcard, so that a new variant has to be
    /// put in.
    fn following(&self, name: &TenantName) -> Option<Self> {
        let name = name.clone();
        Some(match self {
            Self::MigratePublic => Self::MigrateTenants,
            Self::MigrateTenants => Self::MigrateTenant(name),
            Self::MigrateTenant(_) => Self::CreateTenant(None),
            Self::CreateTenant(None) => Self::CreateTenant(Some(name)),
            Self::CreateTenant(Some(_)) => Self::ListTenants,
            Self::ListTenants => Self::DropTenant(name),
            Self::DropTenant(_) => Self::ResumeTenant(name),
            Self::ResumeTenant(_) => Self::RenameTenant {
                from: Some(name),
                to: None,
            },
            Self::RenameTenant { .. } => Self::AdoptTenant { name, at: None },
            Self::AdoptTenant { at: None, .. } => Self::AdoptTenant {
                name,
                at: Some(At::Nothing),
            },
            Self::AdoptTenant { at: Some(_), .. } => Self::CompleteHistory(name),
            Self::CompleteHistory(_) => Self::RepairTenant(name),
            Self::RepairTenant(_) => Self::CheckTenants,
            Self::CheckTenants => Self::CheckQuickly,
            Self::CheckQuickly => Self::CheckTenant(name),
            Self::CheckTenant(_) => Self::DistributeTenant(name),
            Self::DistributeTenant(_) => Self::KeepSpares(0),
            Self::KeepSpares(_) => Self::Squash,
            Self::Squash => Self::AcceptEdits(vec![Version::recorded("20260101000000")]),
            Self::AcceptEdits(_) => return None,
        })
    }
}
