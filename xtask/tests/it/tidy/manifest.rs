//! Reading as much of a `Cargo.toml` as the rules need.

use std::collections::BTreeSet;

use super::Repository;

/// The manifest of one crate of the workspace.
pub(super) struct Manifest<'a> {
    /// Its path.
    pub(super) path: &'a str,
    text: &'a str,
}

/// The manifests of all crates, which stand in `crates/*`, `examples/*`, `benches` and
/// `xtask`.
pub(super) fn all(repository: &Repository) -> Vec<Manifest<'_>> {
    let texts = repository.texts();
    let of_a_crate = texts.filter(|(path, _)| {
        path.ends_with("/Cargo.toml")
            && (path.split('/').count() == 3
                && (path.starts_with("crates/") || path.starts_with("examples/"))
                || matches!(*path, "benches/Cargo.toml" | "xtask/Cargo.toml"))
    });
    of_a_crate
        .map(|(path, text)| Manifest { path, text })
        .collect()
}

impl<'a> Manifest<'a> {
    /// The folder of the crate.
    pub(super) fn folder(&self) -> &'a str {
        self.path.trim_end_matches("/Cargo.toml")
    }

    /// The name of the crate.
    pub(super) fn name(&self) -> &'a str {
        let name = self.entries("package").find(|(key, _)| *key == "name");
        name.map_or(self.folder(), |(_, value)| value.trim_matches('"'))
    }

    /// Whether it is for the registry.
    pub(super) fn is_published(&self) -> bool {
        self.entries("package")
            .any(|entry| entry == ("publish", "true"))
    }

    /// Whether `section` says anything of `key`.
    pub(super) fn has(&self, section: &str, key: &str) -> bool {
        self.entries(section).any(|(name, _)| name == key)
    }

    /// Whether `key` of `section` is taken from the workspace.
    pub(super) fn inherits(&self, section: &str, key: &str) -> bool {
        let dotted = format!("{key}.workspace");
        self.entries(section).any(|(name, value)| {
            name == dotted && value == "true"
                || name == key && value.replace(' ', "") == "{workspace=true}"
        })
    }

    /// Whether the whole section is `workspace = true`.
    pub(super) fn inherits_section(&self, section: &str) -> bool {
        self.entries(section)
            .any(|entry| entry == ("workspace", "true"))
    }

    /// The crates it depends on outside its tests, under their real names.
    pub(super) fn dependencies(&self) -> BTreeSet<&'a str> {
        let mut names = BTreeSet::new();
        for (section, key, value) in self.lines() {
            let Some(name) = dependency(section, key) else {
                continue;
            };
            let renamed = value
                .split_once("package")
                .filter(|_| value.starts_with('{'));
            let renamed = renamed.and_then(|(_, rest)| rest.split('"').nth(1));
            names.insert(if key == "package" {
                value.trim_matches('"')
            } else {
                name
            });
            names.extend(renamed);
        }
        names
    }

    fn entries(&self, section: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let entries = self
            .lines()
            .into_iter()
            .filter(move |(name, ..)| *name == section);
        entries.map(|(_, key, value)| (key, value))
    }

    /// Every `key = value` with the name of its section.
    fn lines(&self) -> Vec<(&'a str, &'a str, &'a str)> {
        let mut section = "";
        let mut lines = Vec::new();
        for line in self
            .text
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with('#'))
        {
            if let Some(name) = line.strip_prefix('[') {
                section = name.trim_end_matches(']');
            } else if let Some((key, value)) = line.split_once('=') {
                lines.push((section, key.trim(), value.trim()));
            }
        }
        lines
    }
}

/// The dependency an entry is about: `[dependencies] name = ...`, or any entry
/// of `[dependencies.name]`; also of one target and for build scripts.
fn dependency<'a>(section: &'a str, key: &'a str) -> Option<&'a str> {
    for kind in ["build-dependencies", "dependencies"] {
        if section == kind
            || section.starts_with("target.") && section.ends_with(&format!(".{kind}"))
        {
            return key.split('.').next().map(|name| name.trim_matches('"'));
        }
        if let Some((before, name)) = section.split_once(&format!("{kind}."))
            && (before.is_empty() || before.starts_with("target.") && before.ends_with('.'))
        {
            return Some(name);
        }
    }
    None
}

#[test]
fn every_way_to_write_a_dependency_is_read() {
    let repository = Repository::of(&[(
        "crates/a/Cargo.toml",
        "[package]\nname = \"real-name\"\nversion.workspace = true\nedition = { workspace = true }\n\
         license = \"MIT\"\n\n[lints]\nworkspace = true\n\n\
         [dependencies]\none.workspace = true\ntwo = \"2\"\nthree = { package = \"four\" }\n\
         # none = \"1\"\n\n[dependencies.five]\nversion = \"5\"\n\n\
         [build-dependencies]\nsix = \"6\"\n\n[target.'cfg(unix)'.dependencies]\nseven = \"7\"\n\n\
         [dev-dependencies]\neight = \"8\"\n\n[target.x.dev-dependencies]\nnine = \"9\"\n",
    )]);
    let manifests = all(&repository);
    let manifest = &manifests[0];
    let names = ["five", "four", "one", "seven", "six", "three", "two"];
    assert_eq!(manifest.dependencies(), BTreeSet::from(names));
    assert_eq!(manifest.name(), "real-name");
    assert!(manifest.inherits("package", "version"));
    assert!(manifest.inherits("package", "edition"));
    assert!(!manifest.inherits("package", "license"));
    assert!(manifest.inherits_section("lints"));
}
