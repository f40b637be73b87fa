//! What users of other tools have reported about rows at creation and deletion, tried here.

use diesel_async::SimpleAsyncConnection;
use tenant_core::{Error, Hooks, Settings, Tenants};
use test_support::TestDatabase;

use crate::create_with::{all_there_is, boards, sign_up_tables};
use crate::fixture::{Stream, create, name, open};

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

/// Elsewhere the seed ran for the first tenant of a process only, because the file had been
/// loaded.
#[tokio::test]
async fn a_seed_runs_for_every_tenant_of_a_process_and_once_for_each() {
    let hooks = Hooks::new().on_create("s.sql", "INSERT INTO boards (title) VALUES ('a')");
    let (database, tenants) = ready(&boards(), hooks.unwrap()).await;
    create(&tenants, &["a", "b"]).await;
    create(&tenants, &["c"]).await;
    for schema in ["a", "b", "c"] {
        let count = format!("SELECT count(*) FROM {schema}.boards");
        assert_eq!(database.value(&count).await, "1", "{schema}");
    }
}

/// Elsewhere a tenant's seed also filled the public schema, and failed there the second time.
#[tokio::test]
async fn a_seed_reaches_no_public_table_that_it_does_not_name_with_its_schema() {
    let hooks = Hooks::new().on_create("s.sql", "INSERT INTO templates VALUES ('mine')");
    let (database, tenants) = ready(&boards(), hooks.unwrap()).await;
    let error = tenants.create(&name("acme")).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("42P01"), "{error}");
    assert_eq!(
        database.column("SELECT title FROM templates").await,
        ["Template"]
    );
    assert_eq!(all_there_is(&database).await, [[""; 0]; 3]);
}

/// Elsewhere the cleanup ran in the transaction that had failed, and its own error hid the
/// first one.
#[tokio::test]
async fn the_error_of_a_sign_up_is_the_first_one_and_not_that_of_a_cleanup() {
    let (database, tenants) = ready(&boards(), Hooks::new()).await;
    let error = tenants
        .create_with(&name("acme"), async |new| {
            let tenant = new.tenant().await?;
            let twice = "INSERT INTO boards (title) VALUES ('a'), ('a')";
            Ok::<_, Error>(tenant.batch_execute(twice).await?)
        })
        .await
        .unwrap_err();
    assert_eq!(error.sqlstate(), Some("23505"), "{error}");
    assert_eq!(all_there_is(&database).await, [[""; 0]; 3]);
}

/// Elsewhere a creation that failed in the middle could not be repeated: the schema existed.
#[tokio::test]
async fn a_sign_up_that_failed_is_repeated_under_the_same_name() {
    let stream = boards().outside("CREATE INDEX CONCURRENTLY by_title ON boards (title);");
    for stream in [boards(), stream] {
        let (database, tenants) = ready(&stream, Hooks::new()).await;
        for (attempt, sql) in ["SELECT oops", "INSERT INTO boards (title) VALUES ('a')"]
            .into_iter()
            .enumerate()
        {
            let made = tenants
                .create_with(&name("acme"), async |new| {
                    let public = new.public().await?;
                    let insert = "INSERT INTO organizations (slug) VALUES ('acme')";
                    public.batch_execute(insert).await?;
                    Ok::<_, Error>(new.tenant().await?.batch_execute(sql).await?)
                })
                .await;
            assert_eq!(made.is_ok(), attempt == 1, "{made:?}");
        }
        assert_eq!(all_there_is(&database).await, [["acme"]; 3]);
    }
}

/// Elsewhere the schema was dropped first, and then the row could not be deleted, because the
/// application looked into the schema.
#[tokio::test]
async fn what_looks_into_a_tenant_before_it_goes_finds_it_and_an_error_keeps_all() {
    let keep = "INSERT INTO public.templates SELECT title FROM boards;\n\
                DELETE FROM public.organizations WHERE slug = {name};";
    let hooks = Hooks::new()
        .on_create(
            "c.sql",
            "INSERT INTO public.organizations (slug) VALUES ({name})",
        )
        .and_then(|hooks| hooks.on_create("b.sql", "INSERT INTO boards (title) VALUES ('kept')"))
        .and_then(|hooks| hooks.on_drop("d.sql", keep));
    let (database, tenants) = ready(&boards(), hooks.unwrap()).await;
    create(&tenants, &["acme", "globex"]).await;
    tenants.drop_tenant(&name("acme")).await.unwrap();
    let titles = "SELECT title FROM templates ORDER BY 1";
    assert_eq!(database.column(titles).await, ["Template", "kept"]);
    assert_eq!(all_there_is(&database).await, [["globex"]; 3]);
    database
        .execute("ALTER TABLE templates RENAME TO others")
        .await;
    tenants.drop_tenant(&name("globex")).await.unwrap_err();
    assert_eq!(all_there_is(&database).await, [["globex"]; 3]);
}

/// Elsewhere a shared row could not be deleted that a tenant's rows referred to, not even with
/// the tenant.
#[tokio::test]
async fn a_row_that_the_tenant_refers_to_is_deleted_once_the_tenant_is_gone() {
    let stream = Stream::new().with(
        "CREATE TABLE boards (id serial PRIMARY KEY, \
         organization bigint NOT NULL REFERENCES public.organizations);",
    );
    let create_sql = "INSERT INTO public.organizations (slug) VALUES ({name});\n\
        INSERT INTO boards (organization) SELECT id FROM public.organizations WHERE slug = {name};";
    let delete = "DELETE FROM public.organizations WHERE slug = {name}";
    for is_before in [true, false] {
        let hooks = Hooks::new().on_create("c.sql", create_sql).unwrap();
        let hooks = match is_before {
            true => hooks.on_drop("d.sql", delete),
            false => hooks.after_drop("d.sql", delete),
        };
        let (database, tenants) = ready(&stream, hooks.unwrap()).await;
        create(&tenants, &["acme"]).await;
        let dropped = tenants.drop_tenant(&name("acme")).await;
        if is_before {
            assert_eq!(dropped.unwrap_err().sqlstate(), Some("23503"));
            assert_eq!(all_there_is(&database).await, [["acme"]; 3]);
        } else {
            dropped.unwrap();
            assert_eq!(all_there_is(&database).await, [[""; 0]; 3]);
        }
    }
}
