//! Whether a schema is one tenant's only. What is done to a schema of two is done to both.

use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::handle::Tenants;
use super::reading::Reading;
use super::state::registry_error;
use crate::fleet::Selection;
use crate::name::Target;
use crate::registry::Registry;
use crate::report::{Problem, ProblemKind};
use crate::{Error, UnfitRow};

impl Tenants {
    /// Fails where the tenant's schema is another tenant's too, or may be, or all tenants read it.
    ///
    /// # Errors
    ///
    /// [`Error::UnfitPath`], [`UnfitRow::Shared`], [`UnfitRow::Doubtful`], or a server error.
    pub(super) async fn require_sole(&self, target: &Target) -> Result<(), Error> {
        self.require_apart(target)?;
        let Some(question) = self.registry.others_with_schema() else {
            return Ok(());
        };
        let parameters: [(&(dyn ToSql + Sync), Type); 2] = [
            (&target.name.as_str(), Type::TEXT),
            (&target.schema.as_str(), Type::TEXT),
        ];
        let failed = |error| registry_error(&self.registry, error);
        let reading = self.reading().await?;
        let rows = reading.query(&question, &parameters).await;
        let others = rows.and_then(|rows| rows.iter().map(Other::read).collect::<Result<_, _>>());
        match unfit(target, others.map_err(failed)?) {
            Some(unfit) => Err(Error::UnfitRow(Box::new(unfit))),
            None => Ok(()),
        }
    }
}

impl Tenants {
    /// Fails where a row that is no tenant, as the registry's condition says, names the schema: it
    /// may be a customer's who is only hidden.
    ///
    /// # Errors
    ///
    /// [`UnfitRow::Hidden`], or a server error.
    pub(super) async fn require_unclaimed(&self, target: &Target) -> Result<(), Error> {
        let Some(question) = self.registry.hidden_with_schema() else {
            return Ok(());
        };
        let parameters: [(&(dyn ToSql + Sync), Type); 2] = [
            (&target.name.as_str(), Type::TEXT),
            (&target.schema.as_str(), Type::TEXT),
        ];
        let failed = |error| registry_error(&self.registry, error);
        let reading = self.reading().await?;
        let rows = reading.query(&question, &parameters).await;
        let others = rows.and_then(|rows| rows.iter().map(|row| row.try_get(0)).collect());
        let others: Vec<String> = others.map_err(failed)?;
        if others.is_empty() {
            return Ok(());
        }
        Err(Error::UnfitRow(Box::new(UnfitRow::Hidden {
            name: target.name.clone(),
            schema: target.schema.clone(),
            others,
        })))
    }
}

/// Another tenant that may have the same schema.
struct Other {
    name: String,
    schema: String,
    has_the_same: bool,
}

impl Other {
    fn read(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            name: row.try_get(0)?,
            schema: row.try_get(1)?,
            has_the_same: row.try_get(2)?,
        })
    }
}

fn unfit(target: &Target, others: Vec<Other>) -> Option<UnfitRow> {
    let (same, called): (Vec<_>, Vec<_>) = others.into_iter().partition(|it| it.has_the_same);
    if !same.is_empty() {
        return Some(UnfitRow::Shared {
            name: target.name.clone(),
            schema: target.schema.clone(),
            others: same.into_iter().map(|other| other.name).collect(),
        });
    }
    let other = called.into_iter().next()?;
    Some(UnfitRow::Doubtful {
        name: target.name.to_string(),
        schema: target.schema.to_string(),
        other: other.name,
        theirs: other.schema,
    })
}

/// The selected tenants whose schema may be another tenant's.
///
/// # Errors
///
/// A server error.
pub(super) async fn doubtful(
    reading: &Reading<'_>,
    registry: &Registry,
    select: &Selection,
) -> Result<Vec<Problem>, Error> {
    let Some(question) = registry.doubtful_schemas() else {
        return Ok(Vec::new());
    };
    let failed = |error| registry_error(registry, error);
    let rows = reading.query(&question, &[]).await.map_err(failed)?;
    let read = |row: &Row| {
        Ok(UnfitRow::Doubtful {
            name: row.try_get(0)?,
            schema: row.try_get(1)?,
            other: row.try_get(2)?,
            theirs: row.try_get(3)?,
        })
    };
    let found = rows.iter().map(read).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(failed)?.into_iter();
    Ok(found.filter_map(|unfit| problem(unfit, select)).collect())
}

fn problem(unfit: UnfitRow, select: &Selection) -> Option<Problem> {
    let UnfitRow::Doubtful { name, .. } = &unfit else {
        return None;
    };
    let name = name.clone();
    select.contains(&name).then(|| Problem {
        tenant: Some(name),
        kind: ProblemKind::UnfitRow(Box::new(unfit)),
    })
}

/// Of tenants whose schema does not exist, tells which have one that is called like they are:
/// they have lost nothing, and their rows are not to be deleted.
///
/// # Errors
///
/// A server error.
pub(super) async fn tell_of_misnamed(
    reading: &Reading<'_>,
    registry: &Registry,
    problems: &mut [Problem],
) -> Result<(), Error> {
    if registry.names().is_same() || registry.names().is_mapped() {
        return Ok(());
    }
    let is_missing = |problem: &&mut Problem| matches!(problem.kind, ProblemKind::MissingSchema);
    let missing = problems.iter_mut().filter(is_missing).collect::<Vec<_>>();
    let names = missing.iter().filter_map(|it| it.tenant.clone());
    let names = names.collect::<Vec<_>>();
    if names.is_empty() {
        return Ok(());
    }
    let sql = "SELECT nspname::text FROM pg_catalog.pg_namespace WHERE nspname::text = ANY ($1)";
    let failed = |error| registry_error(registry, error);
    let rows = reading.query(sql, &[(&names, Type::TEXT_ARRAY)]).await;
    let existing = rows.and_then(|rows| rows.iter().map(|row| row.try_get(0)).collect());
    let existing: Vec<String> = existing.map_err(failed)?;
    for problem in missing {
        let name = problem.tenant.clone().unwrap_or_default();
        let schema = registry.registered(&name).ok();
        let schema = schema.and_then(|name| registry.known_schema(&name));
        if let Some(schema) = schema.filter(|_| existing.contains(&name)) {
            let schema = schema.to_string();
            problem.kind = ProblemKind::UnfitRow(Box::new(UnfitRow::Misnamed { name, schema }));
        }
    }
    Ok(())
}
