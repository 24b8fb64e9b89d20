//! A translator that speaks HTTP in the shape of `LibreTranslate`.
//!
//! It must not know what is translated, nor for whom.

use std::time::Duration;

use bytes::BytesMut;
use futures_util::future::BoxFuture;
use reqwest::{Client, RequestBuilder, Url};
use serde::{Deserialize, Serialize};

use crate::config::Secret;
use crate::port::{Language, Translator, TranslatorError};

/// The largest answer: a text of the longest kind, escaped, many times over.
const ANSWER_MAX: usize = 1024 * 1024;

/// How it is reached.
#[derive(Debug, Clone)]
pub struct LibreTranslateSettings {
    /// Its address, without `/translate`.
    pub url: String,
    /// Its key, if it wants one.
    pub api_key: Option<Secret>,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum TranslateSetupError {
    /// The address is none.
    #[error("configuration key translation.url: expected an address that begins with https:// (or http://)")]
    Url,
    /// TLS can't be set up.
    #[error("the translator's TLS can't be set up: {0}")]
    Tls(#[from] reqwest::Error),
}

/// A `LibreTranslate` server, or one that looks like it.
#[derive(Debug)]
pub struct LibreTranslate {
    http: Client,
    translate: Url,
    languages: Url,
    api_key: Option<Secret>,
}

#[derive(Serialize)]
struct Ask<'a> {
    q: &'a str,
    source: &'a str,
    target: &'a str,
    format: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<&'a str>,
}

#[derive(Deserialize)]
struct Translated {
    #[serde(rename = "translatedText")]
    translated_text: String,
}

#[derive(Deserialize)]
struct Known {
    code: String,
    name: String,
}

impl LibreTranslate {
    /// Checks the settings. The server is asked only when something is to be translated.
    ///
    /// # Errors
    /// They make no sense.
    pub fn new(settings: LibreTranslateSettings) -> Result<Self, TranslateSetupError> {
        let base = Url::parse(&settings.url)
            .ok()
            .filter(|url| matches!(url.scheme(), "https" | "http"))
            .ok_or(TranslateSetupError::Url)?;
        let under = |name| {
            let mut url = base.clone();
            if let Ok(mut segments) = url.path_segments_mut() {
                segments.pop_if_empty().push(name);
            }
            url
        };
        // No redirects: the key goes nowhere else.
        let builder = Client::builder()
            .timeout(settings.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy();
        // Unless somebody has chosen one for the whole process.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            drop(rustls::crypto::ring::default_provider().install_default());
        }
        let builder = if base.scheme() == "https" { builder } else { builder.tls_certs_only([]) };
        Ok(Self {
            http: builder.build()?,
            translate: under("translate"),
            languages: under("languages"),
            api_key: settings.api_key,
        })
    }
}

impl Translator for LibreTranslate {
    fn translate<'a>(
        &'a self,
        from: &'a str,
        to: &'a str,
        text: &'a str,
    ) -> BoxFuture<'a, Result<String, TranslatorError>> {
        let api_key = self.api_key.as_ref().map(Secret::expose);
        let ask = Ask { q: text, source: from, target: to, format: "text", api_key };
        let request = self.http.post(self.translate.clone()).json(&ask);
        Box::pin(async move {
            let translated: Translated = answer(request).await?;
            Ok(translated.translated_text)
        })
    }

    fn languages(&self) -> BoxFuture<'_, Result<Vec<Language>, TranslatorError>> {
        Box::pin(async {
            let known: Vec<Known> = answer(self.http.get(self.languages.clone())).await?;
            Ok(known.into_iter().map(|it| Language { code: it.code, name: it.name }).collect())
        })
    }
}

/// Asks, and reads an answer of limited size.
async fn answer<T: for<'de> Deserialize<'de>>(request: RequestBuilder) -> Result<T, TranslatorError> {
    let mut response = request.send().await.map_err(|_unreachable| TranslatorError::Unanswered)?;
    match response.status().as_u16() {
        200 => {}
        400 => return Err(TranslatorError::Language),
        401 | 403 => return Err(TranslatorError::Refused),
        429 | 503 => return Err(TranslatorError::Busy),
        _ => return Err(TranslatorError::BadAnswer),
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|_broke_off| TranslatorError::Unanswered)? {
        if body.len() + chunk.len() > ANSWER_MAX {
            return Err(TranslatorError::BadAnswer);
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(|_no_answer| TranslatorError::BadAnswer)
}
