//! The public key in a certificate, read without judging the certificate.
//!
//! rustls passes a certificate to webpki, which accepts version 3 of X.509 only. Programs that
//! create a certificate for themselves often create version 1. Citus does so for every server.
//! Where no part of the certificate is verified, its version does not matter. Only its key is
//! needed: the other end must prove that it has the private key.
//!
//! Only the way to the key is walked (RFC 5280, 4.1), and each step checks its tag and
//! its length.

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved};

/// Tags of DER.
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;
/// `[0]`, in which a certificate of another version than the first says so.
const VERSION: u8 = 0xA0;

/// Serial number, algorithm, issuer, validity and subject.
const BEFORE_THE_KEY: usize = 5;

/// One element of DER.
#[derive(Clone, Copy)]
struct Element<'a> {
    tag: u8,
    /// With its tag and length.
    whole: &'a [u8],
    content: &'a [u8],
}

/// The first element of `bytes`, and what follows it.
fn first(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&short, rest) = rest.split_first()?;
    let (length, rest) = if short < 0x80 {
        (usize::from(short), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(short & 0x7F))?;
        // No certificate comes near 2^32 bytes.
        if digits.is_empty() || digits.len() > 4 {
            return None;
        }
        let length = digits.iter().try_fold(0_usize, |length, digit| {
            length.checked_mul(256)?.checked_add(usize::from(*digit))
        });
        (length?, rest)
    };
    let (content, after) = rest.split_at_checked(length)?;
    let whole = bytes.get(..bytes.len() - after.len())?;
    let element = Element {
        tag,
        whole,
        content,
    };
    Some((element, after))
}

/// The content of the sequence that `bytes` begin with.
fn sequence(bytes: &[u8]) -> Option<&[u8]> {
    let (element, _) = first(bytes)?;
    (element.tag == SEQUENCE).then_some(element.content)
}

/// What the signature of a certificate is about.
fn signed_part(certificate: &[u8]) -> Option<&[u8]> {
    sequence(sequence(certificate)?)
}

/// Whether it is a certificate of version 1.
pub(super) fn is_version_1(certificate: &[u8]) -> bool {
    let version = signed_part(certificate).and_then(first);
    version.is_some_and(|(element, _)| element.tag != VERSION)
}

/// The key of a certificate of any version, with its algorithm.
fn key_info(certificate: &[u8]) -> Option<&[u8]> {
    let mut rest = signed_part(certificate)?;
    if let Some((_, after)) = first(rest).filter(|(one, _)| one.tag == VERSION) {
        rest = after;
    }
    for _ in 0..BEFORE_THE_KEY {
        (_, rest) = first(rest)?;
    }
    let (key, _) = first(rest)?;
    (key.tag == SEQUENCE).then_some(key.whole)
}

fn unreadable() -> Error {
    Error::InvalidCertificate(CertificateError::BadEncoding)
}

/// The key of `certificate`, in the form in which rustls takes a key without a certificate.
///
/// # Errors
///
/// The bytes are no certificate.
pub(super) fn key_of(certificate: &[u8]) -> Result<SubjectPublicKeyInfoDer<'_>, Error> {
    let key = key_info(certificate).ok_or_else(unreadable)?;
    Ok(SubjectPublicKeyInfoDer::from(key))
}

/// Verifies `signed` over `message` by the key of `certificate`, as TLS 1.2 requires it. There
/// the scheme does not name the curve of a key, so several algorithms may fit. rustls has its own
/// function for TLS 1.3 only.
///
/// # Errors
///
/// The bytes are no certificate, no algorithm fits, or the signature is wrong.
pub(super) fn verify_tls12(
    message: &[u8],
    certificate: &[u8],
    signed: &DigitallySignedStruct,
    supported: &WebPkiSupportedAlgorithms,
) -> Result<(), Error> {
    let (algorithm, key) = key_info(certificate)
        .and_then(algorithm_and_key)
        .ok_or_else(unreadable)?;
    let mut schemes = supported.mapping.iter();
    let (_, candidates) = schemes
        .find(|(scheme, _)| *scheme == signed.scheme)
        .ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
    let fits = candidates
        .iter()
        .find(|candidate| candidate.public_key_alg_id().as_ref() == algorithm)
        .ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
    fits.verify_signature(key, message, signed.signature())
        .map_err(|_| Error::InvalidCertificate(CertificateError::BadSignature))
}

/// The parts of a key: what identifies its algorithm, and its bits.
fn algorithm_and_key(key_info: &[u8]) -> Option<(&[u8], &[u8])> {
    let (algorithm, rest) = first(sequence(key_info)?)?;
    let (bits, _) = first(rest)?;
    // The first byte says how many bits of the last are not used: none.
    let (&unused, key) = bits.content.split_first()?;
    let is_key = algorithm.tag == SEQUENCE && bits.tag == BIT_STRING && unused == 0;
    is_key.then_some((algorithm.content, key))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PublicKeyData};

    use super::*;

    fn certificate() -> (Vec<u8>, Vec<u8>) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        (certificate.der().to_vec(), key.subject_public_key_info())
    }

    #[test]
    fn the_key_is_the_one_the_certificate_was_made_for() {
        let (certificate, key) = certificate();
        assert_eq!(key_info(&certificate).unwrap(), key);
        assert!(algorithm_and_key(&key).is_some());
        assert!(!is_version_1(&certificate));
    }

    #[test]
    fn a_certificate_that_is_cut_off_has_no_key() {
        let (certificate, _) = certificate();
        for length in 0..certificate.len() {
            assert!(key_info(&certificate[..length]).is_none(), "{length}");
        }
        assert!(key_info(&[SEQUENCE, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]).is_none());
        assert!(key_info(&[SEQUENCE, 0x80, 0, 0]).is_none());
    }
}
