//! What was seen so far, in the plainest form: the oracle that the engine's batches are held against.

use std::collections::{BTreeMap, BTreeSet};

use guichet::domain::{AgentId, ChannelId, ChannelKind, IdentityId, InteractionId, MessageId, Time};
use guichet::engine::TimerKind;

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Timers that run, and whether each has told yellow and red.
    pub(crate) timers: BTreeMap<(InteractionId, TimerKind), (bool, bool)>,
    /// Sends that left, by message and attempt.
    pub(crate) sends: BTreeSet<(MessageId, u32)>,
    /// Messages that somebody allowed to be sent once more.
    pub(crate) again: BTreeSet<MessageId>,
    /// Until when free text may go to each address, by what its contact wrote.
    pub(crate) windows: BTreeMap<(ChannelId, IdentityId), Time>,
    /// How much each agent holds, in all and of each kind.
    pub(crate) loads: BTreeMap<(AgentId, Option<ChannelKind>), u32>,
    /// The last event.
    pub(crate) time: Time,
}
