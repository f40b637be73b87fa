//! Sign-up: creates an organization with its schema, templates and first boards in one
//! transaction.

use diesel::connection::{Connection as _, SimpleConnection as _};
use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::database::{Connection, create_schema};
use crate::migrate::migrate;
use crate::models::boards::NewBoard;
use crate::models::members::NewMember;
use crate::models::organizations::{NewOrganization, Organization};
use crate::models::templates::Template;
use crate::types::MemberRole;
use crate::{Database, Error};

/// A sign-up.
#[derive(Debug, Deserialize)]
pub(crate) struct SignUp {
    #[serde(flatten)]
    pub(crate) organization: NewOrganization,
    pub(crate) owner: Owner,
}

/// The first member.
#[derive(Debug, Deserialize)]
pub(crate) struct Owner {
    pub(crate) email: String,
    pub(crate) name: String,
}

/// Creates the organization. After an error nothing is left.
pub(crate) async fn sign_up(database: &Database, new: SignUp) -> Result<Organization, Error> {
    let connection = database.public().await?;
    let handle = Handle::current();
    // Diesel's migrations need a blocking connection.
    let made = spawn_blocking(move || {
        let mut connection = AsyncConnectionWrapper::<Connection>::from(connection);
        connection.transaction(|connection| {
            let organization = handle.block_on(new.organization.insert(connection))?;
            let schema = organization.schema();
            connection.batch_execute(&create_schema(&schema))?;
            migrate(connection, &schema).map_err(Error::internal)?;
            handle.block_on(fill(connection, new.owner))?;
            Ok(organization)
        })
    });
    made.await.map_err(Error::internal)?
}

/// Adds the owner, the templates and a board from each template.
async fn fill(connection: &mut AsyncPgConnection, owner: Owner) -> QueryResult<()> {
    let owner = NewMember {
        email: owner.email,
        name: owner.name,
        role: Some(MemberRole::Owner),
    };
    owner.invite(connection).await?;
    Template::copy_from_public(connection).await?;
    for template in Template::list(connection).await? {
        let board = NewBoard {
            name: template.name.clone(),
            visibility: None,
        };
        board.create(connection, &template.column_names).await?;
    }
    Ok(())
}
