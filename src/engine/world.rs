//! The live world: everything that has not ended, in memory, with the indexes that make each question cheap.
//!
//! It changes only through `Turn` (in `apply`), which keeps rows, indexes and events in step. Nothing here asks the policy or
//! decides anything. What has ended, or was only looked up, leaves once its last change is committed (`keep`).

mod audit;
pub(crate) mod index;
pub(crate) mod keep;
pub(crate) mod levels;
mod load;
pub(crate) mod watchers;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use self::index::{Index, Spot};
use self::levels::Levels;
use super::{ChannelInput, DecisionRow, RequestRow, Retention, Services, TokenRow};
use crate::domain::{
    Agent, AgentId, AliasKind, Channel, ChannelId, ChannelKind, Contact, ContactId, Conversions,
    DeliveryError, Draft, IdentityId, Interaction, InteractionId, Media, MediaId, Message, MessageId, Note,
    Role, RoleId, Skill, SkillId, Team, TeamId, Template, Time, Transcript, TranscriptId,
};

/// The world.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// The last batch that writes something.
    pub(crate) batch: i64,
    /// The last batch known to be committed.
    pub(crate) committed: i64,
    pub(crate) next_id: i64,
    pub(crate) seq: i64,
    pub(crate) now: Time,
    /// Whether the work left by the last process has not been looked at yet.
    pub(crate) recovering: bool,
    pub(crate) default_skill: Option<SkillId>,
    pub(crate) conversions: Conversions,
    pub(crate) retention: Retention,
    pub(crate) accounts: BTreeMap<ChannelId, Account>,
    pub(crate) desks: BTreeMap<AgentId, Desk>,
    pub(crate) by_login: BTreeMap<String, AgentId>,
    /// Roles that were saved.
    pub(crate) roles: BTreeMap<RoleId, Arc<Role>>,
    pub(crate) skills: BTreeMap<SkillId, Skill>,
    pub(crate) teams: BTreeMap<TeamId, Team>,
    pub(crate) tokens: BTreeMap<String, TokenRow>,
    /// What a cookie's or token's hash opens.
    pub(crate) keys: HashMap<String, Key>,
    pub(crate) templates: BTreeMap<ChannelId, Vec<Template>>,
    pub(crate) people: HashMap<ContactId, Person>,
    pub(crate) identities: HashMap<IdentityId, Identity>,
    pub(crate) aliases: HashMap<(ChannelKind, AliasKind, String), IdentityId>,
    pub(crate) works: HashMap<InteractionId, Work>,
    pub(crate) messages: Messages,
    /// Files being fetched, and files uploaded lately.
    pub(crate) media: HashMap<MediaId, KeptMedia>,
    pub(crate) drafts: BTreeMap<(InteractionId, AgentId), Draft>,
    /// Transcripts whose fate is open.
    pub(crate) transcripts: BTreeMap<TranscriptId, Transcript>,
    /// When each agent sent its last ones.
    pub(crate) transcript_times: BTreeMap<AgentId, VecDeque<Time>>,
    /// What the installation has beside its channels.
    pub(crate) services: Services,
    /// Tags in use, and how often.
    pub(crate) tags: BTreeMap<String, i64>,
    /// What agents said of quick replies.
    pub(crate) stars: BTreeMap<(AgentId, String), bool>,
    pub(crate) lanes: HashMap<(ChannelId, IdentityId), Lane>,
    pub(crate) flights: BTreeMap<MessageId, Flight>,
    pub(crate) held: Held,
    pub(crate) recent: Recent,
    pub(crate) index: Index,
    /// How fast queues are served.
    pub(crate) levels: Levels,
    /// Skills for which an alarm was raised that nobody on duty holds them.
    pub(crate) alarmed: BTreeSet<SkillId>,
    /// When each notice was told last.
    pub(crate) told: BTreeMap<String, Time>,
    /// When what expired is forgotten next.
    pub(crate) forget_at: Option<Time>,
    /// In-flight messages of the last process whose interaction or quoted message is not here; asked for with the first batch.
    pub(crate) wanted_messages: BTreeSet<MessageId>,
    pub(crate) wanted_interactions: BTreeSet<InteractionId>,
}

/// A channel account and how it does.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) channel: Channel,
    /// When the next send may leave, in microseconds (the theoretical arrival time of GCRA).
    pub(crate) next_slot: i64,
    pub(crate) down: Option<Down>,
    /// What it refused everything with last.
    pub(crate) last_error: Option<(Time, DeliveryError)>,
}

/// An account that refuses everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Down {
    /// Until when nothing is tried.
    pub(crate) until: Time,
    /// The one message that tries whether it works again: the others would all be lost to the same fault.
    pub(crate) probe: Option<MessageId>,
}

/// What a hash opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) agent_id: AgentId,
    /// `None`: a token, good until revoked.
    pub(crate) expires_at: Option<Time>,
}

/// An agent at work.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) agent: Arc<Agent>,
    /// Its role as it is now.
    pub(crate) role: Arc<Role>,
    pub(crate) sessions: BTreeSet<u64>,
    /// Until when it keeps its state without a connection.
    pub(crate) grace_until: Option<Time>,
    /// Work offered or assigned.
    pub(crate) holds: BTreeSet<InteractionId>,
    /// Work it is consulted on.
    pub(crate) consults: BTreeSet<InteractionId>,
    /// How much of it uses capacity.
    pub(crate) load: u32,
    pub(crate) load_of_kind: BTreeMap<ChannelKind, u32>,
}

/// A contact in memory.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) contact: Arc<Contact>,
    pub(crate) identities: BTreeSet<IdentityId>,
    pub(crate) changed: i64,
}

/// An address with its names.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) contact_id: ContactId,
    pub(crate) kind: ChannelKind,
    pub(crate) aliases: Vec<(AliasKind, String)>,
    /// Its newest interaction on each account, ended or not.
    pub(crate) newest: BTreeMap<ChannelId, Newest>,
    /// Its interactions in memory.
    pub(crate) live: BTreeSet<InteractionId>,
    /// Whether `newest` is known for every account; after a start it is known only where work is live.
    pub(crate) whole: bool,
    pub(crate) changed: i64,
}

/// The newest interaction of an identity on an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Newest {
    pub(crate) interaction_id: InteractionId,
    pub(crate) last_agent_id: Option<AgentId>,
}

/// An interaction in memory, with where the indexes have it.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) row: Arc<Interaction>,
    pub(crate) spot: Spot,
    pub(crate) changed: i64,
    /// When its contact's phone was last told that somebody types.
    pub(crate) typing_at: Option<Time>,
}

/// Messages in memory: those on their way, and the most recent.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    pub(crate) rows: HashMap<MessageId, KeptMessage>,
    pub(crate) by_provider: HashMap<ChannelId, HashMap<String, MessageId>>,
    pub(crate) order: VecDeque<MessageId>,
}

/// A message in memory.
#[derive(Debug)]
pub(crate) struct KeptMessage {
    pub(crate) channel_id: ChannelId,
    pub(crate) row: Arc<Message>,
    pub(crate) changed: i64,
}

/// A file in memory.
#[derive(Debug)]
pub(crate) struct KeptMedia {
    pub(crate) row: Media,
    pub(crate) changed: i64,
}

/// Messages to one recipient, in order: one is with the provider, the others wait for its answer.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    pub(crate) sending: Option<MessageId>,
    pub(crate) queue: VecDeque<MessageId>,
}

/// A message between `queued` and the provider's answer.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) identity_id: IdentityId,
    /// Its place in the account's rate, once it has one.
    pub(crate) slot: Option<Time>,
    /// The deadline the index has for it.
    pub(crate) due: Option<Time>,
    /// Whether clients know of it: its first state goes out with `message.added`.
    pub(crate) announced: bool,
}

/// Reports about messages that are not known yet.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub(crate) by_target: HashMap<(ChannelId, String), Vec<ChannelInput>>,
    pub(crate) order: VecDeque<(ChannelId, String)>,
}

/// What batches on their way to the store hold, for lookups that the store can't answer yet.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    pub(crate) dedupe: HashSet<String>,
    pub(crate) dedupe_order: VecDeque<(i64, String)>,
    pub(crate) requests: HashMap<(AgentId, String), RequestRow>,
    pub(crate) requests_order: VecDeque<(i64, AgentId, String)>,
    pub(crate) notes: VecDeque<(i64, Note)>,
    pub(crate) decisions: VecDeque<(i64, DecisionRow)>,
    /// Contacts that were erased.
    pub(crate) erased: VecDeque<(i64, ContactId)>,
    /// What may leave memory once its batch is committed.
    pub(crate) leaving: VecDeque<(i64, Leaving)>,
}

/// What may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaving {
    Interaction(InteractionId),
    Identity(IdentityId),
    Person(ContactId),
    Media,
}

impl World {
    /// The number that what changes now will be committed with.
    pub(crate) fn changing(&self) -> i64 {
        self.batch.saturating_add(1)
    }

    pub(crate) fn agent(&self, agent_id: AgentId) -> Option<&Agent> {
        self.desks.get(&agent_id).map(|desk| desk.agent.as_ref())
    }

    /// A role as it is now.
    pub(crate) fn role(&self, role: &RoleId) -> Arc<Role> {
        self.roles.get(role).cloned().unwrap_or_else(|| Arc::new(Role::unsaved(role)))
    }

    pub(crate) fn work(&self, interaction_id: InteractionId) -> Option<&Arc<Interaction>> {
        self.works.get(&interaction_id).map(|work| &work.row)
    }

    pub(crate) fn contact(&self, contact_id: ContactId) -> Option<&Arc<Contact>> {
        self.people.get(&contact_id).map(|person| &person.contact)
    }

    pub(crate) fn channel(&self, channel_id: &ChannelId) -> Option<&Channel> {
        self.accounts.get(channel_id).map(|account| &account.channel)
    }

    /// The accounts of a kind of channel.
    pub(crate) fn channels_of(&self, kind: ChannelKind) -> impl Iterator<Item = &Channel> {
        self.accounts.values().map(|account| &account.channel).filter(move |channel| channel.kind == kind)
    }

    /// The identity that an alias belongs to.
    pub(crate) fn identity_of(&self, kind: ChannelKind, alias: &(AliasKind, String)) -> Option<IdentityId> {
        self.aliases.get(&(kind, alias.0, alias.1.clone())).copied()
    }

    /// The interaction of an identity on an account that a contact's message would go to: its newest, if that has not ended.
    pub(crate) fn current(
        &self,
        identity_id: IdentityId,
        channel_id: &ChannelId,
    ) -> Option<&Arc<Interaction>> {
        let newest = self.identities.get(&identity_id)?.newest.get(channel_id)?;
        self.work(newest.interaction_id).filter(|row| row.ended_at.is_none())
    }

    pub(crate) fn message(&self, message_id: MessageId) -> Option<&KeptMessage> {
        self.messages.rows.get(&message_id)
    }

    pub(crate) fn message_of_provider(&self, channel_id: &ChannelId, provider_id: &str) -> Option<MessageId> {
        self.messages.by_provider.get(channel_id)?.get(provider_id).copied()
    }
}

impl Desk {
    pub(crate) fn new(agent: Agent, role: Arc<Role>) -> Self {
        Self {
            agent: Arc::new(agent),
            role,
            sessions: BTreeSet::new(),
            grace_until: None,
            holds: BTreeSet::new(),
            consults: BTreeSet::new(),
            load: 0,
            load_of_kind: BTreeMap::new(),
        }
    }

    pub(crate) fn connected(&self) -> bool {
        !self.sessions.is_empty()
    }

    /// Whether one more unit of this kind fits.
    pub(crate) fn has_room(&self, kind: ChannelKind) -> bool {
        let capacity = &self.agent.capacity;
        let of_kind = self.load_of_kind.get(&kind).copied().unwrap_or(0);
        self.load < capacity.total && capacity.per_kind.get(&kind).is_none_or(|max| of_kind < *max)
    }
}
