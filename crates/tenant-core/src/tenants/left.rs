//! Tenants that the application lists and of which nothing is kept: their schemas existed before.
//! What is recorded of them says whose a schema is once the application's row is renamed or gone.

use super::handle::Tenants;
use crate::registry::{Registry, Unrecorded};
use crate::report::{Orphan, Problem, ProblemKind};
use crate::{Error, SchemaName};

/// Of tenants without a schema, tells of those that are not listed any more and have one: who
/// makes an empty schema then leaves a renamed customer's rows behind.
pub(super) fn tell_of_renamed(registry: &Registry, problems: &mut [Problem]) {
    let left = problems.iter().filter_map(|it| left_tenant(registry, it));
    let left = left.collect::<Vec<_>>();
    if left.is_empty() {
        return;
    }
    let is_missing = |it: &&mut Problem| matches!(it.kind, ProblemKind::MissingSchema);
    for problem in problems.iter_mut().filter(is_missing) {
        let left = left.clone();
        problem.kind = ProblemKind::PerhapsRenamed { left };
    }
}

fn left_tenant(registry: &Registry, problem: &Problem) -> Option<String> {
    let name = problem.tenant.as_ref()?;
    match &problem.kind {
        ProblemKind::UnlistedTenant { exists: true, .. } => Some(name.clone()),
        ProblemKind::OrphanedSchema(Orphan::WithHistory) => {
            let schema = name.parse::<SchemaName>().ok()?;
            registry.names().tenant_of(&schema).map(String::from)
        }
        _ => None,
    }
}

impl Tenants {
    /// Records the tenants that the application lists, that have a migrated schema and of which
    /// nothing is kept yet: one statement for all of them. Where that cannot be, as on a standby,
    /// the next run does it, which is no failure.
    ///
    /// # Errors
    ///
    /// That there is no connection.
    pub(super) async fn record_listed(&self) -> Result<(), Error> {
        let Some(Unrecorded { question, record }) = self.registry.unrecorded() else {
            return Ok(());
        };
        let reading = self.reading().await?;
        let found = reading.query(&question, &[]).await;
        drop(reading);
        if found.is_ok_and(|rows| !rows.is_empty()) {
            let session = self.session().await?;
            // The query may rely on the role's own path. Together they are one transaction.
            let reset = match self.database.is_cluster() {
                true => "",
                false => "RESET ALL; ",
            };
            let all = format!("{reset}{record}");
            drop(session.client().batch_execute(&all).await);
        }
        Ok(())
    }
}
