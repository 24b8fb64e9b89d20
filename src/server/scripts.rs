//! What clients see of the installation's scripts: quick replies, and which generation decides.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::value::RawValue;

use super::app::App;
use super::dispatch::unexpected;
use super::wire::script_error;
use crate::domain::Time;
use crate::engine::{EventKind, EventRow, PolicyError};
use crate::lua::{Localized, QuickReplyBody};
use crate::protocol::{self, ErrorShape, Moment, QuickReplies, QuickReply, Script, Scripts};

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

/// One of the languages it has: the installation's, or the first.
fn in_language<'a>(texts: &'a Localized, language: &str) -> &'a str {
    let found = texts.get(language).or_else(|| texts.get("")).or_else(|| texts.values().next());
    found.map_or("", String::as_str)
}

/// The frame with the quick replies that hold `search` in title, text, shortcut or tags.
pub(crate) fn quick_replies(app: &App, id: &RawValue, search: Option<&str>) -> String {
    let Some(host) = app.desk.scripts() else {
        return protocol::answer(id, QuickReplies { quick_replies: Vec::new() });
    };
    let (replies, language) = (host.quick_replies(), host.default_language());
    let wanted = search.unwrap_or_default().trim().trim_start_matches('/').to_lowercase();
    let shown = replies.iter().filter_map(|reply| {
        // Templates have a form of their own.
        let QuickReplyBody::Text { text } = &reply.body else { return None };
        let (title, text) = (in_language(&reply.title, &language), in_language(text, &language));
        let shortcut = reply.shortcut.as_deref();
        let mut places = [title, text, shortcut.unwrap_or_default()]
            .into_iter()
            .chain(reply.tags.iter().map(String::as_str));
        let found = places.any(|place| place.to_lowercase().contains(&wanted));
        found.then_some(QuickReply { quick_reply_id: &reply.quick_reply_id, title, text, shortcut })
    });
    protocol::answer(id, QuickReplies { quick_replies: shown.collect() })
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
