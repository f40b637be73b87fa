//! TLS by rustls, with libpq's meaning of `sslmode`.
//!
//! | mode | encrypted | certificate |
//! | --- | --- | --- |
//! | `disable` | never | |
//! | `prefer` (default) | when the server can | not looked at |
//! | `require` | always | not looked at, unless `sslrootcert` is given: then as `verify-ca` |
//! | `verify-ca` | always | signed by a trusted authority |
//! | `verify-full` | always | and made out to the host of the URL |
//!
//! Trusted are the authorities in the `sslrootcert` file (PEM), otherwise the
//! system's. The rules are those of the PostgreSQL manual, "SSL Support" of
//! libpq, except that without `sslrootcert` libpq reads a file in the home
//! folder.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::ConnectError;

/// The values of `sslmode`, from the least to the most demanding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SslMode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl FromStr for SslMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "disable" => Ok(Self::Disable),
            "prefer" => Ok(Self::Prefer),
            "require" => Ok(Self::Require),
            "verify-ca" => Ok(Self::VerifyCa),
            "verify-full" => Ok(Self::VerifyFull),
            // Not shown: it can be a part of a password that was not encoded.
            _ => Err(
                "its sslmode must be one of disable, prefer, require, verify-ca, verify-full"
                    .to_owned(),
            ),
        }
    }
}

/// What rustls is to do for `mode`, with the authorities in the file
/// `root_certificate` or else the system's.
pub(super) fn client_config(
    mode: SslMode,
    root_certificate: Option<&Path>,
) -> Result<ClientConfig, ConnectError> {
    let provider = Arc::new(ring::default_provider());
    let check = match (mode, root_certificate) {
        (SslMode::Disable | SslMode::Prefer, _) | (SslMode::Require, None) => Check::Nothing,
        (SslMode::Require | SslMode::VerifyCa, _) => Check::Authority,
        (SslMode::VerifyFull, _) => Check::AuthorityAndHost,
    };
    let lenient = |authority| Lenient {
        authority,
        provider: Arc::clone(&provider),
    };
    let verifier: Arc<dyn ServerCertVerifier> = match check {
        Check::Nothing => Arc::new(lenient(None)),
        Check::Authority => Arc::new(lenient(Some(web_pki(root_certificate, &provider)?))),
        Check::AuthorityAndHost => web_pki(root_certificate, &provider)?,
    };
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(|error| trust_problem(error.to_string()))?;
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

/// What is looked at in the server's certificate.
#[derive(Clone, Copy)]
enum Check {
    Nothing,
    Authority,
    AuthorityAndHost,
}

fn trust_problem(reason: String) -> ConnectError {
    ConnectError::Trust { reason }
}

fn web_pki(
    root_certificate: Option<&Path>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, ConnectError> {
    let roots = match root_certificate {
        Some(file) => roots_from_file(file)?,
        None => roots_of_system()?,
    };
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| trust_problem(error.to_string()))
}

fn roots_from_file(file: &Path) -> Result<RootCertStore, ConnectError> {
    let unreadable = |reason: String| {
        trust_problem(format!(
            "sslrootcert {} cannot be used: {reason}",
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
        return Err(unreadable("it holds no certificate in PEM form".to_owned()));
    }
    Ok(roots)
}

fn roots_of_system() -> Result<RootCertStore, ConnectError> {
    let mut roots = RootCertStore::empty();
    let (added, _) =
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if added == 0 {
        return Err(trust_problem(
            "the system has no certificate authorities; name a file with `sslrootcert`".to_owned(),
        ));
    }
    Ok(roots)
}

/// Checks less than everything: the authority without the host, or nothing.
#[derive(Debug)]
struct Lenient {
    authority: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authority) = &self.authority else {
            return Ok(ServerCertVerified::assertion());
        };
        let verified = authority.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        // The chain is verified before the name is looked at, so a wrong name
        // is all that is wrong.
        match verified {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
