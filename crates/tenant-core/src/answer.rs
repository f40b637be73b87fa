//! [`Answer`]: what a call gives back to be awaited.

use std::pin::Pin;

/// The future of a call, which does its work when you await it.
///
/// The future is boxed, so that the body of a call is compiled once, with this
/// library, and not again in each program that awaits it.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
