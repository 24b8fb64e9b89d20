//! Drafts: an unfinished reply survives a reload and a change of device.

use crate::domain::{Agent, Draft, InteractionId, MediaId};
use crate::engine::limits::{DRAFT_CHARS, MEDIA_PER_SEND, fits};
use crate::engine::turn::{About, Turn};
use crate::engine::{Answer, EventKind, Refusal, RefusalKind, Reply};

impl Turn<'_> {
    pub(super) fn save_draft(
        &mut self,
        agent: &Agent,
        interaction_id: InteractionId,
        text: String,
        media: Vec<MediaId>,
    ) -> Reply {
        self.own(agent, interaction_id)?;
        fits("text", &text, DRAFT_CHARS)?;
        if media.len() > MEDIA_PER_SEND {
            let message = format!("at most {MEDIA_PER_SEND} files");
            return Err(Refusal::new(RefusalKind::TooLarge, message).field("media"));
        }
        let agent_id = agent.agent_id;
        let known = self.world.drafts.get(&(interaction_id, agent_id));
        let same = match known {
            Some(draft) => draft.text == text && draft.media == media,
            None => text.is_empty() && media.is_empty(),
        };
        if !same {
            self.keep_draft(Draft { interaction_id, agent_id, text, media, saved_at: self.now });
        }
        Ok(Answer::Done)
    }

    /// A sent reply leaves no draft behind.
    pub(super) fn drop_draft(&mut self, agent: &Agent, interaction_id: InteractionId) {
        let agent_id = agent.agent_id;
        if self.world.drafts.contains_key(&(interaction_id, agent_id)) {
            let empty = Draft {
                interaction_id,
                agent_id,
                text: String::new(),
                media: Vec::new(),
                saved_at: self.now,
            };
            self.keep_draft(empty);
        }
    }

    fn keep_draft(&mut self, draft: Draft) {
        let (interaction_id, agent_id) = (draft.interaction_id, draft.agent_id);
        self.put_draft(draft.clone());
        let about = About { draft: Some(draft), ..About::default() };
        self.event(interaction_id, EventKind::DraftChanged { agent_id }, about);
    }
}
