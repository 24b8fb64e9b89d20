//! Plugins as translators and as providers of customer cards, behind the traits that the rest of the house knows.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::host::{Host, PluginError};
use crate::domain::CardField;
use crate::port::{CardProvider, CardSubject, ConnectorError, Language, Translator, TranslatorError};

/// A plugin that translates.
struct PluginTranslator {
    host: Arc<Host>,
    plugin: String,
}

impl Translator for PluginTranslator {
    fn translate<'a>(
        &'a self,
        from: &'a str,
        to: &'a str,
        text: &'a str,
    ) -> BoxFuture<'a, Result<String, TranslatorError>> {
        Box::pin(async move {
            let given = json!({ "from": from, "to": to, "text": text });
            let answer =
                self.host.ask(&self.plugin, "translate", given).await.map_err(|error| unanswered(&error))?;
            if let Some(text) = answer.get("text").and_then(Json::as_str) {
                return Ok(text.to_owned());
            }
            // What it says instead is one of the reasons that clients know.
            Err(match answer.get("problem").and_then(Json::as_str) {
                Some("busy") => TranslatorError::Busy,
                Some("refused") => TranslatorError::Refused,
                Some("language") => TranslatorError::Language,
                Some("unanswered") => TranslatorError::Unanswered,
                _ => TranslatorError::BadAnswer,
            })
        })
    }

    fn languages(&self) -> BoxFuture<'_, Result<Vec<Language>, TranslatorError>> {
        #[derive(Deserialize)]
        struct Known {
            code: String,
            name: String,
        }
        Box::pin(async move {
            let answer = self
                .host
                .ask(&self.plugin, "languages", Json::Null)
                .await
                .map_err(|error| unanswered(&error))?;
            let known: Vec<Known> = serde_json::from_value(answer).map_err(|_| TranslatorError::BadAnswer)?;
            Ok(known.into_iter().map(|it| Language { code: it.code, name: it.name }).collect())
        })
    }
}

fn unanswered(error: &PluginError) -> TranslatorError {
    tracing::warn!(%error, "a plugin did not translate");
    TranslatorError::Unanswered
}

/// A plugin that knows something of contacts.
struct PluginCard {
    host: Arc<Host>,
    plugin: String,
    title: String,
}

impl CardProvider for PluginCard {
    fn name(&self) -> &str {
        &self.plugin
    }

    fn title(&self) -> &str {
        &self.title
    }

    fn section<'a>(
        &'a self,
        subject: &'a CardSubject,
    ) -> BoxFuture<'a, Result<Vec<CardField>, ConnectorError>> {
        #[derive(Deserialize)]
        struct Field {
            label: String,
            value: String,
            #[serde(default)]
            link: Option<String>,
        }
        Box::pin(async move {
            let broken = |reason: String| ConnectorError { again: true, reason };
            let given = self.given(subject).await;
            let answer = self
                .host
                .ask(&self.plugin, "card", given)
                .await
                .map_err(|error| broken(error.to_string()))?;
            // A Lua table without entries is no list.
            let answer = if answer.as_object().is_some_and(Map::is_empty) { json!([]) } else { answer };
            let fields: Vec<Field> = serde_json::from_value(answer)
                .map_err(|error| broken(format!("{} answers no list of fields: {error}", self.plugin)))?;
            let fields = fields.into_iter();
            Ok(fields.map(|it| CardField { label: it.label, value: it.value, link: it.link }).collect())
        })
    }
}

impl PluginCard {
    /// Of the contact, the fields that were granted.
    async fn given(&self, subject: &CardSubject) -> Json {
        let granted = self.host.granted_fields(&self.plugin).await;
        let mut given = Map::new();
        given.insert("id".to_owned(), json!(subject.contact_id.to_string()));
        let mut field = |name: &str, value: Json| {
            if granted.contains(name) {
                given.insert(name.to_owned(), value);
            }
        };
        field("name", json!(subject.name));
        field("language", json!(subject.language));
        field("attributes", json!(subject.attributes));
        let addresses = subject.addresses.iter();
        let addresses = addresses.map(
            |(kind, alias, value)| json!({ "kind": kind.as_str(), "alias": alias.as_str(), "value": value }),
        );
        field("address", Json::Array(addresses.collect()));
        Json::Object(given)
    }
}

impl Host {
    /// The plugin of this name as a translator. It may come and go; while it does not run, nothing is translated.
    pub fn translator(self: &Arc<Self>, plugin: &str) -> Arc<dyn Translator> {
        Arc::new(PluginTranslator { host: Arc::clone(self), plugin: plugin.to_owned() })
    }

    /// A provider of cards for each plugin in the folder that has something to say on them.
    pub fn cards(self: &Arc<Self>) -> Vec<Arc<dyn CardProvider>> {
        let folders = super::bundle::folders(self.folder());
        let bundles = folders.values().filter_map(|path| super::bundle::Bundle::read(path).ok());
        let titled =
            bundles.filter_map(|bundle| Some((bundle.manifest.name, bundle.manifest.capabilities.card?)));
        let cards = titled.map(|(plugin, title)| {
            let card: Arc<dyn CardProvider> = Arc::new(PluginCard { host: Arc::clone(self), plugin, title });
            card
        });
        cards.collect()
    }
}
