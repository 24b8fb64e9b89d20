//! What the shell plugs into the engine, as traits: a store that keeps, connectors that carry.
//!
//! Implementations live above (`store`, `channel`) and never see each other; `runtime` holds them as trait objects.

mod connector;
mod store;

pub use connector::{
    Connector, ConnectorError, Content, Download, Handshake, Received, Rejected, WebhookRequest,
};
pub use store::{Commit, LoggedEvent, MessagePage, Store, StoreError};
