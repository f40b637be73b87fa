//! As many tenants, and as many rows, as there may be.

use test_support::rounds;

use crate::browser::{Site, between, first_cells, link};

const TENANTS: usize = 5_000;

/// Bare schemas: what the start page tells of a tenant is in the list. Every
/// thousandth is behind.
const MAKE_TENANTS: &str = "DO $$ BEGIN FOR i IN 1..4998 LOOP \
        EXECUTE format('CREATE SCHEMA %I', 'firm_' || to_char(i, 'FM0000')); \
    END LOOP; END $$; \
    INSERT INTO public.schema_tracker (name, version) SELECT 'firm_' || to_char(i, 'FM0000'), \
        CASE WHEN i % 1000 = 0 THEN '20260101000000' \
            ELSE (SELECT max(version) FROM public.schema_tracker) END \
    FROM generate_series(1, 4998) i";

#[tokio::test]
async fn each_of_five_thousand_tenants_is_listed_once_and_found_by_its_name() {
    let site = Site::new().await;
    site.database.execute(MAKE_TENANTS).await;
    let mut listed = Vec::new();
    let mut next = Some("/tenants".to_owned());
    while let Some(path) = next {
        let page = site.page(&path).await;
        assert!(page.contains("5,000 tenants"), "{page}");
        listed.extend(names(&page));
        next = link(&page, "rel=\"next\"");
    }
    let firms = (1..TENANTS - 1).map(|number| format!("firm_{number:04}"));
    let mut all = ["acme".to_owned()]
        .into_iter()
        .chain(firms)
        .collect::<Vec<_>>();
    all.push("globex".to_owned());
    assert_eq!(listed, all);
    let found = site.page("/tenants?q=FIRM_471").await;
    let expected = (4710..4720).map(|number| format!("firm_{number}"));
    assert_eq!(names(&found), expected.collect::<Vec<_>>());
    let behind = site.page("/tenants?behind=1").await;
    assert_eq!(
        names(&behind),
        ["firm_1000", "firm_2000", "firm_3000", "firm_4000"]
    );
    let offers = site
        .page("/switch?q=m_4998&from=/t/acme/diagram&part=1")
        .await;
    assert_eq!(link(&offers, "href").unwrap(), "/t/firm_4998/diagram");
}

/// The tenants that a page lists.
fn names(page: &str) -> Vec<String> {
    let heads = between(page, "<th scope=\"row\">", "</th>");
    let names = heads.filter_map(|head| between(head, "\">", "<").next());
    names.map(str::to_owned).collect()
}

const ROWS: usize = 1_000_000;

/// How many pages are turned at each end.
const FEW: usize = 15;

#[tokio::test]
async fn a_million_rows_are_paged_from_the_first_to_the_last_and_back() {
    let site = Site::new().await;
    site.sql(
        "acme",
        "CREATE TABLE events (id int PRIMARY KEY, kind text NOT NULL, at timestamptz NOT NULL); \
         INSERT INTO events SELECT i, 'kind ' || i % 7, timestamptz '2026-01-01' + i * interval '1 s' \
            FROM generate_series(1, 1000000) i; \
         ANALYZE events",
    )
    .await;
    // All pages where there is time; else those at the ends and in the middle.
    let all = rounds(FEW, ROWS);
    let first = "/t/acme/table/events?size=500";
    let (rows, here) = walk(&site, first, "rel=\"next\"", all).await;
    join(&rows, 1);
    let (rows, _) = walk(&site, &here, "rel=\"prev\"", all).await;
    join_backwards(&rows, 1);
    let page = site.page(first).await;
    let (rows, here) = walk(&site, &link(&page, "end=1").unwrap(), "rel=\"prev\"", FEW).await;
    assert_eq!(rows[0].last().unwrap(), &ROWS.to_string());
    join_backwards(&rows, ROWS + 1 - rows.concat().len());
    let (rows, _) = walk(&site, &here, "rel=\"next\"", FEW).await;
    assert_eq!(rows.last().unwrap().last().unwrap(), &ROWS.to_string());
    join(&rows, ROWS + 1 - rows.concat().len());
    let middle = format!("{first}&after=[%22499999%22]");
    let (rows, here) = walk(&site, &middle, "rel=\"next\"", FEW).await;
    join(&rows, ROWS / 2);
    let (rows, _) = walk(&site, &here, "rel=\"prev\"", FEW).await;
    join_backwards(&rows, ROWS / 2);
}

/// The first cells of at most so many pages, and where the last of them is.
async fn walk(site: &Site, path: &str, attribute: &str, most: usize) -> (Vec<Vec<String>>, String) {
    let (mut pages, mut path) = (Vec::new(), path.to_owned());
    loop {
        let page = site.page(&path).await;
        pages.push(first_cells(&page));
        match link(&page, attribute).filter(|_| pages.len() < most) {
            Some(next) => path = next,
            None => return (pages, path),
        }
    }
}

/// The pages hold the numbers from `first` on, each once, in order.
fn join(pages: &[Vec<String>], first: usize) {
    let rows = pages.concat();
    let numbers = (first..first + rows.len()).map(|number| number.to_string());
    assert!(
        !rows.is_empty() && rows.iter().cloned().eq(numbers),
        "from {first}: {rows:?}"
    );
}

fn join_backwards(pages: &[Vec<String>], first: usize) {
    let pages = pages.iter().rev().cloned().collect::<Vec<_>>();
    join(&pages, first);
}
