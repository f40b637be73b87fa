//! Drops scratch databases whose program is gone.
//!
//! An interrupted program drops its own scratch database before it ends. A killed program cannot,
//! so the next program that creates one drops it. No tenant has data in it.

use std::sync::mpsc;
use std::time::Duration;

use sql_text::ident;
use tokio_postgres::types::Type;

use crate::engine::work::Work;
use crate::link::Database;
use crate::name::REHEARSAL_PREFIX;

/// The query for those that the role may drop and no session is connected to. A program
/// stays connected for as long as it uses its own.
const ABANDONED: &str = "SELECT d.datname::text FROM pg_catalog.pg_database d \
     WHERE pg_catalog.starts_with(d.datname::text, $1) \
       AND pg_catalog.substr(d.datname::text, pg_catalog.length($1) + 1) \
           OPERATOR(pg_catalog.~) '^[0-9a-f]{16}$' \
       AND pg_catalog.pg_has_role(d.datdba, 'USAGE') \
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid)";

/// How long an interrupted program waits until it can begin to drop one.
const BEGIN: Duration = Duration::from_secs(1);

/// How long it waits until that is done.
const END: Duration = Duration::from_secs(10);

/// Drops the scratch databases that no program uses any more. A database that cannot be dropped
/// stays: without `FORCE` the server refuses if a session has connected since.
pub(super) async fn drop_abandoned(work: Work<'_>) {
    let client = work.session.client();
    let Ok(rows) = client
        .query_typed(ABANDONED, &[(&REHEARSAL_PREFIX, Type::TEXT)])
        .await
    else {
        return;
    };
    for row in rows {
        if let Ok(name) = row.try_get::<_, &str>(0) {
            let remove = format!("DROP DATABASE IF EXISTS {}", ident(name));
            drop(client.batch_execute(&remove).await);
        }
    }
}

/// A scratch database that is dropped with this value, unless it was dropped before.
///
/// The interrupted program waits for the drop: it ends its runtime, which waits for a thread that
/// has begun.
pub(super) struct Abandon {
    database: Option<(Database, String)>,
}

impl Abandon {
    /// `database` is one beside it, from which it can be dropped.
    pub(super) fn new(database: &Database, name: &str) -> Self {
        Self {
            database: Some((database.clone(), name.to_owned())),
        }
    }

    /// Nothing has to be dropped any more.
    pub(super) fn done(mut self) {
        self.database = None;
    }
}

impl Drop for Abandon {
    fn drop(&mut self) {
        let (Some((database, name)), Ok(runtime)) =
            (self.database.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        let (begun, has_begun) = mpsc::channel();
        drop(runtime.spawn_blocking(move || {
            // The program may have stopped waiting.
            let _ = begun.send(());
            drop_at_once(&database, &name);
        }));
        let _ = has_begun.recv_timeout(BEGIN);
    }
}

/// Drops it over a separate connection and in a separate runtime, because the program's own may
/// be ending.
fn drop_at_once(database: &Database, name: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else { return };
    let dropped = async {
        if let Ok(client) = database.driver().await {
            let remove = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", ident(name));
            drop(client.batch_execute(&remove).await);
        }
    };
    drop(runtime.block_on(async { tokio::time::timeout(END, dropped).await }));
}
