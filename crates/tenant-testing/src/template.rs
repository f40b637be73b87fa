//! [`Template`]: what the tests of an application start from.

mod build;

use std::fmt;
use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::caretaker::{self, small};
use crate::failure::{Failure, or_end};
use crate::scratch::ScratchDatabase;
use crate::seed::Seed;
use crate::server::Server;
use crate::tenant::Shared;
use crate::{TestDatabase, TestTenant};
use tenant_core::{Migrations, Settings, Tenants};

pub(crate) use build::{LAST_USED, PREFIX};

/// A database that is set up once, and copied for each test.
///
/// Use it as a `static` that all tests of a program share. The [module documentation](crate) has an
/// example.
pub struct Template {
    migrations: fn() -> Migrations,
    settings: fn() -> Settings,
    setup: &'static str,
    seed: Option<Seed>,
    made: OnceCell<Result<Arc<Made>, String>>,
    shared: OnceCell<Result<Arc<Shared>, String>>,
}

/// An existing template.
pub(crate) struct Made {
    name: String,
    server: Arc<Server>,
    migrations: Migrations,
    settings: Settings,
    pub(crate) seed: Option<Seed>,
    /// Those of the copy that came first, for what need not be found out again.
    opened: OnceCell<Tenants>,
}

impl Template {
    /// Creates a template with these public and tenant migrations. `migrations` is called once,
    /// when the first test needs it, and can panic.
    #[must_use]
    pub const fn new(migrations: fn() -> Migrations) -> Self {
        Self {
            migrations,
            settings: Settings::default,
            setup: "",
            seed: None,
            made: OnceCell::const_new(),
            shared: OnceCell::const_new(),
        }
    }

    /// Opens the tenants with these settings instead of the default ones.
    #[must_use]
    pub const fn settings(mut self, settings: fn() -> Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Runs `sql` in the empty database before the public migrations, for objects that the
    /// migrations expect, such as a schema for extensions.
    #[must_use]
    pub const fn setup(mut self, sql: &'static str) -> Self {
        self.setup = sql;
        self
    }

    /// Fills each new tenant of [`tenant`](Self::tenant), [`tenant_named`](Self::tenant_named) and
    /// [`TestDatabase::tenant`] in the transaction that creates it.
    ///
    /// ```no_run
    /// # use diesel_async::SimpleAsyncConnection;
    /// # use tenant_core::{Error, MigrationSet, Migrations, NewTenant};
    /// # use tenant_testing::Template;
    /// # fn migrations() -> Migrations {
    /// #     Migrations { public: MigrationSet::registry(), tenant: MigrationSet::default() }
    /// # }
    /// static TEMPLATE: Template = Template::new(migrations).seed(|new| Box::pin(three_rows(new)));
    ///
    /// async fn three_rows(new: &mut NewTenant) -> Result<(), Error> {
    ///     let tenant = new.tenant().await?;
    ///     let insert = "INSERT INTO dummy_table (name) VALUES ('a'), ('b'), ('c')";
    ///     Ok(tenant.batch_execute(insert).await?)
    /// }
    /// ```
    #[must_use]
    pub const fn seed(mut self, seed: Seed) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Returns the test's own database, with the public migrations applied and no tenants. It is
    /// dropped with the value. It already has a [spare](tenant_core::Spares::keep) for the first
    /// tenant.
    ///
    /// # Panics
    ///
    /// If there is no server, or if the template cannot be created, for example because a migration
    /// fails. The message has the complete chain of errors.
    pub async fn database(&self) -> TestDatabase {
        let database = small(async { self.made().await?.database().await });
        or_end("no database for the test", database.await)
    }

    /// Returns the test's own tenant, in a database that the tests of this process share. It is
    /// dropped with the value.
    ///
    /// # Panics
    ///
    /// As [`Template::database`], and if the tenant cannot be created.
    pub async fn tenant(&self) -> TestTenant {
        let tenant = small(async {
            let made = self.made().await?;
            let shared = self.shared.get_or_init(async || {
                let shared = Shared::make(Arc::clone(&made)).await;
                shared.map(Arc::new).map_err(|failure| failure.chain())
            });
            let shared = shared.await.clone().map_err(Failure::Known)?;
            shared.tenant(&made).await
        });
        or_end("no tenant for the test", tenant.await)
    }

    /// Returns a tenant with this name, in the test's own database. Other tests can have a tenant
    /// with the same name at the same time. It is dropped with the value.
    ///
    /// # Panics
    ///
    /// As [`Template::tenant`], and if `name` is not a valid tenant name.
    pub async fn tenant_named(&self, name: &str) -> TestTenant {
        let tenant = small(async {
            let name = name.parse()?;
            let made = self.made().await?;
            let own = Arc::new(Shared::make(Arc::clone(&made)).await?);
            own.tenant_named(name, &made).await
        });
        or_end("no tenant for the test", tenant.await)
    }

    async fn made(&self) -> Result<Arc<Made>, Failure> {
        let made = self.made.get_or_init(async || {
            let made = self.make().await;
            made.map(Arc::new).map_err(|failure| failure.chain())
        });
        // A migration that fails for one test fails for all.
        made.await.clone().map_err(Failure::Known)
    }

    async fn make(&self) -> Result<Made, Failure> {
        let (migrations, settings) = ((self.migrations)(), (self.settings)());
        let (setup, seed) = (self.setup, self.seed);
        let server = Server::shared().await?;
        caretaker::run(async move {
            let recipe = build::Recipe {
                server: &server,
                migrations: &migrations,
                settings: &settings,
                setup,
            };
            Ok(Made {
                name: build::ensure(recipe).await?,
                server,
                migrations,
                settings,
                seed,
                opened: OnceCell::new(),
            })
        })
        .await
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Template").finish_non_exhaustive()
    }
}

impl Made {
    /// A copy of it, which is not in use yet.
    pub(crate) async fn copy(&self) -> Result<ScratchDatabase, Failure> {
        ScratchDatabase::make(Arc::clone(&self.server), Some(self.name.clone())).await
    }

    /// The tenants of such a copy. They open their connections in the caller's runtime.
    pub(crate) async fn tenants(&self, copy: &ScratchDatabase) -> Result<Tenants, Failure> {
        let opened = self.opened.get_or_try_init(async || {
            let (migrations, settings) = (self.migrations.clone(), self.settings.clone());
            Tenants::open(copy.database().clone(), migrations, settings).await
        });
        Ok(opened.await?.of_copy(copy.database().clone()))
    }

    async fn database(&self) -> Result<TestDatabase, Failure> {
        let scratch = self.copy().await?;
        let tenants = self.tenants(&scratch).await?;
        Ok(TestDatabase::new(tenants, scratch, self.seed))
    }
}
