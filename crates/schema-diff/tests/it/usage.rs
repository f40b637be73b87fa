//! A migration that applies may still break what uses the tables afterwards.

use schema_diff::{Proof, stale_functions};

use crate::fixture::{Fixture, answers};

/// What the proof says of the way from `before` to `file`, and which functions name what
/// changes.
async fn proven(before: &str, file: &str, options: &[&str]) -> (Proof, Vec<String>) {
    let mut fixture = Fixture::new(before).await;
    let plan = fixture.plan(file, &answers(options)).await;
    let plan = plan.unwrap_or_else(|error| panic!("{error:#?}"));
    let catalog = fixture.catalog().await;
    let stale = stale_functions(&fixture.client, &catalog, &plan).await;
    let proof = fixture.prove(file, &plan).await;
    let proof = proof.unwrap_or_else(|error| panic!("{error}\n{}", plan.up()));
    (proof, stale.unwrap())
}

/// Whether one of the lines has all these parts.
fn has(lines: &[String], parts: &[&str]) -> bool {
    let mut lines = lines.iter();
    lines.any(|line| parts.iter().all(|part| line.contains(part)))
}

/// The table of most cases, with a column that is renamed or dropped.
const TASKS: &str = "CREATE TABLE tasks (id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                                         title TEXT NOT NULL);";

const HEADING: &str = "diesel::table! { tasks (id) { id -> Int4, heading -> Text, } }";

/// A rename of the column: what fails afterwards, with the function and its line.
async fn broken_by_rename(more: &str, file: &str) -> (Proof, Vec<String>) {
    let before = format!("{TASKS} {more}");
    let file = format!("{HEADING} {file}");
    proven(&before, &file, &["--rename tasks.title:heading"]).await
}

#[tokio::test]
async fn a_trigger_that_uses_a_renamed_column_is_found_by_the_rows_that_fire_it() {
    let trigger = "
        CREATE FUNCTION check_title() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.title = '' THEN RAISE EXCEPTION 'no title'; END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER checked BEFORE INSERT OR UPDATE ON tasks
            FOR EACH ROW EXECUTE FUNCTION check_title();";
    let (proof, stale) = broken_by_rename(trigger, "").await;
    assert_eq!(
        proof.broken,
        [
            "INSERT, UPDATE on table `tasks`: record \"new\" has no field \"title\" (SQLSTATE 42703), in \
          PL/pgSQL function check_title() line 3 at IF"
        ]
    );
    assert_eq!(
        stale,
        [
            "function `check_title()` names `title` of `tasks`, which is renamed to `heading`, in \
          line 3 of its body: `IF NEW.title = '' THEN RAISE EXCEPTION 'no title'; END IF;`"
        ]
    );
}

/// What hangs on the table in the case, and the parts of the line that reports it.
struct Case {
    more: &'static str,
    /// Further columns of the table, and other tables.
    columns: &'static str,
    file: &'static str,
    broken: &'static [&'static str],
}

const RENAMES: &[Case] = &[
    // A function in SQL that no row reaches.
    Case {
        more: "CREATE FUNCTION titles() RETURNS SETOF text LANGUAGE sql AS 'SELECT title FROM tasks';",
        columns: "",
        file: "",
        broken: &["CREATE OR REPLACE on function `titles()`", "column \"title\" does not exist"],
    },
    // A function of a policy: the owner of the table is not asked by PostgreSQL.
    Case {
        more: "CREATE FUNCTION may_see(n INT) RETURNS boolean LANGUAGE plpgsql AS
                   $$ BEGIN RETURN EXISTS (SELECT FROM tasks WHERE id = n AND title <> ''); END $$;
               ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
               CREATE POLICY seen ON tasks USING (may_see(id));",
        columns: "",
        file: "",
        broken: &["policy `seen` on table `tasks`", "function may_see(integer) line 1"],
    },
    // A default of another table that calls a function.
    Case {
        more: "CREATE FUNCTION first_title() RETURNS text LANGUAGE plpgsql AS
                   $$ BEGIN RETURN (SELECT min(title) FROM tasks); END $$;
               CREATE TABLE notes (id INT PRIMARY KEY, body TEXT DEFAULT first_title());",
        columns: "",
        file: "diesel::table! { notes (id) { id -> Int4, body -> Nullable<Text>, } }",
        broken: &["INSERT on table `notes`", "function first_title() line 1 at RETURN"],
    },
    // A check of another table.
    Case {
        more: "CREATE FUNCTION is_known(t TEXT) RETURNS boolean LANGUAGE plpgsql AS
                   $$ BEGIN PERFORM title FROM tasks WHERE title = t; RETURN true; END $$;
               CREATE TABLE notes (id INT PRIMARY KEY, body TEXT CHECK (is_known(body)));",
        columns: "",
        file: "diesel::table! { notes (id) { id -> Int4, body -> Nullable<Text>, } }",
        broken: &["INSERT, UPDATE on table `notes`", "function is_known(text)"],
    },
    // A generated column of another table.
    Case {
        more: "CREATE FUNCTION known(t TEXT) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
                   $$ BEGIN RETURN (SELECT max(title) FROM tasks WHERE title = t); END $$;
               CREATE TABLE notes (id INT PRIMARY KEY, body TEXT,
                                   known TEXT GENERATED ALWAYS AS (known(body)) STORED);",
        columns: "",
        file: "diesel::table! { notes (id) { id -> Int4, body -> Nullable<Text>, known -> Nullable<Text>, } }",
        broken: &["INSERT, UPDATE on table `notes`", "function known(text)"],
    },
    // The columns are arguments of a trigger.
    Case {
        more: "ALTER TABLE tasks ADD COLUMN words tsvector;
               CREATE TRIGGER worded BEFORE INSERT OR UPDATE ON tasks FOR EACH ROW
                   EXECUTE FUNCTION tsvector_update_trigger('words', 'pg_catalog.english', 'title');",
        columns: "words -> Nullable<Tsvector>,",
        file: "",
        broken: &["INSERT, UPDATE on table `tasks`", "column \"title\" does not exist"],
    },
    // A trigger of a view that takes the rows.
    Case {
        more: "CREATE VIEW shown AS SELECT id, title FROM tasks;
               CREATE FUNCTION take() RETURNS trigger LANGUAGE plpgsql AS
                   $$ BEGIN INSERT INTO tasks (title) VALUES (NEW.title); RETURN NEW; END $$;
               CREATE TRIGGER taken INSTEAD OF INSERT ON shown FOR EACH ROW EXECUTE FUNCTION take();",
        columns: "",
        file: "",
        broken: &["INSERT on view `shown`", "function take() line 1"],
    },
    // A rule that calls a function.
    Case {
        more: "CREATE FUNCTION note_it(n INT) RETURNS void LANGUAGE plpgsql AS
                   $$ BEGIN PERFORM title FROM tasks WHERE id = n; END $$;
               CREATE RULE noted AS ON UPDATE TO tasks DO ALSO SELECT note_it(OLD.id);",
        columns: "",
        file: "",
        broken: &["UPDATE on table `tasks`", "function note_it(integer) line 1"],
    },
    // A trigger of another table, by dynamic SQL, and only when something changed.
    Case {
        more: "CREATE TABLE notes (id INT PRIMARY KEY, task INT REFERENCES tasks, body TEXT NOT NULL);
               CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
                   $$ BEGIN EXECUTE 'UPDATE tasks SET title = $1' USING NEW.body; RETURN NULL; END $$;
               CREATE CONSTRAINT TRIGGER touched AFTER UPDATE ON notes DEFERRABLE INITIALLY DEFERRED
                   FOR EACH ROW WHEN (OLD.body IS DISTINCT FROM NEW.body) EXECUTE FUNCTION touch();",
        columns: "",
        file: "diesel::table! { notes (id) { id -> Int4, task -> Nullable<Int4>, body -> Text, } }
               diesel::joinable!(notes -> tasks (task));",
        broken: &["UPDATE on table `notes`", "function touch() line 1 at EXECUTE"],
    },
    // A view that calls a function, and one that keeps what it gave.
    Case {
        more: "CREATE FUNCTION upper_title(n INT) RETURNS text LANGUAGE plpgsql AS
                   $$ BEGIN RETURN (SELECT upper(title) FROM tasks WHERE id = n); END $$;
               CREATE VIEW loud AS SELECT id, upper_title(id) AS loud FROM tasks;
               CREATE MATERIALIZED VIEW kept AS SELECT id, upper_title(id) AS loud FROM tasks;",
        columns: "",
        file: "",
        broken: &["REFRESH on view `kept`", "function upper_title(integer)"],
    },
    // A branch that only one label of an enum takes.
    Case {
        more: "CREATE TYPE state AS ENUM ('new', 'open', 'waiting', 'done');
               ALTER TABLE tasks ADD COLUMN state state NOT NULL DEFAULT 'new';
               CREATE FUNCTION finish() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                   IF NEW.state = 'done' THEN NEW.title := 'done'; END IF;
                   RETURN NEW; END $$;
               CREATE TRIGGER finished BEFORE INSERT OR UPDATE ON tasks
                   FOR EACH ROW EXECUTE FUNCTION finish();",
        columns: "state -> State,",
        file: "pub mod sql_types { #[diesel(postgres_type(name = \"state\"))] pub struct State; }",
        broken: &["UPDATE on table `tasks`", "function finish()"],
    },
    // Partitions, each with the trigger of the whole.
    Case {
        more: "CREATE TABLE days (id INT, day DATE, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
               CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2031-01-01') TO ('2032-01-01');
               CREATE FUNCTION count_day() RETURNS trigger LANGUAGE plpgsql AS
                   $$ BEGIN PERFORM title FROM tasks; RETURN NULL; END $$;
               CREATE TRIGGER counted AFTER INSERT ON days FOR EACH ROW EXECUTE FUNCTION count_day();",
        columns: "",
        file: "diesel::table! { days (id, day) { id -> Int4, day -> Date, } }
               diesel::table! { days_1 (id, day) { id -> Int4, day -> Date, } }",
        broken: &["INSERT on table `days`", "function count_day() line 1"],
    },
    // A trigger on TRUNCATE, and one for each statement that deletes.
    Case {
        more: "CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS
                   $$ BEGIN PERFORM count(title) FROM tasks; RETURN NULL; END $$;
               CREATE TRIGGER emptied AFTER DELETE OR TRUNCATE ON tasks EXECUTE FUNCTION gone();",
        columns: "",
        file: "",
        broken: &["DELETE, TRUNCATE on table `tasks`", "function gone() line 1"],
    },
    // An event trigger fires at the next migration.
    Case {
        more: "CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS
                   $$ BEGIN IF tg_tag = 'CREATE TABLE' THEN PERFORM title FROM tasks; END IF; END $$;
               CREATE EVENT TRIGGER watched ON ddl_command_end EXECUTE FUNCTION watch();",
        columns: "",
        file: "",
        broken: &["CREATE TABLE, ALTER TABLE, DROP TABLE on the database", "function watch() line 1"],
    },
];

#[tokio::test]
async fn whatever_names_a_renamed_column_in_a_text_is_found_when_it_is_used() {
    for case in RENAMES {
        let columns = format!("heading -> Text, {}", case.columns);
        let tasks = HEADING.replace("heading -> Text,", &columns);
        let file = format!("{tasks} {}", case.file);
        let before = format!("{TASKS} {}", case.more);
        let (proof, stale) = proven(&before, &file, &["--rename tasks.title:heading"]).await;
        assert!(has(&proof.broken, case.broken), "{} {proof:#?}", case.more);
        assert_eq!(stale.len(), 1, "{stale:#?}");
    }
}

#[tokio::test]
async fn what_goes_by_an_old_name_is_found_for_tables_and_types_too() {
    // A renamed table, in the function of another table's trigger, with a row of it.
    let before = "
        CREATE TABLE log (id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what TEXT UNIQUE);
        CREATE TABLE tasks (id INT PRIMARY KEY, title TEXT);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE one log%ROWTYPE;
        BEGIN
            INSERT INTO log (what) VALUES (NEW.title) ON CONFLICT (what) DO NOTHING;
            RETURN NEW;
        END $$;
        CREATE TRIGGER noted AFTER INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION note();";
    let tasks = "diesel::table! { tasks (id) { id -> Int4, title -> Nullable<Text>, } }";
    let renamed = "diesel::table! { logs (id) { id -> Int4, what -> Nullable<Text>, } }";
    let (proof, stale) = proven(
        before,
        &format!("{tasks} {renamed}"),
        &["--rename log:logs"],
    )
    .await;
    let compiled = [
        "CREATE OR REPLACE on function `note()`",
        "relation \"log\" does not exist",
    ];
    assert!(has(&proof.broken, &compiled), "{proof:#?}");
    assert!(
        has(&proof.broken, &["INSERT on table `tasks`"]),
        "{proof:#?}"
    );
    assert!(
        has(
            &stale,
            &[
                "the table `log`, which is renamed to `logs`, in line 2",
                "and below"
            ]
        ),
        "{stale:#?}"
    );
    // The target of ON CONFLICT, where the column has another name.
    let column = "diesel::table! { log (id) { id -> Int4, text -> Nullable<Text>, } }";
    let (proof, _) = proven(
        before,
        &format!("{tasks} {column}"),
        &["--rename log.what:text"],
    )
    .await;
    assert!(
        has(
            &proof.broken,
            &[
                "INSERT on table `tasks`",
                "column \"what\" of relation \"log\""
            ]
        ),
        "{proof:#?}"
    );
    // The table goes.
    let (proof, stale) = proven(before, tasks, &["--allow-drop"]).await;
    assert!(
        has(&proof.broken, &["INSERT on table `tasks`"]),
        "{proof:#?}"
    );
    assert!(
        has(&stale, &["the table `log`, which is dropped"]),
        "{stale:#?}"
    );
    // The type goes with its last column.
    let before = "
        CREATE TYPE mood AS ENUM ('good', 'bad');
        CREATE TABLE tasks (id INT PRIMARY KEY, title TEXT, mood mood);
        CREATE FUNCTION feel() RETURNS trigger LANGUAGE plpgsql AS
            $$ DECLARE now mood := 'good'; BEGIN RETURN NEW; END $$;
        CREATE TRIGGER felt BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION feel();";
    let (proof, stale) = proven(before, tasks, &["--allow-drop"]).await;
    assert!(
        has(
            &proof.broken,
            &[
                "CREATE OR REPLACE on function `feel()`",
                "type \"mood\" does not exist"
            ]
        ),
        "{proof:#?}"
    );
    assert!(
        has(&stale, &["the type `mood`, which is dropped, in line 1"]),
        "{stale:#?}"
    );
}

#[tokio::test]
async fn a_dropped_column_that_a_trigger_sets_is_found() {
    let more = "
        CREATE FUNCTION slug() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            NEW.slug := lower(NEW.title);
            RETURN NEW;
        END $$;
        ALTER TABLE tasks ADD COLUMN slug TEXT NOT NULL;
        CREATE TRIGGER slugged BEFORE INSERT OR UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION slug();";
    let file = "diesel::table! { tasks (id) { id -> Int4, title -> Text, } }";
    let (proof, stale) = proven(&format!("{TASKS} {more}"), file, &["--allow-drop"]).await;
    assert!(
        has(
            &proof.broken,
            &["INSERT, UPDATE on table `tasks`", "has no field \"slug\""]
        ),
        "{proof:#?}"
    );
    assert!(
        has(&stale, &["`slug` of `tasks`, which is dropped, in line 2"]),
        "{stale:#?}"
    );
    // A column without NULL that the trigger fills is no break.
    let file = "diesel::table! { tasks (id) { id -> Int4, title -> Text, slug -> Text, more -> Nullable<Text>, } }";
    let (proof, stale) = proven(&format!("{TASKS} {more}"), file, &[]).await;
    assert_eq!(
        (proof.broken.len(), proof.not_tried.len(), stale.len()),
        (0, 0, 0),
        "{proof:#?}"
    );
    assert_eq!(proof.tables, 1);
}

#[tokio::test]
async fn a_column_that_takes_no_null_any_more_is_missed_where_a_trigger_does_not_set_it() {
    let before = "
        CREATE TABLE log (id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what TEXT, who TEXT);
        CREATE TABLE tasks (id INT PRIMARY KEY, title TEXT);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO log (what) VALUES (NEW.title); RETURN NULL; END $$;
        CREATE TRIGGER noted AFTER INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION note();";
    let file = "diesel::table! { log (id) { id -> Int4, what -> Nullable<Text>, who -> Text, } }
                diesel::table! { tasks (id) { id -> Int4, title -> Nullable<Text>, } }";
    let (proof, _) = proven(before, file, &["--default log.who='nobody'"]).await;
    let parts = [
        "INSERT on table `tasks`",
        "null value in column \"who\"",
        "function note()",
    ];
    assert!(has(&proof.broken, &parts), "{proof:#?}");
}

#[tokio::test]
async fn another_type_is_found_where_a_function_compares_and_where_a_session_stays_open() {
    let before = |value: &str| {
        format!(
            "
        CREATE TABLE tasks (id INT PRIMARY KEY, points TEXT NOT NULL);
        CREATE FUNCTION grade() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.points = {value} THEN RETURN NULL; END IF; RETURN NEW; END $$;
        CREATE TRIGGER graded BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION grade();"
        )
    };
    let file = "diesel::table! { tasks (id) { id -> Int4, points -> Int4, } }";
    let (proof, stale) = proven(&before("'low'"), file, &[]).await;
    let parts = [
        "INSERT on table `tasks`",
        "invalid input syntax for type integer: \"low\"",
        "grade()",
    ];
    assert!(has(&proof.broken, &parts), "{proof:#?}");
    assert!(
        has(
            &stale,
            &["uses `points` of `tasks`, which gets another type, in line 1"]
        ),
        "{stale:#?}"
    );
    // A new session does not mind, and an old one has kept the type.
    let (proof, _) = proven(&before("'7'"), file, &[]).await;
    assert_eq!(proof.broken, [""; 0]);
    let parts =
        ["a session that wrote before the migration has to connect again: INSERT on table `tasks`"];
    assert!(has(&proof.notes, &parts), "{proof:#?}");
}

#[tokio::test]
async fn a_function_that_fails_before_the_migration_as_well_is_not_the_migrations_fault() {
    let more = "
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM missing FROM nowhere; RETURN NEW; END $$;
        CREATE TRIGGER failed BEFORE DELETE ON tasks FOR EACH ROW EXECUTE FUNCTION fail();";
    let (proof, stale) = broken_by_rename(more, "").await;
    assert_eq!((proof.broken.len(), stale.len()), (0, 0), "{proof:#?}");
    let parts = [
        "DELETE on table `tasks` fails before the migration as well",
        "nowhere",
        "fail()",
    ];
    assert!(has(&proof.not_tried, &parts), "{proof:#?}");
}

#[tokio::test]
async fn a_name_that_no_row_reaches_is_reported_all_the_same() {
    let more = "
        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            -- The title is not kept.
            INSERT INTO log (was) VALUES (to_jsonb(NEW) ->> 'title');
            IF length(NEW::text) > 1000 THEN
                RAISE EXCEPTION 'the title is too long: %', NEW.title;
            END IF;
            RETURN NULL;
        END $$;
        CREATE TABLE log (id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, was TEXT);
        CREATE TABLE users (id INT PRIMARY KEY, title TEXT);
        CREATE FUNCTION others() RETURNS text LANGUAGE sql AS
            'SELECT u.title FROM users u' ;
        CREATE TRIGGER kept AFTER INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION keep();";
    let file = "diesel::table! { log (id) { id -> Int4, was -> Nullable<Text>, } }
                diesel::table! { users (id) { id -> Int4, title -> Nullable<Text>, } }";
    let (proof, stale) = broken_by_rename(more, file).await;
    assert_eq!(proof.broken, [""; 0]);
    assert_eq!(
        stale,
        [
            "function `keep()` names `title` of `tasks`, which is renamed to `heading`, in line 4 of \
          its body and below: `INSERT INTO log (was) VALUES (to_jsonb(NEW) ->> 'title');`"
        ]
    );
}

#[tokio::test]
async fn a_row_that_up_changes_fires_what_names_the_old_column() {
    let before = format!(
        "{TASKS}
        ALTER TABLE tasks ADD COLUMN note TEXT;
        CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM OLD.title; RETURN NEW; END $$;
        CREATE TRIGGER seen BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION seen();"
    );
    let file = "diesel::table! { tasks (id) { id -> Int4, heading -> Text, note -> Text, } }";
    let mut fixture = Fixture::new(&before).await;
    let options = answers(&["--rename tasks.title:heading", "--default tasks.note=''"]);
    let plan = fixture.plan(file, &options).await.unwrap();
    let error = fixture.prove(file, &plan).await.unwrap_err().to_string();
    let start = "up.sql does not work on tables that hold rows: `UPDATE tasks SET note = ''";
    assert!(error.starts_with(start), "{error}");
}

/// Tables that take none but well-made rows.
const DEMANDING: &str = "
    CREATE DOMAIN email AS text CHECK (VALUE ~ '^[^@ ]+@[^@ ]+[.][a-z]+$');
    CREATE DOMAIN part AS numeric(4, 3) NOT NULL CHECK (VALUE > 0.2 AND VALUE < 1);
    CREATE TYPE point2 AS (x INT, y INT);
    CREATE TYPE state AS ENUM ('new', 'paid', 'sent');
    CREATE TABLE orgs (id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        code CHAR(3) NOT NULL UNIQUE CHECK (code = upper(code) AND length(code) = 3),
        parent INT REFERENCES orgs, slug TEXT NOT NULL CHECK (slug ~ '^[a-z0-9-]+$'));
    CREATE TABLE people (org INT REFERENCES orgs, email email NOT NULL, share part,
        born DATE CHECK (born < '1980-01-01'), born_in INT CHECK (born_in BETWEEN 1900 AND 1979),
        CHECK (born IS NULL OR born_in = extract(year FROM born)), PRIMARY KEY (org, email));
    CREATE TABLE orders (id UUID PRIMARY KEY DEFAULT gen_random_uuid(), org INT NOT NULL, email email NOT NULL,
        state state NOT NULL, at point2, during TSTZRANGE NOT NULL, flags BIT(6) NOT NULL, nr SMALLINT NOT NULL,
        sent_at TIMESTAMPTZ, kind TEXT NOT NULL CHECK (kind IN ('phone', 'web')),
        CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
        FOREIGN KEY (org, email) REFERENCES people, EXCLUDE USING gist (during WITH &&));
    CREATE TABLE bills (id UUID PRIMARY KEY REFERENCES orders, total MONEY NOT NULL CHECK (total > '10'::money));
    CREATE TABLE loops (id INT PRIMARY KEY, next INT NOT NULL REFERENCES loops, CHECK (id > 50));
    CREATE TABLE days (day DATE NOT NULL, org INT NOT NULL REFERENCES orgs, PRIMARY KEY (day, org))
        PARTITION BY RANGE (day);
    CREATE TABLE days_40 PARTITION OF days FOR VALUES FROM ('2040-03-01') TO ('2040-04-01');";

#[tokio::test]
async fn rows_are_made_that_checks_domains_keys_and_partitions_take() {
    let mut fixture = Fixture::new(DEMANDING).await;
    fixture
        .client
        .batch_execute("CREATE TABLE more (id INT PRIMARY KEY)")
        .await
        .unwrap();
    let only = schema_diff::Filter::Only(vec![regex::Regex::new("^more$").unwrap()]);
    let file = "diesel::table! { more (id) { id -> Int4, added -> Nullable<Text>, } }";
    let wanted = schema_diff::Schema::parse(file).unwrap();
    let catalog = fixture.catalog().await;
    let plan = schema_diff::plan(&wanted, &catalog, &only, &answers(&[])).unwrap();
    let proof = fixture.prove_of(&wanted, &only, &plan).await.unwrap();
    assert_eq!(proof.not_tried, [""; 0]);
    assert_eq!((proof.broken.len(), proof.tables), (0, 8), "{proof:#?}");
}

#[tokio::test]
async fn a_table_for_which_no_row_is_found_is_named_with_the_check_that_refuses() {
    let more = "CREATE TABLE odd (id INT PRIMARY KEY, sum TEXT NOT NULL CHECK (md5(sum) = 'x'));
                CREATE TABLE child (id INT PRIMARY KEY, odd INT NOT NULL REFERENCES odd);";
    let file = "diesel::table! { child (id) { id -> Int4, odd -> Int4, } }
                diesel::table! { odd (id) { id -> Int4, sum -> Text, } }
                diesel::joinable!(child -> odd (odd));";
    let (proof, _) = broken_by_rename(more, file).await;
    assert_eq!((proof.broken.len(), proof.tables), (0, 1), "{proof:#?}");
    assert!(
        has(
            &proof.not_tried,
            &[
                "INSERT on table `odd`",
                "violates check constraint \"odd_sum_check\""
            ]
        ),
        "{proof:#?}"
    );
    assert!(
        has(
            &proof.not_tried,
            &["INSERT on table `child`: it needs a row in `odd`"]
        ),
        "{proof:#?}"
    );
}

#[tokio::test]
async fn a_parameter_of_the_applications_own_is_set_where_a_policy_or_a_trigger_reads_it() {
    let more = "
        ALTER TABLE tasks ADD COLUMN owner UUID;
        ALTER TABLE tasks ALTER COLUMN owner SET DEFAULT current_setting('app.user')::uuid;
        CREATE POLICY own ON tasks USING (owner = current_setting('app.user')::uuid);
        ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;";
    let before = format!("{TASKS} {more}");
    let file = HEADING.replace(
        "heading -> Text,",
        "heading -> Text, owner -> Nullable<Uuid>,",
    );
    let (proof, _) = proven(&before, &file, &["--rename tasks.title:heading"]).await;
    assert_eq!(proof.not_tried, [""; 0]);
    assert_eq!((proof.broken.len(), proof.tables), (0, 1), "{proof:#?}");
}
