//! Draws tables and the foreign keys between them, as SVG.
//!
//! A table stands to the right of those that it leads to, so that arrows point to
//! the left. Links that go round in a circle are drawn all the same.

mod layout;

use maud::{Markup, html};

use crate::data::{Constraint, Outline};
use crate::shown_schema::ShownSchema;
use layout::{HEAD, LINE, Layout, Spot, WIDTH};

/// How many letters of a name and of a type have room.
const LETTERS: usize = 20;
const LETTERS_OF_TYPE: usize = 13;

/// The drawing of `outlines`. `open` is marked.
pub(crate) fn draw(
    place: &ShownSchema,
    open: Option<&str>,
    outlines: &[Outline],
    keys: &[Constraint],
) -> Markup {
    let layout = Layout::of(outlines, keys);
    let (width, height) = layout.size;
    html! {
        div.diagram tabindex="0" role="region" aria-label="Diagram of the tables" {
            svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height)
                viewBox=(format!("0 0 {width} {height}")) role="group" {
                defs {
                    marker #tip markerWidth="9" markerHeight="8" refX="8" refY="4" orient="auto" {
                        path.tip d="M0 0 9 4 0 8z" {}
                    }
                }
                @for (outline, spot) in outlines.iter().zip(&layout.spots) {
                    (table(place, open == Some(&outline.name), outline, *spot, keys))
                }
                @for key in keys { (arrow(&layout, outlines, key)) }
            }
        }
    }
}

fn table(
    place: &ShownSchema,
    is_open: bool,
    outline: &Outline,
    spot: Spot,
    keys: &[Constraint],
) -> Markup {
    let (x, y) = (spot.x, spot.y);
    let is_foreign = |name: &str| {
        let mut own = keys.iter().filter(|key| key.table == outline.name);
        own.any(|key| key.columns.iter().any(|column| column == name))
    };
    html! {
        g {
            rect.box.open[is_open] x=(x) y=(y) width=(WIDTH) height=(spot.height) rx="7" {}
            path.head d=(format!("M{x} {} v-{} q0-7 7-7 h{} q7 0 7 7 v{} z", y + HEAD, HEAD - 7, WIDTH - 14, HEAD - 7)) {}
            a href=(place.table(&outline.name, "structure")) {
                text.title x=(x + 10) y=(y + 19) { (short(&outline.name, 26)) }
            }
            @for (at, (name, kind)) in outline.columns.iter().take(layout::MOST).enumerate() {
                @let line = y + HEAD + (i32::try_from(at).unwrap_or(0) + 1) * LINE - 4;
                text x=(x + 10) y=(line) {
                    @if is_foreign(name) { "→ " } (short(name, LETTERS)) title { (name) " " (kind) }
                }
                text.type x=(x + WIDTH - 10) y=(line) text-anchor="end" { (short(kind, LETTERS_OF_TYPE)) }
            }
            @if outline.columns.len() > layout::MOST {
                text.type x=(x + 10) y=(y + spot.height - 7) {
                    "and " (outline.columns.len() - layout::MOST) " more"
                }
            }
        }
    }
}

/// From the first column of a foreign key to the table that it leads to.
fn arrow(layout: &Layout, outlines: &[Outline], key: &Constraint) -> Markup {
    let find = |name: &str| {
        let at = outlines.iter().position(|outline| outline.name == name)?;
        Some((outlines.get(at)?, *layout.spots.get(at)?))
    };
    let target = key.target.as_ref().map(|target| target.table.as_str());
    let (Some((outline, from)), Some((_, to))) = (find(&key.table), target.and_then(find)) else {
        return html! {};
    };
    let first = key.columns.first();
    let line = outline
        .columns
        .iter()
        .position(|(name, _)| Some(name) == first);
    let line = i32::try_from(line.unwrap_or(0).min(layout::MOST)).unwrap_or(0);
    let (y1, y2) = (from.y + HEAD + line * LINE + LINE / 2, to.y + HEAD / 2);
    let path = if to.x < from.x {
        let (x1, x2) = (from.x, to.x + WIDTH);
        let bend = (x1 - x2) / 2;
        format!("M{x1} {y1}C{} {y1} {} {y2} {x2} {y2}", x1 - bend, x2 + bend)
    } else {
        // To a table of the same column, or to itself: round the right side.
        let (x1, x2) = (from.x + WIDTH, to.x + WIDTH);
        let bend = x1.max(x2) + 38;
        format!("M{x1} {y1}C{bend} {y1} {bend} {y2} {x2} {y2}")
    };
    html! {
        path.arrow d=(path) marker-end="url(#tip)" {
            title { (key.table) "." (key.columns.join(", ")) " → " (target.unwrap_or_default()) }
        }
    }
}

fn short(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let kept = text.chars().take(letters - 1);
    kept.chain(['…']).collect()
}
