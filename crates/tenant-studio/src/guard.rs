//! Who may ask, and what a browser may do with the answer.
//!
//! The studio listens on this machine only, but every page that is open in a
//! browser on this machine can send requests to it. So:
//!
//! * `Host` must be this machine's name: a foreign name that was made to lead here
//!   (DNS rebinding) is refused.
//! * `Origin`, where a browser sends it, must be the studio's own; whatever
//!   changes something must have it. `Sec-Fetch-Site`, where a browser sends it,
//!   must say that a page of the studio asks, or a person.
//! * All pages are below a path that is known to the session's browser only, and need
//!   a cookie that browsers send to that path only: see `entry.rs`. No script can
//!   read the cookie.
//! * The pages run no script but the studio's own file, and send nothing anywhere
//!   else.

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use axum::middleware::Next;
use axum::response::Response;

use crate::connections::Visitor;
use crate::entry::{COOKIE, ENTER};
use crate::pages::entry::{refused, unknown};
use crate::studio::Studio;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'self'; \
    frame-ancestors 'none'";

/// What a browser is told with every answer. The referrer stays within the studio,
/// and its port: without any the browser would not say where a form comes from.
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

/// The port where a studio is served.
#[derive(Clone, Copy)]
pub(crate) struct Guard {
    pub(crate) port: u16,
}

/// Lets a request through that comes from where it may, or answers it.
pub(crate) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let mut response = match guard.refusal(&request) {
        Some(reason) => refused(reason),
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

/// Lets a request of a session through to the page that it means.
pub(crate) async fn session(
    State(studio): State<Studio>,
    mut request: Request,
    next: Next,
) -> Response {
    let inside = below(request.uri()).filter(|(path, _)| {
        let cookies = cookies(request.headers());
        let cookies = cookies.filter(|(name, _)| *name == COOKIE);
        studio.entry().knows(path, cookies.map(|(_, value)| value))
    });
    match inside {
        Some((_, uri)) => {
            if let Some(visitor) = request.extensions().get::<Visitor>() {
                visitor.is_let_in();
            }
            *request.uri_mut() = uri;
        }
        None => return unknown(&studio, request.uri()),
    }
    next.run(request).await
}

/// The first part of a path, and the address without it.
fn below(uri: &Uri) -> Option<(&str, Uri)> {
    let path = uri.path().strip_prefix('/')?;
    let (first, _) = path.split_once('/')?;
    let whole = uri.path_and_query()?.as_str();
    let rest = whole.get(first.len() + 1..)?;
    let rest = rest.parse::<PathAndQuery>().ok()?;
    Some((first, Uri::from(rest)))
}

impl Guard {
    fn refusal(self, request: &Request) -> Option<&'static str> {
        if !self.is_here(request) {
            return Some("this address does not belong to the studio");
        }
        let is_entering = request.uri().path() == ENTER;
        if !is_entering && !is_ours(request.method(), request.headers()) {
            return Some("the request comes from another site");
        }
        None
    }

    fn is_here(self, request: &Request) -> bool {
        let host = request.headers().get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok());
        let whole = request.uri().authority();
        let names = ["127.0.0.1", "localhost", "[::1]"];
        host.is_some_and(|host| {
            let ours = |name| host == format!("{name}:{}", self.port);
            names.into_iter().any(ours) && whole.is_none_or(|whole| whole.as_str() == host)
        })
    }
}

/// Whether it comes from one of the studio's own pages, or from no page.
fn is_ours(method: &Method, headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if site.is_some_and(|site| !matches!(site, b"same-origin" | b"none")) {
        return false;
    }
    let host = headers.get(header::HOST).map(HeaderValue::as_bytes);
    let origin = headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
    match (origin, host) {
        (Some(origin), Some(host)) => origin.strip_prefix(b"http://") == Some(host),
        _ => matches!(*method, Method::GET | Method::HEAD),
    }
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let values = headers.get_all(header::COOKIE).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let pairs = values.flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('='))
}
