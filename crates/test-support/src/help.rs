//! What every program says of itself.

use crate::Folder;

/// The whole help of the program `name`, to be compared with the one that was agreed.
#[track_caller]
#[must_use]
pub fn help_of(name: &str) -> String {
    let folder = Folder::new();
    let help = folder.run(&format!("{name} --help"));
    let help = help.succeeds().says_nothing();
    // Some of its empty lines end in spaces, which no text file here may.
    let lines = help.stdout.lines().map(str::trim_end);
    lines.collect::<Vec<_>>().join("\n")
}

/// The short help of the program `name` fits on a screen.
#[track_caller]
pub fn assert_short_help_fits(name: &str) {
    let help = Folder::new().run(&format!("{name} -h")).succeeds();
    assert!(help.stdout.lines().count() < 40, "{help}");
    assert!(help.stdout.contains("Usage: "), "{help}");
}

/// The program `name` tells its name and `version`.
#[track_caller]
pub fn assert_tells_version(name: &str, version: &str) {
    let told = Folder::new().run(&format!("{name} --version")).succeeds();
    assert_eq!(told.stdout, format!("{name} {version}\n"));
}
