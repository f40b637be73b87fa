//! What a person does with the studio, in a browser.

use thirtyfour::Key;

use crate::chromium::Browser;
use crate::shop::shop;

#[tokio::test]
async fn the_printed_address_opens_the_start_page() {
    let site = shop().await;
    let browser = Browser::at(&site).await;
    assert_eq!(browser.path().await, "/tenants");
    browser.sees("h1", "Tenants").await;
    assert_eq!(browser.texts("tbody th").await, ["acme", "globex"]);
    browser.end().await;
}

#[tokio::test]
async fn a_tenant_among_three_hundred_is_found_as_one_types() {
    let site = shop().await;
    let many = "INSERT INTO public.schema_tracker (name) SELECT 'cafe_' || i FROM generate_series(1, 298) i";
    site.database.execute(many).await;
    let browser = Browser::at(&site).await;
    browser.sees("#results", "300 tenants").await;
    assert!(
        !browser
            .texts("tbody th")
            .await
            .contains(&"globex".to_owned())
    );
    browser.fill("input[name=q]", "lobe").await;
    browser.sees("#results", "1 tenant").await;
    assert_eq!(browser.texts("tbody th").await, ["globex"]);
    browser.rests().await;
    // What was typed is in the address, so the search can be kept and sent on.
    browser.arrives("/tenants?q=lobe").await;
    browser.click_on("globex").await;
    assert_eq!(browser.text(".where .name").await, "globex");
    browser.end().await;
}

#[tokio::test]
async fn control_k_leads_to_the_same_table_of_another_tenant() {
    let site = shop().await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/table/dummy_table?sort=name").await;
    browser.press(Key::Control + "k").await;
    browser.sees("dialog .offers", "globex").await;
    browser.press("glo").await;
    browser.sees("dialog [aria-selected=true]", "globex").await;
    browser.press(Key::Enter + "").await;
    browser
        .arrives("/t/globex/table/dummy_table?sort=name")
        .await;
    assert_eq!(browser.text(".where .name").await, "globex");
    assert_eq!(browser.text("h1").await, "dummy_table");
    browser.end().await;
}

#[tokio::test]
async fn a_table_is_browsed_from_the_tenants_page_to_its_rows() {
    let site = shop().await;
    let browser = Browser::at(&site).await;
    browser.click_on("acme").await;
    browser.fill(".side input", "order").await;
    assert_eq!(
        browser.texts("#tables li:not([hidden])").await,
        ["order_items", "orders"]
    );
    browser.click("#tables a[href$='/orders']").await;
    browser.arrives("/t/acme/table/orders").await;
    let first = browser.cells().await.swap_remove(0);
    assert_eq!(first[0], "1001");
    assert_eq!(first[4], "NULL");
    assert_eq!(browser.cells().await[1][4], "(empty)");
    browser.click_on("count").await;
    browser.sees(".bar", "120 rows").await;
    browser.end().await;
}

#[tokio::test]
async fn a_click_on_a_header_sorts_and_another_turns_the_order_around() {
    let site = shop().await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/table/products").await;
    browser.click_on("title").await;
    let sorted = browser.column(1).await;
    assert_eq!(sorted[0], "Desk lamp");
    assert_eq!(browser.texts("[aria-sort=ascending] a").await, ["title"]);
    browser.click_on("title").await;
    let mut turned = browser.column(1).await;
    assert_eq!(browser.texts("[aria-sort=descending] a").await, ["title"]);
    turned.reverse();
    assert_eq!(turned, sorted);
    browser.end().await;
}

#[tokio::test]
async fn rows_are_filtered_by_the_form_until_all_filters_are_removed() {
    let site = shop().await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/table/customers").await;
    browser.click_on("Filter").await;
    browser.choose("[name=fc]", "city").await;
    browser.choose("[name=fo]", "contains").await;
    browser.fill("[name=fv]", "n").await;
    browser.click_on("Show").await;
    browser
        .arrives("/t/acme/table/customers?fc=city&fo=has&fv=n")
        .await;
    assert_eq!(
        browser.column(3).await,
        ["Bern", "Torino", "Ankara", "Lyon"]
    );
    // A second one, which needs no value, is applied at once.
    browser
        .choose(".filter:nth-child(2) [name=fc]", "email")
        .await;
    browser
        .choose(".filter:nth-child(2) [name=fo]", "is NULL")
        .await;
    browser.sees(".panel summary", "Filter (2)").await;
    assert_eq!(browser.column(3).await, ["Lyon"]);
    browser.click_on("Remove all").await;
    assert_eq!(browser.cells().await.len(), 8);
    browser.end().await;
}

#[tokio::test]
async fn pages_are_turned_forward_and_back_by_mouse_and_by_key() {
    let site = shop().await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/table/orders").await;
    browser.sees(".pager", "1–50").await;
    browser.click("[rel=next]").await;
    browser.sees(".pager", "51–100").await;
    assert_eq!(browser.column(0).await[0], "1051");
    browser.press("n").await;
    browser.sees(".pager", "101–120").await;
    assert_eq!(browser.column(0).await.len(), 20);
    browser.press("p").await;
    browser.sees(".pager", "51–100").await;
    browser.click("[rel=prev]").await;
    browser.sees(".pager", "1–50").await;
    assert_eq!(browser.column(0).await[0], "1001");
    browser.end().await;
}

#[tokio::test]
async fn a_long_text_is_opened_in_full() {
    let site = shop().await;
    site.sql(
        "acme",
        "UPDATE customers SET city = repeat('long ', 1000) || 'END' WHERE id = 1",
    )
    .await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/table/customers").await;
    let cell = browser.column(3).await.swap_remove(0);
    assert!(cell.ends_with('…') && cell.len() < 1000, "{cell}");
    browser.click("[aria-label='city in full']").await;
    browser.sees(".whole pre", "long END").await;
    browser.click_on("Open its page").await;
    let whole = browser.text(".value").await;
    assert!(whole.len() > 5000 && whole.ends_with("long END"), "{whole}");
    browser.end().await;
}

#[tokio::test]
async fn a_foreign_key_is_followed_to_its_row_and_back() {
    let site = shop().await;
    let browser = Browser::at(&site).await;
    browser.go("/t/acme/table/orders").await;
    browser
        .click("tbody tr:first-child [title='Go to customers']")
        .await;
    assert_eq!(browser.text("h1").await, "customers");
    assert_eq!(browser.column(1).await, ["Femi Adeyemi"]);
    browser.back().await;
    browser.arrives("/t/acme/table/orders").await;
    // The other way: from the customer to what leads there.
    browser
        .click("tbody tr:first-child [title='Go to customers']")
        .await;
    browser.click("[aria-label='Open row 1']").await;
    browser.click("main li a[href*='/orders?']").await;
    assert_eq!(browser.cells().await.len(), 15);
    assert!(browser.column(1).await.iter().all(|id| id == "6"));
    browser.end().await;
}
