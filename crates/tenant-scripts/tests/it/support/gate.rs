//! A gate that migrations wait at until the test opens it, so that no test has
//! to guess how long something takes.

use super::{Database, eventually};

/// A statement for a migration: waits until the gate is open.
///
/// Who is there holds a lock that nothing else asks for, which is how they are
/// counted.
pub(crate) const WAIT_AT_GATE: &str = "
DO $gate$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(815);
    WHILE NOT EXISTS (SELECT FROM public.gate) LOOP
        PERFORM pg_sleep(0.02);
    END LOOP;
END;
$gate$;
";

impl Database {
    /// Makes the gate, or closes it again.
    pub(crate) async fn close_gate(&self) {
        self.execute("CREATE TABLE IF NOT EXISTS public.gate (); DELETE FROM public.gate")
            .await;
    }

    /// Lets everybody through, now and later.
    pub(crate) async fn open_gate(&self) {
        self.execute("INSERT INTO public.gate DEFAULT VALUES").await;
    }

    /// Waits until that many sessions stand at the gate.
    pub(crate) async fn until_at_gate(&self, sessions: usize) {
        let sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 815 \
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        eventually("that many migrations are at the gate", async || {
            self.value(sql).await == sessions.to_string()
        })
        .await;
    }

    /// Waits until that many sessions of our commands wait for a lock in the
    /// database.
    pub(crate) async fn until_waiting(&self, sessions: usize) {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                   AND datname = current_database() AND application_name = 'diesel-tenants'";
        eventually("that many sessions wait for a lock", async || {
            self.value(sql).await == sessions.to_string()
        })
        .await;
    }

    /// Waits until nobody else is connected to the database.
    pub(crate) async fn until_alone(&self) {
        let sql = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND application_name = 'diesel-tenants'";
        eventually("all commands have gone", async || {
            self.value(sql).await == "0"
        })
        .await;
    }
}
