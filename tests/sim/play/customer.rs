//! Contacts write, repeat, race, react, change and take back what they wrote, and change their numbers.

use guichet::domain::{AliasKind, ChannelId};
use guichet::engine::{ChannelInput, InboundMessage, Input, Sender};

use super::content::inbound;
use super::{NOTHING, nth};
use crate::act::{Act, Content};
use crate::cast;
use crate::outside::Delivery;
use crate::world::{Ask, Why, World};

pub(super) fn play(world: &mut World, act: Act) -> Vec<Ask> {
    match act {
        Act::Writes { customer, line, content, late, quotes } => {
            let quoted = quotes.and_then(|which| quoted(world, which));
            let mut message = write(world, customer, line, content);
            message.sent_at = world.now - late;
            message.reply_to = quoted;
            vec![deliver(world, cast::line(line), ChannelInput::Message(message))]
        }
        Act::Repeats { which } => {
            let recent = world.memory.recent(world.now);
            nth(&recent, which).map(|place| repeat(world, place)).into_iter().collect()
        }
        Act::Bursts { customer, line, count } => burst(world, customer, line, count),
        Act::Echoes { customer, line } => {
            let message = write(world, customer, line, Content::Text);
            vec![deliver(world, cast::line(line), ChannelInput::Echo(message))]
        }
        Act::Begins { customer, line } => {
            let sender = sender(world, customer, line);
            vec![Ask::plain(Input::Channel {
                channel_id: cast::line(line),
                input: ChannelInput::Typing { sender },
            })]
        }
        Act::Renames { customer, as_another } => vec![rename(world, customer, as_another)],
        _ => change(world, act),
    }
}

fn write(world: &mut World, customer: u8, line: u8, content: Content) -> InboundMessage {
    let sender = sender(world, customer, line);
    let now = world.now;
    inbound(&mut world.memory, sender, content, now)
}

fn sender(world: &World, customer: u8, line: u8) -> Sender {
    let moved = world.memory.moved.get(&customer).copied().unwrap_or(0);
    cast::sender(customer, line, world.memory.deliveries.len(), moved)
}

fn deliver(world: &mut World, channel_id: ChannelId, input: ChannelInput) -> Ask {
    world.memory.deliveries.push(Delivery {
        channel_id: channel_id.clone(),
        input: input.clone(),
        at: world.now,
        acknowledged: false,
    });
    let place = world.memory.deliveries.len() - 1;
    Ask { input: Input::Channel { channel_id, input }, why: Why::Delivery(place) }
}

fn repeat(world: &World, place: usize) -> Ask {
    let delivery = &world.memory.deliveries[place];
    let (channel_id, input) = (delivery.channel_id.clone(), delivery.input.clone());
    Ask { input: Input::Channel { channel_id, input }, why: Why::Delivery(place) }
}

/// Several messages at once, each perhaps more than once, and in any order.
fn burst(world: &mut World, customer: u8, line: u8, count: u8) -> Vec<Ask> {
    let mut asks = Vec::new();
    for at in 0..count {
        let message = write(world, customer, line, Content::Text);
        let ask = deliver(world, cast::line(line), ChannelInput::Message(message));
        if at % 2 == 1 {
            asks.insert(0, ask.clone());
        }
        asks.push(ask);
    }
    asks
}

/// A message that somebody can quote: the provider's id of one that was delivered, or of none.
fn quoted(world: &World, which: u16) -> Option<String> {
    if which.is_multiple_of(7) {
        return Some("wamid.nobody".to_owned());
    }
    let recent = world.memory.recent(world.now);
    let place = nth(&recent, which)?;
    world.memory.deliveries[place].message().map(str::to_owned)
}

/// What contacts do to messages that are there: their own, ours, and some that nobody knows yet.
fn change(world: &mut World, act: Act) -> Vec<Ask> {
    let (Act::SetsEmoji { which, .. } | Act::Edits { which } | Act::TakesBack { which }) = act else {
        return Vec::new();
    };
    let ours = nth(&world.provider.past.iter().cloned().collect::<Vec<_>>(), which);
    let (channel_id, target) = if let Some(handed) = ours.filter(|_| which.is_multiple_of(2)) {
        (handed.channel_id, handed.provider_id)
    } else {
        let recent = world.memory.recent(world.now);
        let Some(delivery) = nth(&recent, which).map(|place| &world.memory.deliveries[place]) else {
            return Vec::new();
        };
        let target = delivery.message().map_or_else(|| format!("wamid.{NOTHING}"), str::to_owned);
        (delivery.channel_id.clone(), target)
    };
    let sender = Sender { aliases: vec![(AliasKind::WaId, cast::number(0, 0))], name: None };
    let (provider_id, sent_at) = (world.memory.fresh("wamid.change"), world.now);
    let input = match act {
        Act::SetsEmoji { remove, .. } => {
            let emoji = (!remove).then(|| "👍".to_owned());
            ChannelInput::Reaction { provider_id, target, emoji, sender, sent_at }
        }
        Act::TakesBack { .. } => ChannelInput::Revoke { target, sender, sent_at },
        _ => ChannelInput::Edit { target, text: format!("Corrigé {which}"), sender, sent_at },
    };
    vec![deliver(world, channel_id, input)]
}

/// A new number; or, as numbers are given away again, one that another customer still writes from.
fn rename(world: &mut World, customer: u8, as_another: Option<u8>) -> Ask {
    let before = world.memory.moved.get(&customer).copied().unwrap_or(0);
    let old = (AliasKind::WaId, cast::number(customer, before));
    let new = if let Some(other) = as_another {
        let theirs = world.memory.moved.get(&other).copied().unwrap_or(0);
        vec![(AliasKind::WaId, cast::number(other, theirs))]
    } else {
        world.memory.moved.insert(customer, (before + 1) % 50);
        let number = cast::number(customer, (before + 1) % 50);
        vec![(AliasKind::WaId, number), (AliasKind::UserId, format!("FR.{customer}"))]
    };
    let provider_id = world.memory.fresh("wamid.system");
    let text = "Changed number".to_owned();
    let input = ChannelInput::AliasChanged { old, new, text, provider_id, at: world.now };
    deliver(world, cast::line(0), input)
}
