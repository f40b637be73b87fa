//! Questions at a real terminal, and what Ctrl-C does there.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

mod ask;
