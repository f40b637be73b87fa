//! Where each table is, and on which way each key leads.
//!
//! Tables that keys link are drawn together, in layers. A key that leads over a layer has a
//! way through it that is kept free, and all keys to one table share theirs, so that no line
//! crosses a box. Groups and tables without links are packed into rows.

use std::collections::{BTreeSet, HashMap};

use super::each::Each;
use super::heights::{Nodes, tops};
use super::layers::layers;
use super::order::{Segment, ordered};
use super::pack::packed;

/// Of a box, in pixels.
pub(super) const WIDTH: i32 = 250;
pub(super) const HEAD: i32 = 29;
pub(super) const LINE: i32 = 18;

/// Between two layers.
pub(super) const GAP: i32 = 110;

const MARGIN: i32 = 24;

/// What a layer needs for a box beside the box itself.
const BELOW: i32 = 28;

/// A foreign key from a table to a table. `port` is where it leaves, below the upper edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) port: i32,
}

/// The corner of a box and its height.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) height: i32,
}

/// The points that a key goes through, each at a side of a layer; two for each layer that it
/// passes.
pub(super) type Route = Vec<(i32, i32)>;

/// The spots of all tables and the routes of all links, in their order.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) spots: Vec<Spot>,
    pub(super) routes: Vec<Route>,
    pub(super) size: (i32, i32),
}

/// Tables that belong together, laid out with their corner at 0, 0.
#[derive(Debug)]
pub(super) struct Group {
    /// By the number of the table.
    pub(super) spots: Vec<(usize, Spot)>,
    /// By the number of the link.
    pub(super) routes: Vec<(usize, Route)>,
    pub(super) size: (i32, i32),
}

impl Layout {
    /// Lays out boxes of these heights.
    pub(super) fn of(heights: &[i32], links: &[Link]) -> Self {
        let groups = groups(heights.len(), links);
        let groups = groups.iter().map(|tables| group(tables, heights, links));
        let mut groups = groups.collect::<Vec<_>>();
        // The largest first, single tables last, both as they come.
        groups.sort_by_key(|group| std::cmp::Reverse(group.spots.len()));
        let (corners, size) = packed(&groups);
        let mut spots = vec![Spot::default(); heights.len()];
        let mut routes = vec![Route::new(); links.len()];
        for (group, (x, y)) in groups.into_iter().zip(corners) {
            let (x, y) = (x + MARGIN, y + MARGIN);
            for (table, spot) in group.spots {
                if let Some(place) = spots.get_mut(table) {
                    *place = Spot {
                        x: spot.x + x,
                        y: spot.y + y,
                        height: spot.height,
                    };
                }
            }
            for (link, route) in group.routes {
                if let Some(place) = routes.get_mut(link) {
                    *place = route
                        .iter()
                        .map(|point| (point.0 + x, point.1 + y))
                        .collect();
                }
            }
        }
        let size = (size.0 + 2 * MARGIN, size.1 + 2 * MARGIN);
        Self {
            spots,
            routes,
            size,
        }
    }
}

/// The tables that links hold together.
fn groups(tables: usize, links: &[Link]) -> Vec<Vec<usize>> {
    let mut near = vec![Vec::new(); tables];
    for link in links {
        for (from, to) in [(link.from, link.to), (link.to, link.from)] {
            if let Some(near) = near.get_mut(from) {
                near.push(to);
            }
        }
    }
    let mut is_seen = Each::<bool>::new(tables);
    let mut groups = Vec::new();
    for start in 0..tables {
        let mut waiting = vec![start];
        let mut group = Vec::new();
        while let Some(table) = waiting.pop() {
            if !is_seen.of(table) {
                is_seen.set(table, true);
                group.push(table);
                waiting.extend(near.get(table).into_iter().flatten().rev());
            }
        }
        if !group.is_empty() {
            groups.push(group);
        }
    }
    groups
}

fn group(tables: &[usize], heights: &[i32], links: &[Link]) -> Group {
    let numbers = tables.iter().enumerate().map(|(at, table)| (*table, at));
    let numbers = numbers.collect::<HashMap<_, _>>();
    let own = links.iter().enumerate().filter_map(|(number, link)| {
        let (from, to) = (*numbers.get(&link.from)?, *numbers.get(&link.to)?);
        Some((number, Link { from, to, ..*link }))
    });
    let (own_numbers, own): (Vec<_>, Vec<_>) = own.unzip();
    let height = |table: &usize| heights.get(*table).copied().unwrap_or_default();
    let heights = tables.iter().map(height).collect::<Vec<_>>();
    let drawn = Drawing::of(&heights, &own);
    Group {
        spots: tables.iter().copied().zip(drawn.spots).collect(),
        routes: own_numbers.into_iter().zip(drawn.routes).collect(),
        size: drawn.size,
    }
}

/// At which side of its target a key arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Side {
    Right,
    /// As one of a circle does.
    Left,
}

/// The nodes of one group: its tables, and behind them the ways through layers.
struct Plan {
    layers: Vec<Vec<usize>>,
    heights: Vec<i32>,
    /// The nodes that each link leads over, from its table to its target.
    chains: Vec<Vec<usize>>,
    ways: HashMap<(usize, Side, usize), usize>,
    segments: BTreeSet<Segment>,
}

impl Plan {
    fn of(heights: &[i32], links: &[Link], layers: &Each<usize>) -> Self {
        let count = layers.iter().max().map_or(1, |last| last + 1);
        let mut plan = Self {
            layers: vec![Vec::new(); count],
            heights: heights.to_vec(),
            chains: Vec::new(),
            ways: HashMap::new(),
            segments: BTreeSet::new(),
        };
        for (table, layer) in layers.iter().enumerate() {
            plan.layer(layer, |nodes| nodes.push(table));
        }
        for link in links {
            plan.lead(*link, layers);
        }
        plan
    }

    fn layer(&mut self, layer: usize, put: impl FnOnce(&mut Vec<usize>)) {
        if let Some(layer) = self.layers.get_mut(layer) {
            put(layer);
        }
    }

    /// The way to `target` through a layer.
    fn way(&mut self, target: usize, side: Side, layer: usize) -> usize {
        if let Some(node) = self.ways.get(&(target, side, layer)) {
            return *node;
        }
        let node = self.heights.len();
        self.heights.push(0);
        // In the middle: with all tables of a layer on one side of it, the next layer would be
        // level with the end of this one, and so on down the drawing.
        self.layer(layer, |nodes| nodes.insert(nodes.len() / 2, node));
        self.ways.insert((target, side, layer), node);
        node
    }

    fn lead(&mut self, link: Link, layers: &Each<usize>) {
        let (start, end) = (layers.of(link.from), layers.of(link.to));
        let mut chain = vec![link.from];
        match start > end {
            true => {
                for layer in (end + 1..start).rev() {
                    chain.push(self.way(link.to, Side::Right, layer));
                }
            }
            false => {
                for layer in start + 1..end {
                    chain.push(self.way(link.to, Side::Left, layer));
                }
            }
        }
        chain.push(link.to);
        if start != end {
            self.join(&chain, link.port, start > end);
        }
        self.chains.push(chain);
    }

    fn join(&mut self, chain: &[usize], port: i32, is_to_the_left: bool) {
        let last = chain.len().saturating_sub(2);
        for (at, pair) in chain.windows(2).enumerate() {
            let [from, to] = pair else { continue };
            let from_port = if at == 0 { port } else { 0 };
            let to_port = if at == last { HEAD / 2 } else { 0 };
            let segment = match is_to_the_left {
                true => Segment {
                    left: *to,
                    right: *from,
                    left_port: to_port,
                    right_port: from_port,
                },
                false => Segment {
                    left: *from,
                    right: *to,
                    left_port: from_port,
                    right_port: to_port,
                },
            };
            self.segments.insert(segment);
        }
    }
}

/// One group.
struct Drawing {
    spots: Vec<Spot>,
    routes: Vec<Route>,
    size: (i32, i32),
}

impl Drawing {
    fn of(heights: &[i32], links: &[Link]) -> Self {
        let layers = layers(
            &heights.iter().map(|one| one + BELOW).collect::<Vec<_>>(),
            links,
            limit(heights),
        );
        let plan = Plan::of(heights, links, &layers);
        let segments = plan.segments.iter().copied().collect::<Vec<_>>();
        let in_order = ordered(plan.layers, &segments);
        let node_heights = plan.heights.iter().copied().collect::<Each<_>>();
        let tops = tops(&Nodes {
            layers: &in_order,
            heights: &node_heights,
            segments: &segments,
        });
        let mut lefts = Each::new(plan.heights.len());
        let mut x = 0;
        for layer in &in_order {
            layer.iter().for_each(|node| lefts.set(*node, x));
            x += WIDTH + GAP;
        }
        let corner = |node: usize| (lefts.of(node), tops.of(node));
        let spots = heights.iter().enumerate().map(|(table, height)| {
            let (x, y) = corner(table);
            let height = *height;
            Spot { x, y, height }
        });
        let routes = plan.chains.iter().zip(links);
        // Lines that lead back to their table need room at the right.
        let leads_back = links.iter().any(|link| link.from == link.to);
        let beside = if leads_back { 44 } else { 0 };
        let bottom = node_heights.iter().enumerate();
        let bottom = bottom.map(|(node, height)| tops.of(node) + height).max();
        Self {
            spots: spots.collect(),
            routes: routes
                .map(|(chain, link)| route(chain, link.port, corner))
                .collect(),
            size: (x - GAP + beside, bottom.unwrap_or_default()),
        }
    }
}

fn route(chain: &[usize], port: i32, corner: impl Fn(usize) -> (i32, i32)) -> Route {
    let (Some(first), Some(last)) = (chain.first(), chain.last()) else {
        return Route::new();
    };
    let (start, end) = (corner(*first), corner(*last));
    // To itself it leads around the right side.
    let is_to_the_left = end.0 < start.0;
    let leaving = if is_to_the_left { 0 } else { WIDTH };
    let arriving = if is_to_the_left || first == last {
        WIDTH
    } else {
        0
    };
    let ways = chain.get(1..chain.len() - 1).unwrap_or_default();
    let ways = ways.iter().flat_map(|way| {
        let (x, y) = corner(*way);
        [(x + WIDTH - leaving, y), (x + leaving, y)]
    });
    let first = std::iter::once((start.0 + leaving, start.1 + port));
    let last = std::iter::once((end.0 + arriving, end.1 + HEAD / 2));
    first.chain(ways).chain(last).collect()
}

/// How high a layer should become, so that the drawing is somewhat wider than high.
fn limit(heights: &[i32]) -> i32 {
    let all = heights.iter().map(|height| i64::from(height + BELOW));
    let all = all.sum::<i64>();
    let layers = (all * 16 / (10 * i64::from(WIDTH + GAP))).isqrt().max(1);
    let highest = heights.iter().max().copied().unwrap_or_default() + BELOW;
    let limit = i32::try_from(all * 12 / (10 * layers)).unwrap_or(i32::MAX);
    limit.max(highest).max(700)
}
