//! What administrators look at and clear away: channels, tokens, dispositions; agents, skills and teams that go (SPEC §6).

use crate::domain::{AgentId, SkillId, Target, TeamId};
use crate::engine::limits::{DISPOSITION_CHARS, DISPOSITIONS, fits};
use crate::engine::turn::{Turn, refuse};
use crate::engine::{Answer, ChannelHealth, Refusal, RefusalKind, Reply, TokenInfo};

/// Something can't go because it is used.
fn in_use<T>(field: &str, message: String) -> Result<T, Refusal> {
    Err(Refusal::new(RefusalKind::Invalid, message).field(field))
}

impl Turn<'_> {
    /// Channel accounts with how they do.
    pub(super) fn list_channels(&self) -> Answer {
        let now = self.now;
        let of = |account: &crate::engine::world::Account| ChannelHealth {
            channel: account.channel.clone(),
            down_until: account.down.map(|down| down.until.max(now)),
            last_error: account.last_error.clone(),
        };
        Answer::Channels(self.world.accounts.values().map(of).collect())
    }

    pub(super) fn known_channel(&self, channel_id: &crate::domain::ChannelId) -> Reply {
        if self.world.accounts.contains_key(channel_id) {
            return Ok(Answer::Done);
        }
        refuse(RefusalKind::NotFound, format!("there is no channel {channel_id}"))
    }

    /// Tokens, without what they are.
    pub(super) fn list_tokens(&self) -> Answer {
        let of = |token: &crate::engine::TokenRow| TokenInfo {
            name: token.name.clone(),
            agent_id: token.agent_id,
            login: self.world.agent(token.agent_id).map(|agent| agent.login.clone()).unwrap_or_default(),
            created_at: token.created_at,
        };
        Answer::Tokens(self.world.tokens.values().map(of).collect())
    }

    fn known_login(&self, login: &str) -> Result<AgentId, Refusal> {
        let agent_id = self.world.by_login.get(login).copied();
        match agent_id.filter(|agent_id| self.agent(*agent_id).is_ok()) {
            Some(agent_id) => Ok(agent_id),
            None => refuse(RefusalKind::NotFound, format!("there is no agent {login:?}")),
        }
    }

    /// Removes an agent: its work goes back to the queues, its logins and tokens end, and history still names it.
    pub(super) fn remove_agent(&mut self, by: Option<AgentId>, login: String) -> Reply {
        let agent_id = self.known_login(&login)?;
        if by == Some(agent_id) {
            return in_use("login", "nobody removes oneself; another administrator can".to_owned());
        }
        self.end_logins(agent_id);
        self.save_agent(super::admin::Changes::removal(login))
    }

    /// Gives an agent another password, and ends the logins made with the old one.
    pub(super) fn reset_password(&mut self, login: &str, password_hash: String) -> Reply {
        let agent_id = self.known_login(login)?;
        self.end_logins(agent_id);
        self.edit_agent(agent_id, |agent| agent.password_hash = password_hash);
        self.revoke(agent_id);
        Ok(Answer::Done)
    }

    fn end_logins(&mut self, agent_id: AgentId) {
        let theirs = self.world.keys.iter().filter(|(_, key)| key.agent_id == agent_id);
        let mut hashes: Vec<String> =
            theirs.filter(|(_, key)| key.expires_at.is_some()).map(|(hash, _)| hash.clone()).collect();
        hashes.sort_unstable();
        for hash in hashes {
            self.close_login(hash);
        }
    }

    pub(super) fn remove_skill(&mut self, skill: &SkillId) -> Reply {
        if !self.world.skills.contains_key(skill) {
            return refuse(RefusalKind::NotFound, format!("there is no skill {skill}"));
        }
        if self.world.default_skill.as_ref() == Some(skill) {
            return in_use("skill", format!("{skill} is the default skill; configure another first"));
        }
        let desks = self.world.desks.values().map(|desk| &desk.agent);
        let holders = desks.filter(|agent| !agent.removed && agent.level(skill) > 0).count();
        if holders > 0 {
            return in_use("skill", format!("{holders} agents hold {skill}; take it from them first"));
        }
        let works = self.world.works.values().filter(|work| work.row.ended_at.is_none());
        let open = works.filter(|work| work.row.skill.as_ref() == Some(skill)).count();
        if open > 0 {
            return in_use("skill", format!("{open} open interactions are for {skill}; they must end first"));
        }
        self.world.skills.remove(skill);
        self.dirty.skills.remove(skill);
        self.rows.skills_removed.push(skill.clone());
        Ok(Answer::Done)
    }

    pub(super) fn remove_team(&mut self, team: &TeamId) -> Reply {
        if !self.world.teams.contains_key(team) {
            return refuse(RefusalKind::NotFound, format!("there is no team {team}"));
        }
        let desks = self.world.desks.values().map(|desk| &desk.agent);
        let members = desks.filter(|agent| !agent.removed && agent.teams.contains(team)).count();
        if members > 0 {
            return in_use("team", format!("{members} agents are in {team}; take them out first"));
        }
        let waits = |target: &Target| matches!(target, Target::Team(wanted) if wanted == team);
        let works = self.world.works.values().filter_map(|work| work.row.waiting.as_ref());
        let waiting = works.filter(|waiting| waits(&waiting.target)).count();
        if waiting > 0 {
            return in_use("team", format!("{waiting} interactions wait for {team}"));
        }
        self.world.teams.remove(team);
        self.dirty.teams.remove(team);
        self.rows.teams_removed.push(team.clone());
        Ok(Answer::Done)
    }

    /// All dispositions of a skill; history keeps those that go.
    pub(super) fn save_dispositions(
        &mut self,
        skill: &SkillId,
        dispositions: Vec<String>,
        required: Option<bool>,
    ) -> Reply {
        let Some(mut row) = self.world.skills.get(skill).cloned() else {
            return refuse(RefusalKind::NotFound, format!("there is no skill {skill}"));
        };
        if dispositions.len() > DISPOSITIONS {
            let message = format!("at most {DISPOSITIONS} dispositions");
            return Err(Refusal::new(RefusalKind::TooLarge, message).field("dispositions"));
        }
        dispositions.iter().try_for_each(|text| fits("dispositions", text, DISPOSITION_CHARS))?;
        let mut seen = std::collections::BTreeSet::new();
        if let Some(twice) = dispositions.iter().find(|text| text.trim().is_empty() || !seen.insert(*text)) {
            let message = format!("{twice:?} is empty or named twice");
            return Err(Refusal::new(RefusalKind::Invalid, message).field("dispositions"));
        }
        row.dispositions = dispositions;
        row.disposition_required = required.unwrap_or(row.disposition_required);
        self.dirty.skills.insert(skill.clone(), row.clone());
        self.world.skills.insert(skill.clone(), row);
        Ok(Answer::Done)
    }

    /// Whether a contact is there to be taken out.
    pub(super) fn known_contact(&self, contact_id: crate::domain::ContactId) -> Reply {
        match self.contact(contact_id) {
            Some(_) => Ok(Answer::Done),
            None => refuse(RefusalKind::NotFound, format!("there is no contact {contact_id}")),
        }
    }
}
