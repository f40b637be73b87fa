//! Which layer each table of a connected group is in.
//!
//! A layer is a column of the drawing. A table is to the right of the tables that it refers
//! to. In a circle of keys, one of them leads the other way.

use super::each::Each;
use super::layout::Link;

/// From this table to that one, so that no way leads back.
type Edge = (usize, usize);

/// The number of the layer of each box; `heights` are their heights, in pixels.
pub(super) fn layers(heights: &[i32], links: &[Link], limit: i32) -> Each<usize> {
    let edges = without_circles(heights.len(), links);
    let order = from_the_targets(heights.len(), &edges);
    let mut layering = Layering {
        heights,
        limit,
        targets: neighbors(heights.len(), edges.iter().copied()),
        sources: neighbors(heights.len(), edges.iter().map(|(from, to)| (*to, *from))),
        layers: Each::new(heights.len()),
        filled: Vec::new(),
    };
    for table in &order {
        layering.put(*table);
    }
    // Each pass can make room for the next.
    for _ in 0..4 {
        for table in &order {
            layering.pull(*table);
        }
    }
    layering.without_gaps()
}

/// For each table, the others that a pair leads to from it.
fn neighbors(tables: usize, pairs: impl Iterator<Item = Edge>) -> Vec<Vec<usize>> {
    let mut near = vec![Vec::new(); tables];
    for (from, to) in pairs {
        if let Some(near) = near.get_mut(from) {
            near.push(to);
        }
    }
    near
}

/// The links between different tables, of which those that close a circle are turned around.
fn without_circles(tables: usize, links: &[Link]) -> Vec<Edge> {
    let links = links.iter().filter(|link| link.from != link.to);
    let links = links
        .map(|link| (link.from, link.to))
        .collect::<Vec<Edge>>();
    let mut walk = Walk {
        near: neighbors(tables, links.iter().copied()),
        states: Each::new(tables),
        turned: Vec::new(),
    };
    let is_target = |table: &usize| links.iter().any(|(_, to)| to == table);
    let (targets, starts): (Vec<_>, Vec<_>) = (0..tables).partition(is_target);
    for table in starts.into_iter().chain(targets) {
        walk.visit(table);
    }
    let turned = |edge: &Edge| walk.turned.contains(edge);
    let (backward, forward): (Vec<Edge>, Vec<Edge>) = links.iter().partition(|edge| turned(edge));
    let backward = backward.into_iter().map(|(from, to)| (to, from));
    forward.into_iter().chain(backward).collect()
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    New,
    OnTheWay,
    Done,
}

/// A walk along the links, which notes those that lead back to where it comes from.
struct Walk {
    near: Vec<Vec<usize>>,
    states: Each<State>,
    turned: Vec<Edge>,
}

impl Walk {
    /// With its own list rather than by recursion: a chain can be as long as the number of tables.
    fn visit(&mut self, start: usize) {
        if self.states.of(start) != State::New {
            return;
        }
        self.states.set(start, State::OnTheWay);
        let mut way = vec![(start, 0)];
        while let Some((table, next)) = way.pop() {
            let target = self.near.get(table).and_then(|near| near.get(next));
            let Some(target) = target.copied() else {
                self.states.set(table, State::Done);
                continue;
            };
            way.push((table, next + 1));
            match self.states.of(target) {
                State::New => {
                    self.states.set(target, State::OnTheWay);
                    way.push((target, 0));
                }
                State::OnTheWay => self.turned.push((table, target)),
                State::Done => {}
            }
        }
    }
}

/// The tables, each behind all that it leads to. Of those that could be next, the first is the one
/// that a path to the end is longest for, so that related tables follow on each other.
fn from_the_targets(tables: usize, edges: &[Edge]) -> Vec<usize> {
    let sources = neighbors(tables, edges.iter().map(|(from, to)| (*to, *from)));
    let mut missing = Each::<usize>::new(tables);
    for (from, _) in edges {
        missing.set(*from, missing.of(*from) + 1);
    }
    let mut ready = (0..tables)
        .filter(|table| missing.of(*table) == 0)
        .collect::<Vec<_>>();
    let used = |table: &usize| sources.get(*table).map_or(0, Vec::len);
    ready.sort_by_key(|table| (std::cmp::Reverse(used(table)), *table));
    let mut order = Vec::with_capacity(tables);
    let mut at = 0;
    while let Some(table) = ready.get(at).copied() {
        at += 1;
        order.push(table);
        for source in sources.get(table).into_iter().flatten() {
            missing.set(*source, missing.of(*source) - 1);
            if missing.of(*source) == 0 {
                ready.push(*source);
            }
        }
    }
    order
}

struct Layering<'a> {
    heights: &'a [i32],
    /// How high a layer may become, unless a single box is higher.
    limit: i32,
    targets: Vec<Vec<usize>>,
    sources: Vec<Vec<usize>>,
    layers: Each<usize>,
    /// How high the boxes of each layer are together.
    filled: Vec<i32>,
}

impl Layering<'_> {
    fn height(&self, table: usize) -> i32 {
        self.heights.get(table).copied().unwrap_or_default()
    }

    fn has_room(&self, layer: usize, table: usize) -> bool {
        let filled = self.filled.get(layer).copied().unwrap_or_default();
        filled == 0 || filled + self.height(table) <= self.limit
    }

    fn fill(&mut self, layer: usize, height: i32) {
        if self.filled.len() <= layer {
            self.filled.resize(layer + 1, 0);
        }
        if let Some(filled) = self.filled.get_mut(layer) {
            *filled += height;
        }
    }

    /// The first layer that the table may be in.
    fn first(&self, table: usize) -> usize {
        let targets = self.targets.get(table).into_iter().flatten();
        let layers = targets.map(|target| self.layers.of(*target) + 1);
        layers.max().unwrap_or(0)
    }

    fn put(&mut self, table: usize) {
        let mut layer = self.first(table);
        while !self.has_room(layer, table) {
            layer += 1;
        }
        self.layers.set(table, layer);
        self.fill(layer, self.height(table));
    }

    /// Moves the table to the layer that makes its links shortest, among those with room.
    fn pull(&mut self, table: usize) {
        let now = self.layers.of(table);
        let of = |near: &Vec<Vec<usize>>| near.get(table).cloned().unwrap_or_default();
        let (targets, sources) = (of(&self.targets), of(&self.sources));
        let first = self.first(table);
        let sources = sources.iter().map(|source| self.layers.of(*source));
        let sources = sources.collect::<Vec<_>>();
        let last = sources.iter().min().map_or(now, |layer| layer - 1);
        // The links to one target share their way, so that only the longest of them counts.
        let longest = sources.iter().max().copied();
        let length = |layer: usize| {
            let left = targets.iter().map(|target| layer - self.layers.of(*target));
            left.sum::<usize>() + longest.map_or(0, |longest| longest - layer)
        };
        let free = (first..=last).filter(|layer| *layer == now || self.has_room(*layer, table));
        let nearest = free.min_by_key(|layer| (length(*layer), layer.abs_diff(now)));
        if let Some(layer) = nearest.filter(|layer| length(*layer) < length(now)) {
            self.fill(now, -self.height(table));
            self.fill(layer, self.height(table));
            self.layers.set(table, layer);
        }
    }

    /// The layers, numbered without those that have become empty.
    fn without_gaps(&self) -> Each<usize> {
        let mut used = self.layers.iter().collect::<Vec<_>>();
        used.sort_unstable();
        used.dedup();
        let rank = |layer| used.binary_search(&layer).unwrap_or_default();
        self.layers.iter().map(rank).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tables: usize, pairs: &[(usize, usize)], limit: i32) -> Vec<usize> {
        let link = |(from, to): &(usize, usize)| Link {
            from: *from,
            to: *to,
            port: 0,
        };
        let links = pairs.iter().map(link).collect::<Vec<_>>();
        layers(&vec![10; tables], &links, limit).iter().collect()
    }

    #[test]
    fn a_table_is_to_the_right_of_the_tables_that_it_refers_to() {
        assert_eq!(of(3, &[(0, 1), (1, 2)], 100), [2, 1, 0]);
        assert_eq!(of(3, &[(0, 1), (0, 1), (0, 0), (2, 1)], 100), [1, 0, 1]);
    }

    #[test]
    fn a_circle_is_cut_at_one_place() {
        let mut layers = of(3, &[(0, 1), (1, 2), (2, 0)], 100);
        layers.sort_unstable();
        assert_eq!(layers, [0, 1, 2]);
    }

    #[test]
    fn a_table_without_targets_is_beside_the_table_that_uses_it() {
        // 3 is used by 2 alone, which is far to the right.
        assert_eq!(of(4, &[(1, 0), (2, 1), (2, 3)], 100), [0, 1, 2, 1]);
    }

    #[test]
    fn a_layer_that_is_full_is_continued_in_the_next() {
        let pairs = (1..7).map(|table| (table, 0)).collect::<Vec<_>>();
        assert_eq!(of(7, &pairs, 30), [0, 1, 1, 1, 2, 2, 2]);
    }
}
