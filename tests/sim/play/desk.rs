//! The rest of the desk: transcripts, translation, tags, more time, snooze, other channels, and what is known of contacts.

use guichet::domain::{
    AgentId, Book, ChannelKind, ContactId, Direction, Interaction, InteractionId, MessageId, Span,
};
use guichet::engine::{Command, ContactChanges, ContactCommand, Conversion, Input, MailResult};

use super::agent::{self, mine};
use super::content::template;
use super::{NOTHING, nth};
use crate::act::{Act, Fill, Look, Tie};
use crate::cast;
use crate::world::{Ask, World};

pub(super) fn play(world: &mut World, act: Act) -> Vec<Ask> {
    match act {
        Act::AnswersLetter { which, how } => answer_letter(world, which, how).into_iter().collect(),
        Act::AnswersText { which, how } => answer_text(world, which, how).into_iter().collect(),
        _ => match command(world, act) {
            Some((caller, command)) => vec![agent::ask(world, caller, command)],
            None => Vec::new(),
        },
    }
}

fn command(world: &mut World, act: Act) -> Option<(AgentId, Command)> {
    Some(match act {
        Act::SendsTranscript { who, aim, several } => {
            let (caller, interaction_id) = world.aim(who, aim, mine);
            let email = if several { "a@example.com, b@example.com" } else { "marie@example.com" };
            (caller, Command::SendTranscript { interaction_id, email: email.to_owned() })
        }
        Act::SetsTranslation { who, aim, theirs, ours } => {
            let (caller, interaction_id) = world.aim(who, aim, mine);
            let command = Command::SetTranslation {
                interaction_id,
                my_language: "en".to_owned(),
                their_language: if interaction_id.0 % 11 == 0 { "en" } else { "fr" }.to_owned(),
                translate_theirs: theirs,
                translate_mine: ours,
            };
            (caller, command)
        }
        Act::Translates { who, aim, which } => {
            let (caller, interaction_id) = world.aim(who, aim, mine);
            let message_id = inbound(world, which, interaction_id);
            (caller, Command::Translate { interaction_id, message_id })
        }
        Act::Tags { who, aim, name, message, take } => {
            let (caller, interaction_id) = world.aim(who, aim, mine);
            let message_id = message.and_then(|which| world.any_message(which, Some(interaction_id)));
            let tag = if name == 0 { "x".repeat(101) } else { format!("tag{}", name % 3) };
            let command = if take {
                Command::RemoveTag { interaction_id, message_id, tag }
            } else {
                Command::AddTag { interaction_id, message_id, tag }
            };
            (caller, command)
        }
        Act::Extends { who, aim } => {
            let runs = |row: &Interaction| mine(row) && row.timers.customer.is_some();
            let (caller, interaction_id) = world.aim(who, aim, runs);
            (caller, Command::ExtendTimer { interaction_id })
        }
        Act::Snoozes { who, aim, span } => {
            let (caller, interaction_id) = world.aim(who, aim, mine);
            (caller, Command::Snooze { interaction_id, until: span.map(|span| world.now + span) })
        }
        Act::Converts { who, aim, line, fill } => convert(world, (who, aim), line, fill),
        Act::Ties { who, which, tie } => (world.agent(who), tie_of(world, which, tie)?),
        Act::LooksUp { who, aim, what } => look_up(world, who, aim, what),
        Act::Stars { who, on } => {
            (world.agent(who), Command::Star { quick_reply_id: format!("greeting{}", who % 3), starred: on })
        }
        _ => return None,
    })
}

/// A message of the contact, or one that does not exist.
fn inbound(world: &World, which: u16, interaction_id: InteractionId) -> MessageId {
    let fits = |row: &guichet::domain::Message| {
        row.interaction_id == interaction_id && row.direction == Direction::In
    };
    let newest = world.store.messages.values().rev().take(80).map(|(_, row)| row);
    let ids: Vec<MessageId> = newest.filter(|row| fits(row)).map(|row| row.message_id).collect();
    nth(&ids, which).unwrap_or(MessageId(NOTHING))
}

/// To the other kind, mostly; `line` is where to when that is not possible.
fn convert(world: &World, (who, aim): (u8, crate::act::Aim), line: u8, fill: Fill) -> (AgentId, Command) {
    let (caller, interaction_id) = world.aim(who, aim, mine);
    let kind = world.store.interactions.get(&interaction_id).map(|row| row.kind);
    let place = match kind {
        Some(ChannelKind::Email) if line == 2 => 0,
        Some(ChannelKind::Whatsapp) if interaction_id.0 % 8 != 0 => 2,
        _ => line,
    };
    let mail = cast::kind_of(place) == ChannelKind::Email;
    let customer = u8::try_from(interaction_id.0.rem_euclid(8)).unwrap_or(0);
    let address = if mail {
        format!("c{customer}@example.com")
    } else {
        cast::number(customer, world.memory.moved.get(&customer).copied().unwrap_or(0))
    };
    let skills = world.store.agents.get(&caller).map(|row| row.skills.clone()).unwrap_or_default();
    let conversion = Conversion {
        interaction_id,
        channel_id: Some(cast::line(place)),
        kind: None,
        address: (interaction_id.0 % 9 != 0).then_some(address),
        skill: skills.first().map(|level| level.skill.clone()),
        template: (!mail).then(|| template(fill, None)),
        text: mail.then(|| "Bonjour".to_owned()),
        subject: mail.then(|| "Votre colis".to_owned()),
    };
    (caller, Command::Convert(Box::new(conversion)))
}

/// What is known of a contact, and of two that are one.
fn tie_of(world: &mut World, which: u16, tie: Tie) -> Option<Command> {
    let ids: Vec<ContactId> = world.store.contacts.keys().copied().collect();
    let contact_id = nth(&ids, which)?;
    let other = nth(&ids, which / 7).filter(|other| *other != contact_id);
    let changes = || ContactChanges {
        attributes: [("client".to_owned(), (!which.is_multiple_of(4)).then(|| format!("C{which}")))].into(),
        ..ContactChanges::default()
    };
    let command = match tie {
        Tie::Get => ContactCommand::Get { contact_id },
        Tie::Unknown => ContactCommand::Save { contact_id: Some(ContactId(NOTHING)), changes: changes() },
        Tie::Describe => ContactCommand::Save { contact_id: Some(contact_id), changes: changes() },
        Tie::Name => ContactCommand::Save {
            contact_id: Some(contact_id),
            changes: ContactChanges { name: Some(format!("Marie {which}")), ..ContactChanges::default() },
        },
        Tie::Make => ContactCommand::Save {
            contact_id: None,
            changes: ContactChanges {
                name: Some("Paul".to_owned()),
                add: vec![(ChannelKind::Email, format!("paul{which}@example.com"))],
                ..ContactChanges::default()
            },
        },
        Tie::Merge => ContactCommand::Merge { contact_id, into: other? },
        Tie::Part => {
            let joined = world
                .store
                .contacts
                .values()
                .find_map(|row| Some((row.contact_id, row.merged.as_ref()?.into)));
            let (contact_id, into) = joined.unwrap_or((contact_id, other?));
            ContactCommand::Part { contact_id, into }
        }
        Tie::Block => {
            if !which.is_multiple_of(5) {
                return None;
            }
            world.memory.ever_blocked = true;
            ContactCommand::Block { contact_id, blocked: true }
        }
        Tie::Unblock => ContactCommand::Block { contact_id, blocked: false },
        Tie::OptOut => ContactCommand::OptOut { contact_id, opted_out: which.is_multiple_of(3) },
    };
    Some(Command::Contact(command))
}

fn look_up(world: &World, who: u8, aim: crate::act::Aim, what: Look) -> (AgentId, Command) {
    let (caller, interaction_id) = world.aim(who, aim, mine);
    let query = "a".to_owned();
    let command = match what {
        Look::Agents => Command::Directory { book: Book::Agents, query, limit: 10 },
        Look::Skills => Command::Directory { book: Book::Skills, query, limit: 10 },
        Look::Teams => Command::Directory { book: Book::Teams, query, limit: 10 },
        Look::Snoozed => Command::Snoozed,
        Look::Tags => Command::ListTags { prefix: "t".to_owned(), limit: 10 },
        Look::Prefill => Command::Prefill { interaction_id: Some(interaction_id) },
        Look::Search => Command::Search,
    };
    (caller, command)
}

/// The mail server answers about a transcript: at last, later, or never.
pub(crate) fn answer_letter(world: &mut World, which: u16, how: u8) -> Option<Ask> {
    let letters = &mut world.provider.letters;
    if letters.is_empty() {
        return None;
    }
    let (transcript_id, attempt) = letters.remove(usize::from(which) % letters.len());
    let reason = "mail_busy".to_owned();
    let result = match how {
        0 | 1 => MailResult::Retry { reason },
        2 => MailResult::Failed { reason },
        3 => MailResult::Unknown { reason },
        _ => MailResult::Sent,
    };
    Some(Ask::plain(Input::TranscriptSent { transcript_id, attempt, result }))
}

/// The translator answers, or answers with a mask that it broke.
pub(crate) fn answer_text(world: &mut World, which: u16, how: u8) -> Option<Ask> {
    let texts = &mut world.provider.texts;
    if texts.is_empty() {
        return None;
    }
    let (message_id, attempt, text) = texts.remove(usize::from(which) % texts.len());
    let result = match how {
        0 => Err("translator_busy".to_owned()),
        1 => Ok(text.replace("[[", "[")),
        _ => Ok(text.to_uppercase()),
    };
    Some(Ask::plain(Input::Translated { message_id, attempt, result }))
}

/// How long work is put aside.
pub(crate) const SNOOZES: [Option<Span>; 5] =
    [Some(Span::minutes(5)), Some(Span::hours(3)), Some(Span::days(2)), Some(Span(0)), None];
