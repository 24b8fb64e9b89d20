//! What a way to a mail server promises: make a letter of what a contact saw, and say what became of it.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::domain::Time;
use crate::engine::MailResult;

/// What a transcript says, before it is a mail.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The one address.
    pub to: String,
    /// Makes its id: the same letter has the same one.
    pub reference: String,
    /// The language of what is written around the messages.
    pub language: String,
    /// When it was asked for.
    pub asked_at: Time,
    /// Whether older messages were left out.
    pub shortened: bool,
    /// The messages, oldest first.
    pub entries: Vec<Entry>,
}

/// One message of it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Whether the contact wrote it.
    pub by_contact: bool,
    /// When.
    pub at: Time,
    /// Its parts, in order.
    pub parts: Vec<Part>,
}

/// A part of a message.
#[derive(Debug, Clone)]
pub enum Part {
    /// Words, as they were seen; links are taken out when it becomes a mail.
    Text(String),
    /// A picture.
    Picture(Picture),
    /// Something that is not in it.
    Omitted,
    /// It was taken back.
    Deleted,
}

/// A picture with nothing in it but what one sees.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Its bytes, written anew.
    pub bytes: Bytes,
    /// Its type.
    pub mime: &'static str,
}

/// A way to a mail server.
pub trait Mailer: Send + Sync + 'static {
    /// A picture written anew and small enough for a mail, without what cameras write beside it; `None`: it can't be read.
    /// Takes its time: not for a thread that others wait for.
    fn picture(&self, bytes: &[u8]) -> Option<Picture>;
    /// Sends a letter, once.
    fn send(&self, letter: Letter) -> BoxFuture<'_, MailResult>;
}
