//! Where each table stands.

use std::collections::HashMap;

use crate::data::{Constraint, Outline};

/// Of a box, in pixels.
pub(super) const WIDTH: i32 = 250;
pub(super) const HEAD: i32 = 29;
pub(super) const LINE: i32 = 18;

/// How many columns of a table are drawn.
pub(super) const MOST: usize = 16;

const GAP: i32 = 96;
const GAP_BELOW: i32 = 26;
const MARGIN: i32 = 20;

/// Tables that stand above one another at most, before a column is divided.
const STACK: usize = 9;

/// The corner of a box and its height.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) height: i32,
}

/// The spots of all tables, in their order.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) spots: Vec<Spot>,
    pub(super) size: (i32, i32),
}

impl Layout {
    pub(super) fn of(outlines: &[Outline], keys: &[Constraint]) -> Self {
        let mut spots = vec![Spot::default(); outlines.len()];
        let (mut x, mut bottom) = (MARGIN, 0);
        for stack in stacks(outlines, keys) {
            let mut y = MARGIN;
            for at in stack {
                let (Some(outline), Some(spot)) = (outlines.get(at), spots.get_mut(at)) else {
                    continue;
                };
                let height = height(outline);
                *spot = Spot { x, y, height };
                y += height + GAP_BELOW;
            }
            bottom = bottom.max(y);
            x += WIDTH + GAP;
        }
        Self {
            spots,
            size: (x - GAP + MARGIN + 40, bottom),
        }
    }
}

fn height(outline: &Outline) -> i32 {
    let lines = outline.columns.len().min(MOST + 1);
    HEAD + i32::try_from(lines).unwrap_or(0) * LINE + 8
}

/// The tables that stand above one another, from left to right: first those that
/// lead nowhere, then those that lead to them, and so on; at last those that
/// nothing is linked with.
fn stacks(outlines: &[Outline], keys: &[Constraint]) -> Vec<Vec<usize>> {
    let links = links(outlines, keys);
    let depths = depths(outlines.len(), &links);
    let is_linked = |at: &usize| links.iter().any(|(from, to)| from == at || to == at);
    let (linked, alone): (Vec<_>, Vec<_>) = (0..outlines.len()).partition(is_linked);
    let deepest = depths.iter().copied().max().unwrap_or(0);
    let mut stacks = Vec::new();
    for depth in 0..=deepest {
        let here = linked
            .iter()
            .copied()
            .filter(|at| depths.get(*at) == Some(&depth));
        stacks.extend(
            here.collect::<Vec<_>>()
                .chunks(STACK)
                .map(<[usize]>::to_vec),
        );
    }
    stacks.extend(alone.chunks(STACK).map(<[usize]>::to_vec));
    stacks
}

fn links(outlines: &[Outline], keys: &[Constraint]) -> Vec<(usize, usize)> {
    let positions = outlines.iter().enumerate();
    let positions = positions.map(|(at, outline)| (outline.name.as_str(), at));
    let positions = positions.collect::<HashMap<_, _>>();
    let links = keys.iter().filter_map(|key| {
        let from = positions.get(key.table.as_str())?;
        let to = positions.get(key.target.as_ref()?.table.as_str())?;
        Some((*from, *to))
    });
    links.collect()
}

/// How many links there are from each table to one that leads nowhere, on the
/// longest way. A circle would have no longest, so the ways are bounded.
fn depths(tables: usize, links: &[(usize, usize)]) -> Vec<usize> {
    let mut depths = vec![0; tables];
    for _ in 0..tables.min(12) {
        for (from, to) in links.iter().filter(|(from, to)| from != to) {
            let below = depths.get(*to).copied().unwrap_or(0) + 1;
            if let Some(depth) = depths.get_mut(*from)
                && *depth < below
                && below <= 12
            {
                *depth = below;
            }
        }
    }
    // A circle leaves gaps.
    let mut used = depths.clone();
    used.sort_unstable();
    used.dedup();
    let rank = |depth: &usize| used.iter().position(|one| one == depth).unwrap_or(0);
    depths.iter().map(rank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_stands_to_the_right_of_those_that_it_leads_to() {
        assert_eq!(depths(3, &[(0, 1), (1, 2)]), [2, 1, 0]);
        assert_eq!(depths(2, &[]), [0, 0]);
    }

    #[test]
    fn a_circle_is_drawn_too() {
        let depths = depths(2, &[(0, 1), (1, 0), (0, 0)]);
        assert!(depths.iter().all(|depth| *depth < 2), "{depths:?}");
    }
}
