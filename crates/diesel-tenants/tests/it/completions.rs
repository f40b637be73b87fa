//! Completions for the shell.

use std::process::Stdio;

use test_support::Folder;

use crate::support::SUBCOMMANDS;

#[test]
fn completions_name_every_subcommand() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = folder.run(&format!("tenants completions {shell}"));
        let script = script.succeeds().says_nothing();
        for name in SUBCOMMANDS.iter().chain(&["names-from", "public"]) {
            assert!(script.stdout.contains(name), "{shell}: {name}");
        }
    }
}

#[test]
fn bash_takes_the_completions() {
    let folder = Folder::new();
    let script = folder.run("tenants completions bash").succeeds();
    let script = folder.file("completions.bash", &script.stdout);
    let completed = std::process::Command::new("bash")
        .args([
            "--norc",
            "-c",
            "source \"$1\" && complete -p tenants",
            "bash",
        ])
        .arg(&script)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8(completed.stdout).unwrap();
    assert!(told.starts_with("complete "), "{told}");
}
