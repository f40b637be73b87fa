//! Sample organizations.

use chrono::{Days, Utc};
use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;

use crate::models::boards::Board;
use crate::models::cards::NewCard;
use crate::models::columns::Column;
use crate::models::comments::NewComment;
use crate::models::labels::{Label, NewLabel};
use crate::models::members::NewMember;
use crate::models::organizations::NewOrganization;
use crate::sign_up::{Owner, SignUp, sign_up};
use crate::slug::Slug;
use crate::types::MemberRole;
use crate::{Database, Error};

/// The start of each slug. A number follows.
const NAMES: [&str; 3] = ["acme", "north-wind", "b2b-tools"];

/// The largest number of cards of an organization.
const MOST_CARDS: usize = 5;

/// Signs up `count` organizations and adds rows. The first one gets one card, the fifth
/// five, the sixth one again. Returns their slugs.
///
/// # Errors
///
/// If a sign-up fails. Earlier organizations stay.
pub async fn load(database: &Database, count: usize) -> Result<Vec<String>, Error> {
    let mut slugs = Vec::with_capacity(count);
    for (number, name) in (1..=count).zip(NAMES.iter().cycle()) {
        let slug = format!("{name}-{number:02}");
        let new = SignUp {
            organization: NewOrganization {
                slug: Slug::try_from(slug.clone())?,
                name: slug.clone(),
                plan: None,
            },
            owner: Owner {
                email: format!("Owner@{slug}.example"),
                name: "Olga Owner".to_owned(),
            },
        };
        let organization = sign_up(database, new).await?;
        let cards = (number - 1) % MOST_CARDS + 1;
        fill(&mut *database.of(&organization).await?, cards).await?;
        slugs.push(slug);
    }
    Ok(slugs)
}

async fn fill(connection: &mut AsyncPgConnection, cards: usize) -> QueryResult<()> {
    let editor = NewMember {
        email: "ed@example.org".to_owned(),
        name: "Ed Editor".to_owned(),
        role: Some(MemberRole::Editor),
    };
    let editor = editor.invite(connection).await?;
    let label = NewLabel {
        name: "urgent".to_owned(),
        color: "#e03131".to_owned(),
    };
    let label = label.upsert(connection).await?;
    let boards = Board::list(connection).await?;
    let mut columns = Vec::new();
    for (board, _) in &boards {
        columns.extend(Column::of_board(connection, board.id).await?);
    }
    let yesterday = Utc::now().date_naive() - Days::new(1);
    for (number, column) in (1..=cards).zip(columns.iter().cycle()) {
        let card = NewCard {
            column_id: column.id,
            title: format!("Card {number} for the quarterly review"),
            body: None,
            due_on: Some(yesterday),
        };
        let card = card.create(connection).await?;
        Label::attach(connection, card.id, label.id).await?;
        let comment = NewComment {
            author_id: editor.id,
            body: format!("Comment on card {number}"),
        };
        comment.add(connection, card.id).await?;
    }
    Ok(())
}
