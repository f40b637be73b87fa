//! [`App`]: what all requests share.

use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::FromRef;
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use tenant_core::{Database, MigrationSet, Migrations, Settings, TenantPool, Tenants};

use crate::error::ApiError;
use crate::operator::Operator;
use crate::spares::Spares;
use crate::tenant::Domain;
use crate::{Config, MIGRATIONS, sign_up, tasks};

/// How long a request waits for another run on the same tenant.
const REQUESTS_WAIT: Duration = Duration::from_secs(5);

/// The state of the service. Each handler takes the part that it needs, such as
/// `State<TenantPool>`.
#[derive(Clone, FromRef)]
pub struct App {
    /// For the life of tenants: sign-up, migrations, end.
    pub tenants: Tenants,
    /// For their rows.
    pub pool: TenantPool,
    domain: Domain,
    operator: Operator,
    pub(crate) spares: Spares,
}

impl App {
    /// Connects to the database.
    ///
    /// # Errors
    ///
    /// When it cannot.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        let database = Database::parse(&config.database_url)?;
        let migrations = Migrations {
            public: MigrationSet::registry(),
            tenant: MigrationSet::from_source(&MIGRATIONS)?,
        };
        let tenants = Tenants::open(database, migrations, Settings::default()).await?;
        // Made by `tenants`, so that it hears of those that come and go here.
        let pool = tenants.pool().size(config.connections).wait(config.wait);
        Ok(Self {
            pool: pool.open().await?,
            spares: Spares::new(tenants.clone(), config.spares),
            tenants: tenants.waiting_at_most(REQUESTS_WAIT),
            domain: Domain::new(&config.domain),
            operator: Operator::new(config.operator_token.as_deref()),
        })
    }

    /// Brings the public schema and the tenants up to date.
    ///
    /// # Errors
    ///
    /// What concerns all tenants. Those that fail by themselves are told in the
    /// log, and the others are served.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        // Other instances start at the same time. One of them migrates.
        let patient = self.tenants.waiting_at_most(Settings::default().wait);
        let public = patient.migrate_public().await;
        public.context("migrating the public schema")?;
        let report = patient.migrate().await?;
        for message in report.outcomes.iter().flat_map(|one| &one.messages) {
            tracing::warn!("migration `{}` said: {message}", message.migration);
        }
        for (outcome, error) in report.failures() {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "migrating `{}`",
                outcome.name
            );
        }
        Ok(())
    }

    /// What is answered under which path.
    pub fn router(self) -> Router {
        let one_task = get(tasks::show).patch(tasks::update).delete(tasks::delete);
        Router::new()
            .route("/tasks", get(tasks::list).post(tasks::create))
            .route("/tasks/{id}", one_task)
            .route("/tenants", post(sign_up::sign_up))
            .route("/tenants/{name}", delete(sign_up::end))
            .fallback(async || ApiError::not_found("there is nothing under this path"))
            .method_not_allowed_fallback(async || {
                ApiError::refused(StatusCode::METHOD_NOT_ALLOWED, "not a method of this path")
            })
            .with_state(self)
    }
}
