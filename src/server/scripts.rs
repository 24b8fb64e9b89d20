//! What clients see of the installation's scripts: which generation decides, what is wrong with newer ones, and how they are
//! changed from afar.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::value::RawValue;

use super::app::App;
use super::dispatch::{invalid, unexpected};
use super::wire::script_error;
use crate::domain::Time;
use crate::engine::{EventKind, EventRow, PolicyError, Refusal, RefusalKind};
use crate::lua::{self, Report};
use crate::protocol::params::{DraftScript, OfGeneration, OfScript, SaveScript};
use crate::protocol::{self, ErrorShape, Moment, Script, ScriptSource, Scripts, TriedScript};
use crate::runtime::NotWritten;

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
    let hashes: Vec<(&str, String)> =
        sources.files.iter().map(|(name, text)| (name.as_str(), hash(text))).collect();
    let state = app.scripts.lock();
    let shown = Scripts {
        generation: host.generation(),
        state: if state.errors.is_empty() { "live" } else { "refused" },
        since: Some(Moment(state.since)),
        scripts: hashes.iter().map(|(name, hash)| Script { name, hash }).collect(),
        errors: state.errors.iter().map(script_error).collect(),
        generations: host.generations(),
    };
    Ok(protocol::answer(id, shown))
}

type Frame = Result<String, ErrorShape<'static>>;

fn hash(text: &str) -> String {
    super::auth::digest(text).chars().take(HASH_SHOWN).collect()
}

/// A script's name, or why it is none.
fn named(name: &str) -> Result<(), ErrorShape<'static>> {
    if lua::is_name(name) {
        return Ok(());
    }
    Err(invalid("name", "A script is called such as scripts/routing.lua".to_owned()))
}

/// A script's source, as the folder has it.
pub(crate) async fn read(app: &App, id: &RawValue, params: &OfScript) -> Frame {
    named(&params.name)?;
    let drafts = app.desk.script_drafts().await;
    let missing = || Refusal::new(RefusalKind::NotFound, format!("There is no script {}", params.name));
    let text = drafts.files.get(&params.name).ok_or_else(missing)?;
    Ok(protocol::answer(id, ScriptSource { name: &params.name, text, hash: &hash(text) }))
}

/// What is wrong with a draft.
pub(crate) async fn check(app: &App, id: &RawValue, params: DraftScript) -> Frame {
    let DraftScript { name, text } = params;
    named(&name)?;
    let report = app.desk.try_script(name, text).await;
    tried(app, id, &report, false)
}

/// Writes a script and puts it live, if it is good. Says whether it was, too.
pub(crate) async fn save(
    app: &App,
    id: &RawValue,
    params: SaveScript,
) -> Result<(bool, String), ErrorShape<'static>> {
    let SaveScript { name, text, hash: begun } = params;
    named(&name)?;
    let same = |now: Option<&str>| now.map(hash) == begun;
    match app.desk.save_script(name, text, same).await {
        Ok(report) => Ok((true, tried(app, id, &report, true)?)),
        Err(NotWritten::Broken(report)) => Ok((false, tried(app, id, &report, false)?)),
        Err(error) => Err(not_written(&error)),
    }
}

/// Puts an older generation live again.
pub(crate) async fn roll_back(app: &App, id: &RawValue, params: &OfGeneration) -> Frame {
    app.desk.roll_scripts_back(params.generation).await.map_err(|error| not_written(&error))?;
    state(app, id, false).await
}

fn tried(app: &App, id: &RawValue, report: &Report, saved: bool) -> Frame {
    let host = app.desk.scripts().ok_or_else(unexpected)?;
    let errors = report.errors.iter().map(script_error).collect();
    Ok(protocol::answer(
        id,
        TriedScript { errors, passed: report.passed, saved, generation: host.generation() },
    ))
}

fn not_written(error: &NotWritten) -> ErrorShape<'static> {
    let refusal = match error {
        NotWritten::NoFolder => Refusal::new(
            RefusalKind::Unsupported,
            "The folder of scripts is not watched here: change the files and restart",
        ),
        NotWritten::Changed => {
            Refusal::new(RefusalKind::Invalid, "Somebody else changed this script meanwhile; read it again")
                .field("hash")
        }
        NotWritten::Broken(report) => Refusal::new(RefusalKind::Invalid, report.lines().join("; ")),
        NotWritten::NotKept => {
            Refusal::new(RefusalKind::NotFound, "That generation is not kept; see generations")
        }
        NotWritten::Failed(error) => {
            tracing::error!(%error, "scripts can't be written");
            Refusal::new(RefusalKind::Unavailable, format!("The folder of scripts can't be written: {error}"))
        }
    };
    refusal.into()
}
