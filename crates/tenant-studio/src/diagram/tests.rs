//! What holds for every drawing, whatever its tables and keys are.

use std::time::Instant;

use super::layout::{HEAD, LINE, Layout, Link, Spot, WIDTH};

/// Numbers that are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// Tables with keys between them, as schemas have them: most to a few hubs, some to themselves,
/// some twice, some in a circle, some tables without any.
fn schema(tables: usize, seed: u64) -> (Vec<i32>, Vec<Link>) {
    let mut numbers = Numbers(seed);
    let (mut heights, mut links) = (Vec::new(), Vec::new());
    for from in 0..tables {
        let keys = [0, 1, 1, 2, 2, 3, 4][numbers.below(7)];
        for port in 0..keys {
            let limit = if numbers.below(2) == 0 {
                tables.min(4)
            } else {
                tables
            };
            let to = numbers.below(limit);
            let port = HEAD + i32::try_from(port).unwrap() * LINE + LINE / 2;
            links.push(Link { from, to, port });
        }
        let lines = i32::try_from(keys.max(1) + numbers.below(3)).unwrap();
        heights.push(HEAD + lines * LINE + 8);
    }
    (heights, links)
}

fn overlap(one: Spot, other: Spot) -> bool {
    (one.x - other.x).abs() < WIDTH
        && one.y < other.y + other.height
        && other.y < one.y + one.height
}

/// Checks a drawing from all sides.
fn check(heights: &[i32], links: &[Link]) -> Layout {
    let layout = Layout::of(heights, links);
    assert_eq!(
        (layout.spots.len(), layout.routes.len()),
        (heights.len(), links.len())
    );
    for (at, spot) in layout.spots.iter().enumerate() {
        let (right, bottom) = (spot.x + WIDTH, spot.y + spot.height);
        assert!(spot.x >= 0 && spot.y >= 0 && right <= layout.size.0 && bottom <= layout.size.1);
        let below = layout.spots.iter().skip(at + 1);
        assert!(
            below.clone().all(|other| !overlap(*spot, *other)),
            "{spot:?} is over another"
        );
    }
    for (link, route) in links.iter().zip(&layout.routes) {
        let (from, to) = (layout.spots[link.from], layout.spots[link.to]);
        let (first, last) = (route[0], route[route.len() - 1]);
        assert!(
            first == (from.x, from.y + link.port) || first == (from.x + WIDTH, from.y + link.port)
        );
        assert!(last.1 == to.y + HEAD / 2 && (last.0 == to.x || last.0 == to.x + WIDTH));
        crosses_no_box(route, &layout.spots);
    }
    layout
}

/// Between two points of a route a line stays in the rectangle that they are corners of.
fn crosses_no_box(route: &[(i32, i32)], spots: &[Spot]) {
    for pair in route.windows(2) {
        let [(x1, y1), (x2, y2)] = pair else {
            unreachable!()
        };
        let (left, right) = (x1.min(x2), x1.max(x2));
        let (top, bottom) = (y1.min(y2), y1.max(y2));
        for spot in spots {
            let is_beside = *right <= spot.x || *left >= spot.x + WIDTH;
            let is_above = *bottom < spot.y || *top > spot.y + spot.height;
            assert!(is_beside || is_above, "{pair:?} goes through {spot:?}");
        }
    }
}

#[test]
fn no_box_is_over_another_and_no_line_goes_through_a_box() {
    for (tables, seed) in [
        (1, 1),
        (2, 2),
        (3, 3),
        (12, 4),
        (43, 5),
        (43, 6),
        (120, 7),
        (300, 8),
    ] {
        let (heights, links) = schema(tables, seed);
        check(&heights, &links);
    }
    check(&[], &[]);
}

#[test]
fn circles_keys_to_itself_and_two_keys_between_two_tables_are_drawn() {
    let link = |from, to, port| Link { from, to, port };
    let links = [
        link(0, 1, 40),
        link(1, 2, 40),
        link(2, 0, 40),
        link(0, 1, 60),
        link(1, 0, 60),
        link(1, 1, 80),
    ];
    let layout = check(&[100, 100, 100, 100], &links);
    // Two keys leave at their own columns, and arrive at one place.
    assert_ne!(layout.routes[0].first(), layout.routes[3].first());
    assert_eq!(layout.routes[0].last(), layout.routes[3].last());
}

#[test]
fn keys_to_one_table_share_their_way_through_a_layer() {
    let link = |from, to| Link { from, to, port: 40 };
    // 4 and 5 lead to 0 over the layer of 1, 2, 3.
    let links = [
        link(1, 0),
        link(2, 0),
        link(3, 0),
        link(4, 1),
        link(5, 2),
        link(4, 0),
        link(5, 0),
    ];
    let layout = check(&[100; 6], &links);
    let ways = |at: usize| layout.routes[at][1..layout.routes[at].len() - 1].to_vec();
    assert_eq!(ways(5).len(), 2);
    assert_eq!(ways(5), ways(6));
}

#[test]
fn tables_without_keys_are_a_grid_below_the_others() {
    let link = |from, to| Link { from, to, port: 40 };
    let layout = check(&[100; 14], &[link(0, 1), link(2, 1), link(3, 2)]);
    let (linked, single) = layout.spots.split_at(4);
    let lowest = linked
        .iter()
        .map(|spot| spot.y + spot.height)
        .max()
        .unwrap();
    assert!(single.iter().all(|spot| spot.y > lowest), "{single:?}");
    let columns = single
        .iter()
        .map(|spot| spot.x)
        .collect::<std::collections::BTreeSet<_>>();
    assert!((3..=6).contains(&columns.len()), "{columns:?}");
}

#[test]
fn a_drawing_is_neither_a_tower_nor_a_band() {
    for (tables, seed) in [(43, 5), (43, 9), (120, 7), (300, 8)] {
        let (heights, links) = schema(tables, seed);
        let (width, height) = Layout::of(&heights, &links).size;
        assert!(
            width < 6 * height && height < 2 * width,
            "{tables}: {width} x {height}"
        );
    }
    // All refer to one, as many schemas of tenants do.
    let links = (1..120)
        .map(|from| Link {
            from,
            to: 0,
            port: 40,
        })
        .collect::<Vec<_>>();
    let (width, height) = check(&[100; 120], &links).size;
    assert!(
        width < 5 * height && height < 2 * width,
        "{width} x {height}"
    );
}

#[test]
fn a_thousand_tables_take_no_time_to_speak_of() {
    for tables in [43, 300, 1000] {
        let (heights, links) = schema(tables, 11);
        let begun = Instant::now();
        let layout = Layout::of(&heights, &links);
        let took = begun.elapsed();
        // Some servers of tests are slow, and this is built without optimization.
        assert!(
            took.as_secs() < 10,
            "{tables} tables, {:?}: {took:?}",
            layout.size
        );
    }
}
