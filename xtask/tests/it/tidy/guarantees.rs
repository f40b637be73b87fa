//! The rules about the guarantees: the tests that they name exist, and the book shows
//! them all.

use std::{fmt::Write as _, fs, path::Path};

use super::{Repository, assert_none};

/// The source: a list of guarantees, each with its tests.
const LIST: &str = "docs/guarantees.md";
/// The page with the tables that are written from it.
const PAGE: &str = "docs/book/src/explanation/guarantees.md";
const BEGIN: &str = "<!-- tests: begin -->\n";
const END: &str = "<!-- tests: end -->\n";

#[test]
fn each_guarantee_names_tests_that_exist() {
    assert_none(
        &missing(&Repository::this()),
        "correct the name of the test in the list, or restore the test: a guarantee needs one.",
    );
}

#[test]
fn each_guarantee_has_a_test() {
    assert_none(
        &untested(&Repository::this()),
        "add the test below the guarantee: - `package`: `module::test`.",
    );
}

#[test]
fn the_book_shows_every_guarantee_with_its_tests() {
    let repository = Repository::this();
    let page = repository.text(PAGE).unwrap();
    let expected = page_with_tables(&repository).unwrap();
    if std::env::var_os("UPDATE_BOOK").is_some() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        fs::write(root.join(PAGE), expected).unwrap();
        return;
    }
    assert!(
        page == expected,
        "{PAGE} is out of date. Run `UPDATE_BOOK=1 cargo xtask tidy`."
    );
}

#[test]
fn the_rules_about_guarantees_can_fail() {
    let list = "## Drops\n\n- A drop drops\n  everything.\n  - `core`: `drop::all_goes`\n  \
                - `core`: `a::tests::is_gone`\n  - `core`: `b::tests::stays`\n  \
                - `note`: text\n- Nothing shows this.\n";
    let page = format!("# Page\n\n{BEGIN}old\n{END}after\n");
    let repository = Repository::of(&[
        (LIST, list),
        (PAGE, &page),
        ("crates/core/tests/it/drop.rs", "async fn all_goes() {}"),
        ("crates/core/src/a.rs", "fn is_gone_for_good() {}"),
        ("crates/core/src/b/tests.rs", "fn stays() {}"),
    ]);
    assert_eq!(
        missing(&repository),
        ["docs/guarantees.md: core has no test a::tests::is_gone"]
    );
    assert_eq!(
        untested(&repository),
        ["docs/guarantees.md: no test shows: Nothing shows this."]
    );
    let table = "\n### Drops\n\n| guarantee | tests |\n| --- | --- |\n| A drop drops everything. | \
                 `core`: `drop::all_goes`<br>`core`: `a::tests::is_gone`<br>`core`: \
                 `b::tests::stays` |\n| Nothing shows this. |  |\n\n";
    assert_eq!(
        page_with_tables(&repository).unwrap(),
        format!("# Page\n\n{BEGIN}{table}{END}after\n")
    );
}

/// One guarantee of the list.
struct Guarantee<'a> {
    section: &'a str,
    text: String,
    /// Packages, each with the path of a test.
    tests: Vec<(&'a str, &'a str)>,
}

fn guarantees(list: &str) -> Vec<Guarantee<'_>> {
    let mut section = "";
    let mut found: Vec<Guarantee<'_>> = Vec::new();
    for line in list.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading;
        } else if let Some(text) = line.strip_prefix("- ") {
            found.push(Guarantee {
                section,
                text: text.to_owned(),
                tests: Vec::new(),
            });
        } else if let (Some(test), Some(last)) = (named_by(line), found.last_mut()) {
            last.tests.push(test);
        } else if let (Some(rest), Some(last)) = (continuation(line), found.last_mut()) {
            last.text.push(' ');
            last.text.push_str(rest);
        }
    }
    found
}

/// A further line of a guarantee's text.
fn continuation(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("  ")?;
    (!rest.starts_with("- ")).then_some(rest)
}

fn list(repository: &Repository) -> Vec<Guarantee<'_>> {
    repository.text(LIST).map(guarantees).unwrap_or_default()
}

fn missing(repository: &Repository) -> Vec<String> {
    let guarantees = list(repository);
    if guarantees.is_empty() {
        return vec![format!("{LIST}: has no guarantees")];
    }
    let tests = guarantees.iter().flat_map(|guarantee| &guarantee.tests);
    let missing = tests.filter(|(package, test)| !exists(repository, package, test));
    missing
        .map(|(package, test)| format!("{LIST}: {package} has no test {test}"))
        .collect()
}

fn untested(repository: &Repository) -> Vec<String> {
    let guarantees = list(repository);
    let untested = guarantees.iter().filter(|it| it.tests.is_empty());
    untested
        .map(|guarantee| format!("{LIST}: no test shows: {}", guarantee.text))
        .collect()
}

/// The page, with tables of the list as it is now.
fn page_with_tables(repository: &Repository) -> Option<String> {
    let (before, rest) = repository.text(PAGE)?.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{}{END}{after}", tables(repository)))
}

fn tables(repository: &Repository) -> String {
    let mut text = String::from("\n");
    let mut section = "";
    for guarantee in list(repository) {
        if guarantee.section != section {
            section = guarantee.section;
            let space = if text.len() > 1 { "\n" } else { "" };
            let head = "| guarantee | tests |\n| --- | --- |";
            writeln!(text, "{space}### {section}\n\n{head}").unwrap();
        }
        let tests = guarantee.tests.iter();
        let tests: Vec<String> = tests
            .map(|(package, test)| format!("`{package}`: `{test}`"))
            .collect();
        let sentence = guarantee
            .text
            .replace("(book/src/explanation/guarantees.md#", "(#");
        writeln!(text, "| {sentence} | {} |", tests.join("<br>")).unwrap();
    }
    text.push('\n');
    text
}

/// A line such as ``  - `tenant-core`: `drop::a_name_is_free_again` ``: the
/// package, and the path of the test.
fn named_by(line: &str) -> Option<(&str, &str)> {
    let (package, test) = line.trim().strip_prefix("- `")?.split_once("`: `")?;
    Some((package, test.strip_suffix('`')?))
}

fn exists(repository: &Repository, package: &str, test: &str) -> bool {
    let (module, name) = test.rsplit_once("::").unwrap_or(("", test));
    // The tests of a module stand in its file, or in one of their own below it.
    let files = match module.strip_suffix("::tests") {
        Some(module) => {
            let module = module.replace("::", "/");
            vec![format!("src/{module}.rs"), format!("src/{module}/tests.rs")]
        }
        None => vec![format!("tests/it/{}.rs", module.replace("::", "/"))],
    };
    let texts = files.iter();
    let mut texts = texts.filter_map(|file| repository.text(&format!("crates/{package}/{file}")));
    texts.any(|text| text.contains(&format!("fn {name}(")))
}
