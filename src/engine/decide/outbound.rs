//! An agent begins: work with a contact who did not write first (SPEC §5.3).

use super::begin::Wanted;
use super::reply::Content;
use crate::domain::{Agent, ChannelId, ContactId, Permission, SkillId, TemplateValues};
use crate::engine::turn::{Turn, refuse};
use crate::engine::{Answer, RefusalKind, Reply};

/// To whom, by which way, with what.
#[derive(Debug)]
pub(super) struct Outbound {
    pub(super) contact_id: Option<ContactId>,
    pub(super) address: Option<String>,
    pub(super) channel_id: ChannelId,
    pub(super) skill: Option<SkillId>,
    pub(super) template: Option<TemplateValues>,
    pub(super) text: Option<String>,
    pub(super) subject: Option<String>,
}

impl Turn<'_> {
    pub(super) fn start_outbound(&mut self, agent: &Agent, outbound: Outbound) -> Reply {
        let Outbound { contact_id, address, channel_id, skill, template, text, subject } = outbound;
        let Some(channel) = self.world.channel(&channel_id).cloned() else {
            return refuse(RefusalKind::NotFound, format!("there is no channel {channel_id}"));
        };
        let contact = match contact_id {
            Some(contact_id) => Some(self.contact_or_refuse(contact_id)?),
            None => None,
        };
        self.permit(agent, Permission::Outbound)?;
        let wanted = Wanted {
            channel: &channel,
            contact: contact.as_deref(),
            address: address.as_deref(),
            skill: skill.as_ref(),
            content: Content { text, template, ..Content::default() },
            subject,
            from: None,
        };
        let beginning = self.check_beginning(agent, wanted)?;
        let (view, message) = self.begin(agent, beginning)?;
        Ok(Answer::Outbound(view, message))
    }
}
