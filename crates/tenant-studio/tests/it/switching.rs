//! From one tenant to another.

use crate::browser::{Site, link};

#[tokio::test]
async fn switching_keeps_the_table_that_is_open() {
    let site = Site::new().await;
    let open = "/t/acme/table/dummy_table?sort=name&fc=name&fo=has&fv=x&after=%5B%22a%22%5D";
    let page = site.page(open).await;
    let switch = link(&page, "data-switch").unwrap();
    let offers = site.page(&switch).await;
    let globex = link(&offers, "t/globex").unwrap();
    assert_eq!(
        globex,
        "/t/globex/table/dummy_table?sort=name&fc=name&fo=has&fv=x"
    );
    let other = site.page(&globex).await;
    assert!(other.contains("<p class=\"name\">globex</p>"), "{other}");
    assert!(
        link(&offers, "public/table/dummy_table").is_some(),
        "{offers}"
    );
}

#[tokio::test]
async fn tenants_are_found_as_one_types() {
    let site = Site::new().await;
    let offers = site.page("/switch?q=lob&from=/t/acme/diagram&part=1").await;
    assert_eq!(link(&offers, "href").unwrap(), "/t/globex/diagram");
    assert!(
        !offers.contains("acme") && !offers.contains("<html"),
        "{offers}"
    );
    let none = site.page("/switch?q=zzz&part=1").await;
    assert!(none.contains("No tenant matches"), "{none}");
}

#[tokio::test]
async fn an_offer_never_leads_away() {
    let site = Site::new().await;
    for from in [
        "https://evil.example/t/x/y",
        "//evil.example",
        "/t/acme//evil.example/x",
        "javascript:x",
    ] {
        let from = from.replace('/', "%2F");
        let offers = site.page(&format!("/switch?part=1&from={from}")).await;
        for href in crate::browser::between(&offers, "href=\"", "\"") {
            assert!(
                href.starts_with("t/") || href.starts_with("public"),
                "{href}"
            );
        }
    }
}
