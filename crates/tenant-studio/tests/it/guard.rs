//! Who is let in, and what a browser is told.

use crate::browser::{Answer, SCRIPTS, Session, Site, answer_to, between};

/// The answer to a request outside any session.
async fn with(site: &Site, path: &str, headers: &[(&str, &str)]) -> Answer {
    let host = format!("127.0.0.1:{}", site.port);
    let host = [("Host", host.as_str())];
    let headers = host.iter().chain(headers).copied().collect::<Vec<_>>();
    raw(site, "GET", path, &headers).await
}

/// The answer to exactly this request.
async fn raw(site: &Site, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let headers = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"));
    let headers = headers.collect::<String>();
    let request = format!("{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
    answer_to(site.port, &request).await
}

/// What the printed address has as its key.
fn key(url: &str) -> String {
    url.split_once("/enter?key=").unwrap().1.to_owned()
}

/// A program that stands in another folder or at another port has this page for it.
fn other_session(site: &Site) -> Session {
    let turned = |text: &str| text.chars().rev().collect::<String>();
    Session {
        path: format!("/{}", turned(&site.session.path[1..])),
        cookie: site.session.cookie.clone(),
    }
}

#[tokio::test]
async fn the_printed_address_lets_one_browser_in_and_is_used_up_then() {
    let site = Site::new().await;
    let url = site.url();
    let path = url.split_once(&site.port.to_string()).unwrap().1;
    // To look at it uses nothing up.
    for _ in 0..2 {
        let answer = with(&site, path, &[("Sec-Fetch-Site", "cross-site")]).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.headers.contains("set-cookie"), "{answer:?}");
    }
    let answer = Session::exchange(site.port, &format!("key={}", key(&url))).await;
    let session = Session::of(&answer);
    assert_ne!(session.path, site.session.path);
    let target = format!("content=\"0; url={}/tenants\"", session.path);
    assert!(answer.body.contains(&target), "{answer:?}");
    assert!(
        !answer
            .body
            .contains(session.cookie.split_once('=').unwrap().1)
    );
    let page = session.at("/tenants");
    let answer = with(&site, &page, &[("Cookie", &session.cookie)]).await;
    assert_eq!(answer.status, 200);
    let again = Session::exchange(site.port, &format!("key={}", key(&url))).await;
    assert_eq!(again.status, 403);
    assert!(!again.headers.contains("set-cookie"), "{again:?}");
    // The session that was there before is there still.
    site.page("/tenants").await;
}

#[tokio::test]
async fn nobody_is_let_in_without_both_halves_of_a_session() {
    let site = Site::new().await;
    let other = Session::enter(site.port, &site.url()).await;
    let Session { path, cookie } = &site.session;
    let short = &cookie[..cookie.len() - 1];
    let renamed = cookie.replacen("studio=", "other=", 1);
    let turned = other_session(&site).path;
    for (path, cookie) in [
        ("", ""),
        ("", cookie.as_str()),
        (path, ""),
        (path, "studio="),
        (path, short),
        (path, &renamed),
        (path, &other.cookie),
        (&other.path, cookie),
        (&turned, cookie),
        (&format!("/{path}"), cookie),
    ] {
        for page in [
            "/",
            "/tenants",
            "/t/acme",
            "/public/table/schema_tracker",
            "/t/acme/table/dummy_table/export.csv",
            "/nowhere",
        ] {
            let answer = with(&site, &format!("{path}{page}"), &[("Cookie", cookie)]).await;
            assert_eq!(answer.status, 403, "{cookie} {path}{page}");
            assert!(!answer.body.contains("globex"), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn a_browser_sends_the_cookie_to_the_path_of_its_session_only() {
    let site = Site::new().await;
    let answer = Session::exchange(site.port, &format!("key={}", key(&site.url()))).await;
    let session = Session::of(&answer);
    let whole = format!(
        "set-cookie: {}; Path={}/; HttpOnly; SameSite=Strict",
        session.cookie, session.path
    );
    assert!(answer.headers.contains(&whole), "{answer:?}");
    // A studio's cookie is of no use at the studio either, without the path.
    let page = with(&site, "/tenants", &[("Cookie", &session.cookie)]).await;
    assert_eq!(page.status, 403);
    assert_eq!(session.path.len(), 1 + 32);
}

#[tokio::test]
async fn a_cookie_of_another_port_beside_it_does_no_harm() {
    let site = Site::new().await;
    let cookies = format!("studio=planted; other=1; {}", site.session.cookie);
    let page = with(&site, &site.session.at("/tenants"), &[("Cookie", &cookies)]).await;
    assert_eq!(page.status, 200);
}

#[tokio::test]
async fn a_foreign_name_that_leads_here_is_refused() {
    let site = Site::new().await;
    let port = site.port;
    let tenants = site.session.at("/tenants");
    let cookie = ("Cookie", site.session.cookie.as_str());
    for host in [
        "evil.example",
        &format!("evil.example:{port}"),
        "127.0.0.1",
        "127.0.0.1:1",
        "",
    ] {
        let answer = raw(&site, "GET", &tenants, &[("Host", host), cookie]).await;
        assert_eq!(answer.status, 403, "{host}: {answer:?}");
        for (method, path) in [
            ("GET", "/enter?key=1"),
            ("POST", "/enter"),
            ("POST", "/code"),
        ] {
            let headers = [("Host", host), ("Content-Length", "0")];
            let answer = raw(&site, method, path, &headers).await;
            assert_eq!(answer.status, 403, "{host} {path}: {answer:?}");
        }
    }
    let host = format!("127.0.0.1:{port}");
    let whole = format!("http://evil.example:{port}{tenants}");
    let answer = raw(&site, "GET", &whole, &[("Host", &host), cookie]).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    let host = format!("localhost:{port}");
    let answer = raw(&site, "GET", &tenants, &[("Host", &host), cookie]).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn another_site_can_neither_ask_nor_send() {
    let site = Site::new().await;
    let own = format!("http://127.0.0.1:{}", site.port);
    let other_port = "http://127.0.0.1:1".to_owned();
    let secure = own.replace("http:", "https:");
    let tenants = site.session.at("/tenants");
    let cookie = ("Cookie", site.session.cookie.as_str());
    for origin in ["http://evil.example", "null", &other_port, &secure] {
        let answer = with(&site, &tenants, &[cookie, ("Origin", origin)]).await;
        assert_eq!(answer.status, 403, "{origin}");
    }
    // A browser says of a page at another port that it is of the same site.
    for from in ["same-site", "cross-site"] {
        let answer = with(&site, &tenants, &[cookie, ("Sec-Fetch-Site", from)]).await;
        assert_eq!(answer.status, 403, "{from}");
    }
    for from in ["same-origin", "none"] {
        let headers = [cookie, ("Origin", own.as_str()), ("Sec-Fetch-Site", from)];
        assert_eq!(with(&site, &tenants, &headers).await.status, 200, "{from}");
    }
    let host = format!("127.0.0.1:{}", site.port);
    for path in ["/health", "/t/acme/sql", "/across"] {
        let path = site.session.at(path);
        let answer = raw(&site, "POST", &path, &[("Host", &host), cookie]).await;
        assert_eq!(answer.status, 403, "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn every_answer_forbids_what_a_page_does_not_need() {
    let site = Site::new().await;
    let refused = with(&site, "/tenants", &[]).await;
    let enter = with(&site, "/enter?key=1", &[]).await;
    for path in ["/tenants", "/nowhere", "/assets/studio.js", "/t/nobody"] {
        for answer in [&site.get(path).await, &refused, &enter] {
            let headers = &answer.headers;
            let policy = "content-security-policy: default-src 'none'; script-src 'self'; \
                          style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                          form-action 'self'; base-uri 'self'; frame-ancestors 'none'";
            assert!(headers.contains(policy), "{path}: {headers}");
            assert!(
                headers.contains("x-content-type-options: nosniff"),
                "{headers}"
            );
            assert!(
                headers.contains("referrer-policy: same-origin"),
                "{headers}"
            );
        }
    }
    assert!(
        site.get("/tenants")
            .await
            .headers
            .contains("cache-control: no-store")
    );
}

#[tokio::test]
async fn no_page_has_style_or_script_in_it_which_the_policy_would_stop() {
    let site = Site::new().await;
    for path in [
        "/tenants",
        "/switch",
        "/public",
        "/t/acme",
        "/t/acme/table/dummy_table",
        "/t/acme/table/dummy_table/structure",
        "/t/acme/diagram",
        "/public/diagram",
    ] {
        let page = site.page(path).await;
        assert!(!page.contains(" style="), "{path}");
        assert!(!page.contains("<style"), "{path}");
        assert!(
            !page.contains(" onclick") && !page.contains("javascript:"),
            "{path}"
        );
        assert_eq!(page.matches("<script").count(), SCRIPTS, "{path}");
        assert_eq!(page.matches("></script>").count(), SCRIPTS, "{path}");
    }
}

#[tokio::test]
async fn neither_half_of_the_session_is_in_a_page_nor_is_a_password() {
    let site = Site::new().await;
    let (_, cookie) = site.session.cookie.split_once('=').unwrap();
    for path in [
        "/tenants",
        "/switch?from=/t/acme",
        "/public",
        "/t/acme",
        "/t/acme/table/dummy_table/row?key=[%221%22]",
        "/across",
        "/migrations",
        "/assets/studio.js",
        "/nowhere",
    ] {
        let answer = site.get(path).await;
        for secret in [cookie, &site.session.path[1..], "postgres://"] {
            assert!(!answer.body.contains(secret), "{path}");
        }
    }
}

#[tokio::test]
async fn it_ends_when_it_is_told_to_also_while_somebody_waits() {
    let site = Site::new().await;
    site.sql(
        "acme",
        "CREATE VIEW slow AS SELECT pg_sleep(600)::text AS done",
    )
    .await;
    let host = format!("127.0.0.1:{}", site.port);
    let headers = [
        ("Host", host.as_str()),
        ("Cookie", site.session.cookie.as_str()),
    ];
    let _waiting = site.ask("GET", "/t/acme/table/slow", &headers).await;
    let idle = site.ask("GET", "/tenants", &headers).await;
    site.end().await;
    drop(idle);
}

#[tokio::test]
async fn every_file_that_a_page_names_is_there_and_of_its_kind() {
    let site = Site::new().await;
    let page = site.page("/tenants").await;
    let hrefs = between(&page, "href=\"/assets/", "\"");
    let files = hrefs.chain(between(&page, "src=\"/assets/", "\""));
    let files = files.collect::<Vec<_>>();
    assert_eq!(files.len(), SCRIPTS + 2, "{files:?}");
    for file in files {
        let answer = site.get(&format!("/assets/{file}")).await;
        assert_eq!(answer.status, 200, "{file}");
        let (_, ending) = file.split('?').next().unwrap().rsplit_once('.').unwrap();
        let kind = match ending {
            "js" => "text/javascript",
            "svg" => "image/svg+xml",
            other => &format!("text/{other}"),
        };
        let header = format!("content-type: {kind}; charset=utf-8");
        assert!(answer.headers.contains(&header), "{file}: {answer:?}");
    }
}
