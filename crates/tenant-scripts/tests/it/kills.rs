//! Runs that are killed: `kill -9`, at any moment. The server finishes what it
//! was sent, or forgets it; a tenant is whole either way, and the same command
//! does the rest.

use test_support::{OUR_VERSIONS, Trials, rounds};

use crate::support::{Site, named, names};

/// How many tenants a run has to do with: more than it works on at a time.
const TENANTS: usize = 12;

/// Counts a run that was hit after some tenants and before others.
fn count_middle(trials: &mut Trials, done: usize) {
    let middle = (1..TENANTS).contains(&done);
    trials.count("between two tenants", usize::from(middle));
}

#[tokio::test]
async fn a_create_that_is_killed_leaves_whole_tenants_and_a_rerun_makes_the_others() {
    let site = Site::new().await;
    site.run(&site.template, "spare-tenants 3").succeeds();
    let names = names(TENANTS);
    let line = format!("create-tenant {} --json", names.join(" "));
    let mut trials = Trials::of("create-tenant, killed");
    let whole = site.time(&line).await;
    for _ in 0..rounds(4, 50) {
        let database = site.template.copy().await;
        site.kill(&mut trials, &database, &line, whole).await;
        site.look(&database, &mut trials, "after the kill").await;
        let made = database.tracked().await;
        count_middle(&mut trials, made.len());

        let rerun = site.run(&database, &line);
        let rerun = rerun.exits_with(i32::from(!made.is_empty()));
        let document = rerun.json();
        assert_eq!(named(&document, "failed"), made, "{rerun}");
        assert_eq!(named(&document, "created").len(), TENANTS - made.len());
        for name in &made {
            let exists = format!("\"tenant `{name}` already exists\"");
            assert!(rerun.stdout.contains(&exists), "{rerun}");
        }
        site.look(&database, &mut trials, "after the rerun").await;
        site.ends_well(&database, &names).await;
    }
    trials.end();
}

#[tokio::test]
async fn a_migration_that_is_killed_leaves_whole_tenants_and_a_rerun_does_the_others() {
    let site = Site::new().await;
    let names = names(TENANTS);
    let create = format!("create-tenant {}", names.join(" "));
    site.template.run(&create).succeeds();
    site.template.run("spare-tenants 2").succeeds();
    let mut trials = Trials::of("migrate-tenants, killed");
    let whole = site.time("migrate-tenants").await;
    for _ in 0..rounds(4, 50) {
        let database = site.template.copy().await;
        site.kill(&mut trials, &database, "migrate-tenants", whole)
            .await;
        site.look(&database, &mut trials, "after the kill").await;
        let (done, behind) = site.split(&database).await;
        count_middle(&mut trials, done.len());

        let rerun = site.run(&database, "migrate-tenants --json").succeeds();
        let document = rerun.json();
        assert_eq!(named(&document, "up_to_date"), done, "{rerun}");
        assert_eq!(named(&document, "migrated"), behind, "{rerun}");
        site.look(&database, &mut trials, "after the rerun").await;
        site.ends_well(&database, &names).await;
    }
    trials.end();
}

#[tokio::test]
async fn a_run_with_a_transaction_for_each_migration_is_killed_between_two_of_them() {
    const LINE: &str = "migrate-tenants --transaction migration";
    let site = Site::step_by_step().await;
    let names = names(TENANTS);
    let create = format!("create-tenant {}", names.join(" "));
    site.template.run(&create).succeeds();
    site.template.run("spare-tenants 2").succeeds();
    let mut trials = Trials::of("migrate-tenants --transaction migration, killed");
    let whole = site.time(LINE).await;
    for _ in 0..rounds(4, 50) {
        let database = site.template.copy().await;
        site.kill(&mut trials, &database, LINE, whole).await;
        site.look(&database, &mut trials, "after the kill").await;
        let (done, behind) = site.split(&database).await;
        count_middle(&mut trials, done.len());
        let newest = "SELECT count(DISTINCT version) FROM schema_tracker";
        let versions = database.value(newest).await.parse::<usize>().unwrap();
        trials.count("tenants between two versions", usize::from(versions > 2));

        let rerun = site.run(&database, &format!("{LINE} --json")).succeeds();
        let document = rerun.json();
        assert_eq!(named(&document, "up_to_date"), done, "{rerun}");
        assert_eq!(named(&document, "migrated"), behind, "{rerun}");
        site.look(&database, &mut trials, "after the rerun").await;
        site.ends_well(&database, &names).await;
    }
    trials.end();
}

#[tokio::test]
async fn a_rollback_that_is_killed_leaves_whole_tenants_and_a_rerun_reverts_the_others() {
    let site = Site::new().await;
    let names = names(TENANTS);
    let create = format!("create-tenant {}", names.join(" "));
    site.run(&site.template, &create).succeeds();
    site.run(&site.template, "spare-tenants 2").succeeds();
    let line = format!("rollback-tenants --to {} --yes", OUR_VERSIONS[1]);
    let mut trials = Trials::of("rollback-tenants, killed");
    let whole = site.time(&line).await;
    for _ in 0..rounds(4, 50) {
        let database = site.template.copy().await;
        site.kill(&mut trials, &database, &line, whole).await;
        site.look(&database, &mut trials, "after the kill").await;
        let (newer, reverted) = site.split(&database).await;
        count_middle(&mut trials, reverted.len());

        let rerun = site.run(&database, &format!("{line} --json"));
        let document = rerun.succeeds().json();
        assert_eq!(named(&document, "up_to_date"), reverted, "{document}");
        assert_eq!(named(&document, "reverted"), newer, "{document}");
        site.look(&database, &mut trials, "after the rerun").await;
        database.run("health-check").succeeds();
        site.run(&database, "migrate-tenants").succeeds();
        site.ends_well(&database, &names).await;
    }
    trials.end();
}

#[tokio::test]
async fn a_drop_that_is_killed_leaves_the_tenant_whole_or_gone_and_a_rerun_drops_it() {
    let site = Site::new().await;
    let count = rounds(4, 50);
    let mut names = names(count + 1);
    let create = format!("create-tenant {}", names.join(" "));
    site.run(&site.template, &create).succeeds();
    let mut trials = Trials::of("drop-tenant, killed");
    let database = site.template.copy().await;
    let whole = site.time(&format!("drop-tenant {} --yes", names[0])).await;
    for _ in 0..count {
        let name = names.remove(0);
        let line = format!("drop-tenant {name} --yes");
        site.kill(&mut trials, &database, &line, whole).await;
        site.look(&database, &mut trials, "after the kill").await;

        let is_gone = !database.tracked().await.contains(&name);
        trials.count("tenants gone", usize::from(is_gone));
        let rerun = site.run(&database, &line);
        if is_gone {
            let words = format!("there is no tenant `{name}`");
            rerun.exits_with(2).says(&words);
        } else {
            rerun.succeeds();
        }
        site.look(&database, &mut trials, "after the rerun").await;
        site.ends_well(&database, &names).await;
    }
    trials.end();
}

#[tokio::test]
async fn a_clone_that_is_killed_leaves_a_whole_tenant_or_none_and_a_rerun_makes_it() {
    let site = Site::new().await;
    site.run(&site.template, "create-tenant acme").succeeds();
    let line = "clone-tenant acme copy";
    let both = ["acme".to_owned(), "copy".to_owned()];
    let mut trials = Trials::of("clone-tenant, killed");
    let whole = site.time(line).await;
    for _ in 0..rounds(4, 50) {
        let database = site.template.copy().await;
        site.kill(&mut trials, &database, line, whole).await;
        site.look(&database, &mut trials, "after the kill").await;

        let is_made = database.tracked().await == both;
        trials.count("clones made", usize::from(is_made));
        let rerun = site.run(&database, line);
        if is_made {
            rerun.exits_with(1).says("tenant `copy` already exists");
        } else {
            rerun.succeeds();
        }
        site.look(&database, &mut trials, "after the rerun").await;
        let rows = "SELECT count(*) FROM acme.invoices_1 JOIN copy.invoices_1 USING (id, cents)";
        assert_eq!(database.value(rows).await, "20");
        site.ends_well(&database, &both).await;
    }
    trials.end();
}

#[tokio::test]
async fn a_rename_that_is_killed_leaves_a_whole_tenant_of_one_name_and_a_rerun_ends_it() {
    let site = Site::new().await;
    site.run(&site.template, "create-tenant acme").succeeds();
    let line = "rename-tenant acme acme_inc";
    let renamed = ["acme_inc".to_owned()];
    let mut trials = Trials::of("rename-tenant, killed");
    let whole = site.time(line).await;
    for _ in 0..rounds(4, 50) {
        let database = site.template.copy().await;
        site.kill(&mut trials, &database, line, whole).await;
        site.look(&database, &mut trials, "after the kill").await;

        let is_renamed = database.tracked().await == renamed;
        trials.count("tenants renamed", usize::from(is_renamed));
        let rerun = site.run(&database, line);
        if is_renamed {
            rerun.exits_with(2).says("there is no tenant `acme`");
        } else {
            rerun.succeeds();
        }
        site.look(&database, &mut trials, "after the rerun").await;
        site.ends_well(&database, &renamed).await;
    }
    trials.end();
}
