//! The engine under thousands of seeded histories of everything that can happen to it, checked after every act.
//!
//! `GUICHET_SIM_HISTORIES` sets how many (10,000 by default, shared out between the tests below); `GUICHET_SIM_SEED` runs one
//! seed alone, with the acts printed.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a check that fails stops the history and names its seed"
)]
#![expect(clippy::wildcard_enum_match_arm, reason = "acts fall through from one file to the next")]
#![expect(clippy::print_stderr, reason = "a failure tells how to run it again")]

mod act;
mod check;
mod history;
mod inside;
mod model;
mod outside;
mod people;
mod policy;
mod source;

use guichet::domain::Span;
use guichet::engine::{Input, RefusalKind};

use crate::act::Act;
use crate::history::{Asked, Counts, History};
use crate::model::Store;
use crate::policy::Rules;

/// Acts in one history.
const ACTS: u64 = 200;
/// Histories when nothing else is said.
const HISTORIES: u64 = 10_000;
/// Every so many of them is drained afterwards, which takes as long as the history itself.
const DRAINED: u64 = 4;
/// Every so many of them runs a second time, to see that a seed decides everything.
const REPEATED: u64 = 24;
/// Into how many tests they are shared out.
const SHARES: u64 = 8;

impl History {
    fn act(&mut self, act: Act) {
        match act {
            Act::Write
            | Act::WriteFile
            | Act::WriteTwice
            | Act::Repeat
            | Act::ContactReacts
            | Act::Edit
            | Act::Revoke
            | Act::NewAlias
            | Act::Echo
            | Act::Status
            | Act::SendAnswered
            | Act::Fetched
            | Act::MailAnswered
            | Act::Translated
            | Act::Raw
            | Act::TemplatesRead
            | Act::TemplatesChanged
            | Act::ChannelNotice => self.act_outside(act),
            Act::WaitShort => self.wait(Span::minutes(1)),
            Act::WaitHours => self.wait(Span::hours(6)),
            Act::WaitDays => self.wait(Span::days(8)),
            Act::WaitDeadline => self.wait_deadline(),
            Act::NewScripts => self.new_scripts(),
            Act::Notice => {
                let (level, code, message) =
                    ("alarm".to_owned(), "disk".to_owned(), "The disk is full".to_owned());
                self.batch(vec![(Asked::Other, Input::Notice { level, code, message })]);
            }
            Act::CommitFails => self.fail_next_commit(),
            Act::Crash => self.crash(),
            _ => self.act_inside(act),
        }
    }

    fn tick(&mut self) {
        self.batch(vec![(Asked::Other, Input::Tick)]);
    }

    /// Time goes on, up to `most`; the shell wakes the engine at each deadline on the way, or late.
    fn wait(&mut self, most: Span) {
        let until =
            self.now + Span(i64::try_from(self.source.below(u64::try_from(most.0).unwrap())).unwrap());
        if self.source.chance(50) {
            self.pass(until);
        }
        self.now = self.now.max(until);
        self.tick();
    }

    /// Wakes at every deadline until then.
    fn pass(&mut self, until: guichet::domain::Time) {
        for _ in 0..200 {
            match self.engine.next_deadline() {
                Some((time, _)) if time <= until => self.wait_until(time),
                _ => return,
            }
        }
    }

    fn wait_until(&mut self, time: guichet::domain::Time) {
        self.now = self.now.max(time);
        self.tick();
        let next = self.engine.next_deadline();
        assert!(
            next.is_none_or(|(next, _)| next > self.now),
            "a tick at {} leaves the deadline {next:?}",
            self.now
        );
    }

    /// Exactly the next deadline, or a millisecond beside it.
    fn wait_deadline(&mut self) {
        if let Some((time, _)) = self.engine.next_deadline() {
            let beside = i64::try_from(self.source.below(3)).unwrap() - 1;
            self.now = self.now.max(time + Span(beside));
        }
        self.tick();
    }

    fn new_scripts(&mut self) {
        let flavour = if self.source.chance(40) { 0 } else { self.source.number() };
        let live = self.source.chance(80);
        let generation = self.rules.generation + i64::from(live);
        if live {
            self.rules = Rules { generation, flavour };
        }
        let input = Input::PolicyChanged { generation, live, script: None, errors: Vec::new() };
        self.batch(vec![(Asked::Other, input)]);
    }

    /// When the faults stop, everything drains: messages leave, waiting work finds somebody, all of it ends.
    fn drain(&mut self) {
        self.rules = Rules::plain(self.rules.generation + 1);
        self.new_plain_scripts();
        for round in 0..100 {
            self.come_to_work();
            while !self.sends.is_empty() {
                self.answer_send(99);
                self.settle();
            }
            while !self.fetches.is_empty() {
                self.answer_fetch(true);
                self.settle();
            }
            while !self.texts.is_empty() {
                self.answer_text(99);
                self.settle();
            }
            while !self.letters.is_empty() {
                self.answer_letter(99);
                self.settle();
            }
            self.finish_work();
            self.settle();
            let open = self.store.transcripts.values().filter(|row| row.settled_at.is_none()).count();
            if open == 0 && self.store.live.is_empty() && self.store.load().messages.iter().all(settled) {
                return;
            }
            let next = self.engine.next_deadline().map_or(self.now, |(time, _)| time);
            // Deadlines one by one, then days at a time: detached work ends after 30 of them.
            let least = if round < 40 { Span(1) } else { Span::days(1) };
            self.wait_until(next.max(self.now + least));
            self.settle();
        }
        let left: Vec<_> = self.store.live.iter().filter_map(|id| self.store.interactions.get(id)).collect();
        panic!("it does not drain: {left:?} {:?}", self.store.load().messages);
    }
}

fn settled(message: &guichet::domain::Message) -> bool {
    message.state == guichet::domain::DeliveryState::Unknown
}

fn one(seed: u64, prepared: &Store) -> History {
    let mut history = History::new(seed, prepared);
    history.shown = std::env::var_os("GUICHET_SIM_SEED").is_some();
    history.run(ACTS);
    history
}

fn histories() -> u64 {
    std::env::var("GUICHET_SIM_HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(HISTORIES)
}

/// One share of the histories, each checked all along, then drained.
fn share(number: u64) {
    let prepared = history::prepared();
    let alone: Option<u64> = std::env::var("GUICHET_SIM_SEED").ok().and_then(|text| text.parse().ok());
    let seeds: Vec<u64> = match alone {
        Some(seed) => vec![seed],
        None => (0..histories()).filter(|seed| seed % SHARES == number).collect(),
    };
    let mut counts = Counts::default();
    for seed in &seeds {
        let ran = std::panic::catch_unwind(|| {
            let mut history = one(*seed, &prepared);
            if alone.is_some() || seed / SHARES % REPEATED == 1 {
                let again = one(*seed, &prepared);
                assert_eq!(history.journal, again.journal, "the same seed gives the same history");
            }
            if alone.is_some() || (seed / SHARES).is_multiple_of(DRAINED) {
                history.drain();
            }
            history.counts
        });
        let Ok(ran) = ran else {
            eprintln!(
                "run it again: GUICHET_SIM_SEED={seed} cargo nextest run --test sim share_0 --no-capture"
            );
            panic!("history {seed} failed");
        };
        counts.add(&ran);
    }
    if alone.is_none() {
        counts.check(seeds.len());
    }
}

impl Counts {
    fn add(&mut self, other: &Self) {
        for (act, count) in &other.acts {
            *self.acts.entry(*act).or_default() += count;
        }
        for (kind, count) in &other.refusals {
            *self.refusals.entry(*kind).or_default() += count;
        }
        self.answers += other.answers;
    }

    /// Every act and every refusal happens at least a thousand times in ten thousand histories: 1 in 10.
    fn check(&self, histories: usize) {
        eprintln!("{} answers, refusals {:?}, acts {:?}", self.answers, self.refusals, self.acts);
        let wanted = u64::try_from(histories).unwrap() / 10;
        for (act, _) in Act::ALL {
            let count = self.acts.get(act).copied().unwrap_or(0);
            assert!(count >= wanted, "{act:?} happened {count} times, wanted {wanted}");
        }
        for kind in RefusalKind::ALL {
            let count = self.refusals.get(kind).copied().unwrap_or(0);
            assert!(count >= wanted, "{kind} happened {count} times, wanted {wanted}");
        }
    }
}

macro_rules! shares {
    ($($name:ident $number:literal,)*) => {$(
        #[test]
        fn $name() {
            share($number);
        }
    )*};
}

shares! {
    histories_share_0 0, histories_share_1 1, histories_share_2 2, histories_share_3 3,
    histories_share_4 4, histories_share_5 5, histories_share_6 6, histories_share_7 7,
}
