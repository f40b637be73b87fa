//! What `--help` says.

use test_support::help_of;

const BINS: [&str; 3] = ["generate-migration", "lint-migrations", "print-schema"];

#[test]
fn every_help_is_as_it_was_agreed() {
    for name in BINS {
        insta::assert_snapshot!(name, help_of(name));
    }
}
