//! Edits of a `schema.rs`, each all the way: generated, proven, applied to
//! three tenants that hold rows, and found healthy.

mod cases;

use std::fs;
use std::path::Path;

use authoring_commands::Stream;
use command_line::database::read_folder;
use tenant_core::{Database, Migrations, Settings, Status, TenantName, Tenants};
use test_support::Finished;

use crate::support::Site;

const TENANTS: [&str; 3] = ["acme", "globex", "initech"];

/// An edit, and what it has to come to.
struct Edit {
    /// Texts of the file and what stands there instead, one after the other.
    file: &'static [(&'static str, &'static str)],
    /// The options of the command.
    options: &'static [&'static str],
    /// What `up.sql` has to contain, in this order.
    up: &'static [&'static str],
    /// A question to each tenant afterwards, and the answer.
    rows: (&'static str, &'static str),
}

/// A project with the tables that are edited, and tenants that hold rows.
struct Edited {
    site: Site,
    tenants: Vec<TenantName>,
}

impl Edited {
    async fn new() -> Self {
        let site = Site::new().await;
        let folder = site.folder.path().join("migrations/tenant");
        fs::remove_dir_all(&folder).unwrap();
        site.migration(Stream::Tenant, "2026-01-01-000000_start", cases::START);
        let schema = "crates/schema-tenant/src/schema.rs";
        site.folder.file(schema, cases::SCHEMA);
        let tenants = TENANTS.map(|name| name.parse::<TenantName>().unwrap());
        let this = Self {
            site,
            tenants: tenants.to_vec(),
        };
        let running = this.running().await;
        running.migrate_public().await.unwrap();
        for tenant in &this.tenants {
            running.create(tenant).await.unwrap();
            let rows = format!("SET search_path TO {tenant}; {}", cases::ROWS);
            this.site.database.execute(&rows).await;
        }
        this
    }

    /// The tenants, with the migrations that are on the disk now.
    async fn running(&self) -> Tenants {
        let folder = self.site.folder.path().join("migrations");
        let migrations = Migrations {
            public: read_folder(&folder.join("public")).unwrap(),
            tenant: read_folder(&folder.join("tenant")).unwrap(),
        };
        let database = Database::parse(&self.site.database.url()).unwrap();
        let settings = Settings::default();
        Tenants::open(database, migrations, settings).await.unwrap()
    }

    fn edit(&self, edits: &[(&str, &str)]) {
        let mut text = cases::SCHEMA.to_owned();
        for (from, to) in edits {
            assert_eq!(
                text.matches(from).count(),
                1,
                "{from} does not stand there once"
            );
            text = text.replacen(from, to, 1);
        }
        let schema = "crates/schema-tenant/src/schema.rs";
        self.site.folder.file(schema, &text);
    }

    fn generate(&self, options: &[&str]) -> Finished {
        let command = self
            .site
            .command("generate-migration --stream tenant --json");
        let words = options.iter().flat_map(|option| {
            let (name, value) = option.split_once(' ').unwrap_or((option, ""));
            [name, value].into_iter().filter(|word| !word.is_empty())
        });
        command.args(words).run()
    }

    /// Migrates the tenants, and sees that they are as they should be.
    async fn migrate(&self, rows: (&str, &str)) {
        let running = self.running().await;
        let report = running.migrate().await.unwrap();
        assert_eq!(report.count(Status::Migrated), TENANTS.len(), "{report:?}");
        let health = running.health().await.unwrap();
        assert!(health.problems.is_empty(), "{:?}", health.problems);
        for tenant in &self.tenants {
            let (question, answer) = rows;
            let client = self.site.database.client().await;
            let path = format!("SET search_path TO {tenant}");
            client.batch_execute(&path).await.unwrap();
            let row = client.query_one(question, &[]).await;
            let row = row.unwrap_or_else(|error| panic!("{question}: {error:?}"));
            assert_eq!(row.get::<_, String>(0), answer, "{tenant}: {question}");
        }
    }
}

async fn goes_all_the_way(edit: Edit) {
    let edited = Edited::new().await;
    edited.edit(edit.file);
    let done = edited.generate(edit.options).succeeds();
    let document = done.json();
    let written = &document["streams"][0];
    assert_eq!(written["changed"], true, "{document}");
    assert!(written["rows"].as_u64().unwrap() > 0, "{document}");
    let path = edited
        .site
        .folder
        .path()
        .join(written["path"].as_str().unwrap());
    let up = fs::read_to_string(path.join("up.sql")).unwrap();
    has_in_order(&up, edit.up);
    assert!(
        !fs::read_to_string(path.join("down.sql"))
            .unwrap()
            .is_empty()
    );
    edited.migrate(edit.rows).await;
    let again = edited.generate(&[]).succeeds();
    assert_eq!(again.json()["streams"][0]["changed"], false, "{up}");
    let linted = edited.site.run("lint-migrations --stream tenant").stdout;
    let name = Path::new(&path)
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    assert!(!linted.contains(&format!("{name}/up.sql")), "{linted}");
}

fn has_in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let at = rest.find(part);
        let at = at.unwrap_or_else(|| panic!("{part:?} is missing, or too early, in\n{text}"));
        rest = &rest[at + part.len()..];
    }
}
