//! What the files of a project say about its migrations.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

use super::stream::Stream;
use super::walk::Walk;
use crate::files::read_if_there;

/// What the files of a project say. Paths are relative to its folder.
#[derive(Debug, Default)]
pub struct OnDisk {
    /// The project's folder.
    pub folder: PathBuf,
    /// The folders of the public migrations.
    pub public: Vec<String>,
    /// The folders of the tenants' migrations.
    pub tenant: Vec<String>,
    /// Folders of migrations that may be either.
    pub unclear: Vec<String>,
    /// The `schema.rs` of the public schema.
    pub public_schema: Option<String>,
    /// The `schema.rs` of the tenants.
    pub tenant_schema: Option<String>,
    /// A `schema.rs` that may be of either.
    pub unclear_schema: Option<String>,
    /// The files of Diesel's configuration.
    pub configurations: Vec<String>,
}

/// The parts of Diesel's configuration that say where things are.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Configuration {
    migrations_directory: MigrationsDirectory,
    print_schema: PrintSchema,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MigrationsDirectory {
    dir: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PrintSchema {
    file: Option<String>,
}

/// Looks at the project of the current folder: the nearest folder with Diesel's
/// configuration or with migrations, up to the root of a git repository, else the current
/// folder.
///
/// # Errors
///
/// A current folder that cannot be found.
pub fn look() -> anyhow::Result<OnDisk> {
    let here = std::env::current_dir().context("could not find the current folder")?;
    Ok(of_project(&project(&here)))
}

fn project(here: &Path) -> PathBuf {
    for folder in here.ancestors() {
        if !configurations(folder).is_empty() || folder.join("migrations").is_dir() {
            return folder.to_owned();
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    here.to_owned()
}

/// `diesel.toml`, `diesel.tenant.toml`, `diesel_tenant.toml`, and so on.
fn configurations(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let named = names.filter(|name| name.starts_with("diesel") && name.ends_with(".toml"));
    let mut named = named.collect::<Vec<_>>();
    named.sort();
    named
}

/// The same of a folder that is known to be the project's.
#[must_use]
pub fn of_project(folder: &Path) -> OnDisk {
    let mut found = OnDisk {
        folder: folder.to_owned(),
        configurations: configurations(folder),
        ..OnDisk::default()
    };
    for name in found.configurations.clone() {
        let text = read_if_there(&folder.join(&name)).ok().flatten();
        // One that cannot be read is between the user and Diesel.
        let read = text.and_then(|text| toml::from_str::<Configuration>(&text).ok());
        let configuration = read.unwrap_or_default();
        let stream = Stream::of(&name);
        let directory = configuration.migrations_directory.dir;
        if let Some(path) = directory.and_then(|path| relative(folder, &path)) {
            found.add_migrations(&path, stream);
        }
        let file = configuration.print_schema.file;
        if let Some(path) = file.and_then(|path| relative(folder, &path)) {
            found.add_schema(&path, stream);
        }
    }
    found.add_walk(&Walk::through(folder));
    found.settle();
    found
}

/// The path from the project's folder. Older programs of Diesel write absolute paths;
/// `None` for one of another machine.
fn relative(folder: &Path, path: &str) -> Option<String> {
    let inside = match Path::new(path).is_absolute() {
        true => Path::new(path).strip_prefix(folder).ok()?.to_str()?,
        false => path,
    };
    let inside = inside.trim_start_matches("./").trim_end_matches('/');
    Some(inside.to_owned())
}

impl OnDisk {
    /// Whether there are migrations.
    #[must_use]
    pub fn has_migrations(&self) -> bool {
        !(self.public.is_empty() && self.tenant.is_empty() && self.unclear.is_empty())
    }

    fn add_migrations(&mut self, path: &str, stream: Option<Stream>) {
        let known = self.public.iter().chain(&self.tenant).chain(&self.unclear);
        if known.into_iter().any(|known| known == path) {
            return;
        }
        let folders = match stream.or_else(|| Stream::of(path)) {
            Some(Stream::Public) => &mut self.public,
            Some(Stream::Tenant) => &mut self.tenant,
            None => &mut self.unclear,
        };
        folders.push(path.to_owned());
    }

    fn add_schema(&mut self, path: &str, stream: Option<Stream>) {
        let place = match stream.or_else(|| Stream::of(path)) {
            Some(Stream::Public) => &mut self.public_schema,
            Some(Stream::Tenant) => &mut self.tenant_schema,
            None => &mut self.unclear_schema,
        };
        // What Diesel's configuration says came first.
        place.get_or_insert_with(|| path.to_owned());
    }

    /// Adds what lies about, where the configuration says nothing: a workspace can have
    /// migrations of other programs.
    fn add_walk(&mut self, walk: &Walk) {
        let (has_public, has_tenant) = (!self.public.is_empty(), !self.tenant.is_empty());
        for path in &walk.migrations {
            let is_known = match Stream::of(path) {
                Some(Stream::Public) => has_public,
                Some(Stream::Tenant) => has_tenant,
                None => has_public && has_tenant,
            };
            if !is_known {
                self.add_migrations(path, None);
            }
        }
        for path in &walk.schemas {
            self.add_schema(path, None);
        }
    }

    /// Beside one folder for tenants, a single other one is the public schema's; and the
    /// other way round. The same of `schema.rs`.
    fn settle(&mut self) {
        if let [other] = self.unclear.as_slice() {
            let other = other.clone();
            match (self.public.is_empty(), self.tenant.is_empty()) {
                (true, false) => self.public.push(other),
                (false, true) => self.tenant.push(other),
                _ => return self.settle_schema(),
            }
            self.unclear.clear();
        }
        self.settle_schema();
    }

    fn settle_schema(&mut self) {
        let (public, tenant) = (&mut self.public_schema, &mut self.tenant_schema);
        let place = match (public.is_some(), tenant.is_some()) {
            (false, true) => public,
            (true, false) => tenant,
            _ => return,
        };
        *place = self.unclear_schema.take();
    }
}
