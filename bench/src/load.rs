//! The load: customers who write and agents who answer, and the board on which each message's way is marked.

use crate::process::{Process, own_cpu_seconds};
use crate::webhook::{self, Connection};
use anyhow::{Context as _, bail, ensure};
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// When one message was due, reached an agent, and when its answer reached the provider; nanoseconds, 0 for not yet.
#[derive(Clone, Copy, Default)]
struct Trip {
    due: u64,
    framed: u64,
    provided: u64,
}

/// What has been seen of every message, shared by the sockets, the posts and the provider.
pub struct Board {
    epoch: Instant,
    trips: RefCell<Vec<Trip>>,
    /// The first message of the phase that runs.
    first: Cell<usize>,
    framed: Cell<usize>,
    provided: Cell<usize>,
    accepted: Cell<usize>,
    answers: Cell<bool>,
    requests: Cell<u64>,
    customers: Cell<usize>,
    failures: RefCell<Vec<String>>,
}

impl Board {
    pub fn new() -> Rc<Self> {
        Rc::new(Self {
            epoch: Instant::now(),
            trips: RefCell::default(),
            first: Cell::default(),
            framed: Cell::default(),
            provided: Cell::default(),
            accepted: Cell::default(),
            answers: Cell::default(),
            requests: Cell::default(),
            customers: Cell::default(),
            failures: RefCell::default(),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Marks a customer's message as seen by an agent; its number when this is the first time.
    pub fn framed(&self, text: &str) -> Option<usize> {
        let index = number(text, 'm')?;
        let now = self.now();
        let mut trips = self.trips.borrow_mut();
        let trip = trips.get_mut(index).filter(|trip| trip.framed == 0)?;
        trip.framed = now;
        self.framed.set(self.framed.get() + 1);
        Some(index)
    }

    /// Marks an agent's answer as arrived at the provider.
    pub fn provided(&self, text: &str) -> usize {
        let index = number(text, 'r').unwrap_or_default();
        let now = self.now();
        let mut trips = self.trips.borrow_mut();
        match trips.get_mut(index) {
            Some(trip) if trip.provided == 0 => {
                trip.provided = now;
                self.provided.set(self.provided.get() + 1);
            }
            _ => self.failed(format!("the provider was sent an answer twice: {text}")),
        }
        index
    }

    pub fn accepted(&self) {
        self.accepted.set(self.accepted.get() + 1);
    }

    pub fn answers(&self) -> bool {
        self.answers.get()
    }

    pub fn next_request(&self) -> u64 {
        self.requests.set(self.requests.get() + 1);
        self.requests.get()
    }

    /// Notes what must not happen; a run with such a note has no figures.
    pub fn failed(&self, what: String) {
        let mut failures = self.failures.borrow_mut();
        if failures.len() < 100 {
            failures.push(what);
        }
    }

    fn check(&self) -> anyhow::Result<()> {
        let failures = self.failures.borrow();
        match failures.first() {
            None => Ok(()),
            Some(first) => bail!("{} failure(s), the first: {first}", failures.len()),
        }
    }

    fn begin(&self, answers: bool) {
        self.first.set(self.trips.borrow().len());
        self.framed.set(0);
        self.provided.set(0);
        self.accepted.set(0);
        self.answers.set(answers);
    }

    /// A new message, due now or when it should have been.
    fn next(&self, due: u64) -> usize {
        let mut trips = self.trips.borrow_mut();
        trips.push(Trip { due, ..Trip::default() });
        trips.len() - 1
    }

    /// Messages of customers so far, of all phases.
    pub fn written(&self) -> usize {
        self.trips.borrow().len()
    }

    fn sent(&self) -> usize {
        self.trips.borrow().len() - self.first.get()
    }

    fn finished(&self) -> usize {
        if self.answers.get() { self.provided.get() } else { self.framed.get() }
    }

    /// Waits until every message sent in this phase has gone its way.
    async fn drain(&self) -> anyhow::Result<()> {
        let patience = Instant::now() + Duration::from_secs(30);
        while self.finished() < self.sent() {
            self.check()?;
            if Instant::now() > patience {
                bail!("{} of {} messages never arrived", self.sent() - self.finished(), self.sent());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        self.check()
    }
}

/// `m000000123 …` → 123.
fn number(text: &str, mark: char) -> Option<usize> {
    text.strip_prefix(mark)?.get(..9)?.parse().ok()
}

/// A message is posted only while fewer than this many are under way, so that no queue grows without end.
const UNFINISHED_MAX: usize = 1024;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Customers who have a conversation write: to the agent's socket.
    Inbound,
    /// The same, and the agent answers: to the provider.
    RoundTrip,
    /// Customers never seen before write; each is routed, offered and accepted.
    NewCustomers,
}

/// What a server did when it was given all it could take.
#[derive(Clone, Copy)]
pub struct Rate {
    pub per_second: f64,
    pub cpu_per_10k: f64,
    /// The share of its core that the generator used: near 1, the figure is the generator's.
    pub generator: f64,
}

/// Milliseconds: half were quicker, one in a hundred was slower, the slowest.
#[derive(Clone, Copy)]
pub struct Times {
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

/// What a server did at a fixed rate, from when each message was due.
#[derive(Clone, Copy)]
pub struct Paced {
    pub to_agent: Times,
    pub to_provider: Times,
    pub cpu_per_10k: f64,
}

pub struct Load<'a> {
    pub board: Rc<Board>,
    pub address: SocketAddr,
    pub server: &'a Process,
    pub customers: usize,
    pub in_flight: usize,
}

impl Load<'_> {
    /// Every customer writes once, so that each has a conversation with an agent.
    pub async fn warm_up(&self, offers: bool) -> anyhow::Result<()> {
        self.board.begin(false);
        let posted = Rc::new(Cell::new(0));
        let mut tasks = Vec::new();
        for _ in 0..self.in_flight {
            let (board, posted, address, customers) =
                (Rc::clone(&self.board), Rc::clone(&posted), self.address, self.customers);
            tasks.push(tokio::task::spawn_local(write_once(board, posted, address, customers)));
        }
        for task in tasks {
            task.await??;
        }
        self.board.drain().await.context("first messages")?;
        let patience = Instant::now() + Duration::from_secs(30);
        while offers && self.board.accepted.get() < self.customers {
            ensure!(Instant::now() < patience, "only {} offers accepted", self.board.accepted.get());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        self.board.customers.set(self.customers);
        self.board.check()
    }

    /// As much as it takes, with a fixed number of posts in flight.
    pub async fn saturate(&self, kind: Kind, seconds: f64) -> anyhow::Result<Rate> {
        self.board.begin(kind == Kind::RoundTrip);
        let stop = Rc::new(Cell::new(false));
        let mut tasks = Vec::new();
        for _ in 0..self.in_flight {
            let (board, stop, address, customers) =
                (Rc::clone(&self.board), Rc::clone(&stop), self.address, self.customers);
            tasks.push(tokio::task::spawn_local(press(board, stop, kind, address, customers)));
        }
        tokio::time::sleep(Duration::from_millis(700)).await;
        let before = (Instant::now(), self.board.finished(), self.server.cpu_seconds()?, own_cpu_seconds()?);
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        let count = to_f64(self.board.finished() - before.1);
        let elapsed = before.0.elapsed().as_secs_f64();
        let cpu = self.server.cpu_seconds()? - before.2;
        let generator = (own_cpu_seconds()? - before.3) / elapsed;
        stop.set(true);
        for task in tasks {
            task.await??;
        }
        self.board.drain().await?;
        ensure!(count > 0.0, "nothing arrived in {seconds} s");
        Ok(Rate { per_second: count / elapsed, cpu_per_10k: cpu / count * 10_000.0, generator })
    }

    /// Round trips at a fixed rate, whatever the server does meanwhile.
    pub async fn paced(&self, rate: u32, seconds: f64) -> anyhow::Result<Paced> {
        self.board.begin(true);
        let (ticks, mut due) = mpsc::unbounded_channel();
        let start = Instant::now() + Duration::from_millis(50);
        let offset = u64::try_from((start - self.board.epoch).as_nanos())?;
        let interval = Duration::from_secs(1) / rate;
        let count = (f64::from(rate) * seconds) as u32;
        // A thread of its own: the runtime's timers are good to a millisecond only.
        std::thread::spawn(move || pace(start, interval, count, &ticks));
        let idle: Rc<RefCell<Vec<Connection>>> = Rc::default();
        let cpu = self.server.cpu_seconds()?;
        while let Some(tick) = due.recv().await {
            let due = offset + u64::try_from((interval * tick).as_nanos())?;
            let (board, idle, address) = (Rc::clone(&self.board), Rc::clone(&idle), self.address);
            let customer = board.trips.borrow().len() % self.customers;
            tokio::task::spawn_local(async move {
                let posted = post_at(&board, &idle, address, customer, due).await;
                posted.unwrap_or_else(|error| board.failed(error.to_string()));
            });
        }
        self.board.drain().await?;
        let cpu = self.server.cpu_seconds()? - cpu;
        let trips = self.board.trips.borrow();
        let trips = trips.get(self.board.first.get()..).unwrap_or_default();
        Ok(Paced {
            to_agent: times(trips.iter().map(|trip| trip.framed.saturating_sub(trip.due))),
            to_provider: times(trips.iter().map(|trip| trip.provided.saturating_sub(trip.due))),
            cpu_per_10k: cpu / to_f64(trips.len()) * 10_000.0,
        })
    }
}

/// Posts the first messages of the customers that nobody else of this phase has taken.
async fn write_once(
    board: Rc<Board>,
    posted: Rc<Cell<usize>>,
    address: SocketAddr,
    customers: usize,
) -> anyhow::Result<()> {
    let mut connection = Connection::open(address).await?;
    while posted.get() < customers {
        let customer = posted.replace(posted.get() + 1);
        post(&board, &mut connection, customer, board.now()).await?;
    }
    Ok(())
}

/// Posts one message after the other until told to stop.
async fn press(
    board: Rc<Board>,
    stop: Rc<Cell<bool>>,
    kind: Kind,
    address: SocketAddr,
    customers: usize,
) -> anyhow::Result<()> {
    let mut connection = Connection::open(address).await?;
    while !stop.get() {
        if board.sent() - board.finished() > UNFINISHED_MAX {
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
        }
        let customer = if kind == Kind::NewCustomers {
            board.customers.replace(board.customers.get() + 1)
        } else {
            board.trips.borrow().len() % customers
        };
        post(&board, &mut connection, customer, board.now()).await?;
    }
    Ok(())
}

/// Posts over a connection that is free, or over a new one.
async fn post_at(
    board: &Board,
    idle: &RefCell<Vec<Connection>>,
    address: SocketAddr,
    customer: usize,
    due: u64,
) -> anyhow::Result<()> {
    let waiting = idle.borrow_mut().pop();
    let mut connection = match waiting {
        Some(connection) => connection,
        None => Connection::open(address).await?,
    };
    post(board, &mut connection, customer, due).await?;
    idle.borrow_mut().push(connection);
    Ok(())
}

async fn post(board: &Board, connection: &mut Connection, customer: usize, due: u64) -> anyhow::Result<()> {
    let index = board.next(due);
    let status = connection.deliver(&webhook::body(index, customer)).await?;
    ensure!(status == 200, "a webhook was answered {status}: {}", connection.said());
    Ok(())
}

fn pace(start: Instant, interval: Duration, count: u32, ticks: &mpsc::UnboundedSender<u32>) {
    const SPIN: Duration = Duration::from_micros(80);
    for tick in 0..count {
        let due = start + interval * tick;
        let left = due.saturating_duration_since(Instant::now());
        std::thread::sleep(left.saturating_sub(SPIN));
        while Instant::now() < due {
            std::hint::spin_loop();
        }
        if ticks.send(tick).is_err() {
            break;
        }
    }
}

fn times(nanoseconds: impl Iterator<Item = u64>) -> Times {
    let mut sorted: Vec<u64> = nanoseconds.collect();
    sorted.sort_unstable();
    let at = |share: f64| {
        let place = (to_f64(sorted.len().saturating_sub(1)) * share).round() as usize;
        sorted.get(place).map_or(0.0, |nanoseconds| Duration::from_nanos(*nanoseconds).as_secs_f64() * 1000.0)
    };
    Times { p50: at(0.5), p99: at(0.99), max: at(1.0) }
}

fn to_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_marked_once() {
        let board = Board::new();
        board.begin(true);
        assert_eq!(board.next(0), 0);
        assert_eq!(board.framed("m000000000 a question"), Some(0));
        assert_eq!(board.framed("m000000000 a question"), None);
        assert_eq!(board.framed("m000000001 never sent"), None);
        assert_eq!(board.framed("hello"), None);
        assert_eq!((board.sent(), board.finished()), (1, 0));
        board.provided("r000000000 an answer");
        assert_eq!(board.finished(), 1);
        assert!(board.check().is_ok());
        board.provided("r000000000 an answer");
        assert!(board.check().is_err());
    }

    #[test]
    fn percentiles_are_those_of_the_list() {
        let times = times((0..=100).map(|milliseconds| milliseconds * 1_000_000));
        assert!(
            (times.p50 - 50.0).abs() < 1e-9
                && (times.p99 - 99.0).abs() < 1e-9
                && (times.max - 100.0).abs() < 1e-9
        );
    }
}
