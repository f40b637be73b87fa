//! The order of the nodes within each layer, for few crossings.
//!
//! Each layer is sorted by the middle of a node's neighbors in the layer before, from left to
//! right and back, and the best order that is met is kept.

use super::each::Each;

/// How often all layers are sorted.
const SWEEPS: usize = 24;

/// A line from a node to one in the next layer. The ports are where it leaves and arrives, in
/// pixels below the upper edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Segment {
    pub(super) left: usize,
    pub(super) right: usize,
    pub(super) left_port: i32,
    pub(super) right_port: i32,
}

/// The nodes of each layer in an order with few crossings.
pub(super) fn ordered(layers: Vec<Vec<usize>>, segments: &[Segment]) -> Vec<Vec<usize>> {
    let nodes = layers.iter().map(Vec::len).sum();
    let mut sorting = Sorting::new(nodes, layers, segments);
    let mut best = sorting.layers.clone();
    let mut fewest = sorting.crossings();
    for sweep in 0..SWEEPS {
        if fewest == 0 {
            break;
        }
        sorting.sweep(sweep % 2 == 0);
        let crossings = sorting.crossings();
        if crossings < fewest {
            fewest = crossings;
            best.clone_from(&sorting.layers);
        }
    }
    best
}

struct Sorting {
    layers: Vec<Vec<usize>>,
    /// The lines of each node to the layer before and to the layer behind: the other node, the port there.
    to_left: Vec<Vec<(usize, i32)>>,
    to_right: Vec<Vec<(usize, i32)>>,
    ranks: Each<usize>,
}

impl Sorting {
    fn new(nodes: usize, layers: Vec<Vec<usize>>, segments: &[Segment]) -> Self {
        let (mut to_left, mut to_right) = (vec![Vec::new(); nodes], vec![Vec::new(); nodes]);
        for segment in segments {
            if let Some(lines) = to_left.get_mut(segment.right) {
                lines.push((segment.left, segment.left_port));
            }
            if let Some(lines) = to_right.get_mut(segment.left) {
                lines.push((segment.right, segment.right_port));
            }
        }
        let mut this = Self {
            layers,
            to_left,
            to_right,
            ranks: Each::new(nodes),
        };
        for layer in 0..this.layers.len() {
            this.rank(layer);
        }
        this
    }

    fn rank(&mut self, layer: usize) {
        let nodes = self.layers.get(layer).into_iter().flatten();
        for (rank, node) in nodes.enumerate() {
            self.ranks.set(*node, rank);
        }
    }

    fn sweep(&mut self, is_to_the_right: bool) {
        let count = self.layers.len();
        for step in 1..count {
            let layer = match is_to_the_right {
                true => step,
                false => count - 1 - step,
            };
            self.sort(layer, is_to_the_right);
            self.rank(layer);
        }
    }

    fn sort(&mut self, layer: usize, by_left: bool) {
        let lines = if by_left {
            &self.to_left
        } else {
            &self.to_right
        };
        let ranks = &self.ranks;
        if let Some(nodes) = self.layers.get_mut(layer) {
            nodes.sort_by_cached_key(|node| {
                let lines = lines.get(*node).map(Vec::as_slice).unwrap_or_default();
                middle(lines, ranks).unwrap_or_else(|| position(ranks.of(*node), 0))
            });
        }
    }

    /// How often two lines cross, in all gaps.
    fn crossings(&self) -> usize {
        let layers = self.layers.iter();
        layers.map(|nodes| self.crossings_behind(nodes)).sum()
    }

    fn crossings_behind(&self, nodes: &[usize]) -> usize {
        let mut ends = Vec::new();
        for node in nodes {
            let lines = self.to_right.get(*node).into_iter().flatten();
            let mut own = lines
                .map(|(right, _)| self.ranks.of(*right))
                .collect::<Vec<_>>();
            own.sort_unstable();
            ends.extend(own);
        }
        inversions(&ends)
    }
}

/// A rank with what is within the node behind it.
fn position(rank: usize, port: i32) -> i64 {
    let rank = i64::try_from(rank).unwrap_or(i64::MAX / 10_000);
    rank * 1000 + i64::from(port).clamp(0, 999)
}

/// The mean of the positions of the other ends.
fn middle(lines: &[(usize, i32)], ranks: &Each<usize>) -> Option<i64> {
    let positions = lines
        .iter()
        .map(|(node, port)| position(ranks.of(*node), *port));
    let count = i64::try_from(lines.len()).ok().filter(|count| *count > 0)?;
    Some(positions.sum::<i64>() / count)
}

/// How many pairs stand in the wrong order. Counted in a tree of sums, as there can be many.
fn inversions(ends: &[usize]) -> usize {
    let size = ends.iter().max().map_or(0, |last| last + 1);
    let mut sums = Each::<usize>::new(size + 1);
    let mut found = 0;
    for (seen, end) in ends.iter().enumerate() {
        let (mut at, mut not_above) = (end + 1, 0);
        while at > 0 {
            not_above += sums.of(at);
            at &= at - 1;
        }
        found += seen - not_above;
        let mut at = end + 1;
        while at <= size {
            sums.set(at, sums.of(at) + 1);
            at += at & at.wrapping_neg();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_in_the_wrong_order_are_counted() {
        assert_eq!(inversions(&[0, 1, 1, 2]), 0);
        assert_eq!(inversions(&[3, 2, 1, 0]), 6);
        assert_eq!(inversions(&[1, 0, 2, 1]), 2);
        assert_eq!(inversions(&[]), 0);
    }

    #[test]
    fn lines_that_need_not_cross_do_not() {
        let segment = |left, right| Segment {
            left,
            right,
            left_port: 0,
            right_port: 0,
        };
        let segments = [segment(0, 5), segment(1, 4), segment(2, 3)];
        let ordered = ordered(vec![vec![0, 1, 2], vec![3, 4, 5]], &segments);
        let sorting = Sorting::new(6, ordered, &segments);
        assert_eq!(sorting.crossings(), 0);
    }
}
