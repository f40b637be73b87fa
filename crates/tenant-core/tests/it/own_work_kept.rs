//! What the application's own work must leave as it was: schema, history and row of a tenant.

use diesel_async::SimpleAsyncConnection;
use tenant_core::remedy::Advice;
use tenant_core::{Error, ErrorKind, Hooks, NotKept, OwnPart, Remedy, Settings, Tenants};
use test_support::TestDatabase;

use crate::create_with::{all_there_is, boards, sign_up_tables};
use crate::fixture::{Stream, chain, create, name, open, open_at};

async fn ready(stream: &Stream, hooks: Hooks) -> (TestDatabase, Tenants) {
    let database = TestDatabase::new().await;
    sign_up_tables(&database).await;
    let settings = Settings {
        hooks,
        ..Settings::default()
    };
    let tenants = open(&database, stream, settings).await;
    tenants.migrate_public().await.unwrap();
    (database, tenants)
}

/// The part that was changed, by what the error says.
#[track_caller]
fn part(error: &Error) -> OwnPart {
    let Error::OwnWork(work) = error else {
        panic!("{error:?}")
    };
    let Some(it) = work.source.downcast_ref::<NotKept>() else {
        panic!("{error:?}")
    };
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(error.remedies(), [Remedy::from(Advice::ChangeOwnWork)]);
    it.part
}

/// What ruins a tenant called `acme`, and what of it.
const RUINOUS: [(&str, OwnPart); 12] = [
    (
        "DO $$ DECLARE one regclass; BEGIN FOR one IN SELECT c.oid FROM pg_class c \
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' \
         LOOP EXECUTE format('TRUNCATE %s', one); END LOOP; END $$",
        OwnPart::History,
    ),
    ("DROP SCHEMA acme CASCADE", OwnPart::Schema),
    ("ALTER SCHEMA acme RENAME TO other", OwnPart::Schema),
    (
        "DROP SCHEMA acme CASCADE; CREATE SCHEMA acme",
        OwnPart::Schema,
    ),
    (
        "CREATE TABLE public.history AS SELECT * FROM acme.__diesel_schema_migrations; \
         DROP SCHEMA acme CASCADE; CREATE SCHEMA acme; \
         CREATE TABLE acme.__diesel_schema_migrations AS SELECT * FROM public.history; \
         DROP TABLE public.history",
        OwnPart::Schema,
    ),
    (
        "CREATE TABLE acme.other AS SELECT * FROM acme.__diesel_schema_migrations; \
         DROP TABLE acme.__diesel_schema_migrations; \
         ALTER TABLE acme.other RENAME TO __diesel_schema_migrations",
        OwnPart::History,
    ),
    ("DROP TABLE __diesel_schema_migrations", OwnPart::History),
    ("DELETE FROM __diesel_schema_migrations", OwnPart::History),
    (
        "INSERT INTO __diesel_schema_migrations VALUES ('2099')",
        OwnPart::History,
    ),
    ("DELETE FROM public.schema_tracker", OwnPart::Row),
    (
        "UPDATE public.schema_tracker SET name = 'other'",
        OwnPart::Row,
    ),
    (
        "UPDATE public.schema_tracker SET fingerprints = '{\"1\": \"x\"}'",
        OwnPart::Row,
    ),
];

/// All that there is, spares left out.
async fn but_spares(database: &TestDatabase) -> [Vec<String>; 3] {
    let mut all = all_there_is(database).await;
    all[1].retain(|schema| !schema.starts_with("_spare_"));
    all
}

#[tokio::test]
async fn a_seed_that_ruins_its_tenant_is_refused_by_name_and_leaves_nothing() {
    for (sql, expected) in RUINOUS {
        let seed = format!("INSERT INTO boards (title) VALUES ('a'); {sql}");
        let hooks = Hooks::new().on_create("seed.sql", &seed).unwrap();
        let (database, tenants) = ready(&boards(), hooks).await;
        for spares in [0, 1] {
            tenants.spares().keep(spares).await.unwrap();
            let error = tenants.create(&name("acme")).await.unwrap_err();
            assert_eq!(part(&error), expected, "{sql}: {error}");
            assert_eq!(but_spares(&database).await, [[""; 0]; 3], "{sql}");
            assert_eq!(tenants.spares().count().await.unwrap().ready, spares);
        }
    }
}

#[tokio::test]
async fn the_error_says_what_was_done_and_nothing_of_the_check() {
    let hooks = Hooks::new().on_create("seed.sql", "DELETE FROM public.schema_tracker");
    let (_database, tenants) = ready(&boards(), hooks.unwrap()).await;
    let error = tenants.create(&name("acme")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "tenant `acme`: the application's own work changed or deleted its row in the registry, \
         and everything was rolled back"
    );
    assert!(!chain(&error).contains("integer"), "{}", chain(&error));
}

#[tokio::test]
async fn the_work_of_a_sign_up_ruins_no_tenant_either() {
    for (sql, expected) in RUINOUS {
        let (database, tenants) = ready(&boards(), Hooks::new()).await;
        for spares in [0, 1] {
            tenants.spares().keep(spares).await.unwrap();
            let acme = name("acme");
            let created = tenants.create_with(&acme, async |new| {
                let tenant = new.tenant().await?;
                tenant.batch_execute(sql).await?;
                Ok::<(), Error>(())
            });
            let error = created.await.unwrap_err();
            assert_eq!(part(&error), expected, "{sql}: {error}");
            assert_eq!(but_spares(&database).await, [[""; 0]; 3], "{sql}");
        }
    }
}

#[tokio::test]
async fn a_sign_up_whose_schema_is_gone_says_so_at_the_next_change_of_schemas() {
    let (database, tenants) = ready(&boards(), Hooks::new()).await;
    let acme = name("acme");
    let created = tenants.create_with(&acme, async |new| {
        let public = new.public().await?;
        public.batch_execute("DROP SCHEMA acme CASCADE").await?;
        new.tenant().await?;
        Ok::<(), Error>(())
    });
    let error = chain(&created.await.unwrap_err());
    assert!(!error.contains("invalid input syntax"), "{error}");
    assert!(
        error.contains("acme") || error.contains("schema"),
        "{error}"
    );
    assert_eq!(all_there_is(&database).await, [[""; 0]; 3]);
}

#[tokio::test]
async fn a_tenant_with_a_migration_outside_a_transaction_is_removed_again() {
    let outside = boards().outside("CREATE INDEX CONCURRENTLY by_title ON boards (title);");
    for (sql, expected) in [
        ("DELETE FROM __diesel_schema_migrations", OwnPart::History),
        ("DELETE FROM public.schema_tracker", OwnPart::Row),
    ] {
        let hooks = Hooks::new().on_create("seed.sql", sql).unwrap();
        let (database, tenants) = ready(&outside, hooks).await;
        let error = tenants.create(&name("acme")).await.unwrap_err();
        assert_eq!(part(&error), expected, "{sql}: {error}");
        assert_eq!(all_there_is(&database).await, [[""; 0]; 3], "{sql}");
    }
}

async fn with_tenant(hooks: Hooks) -> (TestDatabase, Tenants) {
    let (database, tenants) = ready(&boards(), Hooks::new()).await;
    create(&tenants, &["acme"]).await;
    let settings = Settings {
        hooks,
        ..Settings::default()
    };
    let tenants = open_at(&database.url(), &boards(), settings).await;
    (database, tenants)
}

#[tokio::test]
async fn the_hooks_of_a_rename_leave_the_tenant_whole() {
    for (sql, expected) in [
        ("DROP SCHEMA umbrella CASCADE", OwnPart::Schema),
        ("DELETE FROM __diesel_schema_migrations", OwnPart::History),
        ("DELETE FROM public.schema_tracker", OwnPart::Row),
        ("UPDATE public.schema_tracker SET name = 'x'", OwnPart::Row),
    ] {
        let hooks = Hooks::new().on_rename("rename.sql", sql).unwrap();
        let (database, tenants) = with_tenant(hooks).await;
        let renamed = tenants.rename(&name("acme"), &name("umbrella")).await;
        let error = renamed.unwrap_err();
        assert_eq!(part(&error), expected, "{sql}: {error}");
        assert!(error.to_string().contains("`umbrella`"), "{error}");
        assert_eq!(database.schemas().await, ["acme"]);
        assert_eq!(database.tracked().await, ["acme"]);
        assert!(tenants.health().await.unwrap().problems.is_empty());
    }
}

#[tokio::test]
async fn the_hooks_of_a_drop_drop_the_tenant_neither_before_nor_bring_it_back() {
    let again = "INSERT INTO public.schema_tracker (name) VALUES ({name})";
    for (hooks, expected) in [
        (
            Hooks::new().on_drop("d.sql", "ALTER SCHEMA acme RENAME TO kept"),
            OwnPart::Schema,
        ),
        (
            Hooks::new().on_drop("d.sql", "DELETE FROM public.schema_tracker"),
            OwnPart::Row,
        ),
        (
            Hooks::new().after_drop("d.sql", "CREATE SCHEMA acme"),
            OwnPart::Dropped,
        ),
        (Hooks::new().after_drop("d.sql", again), OwnPart::Dropped),
    ] {
        let (database, tenants) = with_tenant(hooks.unwrap()).await;
        let error = tenants.drop_tenant(&name("acme")).await.unwrap_err();
        assert_eq!(part(&error), expected, "{error}");
        assert_eq!(database.schemas().await, ["acme"]);
        assert_eq!(database.tracked().await, ["acme"]);
        assert!(tenants.health().await.unwrap().problems.is_empty());
    }
}

#[tokio::test]
async fn a_hook_of_an_adoption_runs_in_its_transaction_and_no_seed_does() {
    let hooks = Hooks::new()
        .on_create("seed.sql", "SELECT 1 / 0")
        .and_then(|hooks| {
            let insert = "INSERT INTO public.organizations (slug) VALUES ({name}); \
                          INSERT INTO boards (title) VALUES ('of ' || {schema})";
            hooks.on_adopt("adopt.sql", insert)
        });
    let (database, tenants) = with_tenant(hooks.unwrap()).await;
    let lose = "DELETE FROM schema_tracker";
    for ledger in ["", "; DROP TABLE acme.__diesel_schema_migrations"] {
        let clear = "; DELETE FROM organizations; DELETE FROM acme.boards";
        database.execute(&format!("{lose}{ledger}{clear}")).await;
        tenants.adopt(&name("acme")).await.unwrap();
        assert_eq!(all_there_is(&database).await, [["acme"]; 3]);
        let title = "SELECT title FROM acme.boards";
        assert_eq!(database.value(title).await, "of acme");
    }
    assert!(tenants.health().await.unwrap().problems.is_empty());
}

#[tokio::test]
async fn an_adoption_whose_hook_fails_or_ruins_the_tenant_has_not_happened() {
    for (sql, expected) in [
        ("SELECT 1 / 0", None),
        (
            "DELETE FROM __diesel_schema_migrations",
            Some(OwnPart::History),
        ),
        ("DELETE FROM public.schema_tracker", Some(OwnPart::Row)),
        ("ALTER SCHEMA acme RENAME TO b", Some(OwnPart::Schema)),
    ] {
        let hooks = Hooks::new().on_adopt("adopt.sql", sql).unwrap();
        let (database, tenants) = with_tenant(hooks).await;
        database.execute("DELETE FROM schema_tracker").await;
        let error = tenants.adopt(&name("acme")).await.unwrap_err();
        match expected {
            Some(expected) => assert_eq!(part(&error), expected, "{sql}: {error}"),
            None => assert!(matches!(error, Error::Hook(_)), "{error:?}"),
        }
        assert_eq!(database.schemas().await, ["acme"]);
        assert!(database.tracked().await.is_empty());
    }
}
