//! The engine: pure rules over a world in memory. It decides; everybody else asks and listens.
//!
//! Inputs come in batches with `now`; for each, [`Engine::handle`] decides (a rule of `decide/`), applies the resulting
//! events to its [`World`] and collects final rows, events, answers and effects in a [`Batch`]. Nothing of a batch may be
//! told, published or sent before the store has committed it; that is the `runtime` room's promise.
//!
//! This room must not know: databases, sockets, threads, clocks, randomness, Lua, any provider. Time, random numbers and
//! the policy's answers are arguments, so that a seed replays a history exactly.

mod batch;
mod event;
mod input;
mod policy;
mod refusal;

pub use batch::{
    Answered, Batch, DecisionRow, DedupeRow, Effect, EventRow, LoginRow, Outgoing, OutgoingBody, RawDelivery,
    RequestRow, Rows, Stored, TokenRow,
};
pub use event::{Audience, Event, EventKind, PolicyError, TimerChange, TimerKind};
pub use input::{
    AdminCommand, Answer, Caller, ChannelInput, Cold, ColdKeys, Command, Envelope, FetchFailure,
    InboundMedia, InboundMessage, Input, Queue, Reply, RequestKey, SendResult, Sender, Snapshot, StoredMedia,
    View,
};
pub use policy::{
    Asked, ClosePlan, Facts, Failure, OnMessage, OutcomeRules, Policy, Route, TimerPlan, TimerRule,
    ZeroAction,
};
pub use refusal::{Refusal, RefusalKind};
