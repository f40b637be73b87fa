//! `activity`: the history of cards.

use std::io::Write as _;

use chrono::{DateTime, Utc};
use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::serialize::{IsNull, Output, ToSql};
use diesel::sql_types::Jsonb;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use serde_json::Value;

use crate::schema::activity;

/// The version of `jsonb` in the binary format.
const VERSION: u8 = 1;

/// An entry of the history.
#[derive(Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = activity, check_for_backend(Pg))]
pub(crate) struct Activity {
    card_id: Option<i64>,
    action: String,
    details: Details,
    happened_at: DateTime<Utc>,
}

/// The details of an action.
#[derive(Debug, Serialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Jsonb)]
#[serde(transparent)]
pub(crate) struct Details(Value);

impl Activity {
    /// Records an action on a card.
    pub(crate) async fn record(
        connection: &mut AsyncPgConnection,
        card: i64,
        action: &str,
        details: Value,
    ) -> QueryResult<()> {
        diesel::insert_into(activity::table)
            .values((
                activity::card_id.eq(card),
                activity::action.eq(action),
                activity::details.eq(Details(details)),
            ))
            .execute(connection)
            .await
            .map(drop)
    }

    /// Lists the last 50 entries, the newest first.
    pub(crate) async fn recent(connection: &mut AsyncPgConnection) -> QueryResult<Vec<Self>> {
        activity::table
            .order(activity::id.desc())
            .limit(50)
            .select(Self::as_select())
            .load(connection)
            .await
    }

    /// Lists the entries of a card, the oldest first.
    pub(crate) async fn of_card(
        connection: &mut AsyncPgConnection,
        card: i64,
    ) -> QueryResult<Vec<Self>> {
        activity::table
            .filter(activity::card_id.eq(card))
            .order(activity::id)
            .select(Self::as_select())
            .load(connection)
            .await
    }
}

impl ToSql<Jsonb, Pg> for Details {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
        out.write_all(&[VERSION])?;
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}

impl FromSql<Jsonb, Pg> for Details {
    fn from_sql(value: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        match value.as_bytes() {
            [VERSION, json @ ..] => Ok(Self(serde_json::from_slice(json)?)),
            _ => Err("this version of jsonb is not known".into()),
        }
    }
}
