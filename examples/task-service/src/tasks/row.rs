//! The rows of `tasks`, and the queries on them.
//!
//! Each query takes a [`TenantConnection`]: it cannot be run on a connection that
//! looks anywhere else.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::result::Error::NotFound;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use tenant_core::TenantConnection;

use super::{Progress, Title};
use crate::schema::tasks;

/// A task.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Serialize)]
#[diesel(table_name = tasks, check_for_backend(diesel::pg::Pg))]
pub(crate) struct Task {
    /// Made by the database, for each tenant from 1.
    pub(crate) id: i64,
    /// What is to be done.
    pub(crate) title: String,
    /// How far it is.
    pub(crate) progress: Progress,
    /// When it was made.
    pub(crate) created_at: DateTime<Utc>,
    /// When it is to be done, if that matters.
    pub(crate) due_on: Option<NaiveDate>,
}

/// A task to insert. What is left out gets the database's default.
#[derive(Debug, Clone, Deserialize, Insertable)]
#[diesel(table_name = tasks)]
pub(crate) struct NewTask {
    title: Title,
    progress: Option<Progress>,
    due_on: Option<NaiveDate>,
}

/// What to change of a task. What is left out stays.
#[derive(Debug, Clone, Deserialize, AsChangeset)]
#[diesel(table_name = tasks)]
pub(crate) struct TaskChanges {
    title: Option<Title>,
    progress: Option<Progress>,
    due_on: Option<NaiveDate>,
}

impl Task {
    /// The tenant's tasks in the order they were made, all or those that are so
    /// far.
    pub(crate) async fn list(
        tenant: &mut TenantConnection,
        progress: Option<Progress>,
    ) -> QueryResult<Vec<Self>> {
        let mut query = tasks::table.select(Self::as_select()).into_boxed();
        if let Some(progress) = progress {
            query = query.filter(tasks::progress.eq(progress));
        }
        query.order(tasks::id).load(tenant).await
    }

    /// The tenant's task with this id, or [`NotFound`].
    pub(crate) async fn find(tenant: &mut TenantConnection, id: i64) -> QueryResult<Self> {
        let query = tasks::table.find(id).select(Self::as_select());
        query.first(tenant).await
    }

    /// Deletes the tenant's task with this id, or says [`NotFound`].
    pub(crate) async fn delete(tenant: &mut TenantConnection, id: i64) -> QueryResult<()> {
        let deleted = diesel::delete(tasks::table.find(id))
            .execute(tenant)
            .await?;
        if deleted == 0 { Err(NotFound) } else { Ok(()) }
    }
}

impl NewTask {
    /// Inserts it for the tenant.
    pub(crate) async fn insert(self, tenant: &mut TenantConnection) -> QueryResult<Task> {
        diesel::insert_into(tasks::table)
            .values(self)
            .returning(Task::as_returning())
            .get_result(tenant)
            .await
    }
}

impl TaskChanges {
    /// Changes the tenant's task with this id, or says [`NotFound`].
    pub(crate) async fn apply(self, tenant: &mut TenantConnection, id: i64) -> QueryResult<Task> {
        let Self {
            title,
            progress,
            due_on,
        } = &self;
        if title.is_none() && progress.is_none() && due_on.is_none() {
            return Task::find(tenant, id).await;
        }
        diesel::update(tasks::table.find(id))
            .set(self)
            .returning(Task::as_returning())
            .get_result(tenant)
            .await
    }
}
