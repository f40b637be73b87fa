//! Questions about many tenants at once.

use std::future::poll_fn;
use std::task::Poll;

use futures_util::future::{join3, maybe_done};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error as DriverError, Row};

use super::handle::Tenants;
use crate::catalog::Catalog;
use crate::engine::settings_of;
use crate::link::Lease;
use crate::path::Path;
use crate::{Error, PgError};

/// A connection for questions about many tenants.
///
/// Each is a separate transaction, so that its settings end with it: behind a pooler, another
/// client may use the server connection next.
pub(super) struct Reading<'a> {
    session: Lease<'a>,
    catalog: Catalog,
    /// The messages that a transaction begins with.
    begin: Vec<String>,
    /// What sets the path for questions about rows.
    path: Option<String>,
}

/// What a ledger holds, oldest first, or why it cannot be read.
pub(super) type LedgerRead = Result<Vec<String>, PgError>;

impl Tenants {
    /// A connection for looking at many tenants, on which no lock of another session blocks the
    /// whole for longer than the time-out.
    pub(super) async fn reading(&self) -> Result<Reading<'_>, Error> {
        Ok(self.reading_over(self.session().await?))
    }

    /// The same over an existing connection. A connection that is held while other calls ask for
    /// connections must not come from the same pool: the calls that hold all of them would wait for
    /// each other.
    pub(super) fn reading_over<'a>(&self, session: Lease<'a>) -> Reading<'a> {
        let catalog = self.database.catalog();
        let settings = settings_of(&self.database, &session, self.settings.limits());
        Reading {
            begin: begin(catalog, &settings),
            session,
            catalog,
            path: None,
        }
    }
}

fn begin(catalog: Catalog, settings: &[String]) -> Vec<String> {
    // A migration may have set something for the session. Compiling a query over all
    // tenants takes longer than running it.
    let begin = [
        "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY NOT DEFERRABLE; \
                  RESET ALL; SET LOCAL jit = off",
    ];
    let begin = begin.into_iter().chain(catalog.as_it_is());
    let begin = begin.collect::<Vec<_>>().join("; ");
    let all = std::iter::once(begin).chain(settings.iter().cloned());
    match catalog {
        Catalog::Plain => vec![all.collect::<Vec<_>>().join("; ")],
        // What is to reach the other servers has to be a message of its own.
        Catalog::Cluster => all.collect(),
    }
}

impl Reading<'_> {
    /// How the catalog is to be asked.
    pub(super) fn catalog(&self) -> Catalog {
        self.catalog
    }

    /// From here on, `path` is the path of each question; `None` for the session's own.
    ///
    /// A question about rows needs one: the server evaluates expressions of indexes and
    /// statistics when it plans, and their functions may find what they name by the path
    /// only. Any tenant's will do for the rows of all, as they have the same functions.
    pub(super) fn set_path(&mut self, path: Option<Path<'_>>) {
        self.path = path.map(Path::set_local);
    }

    /// The rows that answer a question.
    ///
    /// Beginning, question and end are sent together, and so are one round trip.
    ///
    /// # Errors
    ///
    /// What the server says. The transaction has ended all the same.
    pub(super) async fn query(
        &self,
        sql: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, DriverError> {
        let client = self.session.client();
        // They are sent in the order in which they are first polled. After an error
        // the server takes the end for a rollback.
        let (begun, rows, ended) = join3(
            self.begin(),
            client.query_typed(sql, parameters),
            client.batch_execute("COMMIT"),
        )
        .await;
        begun?;
        let rows = rows?;
        ended?;
        Ok(rows)
    }

    /// The rows that answer each of several questions, in one transaction and all sent
    /// together. Those after one that fails fail as well, because of that.
    ///
    /// # Errors
    ///
    /// That the transaction does not begin.
    pub(super) async fn each(
        &self,
        questions: &[String],
    ) -> Result<Vec<Result<Vec<Row>, DriverError>>, DriverError> {
        let client = self.session.client();
        let questions = questions.iter().map(|sql| client.query_typed(sql, &[]));
        // That the end fails takes nothing from what was read.
        let (begun, answers, _) = join3(
            self.begin(),
            in_order(questions),
            client.batch_execute("COMMIT"),
        )
        .await;
        begun?;
        Ok(answers)
    }

    async fn begin(&self) -> Result<(), DriverError> {
        let client = self.session.client();
        let messages = self.begin.iter().chain(&self.path);
        let messages = messages.map(|sql| client.batch_execute(sql));
        in_order(messages).await.into_iter().collect()
    }
}

/// What each of `futures` gives. They are polled in their order, so that what they send
/// is sent in it.
async fn in_order<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let futures = futures.map(|future| Box::pin(maybe_done(future)));
    let mut futures = futures.collect::<Vec<_>>();
    poll_fn(|context| {
        let mut is_done = true;
        for future in &mut futures {
            is_done &= future.as_mut().poll(context).is_ready();
        }
        if is_done {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    let outputs = futures.iter_mut();
    outputs.filter_map(|it| it.as_mut().take_output()).collect()
}
