//! Views, materialized views and foreign tables in a `schema.rs`.

use schema_diff::PlanError;

use crate::fixture::{Fixture, answers, written};

const TASKS: &str = "
CREATE TABLE tasks (id INT PRIMARY KEY, points INT NOT NULL, title TEXT);
CREATE VIEW open_tasks AS SELECT id, points FROM tasks WHERE title IS NOT NULL;
CREATE MATERIALIZED VIEW totals AS SELECT id, points * 2 AS twice FROM open_tasks;
CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE remote (id INT, name VARCHAR(20)) SERVER nowhere;
";

const FILE: &str = "
diesel::table! { tasks { id -> Int4, points -> Int4, title -> Nullable<Text>, } }
diesel::table! { open_tasks { id -> Int4, points -> Nullable<Int4>, } }
diesel::table! { totals { id -> Int4, twice -> Int4, } }
diesel::table! { remote { id -> Int4, #[max_length = 20] name -> Varchar, } }
diesel::joinable!(open_tasks -> tasks (id));
diesel::joinable!(tasks -> totals (points));
";

/// Why there is no plan.
async fn refusal(before: &str, file: &str, options: &[&str]) -> String {
    let fixture = Fixture::new(before).await;
    match fixture.plan(file, &answers(options)).await {
        Err(error @ (PlanError::InUse(_) | PlanError::Impossible { .. })) => error.to_string(),
        other => panic!("{other:#?}"),
    }
}

#[tokio::test]
async fn a_file_with_blocks_for_views_agrees_and_needs_no_migration() {
    let fixture = Fixture::new(TASKS).await;
    assert_eq!(fixture.differences(FILE).await, [""; 0]);
    let plan = fixture.plan(FILE, &answers(&[])).await.unwrap();
    assert!(plan.is_empty(), "{}", plan.up());
    assert_eq!(plan.notes(), [""; 0]);
    // Those that the file does not mention are none of its business.
    let bare = FILE.lines().take(2).collect::<Vec<_>>().join("\n");
    assert_eq!(fixture.differences(&bare).await, [""; 0]);
    assert!(fixture.plan(&bare, &answers(&[])).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_block_that_says_something_else_than_its_view_is_reported_and_not_created() {
    let fixture = Fixture::new(TASKS).await;
    let file = FILE
        .replace(
            "points -> Nullable<Int4>,",
            "points -> Text, owner -> Int4,",
        )
        .replace("twice -> Int4", "twice -> Int8")
        .replace("max_length = 20", "max_length = 30");
    let expected = [
        "column `points` of the view `open_tasks` is TEXT in schema.rs and INTEGER in the migrations",
        "column `owner` of the view `open_tasks` is in schema.rs but not in the migrations",
        "column `twice` of the materialized view `totals` is BIGINT in schema.rs and INTEGER in the \
         migrations",
        "column `name` of the foreign table `remote` is VARCHAR(30) in schema.rs and VARCHAR(20) in \
         the migrations",
    ];
    assert_eq!(fixture.differences(&file).await, expected);
    let plan = fixture.plan(&file, &answers(&[])).await.unwrap();
    assert!(plan.is_empty(), "{}", plan.up());
    assert_eq!(plan.notes().len(), 4);
    assert!(
        plan.notes()[0].starts_with(expected[0]),
        "{:?}",
        plan.notes()
    );
}

#[tokio::test]
async fn a_view_macro_has_no_key_and_needs_a_view() {
    let fixture = Fixture::new(TASKS).await;
    let table = FILE.lines().take(2).collect::<Vec<_>>().join("\n");
    let file = format!("{table}\ndiesel::view! {{ open_tasks {{ points -> Int4, }} }}");
    assert_eq!(fixture.differences(&file).await, [""; 0]);
    assert!(fixture.plan(&file, &answers(&[])).await.unwrap().is_empty());
    let file = format!("{table}\ndiesel::view! {{ late {{ points -> Int4, }} }}");
    assert_eq!(
        fixture.differences(&file).await,
        ["view `late` is in schema.rs but not in the migrations"]
    );
    let said = refusal(TASKS, &file, &[]).await;
    assert!(
        said.contains("no migration creates the view `late`"),
        "{said}"
    );
    assert!(said.contains("CREATE VIEW"), "{said}");
}

#[tokio::test]
async fn a_block_that_no_view_has_the_name_of_is_a_new_table() {
    let file = format!("{FILE}\ndiesel::table! {{ more {{ id -> Int4, }} }}");
    let (up, _) = written(TASKS, &file, &["--no-identity"]).await;
    assert_eq!(up, "CREATE TABLE more (\n    id INTEGER PRIMARY KEY\n);\n");
}

#[tokio::test]
async fn the_made_up_key_of_a_view_may_be_null_and_that_of_a_table_may_not() {
    let fixture = Fixture::new(TASKS).await;
    let file = FILE.replace(
        "open_tasks { id -> Int4",
        "open_tasks { id -> Nullable<Int4>",
    );
    assert_eq!(fixture.differences(&file).await, [""; 0]);
    assert!(fixture.plan(&file, &answers(&[])).await.unwrap().is_empty());
    let file = format!("{FILE}diesel::table! {{ more {{ id -> Nullable<Int4>, }} }}");
    let said = refusal(TASKS, &file, &[]).await;
    assert!(
        said.starts_with("column `id` of the primary key of `more` is `Nullable`")
            && said.ends_with("(schema.rs, line 8)"),
        "{said}"
    );
}

/// Everything that can hang on views, two of which read each other's.
const DRESSED: &str = "
CREATE TABLE tasks (id INT PRIMARY KEY, points INT NOT NULL, title TEXT);
CREATE TABLE log (what TEXT PRIMARY KEY);
CREATE VIEW \"Open tasks\" (id, points, title) WITH (security_barrier = true, check_option = local)
    AS SELECT id, points, title FROM tasks WHERE points > 0;
ALTER VIEW \"Open tasks\" ALTER COLUMN title SET DEFAULT 'it''s new';
CREATE VIEW counted AS SELECT count(*) AS many, sum(points) AS points FROM \"Open tasks\";
CREATE MATERIALIZED VIEW totals WITH (fillfactor = 70) AS
    SELECT c.many, o.id, o.points FROM counted c, \"Open tasks\" o;
CREATE MATERIALIZED VIEW empty AS SELECT points FROM tasks WITH NO DATA;
CREATE UNIQUE INDEX totals_id ON totals (id);
COMMENT ON INDEX totals_id IS 'one each';
CREATE FUNCTION logged() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER logged INSTEAD OF UPDATE ON \"Open tasks\" FOR EACH ROW EXECUTE FUNCTION logged();
COMMENT ON TRIGGER logged ON \"Open tasks\" IS 'a \\ in it';
CREATE RULE quiet AS ON DELETE TO \"Open tasks\" DO INSTEAD INSERT INTO log VALUES (OLD.title);
COMMENT ON RULE quiet ON \"Open tasks\" IS 'kept';
COMMENT ON VIEW \"Open tasks\" IS 'those with points';
COMMENT ON COLUMN \"Open tasks\".title IS 'what it is about';
COMMENT ON MATERIALIZED VIEW totals IS 'all';
GRANT SELECT, UPDATE ON \"Open tasks\" TO pg_read_all_data WITH GRANT OPTION;
GRANT SELECT (many) ON counted TO PUBLIC;
GRANT SELECT ON totals TO PUBLIC;
CREATE VIEW apart AS SELECT title FROM tasks;
";

#[tokio::test]
async fn views_in_the_way_of_a_new_type_are_taken_down_and_put_back_as_they_were() {
    let file = "diesel::table! { tasks { id -> Int4, points -> Int8, title -> Nullable<Text>, } }
                diesel::table! { log (what) { what -> Text, } }";
    let mut fixture = Fixture::new(DRESSED).await;
    let (plan, _) = fixture.proven(file, &answers(&[])).await;
    let up = plan.up();
    let place = |text: &str| up.find(text).unwrap_or_else(|| panic!("{text}: {up}"));
    let order = [
        "DROP MATERIALIZED VIEW totals;",
        "DROP VIEW counted;",
        "DROP VIEW \"Open tasks\";",
        "ALTER TABLE tasks ALTER COLUMN points",
        "CREATE VIEW \"Open tasks\" WITH (security_barrier = 'true', check_option = 'local')",
        "CREATE VIEW counted AS",
        "CREATE MATERIALIZED VIEW totals WITH (fillfactor = '70')",
        "CREATE UNIQUE INDEX totals_id",
    ];
    assert!(order.map(place).is_sorted(), "{up}");
    assert!(!up.contains("apart"), "{up}");
    assert!(up.contains("WITH NO DATA"), "{up}");
    let notes = plan.notes().join("\n");
    assert!(notes.contains("the view `Open tasks` reads a column with a new type"));
    assert!(
        notes.contains("the materialized view `totals` reads"),
        "{notes}"
    );
    assert!(notes.contains("and fills it again"), "{notes}");
    // The proof has been up and down; now it is up to stay.
    fixture.client.batch_execute(&up).await.unwrap();
    let still = "SELECT pg_catalog.concat_ws('|', obj_description('\"Open tasks\"'::regclass),
        (SELECT reloptions FROM pg_class WHERE relname = 'Open tasks'),
        has_column_privilege('pg_read_all_data', '\"Open tasks\"', 'title', 'UPDATE'),
        (SELECT string_agg(tgname, ',') FROM pg_trigger WHERE NOT tgisinternal),
        (SELECT atttypid::regtype FROM pg_attribute
         WHERE attrelid = '\"Open tasks\"'::regclass AND attname = 'points'))";
    let row = fixture.client.query_one(still, &[]).await.unwrap();
    assert_eq!(
        row.get::<_, String>(0),
        "those with points|{security_barrier=true,check_option=local}|t|logged|bigint"
    );
}

#[tokio::test]
async fn a_column_or_a_table_that_a_view_reads_is_not_dropped_from_under_it() {
    let before = "CREATE TABLE tasks (id INT PRIMARY KEY, points INT, title TEXT);
                  CREATE TABLE other (id INT PRIMARY KEY);
                  CREATE VIEW ranked AS SELECT id, points FROM tasks;
                  CREATE MATERIALIZED VIEW others AS SELECT count(*) FROM other;";
    let other = "diesel::table! { other { id -> Int4, } }";
    let tasks = "diesel::table! { tasks { id -> Int4, points -> Nullable<Int4>, } }";
    let less = "diesel::table! { tasks { id -> Int4, title -> Nullable<Text>, } }";
    let said = refusal(before, &format!("{less} {other}"), &["--allow-drop"]).await;
    assert!(
        said.contains("cannot drop column `points` of `tasks`: the view `ranked` reads it"),
        "{said}"
    );
    assert!(
        said.contains("DROP VIEW ranked; CREATE VIEW ranked AS"),
        "{said}"
    );
    let said = refusal(before, tasks, &["--allow-drop"]).await;
    assert!(
        said.contains("cannot drop table `other`: the materialized view `others` reads it"),
        "{said}"
    );
    // What no view reads goes as before.
    let (up, _) = written(before, &format!("{tasks} {other}"), &["--allow-drop"]).await;
    assert_eq!(up, "ALTER TABLE tasks DROP COLUMN title;\n");
}

#[tokio::test]
async fn a_rename_under_a_view_is_written_and_a_rename_with_a_new_type_is_refused() {
    let before = "CREATE TABLE tasks (id INT PRIMARY KEY, points INT NOT NULL);
                  CREATE VIEW ranked AS SELECT id, points FROM tasks;";
    let file = "diesel::table! { tasks { id -> Int4, score -> Int4, } }
                diesel::table! { ranked { id -> Int4, points -> Int4, } }";
    let (up, _) = written(before, file, &["--rename tasks.points:score"]).await;
    assert_eq!(up, "ALTER TABLE tasks RENAME COLUMN points TO score;\n");
    let said = refusal(
        before,
        &file.replace("score -> Int4", "score -> Int8"),
        &["--rename tasks.points:score"],
    )
    .await;
    assert!(said.contains("the view `ranked` reads `tasks`"), "{said}");
    assert!(said.contains("rename first"), "{said}");
}

#[tokio::test]
async fn a_block_of_a_view_has_to_follow_the_new_type_of_its_column() {
    let before = "CREATE TABLE tasks (id INT PRIMARY KEY, points INT NOT NULL);
                  CREATE VIEW ranked AS SELECT id, points FROM tasks;";
    let tasks = "diesel::table! { tasks { id -> Int4, points -> Int8, } }";
    let file =
        |ty: &str| format!("{tasks} diesel::table! {{ ranked {{ id -> Int4, points -> {ty}, }} }}");
    let (up, down) = written(before, &file("Int8"), &[]).await;
    assert!(
        up.contains("CREATE VIEW ranked AS\n SELECT tasks.id,\n    tasks.points\n   FROM tasks;"),
        "{up}"
    );
    assert!(down.ends_with("FROM tasks;\n"), "{down}");
    let mut fixture = Fixture::new(before).await;
    let plan = fixture.plan(&file("Int4"), &answers(&[])).await.unwrap();
    let proven = fixture.prove(&file("Int4"), &plan).await;
    assert!(proven.unwrap_err().to_string().contains(
        "column `points` of the view `ranked` is INTEGER in schema.rs and BIGINT in the migrations"
    ));
}

#[tokio::test]
async fn what_else_depends_on_a_view_stops_the_migration_with_its_name() {
    let before = "CREATE TABLE tasks (id INT PRIMARY KEY, points INT NOT NULL);
                  CREATE VIEW ranked AS SELECT id, points FROM tasks;
                  CREATE TABLE copies (id INT PRIMARY KEY, made ranked);";
    let file = "diesel::table! { tasks { id -> Int4, points -> Int8, } }";
    let mut fixture = Fixture::new(before).await;
    let filter = schema_diff::Filter::Only(vec![regex::Regex::new("^tasks$").unwrap()]);
    let wanted = schema_diff::Schema::parse(file).unwrap();
    let catalog = fixture.catalog().await;
    let plan = schema_diff::plan(&wanted, &catalog, &filter, &answers(&[])).unwrap();
    let proven = fixture.prove_of(&wanted, &filter, &plan).await;
    let said = proven.unwrap_err().to_string();
    assert!(said.contains("DROP VIEW ranked;"), "{said}");
    assert!(
        said.contains("column made of table copies depends on type ranked"),
        "{said}"
    );
}

const WRITTEN: &str = r#"// @generated automatically by Diesel CLI.

pub mod sql_types {
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "mood"))]
    pub struct Mood;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "gone"))]
    pub struct Gone;
}

diesel::table! { tasks (id) { id -> Int4, } }
// Grüße: what is open.
// Its key is made up.
diesel::table! { use super::sql_types::Mood; #[sql_name = "open_tasks"] open (id) {
        /// first
        id -> Int4,
        mood -> Mood, } } diesel::table! { vanished { id -> Int4, } }
diesel::view! { totals { twice -> Int8, } }
diesel::joinable!(open -> tasks (id));
diesel::joinable!(open -> vanished (id));

diesel::allow_tables_to_appear_in_same_query!(open, other, tasks, vanished, totals);
"#;

const PRINTED: &str = "// @generated automatically by Diesel CLI.

diesel::table! { tasks (id) { id -> Int4, more -> Text, } }
diesel::table! { other (id) { id -> Int4, } }
diesel::allow_tables_to_appear_in_same_query!(tasks, other,);
";

#[tokio::test]
async fn what_a_person_wrote_about_views_is_kept_when_the_file_is_printed_anew() {
    let fixture = Fixture::new(TASKS).await;
    let catalog = fixture.catalog().await;
    let text = schema_diff::keep_views(WRITTEN, PRINTED, &catalog).unwrap();
    let rest = text.strip_prefix(PRINTED).unwrap();
    assert_eq!(
        rest,
        r#"
pub mod sql_types {
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "mood"))]
    pub struct Mood;
}

// Grüße: what is open.
// Its key is made up.
diesel::table! { use super::sql_types::Mood; #[sql_name = "open_tasks"] open (id) {
        /// first
        id -> Int4,
        mood -> Mood, } }

diesel::view! { totals { twice -> Int8, } }

diesel::joinable!(open -> tasks (id));

diesel::allow_tables_to_appear_in_same_query!(open, other,);

diesel::allow_tables_to_appear_in_same_query!(open, tasks,);

diesel::allow_tables_to_appear_in_same_query!(open, totals,);

diesel::allow_tables_to_appear_in_same_query!(other, totals,);

diesel::allow_tables_to_appear_in_same_query!(tasks, totals,);
"#
    );
    assert_eq!(
        schema_diff::keep_views(&text, PRINTED, &catalog).unwrap(),
        text
    );
    // A block that the Diesel CLI prints itself is not there twice, and a type goes into the
    // module that is there.
    let attribute = "#[diesel(postgres_type(name = \"other\"))]";
    let module = format!("pub mod sql_types {{\n    {attribute}\n    pub struct Other;\n}}\n");
    let printed =
        format!("{module}{PRINTED}diesel::view! {{ totals {{ twice -> Nullable<Int4>, }} }}\n");
    let text = schema_diff::keep_views(WRITTEN, &printed, &catalog).unwrap();
    assert_eq!(text.matches("totals {").count(), 1, "{text}");
    assert_eq!(text.matches("pub mod sql_types").count(), 1, "{text}");
    let types = text.split_once("\n}\n").unwrap().0;
    assert!(
        types.contains("pub struct Other;") && types.contains("pub struct Mood;"),
        "{text}"
    );
    assert_eq!(schema_diff::Schema::parse(&text).err(), None, "{text}");
    assert_eq!(
        schema_diff::keep_views(&text, &printed, &catalog).unwrap(),
        text
    );
}
