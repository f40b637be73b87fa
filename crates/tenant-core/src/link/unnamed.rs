//! Statements without names, for a server behind a pooler.
//!
//! The driver prepares a statement under a name, `s0`, `s1` and so on in each
//! process, and later asks for it by that name. A pooler in transaction mode may
//! have given the client another server connection by then, where the name is
//! unknown, or another process's statement. That holds for what the driver
//! prepares by itself, too: to set up a connection, and to find out what a type
//! of the tenant's own is.
//!
//! So there is a filter between the driver and the server. It remembers the text of each named
//! statement. Wherever the driver uses the name, the filter sends the text again without a name,
//! in the same group of messages, which no pooler separates. Nothing of it stays on the server
//! connection. It costs no round trip, but the server parses a statement each time it is used.

mod statements;
#[cfg(test)]
mod tests;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use statements::Statements;

/// So much is read at once, in bytes, and about so much may wait to be written.
const CHUNK: usize = 8 * 1024;

/// A stream to the server, encrypted if that was agreed on, with the filter.
#[derive(Debug)]
pub(super) struct Unnamed<S> {
    stream: S,
    statements: Statements,
    /// Whether the first message, which has no tag, was seen.
    started: bool,
    /// From the driver, not yet a whole message.
    asked: BytesMut,
    /// For the server.
    outgoing: BytesMut,
    /// From the server, not yet given to the driver.
    incoming: BytesMut,
    /// How many bytes from the server are the rest of a message for the driver.
    passing: usize,
}

impl<S> Unnamed<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            statements: Statements::default(),
            started: false,
            asked: BytesMut::new(),
            outgoing: BytesMut::new(),
            incoming: BytesMut::new(),
            passing: 0,
        }
    }

    pub(super) fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Takes the whole messages from what the driver has written.
    fn translate(&mut self) {
        while let Some(message) = self.next_asked() {
            if self.started {
                self.statements.forward(message, &mut self.outgoing);
            } else {
                self.outgoing.extend_from_slice(&message);
                self.started = true;
            }
        }
    }

    fn next_asked(&mut self) -> Option<Bytes> {
        let tag = usize::from(self.started);
        let length = length_at(&self.asked, tag)?;
        let whole = self.asked.len() >= tag + length;
        whole.then(|| self.asked.split_to(tag + length).freeze())
    }

    /// Gives the driver what there is for it, as much as it takes.
    fn deliver(&mut self, buffer: &mut ReadBuf<'_>) {
        while buffer.remaining() > 0 {
            if self.passing == 0 && !self.next_answer() {
                return;
            }
            let count = self
                .passing
                .min(self.incoming.len())
                .min(buffer.remaining());
            if count == 0 {
                return;
            }
            buffer.put_slice(&self.incoming.split_to(count));
            self.passing -= count;
        }
    }

    /// Goes to the next message for the driver. False when it has not come yet.
    fn next_answer(&mut self) -> bool {
        while let (Some(tag), Some(length)) =
            (self.incoming.first().copied(), length_at(&self.incoming, 1))
        {
            if !self.statements.hear(tag) {
                self.passing = 1 + length;
                return true;
            }
            // Such an answer is its head and nothing else.
            self.incoming.advance(5);
        }
        false
    }
}

/// The length that a message says it has, which counts itself.
fn length_at(bytes: &[u8], start: usize) -> Option<usize> {
    let length = bytes.get(start..start + 4)?.try_into().ok()?;
    Some((u32::from_be_bytes(length) as usize).max(4))
}

impl<S: AsyncWrite + Unpin> Unnamed<S> {
    /// Sends what is to be sent.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outgoing.is_empty() {
            let sent = Pin::new(&mut self.stream).poll_write(context, &self.outgoing);
            match ready!(sent)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.outgoing.advance(sent),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Unnamed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.outgoing.len() >= CHUNK {
            ready!(self.poll_send(context))?;
        }
        self.asked.extend_from_slice(bytes);
        self.translate();
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Unnamed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        loop {
            self.deliver(buffer);
            if buffer.filled().len() > before || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            let mut chunk = [0; CHUNK];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut chunk))?;
            if chunk.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.incoming.extend_from_slice(chunk.filled());
        }
    }
}
