//! How far a message of ours has come, as a delivery tells it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::delivery::{Reading, Text, time};
use super::people::{Ids, People};
use super::{account, mend, outcome};
use crate::domain::DeliveryState;
use crate::engine::ChannelInput;

/// Meta's limit for what we send along.
const MARK_MAX: usize = 512;

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow)]
    recipient_type: Option<Text<'a>>,
    #[serde(borrow)]
    recipient_id: Option<Text<'a>>,
    #[serde(borrow)]
    recipient_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    recipient_parent_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    biz_opaque_callback_data: Option<Text<'a>>,
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
}

/// Adds what one status says.
pub(super) fn read(reading: &mut Reading<'_>, part: &str, people: &People<'_>) {
    let Ok(wire) = serde_json::from_str::<Wire<'_>>(part) else {
        return reading.raw(part, "a status without id or state");
    };
    let state = match wire.status.0.as_ref() {
        "sent" => DeliveryState::Sent,
        "delivered" => DeliveryState::Delivered,
        "read" => DeliveryState::Read,
        "played" => DeliveryState::Played,
        "failed" => DeliveryState::Failed,
        _ => return reading.raw(part, "a status of a state that is not known"),
    };
    let error = (state == DeliveryState::Failed).then(|| {
        let errors = wire.errors.and_then(|part| serde_json::from_str::<Vec<&RawValue>>(part.get()).ok());
        let first = errors.as_ref().and_then(|errors| errors.first());
        first.map_or_else(outcome::unexplained, |part| outcome::stated(part.get()))
    });
    if let Some(code) = error.as_ref().and_then(|error| error.code) {
        account::alarm(reading, code);
    }
    // A group's id is no name of a person.
    let of_group = wire.recipient_type.as_ref().is_some_and(|kind| kind.0 == "group");
    let text = |text: &'_ Option<Text<'_>>| text.as_ref().map(|text| text.0.as_ref().to_owned());
    let (id, user_id, parent) =
        (text(&wire.recipient_id), text(&wire.recipient_user_id), text(&wire.recipient_parent_user_id));
    let aliases = if of_group {
        Vec::new()
    } else {
        let ids = Ids { id: id.as_deref(), user_id: user_id.as_deref(), parent_user_id: parent.as_deref() };
        people.sender(ids).aliases
    };
    reading.add(ChannelInput::Status {
        provider_id: mend::id(&wire.id.0),
        mark: text(&wire.biz_opaque_callback_data).filter(|mark| mark.len() <= MARK_MAX),
        state,
        at: time(wire.timestamp, reading.account.received_at),
        error,
        aliases,
    });
}
