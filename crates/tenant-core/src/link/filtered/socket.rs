//! Connecting through a socket of Unix.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::UnixStream;
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;

use super::{Destination, filtered};
use crate::ConnectError;
use crate::link::pinned::Greeted;
use crate::link::watch::Watch;
use crate::link::wire::{Road, Wire};

impl Destination<'_> {
    pub(super) async fn over_socket(&self, path: PathBuf) -> Result<(Greeted, Wire), ConnectError> {
        let stream = self.open(&path).await?;
        let mut config = self.config.clone();
        config.ssl_mode(SslMode::Disable);
        let watch = Arc::new(Watch::default());
        let stream = filtered(stream, self.names, Arc::clone(&watch));
        let (client, connection) = config
            .connect_raw(stream, NoTls)
            .await
            .map_err(|error| ConnectError::from_driver(self.target, error))?;
        let greeted = Greeted::start(client, connection);
        let wire = Wire::new(watch, &greeted, Road::Socket(path));
        Ok((greeted, wire))
    }

    async fn open(&self, path: &Path) -> Result<UnixStream, ConnectError> {
        let connecting = UnixStream::connect(path);
        let stream = match self.config.get_connect_timeout() {
            Some(limit) => match tokio::time::timeout(*limit, connecting).await {
                Ok(connected) => connected,
                Err(_) => return Err(self.no_server("connection timed out")),
            },
            None => connecting.await,
        };
        stream.map_err(|error| self.no_server(error))
    }
}
