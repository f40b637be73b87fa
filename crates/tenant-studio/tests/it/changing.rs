//! What a person runs and changes with the studio, in a browser.

use tenant_studio::Options;
use test_support::eventually;
use thirtyfour::Key;

use crate::browser::Site;
use crate::chromium::Browser;
use crate::shop::{SHOP, shop};

/// The shop, in which rows can be changed.
async fn open_shop() -> Site {
    let options = Options {
        write: true,
        ..Options::default()
    };
    let site = Site::with(options).await;
    site.sql("acme", SHOP).await;
    site
}

#[tokio::test]
async fn a_query_is_run_by_control_enter_and_an_error_is_marked_where_it_is() {
    let site = shop().await;
    let mut browser = Browser::at(&site).await;
    browser.expect("status of 400");
    browser.go("/t/acme/sql").await;
    let query = "SELECT city FROM customers WHERE id = 3";
    browser.fill("#sql", query).await;
    browser.press(Key::Control + Key::Enter).await;
    browser.sees("#result td", "Torino").await;
    browser.fill("#sql", "SELECT nonsense FROM customers").await;
    browser.click_on("Run").await;
    browser.sees("#result mark", "nonsense").await;
    browser.click_on("History").await;
    browser.sees(".past", query).await;
    // Nothing can be changed here, whatever is typed.
    browser.fill("#sql", "DELETE FROM customers").await;
    browser.click_on("Run").await;
    browser.sees("#result [role=alert]", "DELETE").await;
    let left = "SELECT count(*) FROM acme.customers";
    assert_eq!(site.database.value(left).await, "8");
    browser.end().await;
}

#[tokio::test]
async fn one_query_is_run_in_all_tenants_and_each_row_says_whose_it_is() {
    let site = shop().await;
    let browser = Browser::at(&site).await;
    browser.go("/across").await;
    browser.fill("#sql", "SELECT count(*) FROM customers").await;
    browser.click_on("Run").await;
    browser.sees("#result", "globex").await;
    browser
        .sees("#result", "relation \"customers\" does not exist")
        .await;
    browser.sees("#result tbody", "acme").await;
    browser.end().await;
}

#[tokio::test]
async fn cells_are_changed_together_and_only_once_they_are_applied() {
    let site = open_shop().await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/table/customers?sort=id").await;
    browser.sees("thead", "city").await;
    edit(&browser, 1, "city", "Göteborg").await;
    edit(&browser, 2, "name", "Bruno Kellermann").await;
    browser
        .sees(".unsaved", "2 rows have unsaved changes")
        .await;
    let city = "SELECT city FROM acme.customers WHERE id = 1";
    assert_eq!(site.database.value(city).await, "Malmö");
    browser.click_on("Show SQL").await;
    browser.sees("dialog pre", "UPDATE").await;
    browser.click_on("Close").await;
    browser.click_on("Apply").await;
    eventually("the changes are applied", async || {
        site.database.value(city).await == "Göteborg"
    })
    .await;
    let name = "SELECT name FROM acme.customers WHERE id = 2";
    assert_eq!(site.database.value(name).await, "Bruno Kellermann");
    browser.sees(".grid tbody", "Göteborg").await;
    browser.end().await;
}

#[tokio::test]
async fn of_changes_of_which_one_is_refused_none_is_kept() {
    let site = open_shop().await;
    let mut browser = Browser::at(&site).await;
    browser.go("/t/acme/table/products?sort=id").await;
    browser.sees("thead", "price").await;
    edit(&browser, 1, "title", "Floor lamp").await;
    edit(&browser, 2, "price", "-1").await;
    browser
        .sees(".unsaved", "2 rows have unsaved changes")
        .await;
    browser.expect("status of 422");
    browser.click_on("Apply").await;
    browser.sees(".unsaved", "products_price_check").await;
    browser.sees("tr.refused", "Oak shelf").await;
    let title = "SELECT title FROM acme.products WHERE id = 1";
    assert_eq!(site.database.value(title).await, "Desk lamp");
    browser.click_on("Discard").await;
    browser.sees(".grid tbody", "Desk lamp").await;
    browser.end().await;
}

#[tokio::test]
async fn without_writing_nothing_on_the_page_offers_to_change_a_row() {
    let site = shop().await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/table/customers").await;
    browser.sees(".grid tbody", "Ada").await;
    assert!(
        browser
            .texts(".editable, .remove, [data-add]")
            .await
            .is_empty()
    );
    browser.sees("header", "read-only").await;
    browser.end().await;
}

/// Types a value into the cell of the row number `row`, as a keyboard does.
async fn edit(browser: &Browser, row: usize, column: &str, value: &str) {
    let cell = format!(
        "return [...document.querySelectorAll('thead th')].findIndex(one => one.dataset.column === '{column}') + 1"
    );
    let at: usize = browser.script(&cell).await;
    let cell = format!(".grid tbody tr:nth-child({row}) td:nth-child({at})");
    browser.sees(&format!("{cell}.editable"), "").await;
    let focus = format!("document.querySelector('{cell}').focus(); return null");
    browser.script::<Option<bool>>(&focus).await;
    browser.press(Key::Enter + "").await;
    // What is there is selected, and what is typed takes its place.
    browser.sees(&format!("{cell} textarea"), "").await;
    browser.press(value).await;
    browser.press(Key::Enter + "").await;
    browser.sees(&format!("{cell}.changed"), value).await;
}
