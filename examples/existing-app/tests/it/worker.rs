//! The nightly digests.

use chrono::NaiveDate;
use existing_app::{Worker, load_sample};
use serde_json::json;

use crate::fixture::App;

#[tokio::test]
async fn the_worker_counts_the_rows_of_each_organization() {
    let app = App::start().await;
    let slugs = load_sample(&app.database, 5).await.unwrap();
    app.delete(&format!("/orgs/{}", slugs[4])).await;
    let day = NaiveDate::from_ymd_opt(2999, 1, 1).unwrap();
    let count = app.blocking(move |url| Worker::new(url)?.digest(day)).await;
    assert_eq!(count, 4);
    for (cards, slug) in (1..=4).zip(&slugs) {
        let digests = app.get(&format!("/orgs/{slug}/digests")).await.ok();
        let expected = json!([{
            "day": "2999-01-01", "open_cards": cards, "overdue_cards": cards, "comments": cards,
        }]);
        assert_eq!(digests, expected, "{slug}");
    }
    let of_deleted = format!("SELECT day::text AS cell FROM \"org_{}\".digests", slugs[4]);
    assert!(app.cells(&of_deleted).await.is_empty());
}

#[tokio::test]
async fn a_second_digest_replaces_the_first_of_the_day() {
    let app = App::with(&["north-wind"]).await;
    let day = |day| NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
    let (first, second) = (day(29), day(30));
    for day in [first, second] {
        app.blocking(move |url| Worker::new(url)?.digest(day)).await;
    }
    let card = json!({ "column_id": 1, "title": "Call back" });
    app.post("/orgs/north-wind/cards", card).await.created();
    app.blocking(move |url| Worker::new(url)?.digest(second))
        .await;
    let digests = app.get("/orgs/north-wind/digests").await.ok();
    let open = [&digests[0]["open_cards"], &digests[1]["open_cards"]];
    assert_eq!(open, [&json!(1), &json!(0)]);
}
