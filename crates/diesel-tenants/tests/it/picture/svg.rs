//! A terminal's screen as an SVG picture. It has real text, so that it can be searched,
//! and read aloud.

use std::fmt::Write as _;

use super::ansi::{Span, Style, spans};

/// The size of a character's cell, and the margin around the text.
const CELL: (usize, usize) = (8, 19);
const MARGIN: usize = 18;

const SHEET: &str = "\
text { font: 13px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #d7dae0; \
white-space: pre; }
.bold { font-weight: 700; } .dim { fill: #8b919d; }
.red { fill: #f2727f; } .green { fill: #8fc97a; } .yellow { fill: #e5c07b; }
.blue { fill: #74b0f0; } .magenta { fill: #cf8ee0; } .cyan { fill: #63c5cf; }
";

/// How many columns the terminal has. A longer line goes on in the next one.
const COLUMNS: usize = 100;

/// Draws the screen, as wide as its longest line.
pub(crate) fn draw(screen: &str) -> String {
    let lines = screen.trim_end().lines().map(spans);
    let lines: Vec<Vec<Span>> = lines.flat_map(wrapped).collect();
    let columns = lines.iter().map(|line| width(line)).max().unwrap_or(0);
    let (w, h) = (
        columns * CELL.0 + 2 * MARGIN,
        lines.len() * CELL.1 + 2 * MARGIN,
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" \
         viewBox=\"0 0 {w} {h}\" role=\"img\">\n<style>\n{SHEET}</style>\n\
         <rect width=\"{w}\" height=\"{h}\" rx=\"8\" fill=\"#1e2127\"/>\n"
    );
    for (index, line) in lines.iter().enumerate() {
        let y = MARGIN + index * CELL.1 + 14;
        if !line.is_empty() {
            writeln!(svg, "<text x=\"{MARGIN}\" y=\"{y}\">{}</text>", text(line)).unwrap();
        }
    }
    svg + "</svg>\n"
}

/// The rows of a terminal that show the line.
fn wrapped(line: Vec<Span>) -> Vec<Vec<Span>> {
    let mut rows = vec![Vec::new()];
    let mut column = 0;
    for span in line {
        let mut text = String::new();
        for c in span.text.chars() {
            if column == COLUMNS {
                add(&mut rows, &mut text, span.style);
                rows.push(Vec::new());
                column = 0;
            }
            text.push(c);
            column += 1;
        }
        add(&mut rows, &mut text, span.style);
    }
    rows
}

fn add(rows: &mut [Vec<Span>], text: &mut String, style: Style) {
    if let (false, Some(row)) = (text.is_empty(), rows.last_mut()) {
        let text = std::mem::take(text);
        row.push(Span { text, style });
    }
}

fn width(line: &[Span]) -> usize {
    line.iter().map(|span| span.text.chars().count()).sum()
}

fn text(line: &[Span]) -> String {
    line.iter().map(piece).collect()
}

fn piece(span: &Span) -> String {
    let bold = span.style.bold.then_some("bold");
    let dim = span.style.dim.then_some("dim");
    let classes: Vec<&str> = [bold, dim, span.style.color]
        .into_iter()
        .flatten()
        .collect();
    let text = escaped(&span.text);
    if classes.is_empty() {
        return format!("<tspan>{text}</tspan>");
    }
    format!("<tspan class=\"{}\">{text}</tspan>", classes.join(" "))
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;")
}

#[test]
fn a_screen_is_drawn_line_by_line() {
    let svg = draw("$ a <b>\n\n\u{1b}[32mdone\u{1b}[0m\n");
    assert_eq!(svg.matches("<text ").count(), 2);
    assert!(svg.contains("<tspan>$ a &lt;b&gt;</tspan>"), "{svg}");
    assert!(svg.contains("<tspan class=\"green\">done</tspan>"), "{svg}");
}

#[test]
fn a_long_line_goes_on_in_the_next_row() {
    let rows = wrapped(spans(&format!("{}\u{1b}[31mred", "x".repeat(COLUMNS - 1))));
    let widths: Vec<usize> = rows.iter().map(|row| width(row)).collect();
    assert_eq!(widths, [COLUMNS, 2]);
    assert_eq!(rows[1][0].style.color, Some("red"));
}
