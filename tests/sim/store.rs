//! A store in memory: the rows of committed batches, and what the store's contract lets the engine read of them.
//!
//! It refuses what a database would: a number out of order, a row twice in a batch, a key that is there already. It must not
//! know what rows mean beyond that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guichet::domain::{
    Agent, AgentId, Alias, AliasKind, ChannelId, ChannelKind, Contact, ContactId, Conversions, DeliveryState,
    Direction, Draft, IdentityId, Interaction, InteractionId, Media, MediaId, MediaState, Message, MessageId,
    Note, Role, RoleId, Skill, SkillId, Span, Team, TeamId, Template, Time, Transcript, TranscriptId,
};
use guichet::engine::{
    Batch, Cold, ColdKeys, DecisionRow, Event, LoginRow, RawDelivery, RequestRow, Rows, ServiceLevelRow,
    Services, StarRow, Stored, TagRow, TokenRow, TranslationRules, board_begins,
};

/// The rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Store {
    pub(crate) batch: i64,
    pub(crate) next_id: i64,
    pub(crate) seq: i64,
    pub(crate) agents: BTreeMap<AgentId, Arc<Agent>>,
    pub(crate) roles: BTreeMap<RoleId, Arc<Role>>,
    pub(crate) skills: BTreeMap<SkillId, Skill>,
    pub(crate) teams: BTreeMap<TeamId, Team>,
    pub(crate) tokens: BTreeMap<String, TokenRow>,
    pub(crate) logins: BTreeMap<String, LoginRow>,
    pub(crate) service_levels: BTreeMap<(SkillId, Time), ServiceLevelRow>,
    pub(crate) templates: BTreeMap<ChannelId, Vec<Template>>,
    pub(crate) contacts: BTreeMap<ContactId, Arc<Contact>>,
    pub(crate) aliases: BTreeMap<(ChannelKind, AliasKind, String), Alias>,
    pub(crate) interactions: BTreeMap<InteractionId, Arc<Interaction>>,
    /// Those that have not ended.
    pub(crate) live: BTreeSet<InteractionId>,
    pub(crate) messages: BTreeMap<MessageId, (ChannelId, Arc<Message>)>,
    pub(crate) by_provider: BTreeMap<(ChannelId, String), MessageId>,
    /// Each identity's interactions, and its names.
    of_identity: BTreeMap<IdentityId, BTreeSet<InteractionId>>,
    names: BTreeMap<IdentityId, BTreeSet<(ChannelKind, AliasKind, String)>>,
    /// Outbound messages that are queued, sending or unknown.
    pub(crate) open: BTreeSet<MessageId>,
    pub(crate) media: BTreeMap<MediaId, Media>,
    pub(crate) notes: BTreeMap<i64, Note>,
    pub(crate) transcripts: BTreeMap<TranscriptId, Transcript>,
    pub(crate) drafts: BTreeMap<(InteractionId, AgentId), Draft>,
    pub(crate) tags: BTreeMap<String, TagRow>,
    pub(crate) stars: BTreeMap<(AgentId, String), StarRow>,
    pub(crate) dedupe: BTreeMap<String, Time>,
    pub(crate) requests: BTreeMap<(AgentId, String), RequestRow>,
    pub(crate) decisions: BTreeMap<InteractionId, Vec<DecisionRow>>,
    decision_ids: BTreeSet<i64>,
    raw: BTreeMap<String, RawDelivery>,
    pub(crate) events: BTreeMap<i64, Event>,
}

/// Puts rows in; each key once a batch.
fn put<K: Ord + Clone + std::fmt::Debug, V>(
    table: &str,
    map: &mut BTreeMap<K, V>,
    rows: impl Iterator<Item = (K, V)>,
) {
    let mut seen = BTreeSet::new();
    for (key, row) in rows {
        assert!(seen.insert(key.clone()), "{table}: the row {key:?} is twice in one batch");
        map.insert(key, row);
    }
}

/// Puts rows in that must be new.
fn add<K: Ord + Clone + std::fmt::Debug, V>(
    table: &str,
    map: &mut BTreeMap<K, V>,
    rows: impl Iterator<Item = (K, V)>,
) {
    for (key, row) in rows {
        assert!(map.insert(key.clone(), row).is_none(), "{table}: the key {key:?} is there already");
    }
}

impl Store {
    /// Writes a batch, as one transaction.
    pub(crate) fn commit(&mut self, batch: &Batch) {
        assert_eq!(batch.number, self.batch + 1, "batches are numbered without gaps");
        assert!(batch.next_id >= self.next_id, "numbers for ids go back");
        self.batch = batch.number;
        self.next_id = batch.next_id;
        self.people(&batch.rows);
        self.work(&batch.rows);
        self.messages(&batch.rows);
        self.keys(&batch.rows);
        for row in &batch.events {
            self.seq += 1;
            assert_eq!(row.event.seq, self.seq, "events are numbered without gaps: {:?}", row.event);
            self.events.insert(row.event.seq, row.event.clone());
        }
        if let Some(forget) = batch.rows.forget {
            let (expired, old) = (forget.expired, forget.events);
            self.dedupe.retain(|_, time| *time >= expired);
            self.requests.retain(|_, row| row.expires_at >= expired);
            self.logins.retain(|_, row| row.expires_at >= expired);
            self.events.retain(|_, event| event.time >= old);
        }
    }

    fn people(&mut self, rows: &Rows) {
        put("agents", &mut self.agents, rows.agents.iter().map(|row| (row.agent_id, Arc::clone(row))));
        for role in &rows.roles_removed {
            self.roles.remove(role);
        }
        put("roles", &mut self.roles, rows.roles.iter().map(|row| (row.role.clone(), Arc::clone(row))));
        put("skills", &mut self.skills, rows.skills.iter().map(|row| (row.skill.clone(), row.clone())));
        put("teams", &mut self.teams, rows.teams.iter().map(|row| (row.team.clone(), row.clone())));
        put("templates", &mut self.templates, rows.templates.iter().cloned());
        for name in &rows.tokens_revoked {
            self.tokens.remove(name);
        }
        put("tokens", &mut self.tokens, rows.tokens.iter().map(|row| (row.name.clone(), row.clone())));
        let levels = rows.service_levels.iter().map(|row| ((row.skill.clone(), row.time), row.clone()));
        put("service levels", &mut self.service_levels, levels);
        add("logins", &mut self.logins, rows.logins.iter().map(|row| (row.hash.clone(), row.clone())));
        for hash in &rows.logins_ended {
            self.logins.remove(hash);
        }
        let logins: BTreeSet<AgentId> = self.agents.keys().copied().collect();
        assert!(self.tokens.values().all(|token| logins.contains(&token.agent_id)), "a token of nobody");
    }

    fn work(&mut self, rows: &Rows) {
        put(
            "contacts",
            &mut self.contacts,
            rows.contacts.iter().map(|row| (row.contact_id, Arc::clone(row))),
        );
        let aliases =
            rows.aliases.iter().map(|row| ((row.kind, row.alias_kind, row.value.clone()), row.clone()));
        for row in &rows.aliases {
            let key = (row.kind, row.alias_kind, row.value.clone());
            if let Some(old) = self.aliases.get(&key)
                && let Some(names) = self.names.get_mut(&old.identity_id)
            {
                names.remove(&key);
            }
            self.names.entry(row.identity_id).or_default().insert(key);
        }
        put("aliases", &mut self.aliases, aliases);
        let interactions = rows.interactions.iter().map(|row| (row.interaction_id, Arc::clone(row)));
        put("interactions", &mut self.interactions, interactions);
        for row in &rows.interactions {
            assert!(self.contacts.contains_key(&row.contact_id), "{} has no contact", row.interaction_id);
            self.of_identity.entry(row.identity_id).or_default().insert(row.interaction_id);
            match row.ended_at {
                Some(_) => self.live.remove(&row.interaction_id),
                None => self.live.insert(row.interaction_id),
            };
        }
        put("notes", &mut self.notes, rows.notes.iter().map(|row| (row.note_id.0, row.clone())));
        put(
            "drafts",
            &mut self.drafts,
            rows.drafts.iter().map(|row| ((row.interaction_id, row.agent_id), row.clone())),
        );
        self.drafts.retain(|_, draft| !draft.is_empty());
        for row in &rows.transcripts {
            let known = self.transcripts.insert(row.transcript_id, row.clone());
            assert!(known.is_none_or(|known| known.settled_at.is_none()), "a settled transcript changes");
        }
        put("tags", &mut self.tags, rows.tags.iter().map(|row| (row.tag.clone(), row.clone())));
        self.tags.retain(|_, row| row.uses > 0);
        let stars = rows.stars.iter().map(|row| ((row.agent_id, row.quick_reply_id.clone()), row.clone()));
        put("stars", &mut self.stars, stars);
        for row in &rows.decisions {
            assert!(
                self.decision_ids.insert(row.decision_id.0),
                "decision {} is there already",
                row.decision_id
            );
            self.decisions.entry(row.interaction_id).or_default().push(row.clone());
        }
    }

    fn messages(&mut self, rows: &Rows) {
        for (channel_id, row) in &rows.messages {
            assert!(
                self.interactions.contains_key(&row.interaction_id),
                "{} is on no interaction",
                row.message_id
            );
            if let Some((_, old)) = self.messages.get(&row.message_id)
                && let Some(provider_id) = &old.provider_id
            {
                self.by_provider.remove(&(channel_id.clone(), provider_id.clone()));
            }
        }
        for (channel_id, row) in &rows.messages {
            if let Some(provider_id) = &row.provider_id {
                let key = (channel_id.clone(), provider_id.clone());
                let other = self.by_provider.insert(key, row.message_id);
                assert!(other.is_none(), "{provider_id} names {other:?} and {}", row.message_id);
            }
            if is_open(row) {
                self.open.insert(row.message_id);
            } else {
                self.open.remove(&row.message_id);
            }
        }
        let messages = rows
            .messages
            .iter()
            .map(|(channel_id, row)| (row.message_id, (channel_id.clone(), Arc::clone(row))));
        put("messages", &mut self.messages, messages);
        put("media", &mut self.media, rows.media.iter().map(|row| (row.media_id.clone(), row.clone())));
    }

    fn keys(&mut self, rows: &Rows) {
        add("dedupe", &mut self.dedupe, rows.dedupe.iter().map(|row| (row.key.clone(), row.expires_at)));
        for row in &rows.requests {
            let old = self.requests.insert((row.agent_id, row.request_id.clone()), row.clone());
            let expired = old.is_none_or(|old| old.expires_at + Span::hours(24) <= row.expires_at);
            assert!(expired, "requests: {} acts twice", row.request_id);
        }
        for row in &rows.raw {
            self.raw.entry(row.hash.clone()).or_insert_with(|| row.clone());
        }
    }

    /// What the world is made from.
    pub(crate) fn load(&self, now: Time) -> Stored {
        let interactions: Vec<Interaction> = self.live().map(|row| Interaction::clone(row)).collect();
        let people: BTreeSet<ContactId> = interactions.iter().map(|row| row.contact_id).collect();
        Stored {
            batch: self.batch,
            next_id: self.next_id,
            seq: self.seq,
            channels: Vec::new(),
            default_skill: None,
            services: Services {
                transcripts: true,
                translation: Some(TranslationRules { text_max: 4_000, ..TranslationRules::default() }),
            },
            conversions: Conversions::default(),
            transcripts: self.transcripts.values().filter(|row| row.settled_at.is_none()).cloned().collect(),
            retention: guichet::engine::Retention::default(),
            agents: self.agents.values().map(|row| Agent::clone(row)).collect(),
            roles: self.roles.values().map(|row| Role::clone(row)).collect(),
            skills: self.skills.values().cloned().collect(),
            teams: self.teams.values().cloned().collect(),
            tokens: self.tokens.values().cloned().collect(),
            service_levels: self
                .service_levels
                .values()
                .filter(|row| row.time >= board_begins(now))
                .cloned()
                .collect(),
            logins: self.logins.values().filter(|row| row.expires_at > now).cloned().collect(),
            templates: self.templates.values().flatten().cloned().collect(),
            contacts: people
                .iter()
                .filter_map(|id| self.contacts.get(id))
                .map(|row| Contact::clone(row))
                .collect(),
            aliases: self.aliases.values().filter(|row| people.contains(&row.contact_id)).cloned().collect(),
            messages: self.open.iter().map(|id| Message::clone(&self.messages[id].1)).collect(),
            media: self.media.values().filter(|row| row.state == MediaState::Pending).cloned().collect(),
            drafts: self
                .drafts
                .values()
                .filter(|row| self.live.contains(&row.interaction_id))
                .cloned()
                .collect(),
            tags: self.tags.values().cloned().collect(),
            stars: self.stars.values().cloned().collect(),
            interactions,
        }
    }

    /// What a batch needs from outside the world.
    pub(crate) fn load_cold(&self, keys: &ColdKeys) -> Cold {
        let named = keys.provider_ids.iter().filter_map(|key| self.by_provider.get(key)).copied();
        let media: Vec<Media> = keys.media.iter().filter_map(|id| self.media.get(id)).cloned().collect();
        let of_media = media.iter().filter_map(|row| row.message_id);
        let messages: BTreeSet<MessageId> =
            keys.messages.iter().copied().chain(named).chain(of_media).collect();
        let messages: Vec<Message> = messages
            .iter()
            .filter_map(|id| self.messages.get(id))
            .map(|(_, row)| Message::clone(row))
            .collect();
        let mut wanted: BTreeSet<InteractionId> = keys.interactions.clone();
        wanted.extend(messages.iter().map(|row| row.interaction_id));
        let mut identities: BTreeSet<IdentityId> =
            keys.aliases.iter().filter_map(|key| self.aliases.get(key)).map(|row| row.identity_id).collect();
        if !keys.contacts.is_empty() {
            let theirs = self.aliases.values().filter(|row| keys.contacts.contains(&row.contact_id));
            identities.extend(theirs.map(|row| row.identity_id));
        }
        identities
            .extend(wanted.iter().filter_map(|id| self.interactions.get(id)).map(|row| row.identity_id));
        let theirs = identities.iter().filter_map(|id| self.names.get(id)).flatten();
        let aliases: Vec<Alias> = theirs.filter_map(|key| self.aliases.get(key)).cloned().collect();
        for identity_id in &identities {
            wanted.extend(self.newest(*identity_id).into_values());
        }
        let interactions: Vec<Interaction> = wanted
            .iter()
            .filter_map(|id| self.interactions.get(id))
            .map(|row| Interaction::clone(row))
            .collect();
        let mut people: BTreeSet<ContactId> = keys.contacts.clone();
        people.extend(aliases.iter().map(|row| row.contact_id));
        people.extend(interactions.iter().map(|row| row.contact_id));
        Cold {
            work_of: Vec::new(),
            contacts: people
                .iter()
                .filter_map(|id| self.contacts.get(id))
                .map(|row| Contact::clone(row))
                .collect(),
            dedupe: keys.dedupe.iter().filter(|key| self.dedupe.contains_key(*key)).cloned().collect(),
            requests: keys.requests.iter().filter_map(|key| self.requests.get(key)).cloned().collect(),
            decisions: keys
                .decisions
                .iter()
                .filter_map(|id| self.decisions.get(id))
                .flatten()
                .rev()
                .cloned()
                .collect(),
            notes: self.notes_of(&keys.notes),
            aliases,
            interactions,
            messages,
            media,
        }
    }

    /// An identity's newest interaction on each account.
    fn newest(&self, identity_id: IdentityId) -> BTreeMap<&ChannelId, InteractionId> {
        let of_identity = self.of_identity.get(&identity_id).into_iter().flatten();
        of_identity.map(|id| (&self.interactions[id].channel_id, *id)).collect()
    }

    fn notes_of(&self, wanted: &BTreeSet<InteractionId>) -> Vec<Note> {
        if wanted.is_empty() {
            return Vec::new();
        }
        self.notes.values().filter(|note| wanted.contains(&note.interaction_id)).cloned().collect()
    }

    /// Interactions that have not ended.
    pub(crate) fn live(&self) -> impl Iterator<Item = &Arc<Interaction>> {
        self.live.iter().map(|id| &self.interactions[id])
    }

    /// An agent by login.
    pub(crate) fn agent_of(&self, login: &str) -> Option<AgentId> {
        self.agents.values().find(|agent| agent.login == login).map(|agent| agent.agent_id)
    }
}

/// Whether a message may still be on its way.
pub(crate) fn is_open(row: &Message) -> bool {
    let unsettled = match row.state {
        DeliveryState::Queued | DeliveryState::Sending | DeliveryState::Unknown => true,
        DeliveryState::Accepted
        | DeliveryState::Sent
        | DeliveryState::Failed
        | DeliveryState::Delivered
        | DeliveryState::Read
        | DeliveryState::Played
        | DeliveryState::Received => false,
    };
    row.direction == Direction::Out && unsettled
}
