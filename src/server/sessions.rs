//! Which sockets are open, whose they are and what each may see.
//!
//! Written by sockets as they come and go, read by the feed for each event. A lock held for moments; nothing waits in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::lane::{Close, Lane};
use crate::domain::{AgentId, Permission, Role, SkillId};
use crate::engine::{Audience, Caller};

/// A socket whose session has started, or is about to.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) caller: Caller,
    pub(crate) role: Arc<Role>,
    /// SHA-256 of its cookie or token, to close it at logout.
    pub(crate) login: String,
    pub(crate) lane: Arc<Lane>,
    /// Queues whose counters it is told.
    pub(crate) queues: BTreeSet<SkillId>,
}

impl Session {
    fn supervises(&self) -> bool {
        self.role.may(Permission::Supervise)
    }
    fn administers(&self) -> bool {
        self.role.may(Permission::Administer)
    }
}

#[derive(Debug, Default)]
struct Open {
    all: BTreeMap<Caller, Session>,
    /// Those who see more than what concerns them.
    overseers: BTreeSet<Caller>,
    /// The server goes down: whoever comes now is sent away at once.
    closing: Option<Close>,
}

/// Every open socket.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    open: Mutex<Open>,
    last: AtomicU64,
}

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for a new socket; 0 stands for requests without one.
    pub(crate) fn number(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A socket is open.
    pub(crate) fn add(&self, session: Session) {
        let mut open = self.lock();
        if let Some(close) = open.closing {
            session.lane.close(close);
        }
        if session.supervises() || session.administers() {
            open.overseers.insert(session.caller);
        }
        open.all.insert(session.caller, session);
    }

    /// Its session has started: these are the counters it is told.
    pub(crate) fn set_queues(&self, caller: Caller, queues: BTreeSet<SkillId>) {
        if let Some(session) = self.lock().all.get_mut(&caller) {
            session.queues = queues;
        }
    }

    /// A socket is closed.
    pub(crate) fn remove(&self, caller: Caller) {
        let mut open = self.lock();
        open.all.remove(&caller);
        open.overseers.remove(&caller);
    }

    /// How many are open.
    pub(crate) fn len(&self) -> usize {
        self.lock().all.len()
    }

    /// Shows `each` every socket that may see an event.
    pub(crate) fn for_audience(&self, audience: &Audience, mut each: impl FnMut(&Session)) {
        let open = self.lock();
        for agent_id in &audience.agents {
            of_agent(&open, *agent_id).for_each(&mut each);
        }
        if audience.supervisors || audience.administrators {
            let by_role = |session: &&Session| {
                audience.supervisors && session.supervises()
                    || audience.administrators && session.administers()
            };
            open.overseers
                .iter()
                .filter_map(|caller| open.all.get(caller))
                .filter(by_role)
                .filter(|session| !audience.agents.contains(&session.caller.agent_id))
                .for_each(each);
        }
    }

    /// Shows `each` every socket that is told a queue's counters.
    pub(crate) fn for_queue(&self, skill: &SkillId, mut each: impl FnMut(&Session)) {
        let open = self.lock();
        let told = open.all.values().filter(|session| session.supervises() || session.queues.contains(skill));
        told.for_each(&mut each);
    }

    /// Shows `each` every socket of an agent.
    pub(crate) fn for_agent(&self, agent_id: AgentId, each: impl FnMut(&Session)) {
        of_agent(&self.lock(), agent_id).for_each(each);
    }

    /// Closes the sockets of one login.
    pub(crate) fn close_login(&self, login: &str, close: Close) {
        let open = self.lock();
        open.all
            .values()
            .filter(|session| session.login == login)
            .for_each(|session| session.lane.close(close));
    }

    /// Closes every socket, also those that still come.
    pub(crate) fn close_all(&self, close: Close) {
        let mut open = self.lock();
        open.closing = Some(close);
        open.all.values().for_each(|session| session.lane.close(close));
    }

    /// Every agent is to be announced to the engine again.
    pub(crate) fn announce_all(&self) {
        self.lock().all.values().for_each(|session| session.lane.announce());
    }
}

fn of_agent(open: &Open, agent_id: AgentId) -> impl Iterator<Item = &Session> {
    let from = Caller { agent_id, session: 0 };
    let to = Caller { agent_id, session: u64::MAX };
    open.all.range(from..=to).map(|(_, session)| session)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RoleId;

    fn sessions() -> Sessions {
        let sessions = Sessions::default();
        for (agent, session, role) in [
            (1, 1, RoleId::agent()),
            (1, 2, RoleId::agent()),
            (2, 3, RoleId::agent()),
            (3, 4, RoleId::supervisor()),
            (4, 5, RoleId::administrator()),
        ] {
            let caller = Caller { agent_id: AgentId(agent), session };
            let lane = Arc::default();
            sessions.add(Session {
                caller,
                role: Arc::new(Role::unsaved(&role)),
                login: format!("l{session}"),
                lane,
                queues: BTreeSet::new(),
            });
        }
        sessions
    }

    fn seen(agents: &[i64], supervisors: bool, administrators: bool) -> Vec<u64> {
        let agents = agents.iter().copied().map(AgentId).collect();
        let mut seen = Vec::new();
        sessions().for_audience(&Audience { agents, supervisors, administrators }, |session| {
            seen.push(session.caller.session);
        });
        seen
    }

    #[test]
    fn an_event_goes_to_those_who_may_see_it_once() {
        assert_eq!(seen(&[], false, false), [0; 0]);
        assert_eq!(seen(&[1], false, false), [1, 2]);
        assert_eq!(seen(&[2, 3], true, false), [3, 4, 5]);
        assert_eq!(seen(&[], true, false), [4, 5]);
        assert_eq!(seen(&[], false, true), [5]);
    }

    #[test]
    fn who_comes_while_the_server_goes_down_is_sent_away() {
        let sessions = sessions();
        sessions.close_all(Close::RESTARTING);
        let lane: Arc<Lane> = Arc::default();
        let caller = Caller { agent_id: AgentId(9), session: 9 };
        let login = String::new();
        sessions.add(Session {
            caller,
            role: Arc::new(Role::unsaved(&RoleId::agent())),
            login,
            lane: Arc::clone(&lane),
            queues: BTreeSet::new(),
        });
        assert_eq!(lane.closing(), Some(Close::RESTARTING));
    }

    #[test]
    fn logging_out_closes_that_login_only() {
        let sessions = sessions();
        sessions.close_login("l2", Close::UNAUTHENTICATED);
        let mut closed = Vec::new();
        sessions.for_agent(AgentId(1), |session| closed.push(session.lane.closing().is_some()));
        assert_eq!(closed, [false, true]);
    }
}
