//! A URL for one tenant.

use tokio_postgres::types::{ToSql, Type};

use super::handle::Tenants;
use super::state::registry_error;
use crate::events::Call;
use crate::link::{ConnectError, Password};
use crate::name::{Schema, Target};
use crate::path::Path;
use crate::registry::Rows;
use crate::{Answer, Error, TenantName};

/// The URL of a tenant. Returned by [`Tenants::url_of`].
#[must_use = "there is no URL until it is awaited"]
pub struct UrlOf<'a> {
    tenants: &'a Tenants,
    name: &'a TenantName,
    password: Password,
}

impl UrlOf<'_> {
    /// Includes the password of the URL or of the password file, if there is one. Anyone who sees
    /// the URL then sees the password.
    pub fn with_password(mut self) -> Self {
        self.password = Password::Kept;
        self
    }
}

impl<'a> IntoFuture for UrlOf<'a> {
    type Output = Result<String, Error>;
    type IntoFuture = Answer<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let target = self.tenants.target_for(Call::UrlOf, self.name).await?;
            let url = self.tenants.url_of_target(&target, self.password);
            Call::UrlOf.tell_about(Schema::Tenant(&target), url).await
        })
    }
}

impl Tenants {
    /// Returns a URL for the tenant `name`. It is the URL of the database, with the tenant's schema
    /// and the schemas behind it ([`Settings::runtime_path`](crate::Settings::runtime_path), the
    /// schema for extensions) as `search_path` in its `options`.
    ///
    /// Use it for `psql`, reports, tests and programs in other languages that read URLs as libpq
    /// does. Other `options` are kept. The URL has no password, unless you call
    /// [`UrlOf::with_password`]. libpq then reads the password from `PGPASSWORD` or the password
    /// file.
    ///
    /// The session can change the path, and can reach every schema that the role has rights on. The
    /// URL is a convenience, not a security boundary between tenants.
    ///
    /// ```no_run
    /// # async fn docs(tenants: tenant_core::Tenants) -> Result<(), Box<dyn std::error::Error>> {
    /// let url = tenants.url_of(&"acme".parse()?).await?;
    /// // postgresql://app@localhost/shop?options=-c%20search_path%3D%22acme%22
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConnectError::PoolerHasNoPath`] for a URL that leads to a pooler, which does not keep
    /// `options`. [`Error::UnfitPath`] if a schema cannot follow the tenant's schema.
    /// [`Error::Unknown`], [`Error::MissingSchema`], [`Error::Connect`], [`Error::NotSetUp`], or a
    /// server error.
    pub fn url_of<'a>(&'a self, name: &'a TenantName) -> UrlOf<'a> {
        UrlOf {
            tenants: self,
            name,
            password: Password::LeftOut,
        }
    }

    async fn url_of_target(&self, target: &Target, password: Password) -> Result<String, Error> {
        if !self.database.takes_options().await? {
            let target = self.database.to_string();
            return Err(ConnectError::PoolerHasNoPath { target }.into());
        }
        self.require_schema(target).await?;
        if let Some(unfit) = self.unfit_path().await?.into_iter().next() {
            return Err(Error::UnfitPath(Box::new(unfit)));
        }
        let behind = self.runtime_path();
        let path = Path::at_run_time(Schema::Tenant(target), &behind);
        Ok(self.database.url_with(path.setting(), password))
    }

    /// Fails where the tenant is not registered, or has no schema: PostgreSQL takes a path
    /// that leads nowhere without a word.
    async fn require_schema(&self, target: &Target) -> Result<(), Error> {
        let Rows { from, key, .. } = self.registry.rows("t");
        let sql = format!(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $2) \
             FROM {from} WHERE {key} = $1"
        );
        let parameters: [(&(dyn ToSql + Sync), Type); 2] = [
            (&target.name.as_str(), Type::TEXT),
            (&target.schema.as_str(), Type::NAME),
        ];
        let session = self.session().await?;
        let rows = session.client().query_typed(&sql, &parameters).await;
        let failed = |error| registry_error(&self.registry, error);
        let rows = rows.map_err(failed)?;
        match rows.first().map(|row| row.try_get::<_, bool>(0)) {
            None => Err(Error::Unknown(target.name.clone())),
            Some(Ok(true)) => Ok(()),
            Some(Ok(false)) => Err(Error::MissingSchema(target.name.clone())),
            Some(Err(error)) => Err(failed(error)),
        }
    }
}
