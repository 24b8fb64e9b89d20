//! What a provider reports: each kind goes to its rule. Whoever reports gets `done`: a provider can't mend anything by an answer.

use crate::domain::ChannelId;
use crate::engine::turn::{Turn, refuse};
use crate::engine::{Answer, ChannelInput, Effect, RawDelivery, RefusalKind, Reply};

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
            ChannelInput::TemplatesChanged => {
                self.effects.push(Effect::RefreshTemplates { channel_id: channel_id.clone() });
            }
            ChannelInput::Notice { level, code, message } => self.notice(&level, &code, message),
            ChannelInput::Raw(raw) => self.keep_raw(raw),
        }
        Ok(Answer::Done)
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
