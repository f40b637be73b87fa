//! Connecting to a pooler: with [`Unnamed`] between the driver and the server.
//!
//! The filter has to read what is said, so it stands inside the encryption. The
//! driver leaves the stream to whoever sets up TLS, if TLS is to begin at once.
//! That is what it is told here, and what is agreed on with the server is seen
//! to by [`Agreeing`].

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio_postgres::config::{Host, SslMode, SslNegotiation};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres::{Client, Config, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::either::Either;

use super::ConnectError;
use super::notices::{Notices, drive};
use super::unnamed::Unnamed;
use crate::PgError;

/// The question whether the server encrypts.
///
/// Source: PostgreSQL manual, "Message Formats", `SSLRequest`.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Connects as `config` says.
///
/// # Errors
///
/// As without the filter; `target` is what they show.
pub(super) async fn connect(
    config: &Config,
    tls: &MakeRustlsConnect,
    target: &str,
) -> Result<(Client, Arc<Notices>), ConnectError> {
    let mut failed = None;
    for (at, host) in config.get_hosts().iter().enumerate() {
        // The driver makes no stream of a socket's available for TLS.
        let Host::Unix(folder) = host else {
            return over_network(config, tls, target).await;
        };
        let port = config.get_ports().get(at).or(config.get_ports().first());
        let socket = folder.join(format!(".s.PGSQL.{}", port.unwrap_or(&5432)));
        match over_socket(config, &socket, target).await {
            Ok(linked) => return Ok(linked),
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.unwrap_or_else(|| no_server(target, "the URL names no host")))
}

async fn over_socket(
    config: &Config,
    path: &Path,
    target: &str,
) -> Result<(Client, Arc<Notices>), ConnectError> {
    let connecting = UnixStream::connect(path);
    let stream = match config.get_connect_timeout() {
        Some(limit) => match tokio::time::timeout(*limit, connecting).await {
            Ok(connected) => connected,
            Err(_) => return Err(no_server(target, "connection timed out")),
        },
        None => connecting.await,
    };
    let stream = stream.map_err(|error| no_server(target, error))?;
    let mut config = config.clone();
    config.ssl_mode(SslMode::Disable);
    let connected = config.connect_raw(Unnamed::new(stream), NoTls).await;
    let (client, connection) =
        connected.map_err(|error| ConnectError::from_driver(target, error))?;
    Ok((client, drive(connection)))
}

async fn over_network(
    config: &Config,
    tls: &MakeRustlsConnect,
    target: &str,
) -> Result<(Client, Arc<Notices>), ConnectError> {
    let agreeing = MakeAgreeing {
        tls: tls.clone(),
        mode: config.get_ssl_mode(),
        negotiation: config.get_ssl_negotiation(),
    };
    let mut config = config.clone();
    config.ssl_mode(SslMode::Require);
    config.ssl_negotiation(SslNegotiation::Direct);
    let connected = config.connect(agreeing).await;
    let (client, connection) =
        connected.map_err(|error| ConnectError::from_driver(target, error))?;
    Ok((client, drive(connection)))
}

fn no_server(target: &str, reason: impl std::fmt::Display) -> ConnectError {
    ConnectError::NoServer {
        target: target.to_owned(),
        source: PgError::from_text(reason),
    }
}

type Rustls = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;

/// Makes an [`Agreeing`] for each host.
struct MakeAgreeing {
    tls: MakeRustlsConnect,
    mode: SslMode,
    negotiation: SslNegotiation,
}

impl MakeTlsConnect<Socket> for MakeAgreeing {
    type Stream = Unnamed<Wire>;
    type TlsConnect = Agreeing;
    type Error = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Error;

    fn make_tls_connect(&mut self, host: &str) -> Result<Agreeing, Self::Error> {
        Ok(Agreeing {
            tls: MakeTlsConnect::<Socket>::make_tls_connect(&mut self.tls, host)?,
            mode: self.mode,
            negotiation: self.negotiation,
        })
    }
}

/// Agrees with the server on whether to encrypt, as the driver would.
struct Agreeing {
    tls: Rustls,
    mode: SslMode,
    negotiation: SslNegotiation,
}

impl Agreeing {
    async fn run(self, mut socket: Socket) -> io::Result<Wire> {
        let encrypts = match (self.mode, self.negotiation) {
            (SslMode::Disable, _) => return Ok(Either::Left(socket)),
            (_, SslNegotiation::Direct) => true,
            _ => asks(&mut socket).await?,
        };
        match (encrypts, self.mode) {
            (true, _) => Ok(Either::Right(self.tls.connect(socket).await?)),
            (false, SslMode::Require) => Err(io::Error::other("server does not support TLS")),
            (false, _) => Ok(Either::Left(socket)),
        }
    }
}

async fn asks(socket: &mut Socket) -> io::Result<bool> {
    socket.write_all(&SSL_REQUEST).await?;
    Ok(socket.read_u8().await? == b'S')
}

impl TlsConnect<Socket> for Agreeing {
    type Stream = Unnamed<Wire>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Unnamed<Wire>>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move { Ok(Unnamed::new(self.run(socket).await?)) })
    }
}

/// The bytes to and from the server: as they are, or encrypted.
type Wire = Either<Socket, <Rustls as TlsConnect<Socket>>::Stream>;

impl TlsStream for Unnamed<Wire> {
    fn channel_binding(&self) -> ChannelBinding {
        match self.get_ref() {
            Either::Left(_) => ChannelBinding::none(),
            Either::Right(stream) => stream.channel_binding(),
        }
    }
}
