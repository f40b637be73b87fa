//! Messages that are the result of a command, and so go to standard output.

/// The lines as one text. A message chooses its colors for standard error; they go if
/// standard output shows none.
pub(crate) fn text(lines: &[String]) -> String {
    let text = lines.join("\n");
    match console::colors_enabled() {
        true => text,
        false => console::strip_ansi_codes(&text).into_owned(),
    }
}
