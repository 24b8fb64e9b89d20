//! Customers' phones, on the simulator: they write, read, and show what came. They know nothing of the desk but its number.

use std::sync::Arc;

use guichet::clock::Clock;
use guichet::domain::Span;
use guichet::simulator::{Account, Settings, Simulator};
use serde_json::{Value, json};

use crate::desk::{CHANNEL, TestDesk};
use crate::provider::{BUSINESS, PHONE, SECRET};

/// The look-alike of the desk's number, on the test's clock.
pub(super) fn simulator(clock: &Arc<Clock>) -> Arc<Simulator> {
    let (now, advance) = (Arc::clone(clock), Arc::clone(clock));
    Simulator::new(Settings {
        accounts: vec![Account {
            channel_id: CHANNEL.into(),
            phone_number_id: PHONE.into(),
            business_account_id: BUSINESS.into(),
            display_phone_number: "+33 1 84 80 00 00".into(),
            access_token: "access-token".into(),
            app_secret: SECRET.into(),
            verify_token: "verify-token".into(),
            webhook_url: String::new(),
        }],
        now: Arc::new(move || now.now().0),
        advance: Arc::new(move |milliseconds| advance.advance(Span(milliseconds))),
    })
}

/// A customer's phone.
pub(super) struct Phone {
    pub(super) number: &'static str,
    pub(super) name: &'static str,
}

impl Phone {
    /// Writes, and waits until the desk has stored it.
    pub(super) async fn writes(&self, desk: &TestDesk, text: &str) {
        let body = json!({ "name": self.name, "text": text, "wait": true });
        let answer = self.post(desk, "messages", &body).await;
        assert_eq!(answer["webhook"]["status"], 200, "{answer}");
    }

    /// Looks at everything that came.
    pub(super) async fn reads(&self, desk: &TestDesk) {
        self.post(desk, "read", &json!({})).await;
    }

    /// What came to it, in order.
    pub(super) async fn got(&self, desk: &TestDesk) -> Vec<String> {
        let shown = self.screen(desk).await;
        let all = shown["messages"].as_array().expect("messages");
        let came = all.iter().filter(|message| message["direction"] == "out" && message["state"] != "failed");
        came.filter_map(|message| message["text"].as_str().map(str::to_owned)).collect()
    }

    /// Waits until this is the last thing that came.
    pub(super) async fn gets(&self, desk: &TestDesk, text: &str) {
        let last = async || self.got(desk).await.last().is_some_and(|last| last == text);
        desk.until(&format!("{} gets {text:?}", self.name), last).await;
    }

    /// Everything that its screen shows.
    pub(super) async fn screen(&self, desk: &TestDesk) -> Value {
        let get = desk.http.get(desk.url(&format!("/sim/customers/{}/messages", self.number)));
        get.send().await.expect("an answer").json().await.expect("JSON")
    }

    async fn post(&self, desk: &TestDesk, what: &str, body: &Value) -> Value {
        let post = desk.http.post(desk.url(&format!("/sim/customers/{}/{what}", self.number))).json(body);
        post.send().await.expect("an answer").json().await.expect("JSON")
    }
}
