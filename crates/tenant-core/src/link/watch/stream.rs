//! The stream between the driver and the server that tells a [`Watch`] what passes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Watch;
use super::frames::Frames;
use super::types::Cursor;

/// A stream whose messages a [`Watch`] sees.
#[derive(Debug)]
pub(in crate::link) struct Watched<S> {
    stream: S,
    watch: Arc<Watch>,
    asked: Frames,
    answered: Frames,
    cursor: Cursor,
}

impl<S> Watched<S> {
    /// Everything that `watch` knew of another stream is forgotten.
    pub(in crate::link) fn new(stream: S, watch: Arc<Watch>) -> Self {
        watch.restart();
        Self {
            stream,
            watch,
            asked: Frames::untagged_first(Watch::asks_in_text),
            answered: Frames::tagged(Watch::hears),
            cursor: Cursor::start(),
        }
    }

    pub(in crate::link) fn get_ref(&self) -> &S {
        &self.stream
    }
}

impl<S> Drop for Watched<S> {
    fn drop(&mut self) {
        self.watch.close();
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let replaced = this.watch.replaced(this.cursor, bytes);
        let meant = replaced.as_deref().unwrap_or(bytes);
        let taken = ready!(Pin::new(&mut this.stream).poll_write(context, meant))?;
        let bytes = bytes.get(..taken).unwrap_or(bytes);
        this.cursor.read(bytes, |_, _| {});
        this.watch.asked_with(&mut this.asked, bytes);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        let bytes = buffer.filled().get(before..).unwrap_or_default();
        this.watch.answered_with(&mut this.answered, bytes);
        Poll::Ready(Ok(()))
    }
}
