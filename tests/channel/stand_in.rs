//! A server in the provider's place that remembers what it was asked and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::Value;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// `POST /v23.0/…?…`
    pub(crate) line: String,
    pub(crate) authorization: String,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

/// What to answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Says {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn says(status: u16, body: impl Into<Vec<u8>>) -> Says {
    Says { status, headers: Vec::new(), body: body.into() }
}

impl Says {
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

#[derive(Default)]
struct Shared {
    asked: Mutex<Vec<Asked>>,
    says: Mutex<VecDeque<Says>>,
}

#[derive(Clone)]
pub(crate) struct StandIn {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

impl StandIn {
    pub(crate) async fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v23.0", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shared }
    }

    pub(crate) fn will(&self, says: Says) -> &Self {
        self.shared.says.lock().unwrap().push_back(says);
        self
    }

    /// Everything asked since the last call.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.shared.asked.lock().unwrap())
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let header = |name| head.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let asked = Asked {
        line: format!("{} {}", head.method, head.uri),
        authorization: header("authorization"),
        content_type: header("content-type"),
        body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
    };
    shared.asked.lock().unwrap().push(asked);
    let says = shared.says.lock().unwrap().pop_front().unwrap_or_else(|| says(500, "nothing was prepared"));
    let mut response = Response::builder().status(says.status);
    for (name, value) in says.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(says.body)).unwrap()
}
