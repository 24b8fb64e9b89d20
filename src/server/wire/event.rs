//! Turns an event, with the bodies it is about, into the frame that its readers get.

use std::sync::Arc;

use super::{Channels, agent, draft, interaction, message, note, reactions, script_error};
use crate::domain::{Agent, Contact, Draft, Interaction, Message, Note, To};
use crate::engine::{Event, EventKind, EventRow};
use crate::port::LoggedEvent;
use crate::protocol as wire;
use crate::protocol::{Cursor, EventBody, Id, Moment, Word};

/// An event with the bodies it is about: as they were just after it (live), or as they are now (read from the log).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) event: &'a Event,
    pub(crate) interaction: Option<&'a Interaction>,
    pub(crate) contact: Option<&'a Contact>,
    pub(crate) message: Option<&'a Message>,
    pub(crate) note: Option<&'a Note>,
    pub(crate) agent: Option<(&'a Agent, u32)>,
    pub(crate) draft: Option<&'a Draft>,
    /// The last messages, for the agent into whose inbox the interaction came.
    pub(crate) messages: Option<&'a [Arc<Message>]>,
}

impl<'a> From<&'a EventRow> for Told<'a> {
    fn from(row: &'a EventRow) -> Self {
        Self {
            event: &row.event,
            interaction: row.interaction.as_deref(),
            contact: row.contact.as_deref(),
            message: row.message.as_deref(),
            note: row.note.as_deref(),
            agent: row.agent.as_ref().map(|(agent, load)| (&**agent, *load)),
            draft: row.draft.as_ref(),
            messages: None,
        }
    }
}

impl<'a> From<&'a LoggedEvent> for Told<'a> {
    fn from(logged: &'a LoggedEvent) -> Self {
        Self {
            event: &logged.event,
            interaction: logged.interaction.as_deref(),
            contact: logged.contact.as_deref(),
            message: logged.message.as_deref(),
            note: logged.note.as_deref(),
            agent: None,
            draft: None,
            messages: None,
        }
    }
}

/// The frame; `None`: an event that clients are not told.
pub(crate) fn event_frame(channels: &Channels, told: &Told<'_>) -> Option<String> {
    let body = body(channels, told)?;
    let event = wire::Event {
        cursor: (told.event.seq > 0).then_some(Cursor(told.event.seq)),
        time: Moment(told.event.time),
        interaction_id: told.event.interaction_id.map(Id),
        body,
    };
    Some(wire::notification("event", event))
}

#[expect(clippy::too_many_lines, reason = "one arm for each event")]
fn body<'a>(channels: &Channels, told: &Told<'a>) -> Option<EventBody<'a>> {
    let about = || wire::About { interaction: whole(channels, told) };
    let given = |agent_id| wire::Given {
        agent_id: Id(agent_id),
        interaction: whole(channels, told),
        messages: told.messages.map(|messages| messages.iter().map(|it| message(it)).collect()),
    };
    let with_message =
        || wire::MessageAbout { message: told.message.map(message), interaction: whole(channels, told) };
    let body = match &told.event.kind {
        EventKind::InteractionCreated => EventBody::Created(about()),
        EventKind::InteractionQueued => EventBody::Queued(about()),
        EventKind::InteractionOffered { agent_id } => EventBody::Offered(given(*agent_id)),
        EventKind::InteractionOfferEnded { agent_id, reason } => {
            EventBody::OfferEnded { agent_id: Id(*agent_id), reason, about: about() }
        }
        EventKind::InteractionAssigned { agent_id } => EventBody::Assigned(given(*agent_id)),
        EventKind::InteractionTransferred { by, from, to } => {
            EventBody::Transferred { by: Id(*by), from: from.map(Id), to: handed_to(to), about: about() }
        }
        EventKind::InteractionConsultStarted { agent_id, by } => {
            EventBody::ConsultStarted { by: Id(*by), given: given(*agent_id) }
        }
        EventKind::InteractionConsultEnded { agent_id, reason } => {
            EventBody::ConsultEnded { agent_id: Id(*agent_id), reason, about: about() }
        }
        EventKind::InteractionDetached { agent_id } => {
            EventBody::Detached { agent_id: agent_id.map(Id), about: about() }
        }
        EventKind::InteractionStatusChanged { from, to, by } => {
            EventBody::StatusChanged { from: Word(*from), to: Word(*to), by: by.map(Id), about: about() }
        }
        EventKind::InteractionOutcomeSet { by } => EventBody::OutcomeSet { by: Id(*by), about: about() },
        EventKind::InteractionClosed => EventBody::Closed(about()),
        EventKind::InteractionWindowChanged { state } => EventBody::WindowChanged { state, about: about() },
        EventKind::InteractionTranslationSet { by } => {
            EventBody::TranslationSet { agent_id: Id(*by), about: about() }
        }
        EventKind::InteractionRead { agent_id } => {
            EventBody::Read { agent_id: Id(*agent_id), about: about() }
        }
        EventKind::InteractionConverted { to, by } => {
            EventBody::Converted { to: Id(*to), by: Id(*by), about: about() }
        }
        EventKind::InteractionSnoozed { agent_id, until } => {
            EventBody::Snoozed { agent_id: Id(*agent_id), until: Moment(*until), about: about() }
        }
        EventKind::ContactChanged { contact_id, by } => {
            EventBody::ContactChanged { contact_id: Id(*contact_id), by: by.map(Id), about: about() }
        }
        EventKind::MessageAdded { .. } => EventBody::MessageAdded(with_message()),
        EventKind::MessageChanged { .. } => EventBody::MessageChanged(with_message()),
        EventKind::MessageReaction { message_id } => EventBody::MessageReaction {
            message_id: Id(*message_id),
            reactions: told.message.map_or_else(Vec::new, |message| reactions(&message.reactions)),
            about: about(),
        },
        EventKind::TranscriptChanged { transcript_id, agent_id, state, reason } => {
            EventBody::TranscriptChanged {
                transcript_id: Id(*transcript_id),
                agent_id: Id(*agent_id),
                state: Word(*state),
                reason: reason.as_deref(),
                about: about(),
            }
        }
        EventKind::TagChanged { message_id, added, removed, by } => EventBody::TagChanged {
            message_id: message_id.map(Id),
            added,
            removed,
            by: by.map(Id),
            message: told.message.map(message),
            about: about(),
        },
        EventKind::TimerChanged { timer, change } => {
            EventBody::TimerChanged { timer: Word(*timer), change: Word(*change), about: about() }
        }
        EventKind::NoteAdded { .. }
        | EventKind::Typing { .. }
        | EventKind::DraftChanged { .. }
        | EventKind::QuickReplyStarred { .. }
        | EventKind::AgentChanged { .. }
        | EventKind::AgentRevoked { .. }
        | EventKind::QueueChanged { .. }
        | EventKind::PolicyChanged { .. }
        | EventKind::ContactMerged { .. }
        | EventKind::CardChanged { .. }
        | EventKind::PluginChanged { .. }
        | EventKind::ContactErased { .. }
        | EventKind::Notice { .. } => return other(told),
    };
    Some(body)
}

fn handed_to(to: &To) -> wire::HandedTo<'_> {
    match to {
        To::Agent(agent_id) => wire::HandedTo::Agent(Id(*agent_id)),
        To::Skill(skill) => wire::HandedTo::Skill(skill.as_str()),
        To::Team(team) => wire::HandedTo::Team(team.as_str()),
    }
}

/// Events that carry no interaction.
fn other<'a>(told: &Told<'a>) -> Option<EventBody<'a>> {
    match &told.event.kind {
        EventKind::NoteAdded { .. } => Some(EventBody::NoteAdded { note: told.note.map(note) }),
        EventKind::Typing { agent_id } => {
            Some(EventBody::Typing { agent_id: agent_id.map(Id), contact: agent_id.is_none() })
        }
        EventKind::DraftChanged { .. } => {
            let kept = told.draft.filter(|draft| !draft.is_empty());
            Some(EventBody::DraftChanged { draft: kept.map(draft) })
        }
        EventKind::QuickReplyStarred { quick_reply_id, starred, .. } => {
            Some(EventBody::QuickReplyStarred { quick_reply_id, starred: *starred })
        }
        EventKind::AgentChanged { .. } => {
            Some(EventBody::AgentChanged { agent: told.agent.map(|(it, load)| agent(it, load)) })
        }
        EventKind::PolicyChanged { generation, live, script, errors } => Some(EventBody::PolicyChanged {
            generation: *generation,
            state: if *live { "live" } else { "refused" },
            script: script.as_deref(),
            errors: errors.iter().map(script_error).collect(),
        }),
        EventKind::ContactMerged { contact_id, into, merged, by } => Some(EventBody::ContactMerged {
            contact_id: Id(*contact_id),
            into: Id(*into),
            merged: *merged,
            by: Id(*by),
        }),
        EventKind::CardChanged { contact_id, section } => Some(EventBody::CardChanged {
            contact_id: Id(*contact_id),
            section: super::section(section.clone()),
        }),
        EventKind::PluginChanged { plugin, state, errors } => Some(EventBody::PluginChanged {
            plugin,
            state,
            errors: errors.iter().map(script_error).collect(),
        }),
        EventKind::ContactErased { contact_id } => {
            Some(EventBody::ContactErased { contact_id: Id(*contact_id) })
        }
        EventKind::Notice { level, code, message } => Some(EventBody::Notice { level, code, message }),
        // Sockets of an agent whose rights changed are closed; counters are told from the batch's queues; the rest is
        // told with its interaction.
        EventKind::AgentRevoked { .. }
        | EventKind::QueueChanged { .. }
        | EventKind::InteractionCreated
        | EventKind::InteractionQueued
        | EventKind::InteractionOffered { .. }
        | EventKind::InteractionOfferEnded { .. }
        | EventKind::InteractionAssigned { .. }
        | EventKind::InteractionTransferred { .. }
        | EventKind::InteractionConsultStarted { .. }
        | EventKind::InteractionConsultEnded { .. }
        | EventKind::InteractionDetached { .. }
        | EventKind::InteractionStatusChanged { .. }
        | EventKind::InteractionOutcomeSet { .. }
        | EventKind::InteractionClosed
        | EventKind::InteractionWindowChanged { .. }
        | EventKind::InteractionTranslationSet { .. }
        | EventKind::InteractionRead { .. }
        | EventKind::InteractionConverted { .. }
        | EventKind::InteractionSnoozed { .. }
        | EventKind::ContactChanged { .. }
        | EventKind::MessageAdded { .. }
        | EventKind::MessageChanged { .. }
        | EventKind::MessageReaction { .. }
        | EventKind::TranscriptChanged { .. }
        | EventKind::TagChanged { .. }
        | EventKind::TimerChanged { .. } => None,
    }
}

fn whole<'a>(channels: &Channels, told: &Told<'a>) -> Option<wire::Interaction<'a>> {
    told.interaction.map(|it| interaction(channels, it, told.contact, None))
}
