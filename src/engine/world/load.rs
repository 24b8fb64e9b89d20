//! The world as the store has it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::index::{Due, Spot};
use super::{Account, Desk, Identity, KeptMedia, KeptMessage, Key, Newest, Person, Work, World};
use crate::domain::{
    Alias, Channel, Contact, DeliveryState, Interaction, Media, Message, Template, Time, Transcript,
};
use crate::engine::{LoginRow, Stored, TokenRow};

impl World {
    /// Builds the world. Work that the last process left undone is found by the first batch.
    pub(crate) fn load(stored: Stored, now: Time) -> Self {
        let mut world = Self {
            batch: stored.batch,
            committed: stored.batch,
            next_id: stored.next_id.max(1),
            seq: stored.seq,
            now,
            recovering: true,
            default_skill: stored.default_skill,
            services: stored.services,
            conversions: stored.conversions,
            retention: stored.retention,
            ..Self::default()
        };
        for channel in stored.channels {
            world.add_channel(channel);
        }
        for role in stored.roles {
            world.roles.insert(role.role.clone(), Arc::new(role));
        }
        for skill in stored.skills {
            world.skills.insert(skill.skill.clone(), skill);
        }
        for team in stored.teams {
            world.teams.insert(team.team.clone(), team);
        }
        for agent in stored.agents {
            world.by_login.insert(agent.login.clone(), agent.agent_id);
            let role = world.role(&agent.role);
            let desk = Desk::new(agent, role);
            world.index.rank(&desk);
            world.desks.insert(desk.agent.agent_id, desk);
        }
        world.find_watchers();
        for row in stored.service_levels {
            world.levels.add(row);
        }
        for token in stored.tokens {
            world.add_token(token);
        }
        for login in stored.logins {
            world.add_login(&login);
        }
        for template in stored.templates {
            world.add_template(template);
        }
        for contact in stored.contacts {
            world.add_contact(contact);
        }
        for alias in stored.aliases {
            world.add_alias(alias);
        }
        for interaction in stored.interactions {
            world.add_interaction(interaction);
        }
        for message in stored.messages {
            world.add_stored_message(message);
        }
        for media in stored.media {
            world.add_media(media);
        }
        for draft in stored.drafts {
            world.drafts.insert((draft.interaction_id, draft.agent_id), draft);
        }
        for transcript in stored.transcripts {
            world.add_transcript(transcript);
        }
        world.tags = stored.tags.into_iter().map(|row| (row.tag, row.uses)).collect();
        let stars = stored.stars.into_iter();
        world.stars = stars.map(|row| ((row.agent_id, row.quick_reply_id), row.starred)).collect();
        world
    }

    fn add_channel(&mut self, channel: Channel) {
        let account = Account { channel, next_slot: 0, down: None, last_error: None };
        self.accounts.insert(account.channel.channel_id.clone(), account);
    }

    pub(crate) fn add_token(&mut self, token: TokenRow) {
        self.keys.insert(token.hash.clone(), Key { agent_id: token.agent_id, expires_at: None });
        self.tokens.insert(token.name.clone(), token);
    }

    pub(crate) fn add_login(&mut self, login: &LoginRow) {
        let key = Key { agent_id: login.agent_id, expires_at: Some(login.expires_at) };
        self.keys.insert(login.hash.clone(), key);
    }

    fn add_template(&mut self, template: Template) {
        self.templates.entry(template.channel_id.clone()).or_default().push(template);
    }

    /// Takes a contact in, unless it is here already: the world is never older than the store.
    pub(crate) fn add_contact(&mut self, contact: Contact) {
        self.people.entry(contact.contact_id).or_insert_with(|| Person {
            contact: Arc::new(contact),
            identities: BTreeSet::new(),
            changed: 0,
        });
    }

    /// Takes an alias in, with its identity.
    pub(crate) fn add_alias(&mut self, alias: Alias) {
        let key = (alias.kind, alias.alias_kind, alias.value);
        if self.aliases.contains_key(&key) {
            return;
        }
        let identity = self.identities.entry(alias.identity_id).or_insert_with(|| Identity {
            contact_id: alias.contact_id,
            kind: alias.kind,
            aliases: Vec::new(),
            newest: BTreeMap::new(),
            live: BTreeSet::new(),
            whole: false,
            changed: 0,
        });
        identity.aliases.push((key.1, key.2.clone()));
        identity.aliases.sort();
        if let Some(person) = self.people.get_mut(&alias.contact_id) {
            person.identities.insert(alias.identity_id);
        }
        self.aliases.insert(key, alias.identity_id);
    }

    /// Takes an interaction in that has not ended.
    pub(crate) fn add_interaction(&mut self, row: Interaction) {
        let interaction_id = row.interaction_id;
        if self.recovering {
            self.wanted_messages.extend(row.translation.iter().flat_map(|it| &it.pending));
        }
        self.note_newest(&row);
        if let Some(identity) = self.identities.get_mut(&row.identity_id) {
            identity.live.insert(interaction_id);
        }
        let work = Work { row: Arc::new(row), spot: Spot::default(), changed: 0, typing_at: None };
        self.works.insert(interaction_id, work);
        self.reindex(interaction_id);
    }

    /// Remembers an interaction as its identity's newest on its account, if it is.
    pub(crate) fn note_newest(&mut self, row: &Interaction) {
        let Some(identity) = self.identities.get_mut(&row.identity_id) else { return };
        let newest =
            Newest { interaction_id: row.interaction_id, last_agent_id: row.agent_id.or(row.last_agent_id) };
        let known = identity.newest.entry(row.channel_id.clone()).or_insert(newest);
        if known.interaction_id <= newest.interaction_id {
            *known = newest;
        }
    }

    fn add_stored_message(&mut self, message: Message) {
        let message_id = message.message_id;
        let Some(work) = self.work(message.interaction_id) else {
            // Its interaction has ended: it comes with the first batch.
            self.wanted_interactions.insert(message.interaction_id);
            self.wanted_messages.insert(message_id);
            return;
        };
        let channel_id = work.channel_id.clone();
        if let Some(quoted) = message.reply_to.filter(|_| message.state == DeliveryState::Queued) {
            self.wanted_messages.insert(quoted);
        }
        self.keep_message(KeptMessage { channel_id, row: Arc::new(message), changed: 0 });
    }

    /// Takes a message in, unless it is here already.
    pub(crate) fn keep_message(&mut self, message: KeptMessage) {
        let message_id = message.row.message_id;
        if self.messages.rows.contains_key(&message_id) {
            return;
        }
        if let Some(provider_id) = &message.row.provider_id {
            let by_provider = self.messages.by_provider.entry(message.channel_id.clone()).or_default();
            by_provider.insert(provider_id.clone(), message_id);
        }
        self.messages.order.push_back(message_id);
        self.messages.rows.insert(message_id, message);
    }

    /// Takes a file in, with its deadline.
    pub(crate) fn add_media(&mut self, media: Media) {
        let media_id = media.media_id.clone();
        let due = media.retry_at;
        self.media.insert(media_id.clone(), KeptMedia { row: media, changed: 0 });
        self.set_due(Due::Media(media_id), None, due);
    }

    /// Takes a transcript in whose fate is open, with its deadline.
    fn add_transcript(&mut self, transcript: Transcript) {
        if self.work(transcript.interaction_id).is_none() {
            // Its interaction has ended: it comes with the first batch.
            self.wanted_interactions.insert(transcript.interaction_id);
        }
        self.set_due(Due::Transcript(transcript.transcript_id), None, transcript.retry_at);
        self.transcripts.insert(transcript.transcript_id, transcript);
    }
}
