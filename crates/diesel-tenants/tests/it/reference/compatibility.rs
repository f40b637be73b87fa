//! Versions and features, as the manifests have them.

use std::fs;

use super::page::Page;
use crate::support::{Project, repository};

#[tokio::test]
async fn the_page_of_compatibility_has_the_supported_servers() {
    let version = Project::new().await.run("version --json").succeeds().json();
    let servers = &version["postgresql"];
    let row = format!("{} to {}", servers["oldest"], servers["newest"]);
    let rows = Page::read("compatibility").rows("servers");
    assert!(rows.contains_key(&row), "{row}: {rows:?}");
}

#[test]
fn the_page_of_compatibility_has_the_oldest_compiler_of_each_crate() {
    let workspace = key(&manifest("Cargo.toml"), "rust-version").unwrap();
    let rows = Page::read("compatibility").rows("compilers");
    let mut seen = 0;
    for row in rows.values() {
        for name in named(&row[0]) {
            let Some(manifest) = manifest_of(&name) else {
                continue;
            };
            let own = key(&manifest, "rust-version");
            assert_eq!(own.unwrap_or_else(|| workspace.clone()), row[1], "{name}");
            seen += 1;
        }
    }
    assert!(seen > 5, "{rows:?}");
}

#[test]
fn the_page_of_compatibility_has_the_oldest_version_of_each_library() {
    let workspace = manifest("Cargo.toml");
    let rows = Page::read("compatibility").rows("libraries");
    for row in rows.values() {
        for name in named(&row[0]) {
            let line = workspace
                .lines()
                .find(|line| line.starts_with(&format!("{name} = ")));
            let line = line.unwrap_or_else(|| panic!("{name} is no dependency"));
            let versions = line.split('"').nth(1).unwrap();
            let oldest = versions.trim_start_matches(['>', '=', '~']);
            let oldest = oldest.split(',').next().unwrap().trim_end_matches(".0");
            assert!(
                row[1].starts_with(oldest),
                "{name}: {versions}, not {}",
                row[1]
            );
        }
    }
}

#[test]
fn the_page_of_compatibility_has_features_that_exist() {
    let page = Page::read("compatibility");
    let block = page.block("features");
    let mut seen = 0;
    for line in block.lines().filter(|line| line.contains('`')) {
        let cells = line.trim_matches('|').split('|').map(str::trim);
        let [package, features, default, ..] = cells.collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let manifest = manifest_of(package.trim_matches('`')).unwrap();
        let (_, list) = manifest.split_once("[features]").unwrap();
        let defaults = list.lines().find(|line| line.starts_with("default = "));
        for feature in named(features) {
            let is_feature = list
                .lines()
                .any(|line| line.starts_with(&format!("{feature} = ")));
            assert!(is_feature, "{package} has no feature {feature}");
            let is_default = defaults.is_some_and(|it| it.contains(&format!("\"{feature}\"")));
            assert_eq!(default == "on", is_default, "{package}: {feature}");
            seen += 1;
        }
    }
    assert!(seen > 5, "{block}");
}

/// The words in backquotes.
fn named(cell: &str) -> Vec<String> {
    let words = cell.split('`').skip(1).step_by(2);
    words.map(str::to_owned).collect()
}

fn manifest(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap()
}

fn manifest_of(package: &str) -> Option<String> {
    let path = repository().join("crates").join(package).join("Cargo.toml");
    fs::read_to_string(path).ok()
}

/// A key of a manifest with its value in quotes.
fn key(manifest: &str, key: &str) -> Option<String> {
    let start = format!("{key} = \"");
    let line = manifest
        .lines()
        .find_map(|line| line.strip_prefix(&start))?;
    Some(line.trim_end_matches('"').to_owned())
}
