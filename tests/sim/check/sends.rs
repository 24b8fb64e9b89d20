//! What leaves for contacts: each try once, one at a time to each of them, free text only inside the window.

use std::collections::BTreeSet;

use guichet::domain::{AliasKind, DeliveryState, Direction, MessageId};
use guichet::engine::{Answer, Command, Effect, Input, Outgoing, OutgoingBody, SendResult};

use crate::cast;
use crate::ledger::Ledger;
use crate::store::Store;
use crate::world::{Why, Work};

/// Notes who may be sent once more: what the provider says it did not take, and what an agent tries again.
pub(super) fn permits(ledger: &mut Ledger, work: &Work) {
    for (answered, ask) in work.batch.answers.iter().zip(&work.asks) {
        if let Input::Sent { message_id, result: SendResult::Retry { .. }, .. } = &ask.input {
            ledger.again.insert(*message_id);
        }
        let retried = matches!(&ask.why, Why::Request(_, _, Command::Retry { .. }));
        if let (true, Ok(Answer::Messages(messages))) = (retried, &answered.reply) {
            ledger.again.extend(messages.iter().map(|row| row.message_id));
        }
    }
}

pub(super) fn check(ledger: &mut Ledger, store: &Store, work: &Work) {
    windows(ledger, store, work);
    let mut leaving: BTreeSet<MessageId> = BTreeSet::new();
    for effect in &work.batch.effects {
        if let Effect::Send(outgoing) = effect {
            assert!(leaving.insert(outgoing.message_id), "{} leaves twice", outgoing.message_id);
            sent(ledger, store, work, outgoing);
        }
    }
    if work.batch.rows.messages.is_empty() {
        return;
    }
    let mut recipients = BTreeSet::new();
    for id in &store.open {
        let (channel_id, row) = &store.messages[id];
        if row.state != DeliveryState::Sending {
            continue;
        }
        assert!(ledger.sends.contains(&(*id, row.attempts)), "{id} is sending and never left");
        let identity = store.interactions[&row.interaction_id].identity_id;
        let alone = recipients.insert((channel_id, identity));
        assert!(alone, "two messages are on their way to {identity}, the second is {id}");
    }
}

/// What contacts wrote opens their windows: from the earlier of sent and received.
fn windows(ledger: &mut Ledger, store: &Store, work: &Work) {
    for (channel_id, row) in &work.batch.rows.messages {
        if row.direction == Direction::In {
            let identity = store.interactions[&row.interaction_id].identity_id;
            let ends = row.sent_at.min(row.created_at) + guichet::domain::Span::hours(24);
            let known = ledger.windows.entry((channel_id.clone(), identity)).or_insert(ends);
            *known = super::latest(Some(*known), ends);
        }
    }
}

fn sent(ledger: &mut Ledger, store: &Store, work: &Work, outgoing: &Outgoing) {
    let id = outgoing.message_id;
    let row = work.batch.rows.messages.iter().find(|(_, row)| row.message_id == id);
    let (_, row) = row.unwrap_or_else(|| panic!("{id} leaves, and its row is not in the batch"));
    // A report on an earlier try may have settled it in the same batch.
    let stored = row.state >= DeliveryState::Sending && row.attempts == outgoing.attempt;
    assert!(
        stored,
        "{id} leaves as try {} and is stored as {} of try {}",
        outgoing.attempt, row.state, row.attempts
    );
    assert!(ledger.sends.insert((id, outgoing.attempt)), "try {} of {id} left before", outgoing.attempt);
    if outgoing.attempt > 1 {
        assert!(ledger.again.remove(&id), "{id} is sent again, and nobody said so");
    }
    let free = match &outgoing.body {
        OutgoingBody::Template { .. } => false,
        OutgoingBody::Text(_) | OutgoingBody::Choices { .. } | OutgoingBody::Media { .. } => true,
    };
    if free && outgoing.channel_id != cast::line(2) {
        let identity = store.interactions[&row.interaction_id].identity_id;
        let ends = ledger.windows.get(&(outgoing.channel_id.clone(), identity)).copied();
        assert!(
            ends.is_some_and(|ends| work.at < ends),
            "{id} leaves outside the window, which ended {ends:?}"
        );
        let told = outgoing.window_ends_at;
        assert!(told.is_some_and(|told| work.at < told), "{id} leaves with a window until {told:?}");
    }
    // A user name is no address: it changes hands.
    let address = outgoing.to.iter().any(|(kind, _)| *kind != AliasKind::Username);
    assert!(address, "{id} leaves for nobody");
}
