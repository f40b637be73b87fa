//! [`Answer`]: what a call gives back to be awaited.

use std::pin::Pin;

/// The future of a call. The call runs when you await it.
///
/// The future is boxed, so the body of a call is compiled once with this library, and not again in
/// each program.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
