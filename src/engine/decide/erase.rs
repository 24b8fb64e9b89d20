//! A contact is erased: names, addresses, texts, notes, drafts and files go; that something happened stays, as ids (SPEC §6).
//!
//! What is stored is erased by the store's statements, in the same batch. Here is what the world holds: open work ends first,
//! nothing more is sent, and no copy in memory can write a text back later.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::audit::Act;
use crate::domain::{
    AgentId, ContactId, DeliveryState, IdentityId, InteractionId, Kept, Media, MediaId, Message, MessageId,
    Transcript, TranscriptState,
};
use crate::engine::outbox::delivery_error;
use crate::engine::turn::{Turn, refuse};
use crate::engine::world::Leaving;
use crate::engine::world::index::Due;
use crate::engine::{Answer, Audience, Effect, EventKind, Refusal, RefusalKind, Reply};

impl Turn<'_> {
    /// Erases a contact with those that turned out to be the same person. Once more does no harm.
    pub(super) fn erase_contact(&mut self, contact_id: ContactId) -> Reply {
        let Some(contact) = self.contact(contact_id) else {
            return refuse(RefusalKind::NotFound, format!("there is no contact {contact_id}"));
        };
        if let Some(merged) = &contact.merged {
            let into = merged.into;
            let message = format!("{contact_id} was merged into {into}: erase {into}, or part the two first");
            return Err(Refusal::new(RefusalKind::Invalid, message).field("contact_id"));
        }
        for person in self.same_person(contact_id) {
            self.erase_one(person);
        }
        Ok(Answer::Done)
    }

    /// A contact, and every one that was merged into it, or into one of these.
    fn same_person(&self, contact_id: ContactId) -> Vec<ContactId> {
        let mut all = vec![contact_id];
        let mut at = 0;
        while let Some(into) = all.get(at).copied() {
            at += 1;
            let known = self.cold.contacts.keys().chain(self.world.people.keys());
            let merged = |id: &ContactId| {
                let contact = self.contact(*id);
                contact.is_some_and(|it| it.merged.as_ref().is_some_and(|merged| merged.into == into))
            };
            let more: BTreeSet<ContactId> =
                known.copied().filter(|id| !all.contains(id) && merged(id)).collect();
            all.extend(more);
        }
        all
    }

    fn erase_one(&mut self, contact_id: ContactId) {
        self.adopt_contact(contact_id);
        let told = self.end_work_of(contact_id);
        let interactions = self.work_of(contact_id);
        self.settle_messages(&interactions);
        self.settle_transcripts(&interactions);
        self.scrub_messages(&interactions);
        self.scrub_interactions(&interactions);
        self.scrub_contact(contact_id);
        self.rows.erased.push(contact_id);
        self.world.recent.erased.push_back((self.world.changing(), contact_id));
        self.effects.push(Effect::RemoveErasedFiles);
        let audience = Audience { agents: told, supervisors: true, administrators: true };
        self.global_event(EventKind::ContactErased { contact_id }, audience, None);
    }

    /// Contacts who were silent for as long as they are kept; one who wrote meanwhile stays.
    pub(super) fn erase_silent(&mut self, contact_ids: Vec<ContactId>) {
        for contact_id in contact_ids {
            let mut works = self.world.works.values();
            if works.any(|work| work.row.contact_id == contact_id && work.row.ended_at.is_none()) {
                continue;
            }
            if self.erase_contact(contact_id).is_ok() {
                self.audit(None, Act::new("contact.expire", &contact_id));
            }
        }
    }

    /// Ends what is open; gives the agents who lose it.
    fn end_work_of(&mut self, contact_id: ContactId) -> Vec<AgentId> {
        let works = self.world.works.values();
        let open = works.filter(|work| work.row.contact_id == contact_id && work.row.ended_at.is_none());
        let mut open: Vec<(InteractionId, Option<AgentId>)> =
            open.map(|work| (work.row.interaction_id, work.row.agent_id)).collect();
        open.sort_unstable();
        for (interaction_id, _) in &open {
            self.drop_drafted_files(*interaction_id);
            self.end(*interaction_id, None);
        }
        let mut agents: Vec<AgentId> = open.into_iter().filter_map(|(_, agent_id)| agent_id).collect();
        agents.sort_unstable();
        agents.dedup();
        agents
    }

    /// Files of unsent drafts: their drafts go when the work ends.
    fn drop_drafted_files(&mut self, interaction_id: InteractionId) {
        let range = (interaction_id, AgentId(i64::MIN))..=(interaction_id, AgentId(i64::MAX));
        let drafts = self.world.drafts.range(range).map(|(_, draft)| draft);
        let files: Vec<MediaId> = drafts.flat_map(|draft| draft.media.iter().cloned()).collect();
        for media_id in files {
            self.drop_file(&media_id);
        }
    }

    /// Every interaction of the contact, ended long ago or now.
    fn work_of(&self, contact_id: ContactId) -> BTreeSet<InteractionId> {
        let works = self.world.works.values().filter(|work| work.row.contact_id == contact_id);
        let loaded = self.cold.of_contact.get(&contact_id).into_iter().flatten().copied();
        works.map(|work| work.row.interaction_id).chain(loaded).collect()
    }

    /// What waits will not be sent. What is with the provider may have been sent; its answer comes too late to tell.
    fn settle_messages(&mut self, interactions: &BTreeSet<InteractionId>) {
        let of_them = |id: &&MessageId| {
            self.world.message(**id).is_some_and(|kept| interactions.contains(&kept.row.interaction_id))
        };
        let flying: Vec<MessageId> = self.world.flights.keys().filter(of_them).copied().collect();
        for message_id in flying {
            self.drop_flight(message_id);
            self.edit_message(message_id, settle);
        }
    }

    /// Transcripts that wait are not sent; one that is with the mail server may have been.
    fn settle_transcripts(&mut self, interactions: &BTreeSet<InteractionId>) {
        let open = self.world.transcripts.values();
        let theirs = open.filter(|transcript| interactions.contains(&transcript.interaction_id));
        let theirs: Vec<Transcript> = theirs.cloned().collect();
        for mut transcript in theirs {
            let sending = transcript.state == TranscriptState::Sending;
            transcript.state = if sending { TranscriptState::Unknown } else { TranscriptState::Failed };
            transcript.email = String::new();
            transcript.reason = Some("erased".to_owned());
            self.world.set_due(Due::Transcript(transcript.transcript_id), transcript.retry_at, None);
            transcript.retry_at = None;
            transcript.settled_at = Some(self.now);
            self.world.transcripts.remove(&transcript.transcript_id);
            self.dirty.transcripts.insert(transcript.transcript_id, transcript);
        }
    }

    fn scrub_messages(&mut self, interactions: &BTreeSet<InteractionId>) {
        let kept = self.world.messages.rows.values();
        let theirs = kept.filter(|kept| interactions.contains(&kept.row.interaction_id));
        let mut theirs: Vec<MessageId> = theirs.map(|kept| kept.row.message_id).collect();
        theirs.sort_unstable();
        let held: BTreeSet<MessageId> = theirs.iter().copied().collect();
        for message_id in theirs {
            self.edit_message(message_id, scrub);
        }
        let files = self.world.media.values().map(|kept| &kept.row);
        let files = files.filter(|media| media.message_id.is_some_and(|id| held.contains(&id)));
        let files: Vec<MediaId> = files.map(|media| media.media_id.clone()).collect();
        for media_id in files {
            self.drop_file(&media_id);
        }
    }

    /// A file leaves memory; its row may only be in this batch, so it is named for removal here too.
    fn drop_file(&mut self, media_id: &MediaId) {
        if let Some(kept) = self.world.media.remove(media_id) {
            self.world.set_due(Due::Media(media_id.clone()), kept.row.retry_at, None);
        }
        self.dirty.media.remove(media_id);
        if !self.rows.erased_files.contains(media_id) {
            self.rows.erased_files.push(media_id.clone());
        }
    }

    fn scrub_interactions(&mut self, interactions: &BTreeSet<InteractionId>) {
        let batch = self.world.changing();
        for interaction_id in interactions {
            let Some(work) = self.world.works.get_mut(interaction_id) else { continue };
            let row = Arc::make_mut(&mut work.row);
            row.address = String::new();
            row.last_line = String::new();
            row.tags.clear();
            row.subject = None;
            row.kept = Kept::default();
            row.translation = None;
            work.changed = batch;
            self.dirty.interactions.insert(*interaction_id);
        }
    }

    /// The contact becomes nobody, and its addresses lead nowhere: who writes from one of them is somebody new.
    fn scrub_contact(&mut self, contact_id: ContactId) {
        self.edit_contact(contact_id, |contact| {
            contact.name = String::new();
            contact.language = None;
            contact.vip = false;
            contact.blocked = false;
            contact.opted_out = false;
            contact.attributes.clear();
            contact.merged = None;
        });
        let identities = self.world.people.get(&contact_id).map(|person| person.identities.clone());
        for identity_id in identities.unwrap_or_default() {
            self.forget_addresses(identity_id);
        }
        let mut aliases = std::mem::take(&mut self.dirty.aliases);
        aliases.retain(|_, alias| alias.contact_id != contact_id);
        self.dirty.aliases = aliases;
    }

    fn forget_addresses(&mut self, identity_id: IdentityId) {
        let changed = self.world.changing();
        let Some(identity) = self.world.identities.get_mut(&identity_id) else { return };
        let (kind, aliases) = (identity.kind, std::mem::take(&mut identity.aliases));
        identity.changed = changed;
        for (alias_kind, value) in aliases {
            self.world.aliases.remove(&(kind, alias_kind, value));
        }
        self.leaves(Leaving::Identity(identity_id));
    }

    /// A file came for a message that was erased meanwhile: it goes at once.
    pub(super) fn file_of_nobody(&mut self, media_id: &MediaId) {
        self.drop_file(media_id);
        self.effects.push(Effect::RemoveErasedFiles);
    }
}

/// A message that leaves no more, or of which nobody will be told that it left.
fn settle(message: &mut Message) {
    let sending = message.state == DeliveryState::Sending;
    message.state = if sending { DeliveryState::Unknown } else { DeliveryState::Failed };
    message.attempts = message.attempts.saturating_add(1);
    message.error = Some(delivery_error("erased", ""));
    message.retry_at = None;
}

/// Takes out of a message what anybody wrote, and what the provider knows it by: that tells the number.
pub(crate) fn scrub(message: &mut Message) {
    message.text = String::new();
    message.media = Vec::<Media>::new();
    message.data = String::new();
    message.template = None;
    message.reactions = Vec::new();
    message.tags.clear();
    message.translation = None;
    message.provider_id = None;
    message.deleted = true;
    if let Some(error) = &mut message.error {
        error.details = String::new();
    }
}
