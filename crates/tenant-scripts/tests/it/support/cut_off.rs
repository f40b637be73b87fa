//! Sessions that are ended from outside while a run works with them.

use std::time::Duration;

use test_support::Trials;

use super::{Command, Database, Finished};

/// The sessions of our commands.
const SESSIONS: &str = "SELECT pid FROM pg_stat_activity \
    WHERE datname = current_database() AND application_name = 'diesel-tenants'";

/// Runs a command that takes about as long as `whole`, and ends one of its
/// sessions now and then, until it has ended itself.
pub(crate) async fn cut_off(
    trials: &mut Trials,
    database: &Database,
    command: Command,
    whole: Duration,
) -> Finished {
    let client = database.client().await;
    let run = tokio::task::spawn_blocking(|| command.run());
    while !run.is_finished() {
        tokio::time::sleep(trials.moment(whole / 3)).await;
        let sessions = client.query(SESSIONS, &[]).await.unwrap();
        if sessions.is_empty() {
            continue;
        }
        let session = trials.one_of(&sessions).get::<_, i32>(0);
        let end = "SELECT pg_terminate_backend($1)";
        let ended = client.query_one(end, &[&session]).await.unwrap();
        trials.count("sessions ended", usize::from(ended.get::<_, bool>(0)));
    }
    trials.count("runs", 1);
    let finished = run.await.unwrap();
    database.until_alone().await;
    finished
}
