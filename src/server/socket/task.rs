//! One agent's socket, from hello to close: a single task that reads requests, writes answers and events, and pings.
//!
//! Requests run side by side, but reach the engine in the order they came. Answers and events share the way out; what waits
//! there is bounded by the lane, what is asked by [`PENDING_MAX`].

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt, StreamExt, poll};
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error as WireError, Message, Utf8Bytes};

use super::super::app::App;
use super::super::auth::Who;
use super::super::dispatch::{Served, Via, serve};
use super::super::lane::{Close, Item, Lane, Next};
use super::super::rate::Rate;
use super::super::sessions::Session;
use super::super::upgrade::say_goodbye;
use super::catch_up::{self, CatchUp};
use super::{FRAME_MAX, Wire};
use crate::clock::pause;
use crate::engine::{Caller, Input, RefusalKind};
use crate::protocol::{self, Hello, Moment};
use crate::runtime::Desk;
use crate::telemetry::Kind;

/// How often the server pings.
const HEARTBEAT_SECONDS: u64 = 25;
/// Pings that may stay unanswered.
const MISSED_MAX: u32 = 2;
/// After how many pings the login is looked at again: about ten minutes.
const LOGIN_BEATS: u32 = 24;
/// Requests of one socket under way; more wait in its TCP connection.
const PENDING_MAX: usize = 64;
/// How long nothing may move while there is something to write.
const STUCK_MS: u64 = HEARTBEAT_SECONDS * 1_000 * MISSED_MAX as u64;
/// Frames longer than this are written in pieces, so that one large snapshot does not leave a large buffer behind on
/// every idle socket.
const WHOLE_MAX: usize = 16 * 1024;
const PIECE: usize = 4 * 1024;

/// How a socket's life goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// It does.
    On,
    /// The server closes it.
    Close(Close),
    /// The other side is gone.
    Gone,
}

pub(super) struct Task {
    pub(super) app: Arc<App>,
    pub(super) who: Arc<Who>,
    pub(super) caller: Caller,
    pub(super) lane: Arc<Lane>,
    pub(super) wire: Wire,
    /// Frames to write before those of the lane.
    pub(super) answers: VecDeque<Utf8Bytes>,
    pub(super) started: bool,
    pub(super) catch_up: Option<CatchUp>,
    pending: FuturesUnordered<BoxFuture<'static, Served>>,
    rate: Rate,
    beats: u32,
    missed: u32,
}

/// Serves a socket until it closes.
pub(super) async fn run(app: Arc<App>, who: Who, wire: Wire) {
    let caller = Caller { agent_id: who.agent_id, session: app.sessions.number() };
    let lane = Arc::<Lane>::default();
    app.sessions.add(Session {
        caller,
        role: Arc::clone(&who.role),
        login: who.login.clone(),
        lane: Arc::clone(&lane),
        queues: BTreeSet::new(),
    });
    let mut task = Task {
        who: Arc::new(who),
        caller,
        lane,
        wire,
        answers: VecDeque::new(),
        started: false,
        catch_up: None,
        pending: FuturesUnordered::new(),
        rate: Rate::default(),
        beats: 0,
        missed: 0,
        app,
    };
    let end = task.live().await;
    task.app.sessions.remove(caller);
    if task.started {
        task.app.desk.tell(Input::Disconnected { caller });
    }
    if let Flow::Close(close) = end {
        task.app.desk.metrics().sockets_closed.get_or_create(&Kind { kind: close.kind() }).inc();
        say_goodbye(&mut task.wire, close).await;
    }
}

impl Task {
    async fn live(&mut self) -> Flow {
        let hello = Hello {
            protocol: 1,
            heartbeat_seconds: HEARTBEAT_SECONDS,
            max_frame_bytes: FRAME_MAX,
            time: Moment(self.app.desk.clock().now()),
        };
        self.answers.push_back(protocol::notification("hello", hello).into());
        let mut beat = Box::pin(pause(HEARTBEAT_SECONDS * 1_000));
        loop {
            let flow = self.write().await;
            if flow != Flow::On {
                return flow;
            }
            if self.catch_up.is_some() {
                catch_up::page(self).await;
                continue;
            }
            let lane = Arc::clone(&self.lane);
            let room = self.pending.len() < PENDING_MAX;
            let flow = tokio::select! {
                incoming = self.wire.next(), if room => self.incoming(incoming).await,
                Some(served) = self.pending.next(), if !self.pending.is_empty() => self.served(served).await,
                () = lane.rung() => self.looked_after().await,
                () = &mut beat => {
                    beat = Box::pin(pause(HEARTBEAT_SECONDS * 1_000));
                    self.beat().await
                }
            };
            if flow != Flow::On {
                return flow;
            }
        }
    }

    /// Writes everything that is ready, unless the socket is to be closed or nothing moves for long.
    async fn write(&mut self) -> Flow {
        let lane = Arc::clone(&self.lane);
        let flow = tokio::select! {
            biased;
            flow = write_ready(&self.app, &mut self.wire, &mut self.answers, &lane) => flow,
            close = lane.closed() => Flow::Close(close),
            () = pause(STUCK_MS) => Flow::Gone,
        };
        if self.answers.capacity() > PENDING_MAX && self.answers.is_empty() {
            self.answers = VecDeque::new();
        }
        flow
    }

    async fn incoming(&mut self, incoming: Option<Result<Message, WireError>>) -> Flow {
        self.missed = 0;
        match incoming {
            Some(Ok(Message::Text(text))) => self.request(text).await,
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => Flow::Close(Close::NOT_TEXT),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Flow::On,
            Some(Err(WireError::Capacity(CapacityError::MessageTooLong { .. }))) => {
                Flow::Close(Close::TOO_LARGE)
            }
            Some(Err(WireError::Utf8(_))) => Flow::Close(Close::NOT_UTF8),
            Some(Err(WireError::Protocol(_))) => Flow::Close(Close::NOT_WEBSOCKET),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Flow::Gone,
        }
    }

    async fn request(&mut self, text: Utf8Bytes) -> Flow {
        if !self.rate.take(self.app.desk.clock().now()) {
            return Flow::Close(Close::TOO_MANY);
        }
        let (app, who) = (Arc::clone(&self.app), Arc::clone(&self.who));
        let via = Via::Socket { session: self.caller.session, started: self.started };
        let mut served: BoxFuture<'static, Served> =
            Box::pin(async move { serve(&app, &who, via, text.as_str()).await });
        // Begun at once, so that requests reach the engine in the order they came.
        match poll!(&mut served) {
            Poll::Ready(served) => self.served(served).await,
            Poll::Pending => {
                self.pending.push(served);
                Flow::On
            }
        }
    }

    async fn served(&mut self, served: Served) -> Flow {
        match served {
            Served::Frame(text) => self.answers.push_back(text.into()),
            Served::Nothing => {}
            Served::Start { id, params } => super::start::start(self, &id, params).await,
            Served::LoginEnded => return Flow::Close(Close::UNAUTHENTICATED),
        }
        Flow::On
    }

    /// The lane rang: frames are written by the next turn; the rest is done here.
    async fn looked_after(&mut self) -> Flow {
        if self.lane.take_announcement() && self.started {
            return super::start::announce(self).await;
        }
        Flow::On
    }

    async fn beat(&mut self) -> Flow {
        if self.missed >= MISSED_MAX {
            return Flow::Close(Close::GONE);
        }
        self.missed += 1;
        self.beats += 1;
        if self.beats.is_multiple_of(LOGIN_BEATS) {
            self.pending.push(Box::pin(look_at_login(self.app.desk.clone(), self.who.login.clone())));
        }
        match self.wire.feed(Message::Ping(Bytes::new())).await {
            Ok(()) => Flow::On,
            Err(_) => Flow::Gone,
        }
    }
}

async fn look_at_login(desk: Desk, hash: String) -> Served {
    let known = desk.ask(Input::Authenticate { hash }).await;
    let ended = known.is_err_and(|refusal| refusal.kind == RefusalKind::NotFound);
    if ended { Served::LoginEnded } else { Served::Nothing }
}

async fn write_ready(app: &App, wire: &mut Wire, answers: &mut VecDeque<Utf8Bytes>, lane: &Lane) -> Flow {
    loop {
        let text = match answers.pop_front() {
            Some(text) => Some(text),
            None => match lane.next() {
                Next::Item(Item::Frame(text) | Item::Counters(_, text)) => Some(text),
                Next::Item(Item::Gain(row)) => catch_up::gained(app, &row).await,
                Next::Close(close) => return Flow::Close(close),
                Next::Nothing => break,
            },
        };
        if let Some(text) = text
            && write_frame(wire, text).await.is_err()
        {
            return Flow::Gone;
        }
    }
    // One system call for everything that was ready.
    match wire.flush().await {
        Ok(()) => Flow::On,
        Err(_) => Flow::Gone,
    }
}

async fn write_frame(wire: &mut Wire, text: Utf8Bytes) -> Result<(), WireError> {
    if text.len() <= WHOLE_MAX {
        return wire.feed(Message::Text(text)).await;
    }
    let mut rest = Bytes::from(text);
    let mut opcode = OpCode::Data(Data::Text);
    while !rest.is_empty() {
        let piece = rest.split_to(rest.len().min(PIECE));
        wire.feed(Message::Frame(Frame::message(piece, opcode, rest.is_empty()))).await?;
        opcode = OpCode::Data(Data::Continue);
    }
    Ok(())
}
