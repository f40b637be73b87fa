//! Telling code from comments and literals in a Rust source, so that a rule
//! about calls is not broken by a sentence about them.

/// What a piece of a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// What the compiler executes.
    Code,
    /// What only people read.
    Comment,
    /// The inside of strings and characters, quotes included.
    Literal,
}

/// `source` with everything but `layer` replaced by spaces. Line breaks stay,
/// so that lines keep their numbers.
pub(super) fn only(layer: Layer, source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    for (piece, of) in pieces(source) {
        let keep = |c: char| if of == layer || c == '\n' { c } else { ' ' };
        text.extend(piece.chars().map(keep));
    }
    text
}

/// The string literals of `source`, without quotes.
pub(super) fn strings(source: &str) -> Vec<&str> {
    pieces(source)
        .into_iter()
        .filter(|(piece, layer)| *layer == Layer::Literal && piece.ends_with(['"', '#']))
        .map(|(piece, _)| piece.trim_start_matches(['b', 'c', 'r']).trim_matches('#'))
        .map(|quoted| &quoted[1..quoted.len() - 1])
        .collect()
}

/// The part of a source that ends up in a program: all before its unit tests,
/// which stand last.
pub(super) fn production(source: &str) -> &str {
    let code = only(Layer::Code, source);
    let code: Vec<&str> = code.lines().map(str::trim).collect();
    let opens_tests = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ");
    match code.windows(2).position(opens_tests) {
        None => source,
        Some(number) => {
            let before = source.split_inclusive('\n').take(number);
            &source[..before.map(str::len).sum()]
        }
    }
}

fn pieces(source: &str) -> Vec<(&str, Layer)> {
    let mut pieces = Vec::new();
    let mut rest = source;
    let mut previous = ' ';
    while let Some(first) = rest.chars().next() {
        let in_word = previous.is_alphanumeric() || previous == '_';
        let (length, layer) = token(rest, in_word).unwrap_or((first.len_utf8(), Layer::Code));
        let (piece, after) = rest.split_at(length);
        previous = piece.chars().next_back().unwrap_or(' ');
        pieces.push((piece, layer));
        rest = after;
    }
    pieces
}

/// The comment or literal `rest` begins with, if any.
fn token(rest: &str, in_word: bool) -> Option<(usize, Layer)> {
    if rest.starts_with("//") {
        return Some((rest.find('\n').unwrap_or(rest.len()), Layer::Comment));
    }
    if rest.starts_with("/*") {
        return Some((block_comment(rest), Layer::Comment));
    }
    let literal = if in_word {
        quoted(rest)
    } else {
        raw_string(rest).or_else(|| quoted(rest))
    };
    literal.map(|length| (length, Layer::Literal))
}

/// The length of a block comment; they nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of `r"..."`, `br#"..."#` and so on.
fn raw_string(rest: &str) -> Option<usize> {
    let after_r = rest.trim_start_matches(['b', 'c']).strip_prefix('r')?;
    let hashes = after_r.len() - after_r.trim_start_matches('#').len();
    let body = after_r[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = rest.len() - body.len();
    Some(
        body.find(&end)
            .map_or(rest.len(), |at| start + at + end.len()),
    )
}

/// The length of a string, or of a character, which a lifetime is not.
fn quoted(rest: &str) -> Option<usize> {
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut characters = rest.char_indices().skip(1);
    if quote == '\'' {
        let (_, first) = characters.clone().next()?;
        let (_, second) = characters.clone().nth(1)?;
        if first != '\\' && second != '\'' {
            return None;
        }
    }
    while let Some((at, c)) = characters.next() {
        if c == '\\' {
            characters.next();
        } else if c == quote {
            return Some(at + 1);
        }
    }
    Some(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r###"fn f<'a>(x: &'a str) { // call()
    let c = '"'; call("a // \" call()", r#"call() " "#, b"x", '\'');
    /* call() /* nested */ still */ var("b") }
"###;

    #[test]
    fn code_is_what_remains_without_comments_and_literals() {
        let code = only(Layer::Code, SOURCE);
        assert_eq!(code.matches("call(").count(), 1, "{code}");
        assert!(code.contains("fn f<'a>(x: &'a str) {"), "{code}");
        assert!(code.contains("var("), "{code}");
        assert_eq!(code.lines().count(), SOURCE.lines().count());
    }

    #[test]
    fn literals_are_found_with_their_text() {
        assert_eq!(
            strings(SOURCE),
            [r#"a // \" call()"#, "call() \" ", "x", "b"]
        );
    }

    #[test]
    fn comments_are_found_to_their_end() {
        let comments = only(Layer::Comment, SOURCE);
        assert!(comments.contains("// call()\n"), "{comments}");
        assert!(comments.contains("/* nested */ still */"), "{comments}");
        assert!(!comments.contains("var"), "{comments}");
    }

    #[test]
    fn unit_tests_are_not_production() {
        let source = "fn f() {} // \u{e9}\n\n#[cfg(test)]\nmod tests {\n    call();\n}\n";
        assert_eq!(production(source), "fn f() {} // \u{e9}\n\n");
        let quoted = "const X: &str = \"\n#[cfg(test)]\nmod tests\n\";\n";
        assert_eq!(production(quoted), quoted);
        let import = "#[cfg(test)]\nuse x;\nfn f() {}\n";
        assert_eq!(production(import), import);
    }
}
