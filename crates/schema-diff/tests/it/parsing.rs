//! What is read from a `schema.rs`, and where it is said to be wrong.

use schema_diff::Schema;

fn refused(text: &str) -> String {
    Schema::parse(text).unwrap_err().to_string()
}

#[test]
fn a_file_as_diesel_prints_it_is_read() {
    let schema = Schema::parse(
        r#"// @generated automatically by Diesel CLI.

pub mod sql_types {
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "task_status"))]
    pub struct TaskStatus;

    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "tsvector", schema = "pg_catalog"))]
    pub struct Tsvector;
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::TaskStatus;

    /// Comments are fine.
    #[sql_name = "Odd Tasks"]
    odd_tasks (id, list_id) {
        id -> Int8,
        list_id -> Integer,
        #[sql_name = "type"]
        type_ -> Nullable<TaskStatus>,
        #[max_length = 20]
        name -> Varchar,
        tags -> Nullable<Array<Nullable<Text>>>,
        period -> Range<Date>,
        found -> diesel::sql_types::Jsonb,
    }
}

diesel::table! {
    lists (id) { id -> Integer, }
}

diesel::joinable!(odd_tasks -> lists (list_id));

diesel::allow_tables_to_appear_in_same_query!(odd_tasks, lists,);
"#,
    )
    .unwrap();
    let tasks = schema.table("Odd Tasks").unwrap();
    let columns = tasks.columns.iter().map(|column| {
        let ty = &column.ty;
        let array = if ty.array { "[]" } else { "" };
        let null = if column.nullable { "?" } else { "" };
        format!("{} {}{array}{null} {:?}", column.name, ty.name, ty.length)
    });
    assert_eq!(
        columns.collect::<Vec<_>>(),
        [
            "id int8 None",
            "list_id int4 None",
            "type task_status? None",
            "name varchar Some(20)",
            "tags text[]? None",
            "period daterange None",
            "found jsonb None",
        ]
    );
    assert_eq!(tasks.primary_key, ["id", "list_id"]);
    assert_eq!(tasks.references[0].parent, "lists");
    assert_eq!(tasks.references[0].column, "list_id");
    let own = schema.types.iter().map(|ty| (ty.name.as_str(), ty.own));
    assert_eq!(
        own.collect::<Vec<_>>(),
        [("task_status", true), ("tsvector", false)]
    );
}

#[test]
fn what_is_not_rust_is_refused_with_line_and_column() {
    let text = refused("diesel::table! {\n    tasks (id) {\n        id -> Int8,\n}\n");
    assert!(text.starts_with("line 1, column 16: "), "{text}");
    let text = refused("diesel::table! {\n    tasks (id) {\n        id => Int8,\n    }\n}\n");
    assert_eq!(text, "line 3, column 12: expected `->`");
    let text = refused("diesel::table! {}\n");
    assert!(text.starts_with("line 1, column 1: "), "{text}");
}

#[test]
fn what_diesel_or_postgresql_would_not_take_is_refused_where_it_stands() {
    let table = |body: &str| format!("diesel::table! {{\n    tasks (id) {{\n{body}\n    }}\n}}\n");
    for (text, line, reason) in [
        (
            table("id -> Int8,\nid -> Text,"),
            4,
            "two columns have the name `id`",
        ),
        (
            table("name -> Text,"),
            2,
            "primary key column `id` does not exist",
        ),
        (table("id -> Unsigned<Int4>,"), 3, "another database"),
        (table("id -> Array,"), 3, "needs one type in angle brackets"),
        (
            table("id -> Range<Text>,"),
            3,
            "`Range` cannot contain text",
        ),
        (
            table("#[max_length = 3]\nid -> Int8,"),
            3,
            "a column of type BIGINT cannot have `max_length`",
        ),
        (
            table(&format!("id -> Int8,\n{} -> Text,", "a".repeat(64))),
            4,
            "64 bytes",
        ),
        (
            "diesel::table! {\n    app.tasks (id) { id -> Int8, }\n}".to_owned(),
            2,
            "names the schema `app`",
        ),
        (
            "diesel::table! { a { id -> Int8, } }\ndiesel::table! { a { id -> Int8, } }".to_owned(),
            2,
            "two tables have the name `a`",
        ),
        (
            "diesel::table! { a { name -> Text, } }".to_owned(),
            1,
            "names no primary key",
        ),
        (
            "diesel::table! { a { id -> Int8, } }\ndiesel::joinable!(a -> b (id));".to_owned(),
            2,
            "unknown table `b`",
        ),
        (
            "diesel::table! { a { id -> Int8, } }\ndiesel::table! { b { id -> Int8, } }\n\
             diesel::joinable!(a -> b (b_id));"
                .to_owned(),
            3,
            "table `a` has no column `b_id`",
        ),
        (
            "diesel::table! { a { id -> Int8, b_id -> Int8, } }\n\
             diesel::table! { b (x, y) { x -> Int8, y -> Int8, } }\n\
             diesel::joinable!(a -> b (b_id));"
                .to_owned(),
            3,
            "its primary key has 2",
        ),
        (
            "pub mod sql_types {\n    pub struct Mood;\n}".to_owned(),
            2,
            "has no PostgreSQL name",
        ),
        (
            "pub mod app {\n}".to_owned(),
            1,
            "only `sql_types` is a module",
        ),
        (
            "diesel::table! { __mine { id -> Int8, } }".to_owned(),
            1,
            "two underscores",
        ),
    ] {
        let message = refused(&text);
        assert!(
            message.starts_with(&format!("line {line}, ")) && message.contains(reason),
            "{message}\n{text}"
        );
    }
}

#[test]
fn text_of_any_kind_is_read_or_refused_and_nothing_else() {
    for text in [
        "",
        "\u{feff}",
        "\0",
        "diesel::table!",
        "diesel::table!();",
        "fn",
        "// only",
    ] {
        let _ = Schema::parse(text);
    }
    assert!(Schema::parse("").unwrap().tables.is_empty());
}
