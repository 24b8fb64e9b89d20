//! One batch being made: the world, what was loaded for it, and what it comes to.
//!
//! A rule of `decide/` checks first and changes afterwards, through the verbs of `apply`; so a refusal leaves no trace.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cold::Loaded;
use super::world::{Desk, Leaving, World};
use super::{
    Answered, Audience, Batch, DecisionRow, DedupeRow, Effect, Event, EventKind, EventRow, Policy, Refusal,
    RefusalKind, Reply, RequestRow, Rows, StarRow, TagRow,
};
use crate::domain::{
    Agent, AgentId, Alias, AliasKind, ChannelKind, Contact, ContactId, Draft, Interaction, InteractionId,
    Media, MediaId, Message, MessageId, Note, NoteId, Ownership, Role, RoleId, Skill, SkillId, Team, TeamId,
    Time, Transcript, TranscriptId,
};

/// Rows that this batch changed; their final state is read from the world when it ends.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    pub(crate) contacts: BTreeSet<ContactId>,
    pub(crate) interactions: BTreeSet<InteractionId>,
    pub(crate) messages: BTreeSet<MessageId>,
    pub(crate) agents: BTreeSet<AgentId>,
    pub(crate) aliases: BTreeMap<(ChannelKind, AliasKind, String), Alias>,
    pub(crate) media: BTreeMap<MediaId, Media>,
    pub(crate) drafts: BTreeMap<(InteractionId, AgentId), Draft>,
    pub(crate) transcripts: BTreeMap<TranscriptId, Transcript>,
    pub(crate) tags: BTreeMap<String, i64>,
    pub(crate) stars: BTreeMap<(AgentId, String), bool>,
    /// `None`: removed.
    pub(crate) roles: BTreeMap<RoleId, Option<Arc<Role>>>,
    pub(crate) skills: BTreeMap<SkillId, Skill>,
    pub(crate) teams: BTreeMap<TeamId, Team>,
    pub(crate) service_levels: BTreeSet<(SkillId, Time)>,
    /// Words by which contacts are found, added or taken away.
    pub(crate) words: BTreeMap<(String, ContactId), bool>,
}

/// A batch being made.
pub(crate) struct Turn<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) cold: Loaded,
    pub(crate) policy: &'a dyn Policy,
    pub(crate) now: Time,
    /// The random number that came with the input.
    pub(crate) random: u64,
    /// The socket that the input came by; 0: none.
    pub(crate) session: u64,
    pub(crate) dirty: Dirty,
    pub(crate) rows: Rows,
    pub(crate) events: Vec<EventRow>,
    pub(crate) passing: Vec<EventRow>,
    pub(crate) answers: Vec<Answered>,
    pub(crate) effects: Vec<Effect>,
}

/// What an event is about, beside its interaction.
#[derive(Debug, Default)]
pub(crate) struct About {
    pub(crate) message: Option<Arc<Message>>,
    pub(crate) note: Option<Arc<Note>>,
    pub(crate) draft: Option<Draft>,
    /// Agents who see it though they do not hold the interaction now (who loses it).
    pub(crate) also: Option<AgentId>,
}

/// Short for a refusal with its sentence.
pub(crate) fn refuse<T>(kind: RefusalKind, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(kind, message))
}

impl<'a> Turn<'a> {
    pub(crate) fn new(world: &'a mut World, cold: Loaded, policy: &'a dyn Policy, now: Time) -> Self {
        Self {
            world,
            cold,
            policy,
            now,
            random: 0,
            session: 0,
            dirty: Dirty::default(),
            rows: Rows::default(),
            events: Vec::new(),
            passing: Vec::new(),
            answers: Vec::new(),
            effects: Vec::new(),
        }
    }

    /// A new number for an id.
    pub(crate) fn next_id(&mut self) -> i64 {
        let id = self.world.next_id;
        self.world.next_id = id.saturating_add(1);
        id
    }

    pub(crate) fn answer(&mut self, ticket: u64, reply: Reply) {
        self.answers.push(Answered { ticket, reply });
    }

    /// A random length from 0 to `max` milliseconds, both included.
    pub(crate) fn jitter(&mut self, max: i64) -> i64 {
        // Each use takes the next number of a small generator (SplitMix64's step), seeded by the input.
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed ^= mixed >> 31;
        let range = u64::try_from(max).unwrap_or(0).saturating_add(1);
        i64::try_from(mixed % range).unwrap_or(0)
    }

    /// An interaction that has not left memory.
    pub(crate) fn work(&self, interaction_id: InteractionId) -> Result<Arc<Interaction>, Refusal> {
        match self.world.work(interaction_id).or_else(|| self.cold.interactions.get(&interaction_id)) {
            Some(row) => Ok(Arc::clone(row)),
            None => refuse(RefusalKind::NotFound, format!("there is no interaction {interaction_id}")),
        }
    }

    pub(crate) fn contact(&self, contact_id: ContactId) -> Option<Arc<Contact>> {
        self.world.contact(contact_id).or_else(|| self.cold.contacts.get(&contact_id)).cloned()
    }

    pub(crate) fn agent(&self, agent_id: AgentId) -> Result<Arc<Agent>, Refusal> {
        match self.world.desks.get(&agent_id).filter(|desk| !desk.agent.removed) {
            Some(desk) => Ok(Arc::clone(&desk.agent)),
            None => refuse(RefusalKind::NotFound, format!("there is no agent {agent_id}")),
        }
    }

    /// Adds an event about an interaction; its revision rises, unless it has ended.
    pub(crate) fn event(&mut self, interaction_id: InteractionId, kind: EventKind, about: About) {
        let drafted =
            if let EventKind::DraftChanged { agent_id, .. } = &kind { Some(*agent_id) } else { None };
        let batch = self.world.changing();
        let row = if let Some(work) = self.world.works.get_mut(&interaction_id) {
            let ended = work.row.ended_at.is_some() && kind != EventKind::InteractionClosed;
            if !ended && drafted.is_none() {
                let row = Arc::make_mut(&mut work.row);
                row.revision = row.revision.saturating_add(1);
                work.changed = batch;
                self.dirty.interactions.insert(interaction_id);
            }
            Some(Arc::clone(&work.row))
        } else {
            // It has ended and left memory: the event tells, and changes nothing.
            self.cold.interactions.get(&interaction_id).cloned()
        };
        let audience = match (drafted, &row) {
            (Some(agent_id), _) => Audience { agents: vec![agent_id], ..Audience::default() },
            (None, Some(row)) => self.audience(row, about.also),
            (None, None) => Audience::default(),
        };
        let event = Event {
            seq: self.next_seq(),
            time: self.now,
            interaction_id: Some(interaction_id),
            revision: row.as_ref().map_or(0, |row| row.revision),
            kind,
            audience,
        };
        let contact = row.as_ref().and_then(|row| self.contact(row.contact_id));
        self.events.push(EventRow {
            event,
            interaction: row,
            contact,
            message: about.message,
            note: about.note,
            agent: None,
            draft: about.draft,
        });
    }

    /// Adds an event that is not about an interaction.
    pub(crate) fn global_event(&mut self, kind: EventKind, audience: Audience, agent: Option<AgentId>) {
        let event =
            Event { seq: self.next_seq(), time: self.now, interaction_id: None, revision: 0, kind, audience };
        let agent = agent
            .and_then(|agent_id| self.world.desks.get(&agent_id))
            .map(|desk| (Arc::clone(&desk.agent), desk.load));
        self.events.push(EventRow {
            event,
            interaction: None,
            contact: None,
            message: None,
            note: None,
            agent,
            draft: None,
        });
    }

    /// Tells administrators and supervisors something; the same thing at most once a minute.
    pub(crate) fn notice(&mut self, level: &str, code: &str, message: impl Into<String>) {
        let message = message.into();
        let key = format!("{code} {message}");
        let now = self.now;
        self.world.told.retain(|_, time| now - *time < super::limits::NOTICE_AGAIN);
        if self.world.told.contains_key(&key) {
            return;
        }
        self.world.told.insert(key, now);
        let kind = EventKind::Notice { level: level.to_owned(), code: code.to_owned(), message };
        let audience = Audience { agents: Vec::new(), supervisors: true, administrators: true };
        self.global_event(kind, audience, None);
    }

    /// Who may see events of an interaction: who holds it, is offered it, consulted or watching, and who loses it.
    pub(crate) fn audience(&self, row: &Interaction, also: Option<AgentId>) -> Audience {
        let holder = match row.ownership {
            Ownership::Offered | Ownership::Assigned => row.agent_id,
            Ownership::Queued | Ownership::Detached => None,
        };
        let asked = row.transfer.map(|transfer| transfer.to);
        let involved = row.consulted.iter().copied().chain(holder).chain(asked).chain(also);
        let mut agents: Vec<AgentId> = involved.chain(self.world.index.watchers.of(row)).collect();
        agents.sort_unstable();
        agents.dedup();
        Audience { agents, supervisors: false, administrators: false }
    }

    fn next_seq(&mut self) -> i64 {
        self.world.seq = self.world.seq.saturating_add(1);
        self.world.seq
    }

    pub(crate) fn remember_key(&mut self, key: String) {
        let batch = self.world.changing();
        let expires_at = self.now + super::limits::KEY_TTL;
        self.world.recent.dedupe.insert(key.clone());
        self.world.recent.dedupe_order.push_back((batch, key.clone()));
        self.rows.dedupe.push(DedupeRow { key, expires_at });
    }

    pub(crate) fn remember_request(&mut self, row: RequestRow) {
        let batch = self.world.changing();
        let key = (row.agent_id, row.request_id.clone());
        self.world.recent.requests_order.push_back((batch, key.0, key.1.clone()));
        self.world.recent.requests.insert(key, row.clone());
        self.rows.requests.push(row);
    }

    pub(crate) fn add_decision(&mut self, row: DecisionRow) {
        self.world.recent.decisions.push_back((self.world.changing(), row.clone()));
        self.rows.decisions.push(row);
    }

    pub(crate) fn add_note(&mut self, interaction_id: InteractionId, note: Note) {
        self.world.recent.notes.push_back((self.world.changing(), note.clone()));
        self.rows.notes.push(note.clone());
        let note_id: NoteId = note.note_id;
        let about = About { note: Some(Arc::new(note)), ..About::default() };
        self.event(interaction_id, EventKind::NoteAdded { note_id }, about);
    }

    /// Lets something leave memory once this batch is committed.
    pub(crate) fn leaves(&mut self, thing: Leaving) {
        self.world.recent.leaving.push_back((self.world.changing(), thing));
    }

    /// Gathers final rows and closes the batch.
    pub(crate) fn finish(mut self) -> Batch {
        let dirty = std::mem::take(&mut self.dirty);
        let world = &mut *self.world;
        let rows = &mut self.rows;
        let contacts = dirty.contacts.iter().filter_map(|id| world.people.get(id));
        rows.contacts = contacts.map(|person| Arc::clone(&person.contact)).collect();
        let works = dirty.interactions.iter().filter_map(|id| world.works.get(id));
        rows.interactions = works.map(|work| Arc::clone(&work.row)).collect();
        let messages = dirty.messages.iter().filter_map(|id| world.messages.rows.get(id));
        rows.messages = messages.map(|kept| (kept.channel_id.clone(), Arc::clone(&kept.row))).collect();
        let desks = dirty.agents.iter().filter_map(|id| world.desks.get(id));
        rows.agents = desks.map(|desk| Arc::clone(&desk.agent)).collect();
        let counts = dirty.service_levels.iter();
        rows.service_levels =
            counts.filter_map(|(skill, time)| world.levels.row(skill, *time)).cloned().collect();
        rows.aliases = dirty.aliases.into_values().collect();
        for (word, there) in dirty.words {
            if there {
                rows.contact_words.push(word);
            } else {
                rows.contact_words_gone.push(word);
            }
        }
        rows.media = dirty.media.into_values().collect();
        rows.drafts = dirty.drafts.into_values().collect();
        rows.transcripts = dirty.transcripts.into_values().collect();
        rows.tags = dirty.tags.into_iter().map(|(tag, uses)| TagRow { tag, uses }).collect();
        rows.stars = dirty
            .stars
            .into_iter()
            .map(|((agent_id, quick_reply_id), starred)| StarRow { agent_id, quick_reply_id, starred })
            .collect();
        for (role, saved) in dirty.roles {
            match saved {
                Some(saved) => rows.roles.push(saved),
                None => rows.roles_removed.push(role),
            }
        }
        rows.skills = dirty.skills.into_values().collect();
        rows.teams = dirty.teams.into_values().collect();
        let queues = std::mem::take(&mut world.index.changed_queues);
        let queues =
            queues.iter().filter_map(|skill| world.skills.get(skill)).map(|skill| world.queue_of(skill));
        let queues = queues.collect();
        for agent_id in std::mem::take(&mut world.index.changed_loads) {
            let Some(desk) = world.desks.get(&agent_id) else { continue };
            self.passing.push(load_event(desk, self.now));
        }
        let mut batch = Batch {
            number: world.batch,
            next_id: world.next_id,
            rows: self.rows,
            events: self.events,
            passing: self.passing,
            queues,
            answers: self.answers,
            effects: self.effects,
        };
        if !batch.is_read_only() {
            world.batch = world.batch.saturating_add(1);
            batch.number = world.batch;
        }
        batch
    }
}

/// Tells how much an agent holds. Not stored: who comes later finds the figure in its snapshot.
fn load_event(desk: &Desk, now: Time) -> EventRow {
    let (agent_id, state) = (desk.agent.agent_id, desk.agent.state);
    let audience = Audience { agents: vec![agent_id], supervisors: true, administrators: true };
    let kind = EventKind::AgentChanged { agent_id, state };
    EventRow {
        event: Event { seq: 0, time: now, interaction_id: None, revision: 0, kind, audience },
        interaction: None,
        contact: None,
        message: None,
        note: None,
        agent: Some((Arc::clone(&desk.agent), desk.load)),
        draft: None,
    }
}
