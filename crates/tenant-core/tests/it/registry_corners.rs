//! Lists of tenants that are not as they should be: rows that a trigger drops or changes,
//! a list that is gone, rows that somebody has written by hand.

use tenant_core::remedy::Purpose;
use tenant_core::{
    Error, ErrorKind, ExtensionsSchema, Note, ProblemKind, Remedy, Settings, Status, Tenants,
};
use test_support::TestDatabase;

use crate::fixture::{
    chain, create, migrate, name, open, outcome, rollback, tenants, two_steps, two_steps_and_back,
};

/// What a trigger makes of rows, while PostgreSQL reports success.
const OVERRULING: [(&str, &str); 3] = [
    ("BEFORE INSERT OR UPDATE OR DELETE", "RETURN NULL;"),
    (
        "BEFORE INSERT OR UPDATE",
        "NEW.name := NEW.name || '_new'; RETURN NEW;",
    ),
    (
        "BEFORE INSERT OR UPDATE",
        "IF NEW.name <> 'acme' OR TG_OP = 'UPDATE' THEN NEW.name := upper(NEW.name); END IF; \
         RETURN NEW;",
    ),
];

async fn overrule(database: &TestDatabase, when: &str, body: &str) {
    let sql = format!(
        "CREATE FUNCTION public.overrule() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN {body} END $$;
         CREATE TRIGGER overrule {when} ON public.schema_tracker
         FOR EACH ROW EXECUTE FUNCTION public.overrule()"
    );
    database.execute(&sql).await;
}

async fn everything(database: &TestDatabase) -> Vec<String> {
    let sql = "SELECT 'row ' || concat_ws(' ', name, version) FROM schema_tracker \
               UNION ALL SELECT 'spare ' || name FROM spare_schemas \
               UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_' \
               UNION ALL SELECT 'table ' || oid::regclass FROM pg_class \
                   WHERE relnamespace::regnamespace::text = 'acme' AND relkind = 'r' ORDER BY 1";
    database.column(sql).await
}

fn assert_overruled(error: &Error, what: &str) {
    assert!(
        matches!(error, Error::NotListed { .. }),
        "{what}: {error:?}"
    );
    assert!(
        error
            .to_string()
            .contains("a trigger or rule on that table changed it"),
        "{what}: {error}"
    );
    let remedies = error.remedies();
    let lists =
        |it: &Remedy| matches!(it, Remedy::Sql(sql) if sql.purpose == Purpose::ListTableTriggers);
    assert!(remedies.iter().any(lists), "{what}: {remedies:?}");
}

#[tokio::test]
async fn nothing_is_done_where_a_trigger_overrules_the_row() {
    for (when, body) in OVERRULING {
        let database = TestDatabase::new().await;
        let tenants = tenants(&database, &two_steps()).await;
        create(&tenants, &["acme"]).await;
        tenants.spares().keep(1).await.unwrap();
        overrule(&database, when, body).await;
        let before = everything(&database).await;
        let (acme, other) = (name("acme"), name("other"));
        let created = tenants.create(&other).await.unwrap_err();
        assert_overruled(&created, "create");
        let renamed = tenants.rename(&acme, &other).await.unwrap_err();
        assert_overruled(&renamed, "rename");
        let cloned = tenants.clone_tenant(&acme, &other).await.unwrap_err();
        assert_overruled(&cloned, "clone");
        database.execute("CREATE SCHEMA bare").await;
        let adopted = tenants.adopt(&name("bare")).await.unwrap_err();
        assert_overruled(&adopted, "adopt");
        database.execute("DROP SCHEMA bare").await;
        if when.contains("DELETE") {
            let dropped = tenants.drop_tenant(&acme).await.unwrap_err();
            assert_overruled(&dropped, "drop");
        }
        assert_eq!(everything(&database).await, before, "{body}");
    }
}

#[tokio::test]
async fn a_run_does_not_rename_the_row_of_its_tenant() {
    let database = TestDatabase::new().await;
    create(&tenants(&database, &two_steps_and_back()).await, &["acme"]).await;
    let (when, body) = OVERRULING[1];
    overrule(&database, when, body).await;
    let stream = two_steps_and_back().with("CREATE TABLE notes ()");
    let before = everything(&database).await;
    let new = open(&database, &stream, Settings::default()).await;
    let report = migrate(&new).await;
    assert_overruled(outcome(&report, "acme").error.as_ref().unwrap(), "migrate");
    let old = open(&database, &two_steps_and_back(), Settings::default()).await;
    let report = rollback(&old).await;
    assert_overruled(outcome(&report, "acme").error.as_ref().unwrap(), "rollback");
    assert_eq!(everything(&database).await, before);
}

/// The statement that the error advises.
fn advised(error: &Error) -> String {
    let remedies = error.remedies();
    let sql = remedies.iter().find_map(|it| match it {
        Remedy::Sql(sql) => Some(sql.statements.join(";")),
        _ => None,
    });
    sql.unwrap_or_else(|| panic!("{error:?}"))
}

async fn columns(database: &TestDatabase, table: &str) -> Vec<String> {
    let sql = format!(
        "SELECT format('%s %s %s %s %s', attname, format_type(atttypid, atttypmod), attnotnull, \
                pg_get_expr(adbin, adrelid), \
                (SELECT string_agg(contype::text, '' ORDER BY contype) FROM pg_constraint c \
                 WHERE c.conrelid = attrelid AND attnum = ANY (conkey))) \
         FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum \
         WHERE attrelid = '{table}'::regclass AND attnum > 0 ORDER BY attnum"
    );
    database.column(&sql).await
}

#[tokio::test]
async fn a_list_that_was_dropped_is_said_to_be_gone_and_comes_back() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    let before = columns(&database, "schema_tracker").await;
    database.execute("DROP TABLE schema_tracker").await;
    let acme = name("acme");
    let failed = [
        tenants.list().await.unwrap_err(),
        tenants.migrate_public().await.unwrap_err(),
        tenants.migrate().await.unwrap_err(),
        tenants.health().await.unwrap_err(),
        tenants.create(&name("b")).await.unwrap_err(),
        tenants.create_many([name("b")]).await.unwrap_err(),
    ];
    for error in &failed {
        assert_eq!(
            error.to_string(),
            "the table `public.schema_tracker` does not exist, although the migration that \
             creates it is applied"
        );
        assert_eq!(error.kind(), ErrorKind::NotSetUp);
    }
    database.execute(&advised(&failed[0])).await;
    assert_eq!(columns(&database, "schema_tracker").await, before);
    tenants.migrate_public().await.unwrap();
    let health = tenants.health().await.unwrap();
    let codes = health.problems.iter().map(|it| it.kind.code());
    assert_eq!(codes.collect::<Vec<_>>(), ["orphaned_schema"], "{health:?}");
    tenants.adopt(&acme).await.unwrap();
    assert!(tenants.health().await.unwrap().is_healthy());
}

#[tokio::test]
async fn a_list_of_spares_that_was_dropped_is_said_to_be_gone_and_comes_back() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    let before = columns(&database, "spare_schemas").await;
    database.execute("DROP TABLE spare_schemas").await;
    let error = tenants.spares().keep(1).await.unwrap_err();
    assert!(matches!(error, Error::RegistryLost { .. }), "{error:?}");
    database.execute(&advised(&error)).await;
    assert_eq!(columns(&database, "spare_schemas").await, before);
    assert_eq!(tenants.spares().keep(1).await.unwrap().ready, 1);
}

/// Without the public migrations it was never there.
#[tokio::test]
async fn a_database_that_is_not_set_up_is_told_apart_from_it() {
    let database = TestDatabase::new().await;
    let tenants = open(&database, &two_steps(), Settings::default()).await;
    let error = tenants.list().await.unwrap_err();
    assert!(matches!(error, Error::NotSetUp { .. }), "{error:?}");
}

async fn with_odd_fingerprints(value: &str) -> (TestDatabase, Tenants) {
    let database = TestDatabase::new().await;
    let first = tenants(&database, &two_steps()).await;
    create(&first, &["acme", "globex"]).await;
    let odd = format!("UPDATE schema_tracker SET fingerprints = '{value}' WHERE name = 'acme'");
    database.execute(&odd).await;
    let edited = "UPDATE schema_tracker SET fingerprints = \
                  jsonb_set(fingerprints, '{20260202000000}', '\"v1:0123456789abcdef\"') \
                  WHERE name = 'globex'";
    database.execute(edited).await;
    (database, first)
}

#[tokio::test]
async fn fingerprints_that_are_none_concern_their_tenant_only() {
    for value in ["[1,2]", "5", "null", "\"x\""] {
        let (database, tenants) = with_odd_fingerprints(value).await;
        let health = tenants.health().await.unwrap();
        let [of_acme, of_globex] = health.problems.as_slice() else {
            panic!("{value}: {:#?}", health.problems)
        };
        assert!(
            matches!(of_acme.kind, ProblemKind::NoFingerprints),
            "{value}"
        );
        assert_eq!(of_acme.tenant.as_deref(), Some("acme"), "{value}");
        let is_edited = matches!(of_globex.kind, ProblemKind::EditedMigration { .. });
        assert!(is_edited, "{value}: {of_globex:?}");

        let more = open(
            &database,
            &two_steps().with("CREATE TABLE notes ()"),
            Settings::default(),
        )
        .await;
        let report = migrate(&more).await;
        assert_eq!(report.count(Status::Migrated), 2, "{value}: {report:?}");
        let told = report.notes.iter().filter(|note| match note {
            Note::NoFingerprints { tenants } => tenants == &["acme"],
            _ => false,
        });
        assert_eq!(told.count(), 1, "{value}: {:?}", report.notes);
        // The run has written what it applied.
        let after = migrate(&more).await;
        let codes = after.notes.iter().map(Note::code);
        assert_eq!(codes.collect::<Vec<_>>(), ["edited_migration"], "{value}");
    }
}

#[tokio::test]
async fn what_is_advised_about_fingerprints_works() {
    let (database, tenants) = with_odd_fingerprints("[1,2]").await;
    let health = tenants.health().await.unwrap();
    let remedies = health.problems[0].remedies(tenants.registry());
    let [Remedy::Sql(sql)] = remedies.as_slice() else {
        panic!("{remedies:?}")
    };
    database.execute(&sql.statements.join(";")).await;
    let health = tenants.health().await.unwrap();
    let of_acme = health.problems.iter();
    let of_acme = of_acme.filter(|it| it.tenant.as_deref() == Some("acme"));
    assert_eq!(of_acme.count(), 0, "{health:#?}");
}

#[tokio::test]
async fn a_row_that_is_no_tenant_gets_no_advice_about_its_owner_or_its_readers() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme", "globex"]).await;
    let role = database.role("secret").await;
    database
        .execute("INSERT INTO schema_tracker (name) VALUES ('public')")
        .await;
    let settings = Settings {
        application_role: Some(role.name().to_owned()),
        ..Settings::default()
    };
    let tenants = open(&database, &two_steps(), settings).await;
    let health = tenants.health().await.unwrap();
    let of_public = health.problems.iter();
    let of_public = of_public.filter(|it| it.tenant.as_deref() == Some("public"));
    let of_public = of_public.map(|it| it.kind.code()).collect::<Vec<_>>();
    assert_eq!(of_public, ["invalid_name"], "{health:#?}");
}

#[tokio::test]
async fn a_schema_for_extensions_that_cannot_be_is_refused_at_once() {
    let database = TestDatabase::new().await;
    let long = "e".repeat(64);
    for impossible in [
        "",
        "pg_catalog",
        "pg_ext",
        "information_schema",
        &long,
        "a\0b",
    ] {
        let settings = Settings {
            extensions: Some(ExtensionsSchema::new(impossible)),
            ..Settings::default()
        };
        let at = tenant_core::Database::parse(&database.url()).unwrap();
        let opened = Tenants::open(
            at,
            tenant_core::Migrations {
                public: tenant_core::MigrationSet::registry(),
                tenant: two_steps().set(),
            },
            settings,
        );
        let Err(error) = opened.await else {
            panic!("{impossible}")
        };
        assert!(
            matches!(error, Error::InvalidExtensionsSchema { .. }),
            "{impossible}: {}",
            chain(&error)
        );
    }
}
