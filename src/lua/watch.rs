//! Notices that scripts changed, however the editor, the deployment or the container saves them.
//!
//! Folders are watched, never files: an editor that saves by renaming would leave us watching a file that is gone. An
//! event is no news by itself; it means "read everything again and compare".

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::source::{ScriptSet, read_folder};
use crate::engine::PolicyError;

/// What is in the folder: a set, or what keeps it from being one.
pub type Found = Result<ScriptSet, Vec<PolicyError>>;

/// How it is noticed that files changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watching {
    /// The system tells; where it can't, the folder is read every two seconds.
    Events,
    /// The folder is read every two seconds: for network drives and containers that tell nothing.
    Poll,
}

/// Nothing happened for this long: a save is over. With the reading and trying it stays below half a second.
const QUIET: Duration = Duration::from_millis(100);
/// Somebody who writes all the time is not waited for longer than so many times `QUIET`.
const QUIET_MAX: u32 = 3;
/// How often to look when the system tells nothing.
const POLL: Duration = Duration::from_secs(2);
/// How often to look anyway: an event can be lost.
const ANYWAY: Duration = Duration::from_secs(30);

enum Signal {
    Look,
    End,
}

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watch {
    signals: SyncSender<Signal>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Watch {
    /// Looks now, whatever was noticed.
    pub fn look(&self) {
        // A full queue means that a look is due anyway.
        let _ = self.signals.try_send(Signal::Look);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.signals.send(Signal::End);
        if let Some(thread) = self.thread.take() {
            // It ended by a panic of `on_change`, which has been told where it happened.
            drop(thread.join());
        }
    }
}

/// Watches `dir`, in which `known` was found, and calls `on_change` (on its own thread) with what differs from it.
pub fn watch(
    dir: &Path,
    known: Found,
    watching: Watching,
    mut on_change: impl FnMut(Found) + Send + 'static,
) -> std::io::Result<Watch> {
    let (signals, heard) = sync_channel(16);
    let mut folder = Folder { dir: std::path::absolute(dir)?, watcher: None, known };
    if watching == Watching::Events {
        folder.watcher = watcher(&folder.dir, signals.clone()).ok();
    }
    let thread = std::thread::Builder::new().name("scripts".to_owned()).spawn(move || {
        folder.arm();
        // What changed between the reading of `known` and the arming would tell nothing.
        folder.look(&mut on_change);
        while folder.wait(&heard) {
            folder.arm();
            folder.look(&mut on_change);
        }
    })?;
    Ok(Watch { signals, thread: Some(thread) })
}

fn watcher(dir: &Path, signals: SyncSender<Signal>) -> notify::Result<RecommendedWatcher> {
    let dir = dir.to_owned();
    notify::recommended_watcher(move |event: notify::Result<Event>| {
        let concerns = match &event {
            Ok(event) => !matches!(event.kind, EventKind::Access(_)) && ours(&dir, event),
            // Something was missed.
            Err(_) => true,
        };
        if concerns {
            match signals.try_send(Signal::Look) {
                Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
            }
        }
    })
}

/// The folder above is watched too, for the day the folder itself is replaced; what else happens there is not ours.
fn ours(dir: &Path, event: &Event) -> bool {
    let real = dir.canonicalize().ok();
    let inside = |path: &PathBuf| {
        path.starts_with(dir)
            || real.as_ref().is_some_and(|real| path.starts_with(real))
            || is_link(dir, path)
    };
    event.paths.is_empty() || event.paths.iter().any(inside)
}

/// A link beside the folder may be what the folder's name goes through (`..data`).
fn is_link(dir: &Path, path: &Path) -> bool {
    path.parent() == dir.parent() && path.is_symlink()
}

struct Folder {
    dir: PathBuf,
    watcher: Option<RecommendedWatcher>,
    known: Found,
}

impl Folder {
    /// Watches the folder, what it leads to, and the folders above both. Again after each change: they may be new ones.
    fn arm(&mut self) {
        let Some(watcher) = &mut self.watcher else { return };
        let mut armed = watcher.watch(&self.dir, RecursiveMode::Recursive).is_ok();
        if let Some(above) = self.dir.parent() {
            armed |= watcher.watch(above, RecursiveMode::NonRecursive).is_ok();
        }
        let real = self.dir.canonicalize().ok().filter(|real| *real != self.dir);
        if let Some(real) = real {
            armed |= watcher.watch(&real, RecursiveMode::Recursive).is_ok();
            if let Some(above) = real.parent() {
                armed |= watcher.watch(above, RecursiveMode::NonRecursive).is_ok();
            }
        }
        if !armed {
            self.watcher = None;
        }
    }

    /// Waits until it is time to look; `false`: it is time to end.
    fn wait(&self, heard: &Receiver<Signal>) -> bool {
        let idle = if self.watcher.is_some() { ANYWAY } else { POLL };
        match heard.recv_timeout(idle) {
            Ok(Signal::Look) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Ok(Signal::End) | Err(RecvTimeoutError::Disconnected) => return false,
        }
        let mut waits = 0;
        let mut began = 0;
        loop {
            match heard.recv_timeout(QUIET / 4) {
                Err(RecvTimeoutError::Timeout) => waits += 1,
                Ok(Signal::Look) => waits = 0,
                Ok(Signal::End) | Err(RecvTimeoutError::Disconnected) => return false,
            }
            began += 1;
            if waits >= 4 || began >= 4 * QUIET_MAX {
                return true;
            }
        }
    }

    fn look(&mut self, on_change: &mut impl FnMut(Found)) {
        let found = read_folder(&self.dir);
        if found != self.known {
            self.known.clone_from(&found);
            on_change(found);
        }
    }
}
