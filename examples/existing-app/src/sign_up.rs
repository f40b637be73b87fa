//! Sign-up: creates an organization with its schema, templates and first boards in one
//! transaction.

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;
use serde::Deserialize;

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
    let name = database.tenants.name(&new.organization.slug.0);
    database
        .tenants
        .create_with(&name.map_err(Error::internal)?, async |tenant| {
            let organization = new.organization.insert(tenant.public_pg().await?).await?;
            fill(tenant.tenant_pg().await?, new.owner).await?;
            Ok(organization)
        })
        .await
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
