//! The application's own table as the list of tenants, by a query.

use tenant_core::remedy::{Advice, Command};
use tenant_core::{
    Database, Error, ErrorKind, Expected, Migrations, Naming, ProblemKind, Registry, Remedy,
    Selection, Settings, Status, TenantName, Tenants,
};
use test_support::TestDatabase;

use crate::fixture::{Stream, chain, two_steps_and_back, version};

/// Who the customers are: hyphens, upper case, what a quote would end.
const CUSTOMERS: &str = "SELECT slug AS name, since AS created_at FROM public.organizations \
     WHERE deleted_at IS NULL -- the living ones";

const TABLE: &str = "CREATE TABLE public.organizations (
         id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, slug varchar(80) NOT NULL UNIQUE,
         plan text NOT NULL DEFAULT 'free', since timestamptz DEFAULT '2020-02-02 00:00Z',
         deleted_at timestamptz);";

fn registry() -> Registry {
    let naming = Naming::template("org_{name}").unwrap();
    let naming = naming.allowing("[a-z][a-z0-9-]{1,50}").unwrap();
    Registry::query(CUSTOMERS).naming(naming)
}

/// A database as it was before: a table of customers, and a schema for each, made by a loop of
/// the application's own with Diesel.
async fn before(database: &TestDatabase, slugs: &[&str]) {
    database.execute(TABLE).await;
    for slug in slugs {
        let schema = sql_text_ident(&format!("org_{slug}"));
        let versions = [1, 2].map(|step| format!("('{}')", version(step)));
        database
            .execute(&format!(
                "INSERT INTO public.organizations (slug) VALUES ('{slug}');
                 CREATE SCHEMA {schema};
                 CREATE TABLE {schema}.tasks (id int PRIMARY KEY, title text);
                 ALTER TABLE {schema}.tasks ADD COLUMN due date;
                 INSERT INTO {schema}.tasks VALUES (1, 'of {slug}');
                 CREATE TABLE {schema}.__diesel_schema_migrations (
                     version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT now());
                 INSERT INTO {schema}.__diesel_schema_migrations VALUES {}",
                versions.join(", ")
            ))
            .await;
    }
}

fn sql_text_ident(name: &str) -> String {
    tenant_core::quote_ident(name)
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

async fn rows(database: &TestDatabase) -> Vec<String> {
    database
        .column("SELECT concat_ws(' ', name, schema, version) FROM tenant_state ORDER BY name")
        .await
}

async fn sign_up(database: &TestDatabase, slug: &str) {
    let insert = format!("INSERT INTO organizations (slug) VALUES ('{slug}')");
    database.execute(&insert).await;
}

#[tokio::test]
async fn a_fleet_moves_in_as_it_is() {
    let database = TestDatabase::new().await;
    before(&database, &["big-bang", "acme", "x-1"]).await;
    let customers = "SELECT to_json(o)::text FROM organizations o ORDER BY slug";
    let as_it_was = database.column(customers).await;
    let tenants = opened(&database, &two_steps_and_back(), registry()).await;

    let listed = tenants.list().await.unwrap();
    let names = listed.iter().map(|it| it.name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["acme", "big-bang", "x-1"]);
    for tenant in &listed {
        assert!(tenant.error.is_none(), "{tenant:?}");
        assert_eq!(tenant.pending, Some(0));
        assert!(
            tenant
                .created_at
                .unwrap()
                .to_string()
                .starts_with("2020-02-02")
        );
    }
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:?}");
    assert_eq!(health.as_expected, Some(3));
    // Whose schema is whose is known once the row of one is renamed.
    let recorded = ["acme", "big-bang", "x-1"].map(|slug| format!("{slug} org_{slug}"));
    assert_eq!(rows(&database).await, recorded);

    let next = two_steps_and_back()
        .with("CREATE TABLE notes ()")
        .back("DROP TABLE notes");
    let tenants = opened(&database, &next, registry()).await;
    let report = tenants.migrate().await.unwrap();
    assert_eq!(report.count(Status::Migrated), 3, "{report:?}");
    let kept = |slug: &str| format!("{slug} org_{slug} {}", version(3));
    assert_eq!(rows(&database).await, ["acme", "big-bang", "x-1"].map(kept));
    let back = tenants.plan_rollback().only([tenants.name("x-1").unwrap()]);
    tenants.rollback(back.await.unwrap()).await.unwrap();
    assert_eq!(
        rows(&database).await[2],
        format!("x-1 org_x-1 {}", version(2))
    );
    tenants.migrate().await.unwrap();
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:?}");

    // The pool finds the schema by the list, also once it knows it.
    let pool = tenants.pool().open().await.unwrap();
    let name = tenants.name("big-bang").unwrap();
    for _ in 0..3 {
        let tenant = pool.tenant(&name).await.unwrap().on_driver_title().await;
        assert_eq!(tenant, "of big-bang");
    }
    assert_eq!(database.column(customers).await, as_it_was);
}

/// What the tests read of a tenant through the pool.
trait Title {
    async fn on_driver_title(self) -> String;
}

impl Title for tenant_core::Transaction<tenant_core::OfTenant> {
    async fn on_driver_title(mut self) -> String {
        use diesel_async::RunQueryDsl;
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            title: String,
        }
        let row = diesel::sql_query("SELECT title FROM tasks").get_result::<Row>(&mut *self);
        let title = row.await.unwrap().title;
        self.commit().await.unwrap();
        title
    }
}

#[tokio::test]
async fn a_tenant_is_made_renamed_cloned_and_dropped_beside_the_customers_row() {
    let database = TestDatabase::new().await;
    before(&database, &["acme"]).await;
    let tenants = opened(&database, &two_steps_and_back(), registry()).await;
    let name = |text: &str| tenants.name(text).unwrap();
    let new = name("big-bang");
    // The row comes first here; within a transaction it may come later.
    sign_up(&database, "big-bang").await;
    let problems = tenants.health().await.unwrap().problems;
    assert!(matches!(&*problems, [it] if matches!(it.kind, ProblemKind::MissingSchema)));
    tenants.create(&new).await.unwrap();
    assert!(matches!(tenants.create(&new).await, Err(Error::Taken(_))));
    assert!(tenants.health().await.unwrap().problems.is_empty());

    tenants.spares().keep(1).await.unwrap();
    sign_up(&database, "spare-part").await;
    assert!(
        tenants
            .create(&name("spare-part"))
            .await
            .unwrap()
            .from_spare
    );

    sign_up(&database, "copy-of-acme").await;
    tenants
        .clone_tenant(&name("acme"), &name("copy-of-acme"))
        .await
        .unwrap();
    assert_eq!(
        database
            .value("SELECT title FROM \"org_copy-of-acme\".tasks")
            .await,
        "of acme"
    );

    database
        .execute("UPDATE organizations SET slug = 'bang-big' WHERE slug = 'big-bang'")
        .await;
    tenants.rename(&new, &name("bang-big")).await.unwrap();
    let v2 = version(2);
    assert_eq!(
        rows(&database).await,
        ["acme", "bang-big", "copy-of-acme", "spare-part"].map(|it| match it {
            "acme" | "copy-of-acme" => format!("{it} org_{it}"),
            it => format!("{it} org_{it} {v2}"),
        })
    );
    // A customer who has left.
    database
        .execute("UPDATE organizations SET deleted_at = now() WHERE slug = 'bang-big'")
        .await;
    let health = tenants.health().await.unwrap();
    let [left] = health.problems.as_slice() else {
        panic!("{health:?}")
    };
    assert!(
        matches!(&left.kind, ProblemKind::UnlistedTenant { schema, exists: true } if schema == "org_bang-big"),
        "{left:?}"
    );
    assert_eq!(
        left.remedies(tenants.registry()),
        [
            Command::RenameTenant {
                from: Some(name("bang-big")),
                to: None
            }
            .into(),
            Advice::ListTenantAgain.into(),
            Command::DropTenant(name("bang-big")).into()
        ]
    );
    tenants.drop_tenant(&name("bang-big")).await.unwrap();
    assert!(
        !database
            .schemas()
            .await
            .contains(&"org_bang-big".to_owned())
    );
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:?}");
}

async fn everything(database: &TestDatabase) -> Vec<String> {
    let mut all = rows(database).await;
    all.extend(database.schemas().await);
    all.extend(
        database
            .column("SELECT slug FROM organizations ORDER BY 1")
            .await,
    );
    all
}

fn unconfirmed(error: &Error) -> (TenantName, Expected) {
    let Error::Unconfirmed(it) = error else {
        panic!("{error:?}")
    };
    assert_eq!(error.kind(), ErrorKind::Refused);
    (it.name.clone(), it.expected)
}

#[tokio::test]
async fn what_the_application_does_not_list_in_the_end_is_rolled_back() {
    let database = TestDatabase::new().await;
    before(&database, &["acme"]).await;
    let tenants = opened(&database, &two_steps_and_back(), registry()).await;
    tenants.spares().keep(1).await.unwrap();
    let name = |text: &str| tenants.name(text).unwrap();
    let as_it_was = everything(&database).await;
    // From a spare, and then built.
    let created = tenants.create(&name("nobody")).await.unwrap_err();
    assert_eq!(unconfirmed(&created), (name("nobody"), Expected::Listed));
    assert_eq!(created.remedies(), [Remedy::from(Advice::InsertTenantRow)]);
    assert_eq!(
        chain(&created),
        "tenant `nobody`: the list of tenants does not give it the schema `org_nobody`, \
         and everything was rolled back"
    );
    let cloned = tenants.clone_tenant(&name("acme"), &name("nobody")).await;
    assert_eq!(unconfirmed(&cloned.unwrap_err()).1, Expected::Listed);
    let renamed = tenants.rename(&name("acme"), &name("nobody")).await;
    let renamed = renamed.unwrap_err();
    assert_eq!(unconfirmed(&renamed), (name("acme"), Expected::Renamed));
    // Without its row the customer would be gone.
    assert_eq!(renamed.remedies(), [Remedy::from(Advice::RenameTenantRow)]);
    let dropped = tenants.drop_tenant(&name("acme")).await.unwrap_err();
    assert_eq!(unconfirmed(&dropped), (name("acme"), Expected::Gone));
    assert_eq!(dropped.remedies(), [Remedy::from(Advice::DeleteTenantRow)]);
    assert_eq!(everything(&database).await, as_it_was);
    let report = tenants
        .create_many([name("nobody"), name("acme")])
        .await
        .unwrap();
    assert_eq!(report.count(Status::Failed), 2, "{report:?}");
    assert_eq!(everything(&database).await, as_it_was);
}

#[tokio::test]
async fn a_query_may_give_the_schemas_and_state_may_be_kept_elsewhere() {
    let database = TestDatabase::new().await;
    before(&database, &["acme"]).await;
    database
        .execute(
            "CREATE SCHEMA \"The \"\"state\"\"\";
             ALTER TABLE organizations ADD COLUMN home text;
             UPDATE organizations SET home = 'org_acme'",
        )
        .await;
    let registry = Registry::query("SELECT slug AS name, home AS schema FROM organizations;")
        .beside("The \"state\"", "of tenants");
    let tenants = opened(&database, &two_steps_and_back(), registry).await;
    assert_eq!(tenants.list().await.unwrap()[0].pending, Some(0));
    let insert = "INSERT INTO organizations (slug, home) VALUES ('Globex Corp.', 'a \"b\".c''d')";
    database.execute(insert).await;
    let globex = TenantName::quoted("Globex Corp.").unwrap();
    // No pattern allows such a name.
    assert!(matches!(
        tenants.create(&globex).await,
        Err(Error::InvalidName(_))
    ));
    let registry = tenants.registry().clone();
    let any = Naming::mapped().allowing("(?s).*").unwrap();
    let tenants = tenants.listed_in(registry.naming(any)).await.unwrap();
    tenants.create(&globex).await.unwrap();
    let kept = "SELECT name || ' ' || schema FROM \"The \"\"state\"\"\".\"of tenants\" \
         WHERE name <> 'acme'";
    assert_eq!(database.value(kept).await, "Globex Corp. a \"b\".c'd");
    assert!(tenants.health().await.unwrap().problems.is_empty());
    let pool = tenants.pool().open().await.unwrap();
    pool.tenant(&globex).await.unwrap().commit().await.unwrap();
    database
        .execute("DELETE FROM organizations WHERE slug <> 'acme'")
        .await;
    tenants.drop_tenant(&globex).await.unwrap();
    assert!(!database.schemas().await.contains(&"a \"b\".c'd".to_owned()));
}

#[tokio::test]
async fn a_query_that_cannot_be_a_list_is_refused_with_what_it_lacks() {
    let database = TestDatabase::new().await;
    database.execute(TABLE).await;
    let migrations = Migrations {
        public: registry().migrations(),
        tenant: two_steps_and_back().set(),
    };
    let url = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default())
        .await
        .unwrap();
    let refused = |query: &'static str| {
        let tenants = tenants.clone();
        async move {
            chain(
                &tenants
                    .listed_in(Registry::query(query))
                    .await
                    .map(drop)
                    .unwrap_err(),
            )
        }
    };
    assert_eq!(
        refused("SELECT slug FROM organizations").await,
        "the query for tenants cannot be the list of tenants: it returns no column `name`; it returns no column `schema`"
    );
    assert!(refused("SELECT FROM WHERE").await.contains("syntax error"));
    // The application's own migrations make its tables: until then there is nobody.
    let early = tenants
        .listed_in(Registry::query("SELECT * FROM not_yet"))
        .await
        .unwrap();
    early.migrate_public().await.unwrap();
    let error = early.list().await.unwrap_err();
    assert!(
        chain(&error).contains("relation \"not_yet\" does not exist"),
        "{}",
        chain(&error)
    );
}

#[tokio::test]
async fn before_the_public_migrations_it_is_told_what_is_missing() {
    let database = TestDatabase::new().await;
    before(&database, &["acme"]).await;
    let migrations = Migrations {
        public: registry().migrations(),
        tenant: two_steps_and_back().set(),
    };
    let url = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default())
        .await
        .unwrap();
    let tenants = tenants.listed_in(registry()).await.unwrap();
    let error = tenants.list().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the database is not set up: it has no table `public.tenant_state`"
    );
    let name = tenants.name("acme").unwrap();
    let pool = tenants.pool().open().await.unwrap();
    let refused = pool.tenant(&name).await.map(drop).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotSetUp, "{refused}");
    tenants.migrate_public().await.unwrap();
    tenants
        .migrate()
        .select(Selection::from(&name))
        .await
        .unwrap();
    pool.tenant(&name).await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_in_a_transaction_is_tried_and_undone_as_elsewhere() {
    let database = TestDatabase::new().await;
    before(&database, &["acme"]).await;
    let stream = two_steps_and_back().outside("CREATE INDEX CONCURRENTLY by_due ON tasks (due)");
    let tenants = opened(&database, &stream, registry()).await;
    assert_eq!(tenants.migrate().await.unwrap().failures().count(), 0);
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:?}");
    assert_eq!(health.as_expected, Some(1));
    // What is committed before is removed again, although the customer is listed.
    let broken = stream.outside("CREATE INDEX CONCURRENTLY broken ON tasks (nothing)");
    let tenants = opened(&database, &broken, registry()).await;
    sign_up(&database, "globex").await;
    let as_it_was = everything(&database).await;
    let error = tenants
        .create(&tenants.name("globex").unwrap())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Migration(_)), "{error:?}");
    assert_eq!(everything(&database).await, as_it_was);
}

#[tokio::test]
async fn a_row_without_a_name_is_told_and_stops_no_other_tenant() {
    let database = TestDatabase::new().await;
    before(&database, &["acme", "globex"]).await;
    let stream = two_steps_and_back();
    let naming = Naming::template("org_{name}").unwrap();
    let listed = Registry::query("SELECT nullif(slug, 'globex') AS name FROM public.organizations");
    let tenants = opened(&database, &stream, listed.naming(naming)).await;
    let health = tenants.health().await.unwrap();
    let invalid = |kind: &ProblemKind| matches!(kind, ProblemKind::InvalidName(_));
    assert!(
        health.problems.iter().any(|one| invalid(&one.kind)),
        "{health:?}"
    );
    let report = tenants.migrate().await.unwrap();
    let acme = report.outcomes.iter().find(|one| one.name == "acme");
    assert_eq!(acme.unwrap().status, Status::UpToDate, "{report:?}");
}

#[tokio::test]
async fn a_query_or_a_condition_of_several_statements_is_refused_before_it_does_anything() {
    let database = TestDatabase::new().await;
    database.execute(TABLE).await;
    sign_up(&database, "acme").await;
    let query = "SELECT slug AS name FROM public.organizations) q LIMIT 0; COMMIT; \
         DELETE FROM public.organizations; SELECT * FROM (SELECT 'a'::text AS name";
    let condition = "true) LIMIT 0; COMMIT; DELETE FROM public.organizations; \
         SELECT FROM public.organizations WHERE (true";
    let naming = || Naming::template("org_{name}").unwrap();
    for registry in [
        Registry::query(query).naming(naming()),
        Registry::table("public", "organizations")
            .key("slug")
            .only(condition)
            .naming(naming()),
    ] {
        let migrations = Migrations {
            public: registry.migrations(),
            tenant: two_steps_and_back().set(),
        };
        let url = Database::parse(&database.url()).unwrap();
        let tenants = Tenants::open(url, migrations, Settings::default()).await;
        let refused = tenants.unwrap().listed_in(registry).await.map(drop);
        let refused = refused.unwrap_err();
        assert_eq!(refused.sqlstate(), Some("42601"), "{refused:?}");
        let left = "SELECT count(*) FROM organizations";
        assert_eq!(database.value(left).await, "1");
    }
}
