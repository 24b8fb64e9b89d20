//! What the shell plugs into the engine, as traits: a store that keeps, connectors that carry, a mailer, a
//! translator.
//!
//! Implementations live above (`store`, `channel`, `mail`, `translate`) and never see each other; `runtime` holds them as trait objects.

mod card;
mod connector;
mod conversation;
mod mailer;
mod plugin;
mod store;
mod translator;
mod visitor;

pub use card::{CardProvider, CardSubject};
pub use connector::{
    Connector, ConnectorError, Content, Download, Handshake, Received, Rejected, WebhookRequest,
};
pub use conversation::{Conversation, Party, Seen, Stretch};
pub use mailer::{Entry, Letter, Mailer, Part, Picture};
pub use plugin::{PluginJob, PluginRow, PluginRows, PluginValue};
pub use store::{
    AuditQuery, Commit, ContactFile, DocumentKind, EndedPage, Found, FoundContact, Indexed, InteractionPage,
    LoggedEvent, MessagePage, Place, SearchHit, SearchPage, SearchQuery, Store, StoreError, WorkRow,
};
pub use translator::{Language, Translator, TranslatorError};
pub use visitor::{
    House, Page, Parting, Said, TurnedAway, Upload, VISITOR_FRAME_MAX, VISITOR_HEARTBEAT_SECONDS, Visit,
    Visitor, Visitors,
};
