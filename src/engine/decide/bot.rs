//! Bots: agents that are plugins. They come on duty and leave together, hold the work that routing gives them, answer contacts,
//! and hand over to people (SPEC §8). A bot's answer stops no agent timer: nobody has looked yet.
//!
//! What plugins are, and how they run, is none of this room's business: here a bot is a name that is on duty or not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use super::access::{is_assigned, not_ended};
use super::reply::Content;
use crate::domain::{
    Agent, AgentId, AgentState, Author, Capacity, Choice, Interaction, InteractionId, Message, Note, NoteId,
    RoleId, SkillId, Span, Status, Survey, Target, To, Watching,
};
use crate::engine::limits::{
    BOT_NAME_CHARS, CAPACITY, CHOICE_CHARS, CHOICES, NOTE_CHARS, QUEUED_PER_RECIPIENT, SURVEY, fits,
};
use crate::engine::turn::{Turn, refuse};
use crate::engine::world::Desk;
use crate::engine::world::index::is_done;
use crate::engine::{Answer, BotCommand, Refusal, RefusalKind, Reply};

/// What a bot's login begins with; no person's does.
pub(super) const MARK: char = '@';

impl Turn<'_> {
    /// These bots, by name and title, are on duty, and no others. The work of those that leave goes to people.
    pub(super) fn bots_on_duty(&mut self, bots: &BTreeMap<String, String>) -> Answer {
        let names: BTreeSet<String> = bots.keys().map(|name| format!("{MARK}{name}")).collect();
        let leaving: Vec<AgentId> = self
            .world
            .desks
            .values()
            .filter(|desk| desk.agent.bot && desk.agent.state != AgentState::Offline)
            .filter(|desk| !names.contains(&desk.agent.login))
            .map(|desk| desk.agent.agent_id)
            .collect();
        for (name, title) in bots {
            self.bot_comes(name, title);
        }
        for agent_id in leaving {
            self.set_agent_state(agent_id, AgentState::Offline, None);
            self.release_work(agent_id);
        }
        let desks = self.world.desks.values().filter(|desk| desk.agent.bot);
        Answer::Agents(desks.map(|desk| (Arc::clone(&desk.agent), desk.load)).collect())
    }

    fn bot_comes(&mut self, name: &str, title: &str) {
        let login = format!("{MARK}{name}");
        let agent_id = match self.world.by_login.get(&login) {
            Some(agent_id) => *agent_id,
            None => self.new_bot(login),
        };
        let title: String = title.chars().take(BOT_NAME_CHARS).collect();
        let known = self.world.agent(agent_id).map(|agent| (agent.state, agent.name == title));
        if known == Some((AgentState::Available, true)) {
            return;
        }
        self.edit_agent(agent_id, |agent| agent.name = title);
        self.set_agent_state(agent_id, AgentState::Available, None);
    }

    fn new_bot(&mut self, login: String) -> AgentId {
        let agent_id = AgentId(self.next_id());
        let role = RoleId::agent();
        let granted = self.world.role(&role);
        let agent = Agent {
            agent_id,
            login: login.clone(),
            name: login.clone(),
            bot: true,
            role,
            password_hash: String::new(),
            skills: Vec::new(),
            teams: BTreeSet::new(),
            capacity: Capacity { total: CAPACITY, per_kind: BTreeMap::new() },
            state: AgentState::Offline,
            reason: None,
            state_since: self.now,
            idle_since: self.now,
            missed_offers: 0,
            watching: Watching::default(),
            removed: false,
        };
        let desk = Desk::new(agent, granted);
        self.world.index.rank(&desk);
        self.world.desks.insert(agent_id, desk);
        self.world.by_login.insert(login, agent_id);
        agent_id
    }

    /// A bot that is on duty, by its name.
    pub(crate) fn bot_named(&self, name: &str) -> Option<AgentId> {
        let agent_id = self.world.by_login.get(&format!("{MARK}{name}"))?;
        let agent = self.world.agent(*agent_id).filter(|agent| agent.state == AgentState::Available)?;
        Some(agent.agent_id)
    }

    pub(crate) fn is_bot(&self, agent_id: AgentId) -> bool {
        self.world.agent(agent_id).is_some_and(|agent| agent.bot)
    }

    pub(super) fn bot_command(&mut self, agent: &Agent, command: BotCommand) -> Reply {
        if !agent.bot {
            return refuse(RefusalKind::NotPermitted, "only a bot may ask for this");
        }
        match command {
            BotCommand::Say { interaction_id, text, choices } => {
                self.say(agent, interaction_id, text, &choices)
            }
            BotCommand::HandOver { interaction_id, skill, note } => {
                self.hand_over_by(agent, interaction_id, skill, note)
            }
            BotCommand::Ask { interaction_id, text, choices, within } => {
                self.ask_contact(agent, interaction_id, text, &choices, within)
            }
        }
    }

    /// Says something to the contact whose work it holds.
    fn say(
        &mut self,
        agent: &Agent,
        interaction_id: InteractionId,
        text: String,
        choices: &[Choice],
    ) -> Reply {
        let row = self.work(interaction_id)?;
        if !is_assigned(&row, agent.agent_id) {
            return refuse(RefusalKind::NotAssigned, format!("{interaction_id} is not the bot's (any more)"));
        }
        if row.status == Status::Closed {
            return refuse(RefusalKind::WrongStatus, format!("{interaction_id} is closed"));
        }
        let message = self.speak(agent, &row, text, choices)?;
        self.edit(interaction_id, |row| row.answered = true);
        Ok(Answer::Messages(vec![message]))
    }

    /// Checks a text with its choices, and sends it.
    fn speak(
        &mut self,
        agent: &Agent,
        row: &Interaction,
        text: String,
        choices: &[Choice],
    ) -> Result<Arc<Message>, Refusal> {
        self.window_for(row, false)?;
        check_choices(choices)?;
        let native = self.shows_choices(row, &text, choices);
        let text = if native { text } else { numbered(text, choices) };
        let content = Content { text: Some(text), ..Content::default() };
        let pieces = self.pieces(agent, row, content)?;
        if self.queued_for(row) + pieces.len() > QUEUED_PER_RECIPIENT {
            return refuse(RefusalKind::RateLimited, "too many messages to this contact wait already");
        }
        let Some(mut piece) = pieces.into_iter().next() else {
            return refuse(RefusalKind::Invalid, "there is nothing to send");
        };
        if native {
            piece.choices = choices.to_vec();
        }
        let message_id = self.write(row, &Author::Agent(agent.agent_id), piece, None);
        self.launch(row, message_id);
        match self.world.message(message_id) {
            Some(kept) => Ok(Arc::clone(&kept.row)),
            None => refuse(RefusalKind::NotFound, "the message is gone"),
        }
    }

    /// Whether the channel has buttons or a list for these; else they become numbered lines.
    fn shows_choices(&self, row: &Interaction, text: &str, choices: &[Choice]) -> bool {
        let able = self.world.channel(&row.channel_id).and_then(|channel| channel.abilities.choices);
        able.is_some_and(|able| {
            !choices.is_empty()
                && choices.len() <= able.most
                && text.chars().count() <= able.text_max
                && choices.iter().all(|choice| choice.title.chars().count() <= able.title_max)
        })
    }

    fn hand_over_by(
        &mut self,
        agent: &Agent,
        interaction_id: InteractionId,
        skill: Option<SkillId>,
        note: Option<String>,
    ) -> Reply {
        let row = self.work(interaction_id)?;
        if !is_assigned(&row, agent.agent_id) {
            return refuse(RefusalKind::NotAssigned, format!("{interaction_id} is not the bot's (any more)"));
        }
        if is_done(row.status) {
            return refuse(RefusalKind::WrongStatus, format!("{interaction_id} is {}", row.status));
        }
        if let Some(skill) = skill.as_ref().filter(|skill| !self.world.skills.contains_key(*skill)) {
            return Err(
                Refusal::new(RefusalKind::Invalid, format!("there is no skill {skill}")).field("skill")
            );
        }
        let note = note.filter(|text| !text.trim().is_empty());
        if let Some(text) = &note {
            fits("note", text, NOTE_CHARS)?;
        }
        let Some(skill) = skill.or_else(|| self.skill_after_bot(&row)) else {
            return refuse(RefusalKind::SkillNeeded, "there is no skill to hand over to");
        };
        if let Some(text) = note {
            let (note_id, created_at) = (NoteId(self.next_id()), self.now);
            let agent_id = Some(agent.agent_id);
            self.add_note(
                interaction_id,
                Note { note_id, interaction_id, message_id: None, agent_id, text, created_at },
            );
        }
        let target = Target::Skill { skill: skill.clone(), level: 1 };
        self.hand_to_queue(interaction_id, agent.agent_id, To::Skill(skill), target);
        self.interaction_answer(interaction_id)
    }

    /// Where work goes that a bot lets go of.
    fn skill_after_bot(&self, row: &Interaction) -> Option<SkillId> {
        let own = row.skill.clone().filter(|skill| self.world.skills.contains_key(skill));
        own.or_else(|| self.default_skill())
    }

    /// Puts one question to a contact whose work is resolved. An answer to it reopens nothing (SPEC §2).
    fn ask_contact(
        &mut self,
        agent: &Agent,
        interaction_id: InteractionId,
        text: String,
        choices: &[Choice],
        within: Span,
    ) -> Reply {
        let row = self.work(interaction_id)?;
        not_ended(&row)?;
        if row.status != Status::Resolved {
            return refuse(
                RefusalKind::WrongStatus,
                format!("{interaction_id} is {}, not resolved", row.status),
            );
        }
        if row.kept.survey.is_some() {
            return refuse(RefusalKind::AlreadyDone, "this contact was asked already");
        }
        if self.contact(row.contact_id).is_some_and(|contact| contact.opted_out || contact.blocked) {
            return refuse(RefusalKind::NotPermitted, "this contact wants no such messages");
        }
        if choices.is_empty() {
            return refuse(RefusalKind::Invalid, "a survey has choices: other answers are new questions");
        }
        let within = if within.0 > 0 && within < SURVEY { within } else { SURVEY };
        let survey =
            Survey { by: agent.agent_id, until: self.now + within, choices: choices.to_vec(), answer: None };
        let message = self.speak(agent, &row, text, choices)?;
        self.edit(interaction_id, |row| row.kept.survey = Some(survey));
        Ok(Answer::Messages(vec![message]))
    }

    /// Whether a survey waits for this text.
    pub(super) fn answers_survey(&self, row: &Interaction, text: &str) -> bool {
        let waits =
            |survey: &&Survey| survey.answer.is_none() && self.now < survey.until && is_done(row.status);
        row.kept.survey.as_ref().filter(waits).is_some_and(|survey| survey.is_answer(text))
    }
}

fn check_choices(choices: &[Choice]) -> Result<(), Refusal> {
    if choices.len() > CHOICES {
        let message = format!("at most {CHOICES} choices");
        return Err(Refusal::new(RefusalKind::TooLarge, message).field("choices"));
    }
    let mut seen = BTreeSet::new();
    for choice in choices {
        fits("choices", &choice.title, CHOICE_CHARS)?;
        fits("choices", &choice.id, CHOICE_CHARS)?;
        if choice.title.trim().is_empty() || choice.id.is_empty() || !seen.insert((&choice.id, &choice.title))
        {
            let message = "each choice has a title and an id of its own";
            return Err(Refusal::new(RefusalKind::Invalid, message).field("choices"));
        }
    }
    Ok(())
}

/// The text, and a line for each choice.
fn numbered(mut text: String, choices: &[Choice]) -> String {
    for (at, choice) in (1..).zip(choices) {
        // Writing to a String can't fail.
        let _written = write!(text, "\n{at}. {}", choice.title);
    }
    text
}
