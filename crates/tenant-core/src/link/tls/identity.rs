//! The certificate that we show to a server, and its key.
//!
//! Source: PostgreSQL manual, "Client Certificates" of libpq.

use std::path::Path;

use rustls::Error;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{CertificateMode, SslMode, TlsOptions};
use crate::ConnectError;

/// Who we are.
pub(super) struct Identity {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

/// Reads both, if there is something to show them to.
///
/// # Errors
///
/// One of the files cannot be read, is missing, or can be read by others.
pub(super) fn of(mode: SslMode, options: &TlsOptions) -> Result<Option<Identity>, ConnectError> {
    let is_wanted = mode != SslMode::Disable && options.certificate_mode == CertificateMode::Allow;
    let (certificate, key) = match (&options.certificate, &options.key) {
        _ if !is_wanted => return Ok(None),
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        (Some(_), None) => return Err(problem("sslcert needs sslkey, the file of its key")),
        (None, Some(_)) => {
            return Err(problem("sslkey needs sslcert, the file of its certificate"));
        }
    };
    let certificates = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable("sslcert", certificate, error))?;
    if certificates.is_empty() {
        let reason = "it holds no certificate in PEM form";
        return Err(unreadable("sslcert", certificate, reason));
    }
    if let Some(reason) = too_open(key) {
        return Err(unreadable("sslkey", key, reason));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| {
        let reason = format!("{error} (it must be a PEM file without a passphrase)");
        unreadable("sslkey", key, reason)
    })?;
    Ok(Some(Identity { certificates, key }))
}

/// What rustls does not take.
pub(super) fn unfit(options: &TlsOptions, error: &Error) -> ConnectError {
    let file = options.certificate.as_deref().unwrap_or(Path::new(""));
    unreadable("sslcert", file, format!("with its sslkey: {error}"))
}

fn unreadable(option: &str, file: &Path, reason: impl std::fmt::Display) -> ConnectError {
    problem(format!(
        "could not use {option} {}: {reason}",
        file.display()
    ))
}

fn problem(reason: impl Into<String>) -> ConnectError {
    ConnectError::Identity {
        reason: reason.into(),
    }
}

/// Why a key is not secret, if it is not: the rules of libpq.
#[cfg(unix)]
fn too_open(file: &Path) -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt as _;

    let metadata = std::fs::metadata(file).ok()?;
    // The administrator may let a group read it.
    let forbidden = match metadata.uid() {
        0 => 0o037,
        _ => 0o077,
    };
    (metadata.mode() & forbidden != 0)
        .then_some("others can read it; its permissions must be 0600 or less (chmod 0600)")
}

#[cfg(not(unix))]
fn too_open(_: &Path) -> Option<&'static str> {
    None
}
