//! The diagram of a schema, as a person uses it.

use std::time::Instant;

use serde_json::Value;
use thirtyfour::Key;

use crate::browser::{Site, between};
use crate::chromium::{Browser, Window};
use crate::saas::{TABLES, saas};

/// Every table is drawn, no two boxes share room, and no arrow goes through a box: its line is
/// followed in small steps. Ends of lines are at the sides of boxes, which is no crossing.
const CROSSINGS: &str = "
  const boxes = [...document.querySelectorAll('g.table')].map(one => {
    const of = name => Number(one.querySelector('rect').getAttribute(name));
    return {name: one.dataset.table, x: of('x'), y: of('y'), width: of('width'), height: of('height')};
  });
  const found = [];
  boxes.forEach((a, at) => boxes.slice(at + 1).forEach(b => {
    if (a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height) found.push(`${a.name} is over ${b.name}`);
  }));
  for (const arrow of document.querySelectorAll('path.arrow')) {
    const length = arrow.getTotalLength();
    for (let way = 0; way <= length; way += STEP) {
      const {x, y} = arrow.getPointAtLength(way);
      const box = boxes.find(one => x > one.x + 1 && x < one.x + one.width - 1 && y > one.y + 1 && y < one.y + one.height - 1);
      if (box) { found.push(`${arrow.textContent} goes through ${box.name}`); break; }
    }
  }
  return found;";

/// What overlaps or crosses, when lines are followed in steps of so many pixels.
async fn crossings(browser: &Browser, step: u32) -> Vec<String> {
    let script = CROSSINGS.replace("STEP", &step.to_string());
    browser.script(&script).await
}

#[tokio::test]
async fn every_table_is_drawn_and_no_arrow_goes_through_a_box() {
    let site = saas().await;
    let browser = Browser::at(&site).await;
    for columns in ["keys", "all"] {
        browser
            .go(&format!("/t/acme/diagram?columns={columns}"))
            .await;
        let tables: usize = browser
            .script("return document.querySelectorAll('g.table').length")
            .await;
        assert_eq!(tables, TABLES);
        let arrows: usize = browser
            .script("return document.querySelectorAll('path.arrow').length")
            .await;
        assert!(arrows > 60, "{arrows}");
        let crossings: Vec<String> = crossings(&browser, 4).await;
        assert!(crossings.is_empty(), "{crossings:#?}");
    }
    browser.end().await;
}

#[tokio::test]
async fn all_tables_are_seen_at_first_with_names_that_can_be_read() {
    let site = saas().await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/diagram").await;
    browser.sees("[data-scale]", "%").await;
    let outside: Vec<String> = browser.script(OUTSIDE).await;
    assert!(outside.is_empty(), "{outside:#?}");
    // In pixels of the screen.
    let smallest: f64 = browser.script("
      const scale = document.querySelector('.diagram svg').getBoundingClientRect().width / document.querySelector('.diagram svg').viewBox.baseVal.width;
      const size = text => parseFloat(getComputedStyle(text).fontSize) * scale;
      return Math.min(...[...document.querySelectorAll('text.afar, text.title')].filter(one => one.checkVisibility()).map(size))").await;
    assert!(smallest > 4.0, "{smallest}");
    browser.end().await;
}

/// The tables that are not within the box of the diagram.
const OUTSIDE: &str = "
  const box = document.querySelector('.diagram').getBoundingClientRect();
  return [...document.querySelectorAll('g.table')].filter(one => {
    const place = one.querySelector('rect').getBoundingClientRect();
    return place.left < box.left || place.right > box.right + 1 || place.top < box.top || place.bottom > box.bottom + 1;
  }).map(one => one.dataset.table);";

#[tokio::test]
async fn buttons_keys_and_the_wheel_zoom_and_stop_before_nothing_is_left() {
    let site = saas().await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/diagram").await;
    browser.sees("[data-scale]", "%").await;
    let fit = scale(&browser).await;
    browser.click("[aria-label='Zoom in']").await;
    assert!(scale(&browser).await > fit);
    browser.click_on("100%").await;
    assert_eq!(scale(&browser).await, 100);
    browser.press("-").await;
    assert_eq!(scale(&browser).await, 80);
    browser.press("+").await;
    assert_eq!(scale(&browser).await, 100);
    browser.press("0").await;
    assert_eq!(scale(&browser).await, fit);
    // What is under the pointer stays there.
    let moved: f64 = browser.script(WHEEL).await;
    assert!(moved < 2.0, "{moved}");
    assert!(scale(&browser).await > fit);
    browser.press("-".repeat(40)).await;
    let least = scale(&browser).await;
    assert!((5..=10).contains(&least), "{least}");
    browser.press("+".repeat(60)).await;
    assert_eq!(scale(&browser).await, 300);
    browser.end().await;
}

async fn scale(browser: &Browser) -> u32 {
    let text = browser.text("[data-scale]").await;
    text.trim_end_matches('%').parse().unwrap()
}

/// Turns the wheel over a box in the middle of the diagram, and says how far it has moved.
const WHEEL: &str = "
  const table = [...document.querySelectorAll('g.table rect')][20];
  const middle = () => { const place = table.getBoundingClientRect(); return [place.left + place.width / 2, place.top + place.height / 2]; };
  const box = document.querySelector('.diagram');
  for (let turn = 0; turn < 8; turn += 1) {
    const [clientX, clientY] = middle();
    box.dispatchEvent(new WheelEvent('wheel', {deltaY: -60, ctrlKey: true, clientX, clientY, cancelable: true}));
  }
  const before = middle();
  box.dispatchEvent(new WheelEvent('wheel', {deltaY: -60, ctrlKey: true, clientX: before[0], clientY: before[1], cancelable: true}));
  const after = middle();
  return Math.hypot(after[0] - before[0], after[1] - before[1]);";

#[tokio::test]
async fn a_table_is_found_and_shown_in_the_middle_with_its_neighbors() {
    let site = saas().await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/diagram").await;
    browser.sees("[data-scale]", "%").await;
    browser.press("/").await;
    browser.press("label").await;
    browser.sees("[data-found]", "2 tables").await;
    assert_eq!(
        lit(&browser, ".found").await,
        ["ticket_label_assignments", "ticket_labels"]
    );
    browser.fill("[data-find]", "refund").await;
    browser.press(Key::Enter + "").await;
    browser.sees("[data-found]", "2 neighbors").await;
    browser.arrives("/t/acme/diagram?table=refunds").await;
    assert_eq!(lit(&browser, ".near").await, ["payments", "users"]);
    assert_eq!(lit(&browser, ".at").await, ["refunds"]);
    // It can be read, and is in the middle.
    assert!(scale(&browser).await >= 60);
    let off: f64 = browser.script(OFF_MIDDLE).await;
    assert!(off < 0.5, "{off}");
    // The address shows somebody else the same.
    browser.reload().await;
    browser
        .sees("[data-found]", "refunds · Rows · Structure")
        .await;
    assert_eq!(lit(&browser, ".at").await, ["refunds"]);
    browser.press(Key::Escape + "").await;
    browser.arrives("/t/acme/diagram").await;
    assert!(lit(&browser, ".at, .near").await.is_empty());
    browser.end().await;
}

/// How far the middle of the chosen table is from that of the diagram, as a part of it. A table at
/// an edge cannot come there.
const OFF_MIDDLE: &str = "
  const box = document.querySelector('.diagram').getBoundingClientRect();
  const table = document.querySelector('.at rect').getBoundingClientRect();
  return Math.max(Math.abs(table.left + table.width / 2 - box.left - box.width / 2) / box.width,
    Math.abs(table.top + table.height / 2 - box.top - box.height / 2) / box.height);";

/// The names of the tables that have this class, in order.
async fn lit(browser: &Browser, class: &str) -> Vec<String> {
    let script = format!(
        "return [...document.querySelectorAll('g.table')].filter(one => one.matches({class:?})).map(one => one.dataset.table).sort()"
    );
    browser.script(&script).await
}

#[tokio::test]
async fn pointing_at_a_table_or_going_there_by_tab_lights_it_up() {
    let site = saas().await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/diagram").await;
    browser.sees("[data-scale]", "%").await;
    let point = |name: &str, event: &str| {
        format!(
            "document.querySelector('[data-table={name}] rect').dispatchEvent(new PointerEvent('{event}', {{bubbles: true}}))"
        )
    };
    browser
        .script::<Value>(&point("mailboxes", "pointerover"))
        .await;
    assert_eq!(lit(&browser, ".near").await, ["teams", "tickets"]);
    let seen: Vec<f64> = browser.script("
      const opacity = name => Number(getComputedStyle(document.querySelector(`[data-table=${name}]`)).opacity);
      return ['mailboxes', 'teams', 'refunds'].map(opacity)").await;
    assert!(
        seen[0] == 1.0 && seen[1] == 1.0 && seen[2] < 0.5,
        "{seen:?}"
    );
    let arrows: usize = browser
        .script("return document.querySelectorAll('path.arrow.near').length")
        .await;
    assert_eq!(arrows, 2);
    browser.script::<Value>("document.querySelector('.diagram svg').dispatchEvent(new PointerEvent('pointerleave'))").await;
    assert!(lit(&browser, ".near").await.is_empty());
    // By the keyboard: the link of the table has the focus.
    browser
        .script::<Value>("document.querySelector('.diagram').focus()")
        .await;
    browser.press(Key::Tab + "").await;
    let active: String = browser
        .script("return document.activeElement.outerHTML.slice(0, 200)")
        .await;
    assert_eq!(lit(&browser, ".at").await.len(), 1, "{active}");
    let first = lit(&browser, ".at").await;
    browser.press(Key::Tab + "").await;
    assert_ne!(lit(&browser, ".at").await, first);
    browser.end().await;
}

#[tokio::test]
async fn a_click_chooses_a_table_and_a_drag_moves_the_drawing() {
    let site = saas().await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/diagram?table=tickets").await;
    browser.sees("[data-found]", "tickets").await;
    // Self references are no neighbors.
    let text = browser.text("[data-found]").await;
    assert!(
        !text
            .split(':')
            .next_back()
            .unwrap()
            .split(", ")
            .any(|one| one.trim() == "tickets"),
        "{text}"
    );
    let moved: Vec<f64> = browser.script("
      const box = document.querySelector('.diagram'), svg = box.querySelector('svg');
      const before = [box.scrollLeft, box.scrollTop];
      svg.setPointerCapture = () => {};
      const event = (name, x, y) => svg.dispatchEvent(new PointerEvent(name, {bubbles: true, button: 0, pointerId: 1, clientX: x, clientY: y}));
      event('pointerdown', 400, 400); event('pointermove', 360, 370); event('pointerup', 360, 370);
      return [box.scrollLeft - before[0], box.scrollTop - before[1]];").await;
    assert_eq!(moved, [40.0, 30.0]);
    assert_eq!(lit(&browser, ".at").await, ["tickets"]);
    browser.click_on("Rows").await;
    browser.arrives("/t/acme/table/tickets").await;
    browser.end().await;
}

#[tokio::test]
async fn the_switcher_leads_to_the_same_table_of_the_diagram_of_another_tenant() {
    let site = saas().await;
    site.sql("globex", "CREATE TABLE tickets (id int PRIMARY KEY)")
        .await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/diagram?table=tickets").await;
    browser.press(Key::Control + "k").await;
    browser.sees("dialog .offers", "globex").await;
    browser.press("glo").await;
    browser.sees("dialog [aria-selected=true]", "globex").await;
    browser.press(Key::Enter + "").await;
    browser.arrives("/t/globex/diagram?table=tickets").await;
    browser
        .sees("[data-found]", "tickets · Rows · Structure · 0 neighbors")
        .await;
    browser.go("/t/globex/diagram?table=refunds").await;
    browser
        .sees("[data-found]", "No table refunds in this schema.")
        .await;
    browser.end().await;
}

#[tokio::test]
async fn without_the_script_the_drawing_has_links_and_the_named_table_is_marked() {
    let site = saas().await;
    let page = site.page("/t/acme/diagram?table=refunds").await;
    assert_eq!(page.matches("<g class=\"table\"").count(), TABLES);
    assert_eq!(page.matches("class=\"box open\"").count(), 1);
    assert!(
        page.contains("href=\"t/acme/table/refunds/structure\""),
        "{page}"
    );
    assert!(
        page.contains("href=\"t/acme/diagram?table=refunds&amp;columns=all\""),
        "{page}"
    );
    // Of the columns only the keys are drawn unless all are asked for.
    assert!(page.contains("approved_by_id") && !page.contains("token_hash"));
    let all = site.page("/t/acme/diagram?columns=all").await;
    assert!(all.contains("token_hash") && all.contains("Show keys only"));
}

#[tokio::test]
async fn one_table_and_none_are_drawn_too() {
    let site = Site::new().await;
    site.sql("globex", "DROP TABLE __diesel_schema_migrations")
        .await;
    let page = site.page("/t/globex/diagram").await;
    assert_eq!(page.matches("<g class=\"table\"").count(), 1);
    site.sql("globex", "DROP TABLE dummy_table").await;
    let page = site.page("/t/globex/diagram").await;
    assert!(
        page.contains("This schema has no tables.") && !page.contains("<svg"),
        "{page}"
    );
}

#[tokio::test]
async fn three_hundred_tables_are_drawn_in_a_moment() {
    let site = Site::new().await;
    site.sql("acme", &many(300)).await;
    let begun = Instant::now();
    let page = site.page("/t/acme/diagram").await;
    let took = begun.elapsed();
    assert_eq!(page.matches("<g class=\"table\"").count(), 302);
    let size = between(&page, "viewBox=\"0 0 ", "\"")
        .next()
        .unwrap()
        .to_owned();
    assert!(took.as_secs() < 20, "{took:?}, {} kB", page.len() / 1024);
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/diagram").await;
    browser.sees("[data-scale]", "%").await;
    let crossings: Vec<String> = crossings(&browser, 150).await;
    assert!(crossings.is_empty(), "{size}: {crossings:#?}");
    browser.end().await;
}

/// Tables that refer to those before them.
fn many(count: usize) -> String {
    let table = |at: usize| {
        let keys = [at / 2, at / 7, at % 5]
            .into_iter()
            .filter(|to| *to < at && !at.is_multiple_of(9));
        let keys = keys
            .enumerate()
            .map(|(key, to)| format!(", to_{key} int REFERENCES part_{to}_of_all"));
        format!(
            "CREATE TABLE part_{at}_of_all (id int PRIMARY KEY{});",
            keys.collect::<String>()
        )
    };
    (0..count).map(table).collect()
}

#[tokio::test]
async fn on_a_phone_the_diagram_scrolls_within_its_box() {
    let site = saas().await;
    let browser = Browser::with(&site, Window::Phone).await;
    browser.go("/t/acme/diagram").await;
    browser.sees("[data-scale]", "%").await;
    assert!(browser.sideways().await.is_empty());
    browser.end().await;
}
