//! What there is already under a tenant's name.

use super::Work;
use super::attempt::{NotOpened, close, open};
use crate::sql::literal;
use crate::{Error, tracker};

/// A tenant's two halves, of which there should be both or none.
pub(crate) struct Existing {
    /// There is a row in the tracker.
    pub(crate) registered: bool,
    /// There is a schema.
    pub(crate) schema: bool,
}

/// Opens the transaction and looks the schema's name up. After an error no transaction
/// is open.
pub(super) async fn open_and_look(work: Work<'_>) -> Result<Existing, Error> {
    let ident = literal(&work.schema.ident());
    let query = format!(
        "SELECT {}, pg_catalog.to_regnamespace({ident}) IS NOT NULL",
        tracker::is_registered(work.schema)
    );
    let rows = match open(work, &query).await {
        Ok(rows) => rows,
        Err(NotOpened::Query(failure)) if failure.sqlstate() == Some("42P01") => {
            return Err(Error::NotSetUp);
        }
        Err(error) => return Err(error.into_error(work)),
    };
    let answer = |column| rows.first().and_then(|row| row.get(column)) == Some("t");
    Ok(Existing {
        registered: answer(0),
        schema: answer(1),
    })
}

/// Looks the name up, and leaves everything as it is.
pub(crate) async fn look(work: Work<'_>) -> Result<Existing, Error> {
    let existing = open_and_look(work).await?;
    close(work).await;
    Ok(existing)
}
