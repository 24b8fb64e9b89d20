//! Quick replies, as far as the engine has to do with them: what fills them in, and each agent's stars (SPEC §5.8).
//!
//! The texts themselves are the scripts'; which there are, the caller knows.

use std::collections::BTreeMap;

use crate::domain::{Agent, InteractionId};
use crate::engine::limits::{QUICK_REPLY_CHARS, STARS, fits};
use crate::engine::turn::Turn;
use crate::engine::{Answer, Audience, EventKind, Prefill, Refusal, RefusalKind, Reply};

impl Turn<'_> {
    /// The caller, its stars, and the interaction that a quick reply is for, if the caller may read it.
    pub(super) fn prefill(&self, agent: &Agent, interaction_id: Option<InteractionId>) -> Reply {
        let view = match interaction_id {
            Some(interaction_id) => {
                self.readable(agent, interaction_id)?;
                Some(self.view(interaction_id)?)
            }
            None => None,
        };
        let skill = view.as_ref().and_then(|view| self.world.skills.get(view.interaction.skill.as_ref()?));
        Ok(Answer::Prefill(Box::new(Prefill {
            agent: self.agent(agent.agent_id)?,
            stars: self.stars_of(agent),
            skill: skill.map(|skill| skill.title.clone()),
            view,
        })))
    }

    fn stars_of(&self, agent: &Agent) -> BTreeMap<String, bool> {
        let stars = self.world.stars.range((agent.agent_id, String::new())..);
        let own = stars.take_while(|((agent_id, _), _)| *agent_id == agent.agent_id);
        own.map(|((_, quick_reply_id), starred)| (quick_reply_id.clone(), *starred)).collect()
    }

    /// A favourite from now on, or none any more; on all of the agent's devices.
    pub(super) fn star(&mut self, agent: &Agent, quick_reply_id: String, starred: bool) -> Reply {
        fits("quick_reply_id", &quick_reply_id, QUICK_REPLY_CHARS)?;
        let agent_id = agent.agent_id;
        let key = (agent_id, quick_reply_id);
        let known = self.world.stars.get(&key).copied();
        if known == Some(starred) {
            return Ok(Answer::Done);
        }
        if known.is_none() && self.stars_of(agent).len() >= STARS {
            let message = format!("at most {STARS} quick replies have a star, or had one taken away");
            return Err(Refusal::new(RefusalKind::TooLarge, message).field("quick_reply_id"));
        }
        self.world.stars.insert(key.clone(), starred);
        self.dirty.stars.insert(key.clone(), starred);
        let audience = Audience { agents: vec![agent_id], ..Audience::default() };
        let kind = EventKind::QuickReplyStarred { agent_id, quick_reply_id: key.1, starred };
        self.global_event(kind, audience, None);
        Ok(Answer::Done)
    }
}
