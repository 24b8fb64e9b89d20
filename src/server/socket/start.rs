//! `session.start`: a snapshot to begin with, or going on after a cursor.

use crate::domain::AgentId;
use crate::engine::{Answer, Caller, Command, Input, Snapshot};
use crate::protocol::params::SessionStart;
use crate::protocol::{self, Cursor, ErrorShape, SessionStarted, Word};
use serde_json::value::RawValue;

use super::super::app::App;
use super::super::lane::Close;
use super::super::wire;
use super::catch_up::CatchUp;
use super::task::{Flow, Task};

/// Further behind than this, a snapshot is cheaper than the events.
const BEHIND_MAX: i64 = 10_000;

/// Starts the session and puts the answer on its way.
pub(super) async fn start(task: &mut Task, id: &RawValue, params: SessionStart) {
    // From before the engine makes the snapshot, so that nothing falls between the two.
    task.lane.gather();
    let snapshot = match ask(&task.app, task.caller).await {
        Ok(snapshot) => snapshot,
        Err(error) => {
            task.lane.ignore();
            task.answers.push_back(protocol::error(Some(id), &error).into());
            return;
        }
    };
    task.started = true;
    let queues = snapshot.queues.iter().map(|queue| queue.skill.clone()).collect();
    task.app.sessions.set_queues(task.caller, queues);
    let resumed = match params.cursor {
        None => None,
        Some(text) => Some(place(&task.app, &text, snapshot.cursor).await),
    };
    let text = protocol::answer(id, started(&task.app, &snapshot, resumed.as_ref()));
    task.answers.push_back(text.into());
    if let Some(Ok((from, to))) = resumed {
        task.lane.catch_up(to);
        task.catch_up = Some(CatchUp { cursor: from, snapshot });
    } else {
        task.lane.begin_after(snapshot.cursor);
    }
}

/// Announces the agent to a world that was loaded again.
pub(super) async fn announce(task: &mut Task) -> Flow {
    match ask(&task.app, task.caller).await {
        Ok(_) => Flow::On,
        // The client comes back and starts anew.
        Err(_) => Flow::Close(Close::RESTARTING),
    }
}

async fn ask(app: &App, caller: Caller) -> Result<Box<Snapshot>, ErrorShape<'static>> {
    let input = Input::Command { caller, request: None, command: Command::StartSession };
    match app.desk.ask(input).await {
        Ok(Answer::Session(snapshot)) => Ok(snapshot),
        Ok(_) => Err(super::super::dispatch::unexpected()),
        Err(refusal) => Err(refusal.into()),
    }
}

/// From where to where events are to be caught up, or why they can't be.
async fn place(app: &App, text: &str, now_at: i64) -> Result<(i64, i64), &'static str> {
    let Some(Cursor(from)) = Cursor::read(text) else { return Err("unknown_cursor") };
    let (oldest, newest) = app.desk.store().event_bounds().await.map_err(|error| {
        tracing::warn!(%error, "a socket can't resume, it gets a snapshot");
        "too_old"
    })?;
    let to = newest.max(now_at);
    match from {
        _ if from > to => Err("unknown_cursor"),
        _ if from < oldest - 1 => Err("too_old"),
        _ if to - from > BEHIND_MAX => Err("too_far"),
        _ => Ok((from, to)),
    }
}

fn started<'a>(
    app: &'a App,
    it: &'a Snapshot,
    resumed: Option<&Result<(i64, i64), &'static str>>,
) -> SessionStarted<'a> {
    let begin = SessionStarted {
        resumed: None,
        reason: None,
        from: None,
        to: None,
        agent: wire::myself(it),
        permissions: it.permissions.iter().copied().map(Word).collect(),
        kinds: it.kinds.iter().copied().map(Word).collect(),
        cursor: None,
        snapshot: None,
    };
    match resumed {
        Some(Ok((from, to))) => SessionStarted {
            resumed: Some(true),
            from: Some(Cursor(*from).to_string()),
            to: Some(Cursor(*to).to_string()),
            ..begin
        },
        None | Some(Err(_)) => SessionStarted {
            resumed: resumed.map(|_| false),
            reason: resumed.and_then(|place| place.err()),
            cursor: Some(Cursor(it.cursor).to_string()),
            snapshot: Some(wire::snapshot(&app.channels, it, &app.options.unavailable_reasons)),
            ..begin
        },
    }
}

/// What the snapshot knows of a colleague.
pub(super) fn colleague(it: &Snapshot, agent_id: AgentId) -> Option<(&crate::domain::Agent, u32)> {
    it.agents.iter().find(|(agent, _)| agent.agent_id == agent_id).map(|(agent, load)| (&**agent, *load))
}
