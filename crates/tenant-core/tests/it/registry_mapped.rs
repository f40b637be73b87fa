//! Tenants whose schemas only their list knows.

use tenant_core::remedy::{Advice, Command};
use tenant_core::{
    At, Database, Error, Migrations, Naming, PoolError, ProblemKind, Registry, SchemaName,
    Settings, Status, TenantName, Tenants,
};
use test_support::TestDatabase;

use crate::fixture::{Stream, two_steps_and_back};

/// A table of the application's, of which some rows are tenants.
const TABLE: &str = "CREATE TABLE public.workspaces (
     id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, slug text NOT NULL UNIQUE, home text,
     archived boolean NOT NULL DEFAULT false)";

fn registry() -> Registry {
    Registry::table("public", "workspaces")
        .key("slug")
        .schema_column("home")
        .only("NOT archived -- the others are kept elsewhere")
        .naming(Naming::mapped().allowing(".+").unwrap())
}

async fn opened(database: &TestDatabase, stream: &Stream) -> Tenants {
    database.execute(TABLE).await;
    let migrations = Migrations {
        public: registry().migrations(),
        tenant: stream.set(),
    };
    let url = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default()).await;
    let tenants = tenants.unwrap().listed_in(registry()).await.unwrap();
    tenants.migrate_public().await.unwrap();
    tenants
}

fn schema(text: &str) -> SchemaName {
    text.parse().unwrap()
}

async fn rows(database: &TestDatabase) -> Vec<String> {
    let rows = "SELECT slug || ' ' || coalesce(home, '-') FROM workspaces ORDER BY 1";
    database.column(rows).await
}

#[tokio::test]
async fn names_and_schemas_are_two_things_in_every_call() {
    let database = TestDatabase::new().await;
    let tenants = opened(&database, &two_steps_and_back()).await;
    let name = |text: &str| tenants.name(text).unwrap();
    // One's name is the other's schema.
    let (one, two) = (name("one"), name("two"));
    tenants.create_in(&one, &schema("two")).await.unwrap();
    tenants.create_in(&two, &schema("one")).await.unwrap();
    tenants.spares().keep(1).await.unwrap();
    let three = name("The third: 3");
    let made = tenants.create_in(&three, &schema("ws-3")).await.unwrap();
    assert!(made.from_spare);
    assert_eq!(
        rows(&database).await,
        ["The third: 3 ws-3", "one two", "two one"]
    );
    database
        .execute("INSERT INTO two.tasks VALUES (1, 'of one')")
        .await;
    database
        .execute("INSERT INTO one.tasks VALUES (1, 'of two')")
        .await;

    let pool = tenants.pool().open().await.unwrap();
    for (name, expected) in [(&one, "of one"), (&two, "of two")] {
        for _ in 0..2 {
            let transaction = pool.tenant(name).await.unwrap();
            assert_eq!(transaction.tenant(), name);
            drop(transaction);
            let own = pool.tenant_session(name).await.unwrap();
            drop(own);
        }
        let driver = pool.tenant(name).on_driver().await.unwrap();
        let title = driver
            .query_typed_one("SELECT title FROM tasks", &[])
            .await
            .unwrap();
        assert_eq!(title.get::<_, String>(0), expected);
        driver.end();
    }

    let copy = name("copy");
    let cloned = tenants.clone_tenant(&one, &copy);
    cloned.in_schema(&schema("Copy!")).await.unwrap();
    assert_eq!(
        database.value("SELECT title FROM \"Copy!\".tasks").await,
        "of one"
    );

    let renamed = name("eins");
    tenants
        .rename(&one, &renamed)
        .to_schema(&schema("zwei"))
        .await
        .unwrap();
    assert_eq!(
        rows(&database).await,
        ["The third: 3 ws-3", "copy Copy!", "eins zwei", "two one"]
    );
    let gone = pool.tenant(&one).await.map(drop);
    assert!(matches!(gone, Err(PoolError::Unknown(_))), "{gone:?}");

    let plan = tenants
        .plan_rollback()
        .only([renamed.clone()])
        .await
        .unwrap();
    tenants.rollback(plan).await.unwrap();
    let report = tenants.migrate().await.unwrap();
    assert_eq!(report.count(Status::Migrated), 1, "{report:?}");
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:?}");

    database
        .execute("ALTER TABLE zwei.tasks DROP COLUMN due")
        .await;
    let health = tenants.health().await.unwrap();
    let [drift] = health.problems.as_slice() else {
        panic!("{health:?}")
    };
    assert_eq!(drift.tenant.as_deref(), Some("eins"));
    assert_eq!(
        drift.sql(tenants.registry()),
        ["ALTER TABLE \"zwei\".\"tasks\" ADD COLUMN \"due\" date"]
    );
    tenants.repair(&renamed).await.unwrap();
    assert!(tenants.health().await.unwrap().problems.is_empty());

    tenants.drop_tenant(&two).await.unwrap();
    let schemas = database.schemas().await;
    assert!(!schemas.contains(&"one".to_owned()) && schemas.contains(&"zwei".to_owned()));
    assert!(matches!(
        tenants.drop_tenant(&two).await,
        Err(Error::Unknown(_))
    ));
}

#[tokio::test]
async fn a_schema_is_adopted_under_a_name_and_an_archived_row_is_no_tenant() {
    let database = TestDatabase::new().await;
    let tenants = opened(&database, &two_steps_and_back()).await;
    let acme = tenants.name("acme").unwrap();
    database
        .execute(
            "CREATE SCHEMA old_acme; CREATE TABLE old_acme.tasks (id int PRIMARY KEY, title text);
             CREATE SCHEMA nobodys",
        )
        .await;
    let adopted = tenants
        .adopt(&acme)
        .in_schema(&schema("old_acme"))
        .await
        .unwrap();
    assert!(adopted.by_shape);
    tenants.migrate().await.unwrap();
    // An empty schema can be anybody's here.
    assert!(tenants.health().await.unwrap().problems.is_empty());
    // Which schema it is, only its row knows.
    let unknown = tenants.create(&tenants.name("other").unwrap()).await;
    assert!(matches!(unknown, Err(Error::Unknown(_))), "{unknown:?}");
    database
        .execute("UPDATE workspaces SET archived = true")
        .await;
    assert!(tenants.list().await.unwrap().is_empty());
    let health = tenants.health().await.unwrap();
    let [orphan] = health.problems.as_slice() else {
        panic!("{health:?}")
    };
    assert!(matches!(orphan.kind, ProblemKind::OrphanedSchema(_)));
    let remedies = orphan.remedies(tenants.registry());
    assert_eq!(
        remedies[..2],
        [Advice::LeaveSchema.into(), Advice::ListSchema.into()]
    );
    database
        .execute("UPDATE workspaces SET archived = false, home = NULL")
        .await;
    let listed = tenants.list().await.unwrap();
    let error = listed[0].error.as_ref().unwrap();
    assert_eq!(
        error.to_string(),
        "tenant `acme` is listed without a schema"
    );
    assert!(tenants.migrate().await.unwrap().failures().count() == 1);
}

#[tokio::test]
async fn a_template_says_which_schema_a_tenant_has_and_no_other_is_taken() {
    let database = TestDatabase::new().await;
    let naming = Naming::template("org_{name}").unwrap();
    let stream = two_steps_and_back();
    let tenants = crate::fixture::tenants(&database, &stream).await;
    let tenants = tenants
        .listed_in(Registry::default().naming(naming))
        .await
        .unwrap();
    let acme = tenants.name("acme").unwrap();
    let refused = tenants.create_in(&acme, &schema("acme")).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "\"acme\" cannot be a tenant name: its schema must be named `org_acme`"
    );
    tenants.create_in(&acme, &schema("org_acme")).await.unwrap();
    let odd = TenantName::quoted("big-bang").unwrap();
    for refused in [
        tenants.create(&odd).await.map(drop),
        tenants.rename(&acme, &odd).await.map(drop),
        tenants.clone_tenant(&acme, &odd).await.map(drop),
        tenants.adopt(&odd).await.map(drop),
    ] {
        assert!(matches!(refused, Err(Error::InvalidName(_))), "{refused:?}");
    }
    // What only looks like ours is nobody's business here.
    database
        .execute("CREATE SCHEMA globex; CREATE SCHEMA org_globex; CREATE SCHEMA \"org_a b\"")
        .await;
    let health = tenants.health().await.unwrap();
    let [orphan] = health.problems.as_slice() else {
        panic!("{health:?}")
    };
    assert_eq!(orphan.tenant.as_deref(), Some("org_globex"));
    let remedies = orphan.remedies(tenants.registry());
    let globex = tenants.name("globex").unwrap();
    let at = None;
    assert_eq!(
        remedies[0],
        Command::AdoptTenant { name: globex, at }.into()
    );
    let untracked = tenants
        .create(&tenants.name("globex").unwrap())
        .await
        .unwrap_err();
    assert_eq!(untracked.remedies_for(tenants.registry())[0], remedies[0]);
}

#[tokio::test]
async fn tenants_that_share_a_schema_are_told_and_left_alone() {
    let database = TestDatabase::new().await;
    let tenants = opened(&database, &two_steps_and_back()).await;
    let name = |text: &str| tenants.name(text).unwrap();
    tenants
        .create_in(&name("one"), &schema("home"))
        .await
        .unwrap();
    database
        .execute("INSERT INTO workspaces (slug, home) VALUES ('two', 'home')")
        .await;
    let health = tenants.health().await.unwrap();
    let told = health
        .problems
        .iter()
        .map(|it| (it.tenant.as_deref(), it.kind.code()));
    let invalid = |name| (Some(name), "invalid_name");
    assert_eq!(told.collect::<Vec<_>>(), [invalid("one"), invalid("two")]);
    let dropped = tenants.drop_tenant(&name("two")).await.unwrap_err();
    assert_eq!(
        dropped.to_string(),
        "tenant `two` cannot have the schema `home`: the list gives it to `one`"
    );
    assert!(database.schemas().await.contains(&"home".to_owned()));
    assert_eq!(tenants.migrate().await.unwrap().failures().count(), 2);
}

#[tokio::test]
async fn migrations_are_tried_under_names_that_the_template_makes() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "DO $$ BEGIN
             IF current_schema() NOT LIKE 'Tenant-%-x' THEN RAISE 'no tenant: %', current_schema(); END IF;
             EXECUTE format('COMMENT ON SCHEMA %I IS %L', current_schema(), substr(current_schema(), 8));
         END $$;
         CREATE TABLE tenants (tenant text PRIMARY KEY, kind text DEFAULT 'tenant');",
    );
    let stream = stream.with("ALTER TABLE tenants ADD COLUMN note text;");
    let naming = Naming::template("Tenant-{name}-x").unwrap();
    let tenants = crate::fixture::tenants(&database, &stream).await;
    let tenants = tenants
        .listed_in(Registry::default().naming(naming))
        .await
        .unwrap();
    crate::fixture::create(&tenants, &["acme", "globex"]).await;
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:?}");
    assert_eq!(health.as_expected, Some(2));
    let damage = "ALTER TABLE \"Tenant-acme-x\".tenants ALTER COLUMN kind SET DEFAULT 'other'";
    database.execute(damage).await;
    let health = tenants.health().await.unwrap();
    let [drift] = health.problems.as_slice() else {
        panic!("{health:?}")
    };
    assert_eq!(
        drift.sql(tenants.registry()),
        [
            "ALTER TABLE \"Tenant-acme-x\".\"tenants\" ALTER COLUMN \"kind\" SET DEFAULT 'tenant'::text"
        ]
    );
    tenants
        .repair(&tenants.name("acme").unwrap())
        .await
        .unwrap();
    database
        .execute("DELETE FROM schema_tracker WHERE name = 'acme'")
        .await;
    tenants.adopt(&tenants.name("acme").unwrap()).await.unwrap();
    assert!(tenants.health().await.unwrap().problems.is_empty());
    let listed = tenants.list().await.unwrap();
    let schemas = listed.iter().map(|it| it.schema.as_ref().unwrap().as_str());
    assert_eq!(
        schemas.collect::<Vec<_>>(),
        ["Tenant-acme-x", "Tenant-globex-x"]
    );
    let globex = tenants.name("globex").unwrap();
    assert_eq!(
        tenants.schema_of(&globex).await.unwrap(),
        schema("Tenant-globex-x")
    );
}

#[tokio::test]
async fn a_schema_that_a_hidden_row_names_is_given_to_no_other_tenant() {
    let database = TestDatabase::new().await;
    let tenants = opened(&database, &two_steps_and_back()).await;
    let name = |text: &str| tenants.name(text).unwrap();
    for slug in ["acme", "globex"] {
        tenants.create_in(&name(slug), &schema(slug)).await.unwrap();
    }
    database
        .execute(
            "INSERT INTO acme.tasks VALUES (1, 'kept');
             UPDATE workspaces SET archived = true WHERE slug = 'acme';
             INSERT INTO workspaces (slug, home, archived) VALUES ('later', 'ws_later', true)",
        )
        .await;
    let (other, globex) = (name("other"), name("globex"));
    let (acme, later) = (schema("acme"), schema("ws_later"));
    let refused = [
        tenants.adopt(&other).in_schema(&acme).await.map(drop),
        tenants.create_in(&other, &later).await.map(drop),
        tenants
            .rename(&globex, &other)
            .to_schema(&later)
            .await
            .map(drop),
        tenants
            .clone_tenant(&globex, &other)
            .in_schema(&later)
            .await
            .map(drop),
    ];
    for refused in refused {
        let error = refused.unwrap_err();
        let told = error.to_string();
        assert!(
            told.contains("rows that the registry's condition excludes give it to"),
            "{told}"
        );
        let advice = [Advice::ListTenantAgain, Advice::GiveOwnSchema];
        assert_eq!(error.remedies(), advice.map(Into::into));
    }
    assert_eq!(database.schemas().await, ["acme", "globex"]);
    assert_eq!(
        rows(&database).await,
        ["acme acme", "globex globex", "later ws_later"]
    );
    // The customer comes back.
    database
        .execute("UPDATE workspaces SET archived = false WHERE slug = 'acme'")
        .await;
    assert_eq!(tenants.list().await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_schema_of_the_registry_is_no_tenants() {
    let database = TestDatabase::new().await;
    database
        .execute(
            "CREATE SCHEMA app; CREATE TABLE app.customers (slug text PRIMARY KEY, home text);
             CREATE TABLE app.tasks (id int PRIMARY KEY, title text)",
        )
        .await;
    let registry = || {
        Registry::table("app", "customers")
            .key("slug")
            .schema_column("home")
    };
    let migrations = Migrations {
        public: registry().migrations(),
        tenant: two_steps_and_back().set(),
    };
    let url = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default()).await;
    let tenants = tenants.unwrap().listed_in(registry()).await.unwrap();
    tenants.migrate_public().await.unwrap();
    let one = tenants.name("one").unwrap();
    let refused = [
        tenants
            .adopt(&one)
            .in_schema(&schema("app"))
            .await
            .map(drop),
        tenants
            .adopt(&one)
            .in_schema(&schema("app"))
            .at(At::Nothing)
            .await
            .map(drop),
        tenants.create_in(&one, &schema("app")).await.map(drop),
    ];
    for refused in refused {
        assert_eq!(
            refused.unwrap_err().to_string(),
            "tenant `one` cannot have the schema `app`: it contains the table `\"app\".\"customers\"`"
        );
    }
    assert!(tenants.health().await.unwrap().problems.is_empty());
    // A row that says so changes nothing there.
    database
        .execute("INSERT INTO app.customers VALUES ('one', 'app')")
        .await;
    assert_eq!(tenants.migrate().await.unwrap().failures().count(), 1);
    assert!(tenants.drop_tenant(&one).await.is_err());
    let problems = tenants.health().await.unwrap().problems;
    let codes = problems.iter().map(|it| it.kind.code());
    assert_eq!(codes.collect::<Vec<_>>(), ["shared_schema"], "{problems:?}");
    let history = "SELECT (to_regclass('app.__diesel_schema_migrations') IS NULL)::text";
    assert_eq!(database.value(history).await, "true");
}

#[tokio::test]
async fn a_row_without_a_schema_is_to_be_completed_before_anything_is_created() {
    let database = TestDatabase::new().await;
    let tenants = opened(&database, &two_steps_and_back()).await;
    database
        .execute("INSERT INTO workspaces (slug) VALUES ('acme')")
        .await;
    let problems = tenants.health().await.unwrap().problems;
    let (acme, at) = (tenants.name("acme").unwrap(), None);
    let adopt = Command::AdoptTenant {
        name: acme.clone(),
        at,
    };
    assert_eq!(
        problems[0].remedies(tenants.registry()),
        [
            Advice::GiveSchema.into(),
            adopt.into(),
            Command::CreateTenant(Some(acme)).into()
        ]
    );
}
