//! Columns of text, for terminals and pipes alike.

use console::measure_text_width;

/// What divides two columns. Cells have no two spaces in a row, so a program can split here.
const BETWEEN: &str = "  ";

/// Rows below their heading, each on one line, however wide the terminal is. So a name is
/// never broken, and `grep`, `cut` and `sort` find whole rows.
#[must_use]
pub fn columns<'a>(
    heading: impl IntoIterator<Item = &'a str>,
    rows: impl IntoIterator<Item = impl Into<Vec<String>>>,
) -> String {
    let rows = rows.into_iter().map(Into::into).collect::<Vec<_>>();
    let heading = heading.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let mut widths = vec![0; heading.len()];
    for row in std::iter::once(&heading).chain(&rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = measure_text_width(cell).max(*width);
        }
    }
    let lines = std::iter::once(&heading).chain(&rows);
    let lines = lines.map(|row| line(row, &widths));
    lines.collect::<Vec<_>>().join("\n")
}

fn line(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).map(|(cell, width)| {
        let missing = width.saturating_sub(measure_text_width(cell));
        format!("{cell}{}", " ".repeat(missing))
    });
    let line = cells.collect::<Vec<_>>().join(BETWEEN);
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "up to date"], ["größer", "2 pending"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        let expected = "Tenant  State\na       up to date\ngrößer  2 pending";
        assert_eq!(columns(["Tenant", "State"], rows), expected);
    }
}
