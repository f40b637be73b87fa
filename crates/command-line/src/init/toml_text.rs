//! Values as TOML writes them.

/// A string. One with backslashes or quotes stays as it is, if that can be written.
pub(super) fn string(text: &str) -> String {
    let is_hard = |c: char| c == '\\' || c == '"';
    if text.contains(is_hard) && !text.contains(|c: char| c == '\'' || c.is_control()) {
        return format!("'{text}'");
    }
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '\\' | '"' => {
                quoted.push('\\');
                quoted.push(c);
            }
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A list of strings.
pub(super) fn list(texts: &[String]) -> String {
    let texts = texts.iter().map(|text| string(text));
    format!("[{}]", texts.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_reads_what_was_written() {
        for text in [
            "plain",
            "it's",
            "a \"b\"",
            r"^\d+$",
            "both ' and \" and \\",
            "line\nbreak\u{1}",
            "grün",
            "",
        ] {
            let document = format!("a = {}\nb = {}\n", string(text), list(&[text.to_owned()]));
            let read: toml::Table = toml::from_str(&document).unwrap();
            assert_eq!(read["a"].as_str().unwrap(), text, "{document}");
            assert_eq!(read["b"][0].as_str().unwrap(), text, "{document}");
        }
    }
}
