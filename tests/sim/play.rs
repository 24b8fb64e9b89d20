//! Acts put into deeds: each becomes inputs to the engine, or something done to the world around it.

mod admin;
pub(crate) mod agent;
mod content;
mod customer;
pub(crate) mod desk;
pub(crate) mod provider;
mod team;

use guichet::domain::{InteractionId, MessageId, Time};

use crate::act::{Act, Aim};
use crate::check;
use crate::world::{Ask, Fault, World};

/// A number that names nothing.
pub(crate) const NOTHING: i64 = 999_999_999;

/// What an act came to.
pub(crate) enum Deed {
    /// Inputs for the engine.
    Asks(Vec<Ask>),
    /// Something was done that needs none.
    Done,
    /// It could not be done as things stand.
    Idle,
}

impl From<Vec<Ask>> for Deed {
    fn from(asks: Vec<Ask>) -> Self {
        if asks.is_empty() { Self::Idle } else { Self::Asks(asks) }
    }
}

impl From<Ask> for Deed {
    fn from(ask: Ask) -> Self {
        Self::Asks(vec![ask])
    }
}

/// Does an act.
#[expect(clippy::too_many_lines, reason = "one line for each act")]
pub(crate) fn play(world: &mut World, act: Act) -> Deed {
    match act {
        Act::Writes { .. }
        | Act::Repeats { .. }
        | Act::Bursts { .. }
        | Act::SetsEmoji { .. }
        | Act::Edits { .. }
        | Act::TakesBack { .. }
        | Act::Renames { .. }
        | Act::Begins { .. }
        | Act::Echoes { .. } => customer::play(world, act).into(),
        Act::Reports { .. }
        | Act::AccountTells { .. }
        | Act::Answers { .. }
        | Act::AnswersLate { .. }
        | Act::Fetches { .. }
        | Act::ListsTemplates { .. } => provider::play(world, act).into(),
        Act::Connects { .. }
        | Act::Drops { .. }
        | Act::SetsState { .. }
        | Act::Accepts { .. }
        | Act::Refuses { .. }
        | Act::Pulls { .. }
        | Act::Says { .. }
        | Act::SendsFiles { .. }
        | Act::SendsTemplate { .. }
        | Act::SendsTwoThings { .. }
        | Act::Floods { .. }
        | Act::Retries { .. }
        | Act::Reacts { .. }
        | Act::Reads { .. }
        | Act::Types { .. }
        | Act::Drafts { .. }
        | Act::Notes { .. }
        | Act::WritesOutcome { .. }
        | Act::Closes { .. }
        | Act::Detaches { .. }
        | Act::Transfers { .. }
        | Act::EndsTransfer { .. }
        | Act::Consults { .. }
        | Act::EndsConsult { .. }
        | Act::Watches { .. }
        | Act::Reassigns { .. }
        | Act::TakesOver { .. }
        | Act::SetsStateOf { .. }
        | Act::StartsOutbound { .. }
        | Act::Asks { .. }
        | Act::Uploads { .. }
        | Act::AsksAgain { .. } => agent::play(world, act).into(),
        Act::SendsTranscript { .. }
        | Act::SetsTranslation { .. }
        | Act::Translates { .. }
        | Act::Tags { .. }
        | Act::Extends { .. }
        | Act::Snoozes { .. }
        | Act::Converts { .. }
        | Act::Ties { .. }
        | Act::LooksUp { .. }
        | Act::Stars { .. }
        | Act::AnswersLetter { .. }
        | Act::AnswersText { .. } => desk::play(world, act).into(),
        Act::Administers { .. }
        | Act::ComesIn { .. }
        | Act::ChangesScripts { .. }
        | Act::ScriptsFail { .. } => admin::play(world, act).into(),
        Act::Waits { .. }
        | Act::Jumps { .. }
        | Act::ToDeadline { .. }
        | Act::CommitFails
        | Act::CommitUnknown
        | Act::Dies { .. }
        | Act::Gathers { .. } => around(world, act),
    }
}

/// Time, and what goes wrong around the engine.
fn around(world: &mut World, act: Act) -> Deed {
    if !matches!(act, Act::CommitFails | Act::CommitUnknown | Act::Gathers { .. }) {
        world.flush();
    }
    match act {
        Act::Waits { span } => {
            // Whatever is due waits for the next input: it is handled first, tick or not.
            world.wait_until(world.now + span);
            Deed::Done
        }
        Act::Jumps { span } => {
            world.wait_until(world.now + span);
            tick()
        }
        Act::ToDeadline { early } => {
            // The harness knows the next deadline from the rows; the engine's own idea of it is held against that elsewhere.
            let Some(time) =
                check::next_deadline(world).or(world.engine.next_deadline().map(|(time, _)| time))
            else {
                return Deed::Idle;
            };
            world.wait_until(if early { Time(time.0 - 1) } else { time });
            tick()
        }
        Act::CommitFails => {
            world.fault = Some(Fault::Fails);
            Deed::Done
        }
        Act::CommitUnknown => {
            world.fault = Some(Fault::Unknown);
            Deed::Done
        }
        Act::Dies { death } => {
            if death == crate::act::Death::Idle {
                world.die();
            } else {
                world.fault = Some(Fault::Dies(death));
            }
            Deed::Done
        }
        Act::Gathers { count } => {
            if world.gather > 0 {
                return Deed::Idle;
            }
            world.gather = count + 1;
            Deed::Done
        }
        _ => Deed::Idle,
    }
}

fn tick() -> Deed {
    Ask::plain(guichet::engine::Input::Tick).into()
}

/// One of several, chosen by a number drawn before they were counted.
pub(crate) fn nth<T: Clone>(of: &[T], which: u16) -> Option<T> {
    of.get(usize::from(which) % of.len().max(1)).cloned()
}

impl World {
    /// The interaction that a request is aimed at, and who asks: for a fitting one its holder.
    pub(crate) fn aim(
        &self,
        who: u8,
        aim: Aim,
        fits: impl Fn(&guichet::domain::Interaction) -> bool,
    ) -> (guichet::domain::AgentId, InteractionId) {
        let caller = self.agent(who);
        let live: Vec<_> = self.store.live().collect();
        match aim {
            Aim::Fit(which) => {
                let fitting: Vec<_> = live.iter().filter(|row| fits(row)).collect();
                if let Some(row) = nth(&fitting, which) {
                    return (row.agent_id.unwrap_or(caller), row.interaction_id);
                }
                (caller, nth(&live, which).map_or(InteractionId(NOTHING), |row| row.interaction_id))
            }
            Aim::Live(which) => {
                (caller, nth(&live, which).map_or(InteractionId(NOTHING), |row| row.interaction_id))
            }
            Aim::Ended(which) => {
                let ended = self.store.interactions.values().filter(|row| row.ended_at.is_some());
                let ended: Vec<_> = ended.collect();
                let row = nth(&ended, which);
                let asks = row.and_then(|row| row.last_agent_id).filter(|_| which % 2 == 0).unwrap_or(caller);
                (asks, row.map_or(InteractionId(NOTHING), |row| row.interaction_id))
            }
            Aim::Unknown => (caller, InteractionId(NOTHING)),
        }
    }

    /// A message of an interaction, or of any.
    pub(crate) fn any_message(&self, which: u16, of: Option<InteractionId>) -> Option<MessageId> {
        let all = self.store.messages.values().rev();
        let fitting = all.filter(|(_, row)| of.is_none_or(|id| row.interaction_id == id)).take(40);
        let ids: Vec<MessageId> = fitting.map(|(_, row)| row.message_id).collect();
        nth(&ids, which)
    }
}
