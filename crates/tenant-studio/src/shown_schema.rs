//! [`ShownSchema`]: the schema that a page shows, as its address says.

use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use percent_encoding::percent_decode_str;
use tenant_core::TenantName;

use crate::error::Failure;
use crate::url::{name_segment, named_by};

/// The public schema, or a tenant's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ShownSchema {
    /// What exists once.
    Public,
    /// What exists for each tenant.
    Tenant(TenantName),
}

impl ShownSchema {
    /// What people call it. A tenant's schema may have another name, which a
    /// [`Reading`](crate::data::Reading) knows.
    pub(crate) fn label(&self) -> &str {
        match self {
            Self::Public => "public",
            Self::Tenant(name) => name.as_str(),
        }
    }

    /// The tenant of this name. Whether there is one the list of tenants knows; any name in
    /// it is shown, whatever names new tenants may have.
    ///
    /// # Errors
    ///
    /// [`Failure::NotFound`] for a text that no tenant can be called.
    pub(crate) fn named(name: &str) -> Result<Self, Failure> {
        let known = TenantName::quoted(name).map(Self::Tenant);
        known.map_err(|_| Failure::NotFound(format!("there is no tenant `{name}`")))
    }

    /// Where its pages begin.
    pub(crate) fn path(&self) -> String {
        match self {
            Self::Public => "public".to_owned(),
            Self::Tenant(name) => format!("t/{}", name_segment(name.as_str())),
        }
    }

    /// The path of one of its pages.
    pub(crate) fn at(&self, page: &str) -> String {
        format!("{}/{page}", self.path())
    }

    /// The path of one of a table's pages.
    pub(crate) fn table(&self, table: &str, page: &str) -> String {
        format!("{}/table/{}/{page}", self.path(), name_segment(table))
    }

    /// The path of a table's rows.
    pub(crate) fn rows(&self, table: &str) -> String {
        format!("{}/table/{}", self.path(), name_segment(table))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ShownSchema {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match parameter(parts, state, "tenant").await? {
            None => Ok(Self::Public),
            Some(segment) => Self::named(named_by(&segment)),
        }
    }
}

/// The name of the table in the path. Whether there is one is seen in the catalog.
#[derive(Debug, Clone)]
pub(crate) struct TableName(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for TableName {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let name = parameter(parts, state, "table").await?;
        Ok(Self(named_by(&name.unwrap_or_default()).to_owned()))
    }
}

/// A part of the path; `None` where the route has no such part. One that cannot be read
/// is no name, and leads nowhere.
async fn parameter<S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
    name: &str,
) -> Result<Option<String>, Failure> {
    let parameters = RawPathParams::from_request_parts(parts, state).await;
    let parameters = parameters.map_err(|_| unreadable())?;
    let mut found = parameters.iter().filter(|(key, _)| *key == name);
    Ok(found.next().map(|(_, value)| value.to_owned()))
}

fn unreadable() -> Failure {
    Failure::NotFound("there is no such page: its address is not valid UTF-8".to_owned())
}

/// Refuses an address in which a name or a parameter cannot be read, whatever page it
/// means: each would read another name there.
pub(crate) async fn readable(request: Request, next: Next) -> Result<Response, Failure> {
    let uri = request.uri();
    let is_readable = |part: &str| percent_decode_str(part).decode_utf8().is_ok();
    if !is_readable(uri.path()) || !uri.query().is_none_or(is_readable) {
        return Err(unreadable());
    }
    Ok(next.run(request).await)
}
