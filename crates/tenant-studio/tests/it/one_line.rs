//! Rows of one line each, the whole value on demand, and names that break at underscores.

use serde_json::Value;
use test_support::eventually;
use thirtyfour::Key;

use crate::chromium::{Browser, Window};
use crate::saas::saas;

/// The heights of the rows, each once.
const HEIGHTS: &str = "return [...new Set([...document.querySelectorAll('.grid tbody tr')]
  .map(row => Math.round(row.getBoundingClientRect().height)))]";

#[tokio::test]
async fn every_row_is_one_line_whatever_its_values_are() {
    let site = saas().await;
    for window in [Window::Laptop, Window::Phone] {
        let browser = Browser::with(&site, window).await;
        for page in [
            "companies",
            "tickets",
            "ticket_messages",
            "webhook_deliveries",
        ] {
            browser.go(&format!("/t/acme/table/{page}")).await;
            let heights: Vec<u32> = browser.script(HEIGHTS).await;
            assert!(heights.len() == 1 && heights[0] < 40, "{page}: {heights:?}");
        }
        browser.end().await;
    }
}

#[tokio::test]
async fn answers_to_sql_are_one_line_each_and_a_plan_is_whole() {
    let site = saas().await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/sql").await;
    let body = "SELECT id, body, repeat('x', 3000) AS long FROM ticket_messages ORDER BY id";
    browser.fill("textarea[name=sql]", body).await;
    browser.click_on("Run").await;
    browser.sees("#result td", "Hello,").await;
    let heights: Vec<u32> = browser.script(HEIGHTS).await;
    assert!(heights.len() == 1 && heights[0] < 40, "{heights:?}");
    // The value has its line breaks again.
    browser.click("[aria-label='body in full']").await;
    let whole = browser.text(".whole pre").await;
    assert!(
        whole.starts_with("Hello,\n\nthis is") && whole.ends_with("Thank you,\nContact 1"),
        "{whole}"
    );
    browser.press(Key::Escape + "").await;
    // What the page has only a part of says so.
    browser.click("[aria-label='long in full']").await;
    let note = browser.text(".whole .note").await;
    assert_eq!(
        note,
        "Only the beginning of 3,000 letters. The CSV file has more."
    );
    assert_eq!(browser.text(".whole pre").await.len(), 2000);
    browser.press(Key::Escape + "").await;
    let plan = "EXPLAIN (FORMAT JSON) SELECT * FROM tickets";
    browser.fill("textarea[name=sql]", plan).await;
    browser.click_on("Run").await;
    browser.sees("#result td", "Node Type").await;
    let heights: Vec<u32> = browser.script(HEIGHTS).await;
    assert!(heights[0] > 100, "{heights:?}");
    browser.end().await;
}

#[tokio::test]
async fn a_value_is_opened_by_click_and_by_key_and_closed_by_escape() {
    let site = saas().await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/table/ticket_messages").await;
    browser
        .script::<Value>("document.querySelector('[aria-label=\"body in full\"]').focus()")
        .await;
    browser.press(Key::Enter + "").await;
    let whole = browser.text(".whole pre").await;
    assert!(
        whole.starts_with("Hello,\n\nthis is") && whole.ends_with("Contact 1"),
        "{whole}"
    );
    assert_eq!(browser.text(".whole strong").await, "body");
    browser.press(Key::Escape + "").await;
    eventually("it is closed", async || {
        browser.texts(".whole").await.is_empty()
    })
    .await;
    // The focus is back where it was.
    let focused: String = browser
        .script("return document.activeElement.getAttribute('aria-label')")
        .await;
    assert_eq!(focused, "body in full");
    // A click anywhere in the cell does it too, and a link in a cell stays one.
    browser.click("tbody tr:nth-child(2) td.cuts .cell").await;
    browser.sees(".whole pre", "Contact 2").await;
    browser.click_on("Close").await;
    browser
        .click("tbody tr:nth-child(2) [title='Go to tickets']")
        .await;
    assert_eq!(browser.text("h1").await, "tickets");
    browser.end().await;
}

#[tokio::test]
async fn what_the_server_has_cut_is_asked_for() {
    let site = saas().await;
    site.sql(
        "acme",
        "UPDATE companies SET notes = repeat('long ', 1000) || 'END' WHERE id = 1",
    )
    .await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/table/companies").await;
    browser.click("[aria-label='notes in full']").await;
    browser.sees(".whole pre", "long END").await;
    browser.click_on("Open its page").await;
    assert!(browser.text(".value").await.ends_with("long END"));
    browser.go("/t/acme/table/webhook_deliveries").await;
    browser.click("[aria-label='payload in full']").await;
    browser.sees(".whole pre", "{\n").await;
    browser.end().await;
}

/// Opens each cell that is cut and is seen, and returns those whose pop-up is not within the window or
/// is not measured by what is in it.
const POPUPS: &str = "
  const found = [];
  const grid = document.querySelector('.grid-box');
  for (const button of document.querySelectorAll('.grid button.more')) {
    button.scrollIntoView({block: 'nearest', inline: 'end'});
    button.click();
    const pop = document.querySelector('.whole');
    const place = pop.getBoundingClientRect();
    const {clientWidth, clientHeight} = document.documentElement;
    if (place.left < 0 || place.top < 0 || place.right > clientWidth || place.bottom > clientHeight) found.push(`outside: ${JSON.stringify(place)}`);
    if (place.width < 150 || place.height < 60) found.push(`small: ${JSON.stringify(place)}`);
    if (!pop.querySelector('pre').textContent.includes('\\n') && place.width < Math.min(300, clientWidth - 40)) found.push('narrow');
    pop.hidePopover();
  }
  return [document.querySelectorAll('.grid button.more').length, found];";

#[tokio::test]
async fn a_value_is_shown_within_the_window_wherever_its_cell_is() {
    let site = saas().await;
    for window in [Window::Laptop, Window::Phone] {
        let browser = Browser::with(&site, window).await;
        for page in [
            "companies?col=name&col=website&col=owner_id&col=notes",
            "tickets",
            "ticket_messages?size=25",
        ] {
            browser.go(&format!("/t/acme/table/{page}")).await;
            let (cut, found): (usize, Vec<String>) = browser.script(POPUPS).await;
            assert!(cut > 10 && found.is_empty(), "{page}: {cut}, {found:#?}");
        }
        browser.end().await;
    }
}

#[tokio::test]
async fn when_rows_can_be_changed_a_double_click_edits_and_the_button_shows() {
    let site = crate::browser::Site::with(tenant_studio::Options {
        write: true,
        ..Default::default()
    })
    .await;
    site.sql("acme", "CREATE TABLE notes (id int PRIMARY KEY, body text); INSERT INTO notes VALUES (1, E'one\\ntwo')").await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/table/notes").await;
    browser.sees(".editable", "one").await;
    browser.click("td.editable .cell").await;
    assert!(
        browser.texts(".whole").await.is_empty() || browser.text(".whole pre").await.is_empty()
    );
    browser.click("[aria-label='body in full']").await;
    assert_eq!(browser.text(".whole pre").await, "one\ntwo");
    browser.end().await;
}

/// The parts of names beside that are broken in the middle: each part, up to its underscore, has to be on
/// one line.
const BROKEN: &str = "
  const found = [];
  for (const name of document.querySelectorAll('.broken')) {
    for (const node of name.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const lines = new Set([...range.getClientRects()].map(one => Math.round(one.top)));
      if (lines.size > 1) found.push(name.textContent);
    }
  }
  return [found, document.querySelectorAll('.side .broken').length,
    [...document.querySelectorAll('.side .broken')].filter(one => one.getBoundingClientRect().height > 25).length];";

#[tokio::test]
async fn the_names_of_tables_break_at_underscores_only() {
    let site = saas().await;
    site.sql(
        "acme",
        "CREATE TABLE the_organizationwidepermissionassignmentsofusers_of_all (id int); \
        CREATE TABLE inquiry_reservation_confirmation_requests (id int)",
    )
    .await;
    for window in [Window::Laptop, Window::Phone] {
        let browser = Browser::with(&site, window).await;
        for page in ["/t/acme", "/t/acme/table/tickets"] {
            browser.go(page).await;
            browser
                .script::<Value>("document.querySelector('.side').open = true")
                .await;
            let (found, names, several): (Vec<String>, usize, usize) = browser.script(BROKEN).await;
            assert!(
                found.is_empty() && names > 40,
                "{page}: {found:?} of {names}"
            );
            assert!(several > 0 || window == Window::Phone, "{page}");
            assert!(browser.sideways().await.is_empty(), "{page}");
        }
        browser.end().await;
    }
}
