//! The server for the measurements: started by this program, on disk, and durable.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use anyhow::Context;
use local_postgres::{Options, ProjectServer};
use tempfile::TempDir;
use tenant_core::Database;
use tokio_postgres::Client;

use crate::output;

/// A server in its own folder. Dropping the value removes both.
pub(crate) struct Server {
    url: String,
    server: ProjectServer,
    // Dropped after the server was stopped, as fields are.
    _folder: TempDir,
}

impl Server {
    /// Makes and starts one beside this program, that is below Cargo's target
    /// folder: a folder for temporary files may be in memory.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let beside = program.parent().context("this program is in no folder")?;
        let folder = tempfile::Builder::new()
            .prefix("fleet-bench-")
            .tempdir_in(beside)?;
        // The user that a server of root's runs as has to get in.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        output::note(&format!(
            "Starting a server in {} ...",
            folder.path().display()
        ));
        let server = ProjectServer::new(folder.path(), Options::default());
        let started = server.ensure_running()?;
        Ok(Self {
            url: started.url,
            server,
            _folder: folder,
        })
    }

    /// The URL of one of its databases.
    pub(crate) fn url(&self, database: &str) -> String {
        let server = self.url.rsplit_once('/').map_or("", |(server, _)| server);
        format!("{server}/{database}")
    }

    /// A connection for work on the server as a whole.
    pub(crate) async fn connect(&self) -> anyhow::Result<Client> {
        Ok(Database::parse(&self.url)?.driver().await?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.server.stop() {
            output::note(&format!("The server could not be stopped: {error}"));
        }
    }
}
