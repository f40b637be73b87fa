//! The definition of a schema to copy, read under a name that means nothing else.
//!
//! If a tenant has the same name as one of its tables, PostgreSQL's text is ambiguous:
//! `tasks.title` can be a column, or an object in the schema `tasks`. So the schema gets a unique
//! name while it is read, in a savepoint that is rolled back. No other session sees that name.

use super::rehearse::shape_of;
use super::send::execute;
use super::work::Work;
use crate::Error;
use crate::shape::{self, Shape};

/// The shape of the schema of `work`, in the transaction that is open. It leaves the path
/// empty.
///
/// # Errors
///
/// A server error.
pub(super) async fn shape_to_copy(work: Work<'_>) -> Result<Shape, Error> {
    let shape = shape_of(work).await?;
    // On a cluster a new name would go to all servers.
    if !shape.is_ambiguous() || work.database.is_cluster() {
        return Ok(shape);
    }
    let action = format!("read the schema definition of {}", work.schema);
    execute(work.session, &action, "SAVEPOINT named").await?;
    let read = read_renamed(work, &action).await;
    execute(work.session, &action, "ROLLBACK TO SAVEPOINT named").await?;
    // Only its owner may rename a schema. Others see how far they get.
    Ok(read.unwrap_or(shape))
}

async fn read_renamed(work: Work<'_>, action: &str) -> Result<Shape, Error> {
    let name = format!("_copied_{:016x}", rand::random::<u64>());
    let rename = format!("ALTER SCHEMA {} RENAME TO {name}", work.schema.ident());
    execute(work.session, action, &rename).await?;
    let (client, catalog) = (work.session.client(), work.database.catalog());
    let shapes = shape::read(client, catalog, &[&name]).await;
    let shapes = shapes.map_err(|error| Error::database(action, error))?;
    let shape = shapes.into_iter().next().ok_or_else(|| work.missing())?;
    // A path that a function keeps is a text, and has the name that the schema really has.
    Ok(shape.with_paths_to(work.schema.schema_name()))
}
