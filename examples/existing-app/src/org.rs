//! [`Org`]: the organization of a request.

use std::ops::{Deref, DerefMut};

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use diesel_async::AsyncPgConnection;
use serde::Deserialize;

use crate::database::Connection;
use crate::models::organizations::Organization;
use crate::{Database, Error};

/// The organization in the path of a URL, and a connection to its schema.
pub(crate) struct Org {
    pub(crate) organization: Organization,
    connection: Connection,
}

#[derive(Deserialize)]
struct Named {
    slug: String,
}

impl FromRequestParts<Database> for Organization {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, database: &Database) -> Result<Self, Error> {
        let named = Path::<Named>::from_request_parts(parts, database).await;
        let Path(Named { slug }) = named.map_err(Error::internal)?;
        let found = Self::find(&mut *database.public().await?, &slug).await?;
        found.ok_or(Error::NotFound("organization"))
    }
}

impl FromRequestParts<Database> for Org {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, database: &Database) -> Result<Self, Error> {
        let organization = Organization::from_request_parts(parts, database).await?;
        Ok(Self {
            connection: database.of(&organization).await?,
            organization,
        })
    }
}

impl Deref for Org {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.connection
    }
}

impl DerefMut for Org {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.connection
    }
}
