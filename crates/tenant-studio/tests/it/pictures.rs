//! The pictures of the documents, which show what the tests have seen.

use std::fs;
use std::path::Path;

use serde_json::Value;
use test_support::pictures;

use crate::chromium::{Browser, Window};
use crate::shop::shop;

/// The page, the window, whether it is dark, and the file in `docs/images/`.
const PICTURES: [(&str, Window, &str, &str); 6] = [
    ("/tenants", Window::Phone, "light", "studio-phone-tenants"),
    ("/tenants", Window::Laptop, "light", "studio-tenants"),
    ("/t/acme/table/orders", Window::Laptop, "light", "studio"),
    (
        "/t/acme/table/orders?sort=total&dir=desc",
        Window::Laptop,
        "dark",
        "studio-dark",
    ),
    (
        "/t/acme/table/orders/structure",
        Window::Laptop,
        "light",
        "studio-structure",
    ),
    (
        "/t/acme/table/orders",
        Window::Phone,
        "light",
        "studio-phone",
    ),
];

#[tokio::test]
async fn pictures_are_taken_of_the_main_pages() {
    let site = shop().await;
    site.database.execute(OTHERS).await;
    for window in [Window::Laptop, Window::Phone] {
        let browser = Browser::with(&site, window).await;
        let here = PICTURES.iter().filter(|(_, one, ..)| *one == window);
        for (page, _, scheme, name) in here {
            browser.prefer(scheme).await;
            browser.go(page).await;
            let down = "document.querySelector('.diagram')?.scrollIntoView({block: 'end'})";
            browser.script::<Value>(down).await;
            let picture = browser.picture().await;
            assert!(
                picture.starts_with(b"\x89PNG") && picture.len() > 10_000,
                "{name}"
            );
            if pictures() {
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/images");
                fs::create_dir_all(&folder).unwrap();
                fs::write(folder.join(format!("{name}.png")), picture).unwrap();
            }
        }
        browser.end().await;
    }
}

/// Some more tenants, so that the list looks like one.
const OTHERS: &str = "UPDATE public.schema_tracker SET created_at = '2026-01-09 14:40+00'; \
    INSERT INTO public.schema_tracker (name, version, created_at) \
    SELECT name, CASE name WHEN 'initech' THEN '20260101000000' ELSE \
        (SELECT max(version) FROM public.schema_tracker) END, timestamptz '2026-02-03 09:12+00' + length(name) * interval '5 days 3 hours' \
    FROM unnest('{hooli,initech,northwind,oceanic,soylent,stark,tyrell,umbrella,wayne,wonka}'::text[]) AS name; \
    DO $$ DECLARE name text; BEGIN FOR name IN SELECT t.name FROM public.schema_tracker t \
        WHERE t.name NOT IN ('acme', 'globex', 'soylent') LOOP EXECUTE format('CREATE SCHEMA %I', name); END LOOP; END $$";
