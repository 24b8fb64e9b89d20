//! Makes a transcript of what is stored and hands it to the mail server, once for each effect. It decides nothing: what the
//! contact saw is the domain's word, how a mail looks is the `mail` room's.

use std::sync::Arc;

use super::media::Media;
use super::outbox::Gate;
use crate::domain::{Media as File, Message, MessageId, SeenPart, Transcript};
use crate::engine::MailResult;
use crate::port::{Entry, Letter, Mailer, Part, Picture, Store, StoreError};

/// Letters made and sent at once: each holds its pictures in memory.
const LETTERS_MAX: usize = 2;
/// Letters that wait: as many as the engine lets be open.
const LETTERS_WAITING_MAX: usize = 1_000;
/// The newest messages that a transcript holds: some days of a busy conversation, and still a page that opens.
const MESSAGES_MAX: usize = 1_000;
/// Messages read at once.
const PAGE: u32 = 100;
/// The largest file that is looked at as a picture. Phones make 3 to 10 MB.
const FILE_MAX: i64 = 20 * 1024 * 1024;
/// Pictures of one letter, and their bytes together: mail servers take 10 MB at the least, base64 adds a third.
const PICTURES_MAX: usize = 50;
const PICTURES_BYTES_MAX: usize = 6 * 1024 * 1024;
/// Bytes of text of one letter.
const TEXT_MAX: usize = 1024 * 1024;

/// What letters are made with.
pub(crate) struct Letters {
    mailer: Arc<dyn Mailer>,
    store: Arc<dyn Store>,
    media: Media,
    gate: Gate,
}

fn later(reason: &str) -> MailResult {
    MailResult::Retry { reason: reason.to_owned() }
}

impl Letters {
    pub(crate) fn new(mailer: Arc<dyn Mailer>, store: Arc<dyn Store>, media: Media) -> Self {
        Self { mailer, store, media, gate: Gate::new(LETTERS_MAX, LETTERS_WAITING_MAX) }
    }

    /// Makes and sends one.
    pub(crate) async fn send(&self, transcript: &Transcript) -> MailResult {
        let Some(_place) = self.gate.enter().await else { return later("mail_busy") };
        let (messages, shortened) = match self.messages(transcript).await {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(%error, transcript = %transcript.transcript_id, "the messages of a transcript can't be read");
                return later("unreadable");
            }
        };
        let mut room = Room { pictures: PICTURES_MAX, bytes: PICTURES_BYTES_MAX, text: TEXT_MAX };
        let mut entries = Vec::new();
        // From the newest, so that what does not fit any more is the oldest.
        for message in messages.iter().rev() {
            if let Some(entry) = self.entry(message, &mut room).await {
                entries.push(entry);
            }
        }
        entries.reverse();
        let letter = Letter {
            to: transcript.email.clone(),
            reference: transcript.transcript_id.to_string(),
            language: transcript.language.clone(),
            asked_at: transcript.created_at,
            shortened,
            entries,
        };
        self.mailer.send(letter).await
    }

    /// The messages up to the transcript's last, oldest first, and whether older ones were left out.
    async fn messages(&self, transcript: &Transcript) -> Result<(Vec<Message>, bool), StoreError> {
        let mut before = MessageId(transcript.last_message_id.0.saturating_add(1));
        let mut newest_first: Vec<Message> = Vec::new();
        loop {
            let page = self.store.messages(transcript.interaction_id, Some(before), PAGE).await?;
            let Some(oldest) = page.messages.first() else { break };
            before = oldest.message_id;
            newest_first.extend(page.messages.into_iter().rev());
            if !page.more || newest_first.len() >= MESSAGES_MAX {
                let shortened = page.more || newest_first.len() > MESSAGES_MAX;
                newest_first.truncate(MESSAGES_MAX);
                newest_first.reverse();
                return Ok((newest_first, shortened));
            }
        }
        newest_first.reverse();
        Ok((newest_first, false))
    }

    async fn entry(&self, message: &Message, room: &mut Room) -> Option<Entry> {
        let seen = message.seen()?;
        let mut parts = Vec::new();
        for part in seen.parts {
            parts.push(match part {
                SeenPart::Text(text) if text.len() > room.text => Part::Omitted,
                SeenPart::Text(text) => {
                    room.text -= text.len();
                    Part::Text(text.to_owned())
                }
                SeenPart::Picture(file) => {
                    self.picture(file, room).await.map_or(Part::Omitted, Part::Picture)
                }
                SeenPart::Omitted => Part::Omitted,
                SeenPart::Deleted => Part::Deleted,
            });
        }
        Some(Entry { by_contact: seen.by_contact, at: message.sent_at, parts })
    }

    /// A picture, if there is room for it and it can be read.
    async fn picture(&self, file: &File, room: &mut Room) -> Option<Picture> {
        if room.pictures == 0 || file.size.is_none_or(|size| size > FILE_MAX) {
            return None;
        }
        let bytes = self.media.get(&file.media_id).await.ok()?;
        let mailer = Arc::clone(&self.mailer);
        let made = tokio::task::spawn_blocking(move || mailer.picture(&bytes)).await;
        let picture = made.ok().flatten().filter(|picture| picture.bytes.len() <= room.bytes)?;
        room.pictures -= 1;
        room.bytes -= picture.bytes.len();
        Some(picture)
    }
}

/// What still fits into a letter.
struct Room {
    pictures: usize,
    bytes: usize,
    text: usize,
}
