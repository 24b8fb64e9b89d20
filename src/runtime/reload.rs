//! Scripts from the folder to life: every save is checked and goes live, or is refused with its reason. It must not know what
//! a script may say; the `lua` room judges, the engine tells.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::Desk;
use crate::engine::{Input, PolicyError};
use crate::lua::{Found, Host, Watch, Watching};

/// The folder of scripts and who watches it.
#[derive(Debug, Default)]
pub(super) struct Folder(Mutex<Option<(PathBuf, Watch)>>);

impl Folder {
    /// Watches `path` for as long as the desk lives.
    pub(super) fn watch(&self, desk: &Desk, host: &Arc<Host>, path: &Path) {
        // What serves now may come with the server, because the folder's set was refused; then the folder's differs.
        let known = Ok((*host.sources()).clone());
        let (told, tried) = (desk.clone(), Arc::clone(host));
        let started =
            crate::lua::watch(path, known, Watching::Events, move |found| try_set(&told, &tried, found));
        match started {
            Ok(watch) => *self.lock() = Some((path.to_owned(), watch)),
            Err(error) => {
                tracing::warn!(%error, "changes of scripts are not noticed; restart the server after an edit");
                desk.tell(Input::Notice {
                    level: "warning".into(),
                    code: "scripts_not_watched".into(),
                    message: format!("Changes of scripts are not noticed ({error}); reload them by hand."),
                });
            }
        }
    }

    /// The folder that is watched.
    pub(super) fn path(&self) -> Option<PathBuf> {
        self.lock().as_ref().map(|(path, _)| path.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(PathBuf, Watch)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tries what was found and tells everybody how it went. Blocks for as long as the set's tests take.
pub(super) fn try_set(desk: &Desk, host: &Host, found: Found) {
    let outcome = found.and_then(|set| host.reload(set));
    desk.tell(changed(host.generation(), outcome));
}

/// The input that tells everybody how a reload ended.
pub(super) fn changed(generation: i64, outcome: Result<i64, Vec<PolicyError>>) -> Input {
    match outcome {
        Ok(generation) => {
            tracing::info!(generation, "scripts are live");
            Input::PolicyChanged { generation, live: true, script: None, errors: Vec::new() }
        }
        Err(errors) => {
            for error in &errors {
                let PolicyError { file, line, column, message } = error;
                tracing::error!(
                    file,
                    line,
                    column,
                    problem = message,
                    "scripts were refused; the last good generation serves on"
                );
            }
            let script = errors.first().map(|error| error.file.clone());
            Input::PolicyChanged { generation, live: false, script, errors }
        }
    }
}
