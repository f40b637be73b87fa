//! What `--help` says.

use test_support::{Folder, assert_help_fits, help_of};

use crate::support::SUBCOMMANDS;

#[test]
fn every_help_is_as_it_was_agreed() {
    insta::assert_snapshot!("tenants", help_of("tenants"));
    for name in SUBCOMMANDS {
        insta::assert_snapshot!(name, help_of(&format!("tenants {name}")));
    }
}

#[test]
fn every_help_fits_on_a_screen() {
    assert_help_fits("tenants");
    for name in SUBCOMMANDS {
        assert_help_fits(&format!("tenants {name}"));
    }
}

/// The examples at the end of a help are commands that the program accepts.
#[test]
fn examples_are_commands() {
    let mut examples = 0;
    for name in SUBCOMMANDS {
        let help = help_of(&format!("tenants {name}"));
        let Some((_, lines)) = help.split_once("\nExamples:\n") else {
            continue;
        };
        for line in lines.lines() {
            let call = line.trim_start().split("  ").next().unwrap();
            assert!(call.starts_with(&format!("tenants {name}")), "{line}");
            let words = call.split(' ').skip(1).map(|word| word.trim_matches('\''));
            let command = diesel_tenants::command();
            let matched = command.try_get_matches_from(["tenants"].into_iter().chain(words));
            assert!(matched.is_ok(), "{call}: {matched:?}");
            examples += 1;
        }
    }
    assert!(examples > 20, "{examples}");
}

/// The programs and aliases of this repository are not there for users of this one.
#[test]
fn no_help_speaks_of_another_program_of_this_repository() {
    let others = others();
    for name in SUBCOMMANDS {
        let help = help_of(&format!("tenants {name}"));
        assert!(!help.contains("xtask"), "{name}: {help}");
        assert!(!help.contains("compiled in"), "{name}: {help}");
        for other in &others {
            assert!(!help.contains(other), "{name} speaks of {other}");
        }
    }
}

fn others() -> Vec<String> {
    let crates = crate::support::repository().join("crates");
    let bins = ["tenant-scripts", "authoring-scripts", "studio-scripts"];
    let files = bins.map(|package| crates.join(package).join("src/bin").read_dir().unwrap());
    let names = files.into_iter().flatten().map(|file| {
        let path = file.unwrap().path();
        path.file_stem().unwrap().to_str().unwrap().to_owned()
    });
    // These are subcommands too, or commands of the Diesel CLI.
    let names = names.filter(|name| {
        ![
            "accept-edits",
            "completions",
            "json-schema",
            "studio",
            "print-schema",
        ]
        .contains(&&**name)
    });
    let names = names.collect::<Vec<_>>();
    assert!(names.len() > 15, "{names:?}");
    names
}

#[test]
fn help_is_a_subcommand_as_well() {
    let folder = Folder::new();
    let help = folder.run("tenants help migrate").succeeds();
    assert_eq!(help.stdout, folder.run("tenants migrate --help").stdout);
}
