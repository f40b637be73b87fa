//! What is sent to a cluster, and in which order. A server that only calls itself one
//! takes it as well, and writes it down; what comes of it takes Citus.

use std::fs;

use local_postgres::ThrowawayServer;
use tenant_core::{Database, Settings};

use crate::fixture::{Stream, name, open_at};

/// What is asked of Citus when a schema is made. System tables may be added where
/// `allow_system_table_mods` is on.
const CALL_IT_A_CLUSTER: [&str; 5] = [
    "SET allow_system_table_mods = on",
    "CREATE TABLE pg_catalog.pg_dist_schema (schemaid oid, colocationid int)",
    "CREATE FUNCTION public.note() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN \
     INSERT INTO pg_catalog.pg_dist_schema SELECT objid FROM pg_event_trigger_ddl_commands(); END'",
    "CREATE EVENT TRIGGER note ON ddl_command_end WHEN TAG IN ('CREATE SCHEMA') \
     EXECUTE FUNCTION public.note()",
    "UPDATE pg_catalog.pg_extension SET extname = 'citus' WHERE extname = 'plpgsql'",
];

/// The messages since the last `BEGIN`.
fn last_transaction(log: &str) -> Vec<&str> {
    let sent = log
        .split("LOG:  ")
        .filter_map(|it| it.strip_prefix("statement: "));
    let sent = sent.map(str::trim_end).collect::<Vec<_>>();
    let begin = sent.iter().rposition(|it| it.starts_with("BEGIN")).unwrap();
    sent.get(begin..).unwrap_or_default().to_vec()
}

#[tokio::test]
async fn a_cluster_gets_each_statement_by_itself_and_its_settings_first() {
    let server = ThrowawayServer::builder()
        .setting("log_statement", "all")
        .setting("log_line_prefix", "")
        .start()
        .unwrap();
    let url = server.url("postgres");
    let stream = Stream::new().with("CREATE TABLE one (id int);\nCREATE TABLE two (id int);");
    let before = open_at(&url, &stream, Settings::default()).await;
    before.migrate_public().await.unwrap();
    assert!(!before.database().is_cluster());
    let admin = Database::parse(&url).unwrap().driver().await.unwrap();
    for statement in CALL_IT_A_CLUSTER {
        admin.batch_execute(statement).await.unwrap();
    }

    let tenants = open_at(&url, &stream, Settings::default()).await;
    assert!(tenants.database().is_cluster());
    tenants.create(&name("acme")).await.unwrap();
    let log = fs::read_to_string(server.log()).unwrap();
    let sent = last_transaction(&log);
    for message in &sent {
        assert_eq!(message.matches(';').count(), 1, "{message}");
        assert!(!message.contains("set_config"), "{message}");
    }
    let place = |part: &str| {
        let found = sent.iter().position(|message| message.starts_with(part));
        found.unwrap_or_else(|| panic!("no {part} in {sent:#?}"))
    };
    let order = [
        "BEGIN",
        "SET LOCAL citus.propagate_set_commands TO 'local'",
        "SET LOCAL lock_timeout",
        "SET LOCAL citus.enable_schema_based_sharding TO on",
        "CREATE SCHEMA \"acme\"",
        "SET LOCAL search_path",
        "CREATE TABLE one",
        "CREATE TABLE two",
        "COMMIT",
    ];
    let places = order.map(place);
    assert!(places.is_sorted(), "{sent:#?}");
}
