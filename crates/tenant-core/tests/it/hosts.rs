//! Several hosts in one URL, and servers that take logins with or without encryption only.

use tenant_core::{ConnectError, Database};
use test_support::{Replicated, own_server};

use crate::fixture::chain;

/// A URL with the hosts of several, each a server's socket.
fn together(urls: &[&str], query: &str) -> String {
    let hosts = urls.iter().map(|url| {
        let (_, rest) = url.split_once('@').unwrap();
        rest.split('/').next().unwrap()
    });
    let hosts = hosts.collect::<Vec<_>>().join(",");
    format!("postgres://postgres@{hosts}/postgres?{query}")
}

async fn is_standby(database: &Database) -> Result<bool, ConnectError> {
    let client = database.driver().await?;
    let row = client.query_one("SELECT pg_is_in_recovery()", &[]).await;
    Ok(row.unwrap().get(0))
}

#[tokio::test]
async fn the_server_that_is_wanted_is_found_among_several() {
    let servers = Replicated::start();
    servers.caught_up().await;
    let (primary, standby) = (servers.primary("postgres"), servers.standby("postgres"));
    let nowhere = "postgres://postgres@%2Fnowhere/postgres";
    for (hosts, wanted, found) in [
        ([&*standby, &*primary], "read-write", Some(false)),
        ([&standby, &primary], "primary", Some(false)),
        ([&primary, &standby], "standby", Some(true)),
        ([&primary, &standby], "read-only", Some(true)),
        ([&primary, &standby], "prefer-standby", Some(true)),
        ([&primary, nowhere], "prefer-standby", Some(false)),
        ([nowhere, &standby], "any", Some(true)),
        ([nowhere, &standby], "primary", None),
        ([nowhere, &primary], "standby", None),
    ] {
        for more in ["", "&load_balance_hosts=random"] {
            let query = format!("target_session_attrs={wanted}{more}");
            let database = Database::parse(&together(&hosts, &query)).unwrap();
            for database in [database.clone(), database.behind_pooler()] {
                match (is_standby(&database).await, found) {
                    (Ok(is_standby), Some(found)) => assert_eq!(is_standby, found, "{query}"),
                    (Err(error), None) => {
                        let text = chain(&error);
                        assert!(matches!(error, ConnectError::NoServer { .. }), "{text}");
                        assert!(text.contains("/nowhere: "), "{text}");
                        assert!(text.contains("the server is "), "{text}");
                    }
                    other => panic!("{query}: {other:?}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_refuses_the_login_is_not_passed_over() {
    let server = own_server().start().unwrap();
    let url = server.url("postgres").replace("postgres@", "nobody@");
    let hosts = url.split_once('@').unwrap().1.split('/').next().unwrap();
    let url = format!("postgres://nobody@{hosts},%2Fnowhere/postgres");
    let error = Database::parse(&url).unwrap().driver().await.err().unwrap();
    assert!(
        matches!(
            error,
            ConnectError::Login { .. } | ConnectError::Refused { .. }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn an_address_is_used_in_place_of_the_name() {
    let server = own_server().tcp().start().unwrap();
    let port = server.tcp_port().unwrap();
    let url = format!("postgres://postgres@name.invalid:{port}/postgres?hostaddr=127.0.0.1");
    let database = Database::parse(&url).unwrap();
    assert!(!is_standby(&database).await.unwrap());
    assert!(!is_standby(&database.behind_pooler()).await.unwrap());
}
