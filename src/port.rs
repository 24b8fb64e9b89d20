//! What the shell plugs into the engine, as traits: a store that keeps, connectors that carry, a mailer, a
//! translator.
//!
//! Implementations live above (`store`, `channel`, `mail`, `translate`) and never see each other; `runtime` holds them as trait objects.

mod card;
mod connector;
mod mailer;
mod store;
mod translator;

pub use card::{CardProvider, CardSubject};
pub use connector::{
    Connector, ConnectorError, Content, Download, Handshake, Received, Rejected, WebhookRequest,
};
pub use mailer::{Entry, Letter, Mailer, Part, Picture};
pub use store::{
    Commit, DocumentKind, EndedPage, Found, FoundContact, Indexed, InteractionPage, LoggedEvent, MessagePage,
    SearchHit, SearchPage, SearchQuery, Store, StoreError,
};
pub use translator::{Language, Translator, TranslatorError};
