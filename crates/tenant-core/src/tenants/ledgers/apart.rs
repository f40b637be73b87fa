//! Reads each migration history with a separate query if Citus is installed. There, one query about
//! many tenants takes several times as long as many queries about one tenant, sent together.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_postgres::{Error as DriverError, Row};

use crate::tenants::places::homes;
use crate::tenants::reading::{LedgerRead, Reading};
use crate::{Node, PgError, SchemaName};

/// The servers of a cluster that did not answer, by their address, and how. Each is
/// tried once, since that can take long: of the other tenants there the same is told.
#[derive(Default)]
pub(in crate::tenants) struct Unreached(Mutex<HashMap<Node, PgError>>);

impl Unreached {
    fn list(&self) -> MutexGuard<'_, HashMap<Node, PgError>> {
        // The list is whole at every moment, also after a panic elsewhere.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn error(&self, server: &Node) -> Option<PgError> {
        self.list().get(server).map(PgError::again)
    }
}

/// Which server has the rows of each tenant's ledger.
type Homes = HashMap<String, Node>;

/// What was read.
type Answers<'a> = HashMap<&'a SchemaName, LedgerRead>;

/// As [`read_ledgers`](super::read_ledgers).
pub(super) async fn read_apart(
    reading: &Reading<'_>,
    schemas: &[SchemaName],
    unreached: &Unreached,
    ledgers: &mut Vec<(SchemaName, LedgerRead)>,
) {
    let mut answers = Answers::new();
    let mut open = schemas.iter().collect::<Vec<_>>();
    let mut homes = Homes::new();
    while !open.is_empty() {
        // Also after others have found out that a server does not answer.
        if homes.is_empty() && !unreached.list().is_empty() {
            homes = homes_of_all(reading).await;
        }
        leave_out(&mut open, &homes, unreached, &mut answers);
        let failed = ask(reading, &mut open, &mut answers).await;
        let Some((tenant, error)) = failed.filter(|(_, error)| error.is_of_another_server()) else {
            continue;
        };
        if homes.is_empty() {
            homes = homes_of_all(reading).await;
        }
        if let Some(home) = homes.get(tenant.as_str()) {
            unreached.list().insert(home.clone(), error);
        }
    }
    let answers = schemas
        .iter()
        .filter_map(|schema| Some((schema.clone(), answers.remove(schema)?)));
    ledgers.extend(answers);
}

/// Takes those of `open` out whose server is known not to answer.
fn leave_out<'a>(
    open: &mut Vec<&'a SchemaName>,
    homes: &Homes,
    unreached: &Unreached,
    answers: &mut Answers<'a>,
) {
    open.retain(|&tenant| {
        let home = homes.get(tenant.as_str());
        let error = home.and_then(|home| unreached.error(home));
        let is_known = error.is_some();
        answers.extend(error.map(|error| (tenant, Err(error))));
        !is_known
    });
}

/// Asks about all of `open` in one transaction. The first that fails ends it, and is
/// given back; those after it remain.
async fn ask<'a>(
    reading: &Reading<'_>,
    open: &mut Vec<&'a SchemaName>,
    answers: &mut Answers<'a>,
) -> Option<(&'a SchemaName, PgError)> {
    let questions = open.iter().map(|&tenant| {
        let ledger = tenant.ledger();
        format!("SELECT version::text FROM {ledger} ORDER BY version COLLATE \"C\"")
    });
    let questions = questions.collect::<Vec<_>>();
    let rows = match reading.each(&questions).await {
        Ok(rows) => rows,
        Err(error) => {
            let error = PgError::from(error);
            answers.extend(open.drain(..).map(|tenant| (tenant, Err(error.again()))));
            return None;
        }
    };
    let tenants = std::mem::take(open);
    let mut read = tenants.into_iter().zip(rows);
    for (tenant, rows) in read.by_ref() {
        let applied = rows.and_then(|rows| versions(&rows));
        let applied = applied.map_err(PgError::from);
        let error = applied.as_ref().err().map(PgError::again);
        answers.insert(tenant, applied);
        if let Some(error) = error {
            open.extend(read.map(|(tenant, _)| tenant));
            return Some((tenant, error));
        }
    }
    None
}

fn versions(rows: &[Row]) -> Result<Vec<String>, DriverError> {
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// Nothing where that cannot be asked: then each tenant is tried.
async fn homes_of_all(reading: &Reading<'_>) -> Homes {
    homes(reading).await.unwrap_or_default()
}
