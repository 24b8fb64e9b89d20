//! Drafts: unfinished writing survives a reload and a change of device (SPEC §5.2).

use super::access::not_ended;
use crate::domain::{Agent, Draft, DraftMode, InteractionId, Permission};
use crate::engine::limits::{DRAFT_CHARS, MEDIA_PER_SEND, fits};
use crate::engine::turn::{About, Turn};
use crate::engine::{Answer, EventKind, Refusal, RefusalKind, Reply};

impl Turn<'_> {
    /// Keeps a draft as it is now. Who may write the thing may keep it unfinished: a reply its agent, a note who may read.
    pub(super) fn save_draft(&mut self, agent: &Agent, mut draft: Draft) -> Reply {
        let interaction_id = draft.interaction_id;
        let row = match draft.mode {
            DraftMode::Reply => self.own(agent, interaction_id)?,
            DraftMode::Note => {
                let row = self.readable(agent, interaction_id)?;
                self.permit(agent, Permission::Handle)?;
                not_ended(&row)?;
                row
            }
        };
        if let Some(message_id) = draft.reply_to {
            self.message_of(&row, message_id)?;
        }
        fits("text", &draft.text, DRAFT_CHARS)?;
        if draft.media.len() > MEDIA_PER_SEND {
            let message = format!("at most {MEDIA_PER_SEND} files");
            return Err(Refusal::new(RefusalKind::TooLarge, message).field("media"));
        }
        let known = self.world.drafts.get(&(interaction_id, agent.agent_id));
        let same = match known {
            Some(known) => {
                draft.saved_at = known.saved_at;
                *known == draft
            }
            None => draft.is_empty(),
        };
        if !same {
            draft.saved_at = self.now;
            self.keep_draft(draft);
        }
        Ok(Answer::Done)
    }

    /// What was sent leaves no draft behind.
    pub(super) fn drop_draft(&mut self, agent: &Agent, interaction_id: InteractionId, mode: DraftMode) {
        let known = self.world.drafts.get(&(interaction_id, agent.agent_id));
        if known.is_some_and(|draft| draft.mode == mode) {
            self.keep_draft(Draft::gone(interaction_id, agent.agent_id, self.now));
        }
    }

    fn keep_draft(&mut self, draft: Draft) {
        let (interaction_id, agent_id) = (draft.interaction_id, draft.agent_id);
        self.put_draft(draft.clone());
        let about = About { draft: Some(draft), ..About::default() };
        let kind = EventKind::DraftChanged { agent_id, session: self.session };
        self.event(interaction_id, kind, about);
    }
}
