//! Values with their line in the file.

/// A value, and the line of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// The line of the file, from 1.
    pub line: usize,
}

/// What each stream of migrations has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PerStream<T> {
    /// Of the public schema.
    pub public: Option<Placed<T>>,
    /// Of every tenant.
    pub tenant: Option<Placed<T>>,
}

impl<T> Default for PerStream<T> {
    fn default() -> Self {
        Self {
            public: None,
            tenant: None,
        }
    }
}
