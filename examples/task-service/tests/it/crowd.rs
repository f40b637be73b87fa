//! Many clients of many tenants at once, while tenants come, go and change.

use std::collections::BTreeMap;
use std::path::Path;

use axum::http::StatusCode;
use diesel_migrations::FileBasedMigrations;
use serde_json::json;
use tenant_core::{Database, FleetReport, MigrationSet, Migrations, Settings, Tenants};
use test_support::{TestDatabase, copy};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::client::{Answer, Client};
use crate::fixture::{Service, TOKEN};

/// Tenants that are there all the time.
const STAYING: usize = 24;
/// Tenants that are dropped in the middle.
const LEAVING: usize = 6;
/// Tenants that sign up in the middle.
const COMING: usize = 12;
/// Clients of a tenant that stays.
const CLIENTS: usize = 2;
/// How often each client of a tenant makes a task and lists all.
const ROUNDS: usize = 10;

/// Compatible with a service that does not know of it, as those have to be that
/// are run while one serves.
const NEWER: &str = "ALTER TABLE tasks ADD COLUMN note TEXT NOT NULL DEFAULT ''; \
                     ALTER TYPE task_progress ADD VALUE 'given_up'; \
                     CREATE INDEX by_progress ON tasks (progress);";

/// A client, and how many answers there have been for all of them together.
#[derive(Clone)]
struct Crowd {
    client: Client,
    answers: watch::Sender<usize>,
}

/// The tenant, and the titles of the tasks that were acknowledged.
type Acknowledged = (String, Vec<String>);

impl Crowd {
    async fn create(&self, tenant: &str, title: &str) -> Answer {
        let call = self.client.post("/tasks", json!({ "title": title }));
        let answer = call.of(tenant).answer().await;
        self.answers.send_modify(|answers| *answers += 1);
        answer
    }

    async fn list(&self, tenant: &str) -> Answer {
        let answer = self.client.get("/tasks").of(tenant).answer().await;
        self.answers.send_modify(|answers| *answers += 1);
        answer
    }

    /// Waits until so many requests have been answered.
    async fn busy(&self, answers: usize) {
        let enough = |now: &usize| *now >= answers;
        self.answers.subscribe().wait_for(enough).await.unwrap();
    }

    /// A client of a tenant for which everything goes well.
    async fn work(self, tenant: String, client: usize) -> Acknowledged {
        let mut acknowledged = Vec::new();
        for round in 0..ROUNDS {
            let title = title(&tenant, client, round);
            let made = self.create(&tenant, &title).await;
            assert_eq!(made.expect(StatusCode::CREATED)["title"], *title);
            acknowledged.push(title);
            let titles = self.list(&tenant).await.titles();
            assert_own(&tenant, &titles);
            let is_listed = |title| titles.contains(title);
            assert!(acknowledged.iter().all(is_listed), "{tenant}: {titles:?}");
        }
        (tenant, acknowledged)
    }

    /// A client of a tenant that signs up first.
    async fn come(self, tenant: String) -> Acknowledged {
        self.busy(50).await;
        let call = self.client.post("/tenants", json!({ "name": tenant }));
        call.answer().await.expect(StatusCode::CREATED);
        self.work(tenant, 0).await
    }

    /// A client of a tenant that is dropped, until it is.
    async fn work_until_the_end(self, tenant: String) {
        for round in 0.. {
            let title = title(&tenant, 0, round);
            let made = self.create(&tenant, &title).await;
            if made.status == StatusCode::CREATED {
                assert_eq!(made.body["title"], *title);
            } else {
                assert_over(made);
            }
            let listed = self.list(&tenant).await;
            if listed.status == StatusCode::NOT_FOUND {
                return;
            }
            if listed.status == StatusCode::OK {
                assert_own(&tenant, &listed.titles());
            } else {
                assert_over(listed);
            }
        }
    }

    async fn drop_tenant(self, tenant: String) {
        self.busy(150).await;
        let call = self.client.delete(&format!("/tenants/{tenant}"));
        let call = call.header("authorization", &format!("Bearer {TOKEN}"));
        call.answer().await.expect(StatusCode::NO_CONTENT);
    }
}

fn title(tenant: &str, client: usize, round: usize) -> String {
    format!("{tenant}: {client}.{round}")
}

/// What a client may be told of a tenant that is dropped meanwhile: that there is
/// none, or an error where the end came in the middle of its request.
#[track_caller]
fn assert_over(answer: Answer) {
    let status = answer.status;
    let reason = answer.refused(status);
    match status {
        StatusCode::NOT_FOUND => assert!(reason.starts_with("there is no tenant"), "{reason}"),
        StatusCode::INTERNAL_SERVER_ERROR => assert!(reason.contains("was noted"), "{reason}"),
        _ => panic!("{status} {reason}"),
    }
}

#[track_caller]
fn assert_own(tenant: &str, titles: &[String]) {
    let start = format!("{tenant}: ");
    let is_own = |title: &String| title.starts_with(&start);
    assert!(titles.iter().all(is_own), "{tenant} got {titles:?}");
}

fn names(what: &str, count: usize) -> impl Iterator<Item = String> {
    (0..count).map(move |number| format!("{what}_{number}"))
}

/// The next version of the program, as far as tenants are concerned.
async fn newer(database: &TestDatabase) -> Tenants {
    let folder = test_support::Migrations::none_for_tenants();
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/tenant");
    copy(&ours, &folder.path().join("tenant"));
    let folder = folder.tenant("2026-02-01-000000_add_note", NEWER);
    let tenant = FileBasedMigrations::from_path(folder.path().join("tenant")).unwrap();
    let migrations = Migrations {
        public: MigrationSet::registry(),
        tenant: MigrationSet::from_source(&tenant).unwrap(),
    };
    let database = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(database, migrations, Settings::default());
    tenants.await.unwrap()
}

async fn migrate(tenants: &Tenants) -> FleetReport {
    tenants.migrate().await.unwrap()
}

/// What came of all clients: tenants, and the tasks that were acknowledged.
async fn gather(mut working: JoinSet<Acknowledged>) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::<String, Vec<String>>::new();
    while let Some(worked) = working.join_next().await {
        let (tenant, titles) = worked.unwrap();
        all.entry(tenant).or_default().extend(titles);
    }
    all
}

/// The tenant has the tasks that were acknowledged and no others, for its clients
/// and in the database.
async fn assert_kept(service: &Service, tenant: &str, mut acknowledged: Vec<String>) {
    let mut titles = service.titles(tenant).await;
    titles.sort();
    acknowledged.sort();
    assert_eq!(titles, acknowledged);
    let there = format!("SELECT title FROM {tenant}.tasks ORDER BY title COLLATE \"C\"");
    assert_eq!(service.database.column(&there).await, acknowledged);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_its_own_rows_only_while_tenants_come_go_and_change() {
    let service = Service::with_spares(3).await;
    for tenant in names("staying", STAYING).chain(names("leaving", LEAVING)) {
        service.sign_up(&tenant).await;
    }
    let newer = newer(&service.database).await;
    let crowd = Crowd {
        client: service.clone(),
        answers: watch::Sender::default(),
    };

    let (mut working, mut leaving, mut dropping) = (JoinSet::new(), JoinSet::new(), JoinSet::new());
    for tenant in names("staying", STAYING) {
        for client in 0..CLIENTS {
            working.spawn(crowd.clone().work(tenant.clone(), client));
        }
    }
    for tenant in names("coming", COMING) {
        working.spawn(crowd.clone().come(tenant));
    }
    for tenant in names("leaving", LEAVING) {
        leaving.spawn(crowd.clone().work_until_the_end(tenant.clone()));
        dropping.spawn(crowd.clone().drop_tenant(tenant));
    }
    crowd.busy(100).await;
    let migrated = migrate(&newer).await;
    assert!(!working.is_empty(), "nobody was at work meanwhile");

    let acknowledged = gather(working).await;
    leaving.join_all().await;
    dropping.join_all().await;
    // A tenant that was dropped meanwhile may be the failure of a run.
    let failed = migrated.failures().map(|(outcome, _)| &outcome.name);
    let failed: Vec<_> = failed.filter(|name| !name.starts_with("leaving")).collect();
    assert!(failed.is_empty(), "{migrated:?}");
    assert_eq!(acknowledged.len(), STAYING + COMING);
    for (tenant, titles) in acknowledged {
        assert_kept(&service, &tenant, titles).await;
    }
    // Those that came after their turn were made by the older program.
    let rest = migrate(&newer).await;
    assert_eq!(rest.failures().count(), 0, "{rest:?}");
    assert_eq!(rest.outcomes.len(), STAYING + COMING);
    assert_eq!(service.titles("staying_0").await.len(), CLIENTS * ROUNDS);
}
