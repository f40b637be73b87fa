//! What there is already under a tenant's name.

use sql_text::literal;
use tokio_postgres::SimpleQueryRow;

use super::transaction::{NotOpened, View, open, open_with_lock};
use super::work::Work;
use crate::Error;
use crate::name::Schema;
use crate::registry::RowBefore;

/// The two halves of a tenant or a spare, of which there should be both or none.
#[derive(Clone, Copy)]
pub(crate) struct NameState {
    /// There is a row in the list.
    pub(crate) registered: bool,
    /// There is a schema.
    pub(crate) schema: bool,
    /// The application's list has a row for it, which may say another schema, or none.
    pub(super) has_row: bool,
}

impl NameState {
    /// Whether the schema of `work` is in its list.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`], or [`Error::Untracked`] when there is only a schema.
    pub(super) fn require_registered(self, work: Work<'_>) -> Result<(), Error> {
        match (self.registered, self.schema) {
            (true, _) => Ok(()),
            (false, true) => Err(work.untracked()),
            (false, false) => Err(work.unknown()),
        }
    }

    /// Whether the schema of `work` belongs to a complete tenant or a complete spare.
    ///
    /// # Errors
    ///
    /// As [`require_registered`](Self::require_registered), and [`Error::MissingSchema`].
    pub(super) fn require_whole(self, work: Work<'_>) -> Result<(), Error> {
        self.require_registered(work)?;
        if self.schema {
            Ok(())
        } else {
            Err(work.missing())
        }
    }

    /// Whether the schema exists and is not registered: it was created in advance for the tenant
    /// of `work`.
    ///
    /// # Errors
    ///
    /// [`Error::Taken`], [`Error::MissingSchema`] when only a registration is there,
    /// [`Error::NoSchema`] when nothing is.
    pub(super) fn require_only_schema(self, work: Work<'_>) -> Result<(), Error> {
        match (self.registered, self.schema) {
            (false, true) => Ok(()),
            (true, true) => Err(work.taken()),
            (true, false) => Err(work.missing()),
            (false, false) => Err(work.no_schema()),
        }
    }

    /// Whether the schema of `work` can be made and listed, if the application has not listed
    /// it before.
    ///
    /// # Errors
    ///
    /// [`Error::Taken`], [`Error::MissingSchema`] when only the registration in the table of
    /// this library is there, [`Error::Untracked`] when only a schema is.
    pub(super) fn require_free(self, work: Work<'_>) -> Result<(), Error> {
        match (self.registered, self.schema) {
            (false, false) => Ok(()),
            // The application lists whom it makes, before or in the same transaction.
            (true, false) if work.registry.may_be_listed_first() => Ok(()),
            (true, true) => Err(work.taken()),
            (true, false) => Err(work.missing()),
            (false, true) => Err(work.untracked()),
        }
    }

    /// The row that there is before the tenant is made.
    pub(super) fn row_before(self) -> RowBefore {
        match (self.has_row, self.registered) {
            (false, _) => RowBefore::None,
            (true, false) => RowBefore::WithoutSchema,
            (true, true) => RowBefore::Listed,
        }
    }

    /// Whether a tenant can be renamed to the name in `work`. An existing row belongs to another
    /// customer, unless the application has renamed its own row.
    ///
    /// # Errors
    ///
    /// As [`require_free`](Self::require_free).
    pub(super) fn require_free_name(self, work: Work<'_>) -> Result<(), Error> {
        match (self.registered, self.schema) {
            _ if self.has_row => Err(work.taken()),
            (true, false) if !work.registry.is_query() => Err(work.missing()),
            _ => self.require_free(work),
        }
    }
}

impl NameState {
    /// Whether no schema is in the way of the tenant of `work`.
    ///
    /// # Errors
    ///
    /// [`Error::Taken`], or [`Error::Untracked`] when only a schema is there.
    pub(super) fn require_no_schema(self, work: Work<'_>) -> Result<(), Error> {
        match (self.registered, self.schema) {
            (_, false) => Ok(()),
            (true, true) => Err(work.taken()),
            (false, true) => Err(work.untracked()),
        }
    }
}

/// Opens the transaction and looks the schema's name up. After an error no transaction
/// is open.
pub(super) async fn open_and_look(work: Work<'_>) -> Result<NameState, Error> {
    let query = format!("SELECT {}", halves(work, work.schema));
    let rows = opened(work, open(work, &query).await)?;
    Ok(read(&rows, 0))
}

/// The same, and the transaction holds the lock of `other` as well.
pub(super) async fn open_and_look_with_lock(
    work: Work<'_>,
    other: Schema<'_>,
) -> Result<NameState, Error> {
    let query = format!("SELECT {}", halves(work, work.schema));
    let rows = opened(
        work,
        open_with_lock(work, other, View::Newest, &query).await,
    )?;
    Ok(read(&rows, 0))
}

/// The same with a second schema, whose lock the transaction holds as well. It
/// comes second in what is given back.
pub(super) async fn open_and_look_at_both(
    work: Work<'_>,
    other: Schema<'_>,
    view: View,
) -> Result<(NameState, NameState), Error> {
    let query = format!(
        "SELECT {}, {}",
        halves(work, work.schema),
        halves(work, other)
    );
    let rows = opened(work, open_with_lock(work, other, view, &query).await)?;
    Ok((read(&rows, 0), read(&rows, 3)))
}

/// Three expressions: whether each half exists, and whether any row does.
fn halves(work: Work<'_>, schema: Schema<'_>) -> String {
    format!(
        "{}, pg_catalog.to_regnamespace({}) IS NOT NULL, {}",
        work.registry.is_registered(schema),
        literal(&schema.ident()),
        work.registry.has_row(schema)
    )
}

fn opened(
    work: Work<'_>,
    rows: Result<Vec<SimpleQueryRow>, NotOpened<'_>>,
) -> Result<Vec<SimpleQueryRow>, Error> {
    rows.map_err(|error| match error {
        NotOpened::Query(failure) if failure.sqlstate() == Some("42P01") => {
            work.registry.not_set_up()
        }
        error => error.into_error(work),
    })
}

/// The two halves, of which the first stands in the column `first`.
fn read(rows: &[SimpleQueryRow], first: usize) -> NameState {
    let answer = |column| rows.first().and_then(|row| row.get(column)) == Some("t");
    NameState {
        registered: answer(first),
        schema: answer(first + 1),
        has_row: answer(first + 2),
    }
}
