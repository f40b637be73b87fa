//! The tasks of a tenant over HTTP.
//!
//! A handler that only reads takes a transaction and drops it. One that writes
//! does it in [`TenantPool::in_tenant`], which commits what ends well: a client
//! that goes away in the middle leaves nothing behind.

mod row;
mod title;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use tenant_core::TenantPool;

pub(crate) use crate::schema::Progress;
pub(crate) use row::{NewTask, Task, TaskChanges};
pub(crate) use title::Title;

use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::tenant::Tenant;

/// Which tasks to list.
#[derive(Debug, Deserialize)]
pub(crate) struct Filter {
    progress: Option<Progress>,
}

/// `GET /tasks`, `GET /tasks?progress=done`
pub(crate) async fn list(
    State(pool): State<TenantPool>,
    Tenant(name): Tenant,
    Query(filter): Query<Filter>,
) -> Result<Json<Vec<Task>>, ApiError> {
    let mut tenant = pool.tenant(&name).read_only().await?;
    Ok(Json(Task::list(&mut tenant, filter.progress).await?))
}

/// `GET /tasks/ID`
///
/// 404 when this tenant has no such task.
pub(crate) async fn show(
    State(pool): State<TenantPool>,
    Tenant(name): Tenant,
    Path(id): Path<i64>,
) -> Result<Json<Task>, ApiError> {
    let mut tenant = pool.tenant(&name).read_only().await?;
    Ok(Json(Task::find(&mut tenant, id).await?))
}

/// `POST /tasks`
///
/// 422 when it is no task.
pub(crate) async fn create(
    State(pool): State<TenantPool>,
    Tenant(name): Tenant,
    Json(new): Json<NewTask>,
) -> Result<(StatusCode, Json<Task>), ApiError> {
    pool.in_tenant(&name, async |tenant| {
        let task = new.insert(tenant).await?;
        Ok((StatusCode::CREATED, Json(task)))
    })
    .await
}

/// `PATCH /tasks/ID`
///
/// 404 when this tenant has no such task, 422 when it would be none any more.
pub(crate) async fn update(
    State(pool): State<TenantPool>,
    Tenant(name): Tenant,
    Path(id): Path<i64>,
    Json(changes): Json<TaskChanges>,
) -> Result<Json<Task>, ApiError> {
    pool.in_tenant(&name, async |tenant| {
        Ok(Json(changes.apply(tenant, id).await?))
    })
    .await
}

/// `DELETE /tasks/ID`
///
/// 404 when this tenant has no such task.
pub(crate) async fn delete(
    State(pool): State<TenantPool>,
    Tenant(name): Tenant,
    Path(id): Path<i64>,
) -> Result<StatusCode, ApiError> {
    // The same by hand: without the commit it is rolled back.
    let mut tenant = pool.tenant(&name).await?;
    Task::delete(&mut tenant, id).await?;
    tenant.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
