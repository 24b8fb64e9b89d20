//! What must hold after every batch, whatever happened: each rule in the words of the specification.
//!
//! `rows` compares rows with what they were, `events` and `sends` look at what is told, `live` at what there is now.

mod events;
mod live;
mod rows;
mod sends;

use std::collections::BTreeSet;

use guichet::domain::{AgentId, Alias, Interaction, Time};
use guichet::engine::{
    AdminCommand, Answer, Caller, Command, ContactCommand, Envelope, Input, RefusalKind, Reply,
    ServiceLevelRow, Stored, SuperviseCommand, View, board_begins,
};

pub(crate) use live::next_deadline;

use crate::cast;
use crate::world::{Why, Work, World, engine_of};

/// Stores a batch, if it may be stored.
pub(crate) fn commit(world: &mut World, work: &Work) {
    rows::check(&world.store, work);
    sends::permits(&mut world.ledger, work);
    events::check(&mut world.ledger, &world.store, work);
    world.store.commit(&work.batch);
    sends::check(&mut world.ledger, &world.store, work);
    live::check(&mut world.ledger, &world.store, work);
}

/// Before a batch is told: all of it is stored, and answers nobody but those who asked with it.
pub(crate) fn told(world: &World, work: &Work) {
    let (batch, store) = (&work.batch, &world.store);
    assert!(batch.number <= store.batch, "batch {} is told before it is stored", batch.number);
    assert_eq!(batch.answers.len(), work.asks.len(), "an answer for each input");
    for (answered, ticket) in batch.answers.iter().zip(work.ticket..) {
        assert_eq!(answered.ticket, ticket, "each input is answered in its batch");
        let Ok(answer) = &answered.reply else { continue };
        match answer {
            Answer::Interaction { view, .. } | Answer::Outbound(view, _) => {
                let stored = store.interactions.get(&view.interaction.interaction_id);
                assert!(
                    stored.is_some_and(|row| row.revision >= view.interaction.revision),
                    "{} is answered and not stored",
                    view.interaction.interaction_id
                );
            }
            Answer::Messages(messages) => {
                let stored = |id| store.messages.contains_key(id);
                assert!(
                    messages.iter().all(|row| stored(&row.message_id)),
                    "a message is answered and not stored"
                );
            }
            Answer::Note(note) => {
                assert!(store.notes.contains_key(&note.note_id.0), "a note is answered and not stored");
            }
            Answer::Done
            | Answer::Session(_)
            | Answer::Agent(..)
            | Answer::Agents(_)
            | Answer::Skills(_)
            | Answer::Teams(_)
            | Answer::Roles(_)
            | Answer::Channels(_)
            | Answer::Tokens(_)
            | Answer::Retention(_)
            | Answer::Inbox { .. }
            | Answer::Page { .. }
            | Answer::Board(_)
            | Answer::Watching(_)
            | Answer::Queues(_)
            | Answer::TeamsAtWork(_)
            | Answer::Contact(_)
            | Answer::Templates(_)
            | Answer::Transcript(_)
            | Answer::Tags(_)
            | Answer::KnownTags(_)
            | Answer::Prefill(_)
            | Answer::Sight(_)
            | Answer::Media(_)
            | Answer::Why { .. }
            | Answer::Caller { .. }
            | Answer::Credentials { .. } => {}
        }
    }
    for row in &batch.events {
        assert!(row.event.seq <= store.seq, "event {} is told and not stored", row.event.seq);
    }
    for row in &batch.passing {
        assert_eq!(row.event.seq, 0, "what is not stored has no number");
    }
}

/// After a batch was told.
pub(crate) fn settled(world: &World, work: &Work) {
    for (answered, ask) in work.batch.answers.iter().zip(&work.asks) {
        if let Why::Request(caller, Some(key), command) = &ask.why {
            repeated(world, work, *caller, (&key.id, &key.hash), command, &answered.reply);
        }
        if let Why::Delivery(place) = &ask.why {
            arrived(world, work, *place);
        }
        let alone = work.quiet && work.asks.len() == 1;
        if alone && answered.reply.is_err() {
            unchanged(work, "a refused request");
        }
    }
    for client in world.clients.values().filter(|client| client.live) {
        client.check(&world.store);
    }
    if !world.ahead {
        let (own, engine) = (next_deadline(world), world.engine.next_deadline().map(|(time, _)| time));
        if let Some(own) = own {
            assert!(
                engine.is_some_and(|engine| engine <= own),
                "due at {own}, and the engine waits until {engine:?}"
            );
        }
    }
}

fn unchanged(work: &Work, what: &str) {
    let batch = &work.batch;
    assert!(batch.is_read_only(), "{what} changed something: {:?} {:?}", batch.rows, batch.events);
    let silent = batch.effects.is_empty() && batch.passing.is_empty() && batch.queues.is_empty();
    assert!(silent, "{what} had an effect: {:?} {:?}", batch.effects, batch.queues);
}

/// A request sent again gives the same answer and acts once; with other parameters it is invalid.
fn repeated(
    world: &World,
    work: &Work,
    caller: Caller,
    key: (&String, &String),
    command: &Command,
    reply: &Reply,
) {
    if reads(command) {
        return;
    }
    let Some(known) = world.memory.known.get(&(caller.agent_id, key.0.clone())) else { return };
    if work.at >= known.at + guichet::domain::Span::hours(24) {
        return;
    }
    if known.hash == *key.1 {
        assert_eq!(reply.as_ref(), Ok(&known.answer), "a repeated request is answered otherwise");
        if known.ticket != work.ticket && work.quiet && work.asks.len() == 1 {
            unchanged(work, "a repeated request");
        }
    } else {
        let kind = reply.as_ref().err().map(|refusal| refusal.kind);
        assert_eq!(kind, Some(RefusalKind::Invalid), "a request id was taken twice");
    }
}

/// Requests that change nothing are not remembered.
fn reads(command: &Command) -> bool {
    match command {
        Command::StartSession
        | Command::Inbox
        | Command::Get { .. }
        | Command::Why { .. }
        | Command::Supervise(SuperviseCommand::Board | SuperviseCommand::List(_))
        | Command::ListTemplates { .. }
        | Command::ListTags { .. }
        | Command::Prefill { .. }
        | Command::ReadCredentials
        | Command::Search
        | Command::Snoozed
        | Command::Directory { .. }
        | Command::Contact(ContactCommand::Get { .. })
        | Command::ReadMedia { .. }
        | Command::Typing { .. } => true,
        Command::SetState { .. }
        | Command::Accept { .. }
        | Command::Refuse { .. }
        | Command::Pull { .. }
        | Command::Send { .. }
        | Command::Retry { .. }
        | Command::React { .. }
        | Command::MarkRead { .. }
        | Command::SaveDraft { .. }
        | Command::SetOutcome { .. }
        | Command::Close { .. }
        | Command::Detach { .. }
        | Command::Share(_)
        | Command::Bot(_)
        | Command::Supervise(_)
        | Command::AddNote { .. }
        | Command::SendTranscript { .. }
        | Command::AddTag { .. }
        | Command::RemoveTag { .. }
        | Command::ExtendTimer { .. }
        | Command::Star { .. }
        | Command::ChangePassword { .. }
        | Command::SetTranslation { .. }
        | Command::Translate { .. }
        | Command::StartOutbound { .. }
        | Command::AddMedia { .. }
        | Command::Convert(_)
        | Command::Snooze { .. }
        | Command::Contact(
            ContactCommand::Save { .. }
            | ContactCommand::Merge { .. }
            | ContactCommand::Part { .. }
            | ContactCommand::Block { .. }
            | ContactCommand::OptOut { .. },
        )
        | Command::Administer(_) => false,
    }
}

/// A delivery that was acknowledged is there, once (the store refuses the same id twice), unless its contact is blocked.
fn arrived(world: &World, work: &Work, place: usize) {
    let delivery = &world.memory.deliveries[place];
    let Some(provider_id) = delivery.message() else { return };
    let stored = world.store.by_provider.contains_key(&(delivery.channel_id.clone(), provider_id.to_owned()));
    let blocked =
        world.store.contacts.values().any(|contact| contact.blocked) || !work.batch.rows.contacts.is_empty();
    assert!(delivery.acknowledged, "a delivery was not acknowledged");
    assert!(
        stored || blocked || world.memory.ever_blocked,
        "the message {provider_id} is acknowledged and lost"
    );
}

/// The engine's rows are the store's, its indexes agree with them, and a fresh engine over the store says the same to everybody.
pub(crate) fn replay(world: &mut World) {
    let wrong = world.engine.audit();
    assert!(wrong.is_empty(), "{wrong:?}");
    whole(&world.engine.stored(), &world.store.load(world.now), world.now);

    let mut fresh = engine_of(&world.store, world.now);
    let supervisor = world.agent(4);
    let ids: Vec<_> = world.store.live.iter().copied().collect();
    let caller = |agent_id| Caller { agent_id, session: 0 };
    let command = |agent_id, command| Input::Command { caller: caller(agent_id), request: None, command };
    let mut inputs: Vec<Input> = ids
        .iter()
        .map(|interaction_id| command(supervisor, Command::Get { interaction_id: *interaction_id }))
        .collect();
    inputs.extend((0..cast::LOGINS.len()).map(|who| {
        let who = u8::try_from(who).unwrap_or(0);
        command(world.agent(who), Command::Inbox)
    }));
    inputs.extend(
        [AdminCommand::ListAgents, AdminCommand::ListSkills, AdminCommand::ListTeams].map(Input::Admin),
    );
    let ask = |engine: &mut guichet::engine::Engine, script: &crate::script::Script| {
        let envelopes: Vec<Envelope> = (0..)
            .zip(&inputs)
            .map(|(ticket, input)| Envelope { ticket, random: 1, input: input.clone() })
            .collect();
        let cold = world.store.load_cold(&engine.cold_keys(&envelopes));
        engine.handle(envelopes, cold, script, world.now)
    };
    let quiet = world.engine.next_deadline().is_none_or(|(time, _)| time > world.now);
    if !quiet {
        return;
    }
    let live = ask(&mut world.engine, &world.script);
    let replayed = ask(&mut fresh, &world.script);
    assert!(live.is_read_only(), "questions change nothing: {:?}", live.rows);
    // A fresh engine first takes up what was being sent; then rows differ by that, and the comparison with the store is enough.
    if replayed.is_read_only() {
        assert_eq!(live.answers, replayed.answers, "an engine made from the store knows something else");
    }
    for (answered, id) in live.answers.iter().zip(&ids) {
        let Ok(Answer::Interaction { view: View { interaction, contact }, .. }) = &answered.reply else {
            panic!("{id} is stored and {:?}", answered.reply);
        };
        assert_eq!(
            interaction.as_ref(),
            world.store.interactions[id].as_ref(),
            "{id} in memory and in the store"
        );
        assert_eq!(
            contact.as_ref(),
            world.store.contacts[&interaction.contact_id].as_ref(),
            "the contact of {id}"
        );
    }
}

/// Row by row. Logins are kept by their hashes alone; names count where work is live.
fn whole(world: &Stored, stored: &Stored, now: Time) {
    assert_eq!((world.batch, world.next_id, world.seq), (stored.batch, stored.next_id, stored.seq));
    assert_eq!(world.interactions, stored.interactions);
    assert_eq!(world.messages, stored.messages);
    assert_eq!(world.contacts, stored.contacts);
    assert_eq!(world.agents, stored.agents);
    assert_eq!(world.drafts, stored.drafts);
    assert_eq!(world.media, stored.media);
    assert_eq!(world.roles, stored.roles);
    assert_eq!(world.skills, stored.skills);
    let levels = |rows: &[ServiceLevelRow]| -> Vec<ServiceLevelRow> {
        rows.iter().filter(|row| row.time >= board_begins(now)).cloned().collect()
    };
    assert_eq!(levels(&world.service_levels), levels(&stored.service_levels));
    assert_eq!(world.teams, stored.teams);
    assert_eq!(world.transcripts, stored.transcripts);
    assert_eq!(world.tags, stored.tags);
    assert_eq!(world.stars, stored.stars);
    assert_eq!(world.templates, stored.templates);
    assert_eq!(world.tokens, stored.tokens);
    let live: BTreeSet<_> = stored.interactions.iter().map(|row| row.identity_id).collect();
    let names = |rows: &[Alias]| -> Vec<Alias> {
        rows.iter().filter(|row| live.contains(&row.identity_id)).cloned().collect()
    };
    assert_eq!(names(&world.aliases), names(&stored.aliases));
}

/// Against whose capacity it counts: its agent's, and that of a colleague who was asked to take it over.
pub(crate) fn counts(row: &Interaction) -> impl Iterator<Item = AgentId> {
    let holders = row.agent_id.into_iter().chain(row.transfer.map(|transfer| transfer.to));
    holders.filter(|agent_id| row.status.uses_capacity() && crate::client::holds(row, *agent_id))
}

/// The later of two times, of which one may not be known.
pub(crate) fn latest(known: Option<Time>, new: Time) -> Time {
    known.map_or(new, |known| known.max(new))
}
