//! What is applied where, and what the health check finds.

use tenant_core::Remedy;
use tenant_core::remedy::Command;
use tenant_studio::{Options, Remedies};
use test_support::OUR_VERSIONS;

use crate::browser::Site;

const FORM: &str = "application/x-www-form-urlencoded";

/// As a program says it that has commands of its own.
fn words(remedies: &[Remedy]) -> Option<String> {
    let words = remedies.iter().filter_map(|remedy| match remedy {
        Remedy::Command(Command::MigrateTenant(name)) => Some(format!("Try `app up {name}`.")),
        Remedy::Command(Command::RepairTenant(name)) => Some(format!("Try `app fix <{name}>`.")),
        Remedy::Command(Command::DropTenant(name)) => Some(format!("Try `app forget {name}`.")),
        _ => None,
    });
    Some(words.collect::<String>())
}

/// globex lacks the newest migration; acme has one that nobody knows.
async fn differing() -> Site {
    let site = Site::with(Options {
        remedies: Remedies::new(words),
        ..Options::default()
    })
    .await;
    let changes = format!(
        "DELETE FROM globex.__diesel_schema_migrations WHERE version = '{}'; \
         UPDATE public.schema_tracker SET fingerprints = '{{}}'; \
         INSERT INTO acme.__diesel_schema_migrations (version) VALUES ('29990101000000'); \
         INSERT INTO public.schema_tracker (name) VALUES ('lost')",
        OUR_VERSIONS[1]
    );
    site.database.execute(&changes).await;
    site
}

#[tokio::test]
async fn each_migration_says_how_many_tenants_have_it_and_which_lack_it() {
    let site = differing().await;
    let page = site.page("/migrations").await;
    let newest = page.split_once(&format!("<td class=\"mono\">{}</td>", OUR_VERSIONS[1]));
    let (_, counts) = newest.unwrap();
    let expected = "<td class=\"number\">1</td><td class=\"number\">\
                    <span class=\"badge behind\">1</span></td>";
    assert!(counts.starts_with(expected), "{counts}");
    assert!(page.contains("1 of 3 tenants could not be read"), "{page}");
    assert!(page.contains("href=\"t/globex/migrations\""), "{page}");
    assert!(page.contains("29990101000000"), "{page}");
    let found = site.page("/migrations?q=GLOB").await;
    assert!(found.contains("t/globex/migrations"), "{found}");
    assert!(!found.contains("t/acme/migrations"), "{found}");
}

#[tokio::test]
async fn a_migration_shows_its_sql_and_the_tenants_without_it() {
    let site = differing().await;
    let path = format!("/migrations/tenant/{}", OUR_VERSIONS[1]);
    let page = site.page(&path).await;
    assert!(
        page.contains("ADD COLUMN") && page.contains("description"),
        "{page}"
    );
    assert!(page.contains("t/globex/migrations"), "{page}");
    assert!(!page.contains("t/acme/migrations"), "{page}");
    let first = site
        .page(&format!("/migrations/tenant/{}", OUR_VERSIONS[0]))
        .await;
    assert!(
        first.contains("CREATE TABLE") && first.contains("None"),
        "{first}"
    );
    let unknown = site.page("/migrations/tenant/29990101000000").await;
    assert!(unknown.contains("Applied for"), "{unknown}");
    assert!(unknown.contains("t/acme/migrations"), "{unknown}");
    assert_eq!(site.get("/migrations/tenant/1").await.status, 404);
}

#[tokio::test]
async fn a_place_tells_its_own_migrations() {
    let site = differing().await;
    let globex = site.page("/t/globex/migrations").await;
    assert!(globex.contains("1 pending"), "{globex}");
    assert!(
        globex.contains("Try <code>app up globex</code>."),
        "{globex}"
    );
    let acme = site.page("/t/acme/migrations").await;
    assert!(
        acme.contains("up to date") && acme.contains("29990101000000"),
        "{acme}"
    );
    let public = site.page("/public/migrations").await;
    assert!(public.contains("up to date"), "{public}");
    let path = public.split_once("href=\"migrations/public/").unwrap().1;
    let version = path.split_once('"').unwrap().0;
    let sql = site.page(&format!("/migrations/public/{version}")).await;
    assert!(sql.contains("up.sql"), "{sql}");
}

#[tokio::test]
async fn the_health_check_groups_what_is_wrong_and_says_what_to_do() {
    let site = differing().await;
    site.sql("globex", "DROP TABLE dummy_table").await;
    let before = site.page("/health").await;
    assert!(!before.contains("problem"), "{before}");
    let answer = site.post("/health", FORM, "").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    for says in [
        "Drift",
        "1 tenant: table `dummy_table` is missing",
        "Try <code>app fix &lt;globex&gt;</code>.",
        "CREATE TABLE &quot;globex&quot;.&quot;dummy_table&quot; (",
        "0 have the expected definition",
        "Pending migrations",
        "Try <code>app up globex</code>.",
        "Unknown migrations",
        "Missing schemas",
        "Try <code>app forget lost</code>.",
        "3 tenants were checked",
    ] {
        assert!(answer.body.contains(says), "{says}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_healthy_database_is_said_to_be_well() {
    let site = Site::new().await;
    let answer = site.post("/health", FORM, "").await;
    assert!(answer.body.contains("healthy"), "{answer:?}");
    let page = site.page("/migrations").await;
    assert!(
        page.contains("All tenants have exactly the migrations"),
        "{page}"
    );
}

#[tokio::test]
async fn an_error_says_what_the_program_around_the_studio_would_say() {
    let site = differing().await;
    let lost = site.get("/t/lost").await;
    assert_eq!(lost.status, 500, "{lost:?}");
    assert!(
        lost.body.contains("Try <code>app forget lost</code>."),
        "{lost:?}"
    );
    assert!(!lost.body.contains("xtask"), "{lost:?}");
}
