//! `members` of an organization.

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};

use crate::schema::members;
use crate::types::MemberRole;

/// A member.
#[derive(Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = members, check_for_backend(diesel::pg::Pg))]
pub(crate) struct Member {
    pub(crate) id: i64,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: MemberRole,
}

/// A member to insert.
#[derive(Debug, Deserialize, Insertable)]
#[diesel(table_name = members)]
pub(crate) struct NewMember {
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: Option<MemberRole>,
}

impl Member {
    /// Lists all members by name.
    pub(crate) async fn list(connection: &mut AsyncPgConnection) -> QueryResult<Vec<Self>> {
        members::table
            .order((members::name, members::id))
            .select(Self::as_select())
            .load(connection)
            .await
    }

    /// Finds a member by address, regardless of case.
    pub(crate) async fn find_by_email(
        connection: &mut AsyncPgConnection,
        email: &str,
    ) -> QueryResult<Self> {
        members::table
            .filter(members::email.eq(email))
            .select(Self::as_select())
            .first(connection)
            .await
    }

    /// Counts the members of each role.
    pub(crate) async fn count_by_role(
        connection: &mut AsyncPgConnection,
    ) -> QueryResult<Vec<(MemberRole, i64)>> {
        members::table
            .group_by(members::role)
            .order(members::role)
            .select((members::role, count_star()))
            .load(connection)
            .await
    }

    /// Changes the role of a member.
    pub(crate) async fn set_role(
        connection: &mut AsyncPgConnection,
        id: i64,
        role: MemberRole,
    ) -> QueryResult<Self> {
        diesel::update(members::table.find(id))
            .set(members::role.eq(role))
            .returning(Self::as_returning())
            .get_result(connection)
            .await
    }

    /// Removes a member and its comments, and unassigns its cards.
    pub(crate) async fn remove(connection: &mut AsyncPgConnection, id: i64) -> QueryResult<usize> {
        diesel::delete(members::table.find(id))
            .execute(connection)
            .await
    }
}

impl NewMember {
    /// Inserts the member. An existing member with this address is renamed.
    pub(crate) async fn invite(&self, connection: &mut AsyncPgConnection) -> QueryResult<Member> {
        diesel::insert_into(members::table)
            .values(self)
            .on_conflict(members::email)
            .do_update()
            .set(members::name.eq(excluded(members::name)))
            .returning(Member::as_returning())
            .get_result(connection)
            .await
    }
}
