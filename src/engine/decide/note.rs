//! Notes: text that only colleagues see (SPEC §5.9).

use super::access::not_ended;
use crate::domain::{Agent, DraftMode, InteractionId, MessageId, Note, NoteId, Permission};
use crate::engine::limits::{NOTE_CHARS, fits};
use crate::engine::turn::Turn;
use crate::engine::{Answer, Refusal, RefusalKind, Reply};

impl Turn<'_> {
    /// Whoever may read an interaction may write a note on it: its agent, who is consulted, who supervises.
    pub(super) fn note(
        &mut self,
        agent: &Agent,
        interaction_id: InteractionId,
        message_id: Option<MessageId>,
        text: String,
    ) -> Reply {
        let row = self.readable(agent, interaction_id)?;
        if let Some(message_id) = message_id {
            self.message_of(&row, message_id)?;
        }
        self.permit(agent, Permission::Handle)?;
        not_ended(&row)?;
        if text.trim().is_empty() {
            return Err(Refusal::new(RefusalKind::Invalid, "the note is empty").field("text"));
        }
        fits("text", &text, NOTE_CHARS)?;
        let note = Note {
            note_id: NoteId(self.next_id()),
            interaction_id,
            message_id,
            agent_id: Some(agent.agent_id),
            text,
            created_at: self.now,
        };
        self.add_note(interaction_id, note.clone());
        self.drop_draft(agent, interaction_id, DraftMode::Note);
        Ok(Answer::Note(note))
    }
}
