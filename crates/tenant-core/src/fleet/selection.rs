//! [`Selection`]: which tenants a call is about.

use std::collections::BTreeSet;

use crate::TenantName;

/// The tenants that a call applies to.
///
/// An empty list of names selects no tenant, so a program that computes the list cannot roll back
/// all tenants by accident:
///
/// ```
/// use tenant_core::{Selection, TenantName};
///
/// let acme: TenantName = "acme_corp".parse()?;
/// assert!(Selection::from(&acme).contains("acme_corp"));
/// assert!(!Selection::only(Vec::<TenantName>::new()).contains("acme_corp"));
/// assert!(Selection::all().contains("acme_corp"));
/// # Ok::<(), tenant_core::InvalidName>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Selection {
    /// All registered tenants, and the spares where a call also changes spares.
    All,
    /// Only the tenants with these names. The set can be empty.
    Only(BTreeSet<TenantName>),
}

impl Selection {
    /// All registered tenants.
    #[must_use]
    pub fn all() -> Self {
        Self::All
    }

    /// Selects only the tenants with these names. An empty list selects no tenant.
    pub fn only<N: Into<TenantName>>(names: impl IntoIterator<Item = N>) -> Self {
        Self::Only(names.into_iter().map(Into::into).collect())
    }

    /// Whether all registered tenants are selected.
    #[must_use]
    pub fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// Whether the selection is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Only(names) if names.is_empty())
    }

    /// Whether the tenant `name` is selected.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(name),
        }
    }

    /// Returns the names, in order; none if all tenants are selected.
    pub fn names(&self) -> impl Iterator<Item = &TenantName> {
        match self {
            Self::All => None,
            Self::Only(names) => Some(names),
        }
        .into_iter()
        .flatten()
    }

    /// The names as a parameter of a statement, NULL for all:
    /// `$1::text[] IS NULL OR name = ANY ($1)`.
    pub(crate) fn parameter(&self) -> Option<Vec<&str>> {
        match self {
            Self::All => None,
            Self::Only(names) => Some(names.iter().map(TenantName::as_str).collect()),
        }
    }
}

impl From<TenantName> for Selection {
    fn from(name: TenantName) -> Self {
        Self::Only(BTreeSet::from([name]))
    }
}

impl From<&TenantName> for Selection {
    fn from(name: &TenantName) -> Self {
        name.clone().into()
    }
}

impl<N: Into<TenantName>> FromIterator<N> for Selection {
    fn from_iter<I: IntoIterator<Item = N>>(names: I) -> Self {
        Self::only(names)
    }
}
