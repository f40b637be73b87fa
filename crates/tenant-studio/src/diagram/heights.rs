//! How far down each node is: near the nodes that it is linked with, in the order of its layer,
//! and never over another.

use super::each::Each;
use super::order::Segment;

/// How often all layers are placed anew.
const SWEEPS: usize = 12;

/// What is known of the nodes before they are placed.
pub(super) struct Nodes<'a> {
    /// In order, layer by layer.
    pub(super) layers: &'a [Vec<usize>],
    /// The height of each; a way that passes has none.
    pub(super) heights: &'a Each<i32>,
    pub(super) segments: &'a [Segment],
}

/// The upper edge of each node; the highest is at 0.
pub(super) fn tops(nodes: &Nodes<'_>) -> Each<i32> {
    let count = nodes.layers.iter().map(Vec::len).sum();
    let mut tops = Each::new(count);
    for layer in nodes.layers {
        for (node, offset) in layer.iter().zip(nodes.offsets(layer)) {
            tops.set(*node, offset);
        }
    }
    let wishes = nodes.wishes(count);
    for sweep in 0..SWEEPS {
        let side = match sweep % 3 {
            _ if sweep + 1 == SWEEPS => Side::Both,
            0 => Side::Left,
            1 => Side::Right,
            _ => Side::Both,
        };
        let layers = nodes.layers.iter();
        match side {
            Side::Right => layers
                .rev()
                .for_each(|layer| nodes.place(layer, &wishes, side, &mut tops)),
            _ => layers.for_each(|layer| nodes.place(layer, &wishes, side, &mut tops)),
        }
    }
    let highest = tops.iter().min().unwrap_or_default();
    tops.iter().map(|top| top - highest).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    Both,
}

/// That a node be level with another: as high, and this much lower.
#[derive(Debug, Clone, Copy)]
struct Wish {
    side: Side,
    other: usize,
    lower: i32,
    weight: i64,
}

impl Nodes<'_> {
    /// How much has to be between the upper edges of two nodes, one below the other.
    fn step(&self, upper: usize, lower: usize) -> i32 {
        let heights = (self.heights.of(upper), self.heights.of(lower));
        let gap = match heights {
            (0, 0) => 12,
            (0, _) | (_, 0) => 18,
            _ => 28,
        };
        heights.0 + gap
    }

    /// The upper edges of the nodes of a layer that are as close together as they may be.
    fn offsets(&self, layer: &[usize]) -> Vec<i32> {
        let mut offset = 0;
        let steps = layer.windows(2).map(|pair| match pair {
            [upper, lower] => self.step(*upper, *lower),
            _ => 0,
        });
        let below = steps.map(|step| {
            offset += step;
            offset
        });
        std::iter::once(0).chain(below).take(layer.len()).collect()
    }

    fn wishes(&self, count: usize) -> Vec<Vec<Wish>> {
        let mut wishes = vec![Vec::new(); count];
        for segment in self.segments {
            let is_way = |node| self.heights.of(node) == 0;
            // A way that goes on should go straight on.
            let weight = match (is_way(segment.left), is_way(segment.right)) {
                (true, true) => 8,
                (false, false) => 1,
                _ => 2,
            };
            let lower = segment.left_port - segment.right_port;
            let mut push = |node: usize, side, other, lower| {
                if let Some(wishes) = wishes.get_mut(node) {
                    wishes.push(Wish {
                        side,
                        other,
                        lower,
                        weight,
                    });
                }
            };
            push(segment.right, Side::Left, segment.left, lower);
            push(segment.left, Side::Right, segment.right, -lower);
        }
        wishes
    }

    fn place(&self, layer: &[usize], wishes: &[Vec<Wish>], side: Side, tops: &mut Each<i32>) {
        let offsets = self.offsets(layer);
        let targets = layer.iter().zip(&offsets).map(|(node, offset)| {
            let wishes = wishes.get(*node).into_iter().flatten();
            let wishes = wishes.filter(|wish| side == Side::Both || wish.side == side);
            let (mut sum, mut weight) = (0, 0);
            for wish in wishes {
                sum += wish.weight * i64::from(tops.of(wish.other) + wish.lower);
                weight += wish.weight;
            }
            match weight {
                0 => (i64::from(tops.of(*node) - offset), 1),
                _ => (sum / weight - i64::from(*offset), weight),
            }
        });
        let placed = rising(targets.map(|(value, weight)| Block::new(value, weight)));
        for ((node, offset), value) in layer.iter().zip(&offsets).zip(placed) {
            let value = i32::try_from(value).unwrap_or_default();
            tops.set(*node, value + offset);
        }
    }
}

/// Values that are to be the same.
#[derive(Debug, Clone, Copy)]
struct Block {
    sum: i64,
    weight: i64,
    count: usize,
}

impl Block {
    fn new(value: i64, weight: i64) -> Self {
        Self {
            sum: value * weight,
            weight,
            count: 1,
        }
    }

    fn value(self) -> i64 {
        self.sum / self.weight.max(1)
    }

    fn and(self, other: Self) -> Self {
        Self {
            sum: self.sum + other.sum,
            weight: self.weight + other.weight,
            count: self.count + other.count,
        }
    }
}

/// The values that never fall and are nearest to these, by the sum of the weighted squares:
/// neighbors in the wrong order share their mean.
fn rising(values: impl Iterator<Item = Block>) -> Vec<i64> {
    let mut blocks = Vec::<Block>::new();
    for mut block in values {
        while let Some(before) = blocks.pop_if(|before| before.value() > block.value()) {
            block = before.and(block);
        }
        blocks.push(block);
    }
    let values = blocks
        .iter()
        .flat_map(|block| std::iter::repeat_n(block.value(), block.count));
    values.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_overlap_shares_the_room_by_weight() {
        let blocks = [(0, 1), (9, 1), (3, 2), (20, 1)];
        let blocks = blocks.map(|(value, weight)| Block::new(value, weight));
        assert_eq!(rising(blocks.into_iter()), [0, 5, 5, 20]);
    }

    #[test]
    fn a_node_is_level_with_what_it_is_linked_with() {
        let segments = [(0, 2), (1, 3)].map(|(left, right)| Segment {
            left,
            right,
            left_port: 5,
            right_port: 15,
        });
        let heights = [100, 100, 40, 40].into_iter().collect::<Each<_>>();
        let tops = tops(&Nodes {
            layers: &[vec![0, 1], vec![2, 3]],
            heights: &heights,
            segments: &segments,
        });
        assert_eq!(tops.of(0) - tops.of(2), 10);
        assert_eq!(tops.of(1) - tops.of(3), 10);
        assert_eq!(tops.of(1) - tops.of(0), 128);
    }
}
