//! The order in which tables can be made: those referred to before those that
//! refer.

use std::collections::BTreeSet;

/// Tables in such an order, and what no order can satisfy.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Order<'a> {
    /// Parents before children; otherwise in the given order.
    pub(crate) tables: Vec<&'a str>,
    /// The pairs (child, parent) that close a circle: at these places a child
    /// comes before its parent.
    pub(crate) against: BTreeSet<(&'a str, &'a str)>,
}

/// Orders `tables`. `references` are pairs (child, parent), also such as go to
/// other tables or to the table itself, which do not matter.
pub(crate) fn order<'a>(tables: &[&'a str], references: &[(&'a str, &'a str)]) -> Order<'a> {
    let mut left = tables.to_vec();
    let mut order = Order {
        tables: Vec::new(),
        against: BTreeSet::new(),
    };
    while !left.is_empty() {
        let waits = |table: &str| {
            let mut parents = references.iter().filter(|(child, _)| *child == table);
            parents.any(|(_, parent)| *parent != table && left.contains(parent))
        };
        let next = left.iter().position(|table| !waits(table));
        // In a circle the first one has to come before one of its parents.
        let table = left.remove(next.unwrap_or(0));
        let broken = references
            .iter()
            .filter(|(child, parent)| *child == table && left.contains(parent));
        order.against.extend(broken.copied());
        order.tables.push(table);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_come_first_and_the_rest_stays_in_place() {
        let found = order(
            &["a", "b", "c", "d"],
            &[("a", "c"), ("c", "d"), ("b", "b"), ("b", "elsewhere")],
        );
        assert_eq!(found.tables, ["b", "d", "c", "a"]);
        assert!(found.against.is_empty());
    }

    #[test]
    fn a_circle_is_broken_at_its_first_table() {
        let found = order(&["a", "b", "c"], &[("a", "b"), ("b", "a"), ("c", "a")]);
        assert_eq!(found.tables, ["a", "b", "c"]);
        assert_eq!(found.against, BTreeSet::from([("a", "b")]));
    }
}
