//! Status, disposition, notes and tags; closing and detaching (SPEC §2, §5.13, §5.14).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::access::{is_assigned, not_closed, not_ended};
use super::tag::{Retag, clean};
use crate::domain::{Agent, Interaction, InteractionId, Note, NoteId, Ownership, Status};
use crate::engine::limits::{DISPOSITION_CHARS, NOTE_CHARS, TAGS, fits};
use crate::engine::turn::{About, Turn, refuse};
use crate::engine::world::index::is_done;
use crate::engine::{EventKind, Refusal, RefusalKind, Reply};

/// What an agent says came of it.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) status: Status,
    pub(super) disposition: Option<String>,
    pub(super) note: Option<String>,
    pub(super) tags: Option<BTreeSet<String>>,
}

impl Turn<'_> {
    pub(super) fn set_outcome(
        &mut self,
        agent: &Agent,
        interaction_id: InteractionId,
        mut outcome: Outcome,
    ) -> Reply {
        let row = self.own_or_supervised(agent, interaction_id)?;
        not_closed(&row)?;
        if outcome.status == Status::New {
            return Err(
                Refusal::new(RefusalKind::Invalid, "work that was begun can't be new again").field("status")
            );
        }
        outcome.disposition = outcome.disposition.filter(|text| !text.trim().is_empty());
        outcome.note = outcome.note.filter(|text| !text.trim().is_empty());
        self.check_outcome(&row, &outcome)?;
        let retag = self.outcome_tags(&row, outcome.tags.take())?;
        self.outcome_rules(&row, &outcome)?;
        let Outcome { status, disposition, note, tags: _ } = outcome;
        let by = agent.agent_id;
        self.edit(interaction_id, |row| row.disposition = disposition.or(row.disposition.take()));
        if let Some(retag) = retag {
            self.retag(interaction_id, retag, by);
        }
        if let Some(text) = note {
            let note_id = NoteId(self.next_id());
            let note = Note {
                note_id,
                interaction_id,
                message_id: None,
                agent_id: Some(by),
                text,
                created_at: self.now,
            };
            self.add_note(interaction_id, note);
        }
        self.set_status(interaction_id, status, Some(by));
        if is_done(status) {
            self.leave_queue(interaction_id);
            let ends_at = self.when_it_ends(interaction_id);
            self.edit(interaction_id, |row| row.timers.ends_at = ends_at);
        }
        self.event(interaction_id, EventKind::InteractionOutcomeSet { by }, About::default());
        self.interaction_answer(interaction_id)
    }

    fn check_outcome(&self, row: &Interaction, outcome: &Outcome) -> Result<(), Refusal> {
        if let Some(disposition) = &outcome.disposition {
            fits("disposition", disposition, DISPOSITION_CHARS)?;
            let choices = self.dispositions_for(row);
            if !choices.is_empty() && !choices.contains(disposition) {
                let message = format!("this disposition is not one of the skill's: {}", choices.join(", "));
                let refusal = Refusal::new(RefusalKind::Invalid, message).field("disposition");
                return Err(refusal.choices(choices.iter().cloned()));
            }
        }
        if let Some(note) = &outcome.note {
            fits("notes", note, NOTE_CHARS)?;
        }
        Ok(())
    }

    /// What to choose from; empty: any text.
    fn dispositions_for(&self, row: &Interaction) -> &[String] {
        let skill = row.skill.as_ref().and_then(|skill| self.world.skills.get(skill));
        skill.map_or(&[], |skill| &skill.dispositions)
    }

    fn outcome_tags(
        &self,
        row: &Interaction,
        tags: Option<BTreeSet<String>>,
    ) -> Result<Option<Retag>, Refusal> {
        let Some(tags) = tags else { return Ok(None) };
        if tags.len() > TAGS {
            return Err(Refusal::new(RefusalKind::TooLarge, format!("at most {TAGS} tags")).field("tags"));
        }
        let tags = tags.iter().map(|tag| clean(tag, "tags")).collect::<Result<_, _>>()?;
        let retag = Retag::new(&row.tags, tags);
        self.check_retag(&retag, "tags")?;
        Ok(Some(retag))
    }

    /// A disposition where the skill or the scripts want one.
    fn outcome_rules(&mut self, row: &Interaction, outcome: &Outcome) -> Result<(), Refusal> {
        if outcome.disposition.is_some() || row.disposition.is_some() {
            return Ok(());
        }
        let skill = row.skill.as_ref().and_then(|skill| self.world.skills.get(skill));
        let by_skill = is_done(outcome.status) && skill.is_some_and(|skill| skill.disposition_required);
        let by_script = || {
            let facts = self.facts(row);
            // A script that can't say asks for nothing.
            self.policy
                .outcome_rules(&facts, outcome.status)
                .answer
                .is_ok_and(|rules| rules.disposition_required)
        };
        if by_skill || by_script() {
            let message = format!("a disposition is needed before this can be {}", outcome.status);
            let refusal = Refusal::new(RefusalKind::OutcomeNeeded, message).field("disposition");
            return Err(refusal.choices(self.dispositions_for(row).iter().cloned()));
        }
        Ok(())
    }

    /// Detach and close.
    pub(super) fn close(&mut self, agent: &Agent, interaction_id: InteractionId) -> Reply {
        let row = self.own_or_supervised(agent, interaction_id)?;
        if !is_done(row.status) {
            let message = format!(
                "{interaction_id} is {}; only resolved or closed work can be detached and closed",
                row.status
            );
            return refuse(RefusalKind::WrongStatus, message);
        }
        self.end(interaction_id, Some(agent.agent_id));
        self.interaction_answer(interaction_id)
    }

    /// Out of the inbox, without an end: a later message brings it back.
    pub(super) fn detach_by(&mut self, agent: &Agent, interaction_id: InteractionId) -> Reply {
        let row: Arc<Interaction> = self.own_or_supervised(agent, interaction_id)?;
        not_ended(&row)?;
        if row.ownership == Ownership::Detached {
            return refuse(
                RefusalKind::AlreadyDone,
                format!("{interaction_id} is in nobody's inbox already"),
            );
        }
        if row.ownership != Ownership::Assigned {
            return refuse(RefusalKind::NotAssigned, format!("{interaction_id} is assigned to nobody"));
        }
        debug_assert!(row.agent_id.is_none_or(|holder| is_assigned(&row, holder)));
        self.detach(interaction_id);
        self.interaction_answer(interaction_id)
    }
}
