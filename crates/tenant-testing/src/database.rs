//! [`TestDatabase`]: a database of a test's own, for tenants.

use crate::caretaker::small;
use crate::failure::or_end;
use crate::scratch::ScratchDatabase;
use crate::seed::{Seed, create};
use tenant_core::{Database, TenantName, Tenants};

/// A database with the public migrations applied. It is dropped with the value, even if connections
/// are open.
///
/// Returned by [`Template::database`](crate::Template::database).
pub struct TestDatabase {
    // Its connections go before the database does.
    tenants: Tenants,
    scratch: ScratchDatabase,
    seed: Option<Seed>,
}

impl TestDatabase {
    pub(crate) fn new(tenants: Tenants, scratch: ScratchDatabase, seed: Option<Seed>) -> Self {
        Self {
            tenants,
            scratch,
            seed,
        }
    }

    /// Creates a tenant in it, with the rows of [`Template::seed`](crate::Template::seed).
    ///
    /// # Panics
    ///
    /// If `name` is not a valid tenant name, or if the tenant cannot be created.
    pub async fn tenant(&self, name: &str) -> TenantName {
        let what = "no tenant for the test";
        let name = or_end(what, name.parse::<TenantName>());
        or_end(what, small(create(&self.tenants, &name, self.seed)).await);
        name
    }

    /// Returns the tenants, to create, migrate, list and drop them.
    #[must_use]
    pub fn tenants(&self) -> &Tenants {
        &self.tenants
    }

    /// Returns the database, to open connections and pools.
    #[must_use]
    pub fn database(&self) -> &Database {
        self.scratch.database()
    }

    /// Returns its URL. With `TEST_DATABASE_URL`, it can contain a password.
    #[must_use]
    pub fn url(&self) -> String {
        self.scratch.url()
    }

    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.scratch.name()
    }
}

impl std::fmt::Debug for TestDatabase {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("TestDatabase")
            .field(&self.name())
            .finish()
    }
}
