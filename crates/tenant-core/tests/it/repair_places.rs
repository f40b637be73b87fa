//! Columns that have each other's name, or left theirs to a new one: where they stand says
//! which is which, whatever else was changed by hand.

use tenant_core::Tenants;
use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, tenants};

fn stream() -> Stream {
    Stream::new()
        .with(
            "CREATE FUNCTION told() RETURNS text LANGUAGE sql AS 'SELECT ''a b tbl actor l''::text'; \
             CREATE TABLE l (id int PRIMARY KEY, gone int, a text NOT NULL, b text NOT NULL, n int, \
                 tbl text NOT NULL, actor text DEFAULT current_user, c text, d text); \
             COMMENT ON COLUMN l.c IS 'the first'; COMMENT ON COLUMN l.d IS 'the second'; \
             ALTER TABLE l DROP gone; \
             CREATE TABLE pair (one text, other text); CREATE INDEX of_one ON pair (one); \
             CREATE TABLE parts (k int, x text, y text) PARTITION BY LIST (k); \
             CREATE TABLE part PARTITION OF parts FOR VALUES IN (1)",
        )
        .with("ALTER TABLE l ADD late text")
}

/// The two columns of the table `l` are called as the other one.
fn swapped(one: &str, other: &str) -> String {
    format!(
        "ALTER TABLE l RENAME {one} TO x; ALTER TABLE l RENAME {other} TO {one}; \
         ALTER TABLE l RENAME x TO {other}"
    )
}

fn shadowed(one: &str, other: &str) -> String {
    format!("column `l.{one}` was renamed to `{other}`, and another column has its name")
}

/// What the check says of a tenant after `damage`. No statement that it shows, and none that a
/// repair runs, may touch any of it.
async fn said(tenants: &Tenants, database: &TestDatabase, damage: &str) -> Vec<String> {
    create(tenants, &["acme"]).await;
    database
        .execute(&format!(
            "SET search_path TO acme; {damage}; RESET search_path"
        ))
        .await;
    let health = tenants.health().only([name("acme")]).await.unwrap();
    for problem in &health.problems {
        let advised = format!("{:?}", problem.remedies(tenants.registry()));
        assert!(!advised.contains("DROP"), "{damage}: {advised}");
    }
    let mut words = health.problems.iter().map(|it| it.kind.to_string());
    let said = words.by_ref().collect::<Vec<_>>();
    let repair = tenants.repair(&name("acme")).await.unwrap();
    assert!(
        repair.statements.is_empty(),
        "{damage}: {:#?}",
        repair.statements
    );
    tenants.drop_tenant(&name("acme")).await.unwrap();
    said
}

#[tokio::test]
async fn columns_that_have_each_others_name_are_told_and_left() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    for (one, other) in [
        ("a", "b"),
        ("tbl", "actor"),
        ("n", "actor"),
        ("b", "late"),
        ("c", "d"),
    ] {
        let mut wanted = [shadowed(one, other), shadowed(other, one)];
        wanted.sort();
        let mut said = said(&tenants, &database, &swapped(one, other)).await;
        said.sort();
        assert_eq!(said, wanted, "{one} and {other}");
    }
}

#[tokio::test]
async fn what_was_changed_besides_is_not_repaired_in_columns_that_have_each_others_name() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    let damage = format!("{}; ALTER TABLE l ALTER a DROP NOT NULL", swapped("a", "b"));
    let said = said(&tenants, &database, &damage).await;
    for words in [
        shadowed("a", "b"),
        shadowed("b", "a"),
        "column `l.a` allows NULL; expected NOT NULL (expected name `b`)".to_owned(),
    ] {
        assert!(said.contains(&words), "{said:#?}");
    }
    assert_eq!(said.len(), 3, "{said:#?}");
}

#[tokio::test]
async fn a_column_in_the_place_of_one_that_was_made_since_is_it_whatever_it_allows() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    for change in [
        "ALTER a_old DROP NOT NULL",
        "ALTER a_old SET DEFAULT 'x'",
        "ALTER a_old TYPE varchar(90)",
    ] {
        let damage = format!(
            "ALTER TABLE l RENAME a TO a_old; ALTER TABLE l {change}; \
             ALTER TABLE l ADD a text NOT NULL DEFAULT ''; ALTER TABLE l ALTER a DROP DEFAULT"
        );
        let said = said(&tenants, &database, &damage).await;
        let [first, second] = said.as_slice() else {
            panic!("{change}: {said:#?}")
        };
        assert_eq!(*first, shadowed("a", "a_old"), "{change}");
        assert!(second.starts_with("column `l.a_old` "), "{second}");
        assert!(second.ends_with(" (expected name `a`)"), "{second}");
    }
}

#[tokio::test]
async fn columns_in_another_order_are_no_difference() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    for damage in [
        // Dropped and added again, alone and together.
        "ALTER TABLE l DROP n; ALTER TABLE l ADD n int",
        "ALTER TABLE l DROP a, DROP b; ALTER TABLE l ADD b text NOT NULL, ADD a text NOT NULL",
        // As in a schema that was adopted.
        "DROP TABLE l; CREATE TABLE l (id int PRIMARY KEY, a text NOT NULL, b text NOT NULL, n int, \
             actor text DEFAULT current_user, tbl text NOT NULL, late text, c text, d text); \
         COMMENT ON COLUMN l.c IS 'the first'; COMMENT ON COLUMN l.d IS 'the second'",
        // The definition, the comment or what refers to a column says which one it is.
        "DROP TABLE l; CREATE TABLE l (id int PRIMARY KEY, gone int, a text NOT NULL, b text NOT NULL, n int, \
             actor text DEFAULT current_user, tbl text NOT NULL, c text, d text, late text); \
         COMMENT ON COLUMN l.c IS 'the first'; COMMENT ON COLUMN l.d IS 'the second'; \
         ALTER TABLE l DROP gone",
        "DROP TABLE l; CREATE TABLE l (id int PRIMARY KEY, gone int, a text NOT NULL, b text NOT NULL, n int, \
             tbl text NOT NULL, actor text DEFAULT current_user, d text, c text, late text); \
         COMMENT ON COLUMN l.c IS 'the first'; COMMENT ON COLUMN l.d IS 'the second'; \
         ALTER TABLE l DROP gone",
        "DROP TABLE pair; CREATE TABLE pair (other text, one text); CREATE INDEX of_one ON pair (one)",
        "DROP TABLE part; CREATE TABLE part (k int, y text, x text); \
         ALTER TABLE parts ATTACH PARTITION part FOR VALUES IN (1)",
    ] {
        assert_eq!(said(&tenants, &database, damage).await, [""; 0], "{damage}");
    }
}

#[tokio::test]
async fn columns_of_a_partitioned_table_are_told_once_for_all_its_partitions() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    let damage = "ALTER TABLE parts RENAME x TO z; ALTER TABLE parts RENAME y TO x; \
                  ALTER TABLE parts RENAME z TO y";
    let said = said(&tenants, &database, damage).await;
    let of_parts = |it: &&String| it.starts_with("column `parts.");
    assert_eq!(said.iter().filter(of_parts).count(), 2, "{said:#?}");
    assert_eq!(said.len(), 2, "{said:#?}");
}

#[tokio::test]
async fn a_partition_that_was_detached_and_renamed_is_told_and_not_dropped() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE p (k int NOT NULL, x text, PRIMARY KEY (k)) PARTITION BY LIST (k); \
         CREATE INDEX of_x ON p (x); CREATE TABLE p_def PARTITION OF p DEFAULT",
    );
    let tenants = tenants(&database, &stream).await;
    let gone = "ALTER TABLE p DETACH PARTITION p_def; ALTER TABLE p_def RENAME TO p_rest";
    for (damage, words) in [
        (gone.to_owned(), "table `p_def` was renamed to `p_rest`"),
        (
            format!("{gone}; CREATE TABLE p_def PARTITION OF p DEFAULT"),
            "unexpected table `p_rest` (possibly a former part of `p`)",
        ),
    ] {
        let said = said(&tenants, &database, &damage).await;
        assert!(said.iter().any(|it| it == words), "{said:#?}");
    }
}
