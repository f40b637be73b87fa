//! A tenant that is like another one, wholly or not at all.

use std::time::Duration;

use tenant_core::{Cloned, Error, Rows, Settings, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, chain, create, demo_tenants, name, open, tenants, two_steps};

async fn clone(tenants: &Tenants, from: &str, to: &str, rows: Rows) -> Cloned {
    let cloned = tenants
        .clone_tenant(&name(from), &name(to))
        .rows(rows)
        .await;
    cloned.unwrap_or_else(|error| panic!("{}", chain(&error)))
}

async fn refused(tenants: &Tenants, from: &str, to: &str) -> Error {
    let refused = tenants.clone_tenant(&name(from), &name(to)).await;
    refused.unwrap_err()
}

/// Things of every kind, made in an order in which none can be made by its name.
const EVERYTHING: &str = "
    CREATE TYPE zz_mood AS ENUM ('good', 'it''s bad');
    CREATE DOMAIN word AS text CHECK (length(value) < 20);
    CREATE TYPE entry AS (mood zz_mood, words word[]);
    CREATE SEQUENCE numbers START 100 INCREMENT 5;
    CREATE FUNCTION zz_twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
    CREATE TABLE zz_people (
        id int GENERATED ALWAYS AS IDENTITY (START 10) PRIMARY KEY,
        gone int,
        number bigint NOT NULL DEFAULT nextval('numbers'),
        \"Mood\" zz_mood NOT NULL DEFAULT 'good',
        moods zz_mood[], entry entry, entries entry[], word word, raw bytea,
        doubled int GENERATED ALWAYS AS (zz_twice(id)) STORED,
        CONSTRAINT short CHECK (zz_twice(id) < 1000)
    );
    ALTER TABLE zz_people DROP COLUMN gone;
    ALTER TABLE zz_people SET (autovacuum_vacuum_scale_factor = 0.01);
    ALTER TABLE zz_people REPLICA IDENTITY FULL;
    ALTER TABLE zz_people ALTER COLUMN word SET STATISTICS 500;
    ALTER TABLE zz_people ALTER COLUMN word SET (n_distinct = 7);
    COMMENT ON CONSTRAINT word_check ON DOMAIN word IS 'short words';
    COMMENT ON COLUMN entry.words IS 'of an entry';
    COMMENT ON TABLE zz_people IS 'acme.zz_people: people''s';
    CREATE TABLE aa_notes (id serial PRIMARY KEY, person int NOT NULL REFERENCES zz_people ON DELETE CASCADE, title text);
    CREATE UNIQUE INDEX one_title ON aa_notes (lower(title)) WHERE title IS NOT NULL;
    CREATE TABLE nothing ();
    CREATE TABLE zz_parent (id int NOT NULL);
    CREATE TABLE aa_child (more text) INHERITS (zz_parent);
    CREATE TABLE zz_events (at date NOT NULL, id int) PARTITION BY RANGE (at);
    CREATE TABLE aa_events_2026 PARTITION OF zz_events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE INDEX ON zz_events (id);
    CREATE VIEW zz_good AS SELECT * FROM zz_people WHERE \"Mood\" = 'good';
    CREATE VIEW aa_best AS SELECT * FROM zz_good WHERE id > 1;
    CREATE MATERIALIZED VIEW aa_counts AS SELECT \"Mood\", count(*) FROM zz_good GROUP BY 1;
    CREATE UNIQUE INDEX ON aa_counts (\"Mood\");
    CREATE MATERIALIZED VIEW unfilled AS SELECT 1 AS one WITH NO DATA;
    CREATE FUNCTION aa_best_of(zz_people) RETURNS SETOF aa_best LANGUAGE sql
        BEGIN ATOMIC SELECT * FROM aa_best WHERE id = $1.id; END;
    CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql SET search_path FROM CURRENT
        AS 'SELECT count(*) FROM zz_people';
    CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN NEW.title := upper(NEW.title); RETURN NEW; END';
    CREATE TRIGGER shout BEFORE INSERT ON aa_notes FOR EACH ROW EXECUTE FUNCTION shout();
    CREATE STATISTICS together ON id, number FROM zz_people;
    ALTER TABLE aa_notes ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON aa_notes USING (person > 0);";

const ROWS: &str = "
    INSERT INTO zz_people (\"Mood\", moods, entry, entries, word, raw) VALUES
        ('it''s bad', '{good,\"it''s bad\",NULL}', ROW('good', '{\"a,b\",\"(\"}'),
         ARRAY[ROW('good', NULL)::entry, NULL], 'x', '\\x00ff'),
        ('good', NULL, NULL, NULL, NULL, NULL);
    INSERT INTO aa_notes (person, title) VALUES (10, 'hello');
    INSERT INTO nothing SELECT FROM generate_series(1, 3);
    INSERT INTO zz_parent VALUES (1);
    INSERT INTO aa_child VALUES (2, 'x');
    INSERT INTO zz_events VALUES ('2026-05-05', 1), ('2026-06-06', 2);
    REFRESH MATERIALIZED VIEW aa_counts";

const TABLES: [&str; 8] = [
    "zz_people",
    "aa_notes",
    "nothing",
    "zz_parent",
    "aa_child",
    "zz_events",
    "aa_best",
    "aa_counts",
];

async fn with_everything(database: &TestDatabase) -> Tenants {
    let tenants = tenants(database, &Stream::new().with(EVERYTHING)).await;
    create(&tenants, &["acme"]).await;
    let rows = format!("SET search_path TO acme; {ROWS}");
    database.execute(&rows).await;
    tenants
}

/// All rows of a table as text.
async fn rows(database: &TestDatabase, table: &str) -> Vec<String> {
    let sql = format!("SELECT t::text FROM {table} t ORDER BY 1");
    database.column(&sql).await
}

#[tokio::test]
async fn whatever_a_tenant_has_its_clone_has_as_well() {
    let database = TestDatabase::new().await;
    let tenants = with_everything(&database).await;
    let cloned = clone(&tenants, "acme", "Beta", Rows::All).await;
    assert_eq!((cloned.tables, cloned.rows), (7, 10), "{cloned:?}");
    assert!(cloned.notes.is_empty(), "{cloned:?}");
    for table in TABLES {
        let one = rows(&database, &format!("acme.{table}")).await;
        let other = rows(&database, &format!("\"Beta\".{table}")).await;
        assert!(!one.is_empty(), "{table}");
        assert_eq!(one, other, "{table}");
    }
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:?}");
    let registered = "SELECT count(DISTINCT (version, fingerprints)) FROM schema_tracker";
    assert_eq!(database.value(registered).await, "1");
    let details = "SELECT count(DISTINCT (reloptions, relreplident, attstattarget, of_column)) \
                          || ' ' || max(reloptions::text) || max(relreplident) \
                          || max(attstattarget) || max(of_column::text) \
                   FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attname = 'word' \
                   CROSS JOIN LATERAL (SELECT array_agg(o) FROM unnest(attoptions) o \
                                       WHERE o !~ '^pg_') AS options (of_column) \
                   WHERE relname = 'zz_people'";
    assert_eq!(
        database.value(details).await,
        "1 {autovacuum_vacuum_scale_factor=0.01}f500{n_distinct=7}"
    );
    let comments = "SELECT string_agg(description, ', ' ORDER BY description) FROM pg_description \
                    WHERE description IN ('short words', 'of an entry')";
    assert_eq!(
        database.value(comments).await,
        "of an entry, of an entry, short words, short words"
    );
}

#[tokio::test]
async fn what_a_table_inherits_goes_with_its_parent_in_the_clone_as_well() {
    let database = TestDatabase::new().await;
    let tenants = with_everything(&database).await;
    let own = "ALTER TABLE acme.aa_child ADD COLUMN own int;
               ALTER TABLE acme.zz_parent ADD COLUMN kept int; ALTER TABLE acme.aa_child ALTER COLUMN kept SET DEFAULT 7";
    database.execute(own).await;
    clone(&tenants, "acme", "beta", Rows::All).await;
    database
        .execute("ALTER TABLE beta.zz_parent DROP COLUMN id")
        .await;
    let columns = "SELECT string_agg(attname, ' ' ORDER BY attname) FROM pg_attribute \
                   WHERE attrelid = 'beta.aa_child'::regclass AND attnum > 0 AND NOT attisdropped";
    assert_eq!(database.value(columns).await, "kept more own");
    let default = "INSERT INTO beta.aa_child DEFAULT VALUES RETURNING kept::text";
    assert_eq!(database.value(default).await, "7");
}

#[tokio::test]
async fn a_clone_goes_on_by_itself() {
    let database = TestDatabase::new().await;
    let tenants = with_everything(&database).await;
    clone(&tenants, "acme", "beta", Rows::All).await;
    let before = rows(&database, "acme.zz_people").await;
    database
        .execute(
            "SET search_path TO beta;
             INSERT INTO zz_people DEFAULT VALUES;
             INSERT INTO aa_notes (person, title) VALUES (12, 'new');
             DELETE FROM zz_people WHERE id = 10",
        )
        .await;
    let last =
        "SELECT concat_ws(' ', id, number, doubled) FROM beta.zz_people ORDER BY id DESC LIMIT 1";
    assert_eq!(database.value(last).await, "12 110 24");
    assert_eq!(rows(&database, "beta.aa_notes").await, ["(2,12,NEW)"]);
    assert_eq!(database.value("SELECT beta.counted()").await, "2");
    assert_eq!(rows(&database, "acme.zz_people").await, before);
    assert_eq!(rows(&database, "acme.aa_notes").await, ["(1,10,HELLO)"]);
    let unfilled =
        "SELECT string_agg(relispopulated::text, ' ') FROM pg_class WHERE relname = 'unfilled'";
    assert_eq!(database.value(unfilled).await, "false false");
}

#[tokio::test]
async fn without_data_all_tables_are_empty_and_sequences_begin() {
    let database = TestDatabase::new().await;
    let tenants = with_everything(&database).await;
    let cloned = clone(&tenants, "acme", "beta", Rows::None).await;
    assert_eq!((cloned.tables, cloned.rows), (7, 0), "{cloned:?}");
    for table in TABLES {
        let rows = rows(&database, &format!("beta.{table}")).await;
        assert!(rows.is_empty(), "{table}: {rows:?}");
    }
    let first = "INSERT INTO beta.zz_people DEFAULT VALUES RETURNING id || ' ' || number";
    assert_eq!(database.value(first).await, "10 100");
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:?}");
}

#[tokio::test]
async fn rights_come_along_and_so_do_those_on_what_will_be_made() {
    let database = TestDatabase::new().await;
    let tenants = demo_tenants(&database).await;
    create(&tenants, &["acme"]).await;
    let role = database.role("secret").await;
    let role = role.name();
    database
        .execute(&format!(
            "GRANT USAGE ON SCHEMA acme TO {role};
             GRANT SELECT, INSERT ON acme.dummy_table TO {role};
             ALTER DEFAULT PRIVILEGES IN SCHEMA acme GRANT SELECT ON TABLES TO {role};
             ALTER DEFAULT PRIVILEGES GRANT DELETE ON TABLES TO {role}"
        ))
        .await;
    clone(&tenants, "acme", "beta", Rows::All).await;
    let may = format!(
        "SELECT string_agg(p, ' ' ORDER BY p) FROM unnest('{{SELECT,INSERT,UPDATE,DELETE}}'::text[]) p \
         WHERE has_table_privilege('{role}', 'beta.dummy_table', p) \
         AND has_schema_privilege('{role}', 'beta', 'USAGE')"
    );
    assert_eq!(database.value(&may).await, "INSERT SELECT");
    let later = format!(
        "CREATE TABLE beta.later (); SELECT has_table_privilege('{role}', 'beta.later', 'SELECT')"
    );
    assert_eq!(database.value(&later).await, "t");
}

#[tokio::test]
async fn the_rows_are_those_of_one_moment_and_nobody_is_held_up() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE aa_accounts (id int PRIMARY KEY, amount int NOT NULL);
         CREATE TABLE zz_accounts (id int PRIMARY KEY, amount int NOT NULL);
         INSERT INTO aa_accounts SELECT n, 100 FROM generate_series(1, 2000) n;
         INSERT INTO zz_accounts SELECT n, 100 FROM generate_series(1, 2000) n;",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let writer = database.client().await;
    // Moves money from one table to the other, until there are clones.
    let moving = async {
        for id in 1..=2000 {
            let moved = format!(
                "BEGIN; UPDATE acme.aa_accounts SET amount = amount - 1 WHERE id = {id}; \
                 UPDATE acme.zz_accounts SET amount = amount + 1 WHERE id = {id}; COMMIT"
            );
            writer.batch_execute(&moved).await.unwrap();
        }
    };
    let cloning = async {
        for number in 0..5 {
            clone(&tenants, "acme", &format!("copy_{number}"), Rows::All).await;
        }
    };
    tokio::join!(moving, cloning);
    for number in 0..5 {
        let sum = format!(
            "SELECT (SELECT sum(amount) FROM copy_{number}.aa_accounts) \
                  + (SELECT sum(amount) FROM copy_{number}.zz_accounts)"
        );
        assert_eq!(database.value(&sum).await, "400000");
    }
}

#[tokio::test]
async fn names_that_are_not_free_and_tenants_that_are_not_whole_are_refused() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme", "globex"]).await;
    database.execute("CREATE SCHEMA billing").await;
    for (from, to, why) in [
        ("acme", "globex", "tenant `globex` already exists"),
        ("acme", "acme", "tenant `acme` already has that name"),
        (
            "acme",
            "billing",
            "the schema `billing` exists but is not registered as a tenant",
        ),
        ("nobody", "new", "there is no tenant `nobody`"),
    ] {
        let refused = refused(&tenants, from, to).await;
        assert_eq!(refused.to_string(), why);
    }
    assert_eq!(database.schemas().await, ["acme", "billing", "globex"]);
}

#[tokio::test]
async fn of_two_who_want_the_same_name_one_gets_it() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["a", "b"]).await;
    let (a, b, new) = (name("a"), name("b"), name("new"));
    let (one, other) = tokio::join!(
        tenants.clone_tenant(&a, &new),
        tenants.clone_tenant(&b, &new)
    );
    let ((Ok(_), Err(lost)) | (Err(lost), Ok(_))) = (one, other) else {
        panic!("both or neither");
    };
    assert!(matches!(lost, Error::Taken(_)), "{lost}");
    assert_eq!(database.tracked().await, ["a", "b", "new"]);
}

#[tokio::test]
async fn what_cannot_be_copied_is_listed_before_anything_is_made() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "CREATE COLLATION acme.here (locale = 'C');
             CREATE AGGREGATE acme.total(int) (sfunc = int4pl, stype = int);
             CREATE OPERATOR acme.@@@ (leftarg = int, rightarg = int, function = int4pl);
             CREATE TYPE acme.span AS RANGE (SUBTYPE = int4)",
        )
        .await;
    let refused = refused(&tenants, "acme", "beta").await;
    let Error::NotCopyable { objects, .. } = &refused else {
        panic!("{refused}")
    };
    assert_eq!(
        *objects,
        [
            "collation acme.here",
            "function acme.total(integer)",
            "operator acme.@@@(integer,integer)",
            "type acme.span"
        ]
    );
    assert_eq!(database.schemas().await, ["acme"]);
}

#[tokio::test]
async fn rows_that_a_policy_hides_are_no_reason_to_leave_them_out() {
    let database = TestDatabase::new().await;
    let owner = database.role("secret").await;
    let stream = two_steps().with("ALTER TABLE tasks FORCE ROW LEVEL SECURITY;");
    let superusers = tenants(&database, &stream).await;
    database
        .execute(&format!(
            "GRANT CREATE, TEMPORARY ON DATABASE \"{}\" TO {1};
             GRANT SELECT, INSERT, UPDATE, DELETE ON schema_tracker, spare_schemas TO {1}",
            database.name(),
            owner.name()
        ))
        .await;
    let tenants = crate::fixture::open_at(&owner.url(), &stream, Settings::default()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "ALTER TABLE acme.tasks ENABLE ROW LEVEL SECURITY;
             CREATE POLICY later ON acme.tasks USING (id > 1);
             INSERT INTO acme.tasks VALUES (1), (2)",
        )
        .await;
    let refused = refused(&tenants, "acme", "beta").await;
    assert_eq!(refused.sqlstate(), Some("42501"), "{refused}");
    assert_eq!(
        refused.to_string(),
        "tenant `beta`: could not copy the rows of `tasks`"
    );
    assert_eq!(database.schemas().await, ["acme"]);
    // A superuser sees all.
    clone(&superusers, "acme", "beta", Rows::All).await;
    let rows = rows(&database, "beta.tasks").await;
    assert_eq!(rows, ["(1,,)", "(2,,)"]);
}

#[tokio::test]
async fn a_table_that_takes_too_long_leaves_nothing_behind() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE FUNCTION slow(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE
             AS 'BEGIN PERFORM pg_sleep(n); RETURN n; END';
         CREATE TABLE tasks (id int, slow int GENERATED ALWAYS AS (slow(id)) STORED);",
    );
    let patient = tenants(&database, &stream).await;
    create(&patient, &["acme"]).await;
    let rows = "SET search_path TO acme; INSERT INTO tasks VALUES (0), (0), (1)";
    database.execute(rows).await;
    let settings = Settings {
        statement_timeout: Duration::from_millis(200),
        ..Settings::default()
    };
    let tenants = open(&database, &stream, settings).await;
    let refused = refused(&tenants, "acme", "beta").await;
    assert_eq!(refused.sqlstate(), Some("57014"), "{refused}");
    assert_eq!(database.schemas().await, ["acme"]);
    assert_eq!(database.tracked().await, ["acme"]);
    clone(&patient, "acme", "beta", Rows::All).await;
}

#[tokio::test]
async fn what_was_made_by_hand_is_cloned_too() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "ALTER TABLE acme.tasks ADD COLUMN extra text DEFAULT 'x';
             INSERT INTO acme.tasks (id) VALUES (1)",
        )
        .await;
    clone(&tenants, "acme", "beta", Rows::All).await;
    assert_eq!(rows(&database, "beta.tasks").await, ["(1,,,x)"]);
}

#[tokio::test]
async fn a_run_on_the_original_is_waited_for_and_what_it_made_is_cloned() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    let stream = stream.with(
        "SELECT pg_sleep(0.5);
         ALTER TABLE tasks ADD COLUMN more int DEFAULT 7;
         INSERT INTO tasks (id) VALUES (1);",
    );
    let new = open(&database, &stream, Settings::default()).await;
    let (report, cloned) = tokio::join!(crate::fixture::migrate(&new), async {
        // The run is at its first statement.
        let sleeping = "SELECT count(*) FROM pg_stat_activity \
                        WHERE datname = current_database() AND wait_event = 'PgSleep'";
        while database.value(sleeping).await == "0" {}
        clone(&new, "acme", "beta", Rows::All).await
    });
    assert_eq!(report.failures().count(), 0, "{report:?}");
    assert_eq!(cloned.rows, 1);
    assert_eq!(rows(&database, "beta.tasks").await, ["(1,,,7)"]);
    let health = new.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:?}");
}

#[tokio::test]
async fn an_index_whose_building_failed_is_not_in_the_way() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    let rows = "INSERT INTO acme.tasks VALUES (1, 'same'), (2, 'same')";
    database.execute(rows).await;
    let index = "CREATE UNIQUE INDEX CONCURRENTLY one_title ON acme.tasks (title)";
    let failed = database.client().await.batch_execute(index).await;
    assert_eq!(failed.unwrap_err().code().unwrap().code(), "23505");
    let cloned = clone(&tenants, "acme", "beta", Rows::All).await;
    assert_eq!(cloned.rows, 2);
    assert_eq!(
        database.value("SELECT to_regclass('beta.one_title')").await,
        "NULL"
    );
}
