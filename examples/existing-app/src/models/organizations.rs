//! `public.organizations`: the customers.

use chrono::{DateTime, Utc};
use diesel::dsl::{auto_type, now};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::schema::organizations;
use crate::slug::Slug;
use crate::types::Plan;

/// A customer.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = organizations, check_for_backend(diesel::pg::Pg))]
pub(crate) struct Organization {
    #[serde(skip_serializing)]
    pub(crate) id: Uuid,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) plan: Plan,
    pub(crate) created_at: DateTime<Utc>,
}

/// A customer to insert.
#[derive(Debug, Deserialize, Insertable)]
#[diesel(table_name = organizations)]
pub(crate) struct NewOrganization {
    pub(crate) slug: Slug,
    pub(crate) name: String,
    pub(crate) plan: Option<Plan>,
}

impl Organization {
    /// Returns the name of its schema.
    pub(crate) fn schema(&self) -> String {
        format!("org_{}", self.slug)
    }

    /// Selects the organizations that are not deleted.
    #[auto_type(no_type_alias)]
    pub(crate) fn active() -> _ {
        organizations::table
            .filter(organizations::deleted_at.is_null())
            .order(organizations::slug)
    }

    /// Finds an organization by slug, unless it is deleted.
    pub(crate) async fn find(
        connection: &mut AsyncPgConnection,
        slug: &str,
    ) -> QueryResult<Option<Self>> {
        Self::active()
            .filter(organizations::slug.eq(slug))
            .select(Self::as_select())
            .first(connection)
            .await
            .optional()
    }

    /// Changes the plan.
    pub(crate) async fn set_plan(
        connection: &mut AsyncPgConnection,
        id: Uuid,
        plan: Plan,
    ) -> QueryResult<Self> {
        diesel::update(organizations::table.find(id))
            .set(organizations::plan.eq(plan))
            .returning(Self::as_returning())
            .get_result(connection)
            .await
    }

    /// Marks an organization as deleted. Its schema stays.
    pub(crate) async fn mark_deleted(
        connection: &mut AsyncPgConnection,
        id: Uuid,
    ) -> QueryResult<usize> {
        diesel::update(organizations::table.find(id))
            .set(organizations::deleted_at.eq(now))
            .execute(connection)
            .await
    }
}

impl NewOrganization {
    /// Inserts the organization.
    pub(crate) async fn insert(
        &self,
        connection: &mut AsyncPgConnection,
    ) -> QueryResult<Organization> {
        diesel::insert_into(organizations::table)
            .values(self)
            .returning(Organization::as_returning())
            .get_result(connection)
            .await
    }
}
