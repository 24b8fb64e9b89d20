//! What waits for one socket: frames in order, bounded. A reader further behind is told to come back and resume.
//!
//! It knows neither sockets nor events; the feed pushes, the socket's task takes. Grown on demand, because most sockets are
//! idle and a thousand idle ones must cost next to nothing.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::domain::SkillId;
use crate::engine::EventRow;

/// Frames that may wait (PROTOCOL §3).
pub(crate) const FRAMES_MAX: usize = 1_000;
/// Bytes that may wait.
pub(crate) const BYTES_MAX: usize = 1024 * 1024;
/// What a frame that is not written yet counts for.
const UNWRITTEN_BYTES: usize = 1_024;
/// Room kept by a lane that has emptied.
const KEPT_ROOM: usize = 32;

/// Why the server closes a socket: code and words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Close {
    pub(crate) code: u16,
    pub(crate) reason: &'static str,
}

impl Close {
    pub(crate) const TOO_SLOW: Self = Self { code: 4008, reason: "too slow, resume" };
    pub(crate) const AFRESH: Self = Self { code: 4009, reason: "rights changed, start afresh" };
    pub(crate) const UNAUTHENTICATED: Self = Self { code: 4001, reason: "not authenticated any more" };
    pub(crate) const TOO_MANY: Self = Self { code: 4029, reason: "too many requests" };
    pub(crate) const RESTARTING: Self = Self { code: 1012, reason: "restarting, resume" };
    pub(crate) const TOO_LARGE: Self = Self { code: 1009, reason: "frame too large" };
    pub(crate) const NOT_TEXT: Self = Self { code: 1003, reason: "text frames only" };
    pub(crate) const NOT_UTF8: Self = Self { code: 1007, reason: "text is not UTF-8" };
    pub(crate) const NOT_WEBSOCKET: Self = Self { code: 1002, reason: "not as WebSocket has it" };
    pub(crate) const GONE: Self = Self { code: 1001, reason: "no answer to two pings" };

    /// The label that counts it.
    pub(crate) fn kind(self) -> &'static str {
        match self.code {
            4008 => "too_slow",
            4009 => "afresh",
            4001 => "unauthenticated",
            4029 => "too_many",
            1012 => "restarting",
            1009 => "too_large",
            1003 | 1007 => "not_text",
            1002 => "not_websocket",
            _ => "gone",
        }
    }
}

/// One thing to write.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    /// A frame, shared with every other reader of it.
    Frame(Utf8Bytes),
    /// A queue's counters; a newer one takes the place of one that still waits.
    Counters(SkillId, Utf8Bytes),
    /// An interaction came into this agent's inbox: written when its turn comes, with messages read then.
    Gain(Box<EventRow>),
}

impl Item {
    fn bytes(&self) -> usize {
        match self {
            Self::Frame(text) | Self::Counters(_, text) => text.len(),
            Self::Gain(_) => UNWRITTEN_BYTES,
        }
    }
}

/// What the lane does with what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// No session yet: nothing concerns it.
    Deaf,
    /// A snapshot is being made: events wait until its cursor is known.
    Gathering,
    /// Events up to `floor` are known from elsewhere (snapshot, log); later ones wait here.
    Live { floor: i64 },
    /// The log is being read; events are only noted, because the log has them too.
    CatchingUp { newest: i64 },
}

#[derive(Debug)]
struct Inner {
    mode: Mode,
    items: VecDeque<(i64, Item)>,
    bytes: usize,
    close: Option<Close>,
    announce: bool,
}

impl Inner {
    fn shut(&mut self, close: Close) {
        self.close = Some(close);
        self.items = VecDeque::new();
        self.bytes = 0;
    }
}

/// See the file's head.
#[derive(Debug)]
pub(crate) struct Lane {
    inner: Mutex<Inner>,
    bell: Notify,
    /// Apart from the bell, so that a writer who waits for this alone takes no frame's ring away.
    shut: Notify,
}

impl Default for Lane {
    fn default() -> Self {
        let inner =
            Inner { mode: Mode::Deaf, items: VecDeque::new(), bytes: 0, close: None, announce: false };
        Self { inner: Mutex::new(inner), bell: Notify::new(), shut: Notify::new() }
    }
}

/// What the socket's task finds.
#[derive(Debug)]
pub(crate) enum Next {
    /// Something to write.
    Item(Item),
    /// The socket is to be closed.
    Close(Close),
    /// Nothing now.
    Nothing,
}

impl Lane {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on events are kept; those of a snapshot are dropped once its cursor is known.
    pub(crate) fn gather(&self) {
        self.lock().mode = Mode::Gathering;
    }

    /// Nothing concerns it (any more).
    pub(crate) fn ignore(&self) {
        let mut inner = self.lock();
        inner.mode = Mode::Deaf;
        inner.items.clear();
        inner.bytes = 0;
    }

    /// From now on events are noted, while the log is read.
    pub(crate) fn catch_up(&self, newest: i64) {
        let mut inner = self.lock();
        inner.mode = Mode::CatchingUp { newest };
        inner.items.clear();
        inner.bytes = 0;
    }

    /// The snapshot holds everything up to here.
    pub(crate) fn begin_after(&self, cursor: i64) {
        let mut inner = self.lock();
        inner.mode = Mode::Live { floor: cursor };
        inner.items.retain(|(seq, _)| *seq == 0 || *seq > cursor);
        inner.bytes = inner.items.iter().map(|(_, item)| item.bytes()).sum();
    }

    /// The newest event noted while catching up.
    pub(crate) fn noted(&self) -> i64 {
        match self.lock().mode {
            Mode::CatchingUp { newest } => newest,
            Mode::Deaf | Mode::Gathering | Mode::Live { .. } => 0,
        }
    }

    /// Goes live if the log was read up to everything that was noted; else the log has more.
    pub(crate) fn go_live(&self, read_to: i64) -> bool {
        let mut inner = self.lock();
        let Mode::CatchingUp { newest } = inner.mode else { return true };
        let reached = newest <= read_to;
        if reached {
            inner.mode = Mode::Live { floor: read_to };
        }
        reached
    }

    /// Adds something. `seq` is the event's number, 0 for what is not kept in the log.
    pub(crate) fn push(&self, seq: i64, item: Item) {
        let mut inner = self.lock();
        if inner.close.is_some() {
            return;
        }
        match &mut inner.mode {
            Mode::Deaf => return,
            Mode::Live { floor } if seq > 0 && seq <= *floor => return,
            Mode::Live { .. } | Mode::Gathering => {}
            Mode::CatchingUp { newest } => {
                *newest = seq.max(*newest);
                if !matches!(item, Item::Counters(..)) {
                    return;
                }
            }
        }
        if let Item::Counters(skill, _) = &item {
            let waiting =
                inner.items.iter().position(|(_, other)| matches!(other, Item::Counters(s, _) if s == skill));
            if let Some((_, old)) = waiting.and_then(|at| inner.items.remove(at)) {
                inner.bytes -= old.bytes();
            }
        }
        inner.bytes += item.bytes();
        inner.items.push_back((seq, item));
        if inner.items.len() > FRAMES_MAX || inner.bytes > BYTES_MAX {
            inner.shut(Close::TOO_SLOW);
            self.shut.notify_one();
        }
        drop(inner);
        self.bell.notify_one();
    }

    /// The socket is to be closed; the first reason stays.
    pub(crate) fn close(&self, close: Close) {
        let mut inner = self.lock();
        if inner.close.is_none() {
            inner.shut(close);
        }
        drop(inner);
        self.shut.notify_one();
        self.bell.notify_one();
    }

    /// The agent is to be announced to the engine again.
    pub(crate) fn announce(&self) {
        let mut inner = self.lock();
        inner.announce = inner.mode != Mode::Deaf;
        drop(inner);
        self.bell.notify_one();
    }

    /// Whether the agent is to be announced anew; asked once for each time.
    pub(crate) fn take_announcement(&self) -> bool {
        std::mem::take(&mut self.lock().announce)
    }

    /// Takes what comes next. Order among frames is kept; closing goes before them all.
    pub(crate) fn next(&self) -> Next {
        let mut inner = self.lock();
        if let Some(close) = inner.close {
            return Next::Close(close);
        }
        if !matches!(inner.mode, Mode::Live { .. }) {
            return Next::Nothing;
        }
        let Some((_, item)) = inner.items.pop_front() else { return Next::Nothing };
        inner.bytes -= item.bytes();
        if inner.items.is_empty() && inner.items.capacity() > KEPT_ROOM {
            inner.items = VecDeque::new();
        }
        Next::Item(item)
    }

    /// Whether it is to be closed.
    pub(crate) fn closing(&self) -> Option<Close> {
        self.lock().close
    }

    /// Waits until something was added since the last wait.
    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Waits until it is to be closed.
    pub(crate) async fn closed(&self) -> Close {
        loop {
            if let Some(close) = self.closing() {
                return close;
            }
            self.shut.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str) -> Item {
        Item::Frame(text.into())
    }

    fn taken(lane: &Lane) -> Vec<String> {
        let mut texts = Vec::new();
        while let Next::Item(Item::Frame(text) | Item::Counters(_, text)) = lane.next() {
            texts.push(text.to_string());
        }
        texts
    }

    #[test]
    fn what_the_snapshot_holds_is_not_told_again() {
        let lane = Lane::default();
        lane.push(1, frame("before the session"));
        lane.gather();
        for (seq, text) in [(5, "5"), (0, "typing"), (6, "6"), (7, "7")] {
            lane.push(seq, frame(text));
        }
        assert!(taken(&lane).is_empty());
        lane.begin_after(6);
        lane.push(6, frame("6 late"));
        lane.push(8, frame("8"));
        assert_eq!(taken(&lane), ["typing", "7", "8"]);
    }

    #[test]
    fn catching_up_ends_when_the_log_was_read_to_the_newest() {
        let lane = Lane::default();
        lane.catch_up(10);
        assert!(!lane.go_live(9));
        lane.push(11, frame("11"));
        assert!(!lane.go_live(10));
        assert!(lane.go_live(11));
        lane.push(12, frame("12"));
        assert_eq!(taken(&lane), ["12"]);
    }

    #[test]
    fn catching_up_never_counts_as_slow() {
        let lane = Lane::default();
        lane.catch_up(0);
        for seq in 1..=5_000 {
            lane.push(seq, frame("x"));
        }
        assert_eq!(lane.closing(), None);
    }

    #[test]
    fn a_thousand_frames_may_wait_and_no_more() {
        let lane = Lane::default();
        lane.begin_after(0);
        for seq in 1..=1_000 {
            lane.push(seq, frame("x"));
        }
        assert_eq!(lane.closing(), None);
        lane.push(1_001, frame("x"));
        assert!(matches!(lane.next(), Next::Close(Close::TOO_SLOW)));
        assert_eq!(lane.lock().items.capacity(), 0);
    }

    #[test]
    fn a_mebibyte_may_wait_and_no_more() {
        let lane = Lane::default();
        lane.begin_after(0);
        lane.push(1, frame(&"x".repeat(BYTES_MAX)));
        assert_eq!(lane.closing(), None);
        lane.push(2, frame("x"));
        assert_eq!(lane.closing(), Some(Close::TOO_SLOW));
    }

    #[test]
    fn room_is_counted_exactly_and_given_back() {
        let lane = Lane::default();
        lane.begin_after(0);
        for seq in 1..=900 {
            lane.push(seq, frame(&"x".repeat(1_000)));
        }
        assert_eq!(taken(&lane).len(), 900);
        let inner = lane.lock();
        assert_eq!((inner.bytes, inner.items.capacity()), (0, 0));
    }

    #[test]
    fn newer_counters_replace_those_that_wait() {
        let lane = Lane::default();
        lane.begin_after(0);
        for (skill, text) in [("a", "a1"), ("b", "b1"), ("a", "a2")] {
            lane.push(0, Item::Counters(skill.parse().unwrap(), text.into()));
        }
        assert_eq!(taken(&lane), ["b1", "a2"]);
        assert_eq!(lane.lock().bytes, 0);
    }
}
