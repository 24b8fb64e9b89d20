//! A simulator on a free port, with a webhook receiver beside it that keeps what it gets.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use guichet::simulator::{Account, Settings, Simulator};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::sync::mpsc;

pub(crate) const PHONE: &str = "106540352242922";
pub(crate) const BUSINESS: &str = "102290129340398";
pub(crate) const ZOE: &str = "33612345678";
const START: i64 = 1_800_000_000_000;

/// What the receiver shares with the test.
#[derive(Clone)]
struct Receiver {
    kept: mpsc::UnboundedSender<(String, Bytes)>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

pub(crate) struct Stage {
    pub(crate) base: String,
    pub(crate) simulator: Arc<Simulator>,
    pub(crate) http: Client,
    clock: Arc<AtomicI64>,
    webhooks: mpsc::UnboundedReceiver<(String, Bytes)>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

pub(crate) async fn stage() -> Stage {
    let clock = Arc::new(AtomicI64::new(START));
    let (read, moved) = (Arc::clone(&clock), Arc::clone(&clock));
    let simulator = Simulator::new(Settings {
        accounts: vec![Account {
            channel_id: "whatsapp-demo".into(),
            phone_number_id: PHONE.into(),
            business_account_id: BUSINESS.into(),
            display_phone_number: "+33 1 55 00 00 00".into(),
            access_token: "demo-token".into(),
            app_secret: "demo-secret".into(),
            verify_token: "demo-verify".into(),
            webhook_url: String::new(),
        }],
        now: Arc::new(move || read.load(Ordering::SeqCst)),
        advance: Arc::new(move |ms| {
            moved.fetch_add(ms, Ordering::SeqCst);
        }),
    });
    let (kept, webhooks) = mpsc::unbounded_channel();
    let answers = Arc::<Mutex<VecDeque<u16>>>::default();
    let receiver = Receiver { kept, answers: Arc::clone(&answers) };
    let app = Router::new()
        .merge(simulator.mount())
        .route("/webhooks/{channel}", post(receive).with_state(receiver));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(tokio::spawn(async move { axum::serve(listener, app).await }));
    simulator.set_webhook_base(&base);
    let http = Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
    Stage { base, simulator, http, clock, webhooks, answers }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers["x-hub-signature-256"].to_str().unwrap().to_owned();
    let status = receiver.answers.lock().unwrap().pop_front().unwrap_or(200);
    // A test that has seen enough may be gone.
    drop(receiver.kept.send((signature, body)));
    StatusCode::from_u16(status).unwrap()
}

impl Stage {
    /// A request to the Graph API as a client makes it.
    pub(crate) fn graph(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}/sim/graph/v23.0/{path}", self.base)).bearer_auth("demo-token")
    }

    pub(crate) async fn send(&self, message: Value) -> (u16, Value) {
        let mut body = json!({"messaging_product": "whatsapp", "to": ZOE});
        for (key, value) in message.as_object().unwrap() {
            body[key] = value.clone();
        }
        told(self.graph(Method::POST, &format!("{PHONE}/messages")).json(&body).send().await.unwrap()).await
    }

    /// A request to the customers' side.
    pub(crate) async fn sim(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self.http.request(method, format!("{}/sim/{path}", self.base));
        if let Some(body) = body {
            request = request.json(&body);
        }
        told(request.send().await.unwrap()).await
    }

    /// Zoé writes; gives the id and the webhook that told it.
    pub(crate) async fn write(&mut self, message: Value) -> (String, Value) {
        let (status, answer) =
            self.sim(Method::POST, &format!("customers/{ZOE}/messages"), Some(message)).await;
        assert_eq!(status, 200, "{answer}");
        (answer["id"].as_str().unwrap().to_owned(), self.webhook().await)
    }

    /// What Zoé's phone shows.
    pub(crate) async fn shown(&self) -> Vec<Value> {
        let (_, answer) = self.sim(Method::GET, &format!("customers/{ZOE}/messages"), None).await;
        answer["messages"].as_array().unwrap().clone()
    }

    /// The next webhook, its signature checked: the raw bytes.
    pub(crate) async fn raw_webhook(&mut self) -> Bytes {
        let arrived = tokio::time::timeout(Duration::from_secs(30), self.webhooks.recv()).await;
        let (signature, body) = arrived.unwrap().unwrap();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"demo-secret").unwrap();
        mac.update(&body);
        assert_eq!(signature, format!("sha256={}", hex::encode(mac.finalize().into_bytes())));
        assert!(body.is_ascii());
        body
    }

    /// The next webhook's `value`.
    pub(crate) async fn webhook(&mut self) -> Value {
        let body: Value = serde_json::from_slice(&self.raw_webhook().await).unwrap();
        assert_eq!(body["object"], "whatsapp_business_account");
        assert_eq!(body["entry"][0]["id"], BUSINESS);
        assert_eq!(body["entry"][0]["changes"][0]["field"], "messages");
        body["entry"][0]["changes"][0]["value"].clone()
    }

    /// The next status webhook: its id and word.
    pub(crate) async fn status(&mut self) -> (String, String) {
        let value = self.webhook().await;
        let word = |key: &str| value["statuses"][0][key].as_str().unwrap_or_default().to_owned();
        (word("id"), word("status"))
    }

    pub(crate) fn nothing_more(&mut self) {
        assert!(self.webhooks.try_recv().is_err());
    }

    /// The receiver's next answers; 200 afterwards.
    pub(crate) fn will_answer(&self, statuses: &[u16]) {
        self.answers.lock().unwrap().extend(statuses);
    }

    pub(crate) fn advance(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }
}

pub(crate) async fn told(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
}

pub(crate) fn id_of(answer: &Value) -> String {
    answer["messages"][0]["id"].as_str().unwrap().to_owned()
}
