//! A history as it runs: the clock, the engine with its pipeline of batches, the store, and everybody outside.
//!
//! It does what the runtime does: a batch is decided while the one before it may still be committing, and what a batch says is
//! told only once it is stored. What may be told is looked at by `check`; what is tried next is `play`'s business.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use guichet::domain::{AgentId, Time};
use guichet::engine::{
    Answer, Batch, Caller, Command, Effect, Engine, Envelope, Input, Refusal, RefusalKind, RequestKey,
};

use crate::act::{Act, Death};
use crate::cast;
use crate::check;
use crate::client::Client;
use crate::counts::Counts;
use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::outside::{Memory, Provider};
use crate::script::Script;
use crate::source::Source;
use crate::store::Store;

/// When histories begin.
const BEGINNING: Time = Time(1_760_000_000_000);
/// How many acts a failure shows.
const SHOWN: usize = 20;

/// An input with what its answer is for.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) input: Input,
    pub(crate) why: Why,
}

/// What an answer is for.
#[derive(Debug, Clone)]
pub(crate) enum Why {
    Nothing,
    /// A delivery that is acknowledged by the answer: the place in `Memory::deliveries`.
    Delivery(usize),
    Request(Caller, Option<RequestKey>, Command),
    /// A socket opens: whose, which, and whether it goes on from its cursor.
    Session(u8, u64, bool),
}

impl Ask {
    pub(crate) fn plain(input: Input) -> Self {
        Self { input, why: Why::Nothing }
    }
}

/// A batch decided and not stored yet.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) batch: Rc<Batch>,
    pub(crate) asks: Vec<Ask>,
    /// The ticket of the first ask.
    pub(crate) ticket: u64,
    pub(crate) at: Time,
    /// Whether nothing had come due when it was decided.
    pub(crate) quiet: bool,
}

/// What goes wrong with the next batch that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The store refuses it.
    Fails,
    /// The connection is lost, and the batch is there.
    Unknown,
    Dies(Death),
}

/// What became of the batch that waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    Stored,
    /// It was not, or not for certain; the world was loaded again.
    LoadedAgain,
    /// The process died; nobody waits for an answer any more.
    Died,
}

/// What a failure shows of an act.
#[derive(Debug)]
pub(crate) struct Line {
    at: Time,
    act: Act,
    came: Vec<Cow<'static, str>>,
}

/// A history.
pub(crate) struct World {
    pub(crate) now: Time,
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) script: Script,
    pub(crate) pending: Option<Work>,
    last: i64,
    ticket: u64,
    random: u64,
    /// Asks of acts that go into one batch, and how many acts more will.
    gathered: Vec<Ask>,
    pub(crate) gather: u8,
    pub(crate) fault: Option<Fault>,
    pub(crate) clients: BTreeMap<u8, Client>,
    pub(crate) sessions: u64,
    /// What the server itself asks soon: sockets that close.
    pub(crate) soon: Vec<Ask>,
    pub(crate) provider: Provider,
    pub(crate) memory: Memory,
    pub(crate) ledger: Ledger,
    pub(crate) counts: Counts,
    pub(crate) journal: Journal,
    pub(crate) lines: VecDeque<Line>,
    /// Whether the engine has decided more than is stored.
    pub(crate) ahead: bool,
    /// Whether inputs and events are shown too.
    pub(crate) verbose: bool,
    /// Whether the fault that an answer is told before its batch is stored is planted (see `main`).
    pub(crate) hasty: bool,
}

impl World {
    /// An installation with its people, before anybody wrote.
    pub(crate) fn new(seed: u64, verbose: bool) -> Self {
        let mut store = Store::default();
        store.next_id = 1;
        let mut world = Self {
            now: BEGINNING,
            engine: engine_of(&store, BEGINNING),
            store,
            script: Script { generation: 1, ..Script::default() },
            pending: None,
            last: 0,
            ticket: 0,
            random: seed,
            gathered: Vec::new(),
            gather: 0,
            fault: None,
            clients: BTreeMap::new(),
            sessions: 0,
            soon: Vec::new(),
            provider: Provider::default(),
            memory: Memory::default(),
            ledger: Ledger::default(),
            counts: Counts::default(),
            journal: Journal::default(),
            lines: VecDeque::new(),
            ahead: false,
            verbose,
            hasty: false,
        };
        world.turn(cast::beginning().into_iter().map(Ask::plain).collect(), false);
        world.settle();
        world
    }

    /// The agent behind a place in the cast.
    pub(crate) fn agent(&self, who: u8) -> AgentId {
        let login = cast::LOGINS[usize::from(who) % cast::LOGINS.len()];
        self.store.agent_of(login).unwrap_or(AgentId(0))
    }

    /// One act, and what it asks for.
    pub(crate) fn step(&mut self, act: &Act, asks: Vec<Ask>, late: bool) {
        self.remember(*act);
        let mut asks = asks;
        asks.splice(0..0, std::mem::take(&mut self.soon));
        if self.gather > 0 {
            self.gather -= 1;
            self.gathered.extend(asks);
            if self.gather > 0 {
                return;
            }
            asks = std::mem::take(&mut self.gathered);
        }
        if !asks.is_empty() {
            self.turn(asks, late);
        }
        if !late {
            self.settle();
        }
    }

    /// Ends the gathering of a batch.
    pub(crate) fn flush(&mut self) {
        self.gather = 0;
        let asks = std::mem::take(&mut self.gathered);
        if !asks.is_empty() {
            self.turn(asks, false);
        }
        self.settle();
    }

    fn remember(&mut self, act: Act) {
        if self.lines.len() == SHOWN {
            self.lines.pop_front();
        }
        self.lines.push_back(Line { at: self.now, act, came: Vec::new() });
    }

    /// What a failure shows.
    pub(crate) fn story(&self) -> String {
        let show = |line: &Line| format!("{}  {:?}  → {}", line.at, line.act, line.came.join(", "));
        self.lines.iter().map(show).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn note(&mut self, came: impl Into<Cow<'static, str>>) {
        if let Some(line) = self.lines.back_mut() {
            line.came.push(came.into());
        }
    }

    /// Time goes on. Only ever forwards.
    pub(crate) fn wait_until(&mut self, time: Time) {
        self.now = self.now.max(time);
    }

    /// One batch: decided, perhaps while the one before it is still being stored.
    pub(crate) fn turn(&mut self, asks: Vec<Ask>, late: bool) {
        if !late {
            self.settle();
        }
        let work = self.decide(asks);
        self.ahead = late;
        let settled = if late { self.settle() } else { Settled::Stored };
        self.ahead = false;
        match settled {
            Settled::Stored => {}
            // Decided on top of a batch that is gone: it is decided again on the world that was loaded.
            Settled::LoadedAgain => return self.turn(work.asks, false),
            Settled::Died => return,
        }
        self.engine.committed(self.last);
        self.last = work.batch.number;
        if self.hasty {
            self.release(&work);
        }
        self.pending = Some(work);
    }

    fn decide(&mut self, asks: Vec<Ask>) -> Work {
        let quiet = self.engine.next_deadline().is_none_or(|(time, _)| time > self.now);
        let ticket = self.ticket;
        let mut envelopes = Vec::with_capacity(asks.len());
        for ask in &asks {
            if self.verbose {
                self.note(format!("\n    {:?}", ask.input));
            }
            let random = Source::seeded(self.random).word();
            self.random = random;
            envelopes.push(Envelope { ticket: self.ticket, random, input: ask.input.clone() });
            self.ticket += 1;
        }
        let keys = self.engine.cold_keys(&envelopes);
        let cold = self.store.load_cold(&keys);
        let batch = self.engine.handle(envelopes, cold, &self.script, self.now);
        self.counts.asked(&mut self.script.asked.borrow_mut());
        let next = self.engine.next_deadline();
        assert!(
            next.is_none_or(|(time, _)| time > self.now),
            "at {} the next deadline is {next:?}",
            self.now
        );
        Work { batch: Rc::new(batch), asks, ticket, at: self.now, quiet }
    }

    /// Stores the batch that waits for it, and tells what it says.
    pub(crate) fn settle(&mut self) -> Settled {
        let Some(work) = self.pending.take() else { return Settled::Stored };
        if work.batch.is_read_only() {
            self.release_once(&work);
            check::settled(self, &work);
            return Settled::Stored;
        }
        match self.fault.take() {
            None => {
                self.commit(&work);
                self.release_once(&work);
                check::settled(self, &work);
                Settled::Stored
            }
            Some(Fault::Fails) => {
                self.counts.fault("commit_failed");
                self.lost(&work);
                self.reload(true);
                Settled::LoadedAgain
            }
            Some(Fault::Unknown) => {
                self.counts.fault("commit_unknown");
                self.commit(&work);
                self.release_once(&work);
                self.reload(true);
                Settled::LoadedAgain
            }
            Some(Fault::Dies(death)) => {
                if death == Death::BeforeRelease {
                    self.counts.fault("died_before_release");
                    self.commit(&work);
                } else {
                    self.counts.fault("died_before_commit");
                }
                self.die();
                Settled::Died
            }
        }
    }

    fn commit(&mut self, work: &Work) {
        check::commit(self, work);
        self.journal.add(&work.batch);
    }

    fn release_once(&mut self, work: &Work) {
        if !self.hasty {
            self.release(work);
        }
    }

    /// Tells what a stored batch says: answers to their askers, events to clients, effects to providers.
    fn release(&mut self, work: &Work) {
        check::told(self, work);
        let mut sessions = Vec::new();
        for answered in &work.batch.answers {
            let Ok(place) = usize::try_from(answered.ticket - work.ticket) else { continue };
            let ask = &work.asks[place];
            self.counts.reply(&answered.reply);
            self.came(&answered.reply);
            match (&ask.why, &answered.reply) {
                (Why::Delivery(place), _) => self.memory.acknowledged(*place),
                (Why::Request(caller, key, command), reply) => {
                    let known = (work.ticket, work.at);
                    self.memory.answered(*caller, key.as_ref(), command, reply, known);
                }
                (Why::Session(who, session, resume), Ok(Answer::Session(snapshot))) => {
                    sessions.push((*who, *session, *resume, snapshot.clone()));
                }
                (Why::Session(who, session, _), Err(_)) => {
                    self.clients.entry(*who).and_modify(|client| client.refused(*session));
                }
                (Why::Nothing | Why::Session(..), _) => {}
            }
        }
        if self.verbose {
            for row in &work.batch.events {
                let event = &row.event;
                self.note(format!("\n      {:?} r{} {:?}", event.interaction_id, event.revision, event.kind));
            }
        }
        Client::deliver(&mut self.clients, &self.store, &work.batch, &sessions);
        for effect in &work.batch.effects {
            self.counts.effect(effect);
            if let Effect::CloseSockets { agent_id } = effect {
                self.close_sockets(*agent_id);
            } else {
                self.provider.take(effect);
            }
        }
        for row in &work.batch.events {
            self.counts.event(row.event.kind.name());
        }
    }

    fn came(&mut self, reply: &Result<Answer, Refusal>) {
        match reply {
            Ok(_) => self.note("ok"),
            Err(refusal) if self.verbose => self.note(format!("{refusal}")),
            Err(refusal) => self.note(refusal.kind.as_str()),
        }
    }

    fn close_sockets(&mut self, agent_id: AgentId) {
        for client in self.clients.values_mut().filter(|client| client.agent_id == agent_id) {
            for session in client.close() {
                let caller = Caller { agent_id, session };
                self.soon.push(Ask::plain(Input::Disconnected { caller }));
            }
        }
    }

    /// Everybody who asked is told to try again.
    fn lost(&mut self, work: &Work) {
        for ask in &work.asks {
            if let Why::Request(..) = ask.why {
                self.counts.refusal(RefusalKind::Unavailable);
            }
        }
    }

    /// The world is made again from the store. Sockets that are open announce their agents again.
    fn reload(&mut self, announce: bool) {
        self.note("(loaded again)");
        self.counts.fault("loaded");
        self.engine = engine_of(&self.store, self.now);
        self.last = self.store.batch;
        let mut asks = Vec::new();
        for (who, client) in self.clients.iter().filter(|_| announce) {
            for session in client.sessions() {
                let caller = Caller { agent_id: client.agent_id, session };
                let input = Input::Command { caller, request: None, command: Command::StartSession };
                asks.push(Ask { input, why: Why::Session(*who, session, true) });
            }
        }
        if asks.is_empty() {
            asks.push(Ask::plain(Input::Tick));
        }
        self.turn(asks, false);
        self.settle();
    }

    /// The process dies: what was not stored is gone, and nobody is connected any more.
    pub(crate) fn die(&mut self) {
        self.counts.fault("died");
        self.pending = None;
        self.gathered.clear();
        self.gather = 0;
        self.soon.clear();
        for client in self.clients.values_mut() {
            client.close();
        }
        self.provider.cut();
        self.reload(false);
    }

    /// Whether the engine as it is says the same as one made from the store, for every agent.
    pub(crate) fn replay(&mut self) {
        self.flush();
        check::replay(self);
    }
}

/// An engine over what is stored.
pub(crate) fn engine_of(store: &Store, now: Time) -> Engine {
    let mut stored = store.load(now);
    stored.channels = cast::channels();
    stored.default_skill = Some(cast::skill("support"));
    Engine::new(stored, now)
}
