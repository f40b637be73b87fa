//! The book builds, without a warning.

use std::fs;
use std::path::{Path, PathBuf};

use mdbook_driver::MDBook;

/// Where the book is built: `cargo xtask book` says so, too.
fn built() -> PathBuf {
    book().join("../../target/book")
}

fn book() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/book")
}

#[test]
fn the_book_builds_with_every_page_of_its_summary() {
    MDBook::load(book()).unwrap().build().unwrap();
    let summary = fs::read_to_string(book().join("src/SUMMARY.md")).unwrap();
    let pages = summary.split("](").skip(1);
    let pages = pages.filter_map(|rest| rest.split_once(".md)"));
    let pages = pages.map(|(page, _)| built().join(page).with_extension("html"));
    let pages = pages.collect::<Vec<_>>();
    assert!(pages.len() > 40, "{} pages", pages.len());
    for page in pages {
        let html = fs::read_to_string(&page).unwrap();
        assert!(html.contains("<h1"), "{} has no title", page.display());
        // mdBook only logs that a file which a page includes does not exist.
        let is_whole = !html.contains("{{#include");
        assert!(is_whole, "{} includes a missing file", page.display());
    }
}

/// A page whose code is not named in `src/lib.rs` would compile nothing.
#[test]
fn every_page_with_rust_code_is_compiled() {
    let compiled = include_str!("../../src/lib.rs");
    let folders = ["tutorials", "how-to"].map(|folder| book().join("src").join(folder));
    let pages = folders.iter().flat_map(|folder| folder.read_dir().unwrap());
    for page in pages.map(|page| page.unwrap().path()) {
        let has_code = fs::read_to_string(&page).unwrap().contains("```rust");
        let name = page.file_name().unwrap().to_str().unwrap();
        let is_compiled = compiled.contains(&format!("/{name}\")]"));
        assert_eq!(
            has_code, is_compiled,
            "{name}: see crates/book-checks/src/lib.rs"
        );
    }
}
