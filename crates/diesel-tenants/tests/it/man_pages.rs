//! The manual pages.

use std::process::{Command, Stdio};

use test_support::{Folder, say_not_run};

use crate::support::SUBCOMMANDS;

#[test]
fn every_subcommand_has_a_page_that_names_its_options() {
    let folder = Folder::new();
    folder
        .run("tenants man pages/man1")
        .succeeds()
        .prints("to pages/man1.")
        .says_nothing();
    for name in SUBCOMMANDS {
        let page = page(&folder, &format!("tenants-{name}.1"));
        let line = format!("tenants\\-{} \\- ", name.replace('-', "\\-"));
        assert!(page.contains(&line), "{name}: {page}");
        assert!(page.contains("\\-\\-json"), "{name}: {page}");
        assert!(page.contains(".SH \"EXIT STATUS\""), "{name}: {page}");
    }
    let overview = page(&folder, "tenants.1");
    for name in SUBCOMMANDS {
        let related = format!("\\fBtenants\\-{}\\fR(1)", name.replace('-', "\\-"));
        assert!(overview.contains(&related), "{name}: {overview}");
    }
}

#[test]
fn the_pages_are_the_same_each_time() {
    let folder = Folder::new();
    let pages = || {
        folder.run("tenants man pages").succeeds();
        SUBCOMMANDS.map(|name| std::fs::read(path(&folder, name)).unwrap())
    };
    assert!(pages() == pages());
}

#[test]
fn the_document_names_the_pages() {
    let folder = Folder::new();
    let document = folder.run("tenants man pages --json").succeeds().json();
    assert_eq!(document["folder"], "pages");
    let pages = document["pages"].as_array().unwrap();
    assert!(pages.len() > SUBCOMMANDS.len(), "{pages:?}");
    for page in pages {
        let page = folder.path().join("pages").join(page.as_str().unwrap());
        assert!(page.is_file(), "{}", page.display());
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = Folder::new();
    folder.file("pages", "a file\n");
    folder
        .run("tenants man pages")
        .fails()
        .prints_nothing()
        .says("could not write pages");
}

#[test]
fn groff_reads_the_pages_without_a_warning() {
    let folder = Folder::new();
    folder.run("tenants man pages").succeeds();
    for entry in folder.path().join("pages").read_dir().unwrap() {
        let page = entry.unwrap().path();
        let mut command = Command::new("groff");
        command.args(["-man", "-Tutf8", "-ww", "-z"]).arg(&page);
        let Ok(read) = command.stdin(Stdio::null()).output() else {
            return say_not_run("there is no groff");
        };
        let told = String::from_utf8_lossy(&read.stderr);
        assert!(
            read.status.success() && told.is_empty(),
            "{}: {told}",
            page.display()
        );
    }
}

fn page(folder: &Folder, name: &str) -> String {
    std::fs::read_to_string(folder.path().join("pages/man1").join(name)).unwrap()
}

fn path(folder: &Folder, name: &str) -> std::path::PathBuf {
    folder.path().join(format!("pages/tenants-{name}.1"))
}
