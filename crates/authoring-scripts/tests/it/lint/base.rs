//! Which migrations exist: what git says, and what happens where it says
//! nothing.

use std::path::Path;
use std::process::Command;

use test_support::Folder;

use super::{NEW, add, project};

/// Older than [`NEW`], newer than those of this project.
const OLDER: &str = "2030-01-01-000000_forgotten";

/// Runs git there, without what its user has configured.
fn git(folder: &Path, line: &str) {
    let status = Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.org"])
        .args(line.split(' '))
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .status()
        .unwrap();
    assert!(status.success(), "git {line}");
}

/// A repository whose only commit has [`NEW`].
fn repository() -> Folder {
    let folder = project();
    add(&folder, NEW, "SELECT 1;\n");
    // Not a migration, though it would be the newest.
    folder.file("migrations/tenant/README.md", "Ours.\n");
    git(folder.path(), "init --quiet");
    commit(&folder);
    folder
}

fn commit(folder: &Folder) {
    git(folder.path(), "add .");
    git(folder.path(), "commit --quiet --message change");
}

#[test]
fn a_migration_that_is_older_than_one_of_the_last_commit_is_found() {
    let folder = repository();
    folder
        .run("lint-migrations --verbose")
        .succeeds()
        .says("tenant: ")
        .says(" migrations in HEAD\n");
    add(&folder, OLDER, "SELECT 1;\n");
    add(&folder, "2032-01-01-000000_newer", "SELECT 1;\n");
    folder
        .run("lint-migrations")
        .exits_with(1)
        .prints(&format!(
            "error: not-newest: version 20300101000000 is older than the existing migration \
             20310101000000: existing databases would run this one last, new databases earlier\n  \
             --> migrations/tenant/{OLDER}/up.sql:1:1\n"
        ))
        .prints(": 1 error.\n");
}

#[test]
fn the_revision_to_compare_with_can_be_named() {
    let folder = repository();
    git(folder.path(), "branch old");
    add(&folder, OLDER, "SELECT 1;\n");
    commit(&folder);
    // Now it exists.
    folder.run("lint-migrations").succeeds();
    for revision in ["old", "HEAD~1"] {
        folder
            .run(&format!("lint-migrations --base {revision}"))
            .exits_with(1)
            .prints("not-newest: ");
    }
    let other_stream = folder.run("lint-migrations --base old --stream public");
    other_stream.succeeds();
}

#[test]
fn what_git_sets_for_a_hook_leads_nowhere_else() {
    let folder = repository();
    add(&folder, OLDER, "SELECT 1;\n");
    let command = folder
        .command("lint-migrations")
        .within("migrations/tenant");
    let command = command.env("GIT_DIR", ".git").env("GIT_WORK_TREE", ".");
    command.run().exits_with(1).prints("not-newest: ");
}

#[test]
fn a_project_below_the_top_of_its_repository_is_compared_too() {
    let outer = Folder::new();
    let inner = outer.path().join("services/shop");
    test_support::copy(repository().path(), &inner);
    std::fs::remove_dir_all(inner.join(".git")).unwrap();
    git(outer.path(), "init --quiet");
    commit(&outer);
    outer.file(
        &format!("services/shop/migrations/tenant/{OLDER}/up.sql"),
        "SELECT 1;\n",
    );
    let command = outer.command("lint-migrations").within("services/shop");
    command
        .run()
        .exits_with(1)
        .prints(&format!("\n  --> migrations/tenant/{OLDER}/up.sql:1:1\n"));
}

#[test]
fn a_revision_that_does_not_exist_is_wrong_use() {
    let folder = repository();
    for revision in ["nonsense", "HEAD~9", "^HEAD", "HEAD:migrations", "--all"] {
        folder
            .run(&format!("lint-migrations --base={revision}"))
            .exits_with(2)
            .prints_nothing()
            .says(&format!(
                "could not read the migrations of `{revision}` from git"
            ))
            .says(&format!("`{revision}` is not a commit of this repository"));
    }
    folder.run("lint-migrations --base=").exits_with(2);
}

#[test]
fn without_a_repository_or_a_commit_or_git_the_other_rules_are_asked() {
    let folder = project();
    let run = |path: Option<&str>| {
        let command = folder.command("lint-migrations --verbose");
        // Temporary folders may be in a repository: git is not to look there.
        let parent = folder.path().parent().unwrap().canonicalize().unwrap();
        let command = command.env("GIT_CEILING_DIRECTORIES", parent.to_str().unwrap());
        let command = match path {
            Some(path) => command.env("PATH", path),
            None => command,
        };
        command.run().succeeds()
    };
    run(None).says(
        "the rule `not-newest` was not checked: git reports: fatal: not a git \
                    repository",
    );
    run(Some("/nowhere")).says("the rule `not-newest` was not checked: could not start git");
    git(folder.path(), "init --quiet");
    run(None).says(
        "the rule `not-newest` was not checked: `HEAD` is not a commit of this \
                    repository",
    );
    // Nobody who did not ask for more is bothered with it.
    folder.run("lint-migrations").succeeds().says_nothing();
    folder.run("lint-migrations --base main").exits_with(2);
}

#[test]
fn of_a_folder_outside_the_repository_nothing_is_known() {
    let folder = repository();
    let elsewhere = project();
    add(&elsewhere, OLDER, "SELECT 1;\n");
    let run = |line: &str| {
        let command = folder.command(line).arg("--migrations-dir");
        command.arg(elsewhere.path().join("migrations")).run()
    };
    run("lint-migrations --verbose")
        .succeeds()
        .says("the rule `not-newest` was not checked: the folder ")
        .says(" is outside the project's repository");
    run("lint-migrations --base HEAD")
        .exits_with(2)
        .prints_nothing()
        .says("could not read the migrations of `HEAD` from git");
}
