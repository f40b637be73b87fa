//! Looks through a project's folder for migrations and for `schema.rs`.

use std::fs;
use std::path::Path;

/// How many folders deep.
const DEPTH: usize = 5;

/// How many folders at most: a project can be inside a huge one.
const MOST: usize = 5_000;

/// Folders that contain nothing of a project's own.
const SKIPPED: [&str; 6] = [
    "benches",
    "examples",
    "node_modules",
    "target",
    "tests",
    "vendor",
];

/// What was found: paths from the project's folder, sorted, with `/`.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Folders with migrations in them.
    pub(super) migrations: Vec<String>,
    /// Files with `table!` in them that are called like a `schema.rs`.
    pub(super) schemas: Vec<String>,
    visited: usize,
}

impl Walk {
    pub(super) fn through(project: &Path) -> Self {
        let mut walk = Self::default();
        walk.visit(project, "", 0);
        walk.migrations.sort();
        walk.schemas.sort();
        walk
    }

    fn visit(&mut self, folder: &Path, path: &str, depth: usize) {
        self.visited += 1;
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        if depth > DEPTH || self.visited > MOST {
            return;
        }
        let mut has_migrations = false;
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let below = entry.path();
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}/{name}")
            };
            // Links are not followed: they can lead back.
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_file() && is_schema(&name, &below) {
                self.schemas.push(path);
            } else if kind.is_dir() && below.join("up.sql").is_file() {
                has_migrations = true;
            } else if kind.is_dir() && !name.starts_with('.') && !SKIPPED.contains(&&*name) {
                self.visit(&below, &path, depth + 1);
            }
        }
        if has_migrations && !path.is_empty() {
            self.migrations.push(path.to_owned());
        }
    }
}

fn is_schema(name: &str, file: &Path) -> bool {
    let is_called_so = name.contains("schema") && name.ends_with(".rs");
    is_called_so && fs::read_to_string(file).is_ok_and(|text| text.contains("table! {"))
}
