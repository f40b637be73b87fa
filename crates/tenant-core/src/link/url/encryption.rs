//! The parameters for TLS.

use std::path::PathBuf;

use super::invalid;
use super::parameters::Parameters;
use crate::ConnectError;
use crate::link::tls::{CertificateMode, Newest, Oldest, Roots, SslMode, TlsOptions};

/// Whether to encrypt, and how.
///
/// # Errors
///
/// A value that means nothing, or two that contradict each other.
pub(super) fn of(parameters: &Parameters) -> Result<(SslMode, TlsOptions), ConnectError> {
    if parameters.get("sslmode") == Some("no-verify") {
        return Err(invalid(
            "`sslmode=no-verify` is node-postgres'; write `sslmode=require`",
        ));
    }
    let roots = match parameters.get("sslrootcert") {
        None => Roots::Default,
        Some("system") => Roots::System,
        Some(file) => Roots::File(PathBuf::from(file)),
    };
    let given = parameters.one_of("sslmode", &SslMode::NAMES)?;
    if roots == Roots::System && given.is_some_and(|mode| mode != SslMode::VerifyFull) {
        return Err(invalid(
            "its sslrootcert=system needs sslmode=verify-full: anyone can get a certificate for \
             some name from a public authority",
        ));
    }
    let mode = given.unwrap_or(match roots {
        Roots::System => SslMode::VerifyFull,
        _ => SslMode::Prefer,
    });
    let file = |key| parameters.get(key).map(PathBuf::from);
    let versions = ["TLSv1", "TLSv1.1", "TLSv1.2"].map(|name| (name, Oldest::Tls12));
    let [tls1, tls11, tls12] = versions;
    let oldest = [tls1, tls11, tls12, ("TLSv1.3", Oldest::Tls13)];
    let newest = [("TLSv1.2", Newest::Tls12), ("TLSv1.3", Newest::Tls13)];
    let certificate = [
        ("allow", CertificateMode::Allow),
        ("disable", CertificateMode::Disable),
    ];
    let tls = TlsOptions {
        roots,
        certificate: file("sslcert"),
        key: file("sslkey"),
        certificate_mode: parameters
            .one_of("sslcertmode", &certificate)?
            .unwrap_or_default(),
        tells_host: parameters
            .one_of("sslsni", &[("1", true), ("0", false)])?
            .unwrap_or(true),
        oldest: parameters
            .one_of("ssl_min_protocol_version", &oldest)?
            .unwrap_or_default(),
        newest: parameters
            .one_of("ssl_max_protocol_version", &newest)?
            .unwrap_or_default(),
    };
    Ok((mode, tls))
}
