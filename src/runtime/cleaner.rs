//! Clears away what the engine has decided to erase: files on the disk, and contacts who have been silent too long.
//!
//! Both go on where they were after a restart: files are named in the database until they are gone.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use super::Desk;
use super::media::Media;
use crate::domain::{ContactId, MediaId, Time};
use crate::engine::Input;
use crate::port::StoreError;

/// Files removed before it is written down that they are gone.
const FILES: u32 = 100;
/// Contacts looked at in one round; the next round goes on after them.
const CONTACTS: u32 = 1_000;

/// Contacts erased by one input.
const AT_ONCE: usize = 10;

/// What is being cleared away.
#[derive(Debug, Default)]
pub(crate) struct Cleaner {
    running: AtomicBool,
    again: AtomicBool,
    looked_to: AtomicI64,
}

impl Cleaner {
    /// Removes every file that is named; one run at a time.
    pub(crate) async fn remove_files(&self, desk: &Desk) {
        self.again.store(true, Ordering::SeqCst);
        if self.running.swap(true, Ordering::SeqCst) {
            return;
        }
        while self.again.swap(false, Ordering::SeqCst) {
            if let Err(error) = remove_all(desk).await {
                tracing::warn!(%error, "erased files could not be removed; it is tried again with the next");
            }
        }
        self.running.store(false, Ordering::SeqCst);
    }

    /// Looks for contacts who have been silent too long, some at a time.
    pub(crate) async fn find_silent(&self, desk: &Desk, before: Time) {
        let after = ContactId(self.looked_to.load(Ordering::Relaxed));
        match desk.store().silent_contacts(before, after, CONTACTS).await {
            Ok((contact_ids, last)) => {
                self.looked_to.store(last.map_or(0, |last| last.0), Ordering::Relaxed);
                // A few at a time: who works meanwhile must not wait for all of them.
                for some in contact_ids.chunks(AT_ONCE) {
                    desk.tell(Input::EraseSilent { contact_ids: some.to_vec() });
                }
            }
            Err(error) => tracing::warn!(%error, "silent contacts can't be looked for"),
        }
    }
}

async fn remove_all(desk: &Desk) -> Result<(), StoreError> {
    loop {
        let media_ids = desk.store().erased_files(FILES).await?;
        if media_ids.is_empty() {
            return Ok(());
        }
        let gone = remove(desk.media(), media_ids).await;
        if gone.is_empty() || desk.ask(Input::FilesRemoved { media_ids: gone }).await.is_err() {
            // The disk or the database fails: with the next erasure, or the next start.
            return Ok(());
        }
    }
}

/// Removes files; gives those that are gone.
pub(crate) async fn remove(media: &Media, media_ids: Vec<MediaId>) -> Vec<MediaId> {
    let mut gone = Vec::with_capacity(media_ids.len());
    for media_id in media_ids {
        match media.remove(&media_id).await {
            Ok(()) => gone.push(media_id),
            Err(error) => tracing::warn!(%error, "an erased file can't be removed"),
        }
    }
    gone
}
