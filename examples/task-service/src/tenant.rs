//! [`Tenant`]: whose request it is.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use tenant_core::{InvalidName, TenantName};

use crate::error::ApiError;

/// Where the tenant is named when no subdomain does.
const HEADER: &str = "x-tenant";

/// The tenant that a request names: by the subdomain it is sent to, or by the
/// header `X-Tenant`.
///
/// The name is one that a tenant can have. Whether there is such a tenant is
/// found out where its rows are asked for.
#[derive(Debug, Clone)]
pub(crate) struct Tenant(pub(crate) TenantName);

/// The domain whose subdomains are the tenants.
#[derive(Debug, Clone)]
pub(crate) struct Domain(Arc<str>);

impl<S: Send + Sync> FromRequestParts<S> for Tenant
where
    Domain: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let domain = Domain::from_ref(state);
        let host = text(&parts.headers, header::HOST.as_str());
        let subdomain = host.and_then(|host| domain.subdomain(host));
        match subdomain.or_else(|| text(&parts.headers, HEADER)) {
            Some(name) => Ok(Self(named(name)?)),
            None => Err(ApiError::refused(
                StatusCode::BAD_REQUEST,
                format!("name a tenant: NAME.{}, or the header X-Tenant", domain.0),
            )),
        }
    }
}

/// The tenant that is meant by `text`. A host has hyphens and no upper case, a
/// schema has underscores: `Acme-Corp` and `acme_corp` are the same one.
pub(crate) fn named(text: &str) -> Result<TenantName, InvalidName> {
    text.to_ascii_lowercase().replace('-', "_").parse()
}

impl Domain {
    pub(crate) fn new(domain: &str) -> Self {
        Self(domain.to_ascii_lowercase().into())
    }

    /// What stands before the domain in `host`, which may end in a port.
    fn subdomain<'h>(&self, host: &'h str) -> Option<&'h str> {
        let host = host.split(':').next()?;
        let at = host.len().checked_sub(self.0.len())?;
        let (before, domain) = host.split_at_checked(at)?;
        let is_below = domain.eq_ignore_ascii_case(&self.0);
        before.strip_suffix('.').filter(|_| is_below)
    }
}

/// The header, unless it holds what is no text.
fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subdomain_is_what_stands_before_the_domain_and_nothing_else_is() {
        let domain = Domain::new("Tasks.example");
        for (host, subdomain) in [
            ("acme.tasks.example", Some("acme")),
            ("Acme.TASKS.example:3000", Some("Acme")),
            ("a.b.tasks.example", Some("a.b")),
            (".tasks.example", Some("")),
            ("tasks.example", None),
            ("acmetasks.example", None),
            ("acme.example", None),
            ("ä.example", None),
            ("127.0.0.1:3000", None),
            ("", None),
        ] {
            assert_eq!(domain.subdomain(host), subdomain, "{host}");
        }
    }
}
