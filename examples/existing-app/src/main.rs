//! The program: serves requests, migrates, and computes digests.

use chrono::Utc;
use clap::{Parser, Subcommand};
use existing_app::{Database, Worker, load_sample, migrate_all, serve};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Boards and cards for organizations
#[derive(Debug, Parser)]
struct Cli {
    /// The database, as in `postgres://app@localhost/boards`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer requests
    Serve {
        /// The address to listen on
        #[arg(long, env = "LISTEN", default_value = "127.0.0.1:3000")]
        listen: String,
    },
    /// Bring the public schema and each organization's up to date
    MigrateAll,
    /// Compute today's digest for each organization
    Digest,
    /// Sign up organizations with members, cards and comments
    LoadSample {
        /// The number of organizations
        #[arg(long, default_value_t = 30)]
        organizations: usize,
    },
}

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let Cli {
        database_url: url,
        command,
    } = Cli::parse();
    match command {
        Command::Serve { listen } => Runtime::new()?.block_on(async {
            let listener = TcpListener::bind(&listen).await?;
            tracing::info!("listening on {}", listener.local_addr()?);
            let interrupted = async { drop(tokio::signal::ctrl_c().await) };
            serve(listener, Database::connect(&url).await?, interrupted).await?;
            Ok(())
        }),
        Command::MigrateAll => {
            let count = migrate_all(&url)?;
            tracing::info!("{count} organizations are up to date");
            Ok(())
        }
        Command::Digest => {
            let count = Worker::new(&url)?.digest(Utc::now().date_naive())?;
            tracing::info!("computed the digests of {count} organizations");
            Ok(())
        }
        Command::LoadSample { organizations } => Runtime::new()?.block_on(async {
            load_sample(&Database::connect(&url).await?, organizations).await?;
            Ok(())
        }),
    }
}
