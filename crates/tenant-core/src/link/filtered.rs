//! Connecting with filters between the driver and the server: [`Watched`], and
//! [`Unnamed`] for a pooler.
//!
//! They have to read the messages, so they are inside the encryption. If TLS begins at once, the
//! driver leaves the stream to the code that sets up TLS. That is configured here, and
//! [`Agreeing`] performs the negotiation with the server.

#[cfg(unix)]
mod socket;

use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
#[cfg(unix)]
use tokio_postgres::config::Host;
use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres::{Config, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::either::Either;

use super::ConnectError;
use super::lasting::Lasting;
use super::pinned::Greeted;
use super::reach::{Try, Way};
use super::unnamed::Unnamed;
use super::watch::{Watch, Watched};
use super::wire::{Road, Wire};
use crate::PgError;

/// The question whether the server encrypts.
///
/// Source: PostgreSQL manual, "Message Formats", `SSLRequest`.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// What becomes of the names of the driver's statements.
#[derive(Debug, Clone, Copy)]
pub(super) enum Names {
    Kept,
    /// Taken out: see [`Unnamed`].
    LeftOut,
}

/// Connects with the filters.
pub(super) struct Filtering<'a> {
    pub(super) tls: &'a MakeRustlsConnect,
    pub(super) names: Names,
}

impl Way for Filtering<'_> {
    type More = Wire;

    async fn connect(&self, tried: &Try) -> Result<(Greeted, Wire), ConnectError> {
        let destination = Destination {
            config: &tried.config,
            tls: self.tls,
            names: self.names,
            target: &tried.target,
        };
        destination.connect().await
    }
}

/// Where to connect, which is one server, and how.
struct Destination<'a> {
    config: &'a Config,
    tls: &'a MakeRustlsConnect,
    names: Names,
    /// What errors show.
    target: &'a str,
}

impl Destination<'_> {
    /// # Errors
    ///
    /// As without the filters.
    async fn connect(&self) -> Result<(Greeted, Wire), ConnectError> {
        // The driver makes no stream of a socket's available for TLS.
        #[cfg(unix)]
        if let (Some(Host::Unix(folder)), []) =
            (self.config.get_hosts().first(), self.config.get_hostaddrs())
        {
            let port = self.config.get_ports().first().unwrap_or(&5432);
            return self
                .over_socket(folder.join(format!(".s.PGSQL.{port}")))
                .await;
        }
        self.over_network().await
    }

    async fn over_network(&self) -> Result<(Greeted, Wire), ConnectError> {
        let watch = Arc::new(Watch::default());
        let cut = Arc::<AtomicBool>::default();
        let agreeing = MakeAgreeing {
            tls: self.tls.clone(),
            mode: self.config.get_ssl_mode(),
            negotiation: self.config.get_ssl_negotiation(),
            names: self.names,
            watch: Arc::clone(&watch),
            cut: Arc::clone(&cut),
        };
        let road = Road::Network(Box::new(Once(agreeing.clone())));
        let mut config = self.config.clone();
        config.ssl_mode(SslMode::Require);
        config.ssl_negotiation(SslNegotiation::Direct);
        let (client, connection) =
            config
                .connect(agreeing)
                .await
                .map_err(|error| match cut.load(Ordering::Relaxed) {
                    true => self.no_server(
                        error
                            .source()
                            .map_or("cut off".to_owned(), ToString::to_string),
                    ),
                    false => ConnectError::from_driver(self.target, error),
                })?;
        let greeted = Greeted::start(client, connection);
        let wire = Wire::new(watch, &greeted, road);
        Ok((greeted, wire))
    }

    fn no_server(&self, reason: impl std::fmt::Display) -> ConnectError {
        ConnectError::NoServer {
            target: self.target.to_owned(),
            source: PgError::from_text(reason),
        }
    }
}

/// A stream with the filters.
type Filtered<S> = Watched<Either<S, Unnamed<S>>>;

fn filtered<S>(stream: S, names: Names, watch: Arc<Watch>) -> Filtered<S> {
    let stream = match names {
        Names::Kept => Either::Left(stream),
        Names::LeftOut => Either::Right(Unnamed::new(stream)),
    };
    Watched::new(stream, watch)
}

type Rustls = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;

/// Makes an [`Agreeing`] for each host.
#[derive(Clone)]
pub(super) struct MakeAgreeing {
    tls: MakeRustlsConnect,
    mode: SslMode,
    negotiation: SslNegotiation,
    names: Names,
    watch: Arc<Watch>,
    /// The server has hung up before it was said whether to encrypt. The driver takes that
    /// for a matter of TLS.
    cut: Arc<AtomicBool>,
}

impl MakeTlsConnect<Socket> for MakeAgreeing {
    type Stream = Filtered<Line>;
    type TlsConnect = Agreeing;
    type Error = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Error;

    fn make_tls_connect(&mut self, host: &str) -> Result<Agreeing, Self::Error> {
        Ok(Agreeing {
            tls: MakeTlsConnect::<Socket>::make_tls_connect(&mut self.tls, host)?,
            how: self.clone(),
        })
    }
}

/// Agrees with the server on whether to encrypt, as the driver would.
pub(super) struct Agreeing {
    tls: Rustls,
    how: MakeAgreeing,
}

impl Agreeing {
    async fn run(self, mut socket: Socket) -> io::Result<Line> {
        let encrypts = match (self.how.mode, self.how.negotiation) {
            (SslMode::Disable, _) => return Ok(Either::Left(socket)),
            (_, SslNegotiation::Direct) => true,
            _ => {
                let answer = asks(&mut socket).await;
                self.how.cut.store(answer.is_err(), Ordering::Relaxed);
                answer?
            }
        };
        match (encrypts, self.how.mode) {
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
    type Stream = Filtered<Line>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Filtered<Line>>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let (names, watch) = (self.how.names, Arc::clone(&self.how.watch));
            Ok(filtered(self.run(socket).await?, names, watch))
        })
    }
}

/// Makes a connection, which is not watched, for one request to cancel a query.
#[derive(Clone)]
pub(super) struct Once<A>(A);

impl MakeTlsConnect<Socket> for Once<MakeAgreeing> {
    type Stream = Lasting<Line>;
    type TlsConnect = Once<Agreeing>;
    type Error = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Error;

    fn make_tls_connect(&mut self, host: &str) -> Result<Once<Agreeing>, Self::Error> {
        Ok(Once(self.0.make_tls_connect(host)?))
    }
}

impl TlsConnect<Socket> for Once<Agreeing> {
    type Stream = Lasting<Line>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Lasting<Line>>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move { Ok(Lasting(self.0.run(socket).await?)) })
    }
}

impl TlsStream for Lasting<Line> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

/// The bytes to and from the server: as they are, or encrypted.
type Line = Either<Socket, <Rustls as TlsConnect<Socket>>::Stream>;

impl TlsStream for Filtered<Line> {
    fn channel_binding(&self) -> ChannelBinding {
        let line = match self.get_ref() {
            Either::Left(line) => line,
            Either::Right(unnamed) => unnamed.get_ref(),
        };
        match line {
            Either::Left(_) => ChannelBinding::none(),
            Either::Right(stream) => stream.channel_binding(),
        }
    }
}
