//! Which test programs Cargo would run, and how.
//!
//! Cargo calls its runner once for each program, with the folder, the arguments and
//! the environment that the program is to have. Ours writes that to a file.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs, io,
    os::unix::{
        ffi::{OsStrExt as _, OsStringExt as _},
        fs::DirBuilderExt as _,
    },
    path::{Path, PathBuf},
    process::Command,
};

use super::temporary_folder;
use crate::failure::Failure;

/// The word that makes `xtask` the runner. No alias contains a dot.
pub(crate) const WORD: &str = "test.record";

/// A folder that calls are written to, gone with the value.
pub(super) struct Recording(PathBuf);

impl Recording {
    pub(super) fn new() -> io::Result<Self> {
        let folder = temporary_folder()?;
        // What a killed run has left under this number is not to be run.
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        // The environment is written there, whatever is in it.
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }

    /// The setting that makes this program Cargo's runner for tests.
    pub(super) fn runner(&self) -> Result<String, Failure> {
        let this = std::env::current_exe();
        let this = this.map_err(|error| {
            Failure::Failed(format!(
                "error: could not find this program's file: {error}"
            ))
        })?;
        let words = [this.as_os_str(), OsStr::new(WORD), self.0.as_os_str()];
        let words = words.map(|word| toml_string(&word.to_string_lossy()));
        Ok(format!(
            "target.'cfg(all())'.runner = [{}]",
            words.join(", ")
        ))
    }

    /// What was written, in no order that means anything.
    pub(super) fn calls(&self) -> io::Result<Vec<Call>> {
        let mut calls = Vec::new();
        for file in fs::read_dir(&self.0)? {
            let text = fs::read(file?.path())?;
            calls.push(Call::read(&text).ok_or(io::ErrorKind::InvalidData)?);
        }
        calls.sort_by_key(Call::name);
        Ok(calls)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A basic string of TOML.
fn toml_string(text: &str) -> String {
    let escaped = text.replace('\\', r"\\").replace('"', r#"\""#);
    ["\"", &escaped, "\""].concat()
}

/// Is Cargo's runner: writes the call to the folder that is the first of `arguments`,
/// which the program and its own arguments follow.
///
/// # Errors
///
/// Arguments that Cargo would not give, or a folder that cannot be written to.
pub(crate) fn record(arguments: Vec<OsString>) -> Result<(), Failure> {
    let mut arguments = arguments.into_iter();
    let (Some(folder), Some(program)) = (arguments.next(), arguments.next()) else {
        return Err(Failure::Usage(format!(
            "error: only Cargo calls {WORD}\n\
             hint: Run the tests.\n\
             \x20     cargo xtask test"
        )));
    };
    let written = std::env::current_dir().and_then(|current| {
        let call = Call {
            folder: current.into_os_string(),
            program,
            arguments: arguments.collect(),
            environment: std::env::vars_os().collect(),
        };
        let file = Path::new(&folder).join(std::process::id().to_string());
        fs::write(file, call.written())
    });
    written.map_err(|error| Failure::Failed(format!("error: could not record a test: {error}")))
}

/// A program that Cargo would run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Call {
    folder: OsString,
    program: OsString,
    arguments: Vec<OsString>,
    environment: BTreeMap<OsString, OsString>,
}

impl Call {
    /// The package and the program, as people say it: `tenant-core it`.
    pub(super) fn name(&self) -> String {
        let package = self.environment.get(OsStr::new("CARGO_PKG_NAME"));
        let package = package.map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let file = Path::new(&self.program).file_name().unwrap_or_default();
        let file = file.to_string_lossy();
        // Cargo puts a hash behind the name.
        let program = file.rsplit_once('-').map_or(&*file, |(name, _)| name);
        format!("{package} {program}")
    }

    pub(super) fn into_command(self) -> Command {
        let mut command = Command::new(self.program);
        command.args(self.arguments);
        command.current_dir(self.folder);
        command.env_clear().envs(self.environment);
        command
    }

    /// Fields that end in a zero byte, which none of them can contain.
    fn written(&self) -> Vec<u8> {
        let number = OsString::from(self.arguments.len().to_string());
        let mut fields = vec![&*self.folder, &*self.program, &*number];
        fields.extend(self.arguments.iter().map(OsString::as_os_str));
        for (name, value) in &self.environment {
            fields.extend([name.as_os_str(), value.as_os_str()]);
        }
        let with_ends = fields.iter().flat_map(|field| [field.as_bytes(), b"\0"]);
        with_ends.collect::<Vec<_>>().concat()
    }

    fn read(text: &[u8]) -> Option<Self> {
        let text = text.strip_suffix(b"\0")?;
        let mut fields = text
            .split(|byte| *byte == 0)
            .map(|field| OsString::from_vec(field.to_vec()));
        let (folder, program) = (fields.next()?, fields.next()?);
        let number = fields.next()?.to_str()?.parse::<usize>().ok()?;
        let arguments: Vec<OsString> = fields.by_ref().take(number).collect();
        let mut environment = BTreeMap::new();
        while let Some(name) = fields.next() {
            environment.insert(name, fields.next()?);
        }
        Some(Self {
            folder,
            program,
            arguments,
            environment,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(arguments: &[&str], environment: &[(&str, &str)]) -> Call {
        Call {
            folder: "/a folder".into(),
            program: "/target/debug/deps/tenant_core-0123abc".into(),
            arguments: arguments.iter().map(OsString::from).collect(),
            environment: environment
                .iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (arguments, environment) in [
            (&[][..], &[][..]),
            (&["--nocapture", ""], &[("EMPTY", ""), ("LINES", "a\nb=c")]),
        ] {
            let call = call(arguments, environment);
            assert_eq!(Call::read(&call.written()).unwrap(), call);
        }
        assert_eq!(Call::read(b""), None);
        assert_eq!(Call::read(b"/folder\0program\0many\0"), None);
    }

    #[test]
    fn a_program_is_called_by_its_package_and_its_name() {
        let call = call(&[], &[("CARGO_PKG_NAME", "tenant-core")]);
        assert_eq!(call.name(), "tenant-core tenant_core");
    }

    #[test]
    fn a_path_with_quotes_stays_one_string() {
        assert_eq!(toml_string(r#"/a "b"\c"#), r#""/a \"b\"\\c""#);
    }
}
