//! Text with the colors of a terminal, as spans.

/// A piece of a line in one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) text: String,
    pub(crate) style: Style,
}

/// What a terminal's codes switch on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Style {
    pub(crate) bold: bool,
    pub(crate) dim: bool,
    pub(crate) color: Option<&'static str>,
}

/// The spans of one line. A style ends with its line.
pub(crate) fn spans(line: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut style = Style::default();
    let mut pieces = line.split("\u{1b}[");
    push(&mut spans, pieces.next().unwrap_or_default(), style);
    for piece in pieces {
        let (codes, text) = piece.split_once('m').unwrap_or((piece, ""));
        for code in codes.split(';') {
            style = style.with(code);
        }
        push(&mut spans, text, style);
    }
    spans
}

fn push(spans: &mut Vec<Span>, text: &str, style: Style) {
    if !text.is_empty() {
        let text = text.to_owned();
        spans.push(Span { text, style });
    }
}

impl Style {
    fn with(self, code: &str) -> Self {
        match code {
            "" | "0" => Self::default(),
            "1" => Self { bold: true, ..self },
            "2" => Self { dim: true, ..self },
            "22" => Self {
                bold: false,
                dim: false,
                ..self
            },
            _ => Self {
                color: color(code),
                ..self
            },
        }
    }
}

fn color(code: &str) -> Option<&'static str> {
    match code {
        "31" | "91" => Some("red"),
        "32" | "92" => Some("green"),
        "33" | "93" => Some("yellow"),
        "34" | "94" => Some("blue"),
        "35" | "95" => Some("magenta"),
        "36" | "96" => Some("cyan"),
        _ => None,
    }
}

#[test]
fn codes_become_styles() {
    let found = spans("a\u{1b}[1m\u{1b}[31merror\u{1b}[0m: x");
    let texts: Vec<&str> = found.iter().map(|span| span.text.as_str()).collect();
    assert_eq!(texts, ["a", "error", ": x"]);
    assert_eq!(found[1].style.color, Some("red"));
    assert!(found[1].style.bold);
    assert_eq!(found[2].style, Style::default());
}
