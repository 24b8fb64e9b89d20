//! What an agent reads: the inbox, one interaction, the reasons of decisions.

use crate::domain::{Agent, InteractionId, Note, Permission};
use crate::engine::turn::{Turn, refuse};
use crate::engine::{Answer, DecisionRow, RefusalKind, Reply, View};

impl Turn<'_> {
    /// Everything offered or assigned to an agent.
    pub(super) fn held(&self, agent: &Agent) -> Vec<View> {
        let Some(desk) = self.world.desks.get(&agent.agent_id) else { return Vec::new() };
        desk.holds.iter().filter_map(|interaction_id| self.view(*interaction_id).ok()).collect()
    }

    /// Everything an agent is consulted on.
    pub(super) fn consulted(&self, agent: &Agent) -> Vec<View> {
        let Some(desk) = self.world.desks.get(&agent.agent_id) else { return Vec::new() };
        desk.consults.iter().filter_map(|interaction_id| self.view(*interaction_id).ok()).collect()
    }

    pub(super) fn inbox(&self, agent: &Agent) -> Answer {
        Answer::Inbox { interactions: self.held(agent), consulted: self.consulted(agent) }
    }

    pub(super) fn get(&self, agent: &Agent, interaction_id: InteractionId) -> Reply {
        self.readable(agent, interaction_id)?;
        let view = self.view(interaction_id)?;
        let draft = self.world.drafts.get(&(interaction_id, agent.agent_id)).cloned();
        Ok(Answer::Interaction { view, notes: self.notes_of(interaction_id), draft })
    }

    /// Notes, oldest first: those loaded, and those on their way to the store.
    fn notes_of(&self, interaction_id: InteractionId) -> Vec<Note> {
        let recent = self.world.recent.notes.iter().map(|(_, note)| note);
        let mut notes: Vec<Note> = self
            .cold
            .notes
            .iter()
            .chain(recent)
            .filter(|note| note.interaction_id == interaction_id)
            .cloned()
            .collect();
        notes.sort_by_key(|note| note.note_id);
        notes.dedup_by_key(|note| note.note_id);
        notes
    }

    pub(super) fn why(&self, agent: &Agent, interaction_id: InteractionId) -> Reply {
        self.readable(agent, interaction_id)?;
        let recent = self.world.recent.decisions.iter().map(|(_, decision)| decision);
        let mut decisions: Vec<DecisionRow> = self
            .cold
            .decisions
            .iter()
            .chain(recent)
            .filter(|decision| decision.interaction_id == interaction_id)
            .cloned()
            .collect();
        decisions.sort_by_key(|decision| std::cmp::Reverse(decision.decision_id));
        decisions.dedup_by_key(|decision| decision.decision_id);
        // What brought it here: the choice of an agent, or else the route.
        let of = |question: &str| decisions.iter().find(|decision| decision.question == question);
        let sentence = of("offer").or_else(|| of("route")).map(|decision| decision.sentence.clone());
        let full = self.may(agent, Permission::Supervise);
        if !full {
            decisions.clear();
        }
        Ok(Answer::Why { full, sentence: sentence.unwrap_or_default(), decisions })
    }

    pub(super) fn list_templates(&self, agent: &Agent, channel_id: &crate::domain::ChannelId) -> Reply {
        if !self.world.accounts.contains_key(channel_id) {
            return refuse(RefusalKind::NotFound, format!("there is no channel {channel_id}"));
        }
        self.permit(agent, Permission::Handle)?;
        Ok(Answer::Templates(self.world.templates.get(channel_id).cloned().unwrap_or_default()))
    }
}
