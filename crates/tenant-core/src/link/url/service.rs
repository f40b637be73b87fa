//! The file of services: names for sets of options.
//!
//! Source: PostgreSQL manual, "The Connection Service File" of libpq.

use std::path::{Path, PathBuf};

use super::parameters::{Names, Origin, Parameters};

/// Adds the parameters of the service `name` that are not set yet. It is looked for in `files`,
/// one after the other. A file that does not exist has no services.
///
/// # Errors
///
/// No file has the service, or one cannot be read. What is in it is not shown.
pub(super) fn add(
    parameters: &mut Parameters,
    name: &str,
    files: &[PathBuf],
) -> Result<(), String> {
    for file in files {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                return Err(format!(
                    "could not read the service file {}: {error}",
                    file.display()
                ));
            }
        };
        if let Some(found) = section(&text, name, file)? {
            for (key, value) in found.all() {
                if !parameters.has(key) {
                    parameters.put(key, value.to_owned(), Origin::Service);
                }
            }
            if let (None, Some(password)) = (parameters.password(), found.password()) {
                parameters.set_password(password.to_vec());
            }
            return Ok(());
        }
    }
    let shown = files.iter().map(|file| file.display().to_string());
    Err(match shown.collect::<Vec<_>>().join(" or ") {
        none if none.is_empty() => "it names a service, but no service file is known (set \
                                    `servicefile` or PGSERVICEFILE)"
            .to_owned(),
        files => format!("the service that it names is not in {files}"),
    })
}

/// What the file says of the service, if it has it.
fn section(text: &str, name: &str, file: &Path) -> Result<Option<Parameters>, String> {
    let mut found: Option<Parameters> = None;
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let header = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'));
        match (header, &mut found) {
            (Some(_), Some(_)) => break,
            (Some(header), None) if header == name => found = Some(Parameters::default()),
            (_, None) => {}
            (None, Some(parameters)) => read_line(line, parameters)
                .map_err(|reason| format!("{}, line {}: {reason}", file.display(), at + 1))?,
        }
    }
    Ok(found)
}

fn read_line(line: &str, parameters: &mut Parameters) -> Result<(), String> {
    if line.starts_with("ldap://") {
        return Err("services in a directory (ldap) are not supported".to_owned());
    }
    let (key, value) = line
        .split_once('=')
        .ok_or("it is not of the form key=value")?;
    let key = key.trim_end();
    if key == "service" || key == "servicefile" {
        return Err(format!("a service cannot have `{key}`"));
    }
    let value = value.trim_start().to_owned();
    parameters.add(key, value, Origin::Service, Names::Shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, given: &str) -> Result<Parameters, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut parameters = super::super::pairs::read(given).unwrap();
        let missing = PathBuf::from("/nowhere/pg_service.conf");
        add(&mut parameters, "shop", &[missing, file.path().to_owned()])?;
        Ok(parameters)
    }

    #[test]
    fn a_service_adds_what_is_not_given() {
        let text = "# ours\r\n[other]\nhost=x\n[shop]\nhost=db.test\r\nport = 6432\npassword=a=b\n\n[more]\nuser=x\n";
        let parameters = of(text, "port=1").unwrap();
        assert_eq!(parameters.get("host"), Some("db.test"));
        assert_eq!(parameters.get("port"), Some("1"));
        assert_eq!(parameters.get("user"), None);
        assert_eq!(parameters.password(), Some(&b"a=b"[..]));
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_by_its_number() {
        for (text, expected) in [
            (
                "[shop]\n\ns3cret\n",
                "line 3: it is not of the form key=value",
            ),
            (
                "[shop]\nservice=a\n",
                "line 2: a service cannot have `service`",
            ),
            (
                "[shop]\npgbouncer=true\n",
                "line 2: `pgbouncer` is an option of Prisma",
            ),
        ] {
            let error = of(text, "").err().unwrap();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
        let error = of("[other]\n", "").err().unwrap();
        assert!(
            error.starts_with("the service that it names is not in /nowhere/pg_service.conf or "),
            "{error}"
        );
    }
}
