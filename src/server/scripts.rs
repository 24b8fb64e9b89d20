//! What clients see of the installation's scripts: which generation decides, and what is wrong with newer ones.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::value::RawValue;

use super::app::App;
use super::dispatch::unexpected;
use super::wire::script_error;
use crate::domain::Time;
use crate::engine::{EventKind, EventRow, PolicyError};
use crate::protocol::{self, ErrorShape, Moment, Script, Scripts};

/// Characters of a source's fingerprint that are shown.
const HASH_SHOWN: usize = 12;

/// How the newest sources fared, as the events tell.
#[derive(Debug)]
pub(crate) struct ScriptsState(Mutex<State>);

#[derive(Debug)]
struct State {
    since: Time,
    errors: Vec<PolicyError>,
}

impl ScriptsState {
    pub(crate) fn new(now: Time) -> Self {
        Self(Mutex::new(State { since: now, errors: Vec::new() }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows what happens.
    pub(crate) fn observe(&self, row: &EventRow) {
        if let EventKind::PolicyChanged { errors, .. } = &row.event.kind {
            *self.lock() = State { since: row.event.time, errors: errors.clone() };
        }
    }
}

/// The frame with the scripts' state; with `reload`, after they were read again.
pub(crate) async fn state(app: &App, id: &RawValue, reload: bool) -> Result<String, ErrorShape<'static>> {
    let host = app.desk.scripts().ok_or_else(unexpected)?;
    if reload {
        app.desk.reload_scripts().await;
    }
    let sources = host.sources();
    let hashes: Vec<(&str, String)> = sources
        .files
        .iter()
        .map(|(name, text)| (name.as_str(), super::auth::digest(text).chars().take(HASH_SHOWN).collect()))
        .collect();
    let state = app.scripts.lock();
    let shown = Scripts {
        generation: host.generation(),
        state: if state.errors.is_empty() { "live" } else { "refused" },
        since: Some(Moment(state.since)),
        scripts: hashes.iter().map(|(name, hash)| Script { name, hash }).collect(),
        errors: state.errors.iter().map(script_error).collect(),
    };
    Ok(protocol::answer(id, shown))
}
