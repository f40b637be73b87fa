//! Who may ask, and what a browser may do with the answer.
//!
//! The studio listens on this machine only, but every page that is open in a
//! browser on this machine can send requests to it. So:
//!
//! * `Host` must be this machine's name: a foreign name that was made to lead here
//!   (DNS rebinding) is refused.
//! * `Origin`, where a browser sends it, must be the studio's own; whatever
//!   changes something must have it.
//! * The address that was printed has a token. It becomes a cookie that browsers
//!   send from the studio's own pages only, and that no script can read.
//! * The pages run no script but the studio's own file, and send nothing anywhere
//!   else.

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::html;

use crate::page::bare;
use crate::studio::Studio;
use crate::url;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// What a browser is told with every answer. The referrer stays within the studio,
/// because without any the browser would not say where a form comes from.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// A studio at the port where it is served.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) studio: Studio,
    pub(crate) port: u16,
}

/// Lets a request through, or answers it.
pub(crate) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let mut response = match guard.refusal(&request) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let cached = headers.entry(header::CACHE_CONTROL);
    cached.or_insert(HeaderValue::from_static("no-store"));
    response
}

impl Guard {
    fn refusal(&self, request: &Request) -> Option<Response> {
        if !self.is_here(request.headers()) {
            return Some(refused("This address is not the studio's."));
        }
        if !self.is_ours(request.method(), request.headers()) {
            return Some(refused("The request comes from another site."));
        }
        if let Some(token) = url::parameter(request.uri().query(), "token") {
            return Some(if self.is_token(&token) {
                self.welcome(request.uri())
            } else {
                refused("The key in this address is not this studio's. It was started anew.")
            });
        }
        // They hold nothing that is not in the program's source.
        if request.uri().path().starts_with("/assets/") {
            return None;
        }
        let known = cookies(request.headers())
            .any(|(name, value)| name == self.cookie() && self.is_token(value));
        (!known).then(|| refused("This browser has no key."))
    }

    fn is_here(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok());
        let names = ["127.0.0.1", "localhost", "[::1]"];
        host.is_some_and(|host| {
            let ours = |name| host == format!("{name}:{}", self.port);
            names.into_iter().any(ours)
        })
    }

    /// Whether it comes from one of the studio's own pages, or from no page.
    fn is_ours(&self, method: &Method, headers: &HeaderMap) -> bool {
        let host = headers.get(header::HOST).map(HeaderValue::as_bytes);
        let origin = headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
        match (origin, host) {
            (Some(origin), Some(host)) => origin.strip_prefix(b"http://") == Some(host),
            _ => matches!(*method, Method::GET | Method::HEAD),
        }
    }

    /// Compares in a time that does not tell how much of it is right.
    fn is_token(&self, given: &str) -> bool {
        let token = self.studio.token().as_bytes();
        let pairs = token.iter().zip(given.as_bytes());
        let differences = pairs.fold(0, |found, (one, other)| found | (one ^ other));
        differences == 0 && token.len() == given.len()
    }

    /// Browsers keep cookies by host, not by port; so each port has one of its own.
    fn cookie(&self) -> String {
        format!("studio_{}", self.port)
    }

    /// Hands out the cookie, and sends the browser to the address without the
    /// token, which should not stay in its history. It goes on from a page of the
    /// studio's own, because a redirect that another site began would come
    /// without the cookie.
    fn welcome(&self, uri: &Uri) -> Response {
        let rest = url::parameters(uri.query()).into_iter();
        let rest = rest.filter(|(name, _)| name != "token").collect::<Vec<_>>();
        let rest = rest
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()));
        // Two slashes at the beginning would name another host.
        let path = format!("/{}", uri.path().trim_start_matches(['/', '\\']));
        let target = url::with(&path, rest);
        let cookie = format!(
            "{}={}; Path=/; HttpOnly; SameSite=Strict",
            self.cookie(),
            self.studio.token()
        );
        let page = html! {
            (maud::DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="refresh" content=(format!("0; url={target}"));
                    // Or else the browser asks for a favicon.ico, which is not there.
                    link rel="icon" href="/assets/icon.svg";
                    title { "Studio" }
                }
                body { p { a href=(target) { "Open the studio" } } }
            }
        };
        ([(header::SET_COOKIE, cookie)], page).into_response()
    }
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let values = headers.get_all(header::COOKIE).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let pairs = values.flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('='))
}

fn refused(reason: &str) -> Response {
    let body = html! {
        h1 { "Closed" }
        p.error role="alert" { (reason) }
        p { "Open the address that the command printed, with its key." }
    };
    (StatusCode::FORBIDDEN, bare("Closed", &body)).into_response()
}
