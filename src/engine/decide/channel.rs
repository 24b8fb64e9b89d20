//! What a provider reports: each kind goes to its rule. Whoever reports gets `done`: a provider can't mend anything by an answer.

use std::sync::Arc;

use crate::domain::{ChannelId, Status};
use crate::engine::turn::{Turn, refuse};
use crate::engine::{Answer, ChannelInput, Effect, RawDelivery, RefusalKind, Reply, Sender};

impl Turn<'_> {
    pub(super) fn channel_input(&mut self, channel_id: &ChannelId, input: ChannelInput) -> Reply {
        if !self.world.accounts.contains_key(channel_id) {
            return refuse(RefusalKind::NotFound, format!("there is no channel {channel_id}"));
        }
        match input {
            ChannelInput::Message(message) => self.inbound(channel_id, message),
            ChannelInput::Echo(message) => self.echo(channel_id, message),
            ChannelInput::Status { .. } => self.status(channel_id, input),
            ChannelInput::Reaction { .. } | ChannelInput::Edit { .. } | ChannelInput::Revoke { .. } => {
                self.about_message(channel_id, input);
            }
            ChannelInput::AliasChanged { old, new, text, provider_id, at } => {
                self.alias_changed(channel_id, &old, &new, (text, provider_id, at));
            }
            ChannelInput::Typing { sender } => self.contact_types(channel_id, &sender),
            ChannelInput::TemplatesChanged => {
                self.effects.push(Effect::RefreshTemplates { channel_id: channel_id.clone() });
            }
            ChannelInput::Notice { level, code, message } => self.notice(&level, &code, message),
            ChannelInput::Raw(raw) => self.keep_raw(raw),
        }
        Ok(Answer::Done)
    }

    /// Who has the contact's interaction sees that it types. Of somebody whom the world does not hold nobody waits for it.
    fn contact_types(&mut self, channel_id: &ChannelId, sender: &Sender) {
        let Some(kind) = self.world.channel(channel_id).map(|channel| channel.kind) else { return };
        let mut known = sender.aliases.iter().filter(|alias| alias.0.identifies());
        let Some(identity_id) = known.find_map(|alias| self.world.identity_of(kind, alias)) else { return };
        let Some(row) = self.world.current(identity_id, channel_id).map(Arc::clone) else { return };
        if row.status != Status::Closed {
            self.tell_typing(row, None);
        }
    }

    /// A signed delivery that nobody understands is kept for whoever can mend it.
    fn keep_raw(&mut self, raw: RawDelivery) {
        let message = format!(
            "A delivery on the channel {} could not be understood and is kept: {}",
            raw.channel_id, raw.reason
        );
        if !self.rows.raw.iter().any(|other| other.hash == raw.hash) {
            self.rows.raw.push(raw);
        }
        self.notice("warning", "delivery_not_understood", message);
    }
}
