//! Trigram search in the titles of cards.

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::cards::Card;
use crate::schema::cards;

diesel::infix_operator!(IsAlmostIn, " <% ", backend: diesel::pg::Pg);

#[diesel::declare_sql_function]
extern "SQL" {
    /// The similarity of `word` to the most similar part of `text`, from 0 to 1.
    fn word_similarity(word: Text, text: Text) -> diesel::sql_types::Float;
}

/// Returns at most 20 cards with titles similar to `words`, the most similar first.
pub(crate) async fn search(
    connection: &mut AsyncPgConnection,
    words: &str,
) -> QueryResult<Vec<Card>> {
    let words = words.into_sql::<Text>();
    cards::table
        .filter(IsAlmostIn::new(words, cards::title))
        .filter(cards::archived_at.is_null())
        .order((word_similarity(words, cards::title).desc(), cards::id))
        .limit(20)
        .select(Card::as_select())
        .load(connection)
        .await
}
