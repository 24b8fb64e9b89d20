//! An agent goes on with a contact on another channel; the old interaction stays open, linked to the new one (SPEC §5.6).

use super::access::not_closed;
use super::begin::Wanted;
use super::reply::Content;
use crate::domain::{Agent, Channel, ChannelId, ChannelKind, Interaction, Permission};
use crate::engine::turn::{About, Turn, refuse};
use crate::engine::{Answer, Conversion, EventKind, Refusal, RefusalKind, Reply};

impl Turn<'_> {
    pub(super) fn convert(&mut self, agent: &Agent, conversion: Conversion) -> Reply {
        let Conversion { interaction_id, channel_id, kind, address, skill, template, text, subject } =
            conversion;
        let row = self.work(interaction_id)?;
        let channel = self.target(&row, channel_id.as_ref(), kind)?.clone();
        self.permit(agent, Permission::Convert)?;
        let row = self.own(agent, row.interaction_id)?;
        not_closed(&row)?;
        self.check_target(&row, &channel)?;
        let contact = self.contact_or_refuse(row.contact_id)?;
        let wanted = Wanted {
            channel: &channel,
            contact: Some(&contact),
            address: address.as_deref(),
            skill: skill.as_ref(),
            content: Content { text, template, ..Content::default() },
            subject,
            from: Some(interaction_id),
        };
        let beginning = self.check_beginning(agent, wanted)?;
        let (view, message) = self.begin(agent, beginning)?;
        let to = view.interaction.interaction_id;
        let kind = EventKind::InteractionConverted { to, by: agent.agent_id };
        self.event(interaction_id, kind, About::default());
        Ok(Answer::Outbound(view, message))
    }

    /// The account to go on with: the one named, or of a kind's accounts the one that the contact used last, or the first.
    fn target(
        &self,
        row: &Interaction,
        channel_id: Option<&ChannelId>,
        kind: Option<ChannelKind>,
    ) -> Result<&Channel, Refusal> {
        match (channel_id, kind) {
            (Some(channel_id), None) => match self.world.channel(channel_id) {
                Some(channel) => Ok(channel),
                None => refuse(RefusalKind::NotFound, format!("there is no channel {channel_id}")),
            },
            (None, Some(kind)) => {
                let of_kind =
                    || self.world.channels_of(kind).filter(|channel| channel.channel_id != row.channel_id);
                let used = of_kind().find(|channel| self.used_before(row, channel));
                match used.or_else(|| of_kind().next()) {
                    Some(channel) => Ok(channel),
                    None => refuse(RefusalKind::NotFound, format!("there is no channel of the kind {kind}")),
                }
            }
            (Some(_), Some(_)) | (None, None) => {
                let message = "give either channel_id or kind, to say where to go on";
                Err(Refusal::new(RefusalKind::Invalid, message).field("channel_id"))
            }
        }
    }

    fn used_before(&self, row: &Interaction, channel: &Channel) -> bool {
        let person = self.world.people.get(&row.contact_id);
        let mut identities = person.iter().flat_map(|person| &person.identities);
        identities.any(|identity_id| self.newest(*identity_id, &channel.channel_id).is_some())
    }

    fn check_target(&self, row: &Interaction, channel: &Channel) -> Result<(), Refusal> {
        if channel.channel_id == row.channel_id {
            let message = format!("{} is on the channel {} already", row.interaction_id, row.channel_id);
            return refuse(RefusalKind::AlreadyDone, message);
        }
        if self.world.conversions.targets(row.kind).any(|kind| kind == channel.kind) {
            return Ok(());
        }
        let message = format!("{} can't be converted to {}", row.kind, channel.kind);
        let choices = self.world.conversions.targets(row.kind).map(|kind| kind.to_string());
        Err(Refusal::new(RefusalKind::Unsupported, message).field("kind").choices(choices))
    }
}
