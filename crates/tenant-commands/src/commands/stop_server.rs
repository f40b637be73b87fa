//! `stop-server`: stops the project's own server.

use clap::Parser;
use command_line::json::Documents;
use command_line::{Common, Context, Script, Verdict};
use local_postgres::Stopped;
use schemars::JsonSchema;
use serde::Serialize;

/// Stop the project's own PostgreSQL server
///
/// The data in .postgres/ stays, and the next command that needs the server starts it.
/// Other servers are never touched.
#[derive(Debug, Parser)]
#[command(name = "stop-server", version)]
pub struct StopServer {
    #[command(flatten)]
    common: Common,
}

/// The project's own server.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StoppedServer")]
struct Document {
    /// Whether the server was stopped. `false` if it did not run.
    stopped: bool,
}

impl Script for StopServer {
    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let server = context.project_server()?;
        let stopped = tokio::task::spawn_blocking(move || server.stop()).await?;
        let stopped = stopped.map_err(command_line::server_error)?;
        let (stopped, text) = match stopped {
            Stopped::Stopped => (true, "Stopped the project's own PostgreSQL server."),
            _ => (false, "The project's own PostgreSQL server does not run."),
        };
        context.output.done(&Document { stopped }, text)?;
        Ok(Verdict::Done)
    }
}
