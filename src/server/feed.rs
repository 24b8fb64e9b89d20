//! Brings committed events to the sockets that may see them, in commit order, each written once for all its readers.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::app::App;
use super::lane::{Close, Item, Lane};
use super::recent::Recent;
use super::wire::{self, Told, event_frame};
use crate::clock::pause;
use crate::domain::{AgentId, SkillId, Time};
use crate::engine::{Batch, Caller, Effect, EventKind, EventRow, Input, Queue, RefusalKind};
use crate::protocol::{self, EventBody, Moment};
use crate::runtime::{Desk, News};

/// How long counters are gathered before they are told; people don't read faster.
const COUNTERS_MS: u64 = 250;

/// Events told before the sockets get a turn to write them, so that a large batch makes nobody look slow who is not.
const ROWS_AT_ONCE: usize = 32;

/// Follows the news until the desk ends.
pub(crate) async fn run(app: Arc<App>, mut news: mpsc::Receiver<News>) {
    let mut feed = Feed { app, recent: Recent::default(), counters: BTreeMap::new() };
    let mut gathered = Box::pin(pause(COUNTERS_MS));
    let mut gathering = false;
    loop {
        tokio::select! {
            next = news.recv() => match next {
                Some(News::Committed(batch)) => feed.committed(&batch).await,
                Some(News::Reloaded) => feed.app.sessions.announce_all(),
                None => return,
            },
            () = &mut gathered, if gathering => {
                feed.tell_counters();
                gathering = false;
            }
        }
        if !gathering && !feed.counters.is_empty() {
            gathered = Box::pin(pause(COUNTERS_MS));
            gathering = true;
        }
    }
}

struct Feed {
    app: Arc<App>,
    recent: Recent,
    counters: BTreeMap<SkillId, Queue>,
}

impl Feed {
    async fn committed(&mut self, batch: &Batch) {
        for (at, row) in batch.events.iter().chain(&batch.passing).enumerate() {
            if at % ROWS_AT_ONCE == ROWS_AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
            self.recent.observe(row);
            self.app.scripts.observe(row);
            self.app.visits.observe(row);
            self.deliver(row);
        }
        for queue in &batch.queues {
            self.counters.insert(queue.skill.clone(), queue.clone());
        }
        for effect in &batch.effects {
            if let Effect::CloseSockets { agent_id } = effect {
                self.revoke(*agent_id);
            }
            let ended = if let Effect::CloseLogins { hashes } = effect { hashes.as_slice() } else { &[] };
            for hash in ended {
                self.app.sessions.close_login(hash, Close::UNAUTHENTICATED);
            }
        }
    }

    fn deliver(&self, row: &EventRow) {
        let gainer = gainer(&row.event.kind);
        let author = author(&row.event.kind);
        // Written when the first reader is found: most events of a busy desk have one, some have none.
        let mut plain: Option<Option<Utf8Bytes>> = None;
        let mut enriched: Option<Item> = None;
        let mut told = 0;
        self.app.sessions.for_audience(&row.event.audience, |session| {
            if author == Some(session.caller) {
                return;
            }
            let item = if gainer == Some(session.caller.agent_id) {
                Some(enriched.get_or_insert_with(|| self.gain(row)).clone())
            } else {
                plain.get_or_insert_with(|| self.frame(row)).clone().map(Item::Frame)
            };
            if let Some(item) = item {
                session.lane.push(row.event.seq, item);
                told += 1;
            }
        });
        self.app.desk.metrics().frames.inc_by(told);
    }

    fn frame(&self, row: &EventRow) -> Option<Utf8Bytes> {
        event_frame(&self.app.channels, &Told::from(row)).map(Utf8Bytes::from)
    }

    /// What the agent into whose inbox it came is told: the event with the last messages.
    fn gain(&self, row: &EventRow) -> Item {
        let known = row.event.interaction_id.and_then(|interaction_id| self.recent.of(interaction_id));
        let Some(messages) = known else { return Item::Gain(Box::new(row.clone())) };
        let told = Told { messages: Some(messages), ..Told::from(row) };
        event_frame(&self.app.channels, &told)
            .map_or_else(|| Item::Gain(Box::new(row.clone())), |text| Item::Frame(text.into()))
    }

    fn tell_counters(&mut self) {
        let now = self.app.desk.clock().now();
        for (skill, queue) in std::mem::take(&mut self.counters) {
            let frame = Utf8Bytes::from(counters_frame(&queue, now));
            self.app.sessions.for_queue(&skill, |session| {
                session.lane.push(0, Item::Counters(skill.clone(), frame.clone()));
            });
        }
    }

    /// An agent's rights changed: its sockets start afresh, or log in again if their login has ended.
    fn revoke(&self, agent_id: AgentId) {
        self.app.sessions.for_agent(agent_id, |session| {
            let (desk, lane, hash) =
                (self.app.desk.clone(), Arc::clone(&session.lane), session.login.clone());
            tokio::spawn(close_revoked(desk, lane, hash));
        });
    }
}

async fn close_revoked(desk: Desk, lane: Arc<Lane>, hash: String) {
    let known = desk.ask(Input::Authenticate { hash }).await;
    let ended = known.is_err_and(|refusal| refusal.kind == RefusalKind::NotFound);
    lane.close(if ended { Close::UNAUTHENTICATED } else { Close::AFRESH });
}

/// Who sees an interaction from an event on.
pub(crate) fn gainer(kind: &EventKind) -> Option<AgentId> {
    if let EventKind::InteractionOffered { agent_id }
    | EventKind::InteractionAssigned { agent_id }
    | EventKind::InteractionConsultStarted { agent_id, .. } = kind
    {
        Some(*agent_id)
    } else {
        None
    }
}

/// The socket that needs not be told: it wrote this itself.
fn author(kind: &EventKind) -> Option<Caller> {
    if let EventKind::DraftChanged { agent_id, session } = kind {
        Some(Caller { agent_id: *agent_id, session: *session })
    } else {
        None
    }
}

fn counters_frame(queue: &Queue, now: Time) -> String {
    let body = EventBody::QueueChanged { queue: wire::queue(queue) };
    let event = protocol::Event { cursor: None, time: Moment(now), interaction_id: None, body };
    protocol::notification("event", event)
}
