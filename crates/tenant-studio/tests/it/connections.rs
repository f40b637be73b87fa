//! Connections that ask for nothing, and a database that ends sessions.

use tenant_studio::Options;
use test_support::eventually;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::browser::Site;

/// So many connections that have said `beginning`.
async fn strangers(site: &Site, number: usize, beginning: &str) -> Vec<TcpStream> {
    let mut strangers = Vec::new();
    for _ in 0..number {
        let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        strangers.push(stream);
    }
    strangers
}

/// Whether the other end has closed it.
fn is_closed(stream: &TcpStream) -> bool {
    let mut byte = [0];
    match stream.try_read(&mut byte) {
        Ok(read) => read == 0,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    }
}

#[tokio::test]
async fn idle_connections_of_others_give_way_to_the_owners_browser() {
    let site = Site::new().await;
    let idle = strangers(&site, 300, "GET /tenants HT").await;
    assert_eq!(site.get("/tenants").await.status, 200);
    eventually("the oldest are closed", async || {
        idle.iter().filter(|stream| is_closed(stream)).count() >= 300 - 64
    })
    .await;
}

#[tokio::test]
async fn a_connection_on_which_no_request_arrives_is_closed() {
    let site = Site::new().await;
    for beginning in ["", "GET /tenants HTTP/1.1\r\nHost: 127"] {
        let mut idle = strangers(&site, 1, beginning).await;
        let mut answer = Vec::new();
        // It ends, or the test never does.
        drop(idle[0].read_to_end(&mut answer).await);
    }
    let host = format!("127.0.0.1:{}", site.port);
    let form = format!(
        "POST /code HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\npage"
    );
    let mut slow = strangers(&site, 1, &form).await;
    let mut answer = vec![0; 12];
    slow[0].read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn a_page_is_shown_where_the_database_ends_sessions_that_wait() {
    let options = Options {
        write: true,
        ..Options::default()
    };
    let site = Site::with(options).await;
    let name = site.database.name();
    for setting in [
        "idle_in_transaction_session_timeout",
        "idle_session_timeout",
    ] {
        let set = format!("ALTER DATABASE {name} SET {setting} = '1ms'");
        site.database.execute(&set).await;
    }
    for _ in 0..5 {
        for page in ["/tenants", "/t/acme/tables", "/t/acme/table/dummy_table"] {
            let answer = site.get(page).await;
            assert_eq!(answer.status, 200, "{page}: {answer:?}");
        }
    }
}
