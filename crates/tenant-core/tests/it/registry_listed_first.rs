//! Customers that the application lists before their schemas are made, in a table that this
//! library writes as well.

use tenant_core::remedy::{Advice, Command};
use tenant_core::{
    Database, Error, Migrations, Naming, ProblemKind, Registry, SchemaName, Settings, Status,
    TenantName, Tenants, UnfitRow,
};
use test_support::TestDatabase;

use crate::fixture::{Stream, two_steps_and_back};

const TABLE: &str = "CREATE TABLE public.workspaces (
     id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, slug varchar(80) NOT NULL UNIQUE, home text,
     plan text NOT NULL, archived boolean NOT NULL DEFAULT false,
     version text, migrated_at timestamptz)";

fn registry() -> Registry {
    Registry::table("public", "workspaces")
        .key("slug")
        .schema_column("home")
        .only("NOT archived")
        .naming(Naming::mapped().allowing("[a-z][a-z-]*").unwrap())
}

async fn opened(database: &TestDatabase, stream: &Stream, registry: Registry) -> Tenants {
    let migrations = Migrations {
        public: registry.migrations(),
        tenant: stream.set(),
    };
    let url = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default()).await;
    let tenants = tenants.unwrap().listed_in(registry).await.unwrap();
    tenants.migrate_public().await.unwrap();
    tenants
}

/// Customers of this table: slug, and the schema or NULL, as SQL.
async fn signed_up(database: &TestDatabase, rows: &str) -> Tenants {
    database.execute(TABLE).await;
    sign_up(database, rows).await;
    opened(database, &two_steps_and_back(), registry()).await
}

async fn sign_up(database: &TestDatabase, rows: &str) {
    let rows = rows.split(' ').map(|row| {
        let (slug, home) = row.split_once(':').unwrap();
        format!("('{slug}', nullif('{home}', 'NULL'), 'free')")
    });
    let rows = rows.collect::<Vec<_>>().join(", ");
    let insert = format!("INSERT INTO workspaces (slug, home, plan) VALUES {rows}");
    database.execute(&insert).await;
}

async fn rows(database: &TestDatabase) -> Vec<String> {
    let rows = "SELECT concat_ws(' ', slug, coalesce(home, '-'), plan, \
         CASE WHEN migrated_at IS NULL THEN 'not made' ELSE version END) FROM workspaces ORDER BY slug";
    database.column(rows).await
}

fn name(text: &str) -> TenantName {
    TenantName::quoted(text).unwrap()
}

fn schema(text: &str) -> SchemaName {
    text.parse().unwrap()
}

fn unfit(error: Error) -> UnfitRow {
    match error {
        Error::UnfitRow(unfit) => *unfit,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_customer_whose_row_is_there_gets_the_schema_that_it_says() {
    let database = TestDatabase::new().await;
    let tenants = signed_up(&database, "acme:ws_acme globex:NULL initech:NULL").await;
    let made = tenants.create(&name("acme")).await.unwrap();
    assert_eq!(made.status, Status::Created);
    // A row that says none gets the one that is named, or one that is called as the tenant.
    tenants
        .create_in(&name("globex"), &schema("ws-2"))
        .await
        .unwrap();
    tenants.create(&name("initech")).await.unwrap();
    let newest = crate::fixture::version(2);
    assert_eq!(
        rows(&database).await,
        [
            format!("acme ws_acme free {newest}"),
            format!("globex ws-2 free {newest}"),
            format!("initech initech free {newest}")
        ]
    );
    let health = tenants.health().await.unwrap();
    assert!(health.is_healthy(), "{health:?}");
    let again = tenants.create(&name("acme")).await.unwrap_err();
    assert!(matches!(again, Error::Taken(_)), "{again:?}");
}

#[tokio::test]
async fn a_spare_a_copy_an_adopted_schema_and_own_work_find_the_row_as_well() {
    let database = TestDatabase::new().await;
    let tenants = signed_up(&database, "spare:NULL work:ws_work copy:NULL old:NULL").await;
    tenants.spares().keep(1).await.unwrap();
    let made = tenants.create(&name("spare")).await.unwrap();
    assert!(made.from_spare);
    let (work, copy, old) = (name("work"), name("copy"), name("old"));
    let count = tenants.create_with(&work, async |new| {
        let connection = new.tenant().await?;
        let insert = diesel::sql_query("INSERT INTO tasks VALUES (1, 'first')");
        let inserted = diesel_async::RunQueryDsl::execute(insert, connection).await?;
        Ok::<_, Error>(inserted)
    });
    assert_eq!(count.await.unwrap(), 1);
    let cloned = tenants.clone_tenant(&work, &copy);
    let cloned = cloned.in_schema(&schema("ws_copy")).await.unwrap();
    assert_eq!((cloned.rows, cloned.schema.as_str()), (1, "ws_copy"));
    database.execute("CREATE SCHEMA ws_old").await;
    let adopted = tenants.adopt(&old);
    adopted.in_schema(&schema("ws_old")).await.unwrap();
    tenants.migrate().await.unwrap();
    let newest = crate::fixture::version(2);
    let all = [
        ("copy", "ws_copy"),
        ("old", "ws_old"),
        ("spare", "spare"),
        ("work", "ws_work"),
    ];
    let all = all.map(|(slug, home)| format!("{slug} {home} free {newest}"));
    assert_eq!(rows(&database).await, all);
    let health = tenants.health().await.unwrap();
    assert!(health.is_healthy(), "{health:?}");
}

#[tokio::test]
async fn a_schema_that_exists_is_never_taken_over() {
    let database = TestDatabase::new().await;
    let tenants = signed_up(&database, "acme:theirs globex:NULL").await;
    let theirs =
        "CREATE SCHEMA theirs; CREATE TABLE theirs.notes (text text); CREATE SCHEMA globex";
    database.execute(theirs).await;
    let before = rows(&database).await;
    let taken = tenants.create(&name("acme")).await.unwrap_err();
    assert!(
        matches!(taken, Error::Taken(_) | Error::Incomplete(..)),
        "{taken:?}"
    );
    let untracked = tenants.create(&name("globex")).await.unwrap_err();
    assert!(matches!(untracked, Error::Untracked(_)), "{untracked:?}");
    let untracked = tenants.create_in(&name("globex"), &schema("theirs")).await;
    assert!(matches!(
        unfit(untracked.unwrap_err()),
        UnfitRow::Shared { .. }
    ));
    assert_eq!(rows(&database).await, before);
    assert_eq!(
        database
            .value("SELECT count(*)::text FROM theirs.notes")
            .await,
        "0"
    );
}

#[tokio::test]
async fn another_schema_than_the_row_says_is_refused() {
    let database = TestDatabase::new().await;
    let tenants = signed_up(&database, "acme:ws_acme").await;
    let refused = tenants.create_in(&name("acme"), &schema("elsewhere")).await;
    let refused = refused.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "tenant `acme` cannot get the schema `elsewhere`: it is listed with the schema `ws_acme`"
    );
    let remedies = refused.remedies_for(tenants.registry());
    assert_eq!(
        remedies[0],
        Command::CreateTenant(Some(name("acme"))).into()
    );
    assert_eq!(rows(&database).await, ["acme ws_acme free not made"]);
    assert!(database.schemas().await.is_empty());
}

#[tokio::test]
async fn a_schema_that_another_row_has_is_given_to_nobody() {
    let database = TestDatabase::new().await;
    let tenants = signed_up(&database, "one:home two:NULL later:planned").await;
    tenants.create(&name("one")).await.unwrap();
    let all = rows(&database).await;
    for given in ["home", "planned"] {
        let home = schema(given);
        let two = name("two");
        for refused in [
            tenants.create_in(&two, &home).await.map(drop),
            tenants
                .clone_tenant(&name("one"), &two)
                .in_schema(&home)
                .await
                .map(drop),
            tenants.adopt(&two).in_schema(&home).await.map(drop),
            tenants
                .rename(&name("one"), &name("uno"))
                .to_schema(&schema("planned"))
                .await
                .map(drop),
        ] {
            let unfit = unfit(refused.unwrap_err());
            assert!(matches!(unfit, UnfitRow::Shared { .. }), "{unfit}");
        }
        let report = tenants
            .create_many([two.clone()])
            .in_schema(&two, &home)
            .await;
        assert_eq!(report.unwrap().count(Status::Failed), 1);
    }
    assert_eq!(rows(&database).await, all);
    assert_eq!(database.schemas().await, ["home"]);
    // Nobody is renamed into the row of another customer.
    let (one, two, new) = (name("one"), name("two"), schema("new"));
    let taken = tenants.rename(&one, &two).to_schema(&new).await;
    let taken = taken.unwrap_err();
    assert!(matches!(taken, Error::Taken(_)), "{taken:?}");
    // The row was changed by somebody else in between: the end of the transaction sees it.
    let late = tenants.create_with(&two, async |new| {
        let connection = new.public().await?;
        let update = diesel::sql_query("UPDATE workspaces SET home = 'two' WHERE slug = 'later'");
        diesel_async::RunQueryDsl::execute(update, connection).await?;
        Ok::<_, Error>(())
    });
    assert!(late.await.is_err());
    assert_eq!(rows(&database).await, all);
}

#[tokio::test]
async fn a_customer_without_a_schema_gets_one_and_is_no_reason_to_restore_anything() {
    let database = TestDatabase::new().await;
    let tenants = signed_up(&database, "acme:ws_acme globex:NULL Odd:NULL").await;
    let health = tenants.health().await.unwrap();
    let found = health.problems.iter().map(|problem| {
        let remedies = problem.remedies(tenants.registry());
        (problem.kind.code(), remedies.into_iter().next().unwrap())
    });
    let create = |text: &str| Command::CreateTenant(Some(name(text))).into();
    let expected = [
        ("missing_schema", Advice::AllowRegisteredName.into()),
        ("missing_schema", create("acme")),
        // It may have a schema that its row does not name.
        ("missing_schema", Advice::GiveSchema.into()),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert_eq!(
        health.problems[2].kind.to_string(),
        "tenant `globex` is listed without a schema"
    );
    let remedies = health.problems[2].remedies(tenants.registry());
    assert!(remedies.contains(&create("globex")), "{remedies:?}");
    for tenant in tenants.list().await.unwrap() {
        let error = tenant.error.unwrap();
        let remedies = error.remedies_for(tenants.registry());
        assert!(!remedies.contains(&Command::DropTenant(name(&tenant.name)).into()));
    }
    let report = tenants.migrate().await.unwrap();
    assert_eq!(report.failures().count(), 3);
    for (outcome, error) in report.failures() {
        let remedies = error.remedies_for(tenants.registry());
        assert!(
            remedies.contains(&create(&outcome.name)) || outcome.name == "Odd",
            "{remedies:?}"
        );
    }
}

#[tokio::test]
async fn the_row_of_a_customer_outlives_a_creation_that_fails() {
    let database = TestDatabase::new().await;
    database.execute(TABLE).await;
    sign_up(&database, "acme:ws_acme globex:NULL").await;
    let stream =
        two_steps_and_back().outside("CREATE INDEX CONCURRENTLY broken ON tasks (nothing)");
    let tenants = opened(&database, &stream, registry()).await;
    let before = rows(&database).await;
    for slug in ["acme", "globex", "initech"] {
        let given = schema(&format!("ws_{slug}"));
        let failed = tenants.create_in(&name(slug), &given).await.unwrap_err();
        assert!(!matches!(failed, Error::HalfMade { .. }), "{failed:?}");
        assert_eq!(rows(&database).await, before, "{slug}");
        assert!(database.schemas().await.is_empty());
    }
}

#[tokio::test]
async fn a_row_that_the_condition_leaves_out_is_not_touched() {
    let database = TestDatabase::new().await;
    let table = TABLE
        .replace("NOT NULL UNIQUE", "NOT NULL")
        .replace("plan text NOT NULL", "plan text DEFAULT 'new'");
    database.execute(&table).await;
    database
        .execute("INSERT INTO workspaces (slug, home, plan, archived) VALUES ('acme', 'gone', 'old', true)")
        .await;
    let tenants = opened(&database, &two_steps_and_back(), registry()).await;
    tenants
        .create_in(&name("acme"), &schema("ws_acme"))
        .await
        .unwrap();
    let homes = "SELECT plan || ' ' || home FROM workspaces ORDER BY id";
    assert_eq!(database.column(homes).await, ["old gone", "new ws_acme"]);
}

#[tokio::test]
async fn a_table_without_a_column_of_schemas_has_its_row_completed_too() {
    let database = TestDatabase::new().await;
    database.execute(TABLE).await;
    sign_up(&database, "acme:NULL").await;
    let naming = Naming::template("org_{name}").unwrap();
    let registry = Registry::table("public", "workspaces")
        .key("slug")
        .naming(naming);
    let tenants = opened(&database, &two_steps_and_back(), registry).await;
    tenants.create(&name("acme")).await.unwrap();
    assert_eq!(database.schemas().await, ["org_acme"]);
    assert_eq!(
        database
            .value("SELECT count(*)::text FROM workspaces")
            .await,
        "1"
    );
    let error = tenants.create(&name("globex")).await.unwrap_err();
    // The application's own column has no default: its row has to come first.
    assert_eq!(error.sqlstate(), Some("23502"), "{error:?}");
}

#[tokio::test]
async fn rows_without_a_name_are_told_as_what_they_are() {
    let database = TestDatabase::new().await;
    let table = TABLE.replace("NOT NULL UNIQUE", "UNIQUE");
    database.execute(&table).await;
    let insert = "INSERT INTO workspaces (slug, home, plan) VALUES (NULL, 'nobodys', 'free'), ('', '', 'free'), ('acme', '', 'free')";
    database.execute(insert).await;
    let tenants = opened(&database, &two_steps_and_back(), registry()).await;
    tenants.create(&name("acme")).await.unwrap();
    let health = tenants.health().await.unwrap();
    let invalid = health
        .problems
        .iter()
        .filter_map(|problem| match &problem.kind {
            ProblemKind::InvalidName(source) => Some(source.to_string()),
            _ => None,
        });
    let words = "\"\" cannot be a tenant name: its row has NULL or an empty text";
    assert_eq!(invalid.collect::<Vec<_>>(), [words, words]);
    let report = tenants.migrate().await.unwrap();
    assert_eq!(report.failures().count(), 2);
    assert_eq!(report.count(Status::UpToDate), 1);
    for (_, error) in report.failures() {
        let remedies = error.remedies_for(tenants.registry());
        assert_eq!(remedies, [Advice::CorrectRow.into()]);
    }
}
