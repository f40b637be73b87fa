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

/// The help of the program `name` fits on a screen of 80 columns and 40 lines, and `-h` is no
/// longer than `--help`.
#[track_caller]
pub fn assert_help_fits(name: &str) {
    let lines = |option: &str| {
        let help = Folder::new().run(&format!("{name} {option}")).succeeds();
        assert!(help.stdout.contains("Usage: "), "{help}");
        for line in help.stdout.lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
        let lines = help.stdout.lines().count();
        assert!(lines <= 40, "{lines} lines: {help}");
        lines
    };
    assert!(lines("-h") <= lines("--help"), "{name}");
}

/// The program `name` tells its name and `version`.
#[track_caller]
pub fn assert_tells_version(name: &str, version: &str) {
    let told = Folder::new().run(&format!("{name} --version")).succeeds();
    assert_eq!(told.stdout, format!("{name} {version}\n"));
}
