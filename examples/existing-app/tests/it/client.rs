//! An HTTP client.

use std::net::SocketAddr;

use axum::http::{Method, Request, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// A client of one service. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    http: HyperClient<HttpConnector, Full<Bytes>>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// JSON, or else text.
    pub(crate) body: Value,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let http = HyperClient::builder(TokioExecutor::new()).build_http();
        Self { address, http }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, Value::Null).await
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.to_string())))
            .unwrap();
        let response = self.http.request(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = || Value::String(String::from_utf8_lossy(&body).into_owned());
        let body = serde_json::from_slice(&body).unwrap_or_else(|_| text());
        Answer { status, body }
    }
}

impl Answer {
    /// Returns the body of an answer with this status.
    #[track_caller]
    pub(crate) fn expect(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Returns the body of a 200.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        self.expect(StatusCode::OK)
    }

    /// Returns the body of a 201.
    #[track_caller]
    pub(crate) fn created(self) -> Value {
        self.expect(StatusCode::CREATED)
    }

    /// Returns the message of an error.
    #[track_caller]
    pub(crate) fn refused(self, status: StatusCode) -> String {
        self.expect(status)["error"].as_str().unwrap().to_owned()
    }
}

/// Returns the value of `key` in each element of a list.
#[track_caller]
pub(crate) fn each<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    let elements = list.as_array().unwrap().iter();
    elements
        .map(|element| element[key].as_str().unwrap())
        .collect()
}
