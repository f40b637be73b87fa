//! Comma-separated values for spreadsheets, in which formulas are text unless it is switched off.

use crate::browser::Site;
use crate::chromium::Browser;

const GOODS: &str = "CREATE TABLE goods (id int PRIMARY KEY, name text, change numeric, \"=cmd\" text); \
    INSERT INTO goods VALUES (1, '=HYPERLINK(\"http://evil.example\", \"Click\")', -1.50, '-5'), \
        (2, '@SUM(A1)', 2, E'\\tx'), (3, '+49 30 1234', -3, '-1+2'), (4, 'plain', 0, NULL)";

#[tokio::test]
async fn formulas_are_text_unless_it_is_switched_off() {
    let site = Site::new().await;
    site.sql("acme", GOODS).await;
    let csv = site.page("/t/acme/table/goods/export.csv").await;
    assert_eq!(
        csv,
        "id,name,change,'=cmd\r\n1,\"'=HYPERLINK(\"\"http://evil.example\"\", \"\"Click\"\")\",-1.50,-5\r\n\
         2,'@SUM(A1),2,'\tx\r\n3,'+49 30 1234,-3,'-1+2\r\n4,plain,0,\r\n"
    );
    let kept = site
        .page("/t/acme/table/goods/export.csv?formulas=kept")
        .await;
    assert_eq!(
        kept,
        "id,name,change,=cmd\r\n1,\"=HYPERLINK(\"\"http://evil.example\"\", \"\"Click\"\")\",-1.50,-5\r\n\
         2,@SUM(A1),2,\"\tx\"\r\n3,+49 30 1234,-3,-1+2\r\n4,plain,0,\r\n"
    );
    let json = site.page("/t/acme/table/goods/export.json?col=name").await;
    assert!(json.contains("{\"name\":\"@SUM(A1)\"}"), "{json}");
}

#[tokio::test]
async fn answers_to_sql_are_files_with_the_same_choice() {
    let site = Site::new().await;
    site.sql("acme", GOODS).await;
    let form = "application/x-www-form-urlencoded";
    for (path, first, last) in [("/t/acme/sql", "", ""), ("/across", "acme,", ",")] {
        let sql = "sql=SELECT+name,change+FROM+goods+WHERE+id=3&as=csv&which=beginning&text=acme";
        let text = site.post(path, form, sql).await.body;
        assert!(
            text.ends_with(&format!("\r\n{first}'+49 30 1234,-3{last}\r\n")),
            "{text}"
        );
        let kept = site
            .post(path, form, &format!("{sql}&formulas=kept"))
            .await
            .body;
        assert!(
            kept.ends_with(&format!("\r\n{first}+49 30 1234,-3{last}\r\n")),
            "{kept}"
        );
        // As the form sends it: the hidden field, and the box behind it.
        let ticked = site
            .post(path, form, &format!("{sql}&formulas=kept&formulas=text"))
            .await
            .body;
        assert_eq!(ticked, text);
    }
}

#[tokio::test]
async fn the_choice_is_beside_each_button_and_its_tick_is_set() {
    let site = Site::new().await;
    site.sql("acme", GOODS).await;
    let browser = Browser::at(&site).await;
    for page in ["/t/acme/table/goods", "/t/acme/sql", "/across"] {
        browser.go(page).await;
        let beside: String = browser.script("const box = document.querySelector('[type=checkbox][name=formulas]');
          return box.checked ? box.closest('form, .bar').innerText + box.parentElement.innerText : 'no tick'").await;
        assert!(
            beside.contains("CSV") && beside.contains("Formulas as text"),
            "{page}: {beside}"
        );
    }
    browser
        .go("/t/acme/table/goods?sort=name&fc=id&fo=gt&fv=1")
        .await;
    let sent = "const form = document.querySelector('form.csv');
      return new URLSearchParams(new FormData(form)).toString()";
    let with: String = browser.script(sent).await;
    assert_eq!(
        with,
        "sort=name&fc=id&fo=gt&fv=1&formulas=kept&formulas=text"
    );
    browser.click("[name=formulas][type=checkbox]").await;
    let without: String = browser.script(sent).await;
    assert_eq!(without, "sort=name&fc=id&fo=gt&fv=1&formulas=kept");
    browser.end().await;
}
