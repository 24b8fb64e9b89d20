//! What a translator promises: a text in another language, or why not.

use futures_util::future::BoxFuture;

/// A language that a translator knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language {
    /// Its code, such as `fr`.
    pub code: String,
    /// Its name, as the translator has it.
    pub name: String,
}

/// Why there is no translation. Without the text, an address or a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TranslatorError {
    /// Too much at once, here or there.
    #[error("too many texts at once")]
    Busy,
    /// The quota is used up, or the key is not accepted.
    #[error("the translator refuses our key, or its quota is used up")]
    Refused,
    /// It can't translate between these languages.
    #[error("the translator does not know one of the languages")]
    Language,
    /// It did not answer in time, or can't be reached.
    #[error("the translator did not answer")]
    Unanswered,
    /// It answered something else than a translation.
    #[error("the translator's answer makes no sense")]
    BadAnswer,
}

impl TranslatorError {
    /// The key that clients translate.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Busy => "translator_busy",
            Self::Refused => "translator_refused",
            Self::Language => "language_unknown",
            Self::Unanswered => "translator_unanswered",
            Self::BadAnswer => "bad_answer",
        }
    }
}

/// A translator.
pub trait Translator: Send + Sync + 'static {
    /// Translates one text. Within a time of its own, once.
    fn translate<'a>(
        &'a self,
        from: &'a str,
        to: &'a str,
        text: &'a str,
    ) -> BoxFuture<'a, Result<String, TranslatorError>>;
    /// The languages that it knows.
    fn languages(&self) -> BoxFuture<'_, Result<Vec<Language>, TranslatorError>>;
}
