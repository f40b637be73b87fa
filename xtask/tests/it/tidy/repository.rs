//! The files the rules apply to.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Paths from the root, with `/` between components, and their texts. Files
/// that are not UTF-8 text have none.
pub(super) struct Repository {
    files: BTreeMap<String, Option<String>>,
}

impl Repository {
    /// This repository: what is tracked, and what is new and not ignored.
    pub(super) fn this() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let paths = listed_by_git(root).unwrap_or_else(|| walked(root));
        assert!(
            paths.len() > 10,
            "only {} files found below {}",
            paths.len(),
            root.display()
        );
        let files = paths.into_iter().filter_map(|path| {
            let bytes = fs::read(root.join(&path)).ok()?;
            Some((path, text_of(bytes)))
        });
        Self {
            files: files.collect(),
        }
    }

    /// A made-up repository.
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let own = |(path, text): &(&str, &str)| ((*path).to_owned(), Some((*text).to_owned()));
        Self {
            files: files.iter().map(own).collect(),
        }
    }

    /// All paths.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// All files that are text, with their texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// All Rust files, with their texts.
    pub(super) fn rust_sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(|(path, _)| path.ends_with(".rs"))
    }

    /// The text of one file.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Whether there is such a file, or a folder with files in it.
    pub(super) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let folder = format!("{path}/");
        path.is_empty()
            || self.files.contains_key(path)
            || self.paths().any(|file| file.starts_with(&folder))
    }
}

/// The folders of the crates' sources that end up in programs.
pub(super) fn is_in_src(path: &str) -> bool {
    let of_a_crate = ["crates/", "examples/"]
        .iter()
        .find_map(|folder| path.strip_prefix(folder))
        .and_then(|rest| rest.split_once('/'));
    path.starts_with("xtask/src/")
        || path.starts_with("benches/src/")
        || of_a_crate.is_some_and(|(_, rest)| rest.starts_with("src/"))
}

fn text_of(bytes: Vec<u8>) -> Option<String> {
    let is_binary = bytes.contains(&0);
    String::from_utf8(bytes).ok().filter(|_| !is_binary)
}

fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let list = String::from_utf8(output.stdout).ok()?;
    Some(list.split_terminator('\0').map(str::to_owned).collect())
}

/// For a copy without Git: everything except what builds and servers leave.
fn walked(root: &Path) -> Vec<String> {
    const LEFT_BEHIND: &[&str] = &[".git", ".postgres", ".env", "target"];
    let mut folders = vec![PathBuf::new()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            if LEFT_BEHIND.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else {
                files.push(path.display().to_string());
            }
        }
    }
    files
}

#[test]
fn git_and_a_walk_find_the_same_sources() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let sources = |paths: Vec<String>| {
        let mut sources: Vec<String> = paths
            .into_iter()
            .filter(|path| is_in_src(path) && path.ends_with(".rs") && root.join(path).exists())
            .collect();
        sources.sort();
        sources
    };
    if let Some(listed) = listed_by_git(root) {
        assert_eq!(sources(listed), sources(walked(root)));
    }
}

#[test]
fn a_source_folder_is_told_from_tests_and_from_nested_folders() {
    assert!(is_in_src("crates/tenant-core/src/sql.rs"));
    assert!(is_in_src("xtask/src/main.rs"));
    assert!(is_in_src("benches/src/main.rs"));
    assert!(is_in_src("examples/task-service/src/main.rs"));
    assert!(!is_in_src("examples/src/main.rs"));
    assert!(!is_in_src("crates/tenant-core/tests/it/main.rs"));
    assert!(!is_in_src("crates/tenant-core/tests/src/main.rs"));
    assert!(!is_in_src("src/main.rs"));
}
