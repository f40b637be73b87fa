//! The line of a variable in `.env`, to show.

use crate::files;

/// The place of `name` in the nearest `.env`, as `.env:3`. The last line with the name counts. The
/// line is missing if another program changed the file in the meantime.
pub(crate) fn of(name: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let mut files = here.ancestors().map(|folder| folder.join(".env"));
    let Some(file) = files.find(|file| files::is_there(file)) else {
        return ".env".to_owned();
    };
    let shown = files::shown(&file);
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    match line(&text, name) {
        Some(line) => format!("{shown}:{line}"),
        None => shown,
    }
}

/// The last line that sets `name`, from 1.
fn line(text: &str, name: &str) -> Option<usize> {
    let sets = |line: &str| {
        let line = line.trim_start_matches('\u{feff}').trim_start();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let assigned = line.split_once('=');
        assigned.is_some_and(|(set, _)| set.trim() == name)
    };
    let lines = text.lines().enumerate().filter(|(_, line)| sets(line));
    lines.last().map(|(index, _)| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_that_sets_a_variable_counts() {
        let text = "# A=1\nA=1\n AB=2\nexport A = 3\nB=A=4\n";
        assert_eq!(line(text, "A"), Some(4));
        assert_eq!(line(text, "AB"), Some(3));
        assert_eq!(line(text, "C"), None);
        assert_eq!(line("\u{feff}A=1\r\n", "A"), Some(1));
    }
}
