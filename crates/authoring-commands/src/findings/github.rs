//! Findings as workflow commands of GitHub Actions, which become annotations beside the lines
//! of a pull request.
//!
//! Source: GitHub Docs, "Workflow commands for GitHub Actions". A line break, a percent sign
//! and, in a property, a colon and a comma are written as escapes.

use std::path::Path;

use super::{Findings, Row, level};

pub(super) fn text(findings: &Findings, root: &Path) -> String {
    let lines = findings.findings.iter().map(|row| command(row, root));
    lines.collect::<Vec<_>>().join("\n")
}

fn command(row: &Row, root: &Path) -> String {
    let file = row.below(root).unwrap_or_else(|| row.file.clone());
    format!(
        "::{} file={},line={},col={},title={}::{}",
        level(row.severity),
        property(&file),
        row.line,
        row.column,
        property(&row.rule),
        data(&row.paragraph())
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_ends_the_command_or_the_property() {
        assert_eq!(data("50 %\nnext::x\r"), "50 %25%0Anext::x%0D");
        assert_eq!(property("a,b:c%\n"), "a%2Cb%3Ac%25%0A");
    }
}
