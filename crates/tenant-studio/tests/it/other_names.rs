//! Tenants whose schemas are called differently, and names with any letters.

use serde_json::json;
use tenant_core::{
    Database, MigrationSet, Migrations, Naming, Registry, RuntimePath, Settings, TenantName,
    Tenants, quote_ident,
};
use tenant_studio::Options;
use test_support::TestDatabase;

use crate::browser::{Site, between, cells, link};
use crate::editing::{JSON, document, form_urlencoded};

const FORM: &str = "application/x-www-form-urlencoded";

/// What means something in addresses, in pages or in SQL.
const ODD: [&str; 7] = [
    "a/b ?#%\"<x>'&",
    "..",
    ".",
    "~",
    "Big Bang, Inc.",
    "1&amp;2;--",
    "größe\\",
];

/// Tenants with their schemas, in the order of the list.
struct Fleet {
    site: Site,
    tenants: Vec<(TenantName, String)>,
}

/// A fleet listed like this whose studio writes. Each tenant has a note that says whose it is.
async fn fleet(registry: Registry, before: &str, names: &[(&str, &str)]) -> Fleet {
    let database = TestDatabase::new().await;
    let migrations = Migrations {
        public: registry.migrations(),
        tenant: MigrationSet::from_source(&schema_tenant::MIGRATIONS).unwrap(),
    };
    let url = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default()).await;
    let behind = RuntimePath::behind(["public"]).unwrap();
    database.execute(before).await;
    let tenants = tenants.unwrap().listed_in(registry).await.unwrap();
    let tenants = tenants.behind(behind);
    tenants.migrate_public().await.unwrap();
    let mut listed = Vec::new();
    for (text, schema) in names {
        let name = tenants.name(text).unwrap();
        if tenants.registry().names().is_mapped() && !tenants.registry().is_query() {
            let schema = schema.parse().unwrap();
            tenants.create_in(&name, &schema).await.unwrap();
        } else {
            tenants.create(&name).await.unwrap();
        }
        let quoted = quote_ident(schema);
        let of_it = format!(
            "CREATE TABLE {quoted}.notes (id int PRIMARY KEY, of_note int REFERENCES {quoted}.notes, \
                text text); \
             INSERT INTO {quoted}.notes VALUES (1, 1, {})",
            literal(&format!("of {text}"))
        );
        database.execute(&of_it).await;
        listed.push((name, (*schema).to_owned()));
    }
    let options = Options {
        write: true,
        ..Options::default()
    };
    let site = Site::of(database, tenants, options).await;
    Fleet {
        site,
        tenants: listed,
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// The address behind the link with this text.
fn link_to(page: &str, text: &str) -> String {
    let end = format!("\">{}</a>", escaped(text));
    let (before, _) = page.split_once(&end).unwrap_or_else(|| {
        panic!("no link to {text}: {page}");
    });
    let (_, address) = before.rsplit_once("<a href=\"").unwrap();
    format!("/{}", address.replace("&amp;", "&"))
}

impl Fleet {
    /// Every page about each tenant shows that tenant's rows, and is where the links lead.
    async fn is_shown(&self) {
        let list = self.site.page("/tenants?sizes=1").await;
        for (name, schema) in &self.tenants {
            let shown = format!("title=\"Its schema\">{}</span>", escaped(schema));
            assert_eq!(list.contains(&shown), schema != name.as_str(), "{list}");
            let home = link_to(&list, name.as_str());
            self.has_pages(&home, name).await;
            self.is_edited(&home, schema).await;
            self.is_asked(&home, schema).await;
        }
        assert!(!list.contains("could not be read"), "{list}");
        assert_eq!(list.matches("up to date").count(), self.tenants.len());
    }

    async fn has_pages(&self, home: &str, name: &TenantName) {
        let whose = format!("of {name}");
        for page in [
            "/tables",
            "/diagram",
            "/migrations",
            "/sql",
            "/table/notes/structure",
            "/table/notes/value?key=[%221%22]&column=text",
            "/table/notes/add",
            "/table/notes/choices?column=of_note",
        ] {
            let page = self.site.page(&format!("{home}{page}")).await;
            let title = format!("<p class=\"name\">{}</p>", escaped(name.as_str()));
            assert!(page.contains(&title), "{page}");
        }
        let tables = self.site.page(&format!("{home}/tables")).await;
        let rows = self.site.page(&link(&tables, "(table)\"").unwrap()).await;
        assert!(rows.contains("dummy_table"), "{rows}");
        let rows = self.site.page(&format!("{home}/table/notes")).await;
        assert_eq!(cells(&rows), [["1", "1", whose.as_str()]]);
        let followed = link(&rows, "title=\"Go to notes\"").unwrap();
        assert_eq!(cells(&self.site.page(&followed).await).len(), 1);
        let row = link(&rows, "aria-label=\"Open row 1\"").unwrap();
        assert!(self.site.page(&row).await.contains(&escaped(&whose)));
        for kind in ["csv", "json"] {
            let path = format!("{home}/table/notes/export.{kind}");
            let answer = self.site.get(&path).await;
            assert_eq!(answer.status, 200);
            assert!(answer.headers.contains("filename=\""), "{answer:?}");
            let doubled = |text: &str| match kind {
                "csv" => text.replace('"', "\"\""),
                _ => text.replace('\\', "\\\\").replace('"', "\\\""),
            };
            assert!(answer.body.contains(&doubled(&whose)), "{answer:?}");
        }
        let migrations = self.site.page(&format!("{home}/migrations")).await;
        assert!(migrations.contains("up to date"), "{migrations}");
    }

    async fn is_edited(&self, home: &str, schema: &str) {
        let path = format!("{home}/table/notes/changes");
        let seen = self.site.get(&format!("{path}?key=[%221%22]")).await;
        let (_, seen) = document(&seen);
        let changes = json!({ "changes": [
            {"do": "update", "key": ["1"], "version": seen["version"], "set": {"text": "edited"}},
            {"do": "insert", "set": {"id": "2", "of_note": "1"}},
        ]});
        let sent = self.site.post(&path, JSON, &changes.to_string()).await;
        let (status, answer) = document(&sent);
        assert_eq!(status, 200, "{answer}");
        let table = format!("{}.notes", quote_ident(schema));
        let kept = format!("SELECT string_agg(coalesce(text, '-'), ' ' ORDER BY id) FROM {table}");
        assert_eq!(self.site.database.value(&kept).await, "edited -");
    }

    async fn is_asked(&self, home: &str, schema: &str) {
        let sql = form_urlencoded("SELECT current_schema()");
        let asked = format!("sql={sql}&part=1");
        let answer = self.site.post(&format!("{home}/sql"), FORM, &asked).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.body.contains(&escaped(schema)), "{answer:?}");
    }

    /// Pages about all of them lead to each of them.
    async fn is_found_everywhere(&self) {
        let (last, _) = self.tenants.last().unwrap();
        let list = self.site.page("/tenants").await;
        for (name, _) in &self.tenants {
            let home = link_to(&list, name.as_str());
            let query = form_urlencoded(name.as_str());
            let from = link_to(&list, last.as_str());
            let from = form_urlencoded(&format!("{from}/table/notes?sort=id"));
            let offers = format!("/switch?q={query}&from={from}&part=1");
            let offers = self.site.page(&offers).await;
            let there = link_to(&offers, name.as_str());
            assert_eq!(there, format!("{home}/table/notes?sort=id"));
            assert_eq!(self.site.get(&there).await.status, 200);
            let table = format!("across/compare?one={query}&other={}", {
                form_urlencoded(last.as_str())
            });
            let compared = self.site.page(&format!("/{table}")).await;
            assert!(compared.contains("What differs") || compared.contains("differences"));
            let compared = self.site.page(&format!("/{table}&table=notes")).await;
            assert!(!compared.contains("no primary key in common"), "{compared}");
        }
        self.all_answer().await;
        self.are_healthy().await;
    }

    async fn all_answer(&self) {
        let names = self.tenants.iter().map(|(name, _)| name.as_str());
        let names = names.collect::<Vec<_>>().join("\n");
        let sql = form_urlencoded("SELECT current_schema(), text FROM notes WHERE id = 1");
        for which in [
            "all".to_owned(),
            format!("listed&names={}", form_urlencoded(&names)),
        ] {
            let asked = format!("sql={sql}&which={which}");
            let page = self.site.post("/across", FORM, &asked).await.body;
            assert!(!page.contains("data-failures"), "{page}");
            let rows = between(&page, "<tbody>", "</tbody>").collect::<String>();
            for (name, schema) in &self.tenants {
                let line = between(&rows, "<tr>", "</tr>")
                    .find(|line| line.contains(&format!("\">{}</a>", escaped(name.as_str()))));
                assert!(line.unwrap().contains(&escaped(schema)), "{page}");
            }
        }
    }

    async fn are_healthy(&self) {
        let (name, schema) = self.tenants.last().unwrap();
        let drop = format!("DROP TABLE {}.dummy_table", quote_ident(schema));
        self.site.database.execute(&drop).await;
        let health = self.site.post("/health", FORM, "").await;
        assert_eq!(health.status, 200, "{health:?}");
        let home = link_to(&health.body, name.as_str());
        assert_eq!(self.site.get(&home).await.status, 200);
        let versions = format!(
            "DELETE FROM {}.__diesel_schema_migrations WHERE version = \
             (SELECT max(version) FROM {0}.__diesel_schema_migrations)",
            quote_ident(schema)
        );
        self.site.database.execute(&versions).await;
        let all = self.site.page("/migrations").await;
        let behind = link(&all, "migrations/tenant/20260102000000").unwrap();
        let one = self.site.page(&behind).await;
        let there = self.site.page(&link_to(&one, name.as_str())).await;
        assert!(there.contains("1 pending"), "{there}");
    }
}

#[tokio::test]
async fn tenants_whose_schemas_follow_a_template_are_browsed_by_their_names() {
    let naming = Naming::template("org_{name}").unwrap();
    let naming = naming.allowing("[a-z][a-z0-9-]{1,50}").unwrap();
    let names = [("big-bang", "org_big-bang"), ("north-sea", "org_north-sea")];
    let fleet = fleet(Registry::default().naming(naming), "", &names).await;
    fleet.is_shown().await;
    fleet.is_found_everywhere().await;
    // A schema's name is no tenant's.
    assert_eq!(fleet.site.get("/t/org_big-bang/tables").await.status, 404);
    fleet.site.end().await;
}

#[tokio::test]
async fn names_with_any_letters_are_one_segment_of_an_address_and_no_markup() {
    let naming = Naming::same().allowing("(?s).+").unwrap();
    let names = ODD.map(|name| (name, name));
    let fleet = fleet(Registry::default().naming(naming), "", &names).await;
    fleet.is_shown().await;
    fleet.is_found_everywhere().await;
    for page in ["/tenants", "/migrations", "/across"] {
        assert!(!fleet.site.page(page).await.contains("<x>"), "{page}");
    }
    for unknown in ["/t/nobody%20here/tables", "/t/%00/tables", "/t/%22/tables"] {
        let answer = fleet.site.get(unknown).await;
        assert_eq!(answer.status, 404, "{answer:?}");
    }
    fleet.site.end().await;
}

#[tokio::test]
async fn tenants_whose_schemas_only_the_list_knows_are_never_taken_for_one_another() {
    let table = "CREATE TABLE public.workspaces (slug text NOT NULL UNIQUE, home text)";
    let registry = Registry::table("public", "workspaces")
        .key("slug")
        .schema_column("home")
        .naming(Naming::mapped().allowing(".+").unwrap());
    // One's name is the other's schema.
    let names = [("one", "two"), ("public", "ws \"3\""), ("two", "one")];
    let fleet = fleet(registry, table, &names).await;
    fleet.is_shown().await;
    // A row without a schema is listed, and stops no other.
    let without = "INSERT INTO public.workspaces VALUES ('a nobody', NULL)";
    fleet.site.database.execute(without).await;
    let list = fleet.site.page("/tenants?sizes=1").await;
    assert!(list.contains("missing schema"), "{list}");
    let not_ones = "INSERT INTO public.workspaces VALUES ('a catalog', 'pg_catalog')";
    fleet.site.database.execute(not_ones).await;
    let list = fleet.site.page("/tenants?sizes=1").await;
    assert_eq!(list.matches("missing schema").count(), 2, "{list}");
    let refused = fleet.site.get("/t/a%20catalog/table/pg_class").await;
    assert_eq!(refused.status, 500, "{refused:?}");
    let delete = "DELETE FROM public.workspaces WHERE slug LIKE 'a %'";
    fleet.site.database.execute(delete).await;
    fleet.is_found_everywhere().await;
    fleet.site.end().await;
}

#[tokio::test]
async fn tenants_that_the_applications_query_gives_are_browsed_like_others() {
    let table = "CREATE TABLE public.organizations (slug text PRIMARY KEY, home text); \
        INSERT INTO public.organizations VALUES ('Big Bang', 'org-1'), ('zebra', 'org-2')";
    let registry = Registry::query("SELECT slug AS name, home AS schema FROM public.organizations")
        .naming(Naming::mapped().allowing(".+").unwrap());
    let names = [("Big Bang", "org-1"), ("zebra", "org-2")];
    let fleet = fleet(registry, table, &names).await;
    fleet.is_shown().await;
    fleet.is_found_everywhere().await;
    fleet.site.end().await;
}

#[tokio::test]
async fn what_is_behind_a_tenant_at_run_time_is_not_shown_as_the_tenants() {
    let naming = Naming::template("org_{name}").unwrap();
    let names = [("one", "org_one"), ("two", "org_two")];
    let fleet = fleet(Registry::default().naming(naming), "", &names).await;
    let database = &fleet.site.database;
    database
        .execute(
            "CREATE TABLE public.prices (id int PRIMARY KEY); INSERT INTO prices VALUES (7); \
             ALTER TABLE org_one.notes RENAME TO other_notes; \
             CREATE TABLE public.notes AS SELECT 1 AS id, 'of public' AS text; \
             DROP TABLE org_one.__diesel_schema_migrations",
        )
        .await;
    let tables = fleet.site.page("/t/one/tables").await;
    assert!(!tables.contains("prices"), "{tables}");
    for page in ["prices", "notes", "notes/structure", "notes/export.csv"] {
        let answer = fleet.site.get(&format!("/t/one/table/{page}")).await;
        assert_eq!(answer.status, 404, "{answer:?}");
    }
    let migrations = fleet.site.page("/t/one/migrations").await;
    assert!(
        migrations.contains("No migration is recorded"),
        "{migrations}"
    );
    let compared = fleet.site.page("/across/compare?one=one&other=two").await;
    assert!(compared.contains("no such table"), "{compared}");
    // What somebody types runs as the application's queries do, and the page says so.
    for page in ["/t/one/sql", "/across"] {
        let page = fleet.site.page(page).await;
        assert!(
            page.contains("is looked up in <strong>public</strong>"),
            "{page}"
        );
    }
    fleet.site.end().await;
}
