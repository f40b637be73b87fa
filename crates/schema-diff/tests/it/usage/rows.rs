//! Rows that are made up for tables that do not take any.

use super::{HEADING, TASKS, broken_by_rename, has, proven};
use crate::fixture::{Fixture, answers};

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

#[tokio::test]
async fn a_trigger_that_takes_one_form_of_text_only_gets_it() {
    let before = format!(
        "{TASKS}
        ALTER TABLE tasks ADD COLUMN version TEXT NOT NULL;
        CREATE FUNCTION parse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.version !~ '^[0-9]+[.][0-9]+[.][0-9]+$' THEN RAISE EXCEPTION 'no version'; END IF;
            RETURN NEW; END $$;
        CREATE TRIGGER parsed BEFORE INSERT OR UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION parse();"
    );
    let file = HEADING.replace("heading -> Text,", "heading -> Text, version -> Text,");
    let (proof, _) = proven(&before, &file, &["--rename tasks.title:heading"]).await;
    assert_eq!(proof.not_tried, [""; 0]);
    assert_eq!((proof.broken.len(), proof.tables), (0, 1), "{proof:#?}");
    assert!(proof.rows > 0);
    // The form that works before is not left for another one that happens to work.
    let file = "diesel::table! { tasks (id) { id -> Int4, title -> Text, release -> Text, } }";
    let (proof, _) = proven(&before, file, &["--rename tasks.version:release"]).await;
    assert!(
        has(
            &proof.broken,
            &[
                "INSERT, UPDATE on table `tasks`",
                "has no field \"version\""
            ]
        ),
        "{proof:#?}"
    );
}

#[tokio::test]
async fn rows_that_were_there_survive_and_what_a_trigger_changes_in_them_is_reported() {
    let before = format!(
        "{TASKS}
        ALTER TABLE tasks ADD COLUMN note TEXT, ADD COLUMN changes INT NOT NULL DEFAULT 0;
        CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN NEW.changes := OLD.changes + 1; RETURN NEW; END $$;
        CREATE TRIGGER counted BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION count_change();"
    );
    let file = "diesel::table! { tasks (id) { id -> Int4, title -> Text, note -> Text, changes -> Int4, } }";
    let (proof, _) = proven(&before, file, &["--default tasks.note=''"]).await;
    assert!(
        has(
            &proof.notes,
            &[
                "a trigger changes values of `changes` of `tasks`",
                "while up.sql runs"
            ]
        ),
        "{proof:#?}"
    );
}

#[tokio::test]
async fn rows_that_a_trigger_takes_away_stop_the_migration() {
    let before = format!(
        "{TASKS}
        ALTER TABLE tasks ADD COLUMN note TEXT;
        CREATE FUNCTION archive() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.note = 'gone' THEN DELETE FROM tasks WHERE id = NEW.id; END IF; RETURN NULL; END $$;
        CREATE TRIGGER archived AFTER UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION archive();"
    );
    let file = "diesel::table! { tasks (id) { id -> Int4, title -> Text, note -> Text, } }";
    let mut fixture = Fixture::new(&before).await;
    let options = answers(&["--default tasks.note='gone'"]);
    let plan = fixture.plan(file, &options).await.unwrap();
    let error = fixture.prove(file, &plan).await.unwrap_err().to_string();
    assert_eq!(error, "up.sql loses rows: `tasks` has 2 of its 3 rows");
}

#[tokio::test]
async fn what_a_trigger_stands_in_the_way_of_is_refused_with_the_servers_words() {
    // A type that a trigger's list of columns holds on to.
    let before = "
        CREATE TABLE tasks (id INT PRIMARY KEY, points INT NOT NULL);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
        CREATE TRIGGER noted BEFORE UPDATE OF points ON tasks FOR EACH ROW EXECUTE FUNCTION note();";
    let file = "diesel::table! { tasks (id) { id -> Int4, points -> Int8, } }";
    let mut fixture = Fixture::new(before).await;
    let plan = fixture.plan(file, &answers(&[])).await.unwrap();
    let error = fixture.prove(file, &plan).await.unwrap_err().to_string();
    assert!(
        error.contains("cannot alter type of a column used in a trigger definition"),
        "{error}"
    );
    // Events that wait for the end of the transaction, where the table is to change.
    let before = "
        CREATE TABLE tasks (id INT PRIMARY KEY, note TEXT);
        CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
        CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON tasks DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION late();";
    let file = "diesel::table! { tasks (id) { id -> Int4, note -> Text, } }";
    let mut fixture = Fixture::new(before).await;
    let options = answers(&["--default tasks.note=''"]);
    let plan = fixture.plan(file, &options).await.unwrap();
    let error = fixture.prove(file, &plan).await.unwrap_err().to_string();
    assert!(error.contains("it has pending trigger events"), "{error}");
}
