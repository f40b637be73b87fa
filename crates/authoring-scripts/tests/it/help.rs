//! What `--help` says.

use test_support::Folder;

const BINS: [&str; 3] = ["generate-migration", "lint-migrations", "print-schema"];

#[test]
fn every_help_is_as_it_was_agreed() {
    let folder = Folder::new();
    for name in BINS {
        let help = folder
            .run(&format!("{name} --help"))
            .succeeds()
            .says_nothing();
        // Some of its empty lines end in spaces, which no text file here may.
        let lines = help.stdout.lines().map(str::trim_end);
        insta::assert_snapshot!(name, lines.collect::<Vec<_>>().join("\n"));
    }
}
