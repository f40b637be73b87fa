//! The commands of the book's tutorials and how-to guides really run, and print what the
//! pages show.
//!
//! Each page runs in a Bash session of its own, in a new project folder and with an empty
//! database. [`page`] says which blocks of a page count, [`session`] runs them, and
//! [`compare`] knows what may vary. `UPDATE_BOOK=1` writes the real output into the pages where
//! it is another, `UPDATE_BOOK=all` also where only times and dates are others.
//! `BOOK_PAGE=how-to/drift` runs one page. Outputs of a command that should fail, or should
//! not, are never written.

mod compare;
mod page;
mod session;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use local_postgres::ThrowawayServer;
use test_support::{TestDatabase, own_server};
use tokio::task::JoinSet;

use self::page::{Outputs, Page};
use crate::support::repository;

/// The folders of the book whose commands run.
const FOLDERS: [&str; 2] = ["tutorials", "how-to"];

/// How many pages run at a time. Most of the time is the server's.
const AT_A_TIME: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_book_print_what_it_shows() {
    let server = Arc::new(own_server().start().unwrap());
    let mut waiting = pages();
    let mut running = JoinSet::new();
    let mut findings = Vec::new();
    while !waiting.is_empty() || !running.is_empty() {
        while running.len() < AT_A_TIME
            && let Some(page) = waiting.pop()
        {
            running.spawn(run(page, Arc::clone(&server)));
        }
        if let Some(ended) = running.join_next().await {
            findings.extend(ended.unwrap());
        }
    }
    findings.sort();
    assert!(
        findings.is_empty(),
        "\n\n{}\n\nIf the new output is right: \
         UPDATE_BOOK=1 cargo test -p diesel-tenants --test it -- book::\n",
        findings.join("\n")
    );
}

/// The pages that have commands to run.
fn pages() -> Vec<Page> {
    let only = std::env::var("BOOK_PAGE").ok();
    let folders = FOLDERS.map(|folder| book().join(folder));
    let files = folders
        .iter()
        .flat_map(|folder| folder.read_dir().unwrap())
        .map(|file| file.unwrap().path());
    let pages = files.map(|file| {
        let name = file.strip_prefix(book()).unwrap().with_extension("");
        Page::read(
            &name.display().to_string(),
            &fs::read_to_string(&file).unwrap(),
        )
    });
    let is_wanted = |page: &Page| only.as_deref().is_none_or(|only| page.name == only);
    pages
        .filter(|page| page.runs() && is_wanted(page))
        .collect()
}

fn book() -> PathBuf {
    repository().join("docs/book/src")
}

/// What is to be written, if anything is.
fn updates() -> Option<Outputs> {
    let wanted = std::env::var_os("UPDATE_BOOK")?;
    let is_all = wanted == "all";
    Some(if is_all {
        Outputs::All
    } else {
        Outputs::Different
    })
}

/// Runs one page; what is wrong with it.
async fn run(page: Page, server: Arc<ThrowawayServer>) -> Vec<String> {
    let database = TestDatabase::on(&server).await;
    let (url, name) = (database.url(), database.name().to_owned());
    let work = tokio::task::spawn_blocking(move || {
        let ended = session::run(&page, &url, &name);
        let mut findings = page.wrong_ends(&ended);
        if !findings.is_empty() {
            return findings;
        }
        match updates() {
            Some(which) => {
                let file = book().join(&page.name).with_extension("md");
                fs::write(file, page.with_outputs(&ended, which)).unwrap();
            }
            None => findings.extend(page.differences(&ended)),
        }
        findings
    });
    let findings = work.await.unwrap();
    drop(database);
    findings
}
