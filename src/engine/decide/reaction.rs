//! Emoji, edits and deletions: what happens to a message after it was written.

use std::sync::Arc;

use super::access::not_closed;
use super::keys;
use crate::domain::{Agent, Author, ChannelId, Direction, InteractionId, MessageId, Reaction};
use crate::engine::limits::{EMOJI_BYTES, INBOUND_CHARS, REACTIONS, shorten};
use crate::engine::turn::{Turn, refuse};
use crate::engine::{Answer, ChannelInput, Effect, EventKind, RefusalKind, Reply};

impl Turn<'_> {
    /// The contact set an emoji, changed a message or took one back.
    pub(super) fn about_message(&mut self, channel_id: &ChannelId, input: ChannelInput) {
        let (key, target) = match &input {
            ChannelInput::Reaction { provider_id, target, .. } => {
                (keys::message(channel_id, provider_id), target.clone())
            }
            ChannelInput::Edit { target, text, .. } => {
                (keys::change(channel_id, "edit", target, text), target.clone())
            }
            ChannelInput::Revoke { target, .. } => {
                (keys::change(channel_id, "revoke", target, ""), target.clone())
            }
            ChannelInput::Message(_)
            | ChannelInput::Status { .. }
            | ChannelInput::AliasChanged { .. }
            | ChannelInput::Echo(_)
            | ChannelInput::Typing { .. }
            | ChannelInput::TemplatesChanged
            | ChannelInput::Notice { .. }
            | ChannelInput::Raw(_) => return,
        };
        let known = self.message_known_as(channel_id, &target);
        let Some(message_id) = known.filter(|id| self.adopt_message(channel_id, *id)) else {
            return self.hold(channel_id, target, input);
        };
        match input {
            ChannelInput::Reaction { emoji, .. } => {
                if !self.seen(&key) {
                    self.remember_key(key);
                    self.set_reaction(message_id, Author::Contact, emoji.unwrap_or_default());
                }
            }
            ChannelInput::Edit { text, .. } => self.edited(message_id, &text),
            ChannelInput::Revoke { .. } => self.revoked(message_id),
            ChannelInput::Message(_)
            | ChannelInput::Status { .. }
            | ChannelInput::AliasChanged { .. }
            | ChannelInput::Echo(_)
            | ChannelInput::Typing { .. }
            | ChannelInput::TemplatesChanged
            | ChannelInput::Notice { .. }
            | ChannelInput::Raw(_) => {}
        }
    }

    /// One emoji an author; empty removes it.
    fn set_reaction(&mut self, message_id: MessageId, author: Author, emoji: String) {
        if emoji.len() > EMOJI_BYTES {
            return;
        }
        let contact = author == Author::Contact;
        self.edit_message(message_id, |message| {
            // A contact sees one emoji of the business, whoever of it set the emoji.
            message.reactions.retain(|other| (other.author == Author::Contact) != contact);
            if !emoji.is_empty() && message.reactions.len() < REACTIONS {
                message.reactions.push(Reaction { author, emoji });
            }
        });
        self.tell_message(message_id, EventKind::MessageReaction { message_id });
    }

    fn edited(&mut self, message_id: MessageId, text: &str) {
        let text = shorten(text, INBOUND_CHARS);
        let same = self.world.message(message_id).is_none_or(|kept| {
            kept.row.direction == Direction::Out || kept.row.deleted || kept.row.text == text
        });
        if same {
            return;
        }
        self.edit_message(message_id, |message| {
            message.text = text;
            message.edited = true;
        });
        self.translate_again(message_id);
        self.message_changed(message_id);
    }

    fn revoked(&mut self, message_id: MessageId) {
        let gone = self
            .world
            .message(message_id)
            .is_none_or(|kept| kept.row.direction == Direction::Out || kept.row.deleted);
        if gone {
            return;
        }
        self.edit_message(message_id, |message| {
            message.text.clear();
            message.media.clear();
            message.data.clear();
            message.translation = None;
            message.deleted = true;
        });
        if let Some(interaction_id) = self.world.message(message_id).map(|kept| kept.row.interaction_id) {
            self.no_longer_pending(interaction_id, message_id);
        }
        self.message_changed(message_id);
    }

    /// An agent sets or removes an emoji.
    pub(super) fn react(
        &mut self,
        agent: &Agent,
        interaction_id: InteractionId,
        message_id: MessageId,
        emoji: String,
    ) -> Reply {
        let row = self.own(agent, interaction_id)?;
        let message = self.message_of(&row, message_id)?;
        not_closed(&row)?;
        if !self.free_text_allowed(&row) {
            return refuse(RefusalKind::WindowClosed, "the service window is closed; send a template");
        }
        let able = self.world.channel(&row.channel_id).is_some_and(|channel| channel.abilities.reactions);
        let Some(provider_id) = message.provider_id.clone().filter(|_| able) else {
            return refuse(RefusalKind::Unsupported, "this message can't get a reaction");
        };
        if emoji.len() > EMOJI_BYTES {
            return refuse(RefusalKind::TooLarge, "one emoji, please");
        }
        self.adopt_message(&row.channel_id, message_id);
        self.set_reaction(message_id, Author::Agent(agent.agent_id), emoji.clone());
        let identity = self.world.identities.get(&row.identity_id);
        let to = identity.map(|identity| identity.aliases.clone()).unwrap_or_default();
        self.effects.push(Effect::React { channel_id: row.channel_id.clone(), to, provider_id, emoji });
        Ok(Answer::Messages(
            self.world.message(message_id).map(|kept| Arc::clone(&kept.row)).into_iter().collect(),
        ))
    }
}
