//! When the log is copied home into the database, and by whom.
//!
//! Copying thousands of pages and flushing the file takes many milliseconds, which every message behind it would wait for.
//! So a second connection copies, on its own thread, while the writer goes on. That alone never ends: the log begins anew
//! only when all of it is copied at a moment when nobody writes, and there is always a newer commit. Therefore the writer
//! copies the rest, which is little, when the other has finished.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use rusqlite::Connection;

use crate::port::StoreError;
use crate::store::fault;

/// Pages of 4 KiB in the log before they are copied home: 16 MiB. `SQLite`'s own 1,000 copies (and flushes the database
/// file) four times as often, and the pages that every batch changes again and again are copied each time; much more makes
/// a start after a crash slower and reads search a longer log.
const PAGES: i32 = 4_000;
/// Pages at which the writer copies all of it itself: the other connection does not keep up, or has ended.
const PAGES_MAX: i32 = 4 * PAGES;
/// Copies what no reader still needs, and waits for nobody.
const COPY: &str = "PRAGMA wal_checkpoint(PASSIVE)";

thread_local! {
    /// Pages in the log after this thread's last commit.
    static LOGGED: Cell<i32> = const { Cell::new(0) };
}

/// Where copying stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copying {
    /// Nothing to copy yet.
    No,
    /// The other connection copies.
    Aside,
}

/// The writer's end.
#[derive(Debug)]
pub(super) struct Checkpoints {
    copying: Copying,
    ask: Option<mpsc::SyncSender<()>>,
    copied: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Begins to watch a writer's log; `beside` is the connection that copies.
    pub(super) fn start(writer: &Connection, beside: Connection) -> Result<Self, StoreError> {
        writer.wal_hook(Some(|_, pages| {
            LOGGED.set(pages);
            Ok(())
        }));
        let (ask, asked) = mpsc::sync_channel(1);
        let copied = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&copied);
        let thread = std::thread::Builder::new().name("checkpoint".to_owned()).spawn(move || {
            give_way();
            while asked.recv().is_ok() {
                copy(&beside);
                done.store(true, Ordering::Release);
            }
        });
        let thread =
            thread.map_err(|error| StoreError::ReadOnly(format!("no thread to copy the log: {error}")))?;
        Ok(Self { copying: Copying::No, ask: Some(ask), copied, thread: Some(thread) })
    }

    /// After each commit of the writer.
    pub(super) fn after_commit(&mut self, writer: &Connection) {
        let pages = LOGGED.get();
        match self.copying {
            Copying::No if pages >= PAGES => {
                let asked = self.ask.as_ref().is_some_and(|ask| ask.try_send(()).is_ok());
                self.copying = if asked { Copying::Aside } else { Copying::No };
            }
            Copying::Aside if self.copied.swap(false, Ordering::AcqRel) => {
                copy(writer);
                self.copying = Copying::No;
            }
            Copying::No | Copying::Aside => {}
        }
        if pages >= PAGES_MAX {
            copy(writer);
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        drop(self.ask.take());
        if let Some(thread) = self.thread.take() {
            // It only copies; a panic of it lost nothing.
            let _ended = thread.join();
        }
    }
}

/// Lets every other thread go first: on a machine with one core, copying would otherwise keep messages waiting for as long as
/// the scheduler lets a thread run. Nobody waits for the copy. Only on Linux, where a priority is a thread's own.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, 19) {
        tracing::debug!(%error, "the thread that copies the database's log keeps its priority");
    }
}

/// What fails here fails again, louder, in the next commit that needs the room.
fn copy(connection: &Connection) {
    let copied = connection.query_row(COPY, [], |_| Ok(()));
    if let Err(error) = copied.map_err(fault::sqlite) {
        tracing::warn!(%error, "the database's log could not be copied home; it grows until it can");
    }
}
