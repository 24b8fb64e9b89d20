//! A store in memory, built from the rows of committed batches and nothing else. It is strict where a database would be:
//! a batch that breaks a key is a bug.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guichet::domain::{
    Agent, AgentId, Alias, AliasKind, ChannelId, ChannelKind, Contact, ContactId, Conversions, DeliveryState,
    Draft, IdentityId, Interaction, InteractionId, Media, MediaId, MediaState, Message, MessageId, Note,
    Skill, SkillId, Team, TeamId, Template, Time, Transcript, TranscriptId,
};
use guichet::engine::{
    Batch, Cold, ColdKeys, DecisionRow, LoginRow, RequestRow, ServiceLevelRow, Services, StarRow, Stored,
    TagRow, TokenRow, TranslationRules,
};

type AliasKey = (ChannelKind, AliasKind, String);

/// The tables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Store {
    pub(crate) batch: i64,
    pub(crate) next_id: i64,
    pub(crate) seq: i64,
    pub(crate) contacts: BTreeMap<ContactId, Arc<Contact>>,
    pub(crate) aliases: BTreeMap<AliasKey, Alias>,
    pub(crate) interactions: BTreeMap<InteractionId, Arc<Interaction>>,
    pub(crate) live: BTreeSet<InteractionId>,
    by_identity: BTreeMap<IdentityId, BTreeSet<InteractionId>>,
    pub(crate) messages: BTreeMap<MessageId, (ChannelId, Arc<Message>)>,
    pub(crate) by_provider: BTreeMap<(ChannelId, String), MessageId>,
    unsettled: BTreeSet<MessageId>,
    pub(crate) media: BTreeMap<MediaId, Media>,
    pub(crate) notes: BTreeMap<InteractionId, Vec<Note>>,
    pub(crate) drafts: BTreeMap<(InteractionId, AgentId), Draft>,
    pub(crate) transcripts: BTreeMap<TranscriptId, Transcript>,
    pub(crate) tags: BTreeMap<String, i64>,
    pub(crate) stars: BTreeMap<(AgentId, String), StarRow>,
    pub(crate) agents: BTreeMap<AgentId, Arc<Agent>>,
    pub(crate) skills: BTreeMap<SkillId, Skill>,
    pub(crate) teams: BTreeMap<TeamId, Team>,
    pub(crate) templates: BTreeMap<ChannelId, Vec<Template>>,
    pub(crate) dedupe: BTreeMap<String, Time>,
    pub(crate) requests: BTreeMap<(AgentId, String), RequestRow>,
    pub(crate) decisions: BTreeMap<InteractionId, Vec<DecisionRow>>,
    pub(crate) logins: BTreeMap<String, LoginRow>,
    pub(crate) service_levels: BTreeMap<(SkillId, Time), ServiceLevelRow>,
    pub(crate) tokens: BTreeMap<String, TokenRow>,
    pub(crate) raw: BTreeSet<String>,
}

fn once<K: Ord>(table: &str, keys: impl Iterator<Item = K>) {
    let mut seen = BTreeSet::new();
    for key in keys {
        assert!(seen.insert(key), "a row of {table} is twice in one batch");
    }
}

fn unsettled(message: &Message) -> bool {
    matches!(message.state, DeliveryState::Queued | DeliveryState::Sending | DeliveryState::Unknown)
}

impl Store {
    /// Writes a batch, whole.
    pub(crate) fn commit(&mut self, batch: &Batch) {
        if batch.is_read_only() {
            assert_eq!(batch.number, self.batch, "a read-only batch waits for the one before it");
            return;
        }
        assert_eq!(batch.number, self.batch + 1, "batch numbers are dense");
        assert!(batch.next_id >= self.next_id, "ids are given out once");
        self.batch = batch.number;
        self.next_id = batch.next_id;
        for row in &batch.events {
            assert_eq!(row.event.seq, self.seq + 1, "event numbers are dense");
            self.seq = row.event.seq;
        }
        self.commit_work(batch);
        self.commit_people(batch);
        self.commit_keys(batch);
    }

    fn commit_work(&mut self, batch: &Batch) {
        let rows = &batch.rows;
        once("interactions", rows.interactions.iter().map(|row| row.interaction_id));
        once("messages", rows.messages.iter().map(|(_, row)| row.message_id));
        once("media", rows.media.iter().map(|row| row.media_id.clone()));
        once("drafts", rows.drafts.iter().map(|row| (row.interaction_id, row.agent_id)));
        for row in &rows.interactions {
            if row.ended_at.is_some() {
                self.live.remove(&row.interaction_id);
            } else {
                self.live.insert(row.interaction_id);
            }
            self.by_identity.entry(row.identity_id).or_default().insert(row.interaction_id);
            self.interactions.insert(row.interaction_id, Arc::clone(row));
        }
        for (channel_id, row) in &rows.messages {
            if let Some((_, old)) = self.messages.get(&row.message_id)
                && let Some(provider_id) = &old.provider_id
            {
                self.by_provider.remove(&(channel_id.clone(), provider_id.clone()));
            }
            if let Some(provider_id) = &row.provider_id {
                let old = self.by_provider.insert((channel_id.clone(), provider_id.clone()), row.message_id);
                assert!(
                    old.is_none(),
                    "the provider's id {provider_id} is kept once, not on {old:?} and {}",
                    row.message_id
                );
            }
            if unsettled(row) {
                self.unsettled.insert(row.message_id);
            } else {
                self.unsettled.remove(&row.message_id);
            }
            self.messages.insert(row.message_id, (channel_id.clone(), Arc::clone(row)));
        }
        for media in &rows.media {
            self.media.insert(media.media_id.clone(), media.clone());
        }
        for note in &rows.notes {
            self.notes.entry(note.interaction_id).or_default().push(note.clone());
        }
        for row in &rows.tags {
            if row.uses > 0 {
                self.tags.insert(row.tag.clone(), row.uses);
            } else {
                self.tags.remove(&row.tag);
            }
        }
        for row in &rows.stars {
            self.stars.insert((row.agent_id, row.quick_reply_id.clone()), row.clone());
        }
        for draft in &rows.drafts {
            let key = (draft.interaction_id, draft.agent_id);
            if draft.text.is_empty() && draft.media.is_empty() {
                self.drafts.remove(&key);
            } else {
                self.drafts.insert(key, draft.clone());
            }
        }
        for transcript in &rows.transcripts {
            let known = self.transcripts.insert(transcript.transcript_id, transcript.clone());
            assert!(known.is_none_or(|known| known.settled_at.is_none()), "a settled transcript changes");
        }
        for decision in &rows.decisions {
            self.decisions.entry(decision.interaction_id).or_default().push(decision.clone());
        }
    }

    fn commit_people(&mut self, batch: &Batch) {
        let rows = &batch.rows;
        once("contacts", rows.contacts.iter().map(|row| row.contact_id));
        once("agents", rows.agents.iter().map(|row| row.agent_id));
        once("skills", rows.skills.iter().map(|row| row.skill.clone()));
        let key = |alias: &Alias| (alias.kind, alias.alias_kind, alias.value.clone());
        once("aliases", rows.aliases.iter().map(key));
        for row in &rows.contacts {
            self.contacts.insert(row.contact_id, Arc::clone(row));
        }
        for alias in &rows.aliases {
            self.aliases.insert(key(alias), alias.clone());
        }
        for row in &rows.agents {
            self.agents.insert(row.agent_id, Arc::clone(row));
        }
        for skill in &rows.skills {
            self.skills.insert(skill.skill.clone(), skill.clone());
        }
        for team in &rows.teams {
            self.teams.insert(team.team.clone(), team.clone());
        }
        for (channel_id, templates) in &rows.templates {
            self.templates.insert(channel_id.clone(), templates.clone());
        }
        for alias in &rows.aliases {
            assert!(self.contacts.contains_key(&alias.contact_id), "an alias has a contact");
        }
    }

    fn commit_keys(&mut self, batch: &Batch) {
        let rows = &batch.rows;
        for row in &rows.dedupe {
            let old = self.dedupe.insert(row.key.clone(), row.expires_at);
            assert!(old.is_none(), "a dedupe key is new");
        }
        for row in &rows.requests {
            let old = self.requests.insert((row.agent_id, row.request_id.clone()), row.clone());
            assert!(old.is_none(), "a request is answered once");
        }
        for row in &rows.service_levels {
            self.service_levels.insert((row.skill.clone(), row.time), row.clone());
        }
        for login in &rows.logins {
            self.logins.insert(login.hash.clone(), login.clone());
        }
        for hash in &rows.logins_ended {
            self.logins.remove(hash);
        }
        for token in &rows.tokens {
            self.tokens.insert(token.name.clone(), token.clone());
        }
        for name in &rows.tokens_revoked {
            self.tokens.remove(name);
        }
        self.raw.extend(rows.raw.iter().map(|raw| raw.hash.clone()));
        if let Some((now, _)) = rows.forget {
            self.dedupe.retain(|_, expires| *expires >= now);
            self.requests.retain(|_, row| row.expires_at >= now);
            self.logins.retain(|_, login| login.expires_at >= now);
        }
    }

    /// What a process starts from; channels and the default skill are the configuration's.
    pub(crate) fn load(&self) -> Stored {
        let interactions: Vec<_> = self.live.iter().filter_map(|id| self.interactions.get(id)).collect();
        let contacts: BTreeSet<_> = interactions.iter().map(|row| row.contact_id).collect();
        let aliases = self.aliases.values().filter(|alias| contacts.contains(&alias.contact_id));
        let messages = self.unsettled.iter().filter_map(|id| self.messages.get(id));
        let pending = self.media.values().filter(|media| media.state == MediaState::Pending);
        Stored {
            conversions: Conversions::default(),
            batch: self.batch,
            next_id: self.next_id,
            seq: self.seq,
            channels: Vec::new(),
            default_skill: None,
            services: Services {
                transcripts: true,
                translation: Some(TranslationRules { text_max: 4_000, ..TranslationRules::default() }),
            },
            transcripts: self.transcripts.values().filter(|row| row.settled_at.is_none()).cloned().collect(),
            agents: self.agents.values().map(|row| row.as_ref().clone()).collect(),
            skills: self.skills.values().cloned().collect(),
            teams: self.teams.values().cloned().collect(),
            tokens: self.tokens.values().cloned().collect(),
            service_levels: self.service_levels.values().cloned().collect(),
            logins: self.logins.values().cloned().collect(),
            templates: self.templates.values().flatten().cloned().collect(),
            interactions: interactions.iter().map(|row| Interaction::clone(row)).collect(),
            contacts: contacts
                .iter()
                .filter_map(|id| self.contacts.get(id))
                .map(|row| row.as_ref().clone())
                .collect(),
            aliases: aliases.cloned().collect(),
            messages: messages.map(|(_, row)| row.as_ref().clone()).collect(),
            media: pending.cloned().collect(),
            drafts: self.drafts.values().cloned().collect(),
            tags: self.tags.iter().map(|(tag, uses)| TagRow { tag: tag.clone(), uses: *uses }).collect(),
            stars: self.stars.values().cloned().collect(),
        }
    }

    /// Answers for what the world does not hold.
    pub(crate) fn load_cold(&self, keys: &ColdKeys) -> Cold {
        let mut messages: BTreeSet<MessageId> = keys.messages.clone();
        let mut interactions: BTreeSet<InteractionId> = keys.interactions.clone();
        let media: Vec<Media> = keys.media.iter().filter_map(|id| self.media.get(id)).cloned().collect();
        messages.extend(media.iter().filter_map(|media| media.message_id));
        messages.extend(keys.provider_ids.iter().filter_map(|key| self.by_provider.get(key)));
        let messages: Vec<Message> = messages
            .iter()
            .filter_map(|id| self.messages.get(id))
            .map(|(_, row)| row.as_ref().clone())
            .collect();
        interactions.extend(messages.iter().map(|message| message.interaction_id));
        let mut identities: BTreeSet<IdentityId> = keys
            .aliases
            .iter()
            .filter_map(|key| self.aliases.get(key))
            .map(|alias| alias.identity_id)
            .collect();
        let of_contacts = self.aliases.values().filter(|alias| keys.contacts.contains(&alias.contact_id));
        identities.extend(of_contacts.map(|alias| alias.identity_id));
        for identity_id in &identities {
            let mut newest: BTreeMap<&ChannelId, InteractionId> = BTreeMap::new();
            for id in self.by_identity.get(identity_id).into_iter().flatten() {
                newest.insert(&self.interactions.get(id).unwrap().channel_id, *id);
            }
            interactions.extend(newest.into_values());
        }
        let interactions: Vec<Interaction> = interactions
            .iter()
            .filter_map(|id| self.interactions.get(id))
            .map(|row| row.as_ref().clone())
            .collect();
        identities.extend(interactions.iter().map(|row| row.identity_id));
        let aliases: Vec<Alias> =
            self.aliases.values().filter(|alias| identities.contains(&alias.identity_id)).cloned().collect();
        let mut contacts: BTreeSet<ContactId> = keys.contacts.clone();
        contacts.extend(aliases.iter().map(|alias| alias.contact_id));
        contacts.extend(interactions.iter().map(|row| row.contact_id));
        let decisions = keys.decisions.iter().filter_map(|id| self.decisions.get(id));
        let notes = keys.notes.iter().filter_map(|id| self.notes.get(id));
        Cold {
            aliases,
            contacts: contacts
                .iter()
                .filter_map(|id| self.contacts.get(id))
                .map(|row| row.as_ref().clone())
                .collect(),
            interactions,
            messages,
            dedupe: keys.dedupe.iter().filter(|key| self.dedupe.contains_key(*key)).cloned().collect(),
            requests: keys.requests.iter().filter_map(|key| self.requests.get(key)).cloned().collect(),
            media,
            decisions: decisions.flatten().cloned().collect(),
            notes: notes.flatten().cloned().collect(),
        }
    }
}
