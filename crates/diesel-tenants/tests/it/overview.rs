//! `tenants` without a subcommand, and with one that it does not have.

use serde_json::Value;
use test_support::{Folder, assert_tells_version};

use crate::support::{Project, SUBCOMMANDS, repository};

#[test]
fn without_a_subcommand_it_shows_all_of_them_in_groups() {
    let overview = Folder::new().run("tenants").exits_with(2).prints_nothing();
    for heading in ["Tenants:", "Migrations:", "Checks:", "Project:"] {
        assert!(overview.stderr.contains(heading), "{overview}");
    }
    let starts = |name: &str, line: &str| line.trim_start().starts_with(&format!("{name} "));
    for name in SUBCOMMANDS {
        let lines = overview.stderr.lines().filter(|line| starts(name, line));
        assert_eq!(lines.count(), 1, "{name}: {overview}");
    }
    for line in overview.stderr.lines() {
        assert!(line.len() <= 80, "{line}");
    }
}

#[test]
fn it_tells_its_name_and_version() {
    assert_tells_version("tenants", env!("CARGO_PKG_VERSION"));
}

#[test]
fn an_unknown_subcommand_is_met_with_the_one_that_is_meant() {
    let folder = Folder::new();
    for (word, meant) in [
        ("creat", "create"),
        ("create-tenant", "create"),
        ("db:migrate:tenants", "migrate"),
        ("health-check", "health"),
        ("lst", "list"),
    ] {
        let refused = folder.run(&format!("tenants {word} acme")).exits_with(2);
        let refused = refused.prints_nothing();
        refused
            .says(&format!("error: unrecognized subcommand `{word}`\n"))
            .says(&format!("hint: A similar subcommand exists: `{meant}`.\n"));
    }
    let refused = folder.run("tenants reset").exits_with(2);
    assert!(!refused.stderr.contains("similar"), "{refused}");
}

#[test]
fn wrong_use_is_one_document_in_json() {
    let folder = Folder::new();
    for line in [
        "tenants --json",
        "tenants creat --json",
        "tenants create --json",
        "tenants migrate --public --only acme --json",
    ] {
        let refused = folder.run(line).exits_with(2);
        let document = refused.json();
        assert!(document["error"]["message"].is_string(), "{refused}");
        assert!(document["error"]["hint"].is_string(), "{refused}");
        assert_eq!(document["error"]["sqlstate"], Value::Null, "{refused}");
    }
}

#[test]
fn a_url_in_the_wrong_place_is_not_repeated() {
    let folder = Folder::new();
    folder.file("migrations/tenant/.keep", "");
    for line in [
        "tenants postgres://ann:s3cret@h/d",
        "tenants list postgres://ann:s3cret@h/d",
        "tenants create postgres://ann:s3cret@h/d",
        "tenants drop postgres://ann:s3cret@h/d --yes --json",
    ] {
        let refused = folder.run(line).exits_with(2).conceals("s3cret");
        refused.says("an argument that looks like a database URL is out of place");
    }
}

#[tokio::test]
async fn common_options_may_stand_before_the_subcommand() {
    let project = Project::set_up().await;
    let listed = project.run("--json list").succeeds();
    assert_eq!(listed.json()["tenants"], serde_json::json!([]));
    project
        .run("--quiet create acme")
        .succeeds()
        .prints_nothing();
    let elsewhere = Project::set_up().await;
    let before = elsewhere.folder.command("tenants --database-url");
    before
        .arg(project.url())
        .arg("list")
        .run()
        .succeeds()
        .prints("acme");
}

/// A command that comes is to be had under both names.
#[test]
fn every_command_of_this_repository_is_a_subcommand() {
    let known = diesel_tenants::GROUPS.iter();
    let known = known.flat_map(|group| group.subcommands);
    let known = known.map(|one| one.runs()).collect::<Vec<_>>().concat();
    for package in ["tenant-scripts", "authoring-scripts", "studio-scripts"] {
        let bins = repository().join("crates").join(package).join("src/bin");
        for file in bins.read_dir().unwrap() {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            // It knows the tables of this repository.
            let is_demo = name == "demo-tenant-schema";
            assert!(is_demo || known.contains(&name.to_owned()), "{name}");
        }
    }
}
