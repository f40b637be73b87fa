//! [`Waiting`]: a run that waits for another one.

use std::fmt;
use std::time::Duration;

use crate::link::{LockHolder, in_words};

/// A run that waits for another run on the same schema.
#[derive(Debug)]
#[non_exhaustive]
pub struct Waiting<'a> {
    /// The schema, in words: "tenant `acme`".
    pub schema: String,
    /// How long it has waited.
    pub waited: Duration,
    /// How long it waits at most.
    pub limit: Duration,
    /// The sessions that work on the schema, as far as known.
    pub holders: &'a [LockHolder],
}

impl fmt::Display for Waiting<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (schema, limit) = (&self.schema, self.limit.as_secs());
        write!(
            formatter,
            "waiting for another run on {schema} (at most {limit} s)"
        )?;
        formatter.write_str(&in_words(self.holders))
    }
}
