//! [`TestTenant`]: a tenant of a test's own, in a database that tests share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::caretaker;
use crate::failure::Failure;
use crate::scratch::ScratchDatabase;
use crate::seed::create;
use crate::server::execute;
use crate::template::Made;
use tenant_core::{Database, Error, TenantName, Tenants};
use tenant_core::{quote_ident, quote_literal};

/// A tenant, dropped with the value.
///
/// It has its own name and tables, but shares the public schema. Other tests have tenants in the
/// same database at the same time. To test changes of the public schema, or all tenants, use a
/// [`TestDatabase`](crate::TestDatabase).
///
/// Returned by [`Template::tenant`](crate::Template::tenant).
pub struct TestTenant {
    name: TenantName,
    tenants: Tenants,
    shared: Arc<Shared>,
}

impl TestTenant {
    /// Returns its name, which no other test uses.
    #[must_use]
    pub fn name(&self) -> &TenantName {
        &self.name
    }

    /// Returns the tenants of its database, including tenants of other tests.
    #[must_use]
    pub fn tenants(&self) -> &Tenants {
        &self.tenants
    }

    /// Returns its database, to open connections and pools.
    #[must_use]
    pub fn database(&self) -> &Database {
        self.shared.scratch.database()
    }

    /// Returns the URL of its database. With `TEST_DATABASE_URL`, it can contain a password.
    #[must_use]
    pub fn database_url(&self) -> String {
        self.shared.scratch.url()
    }

    /// Returns a URL for this tenant: the URL of the database, with the tenant's schema as
    /// `search_path`. Use it for programs and drivers that do not know tenants. With
    /// `TEST_DATABASE_URL`, it can contain a password.
    ///
    /// # Errors
    ///
    /// As [`Tenants::url_of`].
    pub async fn url(&self) -> Result<String, Error> {
        self.tenants.url_of(&self.name).with_password().await
    }
}

impl fmt::Debug for TestTenant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("TestTenant")
            .field(&self.name)
            .finish()
    }
}

impl Drop for TestTenant {
    /// What fails is left to the end of the process, when the whole database goes.
    fn drop(&mut self) {
        let (shared, name) = (Arc::clone(&self.shared), self.name.clone());
        drop(caretaker::run_here(
            async move { shared.remove(&name).await },
        ));
    }
}

/// The database that the tests share, for as long as the process lives.
pub(crate) struct Shared {
    tenants: Tenants,
    scratch: ScratchDatabase,
    number: AtomicU32,
}

impl Shared {
    pub(crate) async fn make(made: Arc<Made>) -> Result<Self, Failure> {
        caretaker::run(async move {
            let scratch = made.copy().await?;
            Ok(Self {
                tenants: made.tenants(&scratch).await?,
                scratch,
                number: AtomicU32::new(0),
            })
        })
        .await
    }

    /// One more tenant, and connections of the test's own runtime for it.
    pub(crate) async fn tenant(self: Arc<Self>, made: &Made) -> Result<TestTenant, Failure> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let name = format!("tenant_{number}").parse::<TenantName>()?;
        self.tenant_named(name, made).await
    }

    /// The same with a name that is unique in this database.
    pub(crate) async fn tenant_named(
        self: Arc<Self>,
        name: TenantName,
        made: &Made,
    ) -> Result<TestTenant, Failure> {
        let seed = made.seed;
        let tenant = TestTenant {
            tenants: made.tenants(&self.scratch).await?,
            name: name.clone(),
            shared: Arc::clone(&self),
        };
        caretaker::run(async move { Ok(create(&self.tenants, &name, seed).await?) }).await?;
        Ok(tenant)
    }

    /// Drops a tenant. A failed test may have left a transaction open, and the drop would wait for
    /// it. So sessions that hold locks on the tenant's tables are terminated first.
    async fn remove(&self, name: &TenantName) -> Result<(), Failure> {
        let client = self.scratch.database().driver().await?;
        let schema = quote_literal(&quote_ident(name.as_str()));
        let holders = format!(
            "SELECT pg_catalog.pg_terminate_backend(l.pid) FROM pg_catalog.pg_locks l \
             JOIN pg_catalog.pg_class c ON c.oid = l.relation \
             JOIN pg_catalog.pg_database d ON d.oid = l.database \
             WHERE d.datname = pg_catalog.current_database() \
               AND l.pid <> pg_catalog.pg_backend_pid() \
               AND c.relnamespace = pg_catalog.to_regnamespace({schema})"
        );
        execute(
            &client,
            "end the sessions that use the tenant of a test",
            &holders,
        )
        .await?;
        match self.tenants.drop_tenant(name).await {
            // The test has dropped it itself.
            Ok(_) | Err(Error::Unknown(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
