//! The words to avoid in what people read: messages, help, documents and public docs.
//!
//! Readers know the Rust book, the guides of Diesel and PostgreSQL's documentation. A word that
//! none of these would use makes them stop, so each has a plain one in its place.

use super::rust_text::production;
use super::{Repository, assert_none, repository::is_in_src, sources::contains_word};

/// Words and phrases, in small letters, and what to write.
const AVOIDED: &[(&[&str], &str)] = &[
    (&["mend", "mends", "mended"], "fix, repair"),
    (
        &["put right", "puts right", "set right", "sets right"],
        "fix, repair",
    ),
    (&["take away", "takes away", "taken away"], "drop, remove"),
    (&["that is there", "that are there"], "existing"),
    (
        &["somebody", "anybody", "everybody", "nobody", "whoever"],
        "name the thing: another session, no tenant, anyone who",
    ),
    (
        &["held against", "hold against", "holds against"],
        "compared with",
    ),
    (&["wholly"], "fully, atomic"),
    (&["for good"], "permanently"),
    (&["for ever"], "indefinitely"),
    (&["called otherwise"], "renamed"),
    (&["but for"], "except"),
    (&["meanwhile"], "while it runs"),
    (&["beforehand"], "in advance"),
    (&["so long", "so many"], "at most, as long as, as many as"),
    (
        &["of its own", "of their own", "of our own", "of your own"],
        "its own, separate",
    ),
    (&["comes late", "come late"], "is late"),
    (
        &["behaviour", "colour", "neighbour", "neighbours", "licence"],
        "the American spelling",
    ),
];

/// Labels of messages that no command prints any more: there are error, warning, note and hint.
const LABELS: &[&str] = &["to do:", "because:"];

#[test]
fn people_read_plain_words() {
    assert_none(
        &avoided(&Repository::this()),
        "write it with the words behind the arrow. Quote a text of others in backquotes.",
    );
}

fn avoided(repository: &Repository) -> Vec<String> {
    repository
        .texts()
        .flat_map(|(path, text)| {
            let lines = read_by_people(path, text).into_iter();
            lines.flat_map(move |(number, line)| {
                let found = words_in(&line).into_iter();
                found.map(move |(word, plain)| format!("{path}:{number}: {word} -> {plain}"))
            })
        })
        .collect()
}

/// The lines that people read, with their numbers from 1.
fn read_by_people(path: &str, text: &str) -> Vec<(usize, String)> {
    if path.ends_with(".rs") {
        return match is_in_src(path) {
            true => of_rust(production(text)),
            false => Vec::new(),
        };
    }
    match is_document(path) {
        true => of_markdown(text),
        false => Vec::new(),
    }
}

/// What users read. The changes of old versions, and what was decided once, stay as they are.
fn is_document(path: &str) -> bool {
    let is_history = path == "CHANGELOG.md" || path.starts_with("docs/decisions/");
    path.ends_with(".md") && !is_history
}

/// Documentation comments, and what is in quotation marks.
fn of_rust(source: &str) -> Vec<(usize, String)> {
    let lines = source.lines().map(str::trim_start).enumerate();
    let read = lines.filter_map(|(index, line)| {
        let is_documentation = line.starts_with("///") || line.starts_with("//!");
        // A string that goes on in the next line ends its line with a backslash.
        let is_message = !line.starts_with("//") && (line.contains('"') || line.ends_with('\\'));
        let read = match is_documentation {
            true => line.to_owned(),
            false => without_names(line),
        };
        (is_documentation || is_message).then(|| (index + 1, without_quotations(&read)))
    });
    read.collect()
}

/// The line without strings of a single word: names in a system, which are no prose.
fn without_names(line: &str) -> String {
    let pieces = line.split('"').collect::<Vec<_>>();
    let last = pieces.len() - 1;
    let is_name = |at: usize, piece: &str| {
        at % 2 == 1 && at < last && piece.chars().all(char::is_alphanumeric)
    };
    let prose = pieces.iter().enumerate();
    let prose = prose.map(|(at, piece)| if is_name(at, piece) { "" } else { piece });
    prose.collect::<Vec<_>>().join("\"")
}

/// Everything but blocks of code.
fn of_markdown(text: &str) -> Vec<(usize, String)> {
    let mut is_code = false;
    let mut read = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            read.push((index + 1, without_quotations(line)));
        }
    }
    read
}

/// The line without what is in backquotes: names in code, and texts of others.
fn without_quotations(line: &str) -> String {
    let outside = line.split('`').step_by(2).collect::<Vec<_>>();
    outside.join("` `").to_lowercase()
}

fn words_in(line: &str) -> Vec<(&'static str, &'static str)> {
    let words = AVOIDED
        .iter()
        .flat_map(|(words, plain)| words.iter().map(move |word| (*word, *plain)));
    let labels = LABELS
        .iter()
        .map(|label| (*label, "error:, warning:, note: or hint:"));
    let all = words.chain(labels);
    all.filter(|(word, _)| contains_word(line, word)).collect()
}

#[test]
fn the_rule_about_words_can_fail() {
    let avoided_words = AVOIDED.iter().flat_map(|(words, _)| words.iter());
    let mut page = avoided_words
        .clone()
        .map(|word| format!("It is {word}.\n"))
        .collect::<String>();
    page.push_str("```text\nnobody\n```\nThe crate says `nobody`, amended.\n");
    let source = "//! Whoever reads.\n// nobody\nconst USER: &str = \"nobody\";\nfn f() -> &'static str { \"mend it\" }\n\
                  const T: &str = \"to do: \\\n    meanwhile\";\n";
    let repository = Repository::of(&[
        ("README.md", &page),
        ("CHANGELOG.md", "Mended.\n"),
        ("crates/a/src/lib.rs", source),
        ("crates/a/tests/it/main.rs", "//! Nobody.\n"),
    ]);
    let findings = avoided(&repository);
    let of = |path: &str| {
        let of_path = findings.iter().filter(|it| it.starts_with(path));
        of_path.count()
    };
    assert_eq!(of("README.md"), avoided_words.count());
    assert_eq!(of("crates/a/src/lib.rs"), 4, "{findings:?}");
    assert_eq!(findings.len(), of("README.md") + of("crates/a/src/lib.rs"));
}
