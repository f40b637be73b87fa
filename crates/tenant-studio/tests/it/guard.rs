//! Who is let in, and what a browser is told.

use crate::browser::{Answer, SCRIPTS, Site, between, link};

async fn with(site: &Site, path: &str, headers: &[(&str, &str)]) -> Answer {
    let host = format!("127.0.0.1:{}", site.port);
    let host = [("Host", host.as_str())];
    let headers = host.iter().chain(headers).copied().collect::<Vec<_>>();
    site.send("GET", path, &headers).await
}

#[tokio::test]
async fn the_printed_address_gives_the_key_and_does_not_stay_in_the_history() {
    let site = Site::new().await;
    let path = site.url.split_once(&site.port.to_string()).unwrap().1;
    let answer = with(&site, path, &[]).await;
    assert_eq!(answer.status, 200);
    let cookie = format!(
        "set-cookie: {}; Path=/; HttpOnly; SameSite=Strict",
        site.cookie
    );
    assert!(answer.headers.contains(&cookie), "{answer:?}");
    assert!(
        answer.body.contains("content=\"0; url=/tenants\""),
        "{answer:?}"
    );
    assert_eq!(link(&answer.body, "href").unwrap(), "/tenants");
    site.page("/tenants").await;
}

#[tokio::test]
async fn nobody_is_let_in_without_the_key() {
    let site = Site::new().await;
    let last = site.cookie.chars().next_back().unwrap();
    let other = if last == '0' { '1' } else { '0' };
    let close = format!("{}{other}", site.cookie.trim_end_matches(last));
    let short = site.cookie[..site.cookie.len() - 1].to_owned();
    let other_port = site.cookie.replacen("studio_", "studio_1", 1);
    for cookie in ["", "studio=1", &close, &short, &other_port] {
        for path in [
            "/",
            "/tenants",
            "/t/acme",
            "/public/table/schema_tracker",
            "/nowhere",
        ] {
            let answer = with(&site, path, &[("Cookie", cookie)]).await;
            assert_eq!(answer.status, 403, "{cookie} {path}");
            assert!(!answer.body.contains("acme"), "{answer:?}");
        }
    }
    let wrong = with(&site, "/tenants?token=0123", &[("Cookie", &site.cookie)]).await;
    assert_eq!(wrong.status, 403);
    assert!(!wrong.headers.contains("set-cookie"));
}

#[tokio::test]
async fn a_foreign_name_that_leads_here_is_refused() {
    let site = Site::new().await;
    let port = site.port;
    for host in [
        "evil.example",
        &format!("evil.example:{port}"),
        "127.0.0.1",
        "127.0.0.1:1",
        "",
    ] {
        let headers = [("Host", host), ("Cookie", site.cookie.as_str())];
        let answer = site.send("GET", "/tenants", &headers).await;
        assert_eq!(answer.status, 403, "{host}: {answer:?}");
        let headers = [("Host", host)];
        let path = site.url.split_once(&port.to_string()).unwrap().1;
        let answer = site.send("GET", path, &headers).await;
        assert!(!answer.headers.contains("set-cookie"), "{host}: {answer:?}");
    }
    let host = format!("localhost:{port}");
    let headers = [("Host", host.as_str()), ("Cookie", site.cookie.as_str())];
    assert_eq!(site.send("GET", "/tenants", &headers).await.status, 200);
}

#[tokio::test]
async fn another_site_can_neither_ask_nor_send() {
    let site = Site::new().await;
    let own = format!("http://127.0.0.1:{}", site.port);
    let other_port = "http://127.0.0.1:1".to_owned();
    let secure = own.replace("http:", "https:");
    for origin in ["http://evil.example", "null", &other_port, &secure] {
        let headers = [("Cookie", site.cookie.as_str()), ("Origin", origin)];
        assert_eq!(
            with(&site, "/tenants", &headers).await.status,
            403,
            "{origin}"
        );
    }
    let headers = [("Cookie", site.cookie.as_str()), ("Origin", own.as_str())];
    assert_eq!(with(&site, "/tenants", &headers).await.status, 200);
    let host = format!("127.0.0.1:{}", site.port);
    let without = [("Host", host.as_str()), ("Cookie", site.cookie.as_str())];
    let answer = site.send("POST", "/tenants", &without).await;
    assert_eq!(answer.status, 403, "{answer:?}");
}

#[tokio::test]
async fn every_answer_forbids_what_a_page_does_not_need() {
    let site = Site::new().await;
    let refused = with(&site, "/tenants", &[]).await;
    for path in ["/tenants", "/nowhere", "/assets/studio.js", "/t/nobody"] {
        for answer in [&site.get(path).await, &refused] {
            let headers = &answer.headers;
            let policy = "content-security-policy: default-src 'none'; script-src 'self'; \
                          style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                          form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
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
async fn the_key_is_in_no_page_and_neither_is_a_password() {
    let site = Site::new().await;
    let (_, token) = site.cookie.split_once('=').unwrap();
    for path in [
        "/tenants",
        "/switch",
        "/public",
        "/t/acme",
        "/assets/studio.js",
        "/nowhere",
    ] {
        let answer = site.get(path).await;
        assert!(!answer.body.contains(token), "{path}");
        assert!(!answer.body.contains("postgres://"), "{path}");
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
    let headers = [("Host", host.as_str()), ("Cookie", site.cookie.as_str())];
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
