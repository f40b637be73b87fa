//! Random pairs of schemas: there and back again, with rows in the tables.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError};
use schema_diff::{Answers, Filter, PlanError, Question, Schema, plan};
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::fixture::Fixture;

/// Types that convert into each other and back without loss, for values such as
/// the ones beside them.
const FAMILIES: &[(&[&str], [&str; 2])] = &[
    (&["Int4", "Int8", "Text", "Varchar", "Numeric"], ["1", "2"]),
    (&["Int4", "Bool"], ["1", "0"]),
    (
        &["Timestamp", "Timestamptz"],
        ["2001-02-03 04:05:06", "1999-01-01 00:00:00"],
    ),
    (
        &["Uuid", "Text"],
        [
            "00000000-0000-4000-8000-000000000001",
            "00000000-0000-4000-8000-000000000002",
        ],
    ),
    (&["Jsonb", "Text"], ["{\"a\": 1}", "[]"]),
    (
        &[
            "Array<Nullable<Int4>>",
            "Array<Nullable<Int8>>",
            "Array<Nullable<Text>>",
        ],
        ["{1,2}", "{}"],
    ),
];

/// A table of a random schema. The column number `n` is of the family `n`.
#[derive(Debug, Clone)]
struct RandomTable {
    /// The key's type, of the first family.
    key: &'static str,
    /// For each family: whether there is a column, of which type, nullable.
    columns: Vec<Option<(&'static str, bool)>>,
    /// Whether it refers to the table before it.
    refers: bool,
}

type RandomSchema = Vec<Option<RandomTable>>;

fn random_table() -> impl Strategy<Value = Option<RandomTable>> {
    let columns = FAMILIES
        .iter()
        .map(|(types, _)| prop::option::weighted(0.7, (select(*types), any::<bool>())))
        .collect::<Vec<_>>();
    let table = (
        select(&["Int4", "Int8", "Text"][..]),
        columns,
        any::<bool>(),
    );
    let table = table.prop_map(|(key, columns, refers)| RandomTable {
        key,
        columns,
        refers,
    });
    prop::option::weighted(0.8, table)
}

fn random_schema() -> impl Strategy<Value = RandomSchema> {
    prop::collection::vec(random_table(), 3)
}

/// The table that the table number `index` refers to, if it does.
fn parent(schema: &RandomSchema, index: usize) -> Option<&RandomTable> {
    let table = schema[index].as_ref()?;
    let before = schema.get(index.checked_sub(1)?)?.as_ref();
    before.filter(|_| table.refers)
}

/// The text of a `schema.rs`.
fn file(schema: &RandomSchema) -> String {
    let mut text = String::new();
    for (index, table) in schema.iter().enumerate() {
        let Some(table) = table else { continue };
        let mut body = format!("id -> {},\n", table.key);
        for (family, column) in table.columns.iter().enumerate() {
            match column {
                Some((ty, true)) => writeln!(body, "c{family} -> Nullable<{ty}>,").unwrap(),
                Some((ty, false)) => writeln!(body, "c{family} -> {ty},").unwrap(),
                None => {}
            }
        }
        if let Some(parent) = parent(schema, index) {
            writeln!(body, "parent_id -> Nullable<{}>,", parent.key).unwrap();
        }
        writeln!(text, "diesel::table! {{ t{index} (id) {{ {body} }} }}").unwrap();
    }
    for index in 0..schema.len() {
        if parent(schema, index).is_some() {
            let before = index - 1;
            writeln!(
                text,
                "diesel::joinable!(t{index} -> t{before} (parent_id));"
            )
            .unwrap();
        }
    }
    text
}

/// Answers whatever is asked: what is gone is dropped, and rows get a value of
/// the column's family.
fn answered(fixture_questions: &[Question], answers: &mut Answers) {
    for question in fixture_questions {
        match question {
            Question::GoneTable { .. } | Question::GoneColumn { .. } => answers.allow_drop = true,
            Question::Default { table, column, .. } => {
                let family = column.trim_start_matches('c').parse::<usize>().unwrap();
                let value = FAMILIES[family].1[0];
                let place = (table.clone(), column.clone());
                let value = if family == 1 {
                    "'1'"
                } else {
                    &format!("'{value}'")
                };
                answers.defaults.insert(place, value.to_owned());
            }
            Question::Conversion {
                table,
                column,
                usual,
                ..
            } => {
                let place = (table.clone(), column.clone());
                answers.conversions.insert(place, usual.clone());
            }
            Question::Type { name } => panic!("there is no type {name}"),
        }
    }
}

async fn planned(fixture: &Fixture, file: &str) -> schema_diff::Plan {
    let wanted = Schema::parse(file).unwrap();
    let mut answers = Answers {
        identity: false,
        ..Answers::default()
    };
    loop {
        let catalog = fixture.catalog().await;
        match plan(&wanted, &catalog, &Filter::default(), &answers) {
            Ok(plan) => return plan,
            Err(PlanError::Questions(questions)) => answered(&questions, &mut answers),
            Err(error) => panic!("{error}\n{file}"),
        }
    }
}

/// Two rows in every table, made as the file says.
async fn fill(client: &Client, schema: &RandomSchema) {
    for (index, table) in schema.iter().enumerate() {
        let Some(table) = table else { continue };
        for row in 0..2 {
            let (mut names, mut values) = ("id".to_owned(), format!("'{}'", row + 1));
            for (family, column) in table.columns.iter().enumerate() {
                if column.is_some() {
                    write!(names, ", c{family}").unwrap();
                    write!(values, ", '{}'", FAMILIES[family].1[row]).unwrap();
                }
            }
            if parent(schema, index).is_some() {
                names.push_str(", parent_id");
                write!(values, ", '{}'", row + 1).unwrap();
            }
            let sql = format!("INSERT INTO t{index} ({names}) VALUES ({values})");
            client.batch_execute(&sql).await.unwrap();
        }
    }
}

/// What both schemas have: the rows of each shared table, as text.
async fn shared_rows(client: &Client, one: &RandomSchema, other: &RandomSchema) -> Vec<String> {
    let mut rows = Vec::new();
    for (index, pair) in one.iter().zip(other).enumerate() {
        let (Some(one), Some(other)) = pair else {
            continue;
        };
        let mut names = "id".to_owned();
        for (family, pair) in one.columns.iter().zip(&other.columns).enumerate() {
            if let (Some(_), Some(_)) = pair {
                write!(names, ", c{family}").unwrap();
            }
        }
        let query = format!("SELECT ({names})::text FROM t{index} ORDER BY 1");
        for answer in client.simple_query(&query).await.unwrap() {
            if let SimpleQueryMessage::Row(row) = answer {
                rows.push(format!("t{index} {}", row.get(0).unwrap()));
            }
        }
    }
    rows
}

/// Proves the way from `sql` to `file`, in a database of its own.
async fn proven(sql: &str, file: &str) -> Result<String, TestCaseError> {
    let mut fixture = Fixture::new(sql).await;
    let plan = planned(&fixture, file).await;
    match fixture.prove(file, &plan).await {
        Ok(proof) => {
            prop_assert_eq!(&proof.broken, &Vec::<String>::new(), "{}", plan.up());
            prop_assert_eq!(&proof.not_tried, &Vec::<String>::new(), "{}", plan.up());
            Ok(plan.up())
        }
        Err(error) => Err(TestCaseError::fail(format!(
            "{error}\n--- from\n{sql}\n--- to\n{file}\n--- up\n{}\n--- down\n{}",
            plan.up(),
            plan.down()
        ))),
    }
}

async fn round_trip(a: &RandomSchema, b: &RandomSchema) -> Result<(), TestCaseError> {
    let (file_a, file_b) = (file(a), file(b));
    let make_a = proven("", &file_a).await?;
    let there = proven(&make_a, &file_b).await?;
    let back = proven(&format!("{make_a}{there}"), &file_a).await?;
    prop_assert_eq!(
        &there,
        &proven(&make_a, &file_b).await?,
        "not the same file again"
    );

    let fixture = Fixture::new(&make_a).await;
    fill(&fixture.client, a).await;
    let before = shared_rows(&fixture.client, a, b).await;
    for (sql, file) in [(&there, &file_b), (&back, &file_a)] {
        if let Err(error) = fixture.client.batch_execute(sql).await {
            return Err(TestCaseError::fail(format!("{error:?}\n{sql}")));
        }
        prop_assert_eq!(fixture.differences(file).await, Vec::<String>::new());
    }
    let after = shared_rows(&fixture.client, a, b).await;
    prop_assert_eq!(before, after, "lost on the way: {} {}", there, back);
    Ok(())
}

#[test]
fn there_and_back_again_nothing_is_lost_that_both_schemas_have() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: 24,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..Config::default()
    };
    proptest!(config, |(a in random_schema(), b in random_schema())| {
        runtime.block_on(round_trip(&a, &b))?;
    });
}
