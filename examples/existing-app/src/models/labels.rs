//! `labels`, and `card_labels`, which assigns them to cards.

use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};

use crate::schema::{card_labels, labels};

/// A label.
#[derive(Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = labels, check_for_backend(diesel::pg::Pg))]
pub(crate) struct Label {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) color: String,
}

/// A label to insert.
#[derive(Debug, Deserialize, Insertable)]
#[diesel(table_name = labels)]
pub(crate) struct NewLabel {
    pub(crate) name: String,
    /// For example `#1c7ed6`.
    pub(crate) color: String,
}

impl Label {
    /// Lists all labels by name.
    pub(crate) async fn list(connection: &mut AsyncPgConnection) -> QueryResult<Vec<Self>> {
        labels::table
            .order(labels::name)
            .select(Self::as_select())
            .load(connection)
            .await
    }

    /// Lists the labels of a card by name.
    pub(crate) async fn of_card(
        connection: &mut AsyncPgConnection,
        card: i64,
    ) -> QueryResult<Vec<Self>> {
        labels::table
            .inner_join(card_labels::table)
            .filter(card_labels::card_id.eq(card))
            .order(labels::name)
            .select(Self::as_select())
            .load(connection)
            .await
    }

    /// Adds a label to a card, unless the card has it.
    pub(crate) async fn attach(
        connection: &mut AsyncPgConnection,
        card: i64,
        label: i64,
    ) -> QueryResult<usize> {
        diesel::insert_into(card_labels::table)
            .values((
                card_labels::card_id.eq(card),
                card_labels::label_id.eq(label),
            ))
            .on_conflict_do_nothing()
            .execute(connection)
            .await
    }

    /// Removes a label from a card.
    pub(crate) async fn detach(
        connection: &mut AsyncPgConnection,
        card: i64,
        label: i64,
    ) -> QueryResult<usize> {
        diesel::delete(card_labels::table.find((card, label)))
            .execute(connection)
            .await
    }
}

impl NewLabel {
    /// Inserts the label, or changes the color of the one with the same name.
    pub(crate) async fn upsert(&self, connection: &mut AsyncPgConnection) -> QueryResult<Label> {
        diesel::insert_into(labels::table)
            .values(self)
            .on_conflict(labels::name)
            .do_update()
            .set(labels::color.eq(excluded(labels::color)))
            .returning(Label::as_returning())
            .get_result(connection)
            .await
    }
}
