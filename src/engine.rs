//! The engine: pure rules over a world in memory. It decides; everybody else asks and listens.
//!
//! Inputs come in batches with `now`; for each, [`Engine::handle`] lets a rule of `decide/` check it and then change the world
//! through the verbs of `apply`, which keep rows, indexes and events in step. What it comes to is a [`Batch`]: final rows,
//! events, answers and effects. Nothing of a batch may be told, published or sent before the store has committed it; that is
//! the `runtime` room's promise. A refusal leaves no trace: rules check everything before they change anything.
//!
//! This room must not know: databases, sockets, threads, clocks, randomness, Lua, any provider. Time, random numbers and
//! the policy's answers are arguments, so that a seed replays a history exactly.

mod answer;
mod apply;
mod batch;
mod board;
mod cold;
mod contact;
mod decide;
mod event;
mod finding;
mod input;
mod limits;
mod matching;
mod outbox;
mod policy;
mod refusal;
mod retention;
mod routing;
mod timer;
#[cfg(test)]
mod trials;
mod turn;
mod window;
mod world;

pub use answer::{
    Answer, ChannelHealth, Prefill, Queue, Reply, Services, Snapshot, TokenInfo, TranslationRules, View,
};
pub use batch::{
    Answered, AuditRow, Batch, DecisionRow, DedupeRow, Effect, EventRow, LoginRow, Outgoing, OutgoingBody,
    RawDelivery, RequestRow, Rows, ServiceLevelRow, StarRow, Stored, TagRow, TokenRow,
};
pub use board::{
    AtRisk, Board, Filter, ServiceLevel, Share, ShareCommand, SuperviseCommand, Watched, board_begins,
};
pub use contact::{Address, ContactChanges, ContactCommand, ContactView, Conversion, TeamAtWork};
pub use event::{Audience, Event, EventKind, PolicyError, TimerChange, TimerKind};
pub use input::{
    AdminCommand, BotCommand, Caller, ChannelInput, Cold, ColdKeys, Command, Envelope, FetchFailure,
    InboundMedia, InboundMessage, Input, MailResult, RequestKey, SendResult, Sender, Sight, StoredMedia,
};
pub use policy::{
    Asked, ClosePlan, Facts, Failure, OnMessage, OutcomeRules, Policy, Route, TimerPlan, TimerRule,
    ZeroAction,
};
pub use refusal::{Refusal, RefusalKind};
pub use retention::{Forget, Retention};

use self::cold::Loaded;
use self::turn::Turn;
use self::world::World;
use crate::domain::Time;

/// The one writer's mind.
#[derive(Debug)]
pub struct Engine {
    world: World,
}

impl Engine {
    /// A world as the store has it. The first batch, whatever its inputs, also takes up what the last process left: messages
    /// that were being sent become `unknown`, agents get a new grace time, files are fetched again.
    pub fn new(stored: Stored, now: Time) -> Self {
        Self { world: World::load(stored, now) }
    }

    /// What these inputs need from the store because the world does not hold it. Nothing may be handled between this
    /// question and the batch that uses the answer.
    pub fn cold_keys(&self, inputs: &[Envelope]) -> ColdKeys {
        cold::keys_of(&self.world, inputs)
    }

    /// Decides a batch. What has come due is handled first.
    pub fn handle(&mut self, inputs: Vec<Envelope>, cold: Cold, policy: &dyn Policy, now: Time) -> Batch {
        let now = self.world.now.max(now);
        self.world.now = now;
        let mut loaded = Loaded::from(cold);
        loaded.forget_erased(&self.world);
        let mut turn = Turn::new(&mut self.world, loaded, policy, now);
        turn.recover();
        turn.handle_due();
        for envelope in inputs {
            turn.handle_input(envelope);
        }
        // What became due by these inputs, a delay of zero say: nobody need be woken for it.
        turn.handle_due();
        turn.forget();
        let batch = turn.finish();
        self.world.trim();
        batch
    }

    /// Everything up to this batch is committed: what it ended may leave memory.
    pub fn committed(&mut self, number: i64) {
        self.world.committed = self.world.committed.max(number);
    }

    /// The live world as [`Engine::new`] would get it: what a store must give back after the last batch.
    pub fn stored(&self) -> Stored {
        self.world.stored()
    }

    /// What is inconsistent in the world. Empty: nothing, as it should be.
    pub fn audit(&self) -> Vec<String> {
        self.world.audit()
    }

    /// When [`Input::Tick`] is needed next, and why.
    pub fn next_deadline(&self) -> Option<(Time, &'static str)> {
        self.world.next_deadline()
    }
}
