//! Sessions that somebody ends in the middle of their work, as an administrator or
//! a proxy does. Their tenants fail and stay as they were; the run goes on, and
//! says exactly which.

use test_support::{Trials, rounds};

use crate::support::{Finished, Site, cut_off, named, names};

const TENANTS: usize = 20;

/// The run has told the truth: it failed exactly for those tenants that are not
/// done. A run that could not even begin has done nothing.
fn assert_truth(trials: &mut Trials, run: Finished, done: &[String], left: &[String]) {
    let document = run.json();
    trials.count("tenants failed", left.len());
    if document["error"].is_object() {
        trials.count("runs that could not begin", 1);
        let none: [&str; 0] = [];
        assert_eq!(done, none, "{run}");
        run.fails();
        return;
    }
    assert_eq!(named(&document, "failed"), left, "{run}");
    assert_eq!(document["failed"], left.len(), "{run}");
    let mut told = named(&document, "created");
    told.extend(named(&document, "migrated"));
    assert_eq!(told, done, "{run}");
    let mut spares = document["spares"].as_array().into_iter().flatten();
    let failed = !left.is_empty() || spares.any(|spare| spare["status"] == "failed");
    run.exits_with(i32::from(failed));
}

#[tokio::test]
async fn a_create_whose_sessions_are_ended_reports_exactly_the_tenants_it_did_not_make() {
    let site = Site::new().await;
    site.run(&site.template, "spare-tenants 3").succeeds();
    let names = names(TENANTS);
    let create = |names: &[String]| format!("create-tenant {} --json", names.join(" "));
    let mut trials = Trials::of("create-tenant, cut off");
    let whole = site.time(&create(&names)).await;
    for _ in 0..rounds(2, 20) {
        let database = site.template.copy().await;
        let run = site.command(&database, &create(&names));
        let run = cut_off(&mut trials, &database, run, whole).await;
        site.look(&database, &mut trials, "after it was cut off")
            .await;
        let made = database.tracked().await;
        let left = names.iter().filter(|name| !made.contains(name));
        let left = left.cloned().collect::<Vec<_>>();
        assert_truth(&mut trials, run, &made, &left);
        if !left.is_empty() {
            site.run(&database, &create(&left)).succeeds();
        }
        site.look(&database, &mut trials, "after the rerun").await;
        site.ends_well(&database, &names).await;
    }
    trials.end();
}

#[tokio::test]
async fn a_migration_whose_sessions_are_ended_reports_exactly_the_tenants_that_stayed() {
    let site = Site::new().await;
    let names = names(TENANTS);
    let create = format!("create-tenant {}", names.join(" "));
    site.template.run(&create).succeeds();
    site.template.run("spare-tenants 2").succeeds();
    let mut trials = Trials::of("migrate-tenants, cut off");
    let whole = site.time("migrate-tenants").await;
    for _ in 0..rounds(2, 20) {
        let database = site.template.copy().await;
        let run = site.command(&database, "migrate-tenants --json");
        let run = cut_off(&mut trials, &database, run, whole).await;
        site.look(&database, &mut trials, "after it was cut off")
            .await;
        let (done, left) = site.split(&database).await;
        assert_truth(&mut trials, run, &done, &left);
        site.run(&database, "migrate-tenants").succeeds();
        site.look(&database, &mut trials, "after the rerun").await;
        site.ends_well(&database, &names).await;
    }
    trials.end();
}
