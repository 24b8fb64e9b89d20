//! Indexes over the world: deadlines, waiting lines, agents by readiness. Each follows from the rows alone, and is brought
//! into step wherever a row changes, so that a rule can't forget it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::watchers::Watchers;
use super::{Desk, World};
use crate::domain::{
    AgentId, AgentState, ChannelKind, Interaction, InteractionId, MediaId, MessageId, Ownership, SkillId,
    Status, Target, TeamId, Time, Timer, TranscriptId,
};
use crate::engine::TimerKind;
use crate::engine::limits::CLOSING;

/// What a deadline is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// One of an interaction's: timers, offer, window, waiting, end.
    Interaction(InteractionId),
    /// A queued message's turn.
    Message(MessageId),
    /// The next try to fetch a file.
    Media(MediaId),
    /// The next try of a transcript.
    Transcript(TranscriptId),
    /// The end of an agent's grace.
    Grace(AgentId),
}

impl Due {
    pub(crate) fn why(&self) -> &'static str {
        match self {
            Self::Interaction(_) => "interaction",
            Self::Message(_) => "message",
            Self::Media(_) => "media",
            Self::Transcript(_) => "transcript",
            Self::Grace(_) => "grace",
        }
    }
}

/// Where work waits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Line {
    Skill(SkillId),
    Agent(AgentId),
    Team(TeamId),
    Hold,
}

/// A place in a line: highest priority, then longest waiting.
pub(crate) type Place = (Reverse<u16>, Time, InteractionId);
/// An agent's rank in a pool: highest level, then longest idle.
pub(crate) type Rank = (Reverse<u8>, Time, AgentId);

/// Whether an agent can be offered work, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Readiness {
    Ready,
    Full,
    Unavailable,
    Offline,
}

impl Readiness {
    /// Whether the agent is there for work, busy or not.
    pub(crate) fn on_duty(self) -> bool {
        match self {
            Self::Ready | Self::Full => true,
            Self::Unavailable | Self::Offline => false,
        }
    }
}

/// On whose desk work is, of which kind, and whether it uses capacity.
type Held = (AgentId, ChannelKind, bool);

/// Where the indexes have an interaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Spot {
    holder: Option<Held>,
    /// Who was asked to take it over: that is held too.
    guest: Option<Held>,
    consulted: BTreeSet<AgentId>,
    line: Option<(Line, Place)>,
    queue: Option<(SkillId, Time)>,
    due: Option<Time>,
    /// When its countdowns reach zero, once they are yellow.
    risks: Vec<(Time, TimerKind)>,
    live: bool,
    snoozed: Option<AgentId>,
}

/// The indexes.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) deadlines: BTreeSet<(Time, Due)>,
    pub(crate) lines: BTreeMap<Line, BTreeSet<Place>>,
    /// Waiting work of each skill, offered included, by since when.
    pub(crate) queues: BTreeMap<SkillId, BTreeSet<(Time, InteractionId)>>,
    pub(crate) ready: BTreeMap<Line, BTreeSet<Rank>>,
    /// Holders of each skill by readiness.
    pub(crate) holders: BTreeMap<SkillId, BTreeMap<Readiness, u32>>,
    /// Countdowns that are yellow or red, by when they reach zero.
    pub(crate) at_risk: BTreeSet<(Time, InteractionId, TimerKind)>,
    /// Everything that has not ended.
    pub(crate) live: BTreeSet<InteractionId>,
    pub(crate) watchers: Watchers,
    /// What each agent put aside.
    pub(crate) snoozed: BTreeMap<AgentId, BTreeSet<InteractionId>>,
    /// Queues whose counters changed in this batch.
    pub(crate) changed_queues: BTreeSet<SkillId>,
    /// Agents whose load changed in this batch.
    pub(crate) changed_loads: BTreeSet<AgentId>,
    /// Work that may find an agent now.
    pub(crate) touched_works: BTreeSet<Place>,
    /// Agents who may take work now.
    pub(crate) touched_agents: BTreeSet<AgentId>,
}

fn of_timer(timer: Option<&Timer>) -> Option<Time> {
    let timer = timer?;
    match (timer.yellow, timer.red) {
        (_, true) => None,
        (false, false) => Some(timer.yellow_at()),
        (true, false) => Some(timer.red_at()),
    }
}

fn of_window(row: &Interaction) -> Option<Time> {
    let ends = row.window_ends_at?;
    match row.window_told {
        0 => Some(ends - CLOSING),
        1 => Some(ends),
        _ => None,
    }
}

fn of_waiting(row: &Interaction) -> Option<Time> {
    let waiting = row.waiting.as_ref().filter(|_| row.ownership == Ownership::Queued)?;
    waiting.not_before.iter().map(|(_, time)| *time).chain(waiting.until).min()
}

/// An interaction's next deadline.
pub(crate) fn deadline(row: &Interaction) -> Option<Time> {
    if row.ended_at.is_some() {
        return None;
    }
    let timers = &row.timers;
    let all = [
        of_timer(timers.agent.as_ref()),
        of_timer(timers.customer.as_ref()),
        timers.offer_expires_at,
        timers.ends_at,
        timers.snoozed_until,
        of_window(row),
        of_waiting(row),
        row.transfer.map(|transfer| transfer.expires_at),
    ];
    all.into_iter().flatten().min()
}

pub(crate) fn line(target: &Target) -> Line {
    match target {
        Target::Skill { skill, .. } => Line::Skill(skill.clone()),
        Target::Agent(agent_id) => Line::Agent(*agent_id),
        Target::Team(team) => Line::Team(team.clone()),
        Target::Hold(_) => Line::Hold,
    }
}

fn spot(row: &Interaction) -> Spot {
    if row.ended_at.is_some() {
        return Spot::default();
    }
    let holds = match row.ownership {
        Ownership::Offered | Ownership::Assigned => true,
        Ownership::Queued | Ownership::Detached => false,
    };
    let waiting = row.waiting.as_ref();
    let timers = [(&row.timers.agent, TimerKind::Agent), (&row.timers.customer, TimerKind::Customer)];
    let risk = |(timer, kind): (&Option<Timer>, TimerKind)| {
        timer.filter(|timer| timer.yellow).map(|timer| (timer.red_at(), kind))
    };
    Spot {
        guest: row.transfer.map(|transfer| (transfer.to, row.kind, row.status.uses_capacity())),
        consulted: row.consulted.clone(),
        risks: timers.into_iter().filter_map(risk).collect(),
        live: true,
        holder: row
            .agent_id
            .filter(|_| holds)
            .map(|agent_id| (agent_id, row.kind, row.status.uses_capacity())),
        line: waiting.filter(|_| row.ownership == Ownership::Queued).map(|waiting| {
            (line(&waiting.target), (Reverse(waiting.priority), waiting.since, row.interaction_id))
        }),
        queue: waiting.and_then(|waiting| Some((row.skill.clone()?, waiting.since))),
        due: deadline(row),
        snoozed: row.last_agent_id.filter(|_| row.timers.snoozed_until.is_some()),
    }
}

fn insert<K: Ord, V: Ord>(map: &mut BTreeMap<K, BTreeSet<V>>, key: K, value: V) {
    map.entry(key).or_default().insert(value);
}

fn remove<K: Ord, V: Ord>(map: &mut BTreeMap<K, BTreeSet<V>>, key: &K, value: &V) {
    if let Some(set) = map.get_mut(key) {
        set.remove(value);
        if set.is_empty() {
            map.remove(key);
        }
    }
}

impl World {
    /// Brings the indexes into step with an interaction's row.
    pub(crate) fn reindex(&mut self, interaction_id: InteractionId) {
        let Some(work) = self.works.get_mut(&interaction_id) else { return };
        let new = spot(&work.row);
        if new == work.spot {
            return;
        }
        let old = std::mem::replace(&mut work.spot, new.clone());
        self.set_due(Due::Interaction(interaction_id), old.due, new.due);
        if old.line != new.line {
            if let Some((line, place)) = old.line {
                remove(&mut self.index.lines, &line, &place);
            }
            if let Some((line, place)) = new.line {
                self.index.touched_works.insert(place);
                insert(&mut self.index.lines, line, place);
            }
        }
        if old.queue != new.queue {
            if let Some((skill, since)) = old.queue {
                remove(&mut self.index.queues, &skill, &(since, interaction_id));
                self.index.changed_queues.insert(skill);
            }
            if let Some((skill, since)) = new.queue {
                insert(&mut self.index.queues, skill.clone(), (since, interaction_id));
                self.index.changed_queues.insert(skill);
            }
        }
        if old.live != new.live {
            if new.live {
                self.index.live.insert(interaction_id);
            } else {
                self.index.live.remove(&interaction_id);
            }
        }
        if old.snoozed != new.snoozed {
            if let Some(agent_id) = old.snoozed {
                remove(&mut self.index.snoozed, &agent_id, &interaction_id);
            }
            if let Some(agent_id) = new.snoozed {
                insert(&mut self.index.snoozed, agent_id, interaction_id);
            }
        }
        if old.risks != new.risks {
            for (red_at, kind) in old.risks {
                self.index.at_risk.remove(&(red_at, interaction_id, kind));
            }
            for (red_at, kind) in new.risks {
                self.index.at_risk.insert((red_at, interaction_id, kind));
            }
        }
        if old.consulted != new.consulted {
            for agent_id in old.consulted {
                self.with_desk(agent_id, |desk| desk.consults.remove(&interaction_id));
            }
            for agent_id in new.consulted {
                self.with_desk(agent_id, |desk| desk.consults.insert(interaction_id));
            }
        }
        self.rehold(interaction_id, old.guest, new.guest);
        self.rehold(interaction_id, old.holder, new.holder);
    }

    /// Work went from one desk to another.
    fn rehold(&mut self, interaction_id: InteractionId, old: Option<Held>, new: Option<Held>) {
        if old == new {
            return;
        }
        if let Some((agent_id, kind, counts)) = old {
            self.with_desk(agent_id, |desk| desk.release(interaction_id, kind, counts));
        }
        if let Some((agent_id, kind, counts)) = new {
            self.with_desk(agent_id, |desk| desk.hold(interaction_id, kind, counts));
        }
    }

    /// Changes an agent's desk and brings the pools into step.
    pub(crate) fn with_desk<R>(
        &mut self,
        agent_id: AgentId,
        change: impl FnOnce(&mut Desk) -> R,
    ) -> Option<R> {
        let desk = self.desks.get_mut(&agent_id)?;
        let (was, load) = (desk.readiness(), desk.load);
        self.index.unrank(desk);
        let result = change(desk);
        self.index.rank(desk);
        let now = desk.readiness();
        if desk.load != load {
            self.index.changed_loads.insert(agent_id);
        }
        if was.on_duty() != now.on_duty() {
            self.index.changed_queues.extend(desk.agent.skills.iter().map(|held| held.skill.clone()));
        }
        if now == Readiness::Ready && (was != Readiness::Ready || desk.load < load) {
            self.index.touched_agents.insert(agent_id);
        }
        Some(result)
    }

    /// Sets or clears a deadline that is not an interaction's.
    pub(crate) fn set_due(&mut self, due: Due, old: Option<Time>, new: Option<Time>) {
        if old == new {
            return;
        }
        if let Some(time) = old {
            self.index.deadlines.remove(&(time, due.clone()));
        }
        if let Some(time) = new {
            self.index.deadlines.insert((time, due));
        }
    }
}

impl Index {
    pub(crate) fn unrank(&mut self, desk: &Desk) {
        if desk.agent.removed {
            return;
        }
        let readiness = desk.readiness();
        for (line, rank) in desk.ranks() {
            if readiness == Readiness::Ready {
                remove(&mut self.ready, &line, &rank);
            }
        }
        for held in &desk.agent.skills {
            if let Some(count) =
                self.holders.get_mut(&held.skill).and_then(|by_readiness| by_readiness.get_mut(&readiness))
            {
                *count = count.saturating_sub(1);
            }
        }
    }

    pub(crate) fn rank(&mut self, desk: &Desk) {
        if desk.agent.removed {
            return;
        }
        let readiness = desk.readiness();
        if readiness == Readiness::Ready {
            for (line, rank) in desk.ranks() {
                insert(&mut self.ready, line, rank);
            }
        }
        for held in &desk.agent.skills {
            *self.holders.entry(held.skill.clone()).or_default().entry(readiness).or_default() += 1;
        }
    }

    /// How many holders of a skill are in each readiness.
    pub(crate) fn holders_in(&self, skill: &SkillId, readiness: Readiness) -> u32 {
        self.holders.get(skill).and_then(|by| by.get(&readiness)).copied().unwrap_or(0)
    }
}

impl Desk {
    pub(crate) fn readiness(&self) -> Readiness {
        match self.agent.state {
            AgentState::Offline => Readiness::Offline,
            // A bot is there without a socket, and is given work by routing alone: it stands in no line.
            AgentState::Available if self.agent.bot => Readiness::Full,
            // Whoever was removed may still be connected in the batch that says so.
            _ if self.agent.removed || !self.connected() => Readiness::Offline,
            AgentState::Unavailable => Readiness::Unavailable,
            AgentState::Available if self.load >= self.agent.capacity.total => Readiness::Full,
            AgentState::Available => Readiness::Ready,
        }
    }

    fn ranks(&self) -> impl Iterator<Item = (Line, Rank)> {
        let (agent_id, idle) = (self.agent.agent_id, self.agent.idle_since);
        let skills = self
            .agent
            .skills
            .iter()
            .map(move |held| (Line::Skill(held.skill.clone()), (Reverse(held.level), idle, agent_id)));
        let teams =
            self.agent.teams.iter().map(move |team| (Line::Team(team.clone()), (Reverse(0), idle, agent_id)));
        skills.chain(teams)
    }

    fn hold(&mut self, interaction_id: InteractionId, kind: ChannelKind, counts: bool) {
        self.holds.insert(interaction_id);
        if counts {
            self.load += 1;
            *self.load_of_kind.entry(kind).or_default() += 1;
        }
    }

    fn release(&mut self, interaction_id: InteractionId, kind: ChannelKind, counts: bool) {
        self.holds.remove(&interaction_id);
        if counts {
            self.load = self.load.saturating_sub(1);
            if let Some(of_kind) = self.load_of_kind.get_mut(&kind) {
                *of_kind = of_kind.saturating_sub(1);
            }
        }
    }
}

/// Whether work in this status is over for its agent: nothing counts down and nobody is asked to take it.
pub(crate) fn is_done(status: Status) -> bool {
    match status {
        Status::Resolved | Status::Closed => true,
        Status::New | Status::Open | Status::Pending | Status::Escalated => false,
    }
}
