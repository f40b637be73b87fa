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
//!
//! Where the certificate is not looked at, one of X.509 version 1 will do, as for
//! libpq; where it is verified, it has to be of version 3.

mod key;

use std::path::Path;
use std::str::FromStr;
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
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme,
};
use thiserror::Error as ThisError;

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
    let web_pki = || web_pki(root_certificate, &provider);
    let check = match (mode, root_certificate) {
        (SslMode::Disable | SslMode::Prefer, _) | (SslMode::Require, None) => Check::Nothing,
        (SslMode::Require | SslMode::VerifyCa, _) => Check::Authority(web_pki()?),
        (SslMode::VerifyFull, _) => Check::AuthorityAndHost(web_pki()?),
    };
    let verifier = Arc::new(Verifier {
        check,
        provider: Arc::clone(&provider),
    });
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(|error| trust_problem(error.to_string()))?;
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
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
    "the server's certificate is of X.509 version 1, which cannot be verified: give the server one \
     of version 3, as a certificate authority makes it, or do without verification (sslmode=require \
     without sslrootcert)"
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
