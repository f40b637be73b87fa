//! What all pages have around them: where one is, where one can go.

use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::data::Relation;
use crate::shown_schema::ShownSchema;
use crate::studio::Studio;
use crate::url;
use crate::words::broken;

/// The colours that the stylesheet has for tenants: `hue-0` and so on.
const HUES: u32 = 24;

/// The navigation's entries under a place. A page is named here once it exists.
const ENTRIES: &[(Tab, &str, &str)] = &[
    (Tab::Tables, "tables", "Tables"),
    (Tab::Diagram, "diagram", "Diagram"),
    (Tab::Migrations, "migrations", "Migrations"),
    (Tab::Sql, "sql", "SQL"),
];

/// The navigation's entries about all tenants.
const ENTRIES_OF_ALL: &[(Tab, &str, &str)] = &[
    (Tab::Tenants, "tenants", "Tenants"),
    (Tab::AllMigrations, "migrations", "All migrations"),
    (Tab::Health, "health", "Health"),
    (Tab::Across, "across", "Across tenants"),
];

/// Which entry of the navigation a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    Tenants,
    Tables,
    Diagram,
    Migrations,
    AllMigrations,
    Health,
    Sql,
    Across,
}

/// A page in the making.
pub(crate) struct Page<'a> {
    pub(crate) studio: &'a Studio,
    /// None for pages about all tenants.
    pub(crate) place: Option<&'a ShownSchema>,
    pub(crate) uri: &'a Uri,
    pub(crate) tab: Tab,
    pub(crate) title: String,
    /// The tables to show at the side, and the one that is open.
    pub(crate) side: Option<(&'a [Relation], Option<&'a str>)>,
}

impl Page<'_> {
    /// The whole document.
    pub(crate) fn show(&self, body: &Markup) -> Markup {
        let edition = Some(self.studio.edition());
        let content = html! {
            a.skip href=(format!("{}#main", url::relative(self.uri))) { "Skip to the content" }
            header.top.(hue(self.place)) {
                (self.banner())
                (self.navigation())
            }
            div.columns.wide[self.side.is_some()] {
                @if let (Some((tables, open)), Some(place)) = (self.side, self.place) {
                    (side(place, tables, open))
                }
                main #main tabindex="-1" { (body) }
            }
            (keys())
        };
        let around = Around {
            base: Some(url::base(self.uri)),
            edition,
        };
        document(&self.full_title(), &around, &content)
    }

    /// The same as an answer.
    pub(crate) fn answer(&self, body: &Markup) -> Response {
        self.show(body).into_response()
    }

    fn full_title(&self) -> String {
        match self.place {
            None => format!("{} · Studio", self.title),
            Some(place) => format!("{} · {} · Studio", place.label(), self.title),
        }
    }

    /// Says where one is, in the largest letters of the page.
    fn banner(&self) -> Markup {
        let from = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let switch = url::with("switch", [("from", from.to_owned())]);
        html! {
            div.where {
                @match self.place {
                    None => { p.kind { "Studio" } p.name { "All tenants" } }
                    Some(ShownSchema::Public) => { p.kind { "Schema" } p.name { "public" } }
                    Some(ShownSchema::Tenant(name)) => {
                        p.kind { "Tenant" } p.name { (name.as_str()) }
                    }
                }
            }
            div.tools {
                @if self.studio.options().write {
                    span.badge.writes title="Rows can be changed" { "writing is on" }
                } @else {
                    span.badge title="Nothing can be changed" { "read-only" }
                }
                a.button.switch href=(switch) data-switch aria-keyshortcuts="Control+K Meta+K" {
                    "Switch tenant" kbd { "Ctrl K" }
                }
                button.button.theme type="button" data-theme-switch hidden
                    aria-label="Switch between light and dark" title="Light or dark" { "◐" }
            }
        }
    }

    fn navigation(&self) -> Markup {
        html! {
            nav.tabs aria-label="Pages" {
                @if let Some(place) = self.place {
                    @for (tab, page, name) in ENTRIES {
                        (self.entry(*tab, &place.at(page), name))
                    }
                    span.gap {}
                }
                @for (tab, path, name) in ENTRIES_OF_ALL { (self.entry(*tab, path, name)) }
                @if self.place != Some(&ShownSchema::Public) { a href="public/tables" { "Public" } }
            }
        }
    }

    fn entry(&self, tab: Tab, path: &str, name: &str) -> Markup {
        let current = (tab == self.tab).then_some("page");
        html! { a href=(path) aria-current=[current] { (name) } }
    }
}

/// The keys that the script knows.
fn keys() -> Markup {
    let keys = [
        ("Ctrl K", "switch tenant"),
        ("/", "filter"),
        ("j k", "rows"),
        ("n p", "pages"),
    ];
    html! {
        footer.keys aria-label="Keys" {
            @for (key, action) in keys { span { kbd { (key) } " " (action) } }
        }
    }
}

/// The tables of a schema, for getting from one to the next.
fn side(place: &ShownSchema, tables: &[Relation], open: Option<&str>) -> Markup {
    html! {
        details.side open {
            summary { "Tables " span.count { (tables.len()) } }
            input type="search" data-filter="#tables li" placeholder="Filter ( / )"
                aria-label="Filter the tables" aria-keyshortcuts="/" hidden;
            ul #tables {
                @for table in tables {
                    li {
                        a href=(place.rows(&table.name)) title=(format!("{} ({})", table.name, table.kind.name()))
                            aria-current=[(open == Some(&table.name)).then_some("page")] {
                            span.(table.kind.class()) aria-hidden="true" {}
                            (broken(&table.name))
                        }
                    }
                }
            }
        }
    }
}

/// A page without anything around it, at the address `uri` of a session.
pub(crate) fn bare(title: &str, uri: &Uri, body: &Markup) -> Markup {
    let around = Around {
        base: Some(url::base(uri)),
        edition: None,
    };
    document(title, &around, &html! { main.bare { (body) } })
}

/// A page for those who are not let in.
pub(crate) fn outside(title: &str, body: &Markup) -> Markup {
    let around = Around {
        base: None,
        edition: None,
    };
    document(title, &around, &html! { main.bare { (body) } })
}

/// What a document has to know of its surroundings.
struct Around<'a> {
    /// Where addresses begin: see [`url::base`].
    base: Option<String>,
    edition: Option<&'a str>,
}

fn document(title: &str, around: &Around<'_>, content: &Markup) -> Markup {
    let asset = |name: &str| {
        let edition = around.edition.map(|edition| ("v", edition.to_owned()));
        url::with(&format!("/assets/{name}"), edition)
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                @if let Some(base) = &around.base { base href=(base); }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                script src=(asset("theme.js")) {}
                link rel="icon" href=(asset("icon.svg"));
                link rel="stylesheet" href=(asset("studio.css"));
                script type="module" src=(asset("studio.js")) {}
            }
            body { (content) }
        }
    }
}

/// The class for the color of a place: a tenant's color is always the same.
fn hue(place: Option<&ShownSchema>) -> String {
    match place {
        None => "hue-none".to_owned(),
        Some(ShownSchema::Public) => "hue-public".to_owned(),
        Some(ShownSchema::Tenant(name)) => {
            // FNV-1a, so that names that differ in one letter differ in colour.
            let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(16_777_619);
            let hash = name.as_str().bytes().fold(2_166_136_261, mix);
            format!("hue-{}", (hash >> 8) % HUES)
        }
    }
}
