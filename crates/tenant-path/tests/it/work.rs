//! Work in a tenant: where it happens, and when it is committed.

use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::{
    AnsiTransactionManager, AsyncPgConnection, SimpleAsyncConnection, TransactionManager,
};
use tenant_path::{Refusal, TenantPath, in_tenant};
use test_support::TestDatabase;

use crate::fixture::{SERVED_BY, ask, bb8, path, run, settings, two_tenants};
use diesel::QueryDsl;

const INSERT: &str = "INSERT INTO tasks (title) VALUES ('a')";

async fn tasks(database: &TestDatabase) -> [String; 2] {
    [
        database.value("SELECT count(*) FROM acme.tasks").await,
        database.value("SELECT count(*) FROM globex.tasks").await,
    ]
}

async fn refused(
    connection: &mut AsyncPgConnection,
    work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<(), Error>,
) -> Refusal {
    let error = in_tenant(connection, &path("acme"), work)
        .await
        .unwrap_err();
    match Refusal::of(&error) {
        Some(refusal) => refusal.clone(),
        None => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn work_is_committed_if_it_returns_ok_and_only_then() {
    let database = two_tenants().await;
    let pool = bb8(&database).await;
    let mut connection = pool.get().await.unwrap();
    in_tenant(&mut connection, &path("acme"), async |tenant| {
        run(tenant, INSERT).await
    })
    .await
    .unwrap();
    let failed = in_tenant(&mut connection, &path("globex"), async |tenant| {
        run(tenant, INSERT).await?;
        Err::<(), _>(Error::NotFound)
    })
    .await;
    assert_eq!(failed, Err(Error::NotFound));
    assert_eq!(tasks(&database).await, ["1", "0"]);
    let behind = ask(&mut connection, "SELECT current_setting('search_path')").await;
    assert_eq!(behind, "\"$user\", public");
}

/// A worker that goes from tenant to tenant does not return the connection in between.
#[tokio::test]
async fn the_next_tenant_on_the_same_connection_finds_no_temporary_table_and_no_cursor() {
    let database = two_tenants().await;
    let pool = bb8(&database).await;
    let mut connection = pool.get().await.unwrap();
    in_tenant(&mut connection, &path("acme"), async |tenant| {
        run(tenant, INSERT).await?;
        run(tenant, "CREATE TEMP TABLE tasks AS SELECT * FROM tasks").await?;
        run(tenant, "CREATE TEMP TABLE mine AS SELECT * FROM tasks").await?;
        run(
            tenant,
            "DECLARE left_open CURSOR WITH HOLD FOR SELECT title FROM tasks",
        )
        .await
    })
    .await
    .unwrap();
    let found = "SELECT (SELECT count(*) FROM tasks) || ' ' || (to_regclass('mine') IS NULL) \
                 || ' ' || (SELECT count(*) FROM pg_cursors WHERE is_holdable)";
    let next = in_tenant(&mut connection, &path("globex"), async |tenant| {
        Ok::<_, Error>(ask(tenant, found).await)
    })
    .await;
    assert_eq!(next, Ok("0 true 0".to_owned()));
}

/// `in_tenant` is used behind a pooler too, where the session has served others.
#[tokio::test]
async fn a_temporary_table_hides_no_table_of_the_tenant() {
    let database = two_tenants().await;
    let pool = bb8(&database).await;
    let mut connection = pool.get().await.unwrap();
    in_tenant(&mut connection, &path("acme"), async |tenant| {
        run(tenant, "CREATE TEMP TABLE tasks (title text)").await?;
        run(tenant, "CREATE TEMP TABLE scratch (title text)").await?;
        run(tenant, INSERT).await?;
        run(
            tenant,
            "INSERT INTO scratch VALUES ('found behind the tenant')",
        )
        .await
    })
    .await
    .unwrap();
    assert_eq!(tasks(&database).await, ["1", "0"]);
}

#[tokio::test]
async fn a_path_that_the_work_sets_for_the_session_ends_with_it() {
    let database = two_tenants().await;
    let pool = bb8(&database).await;
    let mut connection = pool.get().await.unwrap();
    let outside = "SELECT current_setting('search_path')";
    for before in ["\"$user\", public", "globex"] {
        run(&mut connection, &format!("SET search_path TO {before}"))
            .await
            .unwrap();
        in_tenant(&mut connection, &path("acme"), async |tenant| {
            run(tenant, "SET search_path TO acme").await
        })
        .await
        .unwrap();
        assert_eq!(ask(&mut connection, outside).await, before);
    }
}

/// A trigger that is deferred to the commit names its tables without a schema.
#[tokio::test]
async fn what_is_deferred_to_the_commit_runs_in_the_tenant() {
    let database = two_tenants().await;
    database
        .execute(
            "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN INSERT INTO notes VALUES (NEW.title); RETURN NULL; END $$; \
             CREATE CONSTRAINT TRIGGER late AFTER INSERT ON acme.tasks INITIALLY DEFERRED \
             FOR EACH ROW EXECUTE FUNCTION note()",
        )
        .await;
    let pool = bb8(&database).await;
    let mut connection = pool.get().await.unwrap();
    let behind = path("acme").behind(["public"]).unwrap();
    in_tenant(&mut connection, &behind, async |tenant| {
        run(tenant, INSERT).await
    })
    .await
    .unwrap();
    assert_eq!(database.value("SELECT text FROM acme.notes").await, "a");
}

/// Handlers of web servers run in tasks.
#[tokio::test]
async fn work_can_be_spawned() {
    let database = two_tenants().await;
    let pool = bb8(&database).await;
    let inserted = tokio::spawn(async move {
        let mut connection = pool.get().await.unwrap();
        let path = path("acme");
        in_tenant(&mut connection, &path, async |tenant| {
            run(tenant, INSERT).await
        })
        .await
    })
    .await;
    inserted.unwrap().unwrap();
    assert_eq!(tasks(&database).await, ["1", "0"]);
}

#[tokio::test]
async fn a_tenant_without_a_schema_is_refused_and_the_connection_serves_the_next() {
    let database = two_tenants().await;
    let pool = bb8(&database).await;
    let mut connection = pool.get().await.unwrap();
    let process = ask(&mut connection, SERVED_BY).await;
    let gone = path("gone").behind(["public"]).unwrap();
    let error = in_tenant(&mut connection, &gone, async |tenant| {
        run(tenant, "INSERT INTO notes VALUES ('lost')").await
    })
    .await;
    let error = error.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot work in search_path \"gone\", \"public\": a schema does not exist, or the role \
         has no USAGE on it"
    );
    drop(connection);
    let mut next = pool.get().await.unwrap();
    assert_eq!(ask(&mut next, SERVED_BY).await, process);
    assert_eq!(database.value("SELECT count(*) FROM notes").await, "1");
}

#[tokio::test]
async fn a_role_without_usage_on_the_schema_is_refused() {
    let database = two_tenants().await;
    let role = database.role("secret").await;
    let mut connection = {
        use diesel_async::AsyncConnection;
        AsyncPgConnection::establish(&role.url()).await.unwrap()
    };
    let behind = path("acme").behind(["public"]).unwrap();
    let error = in_tenant(&mut connection, &behind, async |_| Ok::<_, Error>(())).await;
    let error = error.unwrap_err();
    assert!(matches!(
        Refusal::of(&error),
        Some(Refusal::NoSchema { .. })
    ));
}

#[tokio::test]
async fn a_table_that_the_tenant_lacks_is_found_in_public_only_if_public_was_named() {
    let database = two_tenants().await;
    let pool = bb8(&database).await;
    let mut connection = pool.get().await.unwrap();
    let alone = in_tenant(&mut connection, &path("globex"), async |tenant| {
        run(tenant, "SELECT FROM notes").await
    })
    .await;
    assert!(alone.unwrap_err().to_string().contains("\"notes\""));
    let behind = path("globex").behind(["public"]).unwrap();
    let found = in_tenant(&mut connection, &behind, async |tenant| {
        Ok::<_, Error>(ask(tenant, "SELECT text FROM notes").await)
    })
    .await;
    assert_eq!(found.unwrap(), "of all");
}

/// Prepared for one tenant, a statement fails in another whose column has another type.
#[tokio::test]
async fn statements_are_prepared_anew_unless_they_are_to_be_kept() {
    let database = two_tenants().await;
    database
        .execute("INSERT INTO acme.settings VALUES (1); INSERT INTO globex.settings VALUES ('b')")
        .await;
    let pool = bb8(&database).await;
    let mut connection = pool.get().await.unwrap();
    let read = async |tenant: &mut AsyncPgConnection| {
        diesel_async::RunQueryDsl::execute(settings::table.select(settings::value), tenant).await
    };
    for schema in ["acme", "globex", "acme"] {
        in_tenant(&mut connection, &path(schema), read)
            .await
            .unwrap();
    }
    let kept = path("globex").keeping_statements();
    let kept = in_tenant(&mut connection, &kept, read).await.unwrap_err();
    assert_eq!(kept.to_string(), "cached plan must not change result type");
}

#[tokio::test]
async fn work_that_ends_its_transaction_is_refused_however_it_ends_it() {
    let database = two_tenants().await;
    let pool = bb8(&database).await;
    for sql in [
        "COMMIT",
        "ROLLBACK",
        "COMMIT AND CHAIN",
        "COMMIT; BEGIN; SET LOCAL search_path TO acme",
    ] {
        let mut connection = pool.get().await.unwrap();
        let refusal = refused(&mut connection, async |tenant| {
            tenant.batch_execute(sql).await
        })
        .await;
        assert!(matches!(refusal, Refusal::Ended { .. }), "{sql}");
    }
    let mut connection = pool.get().await.unwrap();
    let refusal = refused(&mut connection, async |tenant| {
        AnsiTransactionManager::commit_transaction(tenant).await
    })
    .await;
    assert!(matches!(refusal, Refusal::Ended { .. }));
    drop(connection);
    let mut next = pool.get().await.unwrap();
    assert_eq!(ask(&mut next, "SELECT count(*) FROM acme.tasks").await, "0");
}

#[tokio::test]
async fn work_that_changes_the_path_or_drops_its_schema_is_rolled_back() {
    let database = two_tenants().await;
    let pool = bb8(&database).await;
    let mut connection = pool.get().await.unwrap();
    for sql in [
        "SET LOCAL search_path TO globex",
        "SET search_path TO globex",
        "RESET search_path",
        "DROP SCHEMA acme CASCADE",
    ] {
        let refusal = refused(&mut connection, async |tenant| {
            run(tenant, INSERT).await?;
            run(tenant, sql).await
        })
        .await;
        assert!(matches!(refusal, Refusal::PathChanged { .. }), "{sql}");
    }
    let all = refused(&mut connection, async |tenant| {
        run(tenant, "RESET ALL").await
    })
    .await;
    assert!(matches!(
        all,
        Refusal::Ended { .. } | Refusal::PathChanged { .. }
    ));
    assert_eq!(tasks(&database).await, ["0", "0"]);
}

#[tokio::test]
async fn work_that_leaves_an_inner_transaction_open_is_rolled_back_and_its_connection_closed() {
    let database = two_tenants().await;
    let pool = bb8(&database).await;
    let mut connection = pool.get().await.unwrap();
    let process = ask(&mut connection, SERVED_BY).await;
    let refusal = refused(&mut connection, async |tenant| {
        run(tenant, INSERT).await?;
        AnsiTransactionManager::begin_transaction(tenant).await?;
        run(tenant, INSERT).await
    })
    .await;
    assert!(matches!(refusal, Refusal::InnerOpen { .. }));
    drop(connection);
    assert_eq!(tasks(&database).await, ["0", "0"]);
    assert_ne!(
        ask(&mut pool.get().await.unwrap(), SERVED_BY).await,
        process
    );
}

/// PostgreSQL answers the commit of a failed transaction with a rollback and no error.
#[tokio::test]
async fn work_that_hides_the_error_of_a_query_is_no_success() {
    let database = two_tenants().await;
    let pool = bb8(&database).await;
    let mut connection = pool.get().await.unwrap();
    let hidden = in_tenant(&mut connection, &path("acme"), async |tenant| {
        run(tenant, INSERT).await?;
        run(tenant, "SELECT nothing").await.ok();
        Ok::<_, Error>(())
    })
    .await;
    assert!(hidden.is_err());
    assert_eq!(tasks(&database).await, ["0", "0"]);
}

#[tokio::test]
async fn a_constraint_that_fails_at_the_commit_is_the_error() {
    let database = two_tenants().await;
    database
        .execute("ALTER TABLE acme.tasks ADD UNIQUE (title) DEFERRABLE INITIALLY DEFERRED")
        .await;
    let pool = bb8(&database).await;
    let mut connection = pool.get().await.unwrap();
    let twice = in_tenant(&mut connection, &path("acme"), async |tenant| {
        run(tenant, INSERT).await?;
        run(tenant, INSERT).await
    })
    .await;
    let error = twice.unwrap_err();
    let is_unique = matches!(
        error,
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)
    );
    assert!(is_unique, "{error:?}");
    drop(connection);
    let mut next = pool.get().await.unwrap();
    in_tenant(&mut next, &path("acme"), async |tenant| {
        run(tenant, INSERT).await
    })
    .await
    .unwrap();
    assert_eq!(tasks(&database).await, ["1", "0"]);
}

#[tokio::test]
async fn work_in_work_is_refused_and_changes_nothing() {
    let database = two_tenants().await;
    let pool = bb8(&database).await;
    let mut connection = pool.get().await.unwrap();
    in_tenant(&mut connection, &path("acme"), async |tenant| {
        let inner = in_tenant(tenant, &path("globex"), async |tenant| {
            run(tenant, INSERT).await
        })
        .await;
        assert_eq!(inner, Err(Error::AlreadyInTransaction));
        run(tenant, INSERT).await
    })
    .await
    .unwrap();
    assert_eq!(tasks(&database).await, ["1", "0"]);
}

#[tokio::test]
async fn any_name_leads_to_its_own_schema_and_to_no_other() {
    let database = two_tenants().await;
    let names = [
        "org_big-bang",
        "Acme",
        "2fast",
        "a\"b'c\\d",
        "acme\"; DROP SCHEMA globex CASCADE; --",
        "été $1 $$",
        "acme, globex",
    ];
    let pool = bb8(&database).await;
    let mut connection = pool.get().await.unwrap();
    for name in names {
        let create = format!("CREATE SCHEMA \"{}\"", name.replace('"', "\"\""));
        database.execute(&create).await;
        let path = TenantPath::new(name).unwrap();
        let current = in_tenant(&mut connection, &path, async |tenant| {
            Ok::<_, Error>(ask(tenant, "SELECT current_schema()").await)
        })
        .await;
        assert_eq!(current.unwrap(), name);
    }
    assert_eq!(database.schemas().await.len(), 2 + names.len());
}
