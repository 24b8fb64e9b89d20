//! Who watches what: made from the agents' rows whenever one changes what it watches, looked up for each event.

use std::collections::{BTreeMap, BTreeSet};

use super::World;
use crate::domain::{AgentId, Interaction, InteractionId, Permission, SkillId};

/// See the file's head.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Watchers {
    all: BTreeSet<AgentId>,
    skills: BTreeMap<SkillId, BTreeSet<AgentId>>,
    interactions: BTreeMap<InteractionId, BTreeSet<AgentId>>,
}

impl Watchers {
    /// Who watches an interaction.
    pub(crate) fn of(&self, row: &Interaction) -> impl Iterator<Item = AgentId> {
        let by_skill = row.skill.as_ref().and_then(|skill| self.skills.get(skill));
        let by_id = self.interactions.get(&row.interaction_id);
        self.all.iter().chain(by_skill.into_iter().flatten()).chain(by_id.into_iter().flatten()).copied()
    }

    /// Who watches it by name.
    pub(crate) fn by_name(&self, interaction_id: InteractionId) -> Vec<AgentId> {
        self.interactions.get(&interaction_id).into_iter().flatten().copied().collect()
    }
}

impl World {
    /// Makes them anew.
    pub(crate) fn find_watchers(&mut self) {
        self.index.watchers = self.watchers();
    }

    /// Who watches what, by the agents' rows. Who may not supervise any more watches nothing.
    pub(crate) fn watchers(&self) -> Watchers {
        let mut watchers = Watchers::default();
        for desk in self.desks.values() {
            let agent = &desk.agent;
            if agent.removed || !desk.role.may(Permission::Supervise) {
                continue;
            }
            if agent.watching.all {
                watchers.all.insert(agent.agent_id);
            }
            for skill in &agent.watching.skills {
                watchers.skills.entry(skill.clone()).or_default().insert(agent.agent_id);
            }
            for interaction_id in &agent.watching.interactions {
                watchers.interactions.entry(*interaction_id).or_default().insert(agent.agent_id);
            }
        }
        watchers
    }
}
