//! How the pages are: for the eye, for the keyboard, for those who do not see
//! them, and for nobody but the one who asked.

use serde_json::Value;

use crate::browser::Site;
use crate::chromium::{Browser, Window};
use crate::shop::shop;

/// A page of each kind, which all that is said here holds for.
const PAGES: &[&str] = &[
    "/tenants",
    "/tenants?q=nobody",
    "/switch?from=/t/acme/table/orders",
    "/public",
    "/t/acme",
    "/t/acme/diagram",
    "/t/acme/table/orders?sort=total&fc=total&fo=gt&fv=20",
    "/t/acme/table/orders/structure",
    "/t/acme/table/orders/row?key=[%221001%22]",
    "/t/acme/table/products/value?key=[%221%22]&column=details",
    "/t/acme/sql?sql=SELECT%201",
    "/t/acme/migrations",
    "/migrations",
    "/migrations/tenant/20260101000000",
    "/health",
    "/across",
    "/across/compare?one=acme&other=globex",
];

#[tokio::test]
async fn every_page_of_a_tenant_has_its_name_in_the_largest_letters() {
    let site = shop().await;
    let browser = Browser::at(&site).await;
    for page in PAGES.iter().filter(|page| page.starts_with("/t/acme")) {
        browser.go(page).await;
        let largest: Vec<String> = browser.script(LARGEST).await;
        assert_eq!(largest, ["acme"], "{page}");
        let title: String = browser.script("return document.title").await;
        assert!(title.starts_with("acme · "), "{page}: {title}");
    }
    browser.end().await;
}

/// What is written in the largest letters that the page has.
const LARGEST: &str = "const size = one => parseFloat(getComputedStyle(one).fontSize);
  const all = [...document.querySelectorAll('body *')].filter(one => one.checkVisibility()
    && [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  const largest = Math.max(...all.map(size));
  return all.filter(one => size(one) === largest).map(one => one.innerText)";

#[tokio::test]
async fn every_control_says_its_name_to_those_who_do_not_see_it() {
    let site = shop().await;
    let browser = Browser::at(&site).await;
    for page in PAGES {
        browser.go(page).await;
        let found = browser.nameless().await;
        assert!(found.is_empty(), "{page}: {found:#?}");
    }
    browser.end().await;
}

#[tokio::test]
async fn everything_is_reached_by_the_tab_key_and_seen_to_be() {
    let site = shop().await;
    let browser = Browser::at(&site).await;
    for page in PAGES {
        browser.go(page).await;
        let found = browser.unreachable_by_tab().await;
        assert!(found.is_empty(), "{page}: {found:#?}");
    }
    browser.end().await;
}

#[tokio::test]
async fn on_a_phone_nothing_scrolls_sideways_but_a_grid_and_a_diagram() {
    let site = shop().await;
    let browser = Browser::with(&site, Window::Phone).await;
    for page in PAGES {
        browser.go(page).await;
        let found = browser.sideways().await;
        assert!(found.is_empty(), "{page}: {found:#?}");
    }
    browser.end().await;
}

/// A page that is bad in each way that the tests above look for.
const BAD: &str = "document.querySelector('main').innerHTML =
    '<button></button><a href=/x>x</a><input tabindex=-1 aria-label=y><p>' + 'wide'.repeat(200);
  document.querySelector('main a').style.outline = 'none'";

#[tokio::test]
async fn what_a_page_lacks_is_noticed() {
    let site = Site::new().await;
    let browser = Browser::with(&site, Window::Phone).await;
    browser.script::<Value>(BAD).await;
    let sideways = browser.sideways().await;
    assert_eq!(sideways.len(), 1, "{sideways:#?}");
    assert!(sideways[0].contains("<p>widewide"), "{sideways:#?}");
    assert_eq!(browser.nameless().await, ["no name: \"<button></button>\""]);
    let tab = browser.unreachable_by_tab().await;
    assert_eq!(tab.len(), 2, "{tab:#?}");
    assert!(
        tab[0].starts_with("no focus is seen on <a href"),
        "{tab:#?}"
    );
    assert!(
        tab[1].starts_with("Tab does not lead to <input"),
        "{tab:#?}"
    );
    browser.end().await;
}

#[tokio::test]
async fn the_switch_for_dark_is_remembered() {
    let site = shop().await;
    let browser = Browser::at(&site).await;
    browser.prefer("light").await;
    assert!(!is_dark(&browser).await);
    browser.click("[data-theme-switch]").await;
    assert!(is_dark(&browser).await);
    browser.reload().await;
    assert!(is_dark(&browser).await);
    browser.go("/t/acme/table/orders").await;
    assert!(is_dark(&browser).await);
    browser.click("[data-theme-switch]").await;
    browser.reload().await;
    assert!(!is_dark(&browser).await);
    browser.end().await;
}

#[tokio::test]
async fn until_somebody_chooses_it_is_as_dark_as_the_system() {
    let site = shop().await;
    let browser = Browser::at(&site).await;
    for (scheme, dark) in [("dark", true), ("light", false), ("dark", true)] {
        browser.prefer(scheme).await;
        assert_eq!(is_dark(&browser).await, dark, "{scheme}");
    }
    browser.click("[data-theme-switch]").await;
    assert!(!is_dark(&browser).await);
    browser.end().await;
}

/// Whether light letters stand on a dark ground, in the page and in its fields.
async fn is_dark(browser: &Browser) -> bool {
    let script = "const light = colour => colour.match(/[0-9.]+/g).slice(0, 3).reduce((sum, one) => sum + Number(one), 0) / 3;
      const style = css => getComputedStyle(document.querySelector(css));
      return [light(style('html').backgroundColor), light(style('html').color), light(style('.scroll, .grid-box').backgroundColor)]";
    let [ground, ink, paper]: [f64; 3] = browser.script(script).await;
    assert!((ground - ink).abs() > 150.0, "{ink} on {ground}");
    assert!((paper - ink).abs() > 150.0, "{ink} on {paper}");
    ground < ink
}

const HOSTILE: [&str; 4] = [
    "<script>window.hacked = 1</script>",
    "\"><img src=x onerror=window.hacked=1>",
    "'; DROP TABLE x; --</td></table><svg onload=window.hacked=1>",
    "javascript:window.hacked=1",
];

#[tokio::test]
async fn hostile_text_is_shown_as_text_and_nothing_of_it_runs() {
    let site = shop().await;
    for (at, text) in HOSTILE.iter().enumerate() {
        let insert = format!(
            "INSERT INTO customers VALUES ({}, '{1}', NULL, '{1}')",
            100 + at,
            text.replace('\'', "''")
        );
        site.sql("acme", &insert).await;
    }
    let browser = Browser::at(&site).await;
    browser
        .go("/t/acme/table/customers?fc=id&fo=ge&fv=100")
        .await;
    assert_eq!(browser.column(1).await, HOSTILE);
    stays_itself(&browser).await;
    for (at, text) in HOSTILE.iter().enumerate() {
        browser
            .go(&format!(
                "/t/acme/table/customers/row?key=[%22{}%22]",
                100 + at
            ))
            .await;
        assert_eq!(browser.texts("dd").await[1], *text);
        browser
            .go(&format!(
                "/t/acme/table/customers/value?key=[%22{}%22]&column=name",
                100 + at
            ))
            .await;
        assert_eq!(browser.text(".value").await, *text);
        stays_itself(&browser).await;
    }
    browser.end().await;
}

#[tokio::test]
async fn hostile_names_are_shown_as_names_and_nothing_of_them_runs() {
    let site = shop().await;
    let name = "\"><img src=x onerror=window.hacked=1>";
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    site.sql(
        "acme",
        &format!(
            "CREATE TABLE {quoted} ({quoted} int PRIMARY KEY, owner int REFERENCES customers); \
             COMMENT ON TABLE {quoted} IS '<script>window.hacked=1</script>'; \
             INSERT INTO {quoted} VALUES (1, 1)"
        ),
    )
    .await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme").await;
    stays_itself(&browser).await;
    browser.click("#tables a[href*='%3Cimg']").await;
    assert_eq!(browser.text("h1").await, name);
    assert_eq!(browser.text("thead th:nth-child(2) a").await, name);
    stays_itself(&browser).await;
    for page in ["Structure", "Diagram"] {
        browser.click_on(page).await;
        browser.sees("svg", "onerror").await;
        stays_itself(&browser).await;
    }
    browser.end().await;
}

/// Nothing of a hostile text became a part of the page.
async fn stays_itself(browser: &Browser) {
    let script = "return [typeof window.hacked, document.querySelectorAll('img, main script, [onerror], [onload], [href^=javascript]').length]";
    let found: Value = browser.script(script).await;
    assert_eq!(found, serde_json::json!(["undefined", 0]));
}

#[tokio::test]
async fn no_page_asks_for_anything_outside() {
    let site = shop().await;
    let browser = Browser::at(&site).await;
    for page in PAGES {
        browser.go(page).await;
    }
    browser.end().await;
}

#[tokio::test]
async fn what_a_page_asks_for_outside_is_noticed_and_gets_nowhere() {
    let site = Site::new().await;
    let mut browser = Browser::at(&site).await;
    // The policy stops it, and says so in the console.
    let ask = "document.body.append(Object.assign(new Image(), {src: 'http://outside.example/x'}))";
    browser.script::<Value>(ask).await;
    test_support::eventually("it is noticed", async || {
        let wrong = browser.complaints().await;
        wrong
            .iter()
            .any(|one| one.contains("Content Security Policy"))
    })
    .await;
    // Without a policy, the name leads nowhere.
    browser
        .leave("data:text/html,<img src=http://outside.example/x>")
        .await;
    browser.expect("ERR_NAME_NOT_RESOLVED");
    test_support::eventually("it is noticed", async || {
        let wrong = browser.complaints().await;
        wrong
            .iter()
            .any(|one| one == "a page asked for http://outside.example/x")
    })
    .await;
    browser.end().await;
}
