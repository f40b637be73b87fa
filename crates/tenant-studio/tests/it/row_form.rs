//! The form of one row, as a browser without scripts sends it.

use crate::browser::{Answer, Site, between};
use crate::editing::{form_urlencoded, writing};

/// The fields of the page's form with their values, as a browser would send them.
fn fields(page: &str) -> Vec<(String, String)> {
    let form = between(page, "data-editor", "</form>").next().unwrap();
    let mut fields = Vec::new();
    for tag in between(form, "<input ", ">") {
        let is_tick = tag.contains("type=\"checkbox\"");
        if !is_tick || tag.contains(" checked") {
            fields.push((attribute(tag, "name"), attribute(tag, "value")));
        }
    }
    for area in between(form, "<textarea ", "</textarea>") {
        let (tag, text) = area.split_once('>').unwrap();
        let text = text.strip_prefix('\n').unwrap_or(text);
        fields.push((attribute(tag, "name"), plain(text)));
    }
    for select in between(form, "<select ", "</select>") {
        let mut options = between(select, "<option ", ">");
        let chosen = options.find(|option| option.contains(" selected"));
        fields.push((
            attribute(select, "name"),
            attribute(chosen.unwrap_or_default(), "value"),
        ));
    }
    fields
}

fn attribute(tag: &str, name: &str) -> String {
    let tag = format!(" {tag}");
    let start = format!(" {name}=\"");
    let found = between(&tag, &start, "\"").next();
    plain(found.unwrap_or_default())
}

fn plain(text: &str) -> String {
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&amp;", "&"),
    ];
    entities
        .iter()
        .fold(text.to_owned(), |text, (entity, letter)| {
            text.replace(entity, letter)
        })
}

/// Sets a field; none removes it.
fn set(fields: &mut Vec<(String, String)>, name: &str, value: Option<&str>) {
    fields.retain(|(one, _)| one != name);
    fields.extend(value.map(|value| (name.to_owned(), value.to_owned())));
}

async fn submit(site: &Site, path: &str, fields: &[(String, String)]) -> Answer {
    let pairs = fields.iter().map(|(name, value)| {
        let value = value.replace('\n', "\r\n");
        format!("{}={}", form_urlencoded(name), form_urlencoded(&value))
    });
    let body = pairs.collect::<Vec<_>>().join("&");
    site.post(path, "application/x-www-form-urlencoded", &body)
        .await
}

const EDIT: &str = "/t/acme/table/people/edit";
const KEY: &str = "/t/acme/table/people/edit?key=%5B%221%22%5D";

#[tokio::test]
async fn a_row_is_saved_with_what_was_changed_only() {
    let site = writing().await;
    site.sql(
        "acme",
        "UPDATE people SET note = E'\\n one <b>\\n\"two\" & three\\n' WHERE id = 1",
    )
    .await;
    let mut fields = fields(&site.page(KEY).await);
    let same = submit(&site, EDIT, &fields).await;
    assert_eq!(same.status, 303, "{same:?}");
    assert!(
        !same.headers.contains("saved"),
        "nothing was changed: {same:?}"
    );
    set(&mut fields, "c.name", Some("Eve"));
    set(&mut fields, "c.team", Some("2"));
    set(&mut fields, "c.id", Some("8"));
    let saved = submit(&site, EDIT, &fields).await;
    assert_eq!(saved.status, 303, "{saved:?}");
    let to = between(&saved.headers, "location: ", "\r\n").next();
    let to = to.or_else(|| saved.headers.split_once("location: ").map(|(_, to)| to));
    // Back to the path of the session, and on from there.
    let to = to.map(|to| format!("/{}", to.trim_start_matches("../")));
    let page = site.page(&to.unwrap()).await;
    assert!(page.contains("Saved the row."), "{page}");
    let row = "SELECT concat_ws('|', id, name, note, feeling, team) FROM acme.people WHERE id = 8";
    let kept = "8|Eve|\n one <b>\n\"two\" & three\n|good|2";
    assert_eq!(site.database.value(row).await, kept);
}

#[tokio::test]
async fn null_and_the_empty_text_have_a_tick_between_them() {
    let site = writing().await;
    let note = "SELECT coalesce('<' || note || '>', 'none') FROM acme.people WHERE id = 1";
    let mut fields_of_null = fields(&site.page(KEY).await);
    assert!(fields_of_null.contains(&("n.note".to_owned(), "1".to_owned())));
    set(&mut fields_of_null, "n.note", None);
    assert_eq!(submit(&site, EDIT, &fields_of_null).await.status, 303);
    assert_eq!(site.database.value(note).await, "<>");
    let mut fields_of_blank = fields(&site.page(KEY).await);
    set(&mut fields_of_blank, "n.note", Some("1"));
    assert_eq!(submit(&site, EDIT, &fields_of_blank).await.status, 303);
    assert_eq!(site.database.value(note).await, "none");
}

#[tokio::test]
async fn enums_and_foreign_keys_offer_their_values() {
    let site = writing().await;
    let page = site.page(KEY).await;
    assert!(
        page.contains("<option value=\"good\" selected>good</option>"),
        "{page}"
    );
    assert!(page.contains("<option value=\"it's bad\">"), "{page}");
    assert!(page.contains("<option value=\"2\">two</option>"), "{page}");
    assert!(!page.contains("name=\"c.doubled\""), "{page}");
    let found = site
        .page("/t/acme/table/people/choices?column=team&q=TW&part=1")
        .await;
    assert_eq!(found, "<option value=\"2\">two</option>");
    site.sql(
        "acme",
        "INSERT INTO teams SELECT i, 'team ' || i FROM generate_series(3, 500) i",
    )
    .await;
    let many = site
        .page("/t/acme/table/people/choices?column=team&part=1")
        .await;
    assert_eq!(many.matches("<option").count(), 200);
    let late = site
        .page("/t/acme/table/people/choices?column=team&q=499")
        .await;
    assert!(late.contains("team 499"), "{late}");
    assert_eq!(
        site.get("/t/acme/table/people/choices?column=name")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn what_is_refused_stays_in_the_form_with_the_reason() {
    let site = writing().await;
    let mut fields = fields(&site.page(KEY).await);
    set(&mut fields, "c.name", Some("much too long"));
    let answer = submit(&site, EDIT, &fields).await;
    assert_eq!(answer.status, 422, "{answer:?}");
    assert!(answer.body.contains("value too long"), "{answer:?}");
    assert!(
        answer.body.contains("much too long</textarea>"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn after_somebody_elses_change_only_ones_own_fields_are_saved() {
    let site = writing().await;
    let mut mine = fields(&site.page(KEY).await);
    site.sql(
        "acme",
        "UPDATE people SET note = 'theirs', name = 'Them' WHERE id = 1",
    )
    .await;
    set(&mut mine, "c.name", Some("Mine"));
    let answer = submit(&site, EDIT, &mine).await;
    assert_eq!(answer.status, 409, "{answer:?}");
    assert!(
        answer.body.contains("another session has changed this row"),
        "{answer:?}"
    );
    assert!(answer.body.contains("Now: Them"), "{answer:?}");
    let again = submit(&site, EDIT, &fields(&answer.body)).await;
    assert_eq!(again.status, 303, "{again:?}");
    let row = "SELECT name || note FROM acme.people WHERE id = 1";
    assert_eq!(site.database.value(row).await, "Minetheirs");
}

#[tokio::test]
async fn a_row_is_added_with_its_defaults() {
    let site = writing().await;
    site.sql("acme", "ALTER TABLE people ALTER note SET DEFAULT 'usual'")
        .await;
    let add = "/t/acme/table/people/add";
    let mut row = fields(&site.page(add).await);
    set(&mut row, "c.id", Some("9"));
    set(&mut row, "c.name", Some("Cy"));
    let added = submit(&site, add, &row).await;
    assert_eq!(added.status, 303, "{added:?}");
    let sql = "SELECT concat_ws('|', name, note, feeling, team) FROM acme.people WHERE id = 9";
    assert_eq!(site.database.value(sql).await, "Cy|usual");
    let twice = submit(&site, add, &row).await;
    assert_eq!(twice.status, 422, "{twice:?}");
    assert!(twice.body.contains("duplicate key"), "{twice:?}");
    assert_eq!(site.get("/t/acme/table/seen/add").await.status, 400);
}

#[tokio::test]
async fn a_row_is_deleted_only_when_that_is_confirmed() {
    let site = writing().await;
    let delete = "/t/acme/table/people/delete";
    let mut row = fields(&site.page(KEY).await);
    let answer = submit(&site, delete, &row).await;
    assert_eq!(answer.status, 422, "{answer:?}");
    assert_eq!(
        site.database
            .value("SELECT count(*) FROM acme.people")
            .await,
        "2"
    );
    set(&mut row, "confirm", Some("1"));
    site.sql("acme", "UPDATE people SET note = 'theirs' WHERE id = 1")
        .await;
    let answer = submit(&site, delete, &row).await;
    assert_eq!(answer.status, 409, "{answer:?}");
    let mut row = fields(&answer.body);
    set(&mut row, "confirm", Some("1"));
    assert_eq!(submit(&site, delete, &row).await.status, 303);
    assert_eq!(
        site.database
            .value("SELECT string_agg(id::text, ',') FROM acme.people")
            .await,
        "2"
    );
}

#[tokio::test]
async fn the_ways_to_change_a_row_are_shown_only_where_it_can_be_changed() {
    let site = writing().await;
    let grid = site.page("/t/acme/table/people").await;
    assert!(
        grid.contains("href=\"t/acme/table/people/add\" data-add"),
        "{grid}"
    );
    assert!(
        grid.contains("data-changes=\"t/acme/table/people/changes\""),
        "{grid}"
    );
    assert!(grid.contains("data-column=\"feeling\""), "{grid}");
    let row = site
        .page("/t/acme/table/people/row?key=%5B%221%22%5D")
        .await;
    assert!(
        row.contains("t/acme/table/people/edit?key=%5B%221%22%5D"),
        "{row}"
    );
    let view = site.page("/t/acme/table/seen").await;
    assert!(!view.contains("data-add"), "{view}");
    let reading = Site::new().await;
    let grid = reading.page("/t/acme/table/dummy_table").await;
    assert!(!grid.contains("data-add"), "{grid}");
    assert!(site.page("/assets/edit.js").await.contains("beforeunload"));
}

#[tokio::test]
async fn long_texts_are_edited_and_what_is_longer_is_left_alone() {
    let site = writing().await;
    site.sql(
        "acme",
        "CREATE TABLE texts (id int PRIMARY KEY, a text, b text, c text, d text, e text); \
         INSERT INTO texts SELECT 1, t, t, t, t, repeat('y', 100001) FROM repeat('x', 100000) t",
    )
    .await;
    let path = "/t/acme/table/texts/edit";
    let page = site.page(&format!("{path}?key=%5B%221%22%5D")).await;
    assert!(page.contains("This value is too long to be edited here."));
    assert!(!page.contains("name=\"c.e\""));
    let mut row = fields(&page);
    set(&mut row, "c.a", Some("short"));
    let saved = submit(&site, path, &row).await;
    assert_eq!(saved.status, 303, "{}", saved.headers);
    let sql = "SELECT concat_ws(',', a, length(b), length(d), length(e)) FROM acme.texts";
    assert_eq!(site.database.value(sql).await, "short,100000,100000,100001");
}
