//! Requests over HTTP, and what is answered.

use std::net::SocketAddr;

use axum::http::{Method, Request, StatusCode, header, request};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// A client of one service. Cheap to clone; the clones share their connections.
#[derive(Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    http: HyperClient<HttpConnector, Full<Bytes>>,
}

/// A request in the making.
pub(crate) struct Call {
    http: HyperClient<HttpConnector, Full<Bytes>>,
    request: request::Builder,
    body: Bytes,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// Null where there is no body.
    pub(crate) body: Value,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let http = HyperClient::builder(TokioExecutor::new()).build_http();
        Self { address, http }
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub(crate) fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Call {
        self.call(Method::POST, path).json(&body.to_string())
    }

    pub(crate) fn patch(&self, path: &str, body: Value) -> Call {
        self.call(Method::PATCH, path).json(&body.to_string())
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        let uri = format!("http://{}{path}", self.address);
        Call {
            http: self.http.clone(),
            request: Request::builder().method(method).uri(uri),
            body: Bytes::new(),
        }
    }
}

impl Call {
    /// For the tenant that the header names.
    pub(crate) fn of(self, tenant: &str) -> Self {
        self.header("x-tenant", tenant)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// With a text that calls itself JSON.
    pub(crate) fn json(mut self, text: &str) -> Self {
        self.body = Bytes::copy_from_slice(text.as_bytes());
        self.header(header::CONTENT_TYPE.as_str(), "application/json")
    }

    /// Sends it, and expects an answer.
    pub(crate) async fn answer(self) -> Answer {
        let request = self.request.body(Full::new(self.body)).unwrap();
        let response = self.http.request(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = match &*body {
            b"" => Value::Null,
            text => serde_json::from_slice(text)
                .unwrap_or_else(|_| panic!("{status} and no JSON: {}", text.escape_ascii())),
        };
        Answer { status, body }
    }
}

impl Answer {
    /// The body of an answer that is as it should be.
    #[track_caller]
    pub(crate) fn expect(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// The reason that a refusal gives, which is all it says.
    #[track_caller]
    pub(crate) fn refused(self, status: StatusCode) -> String {
        let body = self.expect(status);
        let all = body.as_object().map(|object| object.len());
        assert_eq!(all, Some(1), "{body}");
        body["error"].as_str().unwrap().to_owned()
    }

    /// The titles of a list of tasks.
    #[track_caller]
    pub(crate) fn titles(self) -> Vec<String> {
        let body = self.expect(StatusCode::OK);
        let tasks = body.as_array().unwrap().iter();
        tasks
            .map(|task| task["title"].as_str().unwrap().to_owned())
            .collect()
    }
}
