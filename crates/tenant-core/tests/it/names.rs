//! The rules for names against the server's own.

use tenant_core::{NameRule, TenantName};
use test_support::TestDatabase;

/// Reserved since PostgreSQL 16, and so refused everywhere.
const NEWER: [&str; 1] = ["system_user"];

#[tokio::test]
async fn exactly_the_words_that_the_server_reserves_are_refused() {
    let database = TestDatabase::new().await;
    let words = database
        .column("SELECT word, catcode FROM pg_get_keywords()")
        .await;
    let reserved = "SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T')";
    let reserved = database.column(reserved).await;
    assert!(reserved.len() > 90, "{reserved:?}");
    for word in words.iter().filter(|word| !NEWER.contains(&word.as_str())) {
        let refused = word.parse::<TenantName>().err().map(|error| error.rule);
        let expected = reserved.contains(word).then_some(NameRule::Keyword);
        assert_eq!(refused, expected, "{word}");
    }
}

#[tokio::test]
async fn a_name_of_63_characters_is_kept_whole_by_the_server() {
    let database = TestDatabase::new().await;
    let name = "x".repeat(63).parse::<TenantName>().unwrap();
    database.execute(&format!("CREATE SCHEMA {name}")).await;
    assert_eq!(database.schemas().await, [name.as_str()]);
}
