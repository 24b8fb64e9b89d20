//! What a provider of customer cards promises: what it knows of a contact, whenever it can say so (SPEC §5.11).

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;

use super::ConnectorError;
use crate::domain::{AliasKind, CardField, ChannelKind, ContactId};

/// Of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardSubject {
    /// The contact.
    pub contact_id: ContactId,
    /// Its name.
    pub name: String,
    /// Its language, when known.
    pub language: Option<String>,
    /// What else is known of it here: an account number, say, by which the other system knows it.
    pub attributes: BTreeMap<String, String>,
    /// Every name it is known by.
    pub addresses: Vec<(ChannelKind, AliasKind, String)>,
}

/// Another system that knows something of contacts. It may be slow and it may fail: nobody waits for it.
pub trait CardProvider: Send + Sync + 'static {
    /// Its name, for programs.
    fn name(&self) -> &str;
    /// What to show above its section.
    fn title(&self) -> &str;
    /// What it knows. Dropped when it takes too long.
    fn section<'a>(
        &'a self,
        subject: &'a CardSubject,
    ) -> BoxFuture<'a, Result<Vec<CardField>, ConnectorError>>;
}
