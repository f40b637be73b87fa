//! [`Connections`]: the browsers at the studio's port, and how many they may be.
//!
//! Every program on the machine can connect, also those of other users. So a connection
//! that asks for nothing is closed, and where there are too many, the oldest one that has
//! not shown a session gives way to the next: the owner's browser is always answered.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// How long a browser may take for the head of a request, and say nothing between two.
const HEAD: Duration = Duration::from_secs(10);

/// How many connections there are at a time. A browser opens six to a host.
const MOST: usize = 64;

/// How long to wait when the system has no room for another connection.
const BREATH: Duration = Duration::from_millis(200);

/// The other end of a connection, as its requests carry it.
#[derive(Clone, Default)]
pub(crate) struct Visitor(Arc<AtomicBool>);

impl Visitor {
    /// It has shown a session.
    pub(crate) fn is_let_in(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_stranger(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

pub(crate) struct Connections {
    router: Router,
    is_over: watch::Receiver<bool>,
    open: VecDeque<(Visitor, AbortHandle)>,
    tasks: JoinSet<()>,
}

impl Connections {
    /// Of browsers that `router` answers, until `is_over` says so.
    pub(crate) fn new(router: Router, is_over: watch::Receiver<bool>) -> Self {
        Self {
            router,
            is_over,
            open: VecDeque::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Accepts connections, and waits at the end for the answers that are under way.
    pub(crate) async fn serve(mut self, listener: TcpListener) {
        let mut is_over = self.is_over.clone();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = is_over.wait_for(|over| *over) => break,
            };
            match accepted {
                Ok((stream, _)) => self.add(stream),
                Err(error) if is_of_the_other_end(&error) => {}
                Err(_) => tokio::time::sleep(BREATH).await,
            }
        }
        drop(listener);
        while self.tasks.join_next().await.is_some() {}
    }

    fn add(&mut self, stream: TcpStream) {
        while self.tasks.try_join_next().is_some() {}
        self.open.retain(|(_, task)| !task.is_finished());
        if self.open.len() >= MOST {
            let strangers = |(visitor, _): &(Visitor, AbortHandle)| visitor.is_stranger();
            let Some(oldest) = self.open.iter().position(strangers) else {
                return;
            };
            if let Some((_, task)) = self.open.remove(oldest) {
                task.abort();
            }
        }
        let visitor = Visitor::default();
        let answering = answer(
            stream,
            (self.router.clone(), visitor.clone()),
            self.is_over.clone(),
        );
        let task = self.tasks.spawn(answering);
        self.open.push_back((visitor, task));
    }
}

/// Answers what is asked by way of `stream`.
async fn answer(
    stream: TcpStream,
    (router, visitor): (Router, Visitor),
    mut is_over: watch::Receiver<bool>,
) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(visitor.clone());
        router.call(request)
    });
    let mut http = http1::Builder::new();
    let http = http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // What goes wrong here is the browser's: it has gone away, or said nothing.
        _ = connection.as_mut() => return,
        _ = is_over.wait_for(|over| *over) => connection.as_mut().graceful_shutdown(),
    }
    drop(connection.await);
}

/// Whether only the connection that was to be accepted is gone.
fn is_of_the_other_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
