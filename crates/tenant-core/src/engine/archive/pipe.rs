//! [`Pipe`]: carries rows from the connection to the thread that writes the file.
//!
//! Compression and the disk take time in which the connection would wait. The pipe is short, so a
//! slow disk makes the server wait, and not the memory grow.

use std::io::Write;

use bytes::Bytes;
use tenant_archive::{ArchiveError, Manifest, Summary, Writer};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinHandle;

use crate::Error;

/// How many chunks of rows may wait.
const WAITING: usize = 16;

enum Message {
    Begin(usize),
    Rows(Bytes),
    End,
    Finish,
}

/// The end of the pipe that takes rows.
pub(crate) struct Pipe<W> {
    to: Sender<Message>,
    thread: JoinHandle<Result<(W, Summary), ArchiveError>>,
}

impl<W: Write + Send + 'static> Pipe<W> {
    /// Begins to write an archive to `file`.
    pub(crate) fn new(file: W, manifest: Manifest) -> Self {
        let (to, from) = mpsc::channel(WAITING);
        let thread = tokio::task::spawn_blocking(move || write(file, &manifest, from));
        Self { to, thread }
    }

    pub(super) async fn begin_table(&self, number: usize) -> Result<(), Error> {
        self.send(Message::Begin(number)).await
    }

    pub(super) async fn rows(&self, rows: Bytes) -> Result<(), Error> {
        self.send(Message::Rows(rows)).await
    }

    pub(super) async fn end_table(&self) -> Result<(), Error> {
        self.send(Message::End).await
    }

    /// Completes the file.
    pub(super) async fn finish(self) -> Result<(W, Summary), Error> {
        // An error of the thread is what counts.
        let _ = self.send(Message::Finish).await;
        self.outcome().await
    }

    /// Why the thread has stopped, or how it ends without more rows.
    pub(super) async fn outcome(self) -> Result<(W, Summary), Error> {
        drop(self.to);
        match self.thread.await {
            Ok(written) => Ok(written?),
            Err(_) => Err(ArchiveError::Unwritable("the writing thread has stopped").into()),
        }
    }

    async fn send(&self, message: Message) -> Result<(), Error> {
        let sent = self.to.send(message).await;
        sent.map_err(|_| ArchiveError::Unwritable("the writing thread has stopped").into())
    }
}

fn write<W: Write>(
    file: W,
    manifest: &Manifest,
    mut from: Receiver<Message>,
) -> Result<(W, Summary), ArchiveError> {
    let mut writer = Writer::new(file, manifest)?;
    while let Some(message) = from.blocking_recv() {
        match message {
            Message::Begin(number) => writer.begin_table(number)?,
            Message::Rows(rows) => writer.write_rows(&rows)?,
            Message::End => drop(writer.end_table()?),
            Message::Finish => return writer.finish(),
        }
    }
    Err(ArchiveError::CutOff)
}
