//! The reference is what the program says. `UPDATE_BOOK=1` writes it anew.

mod codes;
mod commands;
mod compatibility;
mod events;
mod json;
mod page;
mod printed;
mod schemas;
mod settings;
mod tables;

use std::fs;
use std::path::PathBuf;

use crate::support::repository;

/// Compares a file of the repository with what the code says, or writes it.
#[track_caller]
fn is_as_the_code_says(file: &str, expected: &str) {
    let path: PathBuf = repository().join(file);
    if std::env::var_os("UPDATE_BOOK").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, expected).unwrap();
        return;
    }
    let present = fs::read_to_string(path).unwrap_or_default();
    assert!(
        present == expected,
        "{file} is not what the code says. Run `cargo xtask reference`."
    );
}
