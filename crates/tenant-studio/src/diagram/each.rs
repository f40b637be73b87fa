//! [`Each`]: a value for each node of a drawing.

/// A value for each node, by its number. An unknown number has the default value, so that
/// no number can panic.
#[derive(Debug, Clone)]
pub(super) struct Each<T>(Vec<T>);

impl<T: Copy + Default> Each<T> {
    /// The default value for `count` nodes.
    pub(super) fn new(count: usize) -> Self {
        Self(vec![T::default(); count])
    }

    pub(super) fn of(&self, node: usize) -> T {
        self.0.get(node).copied().unwrap_or_default()
    }

    pub(super) fn set(&mut self, node: usize, value: T) {
        if let Some(place) = self.0.get_mut(node) {
            *place = value;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = T> {
        self.0.iter().copied()
    }
}

impl<T> FromIterator<T> for Each<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}
