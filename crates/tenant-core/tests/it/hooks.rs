//! The application's own SQL where tenants are created, dropped and renamed.

use tenant_core::{Error, HookError, Hooks, Settings, Tenants};
use test_support::TestDatabase;

use crate::create_with::{all_there_is, boards, sign_up_tables};
use crate::fixture::{chain, create, name, open};

async fn ready(hooks: Hooks) -> (TestDatabase, Tenants) {
    let database = TestDatabase::new().await;
    sign_up_tables(&database).await;
    let settings = Settings {
        hooks,
        ..Settings::default()
    };
    let tenants = open(&database, &boards(), settings).await;
    tenants.migrate_public().await.unwrap();
    (database, tenants)
}

const CREATE: &str = "-- {name} in a comment is left alone\n\
    INSERT INTO public.organizations (slug) VALUES ({name});\n\
    INSERT INTO boards (title) SELECT title FROM public.templates;\n\
    INSERT INTO boards (title) VALUES ('of ' || {schema});";

/// Organizations that follow their tenants.
fn following() -> Result<Hooks, HookError> {
    Hooks::new()
        .on_create("create.sql", CREATE)?
        .on_drop(
            "drop.sql",
            "DELETE FROM public.organizations WHERE slug = {name}",
        )?
        .on_rename(
            "rename.sql",
            "UPDATE public.organizations SET slug = {name} WHERE slug = {old_name};\n\
             UPDATE boards SET title = 'of ' || {schema} WHERE title = 'of ' || {old_schema};",
        )
}

#[tokio::test]
async fn a_hook_runs_in_a_tenant_that_is_built_and_in_one_that_takes_a_spare() {
    let (database, tenants) = ready(following().unwrap()).await;
    create(&tenants, &["built"]).await;
    tenants.spares().keep(1).await.unwrap();
    assert!(tenants.create(&name("taken")).await.unwrap().from_spare);
    assert_eq!(all_there_is(&database).await, [["built", "taken"]; 3]);
    for one in ["built", "taken"] {
        let titles = format!("SELECT title FROM {one}.boards ORDER BY id");
        assert_eq!(
            database.column(&titles).await,
            ["Template".to_owned(), format!("of {one}")]
        );
    }
}

#[tokio::test]
async fn rows_about_a_tenant_follow_its_name_and_go_with_it() {
    let (database, tenants) = ready(following().unwrap()).await;
    create(&tenants, &["acme", "globex"]).await;
    tenants
        .rename(&name("acme"), &name("umbrella"))
        .await
        .unwrap();
    assert_eq!(all_there_is(&database).await, [["globex", "umbrella"]; 3]);
    let title = "SELECT title FROM umbrella.boards ORDER BY id DESC LIMIT 1";
    assert_eq!(database.value(title).await, "of umbrella");
    tenants.drop_tenant(&name("umbrella")).await.unwrap();
    assert_eq!(all_there_is(&database).await, [["globex"]; 3]);
}

#[tokio::test]
async fn a_registration_without_a_schema_goes_with_its_rows() {
    let (database, tenants) = ready(following().unwrap()).await;
    create(&tenants, &["acme"]).await;
    database.execute("DROP SCHEMA acme CASCADE").await;
    tenants.drop_tenant(&name("acme")).await.unwrap();
    assert_eq!(all_there_is(&database).await, [[""; 0]; 3]);
}

#[tokio::test]
async fn a_hook_that_fails_leaves_everything_as_it_was_and_names_its_line() {
    let broken = "SELECT 1;\n\nSELECT {name},\n  1 / 0;";
    let missing = "SELECT 1;\n\nSELECT {name},\n  oops;";
    let hooks = following().unwrap().on_create("late.sql", missing).unwrap();
    let (database, tenants) = ready(hooks).await;
    for spares in [0, 1] {
        tenants.spares().keep(spares).await.unwrap();
        let error = tenants.create(&name("acme")).await.unwrap_err();
        assert_eq!(
            chain(&error),
            "`late.sql` failed for tenant `acme` (line 4: `SELECT {name}, oops`; its transaction \
             was rolled back): column \"oops\" does not exist (SQLSTATE 42703)"
        );
        assert!(database.tracked().await.is_empty());
        assert_eq!(tenants.spares().count().await.unwrap().ready, spares);
        assert_eq!(
            database.column("SELECT slug FROM organizations").await,
            [""; 0]
        );
    }
    let hooks = Hooks::new()
        .on_drop("d.sql", broken)
        .unwrap()
        .on_rename("r.sql", broken)
        .unwrap();
    let (database, tenants) = ready(hooks).await;
    create(&tenants, &["acme"]).await;
    for error in [
        tenants.drop_tenant(&name("acme")).await.unwrap_err(),
        tenants
            .rename(&name("acme"), &name("other"))
            .await
            .unwrap_err(),
    ] {
        assert!(
            matches!(&error, Error::Hook(failure) if failure.line == 3),
            "{error:?}"
        );
        assert_eq!(error.sqlstate(), Some("22012"));
        assert_eq!(database.schemas().await, ["acme"]);
        assert_eq!(database.tracked().await, ["acme"]);
    }
}

#[tokio::test]
async fn a_name_is_a_value_whatever_is_in_it() {
    let hooks = Hooks::new()
        .on_create(
            "h.sql",
            "INSERT INTO public.organizations (slug) SELECT {name} || $x$'; --$x$",
        )
        .unwrap();
    let (database, tenants) = ready(hooks).await;
    create(&tenants, &["Acme_1"]).await;
    assert_eq!(
        database.column("SELECT slug FROM organizations").await,
        ["Acme_1'; --"]
    );
}

#[tokio::test]
async fn what_a_hook_sets_and_leaves_is_gone_for_the_next_tenant() {
    let sql = "SET search_path TO public; PREPARE p AS SELECT 1; SET work_mem = '7MB';\n\
               CREATE TEMP TABLE left_behind (id int); SELECT pg_advisory_lock(7);\n\
               SET row_security = off;";
    let (database, tenants) = ready(Hooks::new().on_create("h.sql", sql).unwrap()).await;
    create(&tenants, &["a", "b", "c"]).await;
    assert_eq!(database.tracked().await, ["a", "b", "c"]);
    let locks = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database \
                 WHERE locktype = 'advisory' AND datname = current_database()";
    assert_eq!(database.value(locks).await, "0");
}

#[tokio::test]
async fn what_the_hooks_of_a_drop_and_a_rename_leave_is_gone_as_well() {
    let sql = "SET work_mem = '7MB'; PREPARE p AS SELECT 1; SELECT pg_advisory_lock(8);\n\
               CREATE TEMP TABLE boards (id int); SET ROLE NONE; SET row_security = off;";
    let hooks = Hooks::new()
        .on_drop("a.sql", sql)
        .and_then(|hooks| {
            hooks.after_drop(
                "b.sql",
                &sql.replace(" p ", " q ").replace("boards", "more"),
            )
        })
        .and_then(|hooks| hooks.on_rename("c.sql", sql));
    let (database, tenants) = ready(hooks.unwrap()).await;
    create(&tenants, &["a", "b", "c"]).await;
    for tenant in ["a", "b"] {
        let renamed = name(&format!("{tenant}_2"));
        tenants.rename(&name(tenant), &renamed).await.unwrap();
        tenants.drop_tenant(&renamed).await.unwrap();
    }
    assert_eq!(database.tracked().await, ["c"]);
    let locks = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database \
                 WHERE locktype = 'advisory' AND datname = current_database()";
    assert_eq!(database.value(locks).await, "0");
}

#[tokio::test]
async fn hooks_run_before_the_work_of_a_sign_up_and_in_its_transaction() {
    let hooks = following().unwrap();
    let setting = "SET work_mem = '7MB'; SET search_path TO public; SET ROLE NONE";
    let (database, tenants) = ready(hooks.on_create("set.sql", setting).unwrap()).await;
    let count = async |fails: bool| {
        let acme = name("acme");
        let made = tenants.create_with(&acme, async |new| {
            use diesel_async::SimpleAsyncConnection;
            let tenant = new.tenant().await?;
            tenant
                .batch_execute(
                    "INSERT INTO boards (title) SELECT 'again ' || title FROM boards; \
                     INSERT INTO boards (title) SELECT current_setting('work_mem')",
                )
                .await?;
            match fails {
                true => Err(Error::Unknown(name("nobody"))),
                false => Ok(()),
            }
        });
        made.await
    };
    count(true).await.unwrap_err();
    assert_eq!(all_there_is(&database).await, [[""; 0]; 3]);
    count(false).await.unwrap();
    // What the hook has set is not in force any more.
    let titles = database
        .column("SELECT title FROM acme.boards ORDER BY id")
        .await;
    let seeded = [
        "Template",
        "of acme",
        "again Template",
        "again of acme",
        "4MB",
    ];
    assert_eq!(titles, seeded);
    assert_eq!(all_there_is(&database).await, [["acme"]; 3]);
}

#[tokio::test]
async fn neither_a_clone_nor_an_adopted_schema_nor_a_spare_is_seeded() {
    let (database, tenants) = ready(following().unwrap()).await;
    create(&tenants, &["acme"]).await;
    tenants
        .clone_tenant(&name("acme"), &name("copy"))
        .await
        .unwrap();
    database
        .execute("DELETE FROM schema_tracker WHERE name = 'copy'")
        .await;
    tenants.adopt(&name("copy")).await.unwrap();
    tenants.spares().keep(1).await.unwrap();
    assert_eq!(
        database.column("SELECT slug FROM organizations").await,
        ["acme"]
    );
}

#[tokio::test]
async fn a_tenant_that_could_not_be_completed_is_removed_without_the_hook_of_a_drop() {
    let hooks = Hooks::new()
        .on_create("c.sql", "SELECT 1 / 0")
        .unwrap()
        .on_drop(
            "d.sql",
            "INSERT INTO public.organizations (slug) VALUES ('dropped')",
        )
        .unwrap();
    let database = TestDatabase::new().await;
    sign_up_tables(&database).await;
    let settings = Settings {
        hooks,
        ..Settings::default()
    };
    let stream = boards().outside("CREATE INDEX CONCURRENTLY by_title ON boards (title);");
    let tenants = open(&database, &stream, settings).await;
    tenants.migrate_public().await.unwrap();
    let error = tenants.create(&name("acme")).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("22012"), "{error}");
    assert_eq!(all_there_is(&database).await, [[""; 0]; 3]);
}

#[test]
fn what_cannot_go_well_is_refused_before_anything_runs() {
    for (sql, expected) in [
        (
            "SELECT 1;\nCOMMIT;",
            "line 2: `COMMIT` would begin or end a transaction",
        ),
        ("SELECT '{name}'", "line 1: `{name}` is inside a string"),
        (
            "SELECT 1;\nSELECT {slug}",
            "line 2: `{slug}` is not a placeholder here (expected {name}, {schema})",
        ),
        (
            "SELECT {old_name}",
            "`{old_name}` is not a placeholder here",
        ),
        ("SELECT $1", "`$1` is a parameter"),
        ("SELECT 'a", "a string is never closed"),
        ("VACUUM", "`VACUUM` cannot run in a transaction"),
        ("-- nothing", "the text contains no SQL statement"),
        ("\\i other.sql", "a backslash command works only in psql"),
    ] {
        let error = Hooks::new().on_create("seed.sql", sql).unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("hook `seed.sql` cannot run: line "),
            "{text}"
        );
        assert!(text.contains(expected), "{text}");
    }
}
