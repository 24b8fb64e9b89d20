//! Providers answer sends, report what became of messages, fetch files and list templates: late, twice, or never.

use guichet::domain::{DeliveryError, DeliveryState, MessageId, Span};
use guichet::engine::{ChannelInput, FetchFailure, Input, RawDelivery, SendResult, StoredMedia};

use super::{NOTHING, nth};
use crate::act::{Act, By, Fetch, Said};
use crate::cast;
use crate::outside::Handed;
use crate::world::{Ask, World};

pub(super) fn play(world: &mut World, act: Act) -> Vec<Ask> {
    match act {
        Act::Answers { which, said } => answer(world, which, said).into_iter().collect(),
        Act::AnswersLate { which, said } => {
            let past: Vec<Handed> = world.provider.past.iter().cloned().collect();
            let Some(mut handed) = nth(&past, which) else { return Vec::new() };
            if which.is_multiple_of(9) {
                handed.message_id = MessageId(NOTHING);
            }
            vec![Ask::plain(said_to(&handed, said))]
        }
        Act::Reports { which, step, by } => report(world, which, step, by).into_iter().collect(),
        Act::AccountTells { what } => vec![tell(world, what)],
        Act::Fetches { which, fetch } => fetched(world, which, fetch).into_iter().collect(),
        Act::ListsTemplates { without } => {
            let asked = world.provider.refreshes.pop();
            let place = u8::from(asked.is_some_and(|channel_id| channel_id == cast::line(1)));
            let templates = cast::templates(place, without);
            vec![Ask::plain(Input::Templates { channel_id: cast::line(place), templates })]
        }
        _ => Vec::new(),
    }
}

fn error(code: i64, reason: &str) -> DeliveryError {
    DeliveryError { code: Some(code), reason: reason.to_owned(), details: String::new() }
}

/// An answer to a send that waits for one.
pub(crate) fn answer(world: &mut World, which: u16, said: Said) -> Option<Ask> {
    if world.provider.open.is_empty() {
        return None;
    }
    let place = usize::from(which) % world.provider.open.len();
    let handed = world.provider.open.remove(place);
    world.provider.answered(handed.clone());
    Some(Ask::plain(said_to(&handed, said)))
}

fn said_to(handed: &Handed, said: Said) -> Input {
    let result = match said {
        Said::Accepted => {
            SendResult::Accepted { provider_id: handed.provider_id.clone(), aliases: Vec::new() }
        }
        Said::Retry => SendResult::Retry { after: None, error: error(130_429, "rate_limited") },
        Said::RetryAfter => {
            SendResult::Retry { after: Some(Span::seconds(6)), error: error(131_056, "pair_limit") }
        }
        Said::Failed => SendResult::Failed { error: error(131_026, "undeliverable") },
        Said::WindowClosed => SendResult::Failed { error: error(131_047, "window_closed") },
        Said::ChannelDown => SendResult::ChannelDown { error: error(190, "access_denied") },
        Said::Unknown => SendResult::Unknown { error: error(0, "timeout") },
    };
    Input::Sent { message_id: handed.message_id, attempt: handed.attempt, result }
}

/// A report on a message: answered already, not answered yet, or never ours.
fn report(world: &mut World, which: u16, step: u8, by: By) -> Option<Ask> {
    let known: Vec<Handed> = world.provider.past.iter().chain(&world.provider.open).cloned().collect();
    let handed = nth(&known, which)?;
    let (provider_id, mark) = match by {
        By::Id => (handed.provider_id.clone(), None),
        By::Both => (handed.provider_id.clone(), Some(handed.mark())),
        By::UnknownId => (world.memory.fresh("wamid.unknown"), None),
        By::WrongMark => (world.memory.fresh("wamid.unknown"), Some(format!("m{NOTHING}.9"))),
    };
    let steps = [
        DeliveryState::Sent,
        DeliveryState::Delivered,
        DeliveryState::Read,
        DeliveryState::Played,
        DeliveryState::Failed,
    ];
    let state = steps[usize::from(step) % steps.len()];
    let fault = if which.is_multiple_of(3) {
        error(131_047, "window_closed")
    } else {
        error(131_026, "undeliverable")
    };
    let input = ChannelInput::Status {
        provider_id,
        mark,
        state,
        at: world.now,
        error: (state == DeliveryState::Failed).then_some(fault),
        aliases: Vec::new(),
    };
    Some(Ask::plain(Input::Channel { channel_id: handed.channel_id, input }))
}

fn tell(world: &mut World, what: u8) -> Ask {
    let (level, code) = ("warning".to_owned(), "quality".to_owned());
    let message = "The quality of this number is low".to_owned();
    if what == 4 {
        return Ask::plain(Input::Notice { level, code, message });
    }
    let input = match what {
        0 | 1 => ChannelInput::TemplatesChanged,
        2 => ChannelInput::Notice { level, code, message },
        _ => ChannelInput::Raw(RawDelivery {
            channel_id: cast::line(0),
            hash: format!("hash{}", world.now.0 % 5),
            body: "{".to_owned(),
            reason: "not JSON".to_owned(),
            received_at: world.now,
        }),
    };
    Ask::plain(Input::Channel { channel_id: cast::line(what % 2), input })
}

fn fetched(world: &mut World, which: u16, fetch: Fetch) -> Option<Ask> {
    let stored = || StoredMedia { size: 1_234, mime: "image/jpeg".to_owned() };
    let media_id = match fetch {
        Fetch::Twice => {
            let past: Vec<_> = world.provider.fetched.iter().cloned().collect();
            nth(&past, which)?
        }
        Fetch::Stored | Fetch::Again | Fetch::Never => {
            let place = usize::from(which) % world.provider.fetches.len().max(1);
            if world.provider.fetches.is_empty() {
                return None;
            }
            world.provider.fetches.remove(place)
        }
    };
    world.provider.was_fetched(media_id.clone());
    let failure = |again| FetchFailure { again, reason: "the provider answered 500".to_owned() };
    let result = match fetch {
        Fetch::Stored | Fetch::Twice => Ok(stored()),
        Fetch::Again => Err(failure(true)),
        Fetch::Never => Err(failure(false)),
    };
    Some(Ask::plain(Input::MediaFetched { media_id, result }))
}
