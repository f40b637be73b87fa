//! A server and its standby, which follows it.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::Command;

use local_postgres::ThrowawayServer;
use tokio_postgres::NoTls;

use crate::{eventually, own_server};

/// A server, and a copy of it that follows its log and only reads. Both are gone with the
/// value.
#[derive(Debug)]
pub struct Replicated {
    standby: ThrowawayServer,
    primary: ThrowawayServer,
}

impl Replicated {
    /// Starts a server, copies it with `pg_basebackup`, and starts the copy as a standby.
    ///
    /// # Panics
    /// Where one of the servers does not start, or cannot be copied.
    #[must_use]
    pub fn start() -> Self {
        let primary = own_server()
            .setting("wal_level", "replica")
            .hba("local all all trust")
            .hba("local replication all trust")
            .start()
            .unwrap();
        let mut standby = own_server().start().unwrap();
        standby.stop_immediate().unwrap();
        let data = standby.data_dir().to_owned();
        let owner = fs::metadata(&data).unwrap();
        fs::remove_dir_all(&data).unwrap();
        let copied = Command::new(primary.binaries().folder.join("pg_basebackup"))
            .args([
                "--checkpoint=fast",
                "--wal-method=stream",
                "--write-recovery-conf",
            ])
            .arg("--pgdata")
            .arg(&data)
            .args(["--dbname", &primary.url("postgres")])
            .output()
            .unwrap();
        assert!(copied.status.success(), "{copied:?}");
        give(&data, (owner.uid(), owner.gid()));
        standby.restart().unwrap();
        Self { standby, primary }
    }

    /// The server that writes.
    #[must_use]
    pub fn primary_server(&self) -> &ThrowawayServer {
        &self.primary
    }

    /// The URL of a database on the server that writes.
    #[must_use]
    pub fn primary(&self, database: &str) -> String {
        self.primary.url(database)
    }

    /// The URL of the same database on the standby.
    #[must_use]
    pub fn standby(&self, database: &str) -> String {
        self.standby.url(database)
    }

    /// Waits until the standby has what was committed until now.
    ///
    /// # Panics
    /// Where it never gets there.
    pub async fn caught_up(&self) {
        let written = "SELECT pg_current_wal_flush_lsn()::text";
        let written = ask(&self.primary("postgres"), written).await;
        let replayed = format!("SELECT (pg_last_wal_replay_lsn() >= '{written}')::text");
        let url = self.standby("postgres");
        let is_there = async || ask(&url, &replayed).await == "true";
        eventually("the standby has caught up", is_there).await;
    }
}

async fn ask(url: &str, query: &str) -> String {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    let driving = tokio::spawn(connection);
    let answer = client.query_one(query, &[]).await.unwrap().get(0);
    drop(client);
    drop(driving.await);
    answer
}

/// Gives a folder with all that is in it to that user and group.
fn give(path: &Path, (user, group): (u32, u32)) {
    chown(path, Some(user), Some(group)).unwrap();
    if !path.is_dir() {
        return;
    }
    for entry in fs::read_dir(path).unwrap() {
        give(&entry.unwrap().path(), (user, group));
    }
}
