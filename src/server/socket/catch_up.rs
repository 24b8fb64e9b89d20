//! Tells a socket what it missed, page by page from the log, at the pace at which it reads.

use std::sync::Arc;

use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::super::app::App;
use super::super::feed::gainer;
use super::super::recent::MESSAGES;
use super::super::wire::{Told, event_frame};
use super::start::colleague;
use super::task::Task;
use crate::clock::pause;
use crate::domain::{AgentId, InteractionId, Message, Permission};
use crate::engine::{EventKind, EventRow, Snapshot};
use crate::port::LoggedEvent;

/// Events read at a time.
const PAGE: u32 = 200;
/// How long to wait before looking for an event again that was announced and is not readable yet.
const AGAIN_MS: u64 = 20;

/// How far a socket has caught up, with what the log does not hold.
pub(super) struct CatchUp {
    pub(super) cursor: i64,
    pub(super) snapshot: Box<Snapshot>,
}

/// Reads the next page and puts its frames on their way; at the end the socket goes live.
pub(super) async fn page(task: &mut Task) {
    let Some(CatchUp { cursor, snapshot }) = task.catch_up.take() else { return };
    // Noted before the log is read: it has at least these.
    let noted = task.lane.noted();
    let (supervises, administers) =
        (task.who.role.may(Permission::Supervise), task.who.role.may(Permission::Administer));
    let read =
        task.app.desk.store().events_after(cursor, task.caller.agent_id, supervises, administers, PAGE);
    let (events, looked_to) = match read.await {
        Ok(page) => page,
        Err(error) => {
            tracing::warn!(%error, "a socket can't catch up now, it is to come again");
            task.lane.close(super::super::lane::Close::RESTARTING);
            return;
        }
    };
    let whole = u32::try_from(events.len()).is_ok_and(|n| n < PAGE);
    let read_to = if whole { looked_to.max(noted) } else { looked_to };
    for logged in &events {
        if let Some(text) = frame(&task.app, task.caller.agent_id, &snapshot, logged).await {
            task.answers.push_back(text.into());
        }
    }
    if !task.lane.go_live(read_to) {
        if events.is_empty() && read_to <= cursor {
            pause(AGAIN_MS).await;
        }
        task.catch_up = Some(CatchUp { cursor: read_to, snapshot });
    }
}

async fn frame(app: &App, me: AgentId, snapshot: &Snapshot, logged: &LoggedEvent) -> Option<String> {
    let mut told = Told::from(logged);
    if let EventKind::AgentChanged { agent_id, .. } = logged.event.kind {
        told.agent = colleague(snapshot, agent_id);
    }
    if let EventKind::DraftChanged { .. } = logged.event.kind {
        told.draft =
            snapshot.drafts.iter().find(|draft| Some(draft.interaction_id) == logged.event.interaction_id);
    }
    let messages = match logged.event.interaction_id {
        Some(id) if gainer(&logged.event.kind) == Some(me) => messages(app, id).await,
        Some(_) | None => None,
    };
    told.messages = messages.as_deref();
    event_frame(&app.channels, &told)
}

/// The frame of an interaction that came into this agent's inbox, with its last messages as they are now.
pub(super) async fn gained(app: &App, row: &EventRow) -> Option<Utf8Bytes> {
    let messages = match row.event.interaction_id {
        Some(interaction_id) => messages(app, interaction_id).await,
        None => None,
    };
    let told = Told { messages: messages.as_deref(), ..Told::from(row) };
    event_frame(&app.channels, &told).map(Utf8Bytes::from)
}

/// Without the messages the event still tells of the work; `interaction.history` has them.
async fn messages(app: &App, interaction_id: InteractionId) -> Option<Vec<Arc<Message>>> {
    let limit = u32::try_from(MESSAGES).unwrap_or(u32::MAX);
    match app.desk.store().messages(interaction_id, None, limit).await {
        Ok(page) => Some(page.messages.into_iter().map(Arc::new).collect()),
        Err(error) => {
            tracing::warn!(%error, "the last messages of an interaction can't be read");
            None
        }
    }
}
