//! Nothing is lost, and nothing comes to mean something else, without a word.

use schema_diff::{Answers, PlanError, Question};

use crate::fixture::{Fixture, answers, questions, written};

/// Why there is no plan.
async fn refused(before: &str, file: &str, options: &[&str]) -> String {
    let planned = Fixture::new(before)
        .await
        .plan(file, &answers(options))
        .await;
    planned.unwrap_err().to_string()
}

#[tokio::test]
async fn a_foreign_key_does_not_come_to_mean_other_rows() {
    let before = "
        CREATE TABLE p (code INT PRIMARY KEY, name TEXT NOT NULL UNIQUE);
        CREATE TABLE c (id INT PRIMARY KEY, p INT NOT NULL REFERENCES p ON DELETE CASCADE);";
    let file = "diesel::table! { c (id) { id -> Int4, p -> Int4, } }
                diesel::table! { p (id) { id -> Int4, name -> Text, } }
                diesel::joinable!(c -> p (p));";
    let reason = refused(before, file, &["--allow-drop"]).await;
    assert!(
        reason.contains("line 1 of schema.rs: `c` (p) refers to the primary key of `p`"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_conversion_that_may_change_values_is_asked_about() {
    for (from, to, asks) in [
        ("NUMERIC(10, 2)", "Int4", true),
        ("FLOAT8", "Float4", true),
        ("NUMERIC", "Float8", true),
        ("TIMESTAMP", "Date", true),
        ("TIMESTAMP", "Timestamptz", true),
        ("DATE", "Timestamptz", true),
        ("INET", "Cidr", true),
        ("INT8", "Float4", true),
        ("TEXT", "CChar", true),
        ("INT4", "Bool", true),
        ("JSONB", "Int4", true),
        ("INTERVAL", "Time", true),
        ("INT4", "Int8", false),
        ("INT8", "Int4", false),
        ("INT4", "Numeric", false),
        ("TEXT", "Int4", false),
        ("UUID", "Text", false),
        ("VARCHAR(9)", "Text", false),
        ("DATE", "Timestamp", false),
    ] {
        let before = format!("CREATE TABLE t (id INT PRIMARY KEY, a {from} NOT NULL);");
        let file = format!("diesel::table! {{ t (id) {{ id -> Int4, a -> {to}, }} }}");
        let planned = Fixture::new(&before)
            .await
            .plan(&file, &Answers::default())
            .await;
        match planned {
            Ok(_) => assert!(!asks, "{from} to {to}"),
            Err(PlanError::Questions(questions)) => {
                assert!(asks, "{from} to {to}: {questions:?}");
                let (option, _) = &questions[0].options()[0];
                assert!(option.starts_with("--using "), "{option}");
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn what_the_file_cannot_say_of_a_column_stays_when_its_type_changes() {
    let before = "
        CREATE DOMAIN email AS VARCHAR(20) CHECK (VALUE LIKE '%@%');
        CREATE TABLE t (id INT PRIMARY KEY, a TEXT COLLATE \"C\" NOT NULL UNIQUE, b email);";
    let file = |length: u32| {
        format!(
            "diesel::table! {{ t (id) {{ id -> Int4, a -> Varchar, \
             #[max_length = {length}] b -> Nullable<Varchar>, }} }}"
        )
    };
    let (up, _) = written(before, &file(20), &[]).await;
    assert_eq!(
        up,
        "ALTER TABLE t ALTER COLUMN a TYPE VARCHAR COLLATE \"C\" USING a::TEXT;\n"
    );
    // A domain's checks would go with it.
    let asked = questions(before, &file(50), &Answers::default()).await;
    assert!(matches!(asked[0], Question::Conversion { .. }), "{asked:?}");
}

#[tokio::test]
async fn types_that_the_file_takes_from_elsewhere_are_in_use_all_the_same() {
    let before = "
        CREATE TYPE mood AS ENUM ('x');
        CREATE TYPE frange AS RANGE (subtype = float8);
        CREATE TABLE t (id INT PRIMARY KEY, m mood, k \"char\", r fmultirange);";
    let file = "use crate::types::*;
        pub mod sql_types {
            #[diesel(postgres_type(name = \"fmultirange\"))]
            pub struct Fmultirange;
        }
        diesel::table! { t (id) { id -> Int4, m -> Nullable<Mood>, k -> Nullable<Char>, r -> Nullable<Fmultirange>, } }";
    let planned = Fixture::new(before)
        .await
        .plan(file, &Answers::default())
        .await;
    assert!(planned.unwrap().is_empty());
}

#[tokio::test]
async fn the_keys_of_partitions_are_seen_and_left_alone() {
    let before = "
        CREATE TABLE ty (id INT PRIMARY KEY);
        CREATE TABLE parted (id INT, k INT, t INT REFERENCES ty, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
        CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);";
    let file = "diesel::table! { parted (id, k) { id -> Int4, k -> Int4, t -> Nullable<Int4>, } }
        diesel::table! { parted_1 (id, k) { id -> Int4, k -> Int4, t -> Nullable<Int4>, } }
        diesel::table! { ty (id) { id -> Int4, } }
        diesel::joinable!(parted -> ty (t));
        diesel::joinable!(parted_1 -> ty (t));";
    let fixture = Fixture::new(before).await;
    assert!(
        fixture
            .plan(file, &Answers::default())
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(fixture.differences(file).await, [""; 0]);
}

#[tokio::test]
async fn what_is_about_other_columns_too_is_told_when_it_goes() {
    let before = "
        CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT, c INT CHECK (c > a), UNIQUE (a, b),
                        d VARCHAR(5) CHECK (d IN ('a', 'b')));
        CREATE INDEX of_both ON t (b, (a + 1));";
    let file =
        "diesel::table! { t (id) { id -> Int4, b -> Nullable<Int4>, c -> Nullable<Int4>, } }";
    let mut fixture = Fixture::new(before).await;
    let (plan, _) = fixture.proven(file, &answers(&["--allow-drop"])).await;
    let notes = plan.notes().join("\n");
    for name in ["`t_check`", "`t_a_b_key`", "`of_both`"] {
        assert!(notes.contains(name), "{name}\n{notes}");
    }
    assert!(!notes.contains("`t_d_check`"), "{notes}");
}

#[tokio::test]
async fn a_default_that_cannot_be_evaluated_is_found_before_a_row_needs_it() {
    let before = "CREATE TABLE t (id INT PRIMARY KEY, a TEXT DEFAULT 'x');";
    let file = "diesel::table! { t (id) { id -> Int4, a -> Nullable<Jsonb>, } }";
    let mut fixture = Fixture::new(before).await;
    let plan = fixture.plan(file, &Answers::default()).await.unwrap();
    let proof = fixture.prove(file, &plan).await;
    let error = proof.unwrap_err().to_string();
    assert!(
        error.contains("invalid input syntax for type json"),
        "{error}"
    );
}

#[tokio::test]
async fn an_identity_that_comes_back_goes_on_where_it_was() {
    let before = "CREATE TABLE t (id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n TEXT);
                  INSERT INTO t (n) VALUES ('a'), ('b');";
    let file = "diesel::table! { t (id) { id -> Text, n -> Nullable<Text>, } }";
    let fixture = Fixture::new(before).await;
    let plan = fixture.plan(file, &Answers::default()).await.unwrap();
    for sql in [&plan.up(), &plan.down(), "INSERT INTO t (n) VALUES ('c')"] {
        fixture.client.batch_execute(sql).await.unwrap();
    }
    assert_eq!(fixture.database.value("SELECT max(id) FROM t").await, "3");
}

#[tokio::test]
async fn answers_that_nobody_asked_for_are_told() {
    let file = "diesel::table! { tasks (id) { id -> Int8, name -> Text, } }";
    let fixture =
        Fixture::new("CREATE TABLE tasks (id BIGINT PRIMARY KEY, name TEXT NOT NULL);").await;
    let answers = answers(&["--default tasks.name='x'", "--using tasks.name=lower(name)"]);
    let plan = fixture.plan(file, &answers).await.unwrap();
    assert!(plan.is_empty());
    assert_eq!(plan.notes().len(), 2, "{:?}", plan.notes());
}
