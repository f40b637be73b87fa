//! TLS by rustls, with libpq's meaning of `sslmode`.
//!
//! | mode | encrypted | certificate |
//! | --- | --- | --- |
//! | `disable` | never | |
//! | `allow` | when the server refuses a login that is not encrypted | not looked at |
//! | `prefer` (default) | when the server can, and takes the login so | not looked at |
//! | `require` | always | not looked at, unless `sslrootcert` is given: then as `verify-ca` |
//! | `verify-ca` | always | signed by a trusted authority |
//! | `verify-full` | always | and made out to the host of the URL |
//!
//! The authorities in the `sslrootcert` file (PEM) are trusted, otherwise the authorities of the
//! system. `sslrootcert=system` selects the system's authorities, and requires `verify-full`. The
//! rules follow the PostgreSQL manual, "SSL Support" of libpq, with one exception. If
//! `sslrootcert` is missing, libpq reads a file in the home folder; here `LibpqDefaults` does so.
//! Nothing is encrypted over a socket.
//!
//! Where the certificate is not looked at, one of X.509 version 1 will do, as for
//! libpq; where it is verified, it has to be of version 3.

mod identity;
mod key;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ALL_VERSIONS, CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError,
    RootCertStore, SignatureScheme, SupportedProtocolVersion, version,
};
use thiserror::Error as ThisError;

use super::ConnectError;

/// The values of `sslmode`, from the least to the most demanding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl SslMode {
    pub(super) const NAMES: [(&'static str, Self); 6] = [
        ("disable", Self::Disable),
        ("allow", Self::Allow),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];

    /// Whether nothing goes without encryption.
    pub(super) fn is_demanded(self) -> bool {
        matches!(self, Self::Require | Self::VerifyCa | Self::VerifyFull)
    }
}

/// The authorities that are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Roots {
    /// The authorities of the system, if anything is verified.
    Default,
    /// The same, because the URL says so.
    System,
    /// Those in a PEM file.
    File(PathBuf),
}

/// Whether a certificate of ours is shown to a server that asks for one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum CertificateMode {
    #[default]
    Allow,
    Disable,
}

/// The oldest version of TLS that will do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Oldest {
    #[default]
    Tls12,
    Tls13,
}

/// The newest version of TLS that is offered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Newest {
    Tls12,
    #[default]
    Tls13,
}

/// What a URL says of TLS beside the mode.
#[derive(Debug, Clone)]
pub(super) struct TlsOptions {
    pub(super) roots: Roots,
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) certificate_mode: CertificateMode,
    /// Whether the server is told which host is meant (SNI).
    pub(super) tells_host: bool,
    pub(super) oldest: Oldest,
    pub(super) newest: Newest,
}

impl TlsOptions {
    fn versions(&self) -> &'static [&'static SupportedProtocolVersion] {
        match (self.oldest, self.newest) {
            (Oldest::Tls12, Newest::Tls13) => ALL_VERSIONS,
            (Oldest::Tls12, Newest::Tls12) => &[TLS12],
            (Oldest::Tls13, Newest::Tls13) => &[TLS13],
            (Oldest::Tls13, Newest::Tls12) => &[],
        }
    }
}

const TLS12: &SupportedProtocolVersion = &version::TLS12;
const TLS13: &SupportedProtocolVersion = &version::TLS13;

/// What rustls is to do for `mode`.
pub(super) fn client_config(
    mode: SslMode,
    options: &TlsOptions,
) -> Result<ClientConfig, ConnectError> {
    let provider = Arc::new(ring::default_provider());
    let web_pki = || web_pki(&options.roots, &provider);
    let check = match (mode, &options.roots) {
        (SslMode::Disable | SslMode::Allow | SslMode::Prefer, _)
        | (SslMode::Require, Roots::Default) => Check::Nothing,
        (SslMode::Require | SslMode::VerifyCa, _) => Check::Authority(web_pki()?),
        (SslMode::VerifyFull, _) => Check::AuthorityAndHost(web_pki()?),
    };
    let verifier = Arc::new(Verifier {
        check,
        provider: Arc::clone(&provider),
    });
    let versions =
        ClientConfig::builder_with_provider(provider).with_protocol_versions(options.versions());
    let builder = versions.map_err(|error| trust_problem(error.to_string()))?;
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match identity::of(mode, options)? {
        None => builder.with_no_client_auth(),
        Some(identity) => builder
            .with_client_auth_cert(identity.certificates, identity.key)
            .map_err(|error| identity::unfit(options, &error))?,
    };
    config.enable_sni = options.tells_host;
    // What a server wants to know when TLS begins without a question.
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(config)
}

/// What is looked at in the server's certificate.
#[derive(Debug)]
enum Check {
    /// Nothing but its key, for without that there is no handshake.
    Nothing,
    /// Who signed it.
    Authority(Arc<WebPkiServerVerifier>),
    /// The same, and for whom.
    AuthorityAndHost(Arc<WebPkiServerVerifier>),
}

fn trust_problem(reason: String) -> ConnectError {
    ConnectError::Trust { reason }
}

fn web_pki(
    roots: &Roots,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, ConnectError> {
    let roots = match roots {
        Roots::File(file) => roots_from_file(file)?,
        Roots::Default | Roots::System => roots_of_system()?,
    };
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| trust_problem(error.to_string()))
}

fn roots_from_file(file: &Path) -> Result<RootCertStore, ConnectError> {
    let unreadable = |reason: String| {
        trust_problem(format!(
            "could not use sslrootcert {}: {reason}",
            file.display()
        ))
    };
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(file).map_err(|error| unreadable(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unreadable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unreadable(
            "it contains no certificate in PEM form".to_owned(),
        ));
    }
    Ok(roots)
}

fn roots_of_system() -> Result<RootCertStore, ConnectError> {
    let mut roots = RootCertStore::empty();
    let (added, _) =
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if added == 0 {
        return Err(trust_problem(
            "the system has no certificate authorities".to_owned(),
        ));
    }
    Ok(roots)
}

/// Verifies the server's certificate as far as the mode asks for it, and always that the
/// server has the private key of it.
#[derive(Debug)]
struct Verifier {
    check: Check,
    provider: Arc<CryptoProvider>,
}

/// What webpki says in a word, with what can be done about it.
#[derive(Debug, ThisError)]
#[error(
    "cannot verify the server's certificate: it has X.509 version 1 (use version 3, or \
     sslmode=require without sslrootcert to skip verification)"
)]
struct Version1;

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let authority = match &self.check {
            Check::Nothing => return Ok(ServerCertVerified::assertion()),
            Check::Authority(authority) | Check::AuthorityAndHost(authority) => authority,
        };
        if key::is_version_1(end_entity) {
            return Err(Error::Other(OtherError(Arc::new(Version1))));
        }
        let verified = authority.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        // The chain is verified before the name is looked at, so a wrong name
        // is all that is wrong.
        match (verified, &self.check) {
            (
                Err(Error::InvalidCertificate(
                    CertificateError::NotValidForName
                    | CertificateError::NotValidForNameContext { .. },
                )),
                Check::Authority(_),
            ) => Ok(ServerCertVerified::assertion()),
            (other, _) => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        if matches!(self.check, Check::Nothing) {
            key::verify_tls12(message, certificate, signed, algorithms)?;
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        if matches!(self.check, Check::Nothing) {
            let key = key::key_of(certificate)?;
            return verify_tls13_signature_with_raw_key(message, &key, signed, algorithms);
        }
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
