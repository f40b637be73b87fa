//! The rule that public types of the libraries can grow without a break.

use super::{Repository, assert_none, rust_text};

/// The libraries that applications depend on.
const LIBRARIES: [&str; 5] = [
    "local-postgres",
    "sql-text",
    "tenant-core",
    "tenant-path",
    "tenant-testing",
];

/// Types that users write down or match on in full, and why they may.
const COMPLETE: [(&str, &str); 7] = [
    ("At", "a tenant is at a version or at none"),
    ("MigrationFile", "Diesel has two files"),
    (
        "Migrations",
        "there are two streams, and both are written down",
    ),
    ("Options", "it is written with `..Default::default()`"),
    ("Referred", "who reads references decides on each kind"),
    ("Settings", "it is written with `..Default::default()`"),
    ("Token", "users make tokens from tokens"),
];

#[test]
fn public_types_of_the_libraries_can_grow() {
    assert_none(
        &that_cannot_grow(&Repository::this()),
        "write `#[non_exhaustive]` above it, and a constructor if users must make one. If it can \
         never grow, name it in xtask/tests/it/tidy/growing.rs with the reason.",
    );
}

fn that_cannot_grow(repository: &Repository) -> Vec<String> {
    let is_of_library = |path: &str| {
        let mut libraries = LIBRARIES.iter();
        libraries.any(|name| path.starts_with(&format!("crates/{name}/src/")))
    };
    let sources = repository.rust_sources();
    let sources = sources.filter(|(path, _)| is_of_library(path) && !path.contains("/bin/"));
    let found = sources.flat_map(|(path, text)| {
        let names = complete_types(rust_text::production(text)).into_iter();
        let names = names.filter(|name| COMPLETE.iter().all(|(known, _)| known != name));
        names.map(move |name| format!("{path}: {name} cannot grow"))
    });
    found.collect()
}

/// The enums, and the structs with public fields, that are not marked.
fn complete_types(text: &str) -> Vec<&str> {
    let lines = text.lines().collect::<Vec<_>>();
    let starts = lines.iter().enumerate();
    let found = starts.filter_map(|(at, line)| {
        let is_enum = line.starts_with("pub enum ");
        let rest = line
            .strip_prefix("pub enum ")
            .or_else(|| line.strip_prefix("pub struct "))?;
        let name = rest.split(|c: char| !c.is_alphanumeric()).next()?;
        let body = lines.get(at + 1..)?.iter().take_while(|line| **line != "}");
        let has_field =
            line.ends_with('{') && body.clone().any(|line| line.starts_with("    pub "));
        let attributes = lines.get(..at)?.iter().rev();
        let mut attributes = attributes.take_while(|line| !line.is_empty() && **line != "}");
        let is_marked = attributes.any(|line| *line == "#[non_exhaustive]");
        ((is_enum || has_field) && !is_marked).then_some(name)
    });
    found.collect()
}

#[test]
fn a_public_type_that_cannot_grow_is_found() {
    let text = "/// A.\n#[derive(Debug)]\npub enum A {\n    One,\n}\n\n#[non_exhaustive]\npub enum B {\n    \
                One,\n}\n\npub struct C {\n    pub field: u8,\n}\n\npub struct D {\n    field: u8,\n}\n\n\
                pub struct E(u8);\n";
    assert_eq!(complete_types(text), ["A", "C"]);
    let repository = Repository::of(&[
        ("crates/tenant-core/src/a.rs", text),
        ("crates/command-line/src/a.rs", text),
    ]);
    assert_eq!(that_cannot_grow(&repository).len(), 2);
}
