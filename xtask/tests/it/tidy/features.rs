//! The rule that the programs and the tests take the same builds of their dependencies.
//!
//! Cargo builds a dependency once for each set of features that it is asked for. What
//! the tests ask for beyond the programs is asked for by `workspace-hack` as well.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use super::assert_none;

/// The packages whose programs are run from day to day. That of the studio is not
/// among them: the tests drive a browser, with the other half of its web library.
const PROGRAMS: [&str; 3] = ["authoring-scripts", "fleet-bench", "tenant-scripts"];

/// What cargo is to tell of each package in a tree.
const FORMAT: &str = "{p}|{f}";

#[test]
fn the_programs_and_the_tests_share_every_build_of_a_dependency() {
    let of_all = cargo_tree(&["--workspace", "--edges", "normal,build,dev"]);
    let all = packages(&of_all);
    for program in PROGRAMS {
        let of_program = cargo_tree(&["--package", program, "--edges", "normal,build"]);
        assert_none(
            &built_again(&packages(&of_program), &all),
            &format!(
                "name these features in crates/workspace-hack/Cargo.toml; seen with `cargo tree \
                 --package {program} --format '{FORMAT}'`."
            ),
        );
    }
}

/// Each package from a registry with the sets of features it is built with.
type Builds<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

fn packages(tree: &str) -> Builds<'_> {
    let mut builds = Builds::new();
    for line in tree.lines() {
        let line = line.trim_end_matches(" (*)");
        // Those of the workspace have their folder in the line.
        if let Some((package, features)) = line.split_once('|')
            && !package.contains("(/")
        {
            builds.entry(package).or_default().insert(features);
        }
    }
    builds
}

fn built_again(program: &Builds<'_>, all: &Builds<'_>) -> Vec<String> {
    let mut findings = Vec::new();
    for (package, sets) in program {
        let known = all.get(package).cloned().unwrap_or_default();
        let other = sets.difference(&known);
        findings.extend(other.map(|features| {
            let known = known.iter().copied().collect::<Vec<_>>().join(" or ");
            format!("{package}: built with [{features}], and for the tests with [{known}]")
        }));
    }
    findings
}

fn cargo_tree(arguments: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let cargo = std::env::var_os("CARGO").unwrap();
    let told = Command::new(cargo)
        .args(["tree", "--locked", "--prefix", "none", "--format", FORMAT])
        .args(arguments)
        .current_dir(root)
        .output()
        .unwrap();
    assert!(
        told.status.success(),
        "{}",
        String::from_utf8_lossy(&told.stderr)
    );
    String::from_utf8(told.stdout).unwrap()
}

/// What an installed program must not need: a library of the system, or tables of this
/// repository.
const NOT_INSTALLED: [&str; 5] = [
    "openssl-sys",
    "pq-sys",
    "schema-public",
    "schema-tenant",
    "tenant-scripts",
];

#[test]
fn the_program_to_install_needs_no_library_of_the_system_and_no_table_of_this_repository() {
    let tree = cargo_tree(&["--package", "diesel-tenants", "--edges", "normal,build"]);
    let names = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let names = names.collect::<BTreeSet<_>>();
    assert!(names.contains("tenant-core"), "{tree}");
    let found = NOT_INSTALLED.iter().filter(|name| names.contains(**name));
    assert_none(
        &found
            .map(|name| format!("diesel-tenants needs {name}"))
            .collect::<Vec<_>>(),
        "see with `cargo tree --package diesel-tenants --invert NAME` what asks for it.",
    );
}

#[test]
fn the_program_can_be_built_without_a_server_of_its_own() {
    let arguments = ["--no-default-features", "--edges", "normal,build"];
    let without = cargo_tree(&[&["--package", "diesel-tenants"], &arguments[..]].concat());
    let with = cargo_tree(&["--package", "diesel-tenants", "--edges", "normal,build"]);
    let has_server = |tree: &str| tree.lines().any(|line| line.starts_with("local-postgres "));
    assert!(has_server(&with), "{with}");
    assert!(
        !has_server(&without),
        "see with `cargo tree --package diesel-tenants --no-default-features --invert \
         local-postgres` what asks for it"
    );
}

#[test]
fn a_feature_that_only_the_tests_ask_for_is_found() {
    let all = packages("a v1.0.0|std\nb v1.0.0|alloc,std\nours v0.1.0 (/home/x/ours)|\n");
    let same = packages("a v1.0.0|std\nb v1.0.0|alloc,std (*)\nours v0.1.0 (/home/x/ours)|x\n");
    assert_eq!(built_again(&same, &all), Vec::<String>::new());
    let other = packages("a v1.0.0|std\nb v1.0.0|std\n");
    assert_eq!(
        built_again(&other, &all),
        ["b v1.0.0: built with [std], and for the tests with [alloc,std]"]
    );
}
