//! How a browser is let in: by the printed address, by a file, by a code.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::{Arc, Mutex};

use tenant_studio::{Codes, Options, Start};
use test_support::eventually;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::browser::{Session, Site, answer_to, between};
use crate::chromium::Browser;

type Printed = Arc<Mutex<Vec<(String, u32)>>>;

/// A studio, and the codes that it prints.
async fn with_codes() -> (Site, Printed) {
    let printed = Printed::default();
    let kept = Arc::clone(&printed);
    let codes = Codes::new(move |code, request| {
        kept.lock().unwrap().push((code.to_owned(), request));
    });
    let options = Options {
        codes: Some(codes),
        ..Options::default()
    };
    (Site::with(options).await, printed)
}

/// Presses the button for a code, as a page at the studio's port does.
async fn ask_for_code(site: &Site) -> String {
    let host = format!("127.0.0.1:{}", site.port);
    let form = "page=t%2Facme";
    let request = format!(
        "POST /code HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{form}",
        form.len()
    );
    answer_to(site.port, &request).await.body
}

fn ticket(page: &str) -> String {
    let value = between(page, "name=\"ticket\" value=\"", "\"").next();
    value.unwrap().to_owned()
}

#[tokio::test]
async fn a_code_lets_in_the_page_that_asked_for_it_and_no_other() {
    let (site, printed) = with_codes().await;
    let page = ask_for_code(&site).await;
    assert!(page.contains("request 1"), "{page}");
    let (code, number) = printed.lock().unwrap()[0].clone();
    assert_eq!((code.len(), number), (9, 1));
    assert!(!page.contains(&code));
    let soon = ask_for_code(&site).await;
    assert!(soon.contains("a moment ago"), "{soon}");
    let other = format!("ticket=0000&code={code}");
    assert_eq!(Session::exchange(site.port, &other).await.status, 403);
    let typed = format!(
        "ticket={}&code={}&page=t%2Facme",
        ticket(&page),
        code.to_lowercase()
    );
    let answer = Session::exchange(site.port, &typed).await;
    let session = Session::of(&answer);
    let target = format!("url={}/t/acme\"", session.path);
    assert!(answer.body.contains(&target), "{answer:?}");
    assert_eq!(Session::exchange(site.port, &typed).await.status, 403);
}

#[tokio::test]
async fn a_code_is_void_after_five_wrong_attempts() {
    let (site, printed) = with_codes().await;
    let ticket = ticket(&ask_for_code(&site).await);
    for left in [4, 3, 2, 1] {
        let wrong = format!("ticket={ticket}&code=AAAA-AAAA");
        let answer = Session::exchange(site.port, &wrong).await;
        let says = format!("attempts left: {left}<");
        assert!(answer.body.contains(&says), "{answer:?}");
        assert!(!answer.headers.contains("set-cookie"));
    }
    let (code, _) = printed.lock().unwrap()[0].clone();
    for code in ["AAAA-AAAA", &code] {
        let form = format!("ticket={ticket}&code={code}");
        let answer = Session::exchange(site.port, &form).await;
        assert_eq!(answer.status, 403, "{code}");
        assert!(answer.body.contains("no longer valid"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_code_outlasts_the_requests_of_others_which_are_told_when_to_ask_again() {
    let (site, printed) = with_codes().await;
    let own = ticket(&ask_for_code(&site).await);
    let refused = async || {
        let page = ask_for_code(&site).await;
        page.contains("8 codes in the last five minutes")
            .then_some(page)
    };
    eventually("no more codes are printed", async || {
        refused().await.is_some()
    })
    .await;
    let page = refused().await.unwrap();
    assert!(page.contains("try again in "), "{page}");
    let count = printed.lock().unwrap().len();
    assert_eq!(count, 8);
    let (code, number) = printed.lock().unwrap()[0].clone();
    assert_eq!(number, 1);
    let form = format!("ticket={own}&code={code}");
    let answer = Session::exchange(site.port, &form).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn a_studio_without_a_terminal_has_no_codes() {
    let site = Site::new().await;
    let page = ask_for_code(&site).await;
    assert!(page.contains("prints no codes"), "{page}");
}

#[tokio::test]
async fn the_page_with_the_key_is_its_owners_and_is_removed_once_it_was_used() {
    let site = Site::new().await;
    let invitation = site.studio.invite(site.port, &Start::Tenants);
    let file = invitation.file().await.unwrap();
    let folder = file.parent().unwrap();
    let of = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((of(&file), of(folder)), (0o600, 0o700));
    assert_eq!(
        fs::metadata(&file).unwrap().uid(),
        rustix::process::getuid().as_raw()
    );
    let page = fs::read_to_string(&file).unwrap();
    let key = between(&page, "name=\"key\" value=\"", "\"")
        .next()
        .unwrap();
    assert!(invitation.url().ends_with(key) && !file.to_string_lossy().contains(key));
    let form = format!("key={key}");
    assert_eq!(Session::exchange(site.port, &form).await.status, 200);
    assert!(!folder.exists());
}

#[tokio::test]
async fn the_page_with_the_key_is_gone_with_the_studio() {
    let site = Site::new().await;
    let file = site.studio.invite(site.port, &Start::Tenants).file().await;
    let file = file.unwrap();
    assert!(file.exists());
    site.end().await;
    assert!(!file.parent().unwrap().exists());
}

#[tokio::test]
async fn the_page_with_the_key_opens_the_studio_in_a_browser_and_leaves_no_key_behind() {
    let site = Site::new().await;
    let browser = Browser::at(&site).await;
    let invitation = site
        .studio
        .invite(site.port, &"acme".parse().map(Start::Tenant).unwrap());
    let url = invitation.url();
    let file = invitation.file().await.unwrap();
    browser.enter(&format!("file://{}", file.display())).await;
    assert_eq!(browser.path().await, "/t/acme");
    assert!(!file.exists());
    browser.click_on("dummy_table").await;
    browser.arrives("/t/acme/table/dummy_table").await;
    // The key is used up: its address leads nowhere, and the page offers no way in.
    browser.leave(&url).await;
    browser
        .sees(".error", "each key opens the studio once")
        .await;
    let mut browser = browser;
    browser.expect("403 (Forbidden)");
    browser.expect_file();
    browser.end().await;
}

#[tokio::test]
async fn the_printed_address_does_not_stay_in_the_history() {
    let site = Site::new().await;
    let browser = Browser::at(&site).await;
    browser.enter(&site.url()).await;
    for entry in browser.history().await {
        assert!(!entry.contains("key="), "{entry}");
    }
    browser.end().await;
}

#[tokio::test]
async fn a_browser_without_a_key_gets_in_by_the_code_and_to_the_page_that_it_meant() {
    let (site, printed) = with_codes().await;
    let mut browser = Browser::at(&site).await;
    let old = format!(
        "http://127.0.0.1:{}/{}/t/acme/table/dummy_table?sort=name",
        site.port,
        "0".repeat(32)
    );
    browser.leave(&old).await;
    browser.click_on("Print a code").await;
    browser.sees("main", "request 1").await;
    browser.fill("[name=code]", "AAAA-AAAA").await;
    browser.click_on("Open the studio").await;
    browser.sees(".error", "attempts left: 4").await;
    let (code, _) = printed.lock().unwrap()[0].clone();
    browser.fill("[name=code]", &code).await;
    browser.click_on("Open the studio").await;
    browser.sees("h1", "dummy_table").await;
    browser.is_let_in().await;
    assert_eq!(browser.path().await, "/t/acme/table/dummy_table?sort=name");
    browser.expect("403 (Forbidden)");
    browser.end().await;
}

#[tokio::test]
async fn another_server_on_this_machine_gets_neither_the_cookie_nor_the_path() {
    let site = Site::new().await;
    let mut browser = Browser::at(&site).await;
    browser.go("/t/acme").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&heard);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = vec![0; 8192];
            let read = stream.read(&mut buffer).await.unwrap();
            let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
            kept.lock().unwrap().push_str(&text);
            let body = "<!DOCTYPE html><title>Other</title><p>Other</p>";
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\
                 Connection: close\r\n\r\n{body}"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    // By a link from a page of the studio, as by the address bar.
    let other = format!("http://127.0.0.1:{port}/t/acme");
    let follow = format!("location.href = {other:?}; return true");
    let _: bool = browser.script(&follow).await;
    browser.sees("p", "Other").await;
    browser
        .leave(&format!("http://127.0.0.1:{port}/tenants"))
        .await;
    let heard = async || heard.lock().unwrap().clone();
    eventually("both were asked for", async || {
        heard().await.contains("GET /tenants")
    })
    .await;
    let heard = heard().await.to_lowercase();
    let studio = format!("127.0.0.1:{}", site.port);
    for secret in ["cookie:", &studio, &browser.session_path()[1..]] {
        assert!(!heard.contains(secret), "{heard}");
    }
    // What its pages ask of the studio is refused, also with a guessed path.
    let target = format!("http://127.0.0.1:{}{}", site.port, browser.session_path());
    let ask = format!(
        "return fetch({:?}, {{ mode: 'no-cors', credentials: 'include' }}).then(() => 'answered', () => 'refused')",
        format!("{target}/tenants")
    );
    assert_eq!(browser.script::<String>(&ask).await, "refused");
    browser.expect("403 (Forbidden)");
    browser.expect("ERR_BLOCKED_BY_RESPONSE");
    browser.expect("favicon");
    browser.expect_stranger(format!("http://127.0.0.1:{port}/"));
    browser.end().await;
}
