//! Agents come and go, take work, answer, and ask for what they may not have.

use std::collections::BTreeSet;

use guichet::domain::{
    AgentId, ContactId, DeliveryState, Direction, DraftMode, Interaction, InteractionId, MediaId, MessageId,
    Ownership, Status,
};
use guichet::engine::{Caller, Command, Filter, Input, RequestKey, SuperviseCommand};

use super::content::{media_id, template};
use super::{NOTHING, nth, team};
use crate::act::{Act, Aim, Files, Fill, Form, Question, Whom, Words};
use crate::cast;
use crate::client::Client;
use crate::outside::Asked;
use crate::world::{Ask, Why, World};

/// More than any limit of the engine allows.
const FLOOD: usize = 104;

pub(super) fn play(world: &mut World, act: Act) -> Vec<Ask> {
    match act {
        Act::Connects { who, resume } => vec![connect(world, who, resume)],
        Act::Drops { who } => drop_one(world, who).into_iter().collect(),
        Act::AsksAgain { which, changed } => again(world, which, changed).into_iter().collect(),
        Act::Floods { who, which } => flood(world, who, which),
        Act::Uploads { who, size } => {
            let caller = world.agent(who);
            vec![upload(world, caller, size)]
        }
        _ => match command(world, act) {
            Some((caller, command)) => vec![ask(world, caller, command)],
            None => Vec::new(),
        },
    }
}

/// A request, mostly one that may be sent again.
pub(crate) fn ask(world: &mut World, agent_id: AgentId, command: Command) -> Ask {
    let session =
        world.clients.values().find(|client| client.agent_id == agent_id).map_or(0, Client::session);
    let caller = Caller { agent_id, session };
    let id = world.memory.fresh("request");
    let keyed = id.bytes().last().is_some_and(|last| last % 5 != 0);
    let request = keyed.then(|| RequestKey { hash: format!("hash of {id}"), id });
    if let Some(key) = request.clone() {
        world.memory.remember(Asked { caller, key, command: command.clone() });
    }
    let why = Why::Request(caller, request.clone(), command.clone());
    Ask { input: Input::Command { caller, request, command }, why }
}

/// A request sent once more: with the same words, or with others under the same id.
fn again(world: &World, which: u16, changed: bool) -> Option<Ask> {
    let past: Vec<&Asked> = world.memory.asked.iter().collect();
    let Asked { caller, mut key, command } = nth(&past, which).cloned()?;
    if changed {
        key.hash.push('!');
    }
    let why = Why::Request(caller, Some(key.clone()), command.clone());
    Some(Ask { input: Input::Command { caller, request: Some(key), command }, why })
}

fn connect(world: &mut World, who: u8, resume: bool) -> Ask {
    let agent_id = world.agent(who);
    world.sessions += 1;
    let session = world.sessions;
    world.clients.entry(who).or_insert_with(|| Client::new(agent_id)).open(session);
    let caller = Caller { agent_id, session };
    let input = Input::Command { caller, request: None, command: Command::StartSession };
    Ask { input, why: Why::Session(who, session, resume) }
}

fn drop_one(world: &mut World, who: u8) -> Option<Ask> {
    let client = world.clients.get_mut(&who)?;
    let session = client.drop_one()?;
    let caller = Caller { agent_id: client.agent_id, session };
    Some(Ask::plain(Input::Disconnected { caller }))
}

fn upload(world: &mut World, caller: AgentId, size: u8) -> Ask {
    let name = world.memory.fresh("upload");
    let media_id =
        if size == 5 { nth_upload(world, caller).unwrap_or(media_id(&name)) } else { media_id(&name) };
    world.memory.uploads.push((caller, media_id.clone()));
    let mime = ["image/jpeg", "audio/ogg", "video/mp4", "application/pdf"][usize::from(size % 4)].to_owned();
    ask(
        world,
        caller,
        Command::AddMedia { media_id, mime, filename: Some(name), size: i64::from(size) * 1_000 },
    )
}

fn nth_upload(world: &World, caller: AgentId) -> Option<MediaId> {
    world.memory.uploads.iter().rev().find(|(agent_id, _)| *agent_id == caller).map(|(_, id)| id.clone())
}

/// So many messages to one contact that the last are refused.
fn flood(world: &mut World, who: u8, which: u16) -> Vec<Ask> {
    let (caller, interaction_id) =
        world.aim(who, Aim::Fit(which), |row| mine(row) && row.kind == cast::kind_of(0));
    let template = Some(template(Fill::Good, None));
    let command = Command::Send { interaction_id, text: None, media: Vec::new(), template, reply_to: None };
    if !world.store.interactions.get(&interaction_id).is_some_and(|row| mine(row)) {
        return Vec::new();
    }
    (0..FLOOD).map(|_| ask(world, caller, command.clone())).collect()
}

pub(super) fn mine(row: &Interaction) -> bool {
    row.ownership == Ownership::Assigned && row.status != Status::Closed
}

/// By a queue, or by a colleague.
fn offered(row: &Interaction) -> bool {
    row.ownership == Ownership::Offered || row.transfer.is_some()
}

fn command(world: &mut World, act: Act) -> Option<(AgentId, Command)> {
    let asked = match act {
        Act::SetsState { who, state, long_reason } => {
            let reason = if long_reason { "x".repeat(101) } else { "pause".to_owned() };
            (world.agent(who), Command::SetState { state, reason: Some(reason) })
        }
        Act::Pulls { who, skill } => {
            let skill = cast::SKILLS.get(usize::from(skill)).map(|name| cast::skill(name));
            (world.agent(who), Command::Pull { skill })
        }
        Act::StartsOutbound { who, whom, line, skill, fill } => {
            (world.agent(who), outbound(world, whom, line, skill, fill))
        }
        Act::Asks { who, aim, what } => question(world, who, aim, what),
        Act::Retries { who, which, own } => on_message(world, who, which, own, None),
        Act::Reacts { who, which, own, emoji } => on_message(world, who, which, own, Some(emoji)),
        _ => return team::command(world, act).or_else(|| on_interaction(world, act)),
    };
    Some(asked)
}

fn on_interaction(world: &mut World, act: Act) -> Option<(AgentId, Command)> {
    let (who, aim) = match act {
        Act::Accepts { who, aim } | Act::Refuses { who, aim } => {
            let (mut caller, interaction_id) = world.aim(who, aim, offered);
            let asked = world.store.interactions.get(&interaction_id).and_then(|row| row.transfer);
            if let (Some(transfer), Aim::Fit(_)) = (asked, aim) {
                caller = transfer.to;
            }
            let reason = (interaction_id.0 % 9 == 0).then(|| "x".repeat(101));
            let command = match act {
                Act::Accepts { .. } => Command::Accept { interaction_id },
                _ => Command::Refuse { interaction_id, reason },
            };
            return Some((caller, command));
        }
        Act::Closes { who, aim } => {
            let done = |row: &Interaction| matches!(row.status, Status::Resolved | Status::Closed);
            let (caller, interaction_id) = world.aim(who, aim, |row| row.agent_id.is_some() && done(row));
            return Some((caller, Command::Close { interaction_id }));
        }
        Act::Says { who, aim, .. }
        | Act::SendsFiles { who, aim, .. }
        | Act::SendsTemplate { who, aim, .. }
        | Act::SendsTwoThings { who, aim }
        | Act::Reads { who, aim }
        | Act::Types { who, aim }
        | Act::Drafts { who, aim, .. }
        | Act::Notes { who, aim, .. }
        | Act::WritesOutcome { who, aim, .. }
        | Act::Detaches { who, aim } => (who, aim),
        _ => return None,
    };
    let (caller, interaction_id) = world.aim(who, aim, mine);
    let command = match act {
        Act::Says { words, .. } => say(world, interaction_id, words),
        Act::SendsFiles { files, .. } => send_files(world, caller, interaction_id, files),
        Act::SendsTemplate { fill, .. } => {
            let template = Some(template(fill, nth_upload(world, caller)));
            Command::Send { interaction_id, text: None, media: Vec::new(), template, reply_to: None }
        }
        Act::SendsTwoThings { .. } => {
            let template = Some(template(Fill::Good, None));
            Command::Send {
                interaction_id,
                text: Some("Et".to_owned()),
                media: Vec::new(),
                template,
                reply_to: None,
            }
        }
        Act::Reads { .. } => Command::MarkRead { interaction_id },
        Act::Types { .. } => Command::Typing { interaction_id },
        Act::Drafts { size, .. } => {
            let text = if size == 0 { "x".repeat(20_001) } else { "brouillon".repeat(usize::from(size - 1)) };
            Command::SaveDraft {
                interaction_id,
                mode: DraftMode::Reply,
                text,
                media: Vec::new(),
                reply_to: None,
            }
        }
        Act::Notes { size, .. } => {
            let text = if size == 0 { "x".repeat(10_001) } else { "note".repeat(usize::from(size - 1)) };
            let message_id = if size == 7 { world.any_message(u16::from(size), None) } else { None };
            Command::AddNote { interaction_id, message_id, text }
        }
        Act::WritesOutcome { status, form, .. } => outcome(interaction_id, status, form),
        _ => Command::Detach { interaction_id },
    };
    Some((caller, command))
}

fn say(world: &World, interaction_id: InteractionId, words: Words) -> Command {
    let text = match words {
        Words::Empty => "  \n".to_owned(),
        Words::TooLong => "é".repeat(100_001),
        Words::Good | Words::Quoting(_) | Words::QuotingUnknown => "Bonjour, je regarde.".to_owned(),
    };
    let reply_to = match words {
        Words::Quoting(which) => world.any_message(which, Some(interaction_id)),
        Words::QuotingUnknown => Some(MessageId(NOTHING)),
        Words::Good | Words::Empty | Words::TooLong => None,
    };
    Command::Send { interaction_id, text: Some(text), media: Vec::new(), template: None, reply_to }
}

fn send_files(world: &World, caller: AgentId, interaction_id: InteractionId, files: Files) -> Command {
    let of = |mine: bool| {
        let uploads = world.memory.uploads.iter().rev();
        uploads.filter(move |(agent_id, _)| (*agent_id == caller) == mine).map(|(_, id)| id.clone())
    };
    let ids: Vec<MediaId> = match files {
        Files::Own(count) => of(true).take(usize::from(count)).collect(),
        Files::TooMany => (0..11).map(|at| media_id(&format!("many{at}"))).collect(),
        Files::Foreign => of(false).take(1).collect(),
        Files::Unknown => vec![media_id("nothing")],
        Files::Inbound => world
            .store
            .media
            .values()
            .filter(|row| row.agent_id.is_none())
            .map(|row| row.media_id.clone())
            .take(1)
            .collect(),
    };
    let media = ids.into_iter().map(|id| (id, Some("Voici".to_owned()))).collect();
    let text = Some("Ci-joint".to_owned());
    Command::Send { interaction_id, text, media, template: None, reply_to: None }
}

fn outcome(interaction_id: InteractionId, status: Status, form: Form) -> Command {
    let disposition = match form {
        Form::Won => Some("won".to_owned()),
        Form::NotListed => Some("perhaps".to_owned()),
        Form::Plain | Form::Noted | Form::Tagged | Form::TooManyTags | Form::LongNote => None,
    };
    let note = match form {
        Form::Noted => Some("Rappeler demain".to_owned()),
        Form::LongNote => Some("x".repeat(10_001)),
        Form::Plain | Form::Won | Form::NotListed | Form::Tagged | Form::TooManyTags => None,
    };
    let tags: Option<BTreeSet<String>> = match form {
        Form::Tagged => Some(["retour".to_owned(), format!("i{}", interaction_id.0 % 5)].into()),
        Form::TooManyTags => Some((0..51).map(|at| format!("tag{at}")).collect()),
        Form::Plain | Form::Won | Form::NotListed | Form::Noted | Form::LongNote => None,
    };
    Command::SetOutcome { interaction_id, status, disposition, note, tags }
}

/// A message that may be tried again, or one that may get an emoji; or any.
fn on_message(world: &World, who: u8, which: u16, own: bool, emoji: Option<u8>) -> (AgentId, Command) {
    let live = |id: &InteractionId| {
        world.store.interactions.get(id).filter(|row| row.ended_at.is_none() && mine(row))
    };
    let fits = |row: &guichet::domain::Message| {
        let lost = matches!(row.state, DeliveryState::Failed | DeliveryState::Unknown);
        own && live(&row.interaction_id).is_some()
            && (emoji.is_some() || lost && row.direction == Direction::Out)
    };
    let newest = world.store.messages.values().rev().take(80).map(|(_, row)| row);
    let fitting: Vec<_> = newest.filter(|row| fits(row)).collect();
    let (interaction_id, message_id) = if let Some(row) = nth(&fitting, which) {
        (row.interaction_id, row.message_id)
    } else {
        let message_id = world.any_message(which, None).unwrap_or(MessageId(NOTHING));
        let row = world.store.messages.get(&message_id);
        (row.map_or(InteractionId(NOTHING), |(_, row)| row.interaction_id), message_id)
    };
    let caller =
        live(&interaction_id).and_then(|row| row.agent_id).filter(|_| own).unwrap_or(world.agent(who));
    let command = match emoji {
        None => Command::Retry { interaction_id, message_id, untranslated: false },
        Some(size) => {
            let emoji = ["👍", "", "❤️", "👩‍👩‍👧", &"👍".repeat(40)][usize::from(size) % 5].to_owned();
            Command::React { interaction_id, message_id, emoji }
        }
    };
    (caller, command)
}

fn question(world: &World, who: u8, aim: Aim, what: Question) -> (AgentId, Command) {
    let (caller, interaction_id) = world.aim(who, aim, mine);
    let channel_id = cast::line(0);
    let command = match what {
        Question::Inbox => Command::Inbox,
        Question::Get => Command::Get { interaction_id },
        Question::Why => Command::Why { interaction_id },
        Question::Board => Command::Supervise(SuperviseCommand::Board),
        Question::List(which) => Command::Supervise(SuperviseCommand::List(Filter {
            ended: which == 7,
            ownership: (which == 1).then_some(Ownership::Queued),
            agent_id: (which == 2).then_some(caller),
            skill: (which == 3).then(|| cast::skill("support")),
            limit: if which == 4 { 0 } else { 20 },
            ..Filter::default()
        })),
        Question::Templates => Command::ListTemplates { channel_id },
        Question::UnknownTemplates => {
            Command::ListTemplates { channel_id: "ghost".parse().expect("a channel id") }
        }
        Question::Media(which) => {
            let ids: Vec<&MediaId> = world.store.media.keys().collect();
            Command::ReadMedia { media_id: nth(&ids, which).cloned().unwrap_or(media_id("nothing")) }
        }
        Question::UnknownMedia => Command::ReadMedia { media_id: media_id("nothing") },
    };
    (caller, command)
}

fn outbound(world: &World, whom: Whom, line: u8, skill: u8, fill: Option<Fill>) -> Command {
    let contacts: Vec<ContactId> = world.store.contacts.keys().copied().collect();
    let (contact_id, address) = match whom {
        Whom::Contact(which) => (nth(&contacts, which), None),
        Whom::UnknownContact => (Some(ContactId(NOTHING)), None),
        Whom::Customer(customer) if line == 2 => (None, Some(format!("c{customer}@example.com"))),
        Whom::Customer(customer) => {
            (None, Some(cast::number(customer, world.memory.moved.get(&customer).copied().unwrap_or(0))))
        }
        Whom::Stranger(number) => (None, Some(format!("+49 151 000{number:05}"))),
        Whom::BadAddress => (None, Some("nobody knows".to_owned())),
        Whom::Nobody => (None, None),
    };
    let channel_id = match fill {
        Some(Fill::NoChannel) => "ghost".parse().expect("a channel id"),
        _ => cast::line(line),
    };
    let mail = line == 2;
    let text = (mail || fill.is_none()).then(|| "Bonjour".to_owned());
    let template = fill.filter(|_| !mail).map(|fill| template(fill, None));
    let skill = cast::SKILLS.get(usize::from(skill)).map(|name| cast::skill(name));
    Command::StartOutbound { contact_id, address, channel_id, skill, template, text, subject: None }
}
