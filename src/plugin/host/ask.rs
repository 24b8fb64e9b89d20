//! What others ask of a plugin, and wait for a while to hear: webhooks, translations, sections of cards.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value as Json, json};
use tokio::sync::oneshot;

use super::{Control, Host, PluginError};
use crate::clock::pause;
use crate::plugin::calls::locked;
use crate::plugin::machine::Entry;

/// How long anybody waits for a plugin.
const PATIENCE_MS: u64 = 10_000;

/// A call from outside.
#[derive(Debug, Clone)]
pub struct WebhookAsk {
    /// The method.
    pub method: String,
    /// The query string, without `?`.
    pub query: String,
    /// Header names in lower case, with their values.
    pub headers: BTreeMap<String, String>,
    /// The body, as text.
    pub body: String,
}

/// What it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookAnswer {
    /// The status code.
    pub status: u16,
    /// The type of the body.
    pub content_type: String,
    /// The body.
    pub body: String,
}

impl Default for WebhookAnswer {
    fn default() -> Self {
        Self { status: 200, content_type: "text/plain; charset=utf-8".to_owned(), body: String::new() }
    }
}

impl Host {
    /// Asks a plugin something and waits for the answer, a bounded time.
    pub(crate) async fn ask(&self, name: &str, kind: &'static str, given: Json) -> Result<Json, PluginError> {
        let unavailable = |what: &str| PluginError::Unavailable(format!("the plugin {name}: {what}"));
        // Apart from the lock of the plugins: one that is being loaded holds nobody else up.
        let controls = self.work.get().map(|work| locked(&work.shared.controls));
        let control = controls.and_then(|controls| controls.get(name).cloned());
        let control = control.ok_or_else(|| unavailable("it does not run"))?;
        let (reply, answer) = oneshot::channel();
        let entry = Entry { kind, name: String::new(), given };
        control.try_send(Control::Ask(entry, reply)).map_err(|_| unavailable("it has too much to do"))?;
        tokio::select! {
            answer = answer => match answer {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(problem)) => Err(unavailable(&problem)),
                Err(_) => Err(unavailable("it was stopped")),
            },
            () = pause(PATIENCE_MS) => Err(unavailable("no answer in time")),
        }
    }

    /// Hands a call from outside to a plugin. What it kept because of it is stored before the caller hears.
    ///
    /// # Errors
    /// [`PluginError::Unavailable`]: it does not run, failed or takes too long; the caller may try again.
    pub async fn webhook(&self, name: &str, ask: WebhookAsk) -> Result<WebhookAnswer, PluginError> {
        let json_body: Option<Json> = serde_json::from_str(&ask.body).ok();
        let given = json!({
            "method": ask.method,
            "query": ask.query,
            "headers": ask.headers,
            "body": ask.body,
            "json": json_body,
        });
        let answer = self.ask(name, "webhook", given).await?;
        if answer.is_null() {
            return Ok(WebhookAnswer::default());
        }
        serde_json::from_value(answer).map_err(|error| {
            PluginError::Unavailable(format!(
                "the plugin {name} answers what is no answer to a webhook: {error}"
            ))
        })
    }
}
