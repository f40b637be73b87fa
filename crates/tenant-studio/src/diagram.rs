//! Draws tables and the foreign keys between them, as SVG.
//!
//! A table is to the right of the tables that it refers to, so that arrows point to the left.
//! The script `diagram.js` adds zoom, search and the light on a table and its neighbors.

mod each;
mod heights;
mod layers;
mod layout;
mod names;
mod order;
mod pack;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use maud::{Markup, html};

use crate::data::{Constraint, Outline};
use crate::shown_schema::ShownSchema;
use layout::{GAP, HEAD, LINE, Layout, Link, Route, Spot, WIDTH};
use names::{large, short};

/// The largest number of columns of a table that are drawn.
const MOST: usize = 16;

/// How many letters of a name and of a type have room.
const LETTERS_OF_TITLE: usize = 27;
const LETTERS: usize = 20;
const LETTERS_OF_TYPE: usize = 13;

/// Which columns are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Columns {
    All,
    /// The columns of foreign keys, and the columns that these refer to.
    Keys,
}

/// What is drawn, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Diagram<'a> {
    pub(crate) place: &'a ShownSchema,
    /// The table that is marked.
    pub(crate) open: Option<&'a str>,
    pub(crate) columns: Columns,
    /// Whether it is the whole page, or a part of one.
    pub(crate) is_page: bool,
}

/// A table as it is drawn.
struct Sketch<'a> {
    name: &'a str,
    /// The columns that are drawn, and whether each is part of a foreign key.
    lines: Vec<(&'a str, &'a str, bool)>,
    /// How many columns there are beyond these.
    more: usize,
    /// The numbers of the tables that a key links with it.
    near: BTreeSet<usize>,
}

/// A key as it is drawn.
struct Arrow<'a> {
    key: &'a Constraint,
    target: &'a str,
    link: Link,
}

impl Diagram<'_> {
    /// The drawing of `outlines`. Keys that lead to other tables are not drawn.
    pub(crate) fn draw(self, outlines: &[Outline], keys: &[Constraint]) -> Markup {
        let numbers = outlines.iter().enumerate();
        let numbers = numbers.map(|(at, outline)| (outline.name.as_str(), at));
        let numbers = numbers.collect::<HashMap<_, _>>();
        let sketches = self.sketches(outlines, keys, &numbers);
        let arrows = arrows(&sketches, keys, &numbers);
        let heights = sketches.iter().map(Sketch::height).collect::<Vec<_>>();
        let links = arrows.iter().map(|arrow| arrow.link).collect::<Vec<_>>();
        let layout = Layout::of(&heights, &links);
        let (width, height) = layout.size;
        html! {
            div.diagram.page[self.is_page] tabindex="0" role="region" aria-label="Diagram of the tables" {
                svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height)
                    viewBox=(format!("0 0 {width} {height}")) role="group" {
                    defs {
                        marker #tip markerUnits="userSpaceOnUse" markerWidth="14" markerHeight="12" viewBox="0 0 9 8" refX="8" refY="4" orient="auto" {
                            path.tip d="M0 0 9 4 0 8z" {}
                        }
                    }
                    @for (arrow, route) in arrows.iter().zip(&layout.routes) { (arrow.show(route)) }
                    @for (at, (sketch, spot)) in sketches.iter().zip(&layout.spots).enumerate() {
                        (self.table(at, sketch, *spot))
                    }
                }
            }
        }
    }

    fn sketches<'b>(
        self,
        outlines: &'b [Outline],
        keys: &[Constraint],
        numbers: &HashMap<&str, usize>,
    ) -> Vec<Sketch<'b>> {
        let (mut foreign, mut of_keys) = (BTreeSet::new(), BTreeSet::new());
        let mut near = vec![BTreeSet::new(); outlines.len()];
        for (key, target) in keys
            .iter()
            .filter_map(|key| Some((key, key.target.as_ref()?)))
        {
            let columns = key.columns.iter().map(|column| (&key.table, column));
            foreign.extend(columns.clone());
            of_keys.extend(columns);
            of_keys.extend(target.columns.iter().map(|column| (&target.table, column)));
            let ends = [&key.table, &target.table].map(|name| numbers.get(name.as_str()).copied());
            if let [Some(from), Some(to)] = ends {
                near.get_mut(from).map(|near| near.insert(to));
                near.get_mut(to).map(|near| near.insert(from));
            }
        }
        let sketch = |(outline, near): (&'b Outline, BTreeSet<usize>)| {
            let is_drawn = |column: &&(String, String)| {
                self.columns == Columns::All || of_keys.contains(&(&outline.name, &column.0))
            };
            let drawn = outline.columns.iter().filter(is_drawn).take(MOST);
            let lines = drawn.map(|(name, kind)| {
                let is_foreign = foreign.contains(&(&outline.name, name));
                (name.as_str(), kind.as_str(), is_foreign)
            });
            let lines = lines.collect::<Vec<_>>();
            Sketch {
                name: &outline.name,
                more: outline.columns.len() - lines.len(),
                lines,
                near,
            }
        };
        outlines.iter().zip(near).map(sketch).collect()
    }

    fn table(self, at: usize, sketch: &Sketch<'_>, spot: Spot) -> Markup {
        let (x, y) = (spot.x, spot.y);
        let head = format!(
            "M{x} {} v-{} q0-7 7-7 h{} q7 0 7 7 v{} z",
            y + HEAD,
            HEAD - 7,
            WIDTH - 14,
            HEAD - 7
        );
        html! {
            g.table data-table=(sketch.name) data-near=(sketch.neighbors()) data-number=(at) {
                rect.box.open[self.open == Some(sketch.name)] x=(x) y=(y) width=(WIDTH) height=(spot.height) rx="7" {}
                path.head d=(head) {}
                a href=(self.place.table(sketch.name, "structure")) aria-label=(sketch.name) {
                    text.title x=(x + 10) y=(y + 19) {
                        (short(sketch.name, LETTERS_OF_TITLE)) title { (sketch.name) }
                    }
                    (from_afar(sketch.name, spot))
                }
                @for (at, (name, kind, is_foreign)) in sketch.lines.iter().enumerate() {
                    @let line = line(y, at + 1);
                    text x=(x + 10) y=(line) {
                        @if *is_foreign { "→ " } (short(name, LETTERS)) title { (name) " " (kind) }
                    }
                    text.type x=(x + WIDTH - 10) y=(line) text-anchor="end" { (short(kind, LETTERS_OF_TYPE)) }
                }
                @if sketch.more > 0 {
                    text.type x=(x + 10) y=(line(y, sketch.lines.len() + 1)) { (sketch.rest()) }
                }
            }
        }
    }
}

/// Where the text of a line is, counted from 1.
fn line(top: i32, number: usize) -> i32 {
    top + HEAD + i32::try_from(number).unwrap_or(0) * LINE - 4
}

/// The name as large as the box has room for, for a drawing that is zoomed out.
fn from_afar(name: &str, spot: Spot) -> Markup {
    let (lines, size) = large(name, WIDTH - 20, spot.height - 8);
    let step = size * 11 / 10;
    let count = i32::try_from(lines.len()).unwrap_or(1);
    let first = spot.y + (spot.height - count * step) / 2 + size * 9 / 10;
    let middle = spot.x + WIDTH / 2;
    html! {
        text.afar text-anchor="middle" font-size=(size) {
            @for (line, y) in lines.iter().zip((0..).map(|at| first + at * step)) {
                tspan x=(middle) y=(y) { (line) }
            }
        }
    }
}

impl Sketch<'_> {
    fn height(&self) -> i32 {
        let lines = self.lines.len() + usize::from(self.more > 0);
        HEAD + i32::try_from(lines).unwrap_or(0) * LINE + 8
    }

    fn rest(&self) -> String {
        match (self.lines.len(), self.more) {
            (0, 1) => "1 column".to_owned(),
            (0, more) => format!("{more} columns"),
            (_, more) => format!("and {more} more"),
        }
    }

    fn neighbors(&self) -> String {
        let near = self.near.iter().map(ToString::to_string);
        near.collect::<Vec<_>>().join(" ")
    }
}

fn arrows<'a>(
    sketches: &[Sketch<'_>],
    keys: &'a [Constraint],
    numbers: &HashMap<&str, usize>,
) -> Vec<Arrow<'a>> {
    let arrows = keys.iter().filter_map(|key| {
        let target = key.target.as_ref()?.table.as_str();
        let from = *numbers.get(key.table.as_str())?;
        let to = *numbers.get(target)?;
        let lines = &sketches.get(from)?.lines;
        let first = key.columns.first()?;
        let line = lines.iter().position(|(name, ..)| name == first);
        let line = i32::try_from(line.unwrap_or(lines.len())).unwrap_or(0);
        let port = HEAD + line * LINE + LINE / 2;
        let link = Link { from, to, port };
        Some(Arrow { key, target, link })
    });
    arrows.collect()
}

impl Arrow<'_> {
    fn show(&self, route: &Route) -> Markup {
        let Link { from, to, .. } = self.link;
        html! {
            path.arrow d=(path(route)) data-from=(from) data-to=(to) marker-end="url(#tip)" {
                title { (self.key.table) "." (self.key.columns.join(", ")) " → " (self.target) }
            }
        }
    }
}

/// The line through the points of a route: a bend between two layers, straight through a layer.
fn path(route: &Route) -> String {
    let mut points = route.iter();
    let Some((mut x, mut y)) = points.next().copied() else {
        return String::new();
    };
    let mut path = format!("M{x} {y}");
    for (next_x, next_y) in points.copied() {
        let bend = match next_x - x {
            // To the table itself.
            0 => (x + 36, x + 36),
            step if step.abs() == GAP => (x + step / 2, x + step / 2),
            step => (x + step / 3, next_x - step / 3),
        };
        path.push_str(&format!(
            "C{} {y} {} {next_y} {next_x} {next_y}",
            bend.0, bend.1
        ));
        (x, y) = (next_x, next_y);
    }
    path
}
