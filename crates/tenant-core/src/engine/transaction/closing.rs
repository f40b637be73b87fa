//! Ends an open transaction.

use crate::Error;
use crate::engine::send::execute;
use crate::engine::work::Work;

/// Ends the transaction and frees all locks. When not even that can be said to
/// the server, the session stays marked as busy, and the pool throws it away.
pub(in crate::engine) async fn close(work: Work<'_>) {
    let end = "ROLLBACK; SELECT pg_catalog.pg_advisory_unlock_all()";
    if execute(work.session, "roll back", end).await.is_ok() {
        work.session.finish();
    }
}

/// After a script that ends with a commit: what failed is rolled back.
pub(in crate::engine) async fn finish<T>(
    work: Work<'_>,
    done: Result<T, Error>,
) -> Result<T, Error> {
    match done {
        Ok(_) => work.session.finish(),
        Err(_) => close(work).await,
    }
    done
}
