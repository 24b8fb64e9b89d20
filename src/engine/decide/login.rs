//! Cookies and tokens: only hashes come here, and whose they are is all that is told.

use crate::domain::{Agent, AgentId, Time};
use crate::engine::turn::{Turn, refuse};
use crate::engine::{Answer, Effect, LoginRow, RefusalKind, Reply};

/// What somebody's own password is checked with.
pub(super) fn credentials(agent: &Agent) -> Answer {
    Answer::Credentials { agent_id: agent.agent_id, password_hash: agent.password_hash.clone() }
}

impl Turn<'_> {
    pub(super) fn find_login(&self, login: &str) -> Reply {
        let agent_id = self.world.by_login.get(login).copied();
        match agent_id.and_then(|agent_id| self.agent(agent_id).ok()) {
            Some(agent) => Ok(credentials(&agent)),
            None => refuse(RefusalKind::NotFound, "there is no such login"),
        }
    }

    pub(super) fn open_login(&mut self, agent_id: AgentId, hash: String, expires_at: Time) -> Reply {
        self.agent(agent_id)?;
        let login = LoginRow { hash, agent_id, expires_at };
        self.world.add_login(&login);
        self.rows.logins.retain(|other| other.hash != login.hash);
        self.rows.logins.push(login);
        Ok(Answer::Done)
    }

    pub(super) fn close_login(&mut self, hash: String) {
        let known = self.world.keys.get(&hash).is_some_and(|key| key.expires_at.is_some());
        if known {
            self.world.keys.remove(&hash);
            self.rows.logins.retain(|login| login.hash != hash);
            self.rows.logins_ended.push(hash);
        }
    }

    /// A new password, if the old one is still what it was when it was checked. Whoever else is logged in with the old one is
    /// logged out; tokens stay, they are an administrator's.
    pub(super) fn change_password(
        &mut self,
        agent: &Agent,
        old_hash: &str,
        new_hash: String,
        login: &str,
    ) -> Reply {
        if agent.password_hash != old_hash || new_hash.is_empty() {
            let message = "the password was changed meanwhile; try again";
            return refuse(RefusalKind::Unavailable, message);
        }
        let agent_id = agent.agent_id;
        self.edit_agent(agent_id, |agent| agent.password_hash = new_hash);
        let others = self.world.keys.iter().filter(|(hash, key)| {
            key.agent_id == agent_id && key.expires_at.is_some() && hash.as_str() != login
        });
        let mut hashes: Vec<String> = others.map(|(hash, _)| hash.clone()).collect();
        hashes.sort_unstable();
        for hash in &hashes {
            self.close_login(hash.clone());
        }
        self.effects.push(Effect::CloseLogins { hashes });
        Ok(Answer::Done)
    }

    pub(super) fn authenticate(&self, hash: &str) -> Reply {
        let now = self.now;
        let key = self.world.keys.get(hash);
        let key = key.filter(|key| key.expires_at.is_none_or(|expires| now < expires));
        match key.and_then(|key| self.agent(key.agent_id).ok()) {
            Some(agent) => {
                let role = self.world.role(&agent.role);
                Ok(Answer::Caller { agent_id: agent.agent_id, role })
            }
            None => refuse(RefusalKind::NotFound, "this login or token is not known, or has ended"),
        }
    }
}
