//! Starts the service, and ends it on Ctrl-C or SIGTERM.

use task_service::{App, Config, serve};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let mut terminate = signal(SignalKind::terminate())?;
    let config = Config::from_environment()?;
    let app = App::open(&config).await?;
    app.migrate().await?;
    let listener = TcpListener::bind(&config.listen).await?;
    tracing::info!("listening on {}", listener.local_addr()?);
    let end = async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    };
    serve(listener, app, end).await?;
    Ok(())
}
