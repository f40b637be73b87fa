//! [`Codes`]: where the program around the studio prints codes.

use std::fmt;
use std::sync::Arc;

/// How a code reaches the person at the terminal, who types it into a browser that has no
/// key.
#[derive(Clone)]
pub struct Codes(Arc<Print>);

type Print = dyn Fn(&str, u32) + Send + Sync;

impl Codes {
    /// Codes that `print` prints, each with the number of the request that the browser
    /// shows too.
    pub fn new(print: impl Fn(&str, u32) + Send + Sync + 'static) -> Self {
        Self(Arc::new(print))
    }

    pub(crate) fn print(&self, code: &str, request: u32) {
        (self.0)(code, request);
    }
}

impl fmt::Debug for Codes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Codes").finish_non_exhaustive()
    }
}
