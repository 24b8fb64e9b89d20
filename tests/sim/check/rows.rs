//! Rows against what they were: what ended never changes, states never go back, nothing changes its owner's contact.

use guichet::domain::{DeliveryState, Direction, Interaction, Message, MessageId, Ownership, Status};
use guichet::engine::{Command, EventKind};

use crate::store::Store;
use crate::world::{Why, Work};

pub(super) fn check(store: &Store, work: &Work) {
    let (batch, at) = (&work.batch, work.at);
    for row in &batch.rows.interactions {
        whole(row);
        let told = batch.events.iter().filter(|event| {
            event.event.interaction_id == Some(row.interaction_id)
                && !matches!(event.event.kind, EventKind::DraftChanged { .. })
        });
        let told = i64::try_from(told.count()).unwrap_or(0);
        match store.interactions.get(&row.interaction_id) {
            Some(old) => {
                followed(old, row);
                let joined = batch
                    .events
                    .iter()
                    .any(|told| matches!(told.event.kind, EventKind::ContactMerged { .. }));
                assert!(
                    old.contact_id == row.contact_id || joined,
                    "{} is another contact's",
                    row.interaction_id
                );
                if old.ended_at.is_none() && row.ended_at.is_none() {
                    assert_eq!(row.revision, old.revision + told, "the revision of {}", row.interaction_id);
                }
            }
            None if row.ended_at.is_none() => {
                assert_eq!(row.revision, told, "the revision of the new {}", row.interaction_id);
            }
            None => {}
        }
        assert!(row.ended_at.is_none_or(|ended| ended <= at), "{} ends in the future", row.interaction_id);
    }
    for (channel_id, row) in &batch.rows.messages {
        if let Some((old_channel, old)) = store.messages.get(&row.message_id) {
            assert_eq!(old_channel, channel_id, "{} changed its account", row.message_id);
            message_followed(old, row, tried_again(work, row.message_id));
        }
        assert_eq!(
            row.direction == Direction::In,
            row.state == DeliveryState::Received,
            "{}",
            row.message_id
        );
        let left =
            row.attempts > 0 || row.state <= DeliveryState::Sending || row.state == DeliveryState::Failed;
        let ours = row.direction == Direction::Out && row.author != guichet::domain::Author::Elsewhere;
        assert!(!ours || left, "{} is {} and never left", row.message_id, row.state);
    }
}

/// What each row must be by itself.
fn whole(row: &Interaction) {
    let id = row.interaction_id;
    match row.ownership {
        Ownership::Queued => {
            assert!(row.agent_id.is_none() && row.waiting.is_some(), "{id} is queued: {row:?}");
        }
        Ownership::Offered => {
            let offer =
                row.agent_id.is_some() && row.waiting.is_some() && row.timers.offer_expires_at.is_some();
            assert!(offer, "{id} is offered: {row:?}");
        }
        Ownership::Assigned => {
            assert!(row.agent_id.is_some() && row.waiting.is_none(), "{id} is assigned: {row:?}");
            assert!(row.status != Status::New, "{id} is assigned and new");
        }
        Ownership::Detached => {
            assert!(row.agent_id.is_none() && row.waiting.is_none(), "{id} is detached: {row:?}");
        }
    }
    if let Some(transfer) = row.transfer {
        let may = row.ownership == Ownership::Assigned && matches!(row.status, Status::New | Status::Open);
        assert!(may && row.agent_id != Some(transfer.to), "{id} may not be transferred: {row:?}");
    }
    let asked = row.ownership == Ownership::Assigned;
    assert!(asked || row.consulted.is_empty(), "{id} has nobody who consults: {row:?}");
    let owns = row.agent_id.is_some_and(|agent_id| row.consulted.contains(&agent_id));
    assert!(!owns, "{id} is its own agent's to read: {row:?}");
    if row.ownership != Ownership::Offered {
        assert!(row.timers.offer_expires_at.is_none(), "{id} has no offer, and one that expires");
    }
    if matches!(row.status, Status::Resolved | Status::Closed) {
        let still = row.timers.agent.is_none() && row.timers.customer.is_none();
        assert!(still, "{id} is {} and a timer runs", row.status);
    }
    if row.timers.agent.is_some() {
        assert!(row.unanswered_since.is_some(), "{id} is answered and its agent timer runs");
    }
    if row.ended_at.is_some() {
        assert!(row.status == Status::Closed && row.ownership == Ownership::Detached, "{id} ended: {row:?}");
        assert_eq!(row.timers, guichet::domain::Timers::default(), "{id} ended and something runs");
    }
    assert!(row.tags.len() <= 50 && row.last_line.chars().count() <= 120, "{id} grows");
}

/// What a row may become.
fn followed(old: &Interaction, row: &Interaction) {
    let id = row.interaction_id;
    if old.ended_at.is_some() {
        assert_eq!(old, row, "{id} had ended and changed");
        return;
    }
    assert!(
        old.identity_id == row.identity_id
            && old.channel_id == row.channel_id
            && old.created_at == row.created_at
            && old.outbound == row.outbound
            && old.previous_id == row.previous_id,
        "{id} became another"
    );
    assert!(
        old.status != Status::Closed || row.status == Status::Closed,
        "{id} was closed and is {}",
        row.status
    );
    assert!(row.revision >= old.revision, "the revision of {id} goes back");
    if old != row && old.status != row.status {
        assert!(row.revision > old.revision, "{id} is {} and nobody is told", row.status);
    }
    assert!(row.last_message_id >= old.last_message_id, "the newest message of {id} goes back");
}

/// Whether an agent tried it again in this batch: a report on the try before may come after that.
fn tried_again(work: &Work, id: MessageId) -> bool {
    work.asks.iter().any(
        |ask| matches!(&ask.why, Why::Request(_, _, Command::Retry { message_id, .. }) if *message_id == id),
    )
}

/// What a message may become.
fn message_followed(old: &Message, row: &Message, again: bool) {
    let id = row.message_id;
    assert!(
        old.interaction_id == row.interaction_id
            && old.direction == row.direction
            && old.author == row.author
            && old.kind == row.kind
            && old.created_at == row.created_at,
        "{id} became another"
    );
    assert!(row.attempts >= old.attempts, "{id} lost a try");
    assert!(old.text == row.text || row.edited || row.deleted, "{id} says something else");
    assert!(!old.deleted || row.deleted, "{id} was taken back and is there again");
    if old.attempts == row.attempts && old.state != row.state && row.state != DeliveryState::Queued {
        let from = if again { DeliveryState::Queued } else { old.state };
        assert!(from.may_become(row.state), "{id} went from {} to {}", old.state, row.state);
    }
    if row.state == DeliveryState::Queued {
        // Back into the queue: nothing was taken, or an agent tries it again.
        let may = matches!(
            old.state,
            DeliveryState::Queued | DeliveryState::Sending | DeliveryState::Failed | DeliveryState::Unknown
        );
        assert!(may, "{id} was {} and is queued", old.state);
    }
    if row.attempts > old.attempts {
        let may = matches!(
            old.state,
            DeliveryState::Queued | DeliveryState::Sending | DeliveryState::Failed | DeliveryState::Unknown
        );
        assert!(may, "{id} was {} and is sent once more", old.state);
    }
}
