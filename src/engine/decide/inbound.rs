//! A contact writes: each message once, in the one interaction of its address that is not closed (SPEC §2, §9).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::keys;
use crate::domain::{
    Author, ChannelId, DeliveryState, Direction, IdentityId, Interaction, InteractionId, Kept, Media,
    MediaState, Message, MessageId, MessageKind, Ownership, Span, Status, Time, Timers,
};
use crate::engine::limits::{INBOUND_CHARS, MEDIA_PER_SEND, shorten};
use crate::engine::turn::Turn;
use crate::engine::world::index::is_done;
use crate::engine::{Effect, InboundMedia, InboundMessage, OnMessage};

/// A message with nothing in it yet.
pub(super) fn blank(message_id: MessageId, interaction_id: InteractionId, now: Time) -> Message {
    Message {
        message_id,
        interaction_id,
        direction: Direction::Out,
        author: Author::System,
        kind: MessageKind::Text,
        text: String::new(),
        media: Vec::new(),
        data: String::new(),
        template: None,
        reply_to: None,
        forwarded: false,
        edited: false,
        deleted: false,
        reactions: Vec::new(),
        tags: BTreeSet::new(),
        state: DeliveryState::Queued,
        error: None,
        translation: None,
        provider_id: None,
        attempts: 0,
        retry_at: None,
        backoff: Span(0),
        sent_at: now,
        created_at: now,
    }
}

impl Turn<'_> {
    /// The contact wrote.
    pub(super) fn inbound(&mut self, channel_id: &ChannelId, inbound: InboundMessage) {
        let key = keys::message(channel_id, &inbound.provider_id);
        if self.seen(&key) || self.message_known_as(channel_id, &inbound.provider_id).is_some() {
            return;
        }
        let Some(kind) = self.world.channel(channel_id).map(|channel| channel.kind) else { return };
        let Some(identity_id) = self.identity(kind, &inbound.sender) else {
            let message = format!("A message on the channel {channel_id} names no sender and was left out");
            return self.notice("warning", "sender_unknown", message);
        };
        self.remember_key(key);
        if self.is_blocked(identity_id) {
            return self.keep_aside(identity_id, channel_id, inbound);
        }
        self.name_contact(identity_id, inbound.sender.name.as_deref());
        let (interaction_id, new) = self.interaction_for(identity_id, channel_id, &inbound.text);
        let was = self.world.work(interaction_id).map(|row| (row.status, row.ownership));
        let answers =
            self.world.work(interaction_id).is_some_and(|row| self.answers_survey(row, &inbound.text));
        let sent_at = inbound.sent_at;
        let provider_id = inbound.provider_id.clone();
        // First the window, so that who is told of the message is told until when it may be answered.
        self.open_window(interaction_id, sent_at);
        self.store_inbound(channel_id, interaction_id, inbound, answers);
        if new {
            self.contact_wrote(interaction_id);
            self.route(interaction_id);
        } else if let Some((status, ownership)) = was {
            self.wake(interaction_id, status, ownership);
        }
        self.apply_held(channel_id, &provider_id);
    }

    /// A blocked contact's message is kept where nobody is told of it: in the work there is, or in one that is over at once and
    /// ends by the rules of closing. It wakes nothing and goes into no queue.
    fn keep_aside(&mut self, identity_id: IdentityId, channel_id: &ChannelId, inbound: InboundMessage) {
        let current = self.world.current(identity_id, channel_id).map(|row| row.interaction_id);
        if let Some(interaction_id) = current {
            return self.store_inbound(channel_id, interaction_id, inbound, false);
        }
        let interaction_id = self.new_interaction(identity_id, channel_id);
        self.store_inbound(channel_id, interaction_id, inbound, false);
        self.set_status(interaction_id, Status::Closed, None);
        let now = self.now;
        self.edit(interaction_id, |row| row.kept.detached_at = Some(now));
        let ends_at = self.when_it_ends(interaction_id);
        self.edit(interaction_id, |row| row.timers.ends_at = ends_at);
    }

    fn is_blocked(&self, identity_id: IdentityId) -> bool {
        let contact_id = self.world.identities.get(&identity_id).map(|identity| identity.contact_id);
        contact_id.and_then(|id| self.world.contact(id)).is_some_and(|contact| contact.blocked)
    }

    /// A contact without a name takes the profile's.
    fn name_contact(&mut self, identity_id: IdentityId, name: Option<&str>) {
        let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else { return };
        let Some(contact_id) = self.world.identities.get(&identity_id).map(|identity| identity.contact_id)
        else {
            return;
        };
        if self.world.contact(contact_id).is_some_and(|contact| contact.name.is_empty()) {
            let name = shorten(name, crate::engine::limits::NAME_CHARS);
            self.edit_contact(contact_id, |contact| contact.name = name);
        }
    }

    /// The interaction that a contact's message belongs to, made if there is none to go on with.
    fn interaction_for(
        &mut self,
        identity_id: IdentityId,
        channel_id: &ChannelId,
        text: &str,
    ) -> (InteractionId, bool) {
        let Some(row) = self.world.current(identity_id, channel_id).cloned() else {
            return (self.new_interaction(identity_id, channel_id), true);
        };
        if self.answers_survey(&row, text) {
            return (row.interaction_id, false);
        }
        match self.on_message(&row) {
            OnMessage::StartNew => {
                if row.status != Status::Closed {
                    self.set_status(row.interaction_id, Status::Closed, None);
                    self.leave_queue(row.interaction_id);
                    let ends_at = self.when_it_ends(row.interaction_id);
                    self.edit(row.interaction_id, |row| row.timers.ends_at = ends_at);
                }
                (self.new_interaction(identity_id, channel_id), true)
            }
            // A closed interaction is over: not even a script opens it again.
            OnMessage::Default | OnMessage::Reopen if row.status == Status::Closed => {
                (self.new_interaction(identity_id, channel_id), true)
            }
            OnMessage::Default => {
                if matches!(row.status, Status::Pending | Status::Resolved) {
                    self.set_status(row.interaction_id, Status::Open, None);
                }
                (row.interaction_id, false)
            }
            OnMessage::Reopen => {
                if row.status != Status::New {
                    self.set_status(row.interaction_id, Status::Open, None);
                }
                (row.interaction_id, false)
            }
            OnMessage::Keep => (row.interaction_id, false),
        }
    }

    /// Asks the scripts, where their answer can differ from the rule: work in hand simply goes on.
    fn on_message(&mut self, row: &Interaction) -> OnMessage {
        if matches!(row.status, Status::New | Status::Open) {
            return OnMessage::Default;
        }
        let facts = self.facts(row);
        let asked = self.policy.on_message(&facts, self.now);
        self.decided(row, "on_message", &facts, &asked, "The contact wrote again");
        asked.answer.unwrap_or(OnMessage::Default)
    }

    /// Work that is over waits for nobody any more.
    pub(super) fn leave_queue(&mut self, interaction_id: InteractionId) {
        let waits = self.world.work(interaction_id).is_some_and(|row| row.waiting.is_some());
        if waits {
            self.detach(interaction_id);
        }
    }

    fn new_interaction(&mut self, identity_id: IdentityId, channel_id: &ChannelId) -> InteractionId {
        let newest = self.newest(identity_id, channel_id);
        let interaction_id = InteractionId(self.next_id());
        let mut row = self.blank_interaction(interaction_id, identity_id, channel_id);
        row.previous_id = newest.map(|newest| newest.interaction_id);
        row.last_agent_id = newest.and_then(|newest| newest.last_agent_id);
        self.add_interaction(row);
        interaction_id
    }

    /// An interaction with nothing in it yet.
    pub(super) fn blank_interaction(
        &self,
        interaction_id: InteractionId,
        identity_id: IdentityId,
        channel_id: &ChannelId,
    ) -> Interaction {
        let identity = self.world.identities.get(&identity_id);
        Interaction {
            interaction_id,
            channel_id: channel_id.clone(),
            kind: identity.map_or(crate::domain::ChannelKind::Chat, |identity| identity.kind),
            contact_id: identity.map_or(crate::domain::ContactId(0), |identity| identity.contact_id),
            identity_id,
            address: self.address_of(identity_id),
            previous_id: None,
            converted_from: None,
            outbound: false,
            subject: None,
            status: Status::New,
            ownership: Ownership::Detached,
            agent_id: None,
            last_agent_id: None,
            consulted: BTreeSet::new(),
            transfer: None,
            skill: None,
            waiting: None,
            language: None,
            window_ends_at: None,
            window_told: 0,
            timers: Timers::default(),
            unread: 0,
            last_message_id: None,
            last_line: String::new(),
            last_message_at: None,
            unanswered_since: None,
            answered: false,
            disposition: None,
            tags: BTreeSet::new(),
            created_at: self.now,
            assigned_at: None,
            status_since: self.now,
            accepted_at: None,
            answered_at: None,
            ended_at: None,
            translation: None,
            kept: Kept::default(),
            revision: 0,
        }
    }

    fn store_inbound(
        &mut self,
        channel_id: &ChannelId,
        interaction_id: InteractionId,
        inbound: InboundMessage,
        answers: bool,
    ) {
        let message_id = MessageId(self.next_id());
        let mut message = blank(message_id, interaction_id, self.now);
        message.direction = Direction::In;
        message.author = Author::Contact;
        message.kind = inbound.kind;
        message.text = shorten(&inbound.text, INBOUND_CHARS);
        message.data = inbound.data;
        message.forwarded = inbound.forwarded;
        message.state = DeliveryState::Received;
        message.sent_at = inbound.sent_at;
        message.reply_to =
            inbound.reply_to.as_deref().and_then(|quoted| self.message_known_as(channel_id, quoted));
        message.provider_id = Some(inbound.provider_id);
        for file in inbound.media.into_iter().take(MEDIA_PER_SEND) {
            message.media.push(self.fetch(channel_id, message_id, file));
        }
        self.add_message(channel_id, message);
        self.edit(interaction_id, |row| {
            row.unread = row.unread.saturating_add(1);
            row.kept.last_in = Some(message_id);
            if let Some(survey) = row.kept.survey.as_mut().filter(|_| answers) {
                survey.answer = Some(message_id);
            }
        });
        self.translate_theirs(interaction_id, message_id);
        self.message_added(message_id);
    }

    /// A message by the provider's id, in memory or loaded.
    pub(super) fn message_known_as(&self, channel_id: &ChannelId, provider_id: &str) -> Option<MessageId> {
        if let Some(message_id) = self.world.message_of_provider(channel_id, provider_id) {
            return Some(message_id);
        }
        // Providers number their messages each for themselves: the account must be the same.
        let here = |message_id: &&MessageId| {
            let message = self.cold.messages.get(*message_id);
            let row = message.and_then(|message| self.work(message.interaction_id).ok());
            row.is_none_or(|row| row.channel_id == *channel_id)
        };
        self.cold.by_provider.get(provider_id)?.iter().find(here).copied()
    }

    /// A file that a contact sent: fetched at once, by a job that survives a restart, unless it came with the message.
    fn fetch(&mut self, channel_id: &ChannelId, message_id: MessageId, file: InboundMedia) -> Media {
        let media = Media {
            media_id: file.media_id.clone(),
            message_id: Some(message_id),
            agent_id: None,
            mime: file.mime,
            filename: file.filename,
            caption: file.caption,
            size: file.stored,
            voice: file.voice,
            state: if file.stored.is_some() { MediaState::Stored } else { MediaState::Pending },
            channel_id: Some(channel_id.clone()),
            provider_media_id: Some(file.provider_media_id.clone()),
            attempts: 0,
            retry_at: None,
            created_at: self.now,
        };
        self.put_media(media.clone());
        if file.stored.is_none() {
            self.effects.push(Effect::FetchMedia {
                media_id: file.media_id,
                channel_id: channel_id.clone(),
                provider_media_id: file.provider_media_id,
            });
        }
        media
    }

    /// A contact's message on an interaction that went on: timers, and detached work comes back.
    fn wake(&mut self, interaction_id: InteractionId, status: Status, ownership: Ownership) {
        let Some(row) = self.world.work(interaction_id) else { return };
        if is_done(row.status) {
            // A script keeps it done.
            return;
        }
        let reopened = is_done(status);
        self.contact_wrote(interaction_id);
        match ownership {
            Ownership::Detached => self.bring_back(interaction_id),
            Ownership::Queued if self.is_held(interaction_id) => self.route(interaction_id),
            Ownership::Queued | Ownership::Offered | Ownership::Assigned => {}
        }
        if reopened {
            self.touch(interaction_id);
        }
    }

    fn is_held(&self, interaction_id: InteractionId) -> bool {
        let waiting = self.world.work(interaction_id).and_then(|row| row.waiting.as_ref());
        waiting.is_some_and(|waiting| matches!(waiting.target, crate::domain::Target::Hold(_)))
    }

    /// Held work may go elsewhere: scripts changed.
    pub(super) fn ask_held_again(&mut self) {
        let line = self.world.index.lines.get(&crate::engine::world::index::Line::Hold);
        let held: Vec<InteractionId> = line.into_iter().flatten().map(|place| place.2).collect();
        let now = self.now;
        for interaction_id in held {
            // Handled as deadlines, a batch at a time: there may be thousands.
            self.edit_waiting(interaction_id, |waiting| waiting.until = Some(now));
        }
    }

    /// The business wrote from elsewhere (its phone app): the contact was answered.
    pub(super) fn echo(&mut self, channel_id: &ChannelId, echo: InboundMessage) {
        let key = keys::message(channel_id, &echo.provider_id);
        if self.seen(&key) || self.message_known_as(channel_id, &echo.provider_id).is_some() {
            return;
        }
        let Some(kind) = self.world.channel(channel_id).map(|channel| channel.kind) else { return };
        self.remember_key(key);
        let Some(identity_id) = self.find_identity(kind, &echo.sender.aliases) else { return };
        let Some(row) = self.world.current(identity_id, channel_id).map(Arc::clone) else { return };
        let message_id = MessageId(self.next_id());
        let mut message = blank(message_id, row.interaction_id, self.now);
        message.author = Author::Elsewhere;
        message.kind = echo.kind;
        message.text = shorten(&echo.text, INBOUND_CHARS);
        message.data = echo.data;
        message.state = DeliveryState::Sent;
        message.sent_at = echo.sent_at;
        message.provider_id = Some(echo.provider_id);
        for file in echo.media.into_iter().take(MEDIA_PER_SEND) {
            message.media.push(self.fetch(channel_id, message_id, file));
        }
        self.add_message(channel_id, message);
        self.message_added(message_id);
        self.forget_unanswered(row.interaction_id);
    }
}
