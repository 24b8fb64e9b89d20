//! What a channel promises whose contacts come to this server themselves, by a page and a socket of ours, instead of through
//! a provider. The server brings the connection and its limits; what is said on it is the channel's business.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::{Conversation, Party, StoreError, Stretch};
use crate::domain::{ChannelId, Interaction, MediaId, Time};
use crate::engine::{ChannelInput, EventKind};

/// Why a visitor is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedAway {
    /// Its token is none.
    Token,
    /// What the host site says of it is not signed as it should be, or is out of date.
    Identity,
    /// The channel knows no identities of a host site.
    NoIdentities,
}

/// Somebody who came: known by a token of the channel, or by the host site's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// Where its conversation is found.
    pub party: Party,
    /// A hash that stands for it: limits are counted by it, and its messages are named after it.
    pub key: String,
    /// Its name, when the host site told it.
    pub name: Option<String>,
}

/// A file of the channel's own page.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its type.
    pub mime: &'static str,
    /// Its bytes.
    pub body: Bytes,
}

/// A file that a visitor gave, stored here before anything names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its id.
    pub media_id: MediaId,
    /// Its type, by its bytes.
    pub mime: String,
    /// Bytes.
    pub size: i64,
    /// Its name.
    pub filename: Option<String>,
}

/// Why the server should end a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parting {
    /// The close code.
    pub code: u16,
    /// In words.
    pub reason: &'static str,
}

/// What to write to a visitor, in order, and whether to end then.
#[derive(Debug, Default)]
pub struct Said {
    /// Text frames.
    pub frames: Vec<String>,
    /// The end.
    pub parting: Option<Parting>,
}

/// What a visit may ask of the house. Everything it gets to know of others comes through here.
pub trait House: Send + Sync {
    /// The time.
    fn now(&self) -> Time;
    /// Reports what the contact did. True: all of it is stored.
    fn report<'a>(&'a self, channel_id: &'a ChannelId, inputs: Vec<ChannelInput>) -> BoxFuture<'a, bool>;
    /// Reads part of a conversation.
    fn conversation<'a>(
        &'a self,
        party: &'a Party,
        part: Stretch,
        limit: u32,
    ) -> BoxFuture<'a, Result<Conversation, StoreError>>;
    /// Whether a message of this provider's id is stored.
    fn knows_message<'a>(
        &'a self,
        channel_id: &'a ChannelId,
        provider_id: &'a str,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;
}

/// The entrance of a channel account.
pub trait Visitors: Send + Sync {
    /// The sites that may show the page in a frame and open sockets, besides ourselves: exact origins.
    fn origins(&self) -> &[String];
    /// A file of the page by its name (empty: the page itself), in a visitor's language where it has words.
    fn page(&self, name: &str, language: Option<&str>) -> Option<Page>;
    /// Who holds this: a token that was given to a visitor, or a host site's signed word.
    ///
    /// # Errors
    /// Why it is nobody.
    fn visitor(&self, credential: &str, now: Time) -> Result<Visitor, TurnedAway>;
    /// The longest file that a visitor may give, in bytes.
    fn file_max(&self) -> usize;
    /// Whether visitors may give files of this type.
    fn takes(&self, mime: &str) -> bool;
    /// A visitor's file is stored; it may name it in a message for a while. Gives files that nobody named in time, to be removed.
    ///
    /// # Errors
    /// The file, to be removed: too many wait already.
    fn uploaded(&self, visitor: &Visitor, upload: Upload, now: Time) -> Result<Vec<MediaId>, MediaId>;
    /// Sockets one address may hold open at once.
    fn sockets_per_address(&self) -> usize;
    /// Begins a visit.
    fn begin(&self) -> Box<dyn Visit>;
    /// Something happened on an interaction of this account.
    fn happened(&self, kind: &EventKind, interaction: &Interaction);
    /// A contact was erased: whoever that was may be here.
    fn erased(&self);
}

/// One visitor's socket, from hello to close.
pub trait Visit: Send + Sync {
    /// The first frame, the server's.
    fn hello(&self, now: Time) -> String;
    /// A frame came.
    fn frame<'a>(&'a mut self, text: &'a str, house: &'a dyn House) -> BoxFuture<'a, Said>;
    /// Waits until there is something to tell.
    fn rung(&self) -> BoxFuture<'_, ()>;
    /// Tells it.
    fn news<'a>(&'a mut self, house: &'a dyn House) -> BoxFuture<'a, Said>;
}

/// How often the server pings a visitor.
pub const VISITOR_HEARTBEAT_SECONDS: u64 = 25;
/// Longest frame of a visitor: its longest text, every character written as an escape.
pub const VISITOR_FRAME_MAX: usize = 128 * 1024;
