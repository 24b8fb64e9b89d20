//! Files: those of contacts are fetched by a job that survives restarts, those of agents are uploaded before they are sent.

use crate::domain::{Agent, Media, MediaId, MediaState, Permission, Span};
use crate::engine::limits::{BACKOFF, NAME_CHARS, TRIES, shorten};
use crate::engine::turn::{Turn, refuse};
use crate::engine::world::KeptMedia;
use crate::engine::world::index::Due;
use crate::engine::{Answer, Effect, FetchFailure, RefusalKind, Reply, StoredMedia};

impl Turn<'_> {
    pub(super) fn upload(
        &mut self,
        agent: &Agent,
        media_id: MediaId,
        mime: &str,
        filename: Option<&str>,
        size: i64,
    ) -> Reply {
        self.permit(agent, Permission::Handle)?;
        if self.world.media.contains_key(&media_id) {
            return refuse(RefusalKind::AlreadyDone, "this file is stored already");
        }
        let media = Media {
            media_id,
            message_id: None,
            agent_id: Some(agent.agent_id),
            mime: shorten(mime, NAME_CHARS),
            filename: filename.map(|name| shorten(name, NAME_CHARS)),
            caption: None,
            size: Some(size.max(0)),
            voice: false,
            state: MediaState::Stored,
            channel_id: None,
            provider_media_id: None,
            attempts: 0,
            retry_at: None,
            created_at: self.now,
        };
        self.put_media(media.clone());
        Ok(Answer::Media(media))
    }

    /// Who uploaded a file, or may read the interaction it stands in, may have it.
    pub(super) fn read_media(&self, agent: &Agent, media_id: &MediaId) -> Reply {
        let known = self.world.media.get(media_id).map(|kept| &kept.row);
        let Some(media) = known.or_else(|| self.cold.media.get(media_id)) else {
            return refuse(RefusalKind::NotFound, "there is no such file");
        };
        let own = media.agent_id == Some(agent.agent_id);
        let row = media.message_id.and_then(|message_id| {
            let kept = self.world.message(message_id).map(|kept| kept.row.interaction_id);
            let interaction_id =
                kept.or_else(|| self.cold.messages.get(&message_id).map(|message| message.interaction_id))?;
            self.work(interaction_id).ok()
        });
        if own || row.is_some_and(|row| self.may_read(agent, &row)) {
            return Ok(Answer::Media(media.clone()));
        }
        refuse(RefusalKind::NotFound, "there is no such file for you")
    }

    /// A file of a contact was fetched, or not.
    pub(super) fn media_fetched(&mut self, media_id: &MediaId, result: Result<StoredMedia, FetchFailure>) {
        if !self.world.media.contains_key(media_id)
            && let Some(media) = self.cold.media.get(media_id).cloned()
        {
            self.world.media.insert(media_id.clone(), KeptMedia { row: media, changed: 0 });
        }
        let Some(kept) = self.world.media.get(media_id) else {
            if result.is_ok() {
                self.file_of_nobody(media_id);
            }
            return;
        };
        let mut media = kept.row.clone();
        if media.state != MediaState::Pending {
            return;
        }
        media.attempts = media.attempts.saturating_add(1);
        media.retry_at = None;
        match result {
            Ok(stored) => {
                media.state = MediaState::Stored;
                media.size = Some(stored.size);
                media.mime = stored.mime;
            }
            Err(failure) if failure.again && media.attempts < TRIES => {
                let doubled =
                    1_i64.checked_shl(media.attempts).unwrap_or(i64::MAX).saturating_mul(BACKOFF.0.0);
                let wait = BACKOFF.0.0.saturating_add(self.jitter(doubled.clamp(BACKOFF.0.0, BACKOFF.1.0)));
                media.retry_at = Some(self.now + Span(wait));
            }
            Err(failure) => {
                media.state = MediaState::Failed;
                let message = format!("A contact's file could not be fetched: {}", failure.reason);
                self.notice("warning", "media_failed", message);
            }
        }
        let settled = media.state != MediaState::Pending;
        self.put_media(media.clone());
        if settled {
            self.show_media(&media);
        }
    }

    /// The message shows what became of its file.
    fn show_media(&mut self, media: &Media) {
        let (Some(message_id), Some(channel_id)) = (media.message_id, media.channel_id.clone()) else {
            return;
        };
        if !self.adopt_message(&channel_id, message_id) {
            return;
        }
        let shown = media.clone();
        let names = |other: &Media| other.media_id == shown.media_id;
        if !self.world.message(message_id).is_some_and(|kept| kept.row.media.iter().any(names)) {
            return;
        }
        self.edit_message(message_id, |message| {
            for other in message.media.iter_mut().filter(|other| other.media_id == shown.media_id) {
                *other = shown.clone();
            }
        });
        self.message_changed(message_id);
    }

    /// Time to try again.
    pub(crate) fn media_due(&mut self, media_id: &MediaId) {
        let Some(mut media) = self.world.media.get(media_id).map(|kept| kept.row.clone()) else {
            self.world.index.deadlines.retain(|(_, due)| *due != Due::Media(media_id.clone()));
            return;
        };
        media.retry_at = None;
        self.put_media(media.clone());
        if let (Some(channel_id), Some(provider_media_id)) = (media.channel_id, media.provider_media_id) {
            self.effects.push(Effect::FetchMedia { media_id: media.media_id, channel_id, provider_media_id });
        }
    }
}
