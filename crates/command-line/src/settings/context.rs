//! What of the settings is in force for a command: the options, the environment, the
//! file.

use anyhow::anyhow;
use tenant_core::ExtensionsSchema;
use tenant_settings::object_name;

use super::{DatabaseUrl, Mistake, Origin, ProjectSettings, origin};
use crate::mistakes::Mistakes;
use crate::{Context, Environment, Hint, Message, Output, Place, project, url};

impl Context {
    /// The project's folder.
    ///
    /// # Errors
    ///
    /// [`NoProject`](project::NoProject) if there is none.
    pub fn project_folder(&self) -> anyhow::Result<std::path::PathBuf> {
        project::folder(self.settings())
    }

    /// Whether nothing may be downloaded.
    #[must_use]
    pub fn no_download(&self) -> bool {
        self.common().no_download || forbids_download(self.settings())
    }

    /// The schema for extensions, if one is configured.
    #[must_use]
    pub fn extensions(&self) -> Option<ExtensionsSchema> {
        let (name, _) = self.extensions_schema()?;
        Some(ExtensionsSchema::new(name))
    }

    pub(super) fn extensions_schema(&self) -> Option<(&str, Origin)> {
        let option = self.common().extensions_schema.as_deref();
        let variable = self.environment().extensions_schema.as_deref();
        let path = &self.settings().written().path;
        let file = path.extensions_schema.as_ref();
        self.option(option, "--extensions-schema")
            .or_else(|| self.variable(variable, "TENANT_EXTENSIONS_SCHEMA"))
            .or_else(|| file.map(|file| (file.value.as_str(), self.in_file(file.line))))
    }

    /// What of that schema tenant migrations may change.
    #[must_use]
    pub fn shared_objects(&self) -> Vec<String> {
        let (names, _) = self.named_objects();
        names.iter().map(|name| object_name(name)).collect()
    }

    pub(super) fn named_objects(&self) -> (&[String], Origin) {
        fn some(names: &[String]) -> Option<&[String]> {
            Some(names).filter(|names| !names.is_empty())
        }
        let option = some(&self.common().shared_objects);
        let variable = some(&self.environment().shared_objects);
        let path = &self.settings().written().path;
        let file = path.shared_objects.as_ref();
        self.option(option, "--shared-object")
            .or_else(|| self.variable(variable, "TENANT_SHARED_OBJECTS"))
            .or_else(|| file.map(|file| (file.value.as_slice(), self.in_file(file.line))))
            .unwrap_or((&[], Origin::Default))
    }

    /// The role that the application logs in as: `option`, else what is configured.
    #[must_use]
    pub fn application_role(&self, option: Option<String>) -> Option<String> {
        let (role, _) = self.role(option.as_deref())?;
        Some(role.to_owned())
    }

    pub(super) fn role<'a>(&'a self, option: Option<&'a str>) -> Option<(&'a str, Origin)> {
        let variable = self.environment().app_role.as_deref();
        let file = self.settings().written().application_role.as_ref();
        self.option(option, "--app-role")
            .or_else(|| self.variable(variable, "TENANT_APP_ROLE"))
            .or_else(|| file.map(|file| (file.value.as_str(), self.in_file(file.line))))
    }

    pub(super) fn option<T>(&self, value: Option<T>, name: &'static str) -> Option<(T, Origin)> {
        value.map(|value| (value, Origin::Option(name)))
    }

    pub(super) fn variable<T>(&self, value: Option<T>, name: &str) -> Option<(T, Origin)> {
        value.map(|value| (value, Environment::origin(name)))
    }

    pub(super) fn in_file(&self, line: usize) -> Origin {
        origin(self.settings(), line)
    }
}

/// Whether the file forbids downloads.
pub(crate) fn forbids_download(settings: &ProjectSettings) -> bool {
    let forbidden = settings.written().defaults.no_download.as_ref();
    forbidden.is_some_and(|forbidden| forbidden.value)
}

/// The URL of the database, if the file has one or names the variable that has it.
///
/// # Errors
///
/// A wrong use if that variable is not set: another database would be the wrong one.
pub(crate) fn database_url(
    settings: &ProjectSettings,
    output: Output,
) -> anyhow::Result<Option<String>> {
    let Some(placed) = &settings.written().database_url else {
        return Ok(None);
    };
    match &placed.value {
        DatabaseUrl::Text(text) => {
            if has_password(text) {
                output.say(&password_in_file(&settings.mistake(placed.line, PASSWORD)));
            }
            Ok(Some(text.clone()))
        }
        DatabaseUrl::Variable(name) => match Environment::variable(name)? {
            Some(url) => Ok(Some(url)),
            None => {
                let what = format!("`database_url` names the variable {name}, which is not set");
                Err(anyhow!(Mistakes::from(settings.mistake(placed.line, what))))
            }
        },
    }
}

/// Whether the URL contains more than can be shown.
pub(super) fn has_password(text: &str) -> bool {
    url::without_password(text).is_some_and(|shown| shown != text)
}

/// What is wrong with a URL that has one.
const PASSWORD: &str = "`database_url` contains a password";

fn password_in_file(mistake: &Mistake) -> Message {
    let warning = Message::warning(&mistake.message).at(Place::of(mistake));
    let hint = "Set DATABASE_URL in the environment or in .env, and delete the key.";
    warning.hints([Hint::new(hint)])
}
