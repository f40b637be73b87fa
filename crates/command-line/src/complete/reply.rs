//! How each shell is answered.

use clap_complete::engine::CompletionCandidate;

use super::line::{Line, Quote};

/// One on a line, quoted. Bash replaces `replaced`, the part of the word behind the last of
/// the letters at which it cuts words; a quote that was opened stays on the line.
pub(super) fn bash(found: &[CompletionCandidate], line: &Line, replaced: Option<&str>) -> String {
    let kept = replaced.and_then(|replaced| line.raw.strip_suffix(replaced));
    let kept = kept.unwrap_or_default();
    // The opening quote itself is on the line, and is no part of the value.
    let kept = Line::read(&format!(": {kept}"), ":", |_| None);
    let kept = kept.map(|kept| kept.current).unwrap_or_default();
    let replies = found.iter().filter_map(|one| {
        let value = one.get_value().to_str()?;
        let rest = value.strip_prefix(kept.as_str())?;
        let is_home = kept.is_empty() && line.raw.starts_with("~/");
        Some(match rest.strip_prefix('~').filter(|_| is_home) {
            Some(rest) => format!("~{}\n", quoted(rest, line.quote)),
            None => format!("{}\n", closed(quoted(rest, line.quote), line.quote)),
        })
    });
    replies.collect()
}

/// The same with the closing quote, if it ends with one that belongs to the value: bash
/// would take that for the closing one, and add none.
fn closed(text: String, quote: Quote) -> String {
    match quote {
        Quote::Single if text.ends_with('\'') => text + "'",
        Quote::Double if text.ends_with('"') => text + "\"",
        _ => text,
    }
}

/// `text` as bash reads it inside `quote`.
fn quoted(text: &str, quote: Quote) -> String {
    let is_special = |letter: char| match quote {
        Quote::None => letter.is_ascii() && !is_plain(letter),
        Quote::Single => letter == '\'',
        Quote::Double => "\\\"$`!".contains(letter),
    };
    let mut quoted = String::with_capacity(text.len());
    for letter in text.chars() {
        match (is_special(letter), quote) {
            (false, _) => {}
            (true, Quote::Single) => {
                quoted.push_str(r"'\''");
                continue;
            }
            // Inside double quotes bash would look it up in its history, and keep a backslash.
            (true, Quote::Double) if letter == '!' => {
                quoted.push_str("\"'!'\"");
                continue;
            }
            (true, _) => quoted.push('\\'),
        }
        quoted.push(letter);
    }
    quoted
}

/// Whether no shell gives it a meaning.
fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_-./:@%+,=".contains(letter)
}

/// `value:help` on a line, as zsh's `_describe` takes it. Zsh quotes what it inserts.
pub(super) fn zsh(found: &[CompletionCandidate]) -> String {
    let lines = found.iter().filter_map(|one| {
        let value = one.get_value().to_str()?;
        let value = value.replace('\\', r"\\").replace(':', r"\:");
        Some(match help(one) {
            Some(help) => format!("{value}:{}\n", help.replace('\\', r"\\")),
            None => format!("{value}\n"),
        })
    });
    lines.collect()
}

/// The value, a tabulator and the help on a line, as fish takes it. Fish quotes what it
/// inserts.
pub(super) fn with_help(found: &[CompletionCandidate]) -> String {
    let lines = found.iter().filter_map(|one| {
        let value = one.get_value().to_str()?;
        Some(match help(one) {
            Some(help) => format!("{value}\t{help}\n"),
            None => format!("{value}\n"),
        })
    });
    lines.collect()
}

/// The values, one on a line.
pub(super) fn plain(found: &[CompletionCandidate]) -> String {
    let values = found.iter().filter_map(|one| one.get_value().to_str());
    values.map(|value| format!("{value}\n")).collect()
}

/// The first line of its help.
fn help(one: &CompletionCandidate) -> Option<String> {
    let help = one.get_help()?.to_string();
    help.lines().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replies(text: &str, replaced: &str, value: &str) -> String {
        let line = Line::read(text, "tenants", |_| None).unwrap();
        let found = [CompletionCandidate::new(value)];
        bash(&found, &line, Some(replaced))
            .trim_end_matches('\n')
            .to_owned()
    }

    #[test]
    fn bash_is_answered_with_what_it_replaces() {
        for (text, replaced, value, reply) in [
            ("tenants drop a", "a", "acme", "acme"),
            ("tenants drop ", "", "my shop", r"my\ shop"),
            (r"tenants drop my\ s", r"my\ s", "my shop", r"my\ shop"),
            ("tenants drop 'my s", "my s", "my shop's", r"my shop'\''s"),
            ("tenants drop \"my s", "my s", "my $hop", r"my \$hop"),
            ("tenants drop \"sa", "sa", "say \"hi\"", "say \\\"hi\\\"\""),
            ("tenants drop \"wo", "wo", "wow!5", "wow\"'!'\"5"),
            ("tenants drop \"wo", "wo", "wow!", "wow\"'!'\"\""),
            ("tenants drop wo", "wo", "wow!5", r"wow\!5"),
            ("tenants drop 'wo", "wo", "wow!5", "wow!5"),
            ("tenants drop eu:a", "a", "eu:acme", "acme"),
            ("tenants migrate --only=ac", "ac", "--only=acme", "acme"),
            ("tenants drop ", "", "a*b", r"a\*b"),
            ("tenants --config ~/x", "~/x", "~/x y", r"~/x\ y"),
            ("tenants drop h", "h", "héllo", "héllo"),
        ] {
            assert_eq!(replies(text, replaced, value), reply, "{text}");
        }
    }

    #[test]
    fn zsh_does_not_take_a_colon_in_a_name_for_the_help() {
        let found = [CompletionCandidate::new("eu:a").help(Some("x: y".into()))];
        assert_eq!(zsh(&found), "eu\\:a:x: y\n");
    }
}
