//! The rule that the tests which the guide names exist.

use super::{Repository, assert_none};

const GUIDE: &str = "TENANT_SCHEMA_MIGRATION.md";

#[test]
fn each_guarantee_names_tests_that_exist() {
    assert_none(
        &missing(&Repository::this()),
        "correct the name of the test in the guide, or bring the test back: a promise that nothing \
         shows is none.",
    );
}

#[test]
fn the_rule_about_guarantees_can_fail() {
    let guide = "  - `core`: `drop::all_goes`\n  - `core`: `a::tests::is_gone`\n  - `core`: `b::tests::stays`\n  - `note`: text\n";
    let repository = Repository::of(&[
        (GUIDE, guide),
        ("crates/core/tests/it/drop.rs", "async fn all_goes() {}"),
        ("crates/core/src/a.rs", "fn is_gone_for_good() {}"),
        ("crates/core/src/b/tests.rs", "fn stays() {}"),
    ]);
    assert_eq!(
        missing(&repository),
        ["TENANT_SCHEMA_MIGRATION.md: core has no test a::tests::is_gone"]
    );
}

fn missing(repository: &Repository) -> Vec<String> {
    let Some(guide) = repository.text(GUIDE) else {
        return vec![format!("{GUIDE}: is not there")];
    };
    let named = guide.lines().filter_map(named_by);
    let missing = named.filter(|(package, test)| !exists(repository, package, test));
    missing
        .map(|(package, test)| format!("{GUIDE}: {package} has no test {test}"))
        .collect()
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
