//! What is said to be the cause of a failure, and what to do about it: never a guess that
//! is wrong.

use std::time::Duration;

use tenant_core::remedy::{Advice, Command, Purpose, Remedy};
use tenant_core::{Cause, Database, Error, ExtensionsSchema, MigrationFailure, Settings, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, migrate, open, tenants, two_steps};

/// How a migration with the text `up` fails on a tenant of `two_steps`.
async fn failure(tenants: &Tenants) -> (MigrationFailure, Vec<Remedy>) {
    let mut report = migrate(tenants).await;
    let acme = report.outcomes.iter_mut().find(|one| one.name == "acme");
    let error = acme.unwrap().error.take().unwrap();
    let remedies = error.remedies();
    match error {
        Error::Migration(failure) => (*failure, remedies),
        other => panic!("{other:?}"),
    }
}

async fn failing(database: &TestDatabase, up: &str) -> (MigrationFailure, Vec<Remedy>) {
    failing_with(database, up, Settings::default()).await
}

async fn failing_with(
    database: &TestDatabase,
    up: &str,
    settings: Settings,
) -> (MigrationFailure, Vec<Remedy>) {
    failure(&open(database, &two_steps().with(up), settings).await).await
}

async fn with_acme() -> TestDatabase {
    let database = TestDatabase::new().await;
    create(&tenants(&database, &two_steps()).await, &["acme"]).await;
    database
}

fn is_about_function(failure: &MigrationFailure, remedies: &[Remedy], function: &str) {
    assert_eq!(failure.cause, Cause::Function(function.to_owned()));
    let text = failure.to_string();
    assert!(
        text.contains(&format!("; the function `{function}` raised the error;")),
        "{text}"
    );
    let [Remedy::Advice(Advice::FixFunction), Remedy::Sql(sql)] = remedies else {
        panic!("{remedies:?}")
    };
    assert_eq!(sql.purpose, Purpose::ListTriggers);
}

/// The rows that the SQL among `remedies` gives.
async fn listed(database: &TestDatabase, remedies: &[Remedy]) -> Vec<String> {
    let sql = remedies.iter().find_map(|one| match one {
        Remedy::Sql(sql) => sql.statements.first(),
        _ => None,
    });
    let sql = format!("SELECT trigger || ' ' || \"on\" FROM ({}) x", sql.unwrap());
    database.column(&sql).await
}

const AUDIT: &str = "
CREATE SCHEMA audit;
CREATE TABLE audit.log (tag text NOT NULL CHECK (tag <> 'CREATE VIEW'));
CREATE FUNCTION audit.ddl() RETURNS event_trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF tg_tag = 'CREATE SEQUENCE' THEN RAISE 'no sequences' USING ERRCODE = '42501'; END IF;
    INSERT INTO audit.log VALUES (tg_tag);
END $$;
CREATE EVENT TRIGGER audit_ddl ON ddl_command_end EXECUTE FUNCTION audit.ddl();
CREATE FUNCTION audit.\"No drops\"() RETURNS event_trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE 'nothing is dropped here'; END $$;
CREATE EVENT TRIGGER audit_drop ON sql_drop EXECUTE FUNCTION audit.\"No drops\"();
CREATE FUNCTION audit.rows() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM 1 / 0; RETURN NULL; END $$;
";

#[tokio::test]
async fn an_event_trigger_that_fails_is_the_cause() {
    let database = with_acme().await;
    database.execute(AUDIT).await;
    for (up, function, trigger) in [
        (
            "CREATE SEQUENCE s;",
            "audit.ddl()",
            "audit_ddl ddl_command_end",
        ),
        (
            "CREATE VIEW v AS SELECT 1;",
            "audit.ddl()",
            "audit_ddl ddl_command_end",
        ),
        (
            "DROP TABLE tasks;",
            "audit.\"No drops\"()",
            "audit_drop sql_drop",
        ),
        (
            "DO $$ BEGIN EXECUTE 'DROP TABLE tasks'; END $$;",
            "audit.\"No drops\"()",
            "audit_drop sql_drop",
        ),
    ] {
        let (failure, remedies) = failing(&database, up).await;
        is_about_function(&failure, &remedies, function);
        assert_eq!(listed(&database, &remedies).await, [trigger]);
    }
}

#[tokio::test]
async fn a_trigger_whose_function_is_elsewhere_is_the_cause() {
    let database = with_acme().await;
    database
        .execute(&format!(
            "{AUDIT}; DROP EVENT TRIGGER audit_drop; CREATE TRIGGER rows BEFORE INSERT ON \
             acme.tasks FOR EACH ROW EXECUTE FUNCTION audit.rows()"
        ))
        .await;
    for up in [
        "INSERT INTO tasks VALUES (1);",
        "DO $$ BEGIN INSERT INTO tasks VALUES (1); END $$;",
    ] {
        let (failure, remedies) = failing(&database, up).await;
        is_about_function(&failure, &remedies, "audit.rows()");
        assert_eq!(listed(&database, &remedies).await, ["rows acme.tasks"]);
    }
}

#[tokio::test]
async fn the_migrations_own_functions_and_the_tenants_are_not() {
    let database = with_acme().await;
    for up in [
        "DO $$ BEGIN RAISE 'mine'; END $$;",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1 / 0; END $$; \
         SELECT f();",
        // Its path leads nowhere, so that its name is qualified.
        "CREATE FUNCTION g() RETURNS int LANGUAGE plpgsql SET search_path = '' AS \
         $$ BEGIN RETURN 1 / 0; END $$; SELECT g();",
        // The code says otherwise.
        "DO $$ BEGIN RAISE 'mine' USING ERRCODE = '42501'; END $$;",
        "DO $$ BEGIN RAISE 'mine' USING ERRCODE = '25001'; END $$;",
        "DO $$ BEGIN RAISE 'mine' USING ERRCODE = '53200'; END $$;",
    ] {
        let (failure, remedies) = failing(&database, up).await;
        assert_eq!(failure.cause, Cause::Statement, "{up}");
        assert_eq!(remedies, [Advice::FixMigration.into()], "{up}");
    }
}

#[tokio::test]
async fn a_role_that_the_migration_switches_to_lacks_the_right() {
    let database = with_acme().await;
    let role = database.role("secret").await;
    let (role, grant) = (role.name(), "42501");
    database
        .execute("GRANT SELECT ON acme.tasks TO PUBLIC")
        .await;
    for (up, code) in [
        (
            format!("SET LOCAL ROLE {role}; CREATE TABLE t ();"),
            "3F000",
        ),
        (
            format!("SELECT set_config('role', '{role}', true); CREATE VIEW v AS SELECT 1;"),
            "3F000",
        ),
        (
            format!("SET SESSION AUTHORIZATION {role}; DELETE FROM acme.tasks;"),
            grant,
        ),
    ] {
        let (failure, remedies) = failing(&database, &up).await;
        assert_eq!(failure.source.sqlstate(), Some(code), "{up}: {failure:?}");
        assert_eq!(failure.cause, Cause::Role, "{up}");
        assert_eq!(remedies, [Advice::GrantRole.into()], "{up}");
    }
    let (failure, remedies) = failing(&database, "SET search_path = ''; CREATE TABLE t ();").await;
    assert_eq!(failure.cause, Cause::Path);
    assert_eq!(remedies, [Advice::RemoveSearchPath.into()]);
    let (failure, remedies) = failing(&database, "ALTER TABLE tasks SET SCHEMA nowhere;").await;
    assert_eq!(failure.cause, Cause::Statement);
    assert_eq!(remedies, [Advice::NameExistingSchema.into()]);
}

#[tokio::test]
async fn what_a_transaction_refuses_is_told_from_what_shares_its_code() {
    let database = with_acme().await;
    for up in [
        "DO $$ BEGIN EXECUTE 'VACUUM tasks'; END $$;",
        "SELECT set_config('transaction_isolation', 'serializable', true);",
    ] {
        let (failure, remedies) = failing(&database, up).await;
        assert_eq!(failure.source.sqlstate(), Some("25001"), "{up}");
        assert_eq!(remedies, [Advice::FixMigration.into()], "{up}");
    }
}

#[tokio::test]
async fn a_time_out_of_the_migrations_own_is_told_from_ours_and_from_somebody_elses_cancel() {
    let database = with_acme().await;
    let own = "SET LOCAL statement_timeout = '50ms'; SELECT pg_sleep(30);";
    let (failure, remedies) = failing(&database, own).await;
    assert_eq!(failure.cause, Cause::Timeout);
    assert_eq!(remedies, [Advice::ChangeTimeout.into()]);
    let limited = Settings {
        statement_timeout: Duration::from_millis(100),
        ..Settings::default()
    };
    let (_, remedies) = failing_with(&database, "SELECT pg_sleep(30);", limited).await;
    assert_eq!(remedies, [Advice::AllowMoreTime.into()]);
    let cancel = async {
        let client = database.client().await;
        let sql = "SELECT count(*) FROM (SELECT pg_cancel_backend(pid) FROM pg_stat_activity \
                   WHERE wait_event = 'PgSleep' AND datname = current_database()) x";
        while client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ((_, remedies), ()) = tokio::join!(failing(&database, "SELECT pg_sleep(30);"), cancel);
    assert_eq!(remedies, [Advice::FindCancellation.into()]);
}

#[tokio::test]
async fn what_belongs_to_the_whole_database_is_told_from_what_a_tenant_has_already() {
    let database = with_acme().await;
    let role = database.role("secret").await;
    database.execute("CREATE PUBLICATION everything").await;
    for up in [
        format!("CREATE ROLE {};", role.name()),
        "CREATE PUBLICATION everything;".to_owned(),
    ] {
        let (failure, remedies) = failing(&database, &up).await;
        assert_eq!(failure.cause, Cause::Shared, "{up}");
        assert_eq!(remedies, [Advice::CreateOnce.into()], "{up}");
    }
    let (failure, remedies) = failing(&database, "CREATE TABLE tasks ();").await;
    assert_eq!(failure.cause, Cause::Statement);
    let existing = [Advice::FindExisting.into(), Command::CheckTenants.into()];
    assert_eq!(remedies, existing);
}

#[tokio::test]
async fn a_lock_is_waited_for_whatever_function_needs_it() {
    let database = with_acme().await;
    database
        .execute(
            "CREATE SCHEMA audit; CREATE TABLE audit.log (); \
             CREATE FUNCTION audit.ddl() RETURNS event_trigger LANGUAGE plpgsql AS \
             $$ BEGIN INSERT INTO audit.log DEFAULT VALUES; END $$; \
             CREATE EVENT TRIGGER audit_ddl ON ddl_command_end EXECUTE FUNCTION audit.ddl()",
        )
        .await;
    let holder = database.client().await;
    let lock = "BEGIN; LOCK TABLE audit.log";
    holder.batch_execute(lock).await.unwrap();
    let impatient = Settings {
        lock_timeout: Duration::from_millis(50),
        ..Settings::default()
    };
    let (failure, remedies) = failing_with(&database, "CREATE TABLE t ();", impatient).await;
    assert_eq!(failure.cause, Cause::Function("audit.ddl()".to_owned()));
    assert_eq!(remedies, [Advice::WaitForLock.into()]);
}

#[tokio::test]
async fn a_foreign_server_that_does_not_answer_is_no_server_of_a_cluster() {
    let database = with_acme().await;
    let there = "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'";
    if database.value(there).await == "0" {
        test_support::say_not_run("there is no postgres_fdw");
        return;
    }
    database
        .execute(
            "CREATE EXTENSION postgres_fdw; \
             CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1'); \
             CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'x', password 'y'); \
             CREATE FOREIGN TABLE public.far (a int) SERVER far",
        )
        .await;
    let (failure, remedies) = failing(&database, "SELECT * FROM public.far;").await;
    assert_eq!(failure.source.sqlstate(), Some("08001"));
    assert_eq!(remedies, [Advice::FixForeignServer.into()]);
}

#[tokio::test]
async fn a_function_in_the_schema_of_extensions_is_the_cause_too() {
    let database = with_acme().await;
    let audit = AUDIT.replace("audit.ddl", "public.ddl");
    database.execute(&audit).await;
    let settings = || Settings {
        extensions: Some(ExtensionsSchema::new("public")),
        ..Settings::default()
    };
    let (failure, remedies) = failing_with(&database, "CREATE SEQUENCE s;", settings()).await;
    is_about_function(&failure, &remedies, "public.ddl()");
    // One that the migration speaks of is its own.
    let own = "CREATE FUNCTION ddl() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1 / 0; END $$; \
               SELECT ddl();";
    let (failure, _) = failing_with(&database, own, settings()).await;
    assert_eq!(failure.cause, Cause::Statement);
}

#[tokio::test]
async fn an_event_trigger_beside_public_migrations_is_the_cause_too() {
    let database = TestDatabase::new().await;
    let audit = AUDIT.replace("audit.ddl", "public.ddl");
    database.execute(&audit).await;
    let public = Stream::new().with("CREATE SEQUENCE s;");
    let migrations = tenant_core::Migrations {
        public: public.set(),
        tenant: Stream::new().set(),
    };
    let url = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default());
    let error = tenants.await.unwrap().migrate_public().await.unwrap_err();
    let remedies = error.remedies();
    let Error::Migration(failure) = error else {
        panic!("{error:?}")
    };
    is_about_function(&failure, &remedies, "public.ddl()");
}
