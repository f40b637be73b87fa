//! What `--help` says, and completions for the shell.

use std::process::Stdio;

use test_support::{Folder, assert_help_fits, assert_tells_version, help_of};

/// The programs of this package.
const BINS: [&str; 4] = ["completions", "json-schema", "man-pages", "studio"];

#[test]
fn every_help_is_as_it_was_agreed() {
    for name in BINS {
        insta::assert_snapshot!(name, help_of(name));
    }
}

#[test]
fn every_help_fits_on_a_screen() {
    for name in BINS {
        assert_help_fits(name);
    }
}

#[test]
fn every_command_tells_its_name_and_version() {
    for name in BINS {
        assert_tells_version(name, env!("CARGO_PKG_VERSION"));
    }
}

/// The names of all commands that completions are for.
fn all() -> Vec<String> {
    let commands = tenant_scripts::entry::commands();
    let names = commands.iter().map(|command| command.get_name().to_owned());
    names.chain(BINS.map(str::to_owned)).collect()
}

#[test]
fn completions_name_every_command() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = folder
            .run(&format!("completions {shell}"))
            .succeeds()
            .says_nothing();
        for name in all() {
            assert!(
                script.stdout.contains(&name),
                "{shell} does not know {name}"
            );
        }
    }
    folder
        .run("completions cmd")
        .exits_with(2)
        .says("[possible values: bash");
    folder
        .run("completions")
        .exits_with(2)
        .says("required arguments were not provided");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let folder = Folder::new();
    let command = folder.command("completions bash").output_to(writer);
    command.run().succeeds();
}

#[test]
fn bash_takes_the_completions_and_completes_every_command() {
    let folder = Folder::new();
    let script = folder.run("completions bash").succeeds();
    let script = folder.file("completions.bash", &script.stdout);
    for name in all() {
        let completed = std::process::Command::new("bash")
            .args([
                "--norc",
                "-c",
                "source \"$1\" && complete -p \"$2\"",
                "bash",
            ])
            .arg(&script)
            .arg(&name)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let told = String::from_utf8(completed.stdout).unwrap();
        assert!(told.starts_with("complete "), "{name}: {told}");
    }
}

#[test]
fn completions_are_one_document_in_json() {
    let folder = Folder::new();
    folder.run("completions bash --json").succeeds().json();
}
