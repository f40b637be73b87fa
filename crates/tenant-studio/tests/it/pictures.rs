//! The pictures of the documents, which show what the tests have seen. This takes them anew:
//!
//! ```text
//! TEST_PICTURES=1 cargo test -p tenant-studio --test it -- pictures::
//! ```

use std::fs;
use std::path::Path;

use serde_json::Value;
use test_support::{eventually, pictures};

use crate::browser::Site;
use crate::chromium::{Browser, Window};
use crate::saas::saas;
use crate::shop::shop;

/// A picture, and how it is taken.
struct Picture {
    /// The file in `docs/images/`, without its ending.
    name: &'static str,
    page: &'static str,
    window: Window,
    scheme: &'static str,
    /// What is done in the page before.
    script: &'static str,
}

impl Picture {
    const fn new(name: &'static str, page: &'static str) -> Self {
        Self {
            name,
            page,
            window: Window::Laptop,
            scheme: "light",
            script: "",
        }
    }

    const fn on_a_phone(mut self) -> Self {
        self.window = Window::Phone;
        self
    }

    const fn in_the_dark(mut self) -> Self {
        self.scheme = "dark";
        self
    }

    const fn after(mut self, script: &'static str) -> Self {
        self.script = script;
        self
    }
}

const OF_THE_SHOP: [Picture; 6] = [
    Picture::new("studio", "/t/acme/table/orders"),
    Picture::new("studio-dark", "/t/acme/table/orders?sort=total&dir=desc").in_the_dark(),
    Picture::new("studio-tenants", "/tenants"),
    Picture::new("studio-structure", "/t/acme/table/orders/structure")
        .after("document.querySelector('.diagram').scrollIntoView({block: 'end'})"),
    Picture::new("studio-phone", "/t/acme/table/orders").on_a_phone(),
    Picture::new("studio-phone-tenants", "/tenants").on_a_phone(),
];

const OF_43_TABLES: [Picture; 4] = [
    Picture::new("studio-diagram", "/t/acme/diagram"),
    Picture::new("studio-diagram-table", "/t/acme/diagram?table=tickets"),
    Picture::new("studio-diagram-dark", "/t/acme/diagram")
        .in_the_dark()
        .after("document.querySelector('[data-table=invoices] rect').dispatchEvent(new PointerEvent('pointerover', {bubbles: true}))"),
    Picture::new("studio-value", "/t/acme/table/ticket_messages")
        .after("document.querySelector('tbody tr:nth-child(4) .more').click()"),
];

#[tokio::test]
async fn pictures_are_taken_of_the_main_pages() {
    let site = shop().await;
    site.database.execute(OTHERS).await;
    take(&site, &OF_THE_SHOP).await;
}

#[tokio::test]
async fn pictures_are_taken_of_a_schema_with_many_tables() {
    take(&saas().await, &OF_43_TABLES).await;
}

async fn take(site: &Site, wanted: &[Picture]) {
    for window in [Window::Laptop, Window::Phone] {
        let here = wanted.iter().filter(|one| one.window == window);
        let here = here.collect::<Vec<_>>();
        if here.is_empty() {
            continue;
        }
        let browser = Browser::with(site, window).await;
        for one in here {
            browser.prefer(one.scheme).await;
            browser.go(one.page).await;
            eventually("the scripts have run", async || {
                browser.script::<bool>(READY).await
            })
            .await;
            browser.script::<Value>(one.script).await;
            keep(one.name, &browser.picture().await);
        }
        browser.end().await;
    }
}

/// Whether what the scripts add is there: the scale of a diagram, the buttons of values that are cut.
const READY: &str = "const scale = document.querySelector('[data-scale]');
  return !scale || scale.textContent !== ''";

fn keep(name: &str, picture: &[u8]) {
    let is_picture = picture.starts_with(b"\x89PNG") && picture.len() > 10_000;
    assert!(is_picture, "{name}");
    if pictures() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/images");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }
}

/// Some more tenants, so that the list is as long as lists are.
const OTHERS: &str = "UPDATE public.schema_tracker SET created_at = '2026-01-09 14:40+00'; \
    INSERT INTO public.schema_tracker (name, version, created_at) \
    SELECT name, CASE name WHEN 'initech' THEN '20260101000000' ELSE \
        (SELECT max(version) FROM public.schema_tracker) END, timestamptz '2026-02-03 09:12+00' + length(name) * interval '5 days 3 hours' \
    FROM unnest('{hooli,initech,northwind,oceanic,soylent,stark,tyrell,umbrella,wayne,wonka}'::text[]) AS name; \
    DO $$ DECLARE name text; BEGIN FOR name IN SELECT t.name FROM public.schema_tracker t \
        WHERE t.name NOT IN ('acme', 'globex', 'soylent') LOOP EXECUTE format('CREATE SCHEMA %I', name); END LOOP; END $$";
