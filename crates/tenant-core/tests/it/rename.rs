//! A tenant gets another name, wholly or not at all.

use std::time::Duration;

use tenant_core::{Error, PoolError, Settings};
use test_support::{TestDatabase, own_server};

use crate::fixture::{Stream, create, name, open, open_at, spare_count, tenants, two_steps};

fn impatient() -> Settings {
    Settings {
        lock_timeout: Duration::from_secs(1),
        wait: Duration::from_secs(1),
        ..Settings::default()
    }
}

/// Everything that refers to something else in its schema.
fn all_kinds() -> Stream {
    Stream::new().with(
        "CREATE TYPE mood AS ENUM ('good', 'bad');
         CREATE SEQUENCE numbers START 100;
         CREATE TABLE people (
             id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
             number bigint NOT NULL DEFAULT nextval('numbers'),
             mood mood NOT NULL DEFAULT 'good'
         );
         CREATE TABLE notes (id serial PRIMARY KEY, person int NOT NULL REFERENCES people);
         CREATE VIEW good_people AS SELECT * FROM people WHERE mood = 'good';
         CREATE FUNCTION count_people(with_mood mood) RETURNS bigint LANGUAGE plpgsql
             SET search_path FROM CURRENT
             AS $$ BEGIN RETURN (SELECT count(*) FROM people WHERE mood = with_mood); END $$;
         CREATE PROCEDURE add_person() LANGUAGE plpgsql SET search_path FROM CURRENT
             AS $$ BEGIN INSERT INTO people DEFAULT VALUES; END $$;",
    )
}

#[tokio::test]
async fn data_sequences_keys_enums_and_functions_go_along() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &all_kinds()).await;
    create(&tenants, &["acme", "neighbour"]).await;
    database
        .execute(
            "INSERT INTO acme.people (mood) VALUES ('good'), ('bad');
             INSERT INTO acme.notes (person) VALUES (1);",
        )
        .await;
    let renamed = tenants
        .rename(&name("acme"), &name("Globex"))
        .await
        .unwrap();
    assert_eq!(renamed.functions, 2, "{renamed:?}");
    assert!(renamed.notes.is_empty(), "{renamed:?}");
    assert_eq!(database.schemas().await, ["Globex", "neighbour"]);
    assert_eq!(database.tracked().await, ["Globex", "neighbour"]);

    let client = database.client().await;
    client
        .batch_execute(
            "SET search_path TO \"Globex\";
             INSERT INTO people (mood) VALUES ('good');
             INSERT INTO notes (person) VALUES (3);
             CALL add_person()",
        )
        .await
        .unwrap();
    let lost = client.batch_execute("INSERT INTO notes (person) VALUES (9)");
    let lost = lost.await.unwrap_err();
    assert_eq!(lost.code().unwrap().code(), "23503");
    // Whatever the caller's own path is.
    let people = "SELECT string_agg(concat_ws(' ', id, number, mood), ', ' ORDER BY id) \
                  FROM \"Globex\".people";
    assert_eq!(
        database.value(people).await,
        "1 100 good, 2 101 bad, 3 102 good, 4 103 good"
    );
    let counted = "SELECT \"Globex\".count_people('good')";
    assert_eq!(database.value(counted).await, "3");
    let seen = "SELECT count(*) FROM \"Globex\".good_people";
    assert_eq!(database.value(seen).await, "3");
    let neighbours = "SELECT neighbour.count_people('good')";
    assert_eq!(database.value(neighbours).await, "0");
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:?}");
}

#[tokio::test]
async fn of_the_registration_nothing_changes_but_the_name() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    let row = "SELECT to_jsonb(t) - 'name' FROM schema_tracker t";
    let before = database.value(row).await;
    assert!(before.contains("fingerprints"), "{before}");
    tenants
        .rename(&name("acme"), &name("globex"))
        .await
        .unwrap();
    assert_eq!(database.value(row).await, before);
}

#[tokio::test]
async fn names_that_are_not_free_and_tenants_that_are_not_whole_are_refused() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme", "globex"]).await;
    database
        .execute(
            "CREATE SCHEMA billing;
             INSERT INTO schema_tracker (name) VALUES ('lost')",
        )
        .await;
    let refused = async |from: &str, to: &str| {
        let refused = tenants.rename(&name(from), &name(to)).await.unwrap_err();
        refused.to_string()
    };
    for (from, to, why) in [
        ("acme", "globex", "tenant `globex` already exists"),
        ("acme", "acme", "tenant `acme` already has that name"),
        (
            "acme",
            "billing",
            "the schema `billing` exists but is not registered as a tenant",
        ),
        (
            "acme",
            "lost",
            "tenant `lost` is registered, but its schema does not exist",
        ),
        ("nobody", "new", "there is no tenant `nobody`"),
        (
            "billing",
            "new",
            "the schema `billing` exists but is not registered as a tenant",
        ),
        (
            "lost",
            "new",
            "tenant `lost` is registered, but its schema does not exist",
        ),
    ] {
        assert_eq!(refused(from, to).await, why);
    }
    assert_eq!(database.schemas().await, ["acme", "billing", "globex"]);
    assert_eq!(database.tracked().await, ["acme", "globex", "lost"]);
}

#[tokio::test]
async fn a_database_that_is_not_set_up_is_told() {
    let database = TestDatabase::new().await;
    let tenants = open(&database, &two_steps(), Settings::default()).await;
    let refused = tenants.rename(&name("acme"), &name("globex")).await;
    assert!(
        matches!(refused, Err(Error::NotSetUp { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn of_two_who_want_the_same_name_one_gets_it() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["a", "b"]).await;
    let (a, b, new) = (name("a"), name("b"), name("new"));
    let (one, other) = tokio::join!(tenants.rename(&a, &new), tenants.rename(&b, &new));
    let (won, lost) = match (one, other) {
        (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
        both => panic!("{both:?}"),
    };
    assert!(matches!(lost, Error::Taken(_)), "{lost}");
    let stays = if won.from == a { "b" } else { "a" };
    assert_eq!(database.schemas().await, [stays, "new"]);
    assert_eq!(database.tracked().await, [stays, "new"]);
}

#[tokio::test]
async fn two_who_want_each_others_names_are_both_told() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["a", "b"]).await;
    let (a, b) = (name("a"), name("b"));
    let (one, other) = tokio::join!(tenants.rename(&a, &b), tenants.rename(&b, &a));
    for refused in [one, other] {
        assert!(matches!(refused, Err(Error::Taken(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn who_uses_a_table_is_waited_for_and_after_a_while_nothing_is_changed() {
    let database = TestDatabase::new().await;
    create(&tenants(&database, &two_steps()).await, &["acme"]).await;
    let tenants = open(&database, &two_steps(), impatient()).await;
    let reader = database.client().await;
    let read = "SET application_name = 'reporting'; BEGIN; SELECT * FROM acme.tasks";
    reader.batch_execute(read).await.unwrap();
    let refused = tenants.rename(&name("acme"), &name("globex")).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.sqlstate(), Some("55P03"), "{refused}");
    let holders = refused.postgres().unwrap().holders();
    assert_eq!(holders[0].application.as_deref(), Some("reporting"));
    assert_eq!(database.schemas().await, ["acme"]);
    assert_eq!(database.tracked().await, ["acme"]);
    // What was begun under the old name ends under it.
    reader
        .batch_execute("INSERT INTO acme.tasks VALUES (1, 'late'); COMMIT")
        .await
        .unwrap();
    tenants
        .rename(&name("acme"), &name("globex"))
        .await
        .unwrap();
    let rows = "SELECT title FROM globex.tasks";
    assert_eq!(database.value(rows).await, "late");
}

#[tokio::test]
async fn a_tenant_that_another_run_works_on_is_left_alone_and_so_is_a_name() {
    let database = TestDatabase::new().await;
    create(&tenants(&database, &two_steps()).await, &["acme"]).await;
    let tenants = open(&database, &two_steps(), impatient()).await;
    for held in ["acme", "globex"] {
        let other = database.client().await;
        let lock = format!(
            "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('diesel-tenants:{held}', 0))"
        );
        other.batch_execute(&lock).await.unwrap();
        let refused = tenants.rename(&name("acme"), &name("globex")).await;
        let Err(Error::Busy {
            schema, holders, ..
        }) = refused
        else {
            panic!("{refused:?}")
        };
        assert_eq!(schema, format!("tenant `{held}`"));
        assert_eq!(holders.len(), 1, "{holders:?}");
    }
    assert_eq!(database.tracked().await, ["acme"]);
}

#[tokio::test]
async fn the_pool_hears_of_both_names_at_once() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    let pool = tenants.pool().size(1).open().await.unwrap();
    let (acme, globex) = (name("acme"), name("globex"));
    drop(pool.tenant(&acme).await.unwrap());
    assert!(pool.tenant(&globex).await.is_err());
    tenants.rename(&acme, &globex).await.unwrap();
    drop(pool.tenant(&globex).await.unwrap());
    let gone = pool.tenant(&acme).await;
    assert!(matches!(gone, Err(PoolError::Unknown(_))), "{gone:?}");
    // The old name is free for somebody else, whose rows are others.
    database
        .execute("INSERT INTO globex.tasks VALUES (1)")
        .await;
    create(&tenants, &["acme"]).await;
    drop(pool.tenant(&acme).await.unwrap());
    let rows = "SELECT count(*) FROM acme.tasks";
    assert_eq!(database.value(rows).await, "0");
}

#[tokio::test]
async fn spares_are_neither_renamed_nor_taken() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    let kept = tenants.spares().keep(1).await.unwrap();
    let spare = name(&kept.outcomes[0].name);
    for (from, to) in [(&spare, &name("new")), (&name("acme"), &spare)] {
        let refused = tenants.rename(from, to).await;
        assert!(matches!(refused, Err(Error::Untracked(_))), "{refused:?}");
    }
    tenants
        .rename(&name("acme"), &name("globex"))
        .await
        .unwrap();
    assert_eq!(
        tenants.spares().count().await.unwrap(),
        spare_count(|count| count.ready = 1)
    );
}

#[tokio::test]
async fn a_schema_with_more_tables_than_the_server_can_lock_can_be_renamed() {
    let server = own_server()
        .setting("max_locks_per_transaction", "10")
        .setting("max_connections", "20")
        .start()
        .unwrap();
    let database = TestDatabase::on(&server).await;
    let tenants = open_at(&database.url(), &two_steps(), Settings::default()).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["acme"]).await;
    let tables = (0..700).map(|number| format!("CREATE TABLE acme.t{number} ()"));
    let client = database.client().await;
    for table in tables {
        client.batch_execute(&table).await.unwrap();
    }
    tenants
        .rename(&name("acme"), &name("globex"))
        .await
        .unwrap();
    assert_eq!(database.schemas().await, ["globex"]);
}
