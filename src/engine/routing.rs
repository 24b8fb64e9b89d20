//! Where work goes: the policy is asked, its answer checked and stored with its reasons (SPEC §3).
//!
//! Whatever a script answers or fails to answer, the work ends up in a queue: a lost decision costs its default, nothing else.

use std::sync::Arc;

use serde::Serialize;

use super::decide::keys::text_hash;
use super::limits::{FACT_CHARS, HOLD_AGAIN, LINE_CHARS, PREFERRED, shorten};
use super::turn::Turn;
use super::world::index::Readiness;
use super::{Asked, DecisionRow, Facts, Route};
use crate::domain::{AgentId, DecisionId, Interaction, InteractionId, SkillId, Span, Target, Time, Waiting};

impl Turn<'_> {
    /// What a script may know of an interaction.
    pub(crate) fn facts(&self, row: &Interaction) -> Facts {
        let contact = self.contact(row.contact_id);
        let newest = row.kept.last_in.or(row.last_message_id).and_then(|id| self.world.message(id));
        let last_agent = row.agent_id.or(row.last_agent_id).filter(|agent_id| !self.is_bot(*agent_id));
        Facts {
            channel: row.channel_id.clone(),
            kind: row.kind,
            status: row.status,
            ownership: row.ownership,
            contact_name: contact.as_ref().map(|contact| contact.name.clone()).unwrap_or_default(),
            language: row
                .language
                .clone()
                .or_else(|| contact.as_ref().and_then(|contact| contact.language.clone())),
            vip: contact.as_ref().is_some_and(|contact| contact.vip),
            first_contact: row.previous_id.is_none() && !row.outbound,
            text: newest.map(|kept| shorten(&kept.row.text, FACT_CHARS)).unwrap_or_default(),
            message_kind: newest.map(|kept| kept.row.kind.to_string()).unwrap_or_default(),
            skill: row.skill.clone(),
            tags: row.tags.iter().cloned().collect(),
            disposition: row.disposition.clone(),
            last_agent,
            last_agent_available: last_agent.is_some_and(|agent_id| self.on_duty(agent_id)),
            outbound: row.outbound,
            created_at: row.created_at,
        }
    }

    pub(crate) fn on_duty(&self, agent_id: AgentId) -> bool {
        self.world.desks.get(&agent_id).is_some_and(|desk| desk.readiness().on_duty())
    }

    /// The skill that takes what nobody routes.
    pub(crate) fn default_skill(&self) -> Option<SkillId> {
        let configured =
            self.world.default_skill.as_ref().filter(|skill| self.world.skills.contains_key(*skill));
        configured.or_else(|| self.world.skills.keys().next()).cloned()
    }

    /// Asks where unowned work goes, and puts it there.
    pub(crate) fn route(&mut self, interaction_id: InteractionId) {
        let Some(row) = self.world.work(interaction_id).cloned() else { return };
        let facts = self.facts(&row);
        let mut asked = self.policy.route(&facts, self.now);
        if let Ok(route) = &asked.answer
            && let Err(unknown) = self.known(route)
        {
            asked.answer = Err(super::Failure { message: unknown });
        }
        let fallback = || match self.default_skill() {
            Some(skill) => Route::skill(skill),
            None => Route { target: Target::Hold("no_skill".to_owned()), ..Route::skill_less() },
        };
        let mut route = asked.answer.as_ref().map_or_else(|_| fallback(), Clone::clone);
        let wanted = route.bot.take();
        if wanted.is_some() {
            // A bot's work is for people in the end: this says for which.
            let skill = route.otherwise.take();
            route.target = skill.map_or_else(|| fallback().target, |skill| Target::Skill { skill, level: 1 });
        }
        let bot = wanted.as_deref().and_then(|name| self.bot_named(name));
        let mut sentence = match (&wanted, bot) {
            (Some(name), Some(_)) => format!("Sent to the bot {name}"),
            (Some(name), None) => {
                format!("Sent to {}, the bot {name} not being there,", describe(&route.target))
            }
            (None, _) => format!("Sent to {}", describe(&route.target)),
        };
        if let Some(at) = &asked.at {
            sentence = format!("{sentence} by {at}");
        }
        if asked.answer.is_err() {
            sentence = format!("{sentence}, because the routing script could not decide");
        }
        let held = |target: &Target| matches!(target, Target::Hold(_)) && target == &route.target;
        // Held work asks again every minute: the same answer is not news.
        if !row.waiting.as_ref().is_some_and(|waiting| held(&waiting.target)) {
            self.decided(&row, "route", &facts, &asked, &sentence);
        }
        match bot {
            Some(agent_id) => self.give_to_bot(&row, &route, agent_id),
            None => self.put_in_queue(&row, &route),
        }
        self.reply_once(interaction_id, route.reply.as_deref());
        self.check_duty(interaction_id);
    }

    /// A bot is offered nothing: it has it.
    fn give_to_bot(&mut self, row: &Arc<Interaction>, route: &Route, agent_id: AgentId) {
        self.withdraw_offer(row.interaction_id);
        let (language, target) = (route.language.clone(), route.target.clone());
        self.edit(row.interaction_id, |row| {
            row.language = language.or(row.language.take());
            if let Target::Skill { skill, .. } = target {
                row.skill = Some(skill);
            }
        });
        self.assign(row.interaction_id, agent_id);
    }

    fn put_in_queue(&mut self, row: &Arc<Interaction>, route: &Route) {
        let now = self.now;
        let held = matches!(route.target, Target::Hold(_));
        let within = route.within.map(|within| now + Span(within.0.max(0)));
        let before = row.waiting.as_ref();
        if held && before.is_some_and(|waiting| waiting.target == route.target) {
            // Still held: nothing to tell, it is asked again later.
            self.edit_waiting(row.interaction_id, |waiting| waiting.until = Some(now + HOLD_AGAIN));
            return;
        }
        let waiting = Waiting {
            target: clamp_level(&route.target),
            priority: route.priority.min(1_000),
            since: before.map(|waiting| waiting.since).or(row.unanswered_since).unwrap_or(now),
            until: within.filter(|_| route.otherwise.is_some()).or_else(|| held.then(|| now + HOLD_AGAIN)),
            otherwise: route.otherwise.clone().filter(|_| within.is_some()),
            not_before: before.map(|waiting| waiting.not_before.clone()).unwrap_or_default(),
        };
        self.withdraw_offer(row.interaction_id);
        if let Some(language) = route.language.clone() {
            self.edit(row.interaction_id, |row| row.language = Some(language));
        }
        self.queue(row.interaction_id, waiting);
    }

    /// Whether everything a route names exists.
    fn known(&self, route: &Route) -> Result<(), String> {
        let skill = |skill: &SkillId| {
            if self.world.skills.contains_key(skill) {
                Ok(())
            } else {
                Err(format!("the script names the skill {skill}, which does not exist"))
            }
        };
        route.otherwise.iter().try_for_each(skill)?;
        match &route.target {
            Target::Skill { skill: name, .. } => skill(name),
            Target::Agent(agent_id) => match self.agent(*agent_id) {
                Ok(agent) if agent.bot => {
                    Err(format!("the script names {agent_id} as an agent, which is a bot: to.bot"))
                }
                Ok(_) => Ok(()),
                Err(_) => Err(format!("the script names the agent {agent_id}, who does not exist")),
            },
            Target::Team(team) if self.world.teams.contains_key(team) => Ok(()),
            Target::Team(team) => Err(format!("the script names the team {team}, which does not exist")),
            Target::Hold(_) => Ok(()),
        }
    }

    /// An automatic reply leaves inside the window, and once for each text.
    fn reply_once(&mut self, interaction_id: InteractionId, text: Option<&str>) {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return };
        let Some(row) = self.world.work(interaction_id).cloned() else { return };
        let hash = text_hash(text);
        if row.kept.replied.as_deref() == Some(&hash) || !self.free_text_allowed(&row) {
            return;
        }
        let longest =
            self.world.channel(&row.channel_id).map_or(LINE_CHARS, |channel| channel.abilities.text_max);
        self.edit(interaction_id, |row| row.kept.replied = Some(hash));
        self.send_system_text(&row, shorten(text, longest));
    }

    /// Work of a detached interaction comes back: to the agent who had it, directly if available, else preferred for a while.
    pub(crate) fn bring_back(&mut self, interaction_id: InteractionId) {
        let Some(row) = self.world.work(interaction_id).cloned() else { return };
        let last = row.last_agent_id.filter(|agent_id| {
            let desk = self.world.desks.get(agent_id).filter(|desk| !desk.agent.removed && !desk.agent.bot);
            desk.is_some_and(|desk| desk.role.handles(row.kind))
        });
        let Some(agent_id) = last else { return self.route(interaction_id) };
        if self.on_duty(agent_id) {
            // Even over capacity: it is that agent's contact (SPEC §5.10).
            return self.assign(interaction_id, agent_id);
        }
        let skill = row.skill.clone().filter(|skill| self.world.skills.contains_key(skill));
        let otherwise = skill.or_else(|| self.default_skill());
        let now = self.now;
        let waiting = Waiting {
            target: Target::Agent(agent_id),
            priority: 0,
            since: now,
            until: Some(now + PREFERRED),
            otherwise,
            not_before: Vec::new(),
        };
        self.queue(interaction_id, waiting);
    }

    /// Raises an alarm, once, when work waits for a skill that nobody on duty holds.
    pub(crate) fn check_duty(&mut self, interaction_id: InteractionId) {
        let waits = self.world.work(interaction_id).and_then(|row| row.waiting.as_ref());
        let Some(Target::Skill { skill, level }) = waits.map(|waiting| waiting.target.clone()) else {
            return;
        };
        self.check_skill(&skill, level);
    }

    pub(crate) fn check_skill(&mut self, skill: &SkillId, level: u8) {
        let there = if level <= 1 {
            self.world.index.holders_in(skill, Readiness::Ready)
                + self.world.index.holders_in(skill, Readiness::Full)
                > 0
        } else {
            let mut desks = self.world.desks.values();
            desks.any(|desk| desk.readiness().on_duty() && desk.agent.level(skill) >= level)
        };
        if there {
            self.world.alarmed.remove(skill);
        } else if self.world.alarmed.insert(skill.clone()) {
            let message = format!(
                "Work waits for the skill {skill}, and nobody on duty holds it at the level it needs"
            );
            self.notice("alarm", "skill_unattended", message);
        }
    }

    /// Stores a question to the policy with its answer; personal facts by reference only.
    pub(crate) fn decided<T: Serialize>(
        &mut self,
        row: &Interaction,
        question: &str,
        facts: &Facts,
        asked: &Asked<T>,
        sentence: &str,
    ) {
        #[derive(Serialize)]
        struct Referred<'a> {
            contact: String,
            message: Option<String>,
            facts: &'a Facts,
        }
        let mut shown = facts.clone();
        shown.contact_name.clear();
        shown.text.clear();
        let referred = Referred {
            contact: row.contact_id.to_string(),
            message: row.kept.last_in.map(|id| id.to_string()),
            facts: &shown,
        };
        let decision_id = DecisionId(self.next_id());
        self.add_decision(DecisionRow {
            decision_id,
            interaction_id: row.interaction_id,
            time: self.now,
            question: question.to_owned(),
            facts: serde_json::to_string(&referred).unwrap_or_default(),
            answer: asked
                .answer
                .as_ref()
                .map_or_else(|_| String::new(), |answer| serde_json::to_string(answer).unwrap_or_default()),
            generation: asked.generation,
            at: asked.at.clone(),
            error: asked.answer.as_ref().err().map(|failure| failure.message.clone()),
            reasons: "[]".to_owned(),
            sentence: sentence.to_owned(),
        });
    }
}

impl Route {
    /// A route without a skill, for an installation that has none.
    fn skill_less() -> Self {
        Self {
            target: Target::Hold(String::new()),
            priority: 0,
            within: None,
            otherwise: None,
            reply: None,
            language: None,
            bot: None,
        }
    }
}

fn clamp_level(target: &Target) -> Target {
    match target {
        Target::Skill { skill, level } => {
            Target::Skill { skill: skill.clone(), level: (*level).clamp(1, 10) }
        }
        Target::Agent(_) | Target::Team(_) | Target::Hold(_) => target.clone(),
    }
}

pub(crate) fn describe(target: &Target) -> String {
    match target {
        Target::Skill { skill, level } if *level > 1 => {
            format!("the skill {skill} at level {level} or above")
        }
        Target::Skill { skill, .. } => format!("the skill {skill}"),
        Target::Agent(agent_id) => format!("the agent {agent_id}"),
        Target::Team(team) => format!("the team {team}"),
        Target::Hold(name) => format!("the holding queue {name}"),
    }
}

/// How long something has lasted, for a sentence.
pub(crate) fn since(now: Time, then: Time) -> String {
    Span((now - then).0.max(0) / 1_000 * 1_000).to_string()
}
