//! Files that visitors gave and that no message names yet. They are stored already; one that is not named in time is given
//! back to be removed. After a restart they are forgotten, and the page gives them again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::{MediaId, Span, Time};
use crate::port::Upload;

/// How long a file may wait to be named.
const NAMED_WITHIN: Span = Span::hours(1);
/// How much later it is removed: a message that names it at the last moment may still be on its way to the store.
const REMOVED_AFTER: Span = Span::minutes(10);
/// Files of one visitor that may wait.
const PER_VISITOR_MAX: usize = 10;
/// Files of everybody that may wait.
const FILES_MAX: usize = 1_000;
/// Bytes of everybody's.
const BYTES_MAX: i64 = 2 * 1024 * 1024 * 1024;

#[derive(Debug)]
struct Waiting {
    key: String,
    upload: Upload,
    until: Time,
}

/// See the file's head.
#[derive(Debug, Default)]
pub(super) struct Uploads(Mutex<BTreeMap<MediaId, Waiting>>);

impl Uploads {
    /// A file waits to be named. Gives those whose time is over.
    pub(super) fn add(&self, key: &str, upload: Upload, now: Time) -> Result<Vec<MediaId>, MediaId> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let over: Vec<MediaId> = all
            .iter()
            .filter(|(_, waiting)| waiting.until + REMOVED_AFTER <= now)
            .map(|(id, _)| id.clone())
            .collect();
        let counted = || all.values().filter(|waiting| waiting.until > now);
        let own = counted().filter(|waiting| waiting.key == key).count();
        let bytes: i64 = counted().map(|waiting| waiting.upload.size).sum();
        if own >= PER_VISITOR_MAX || counted().count() >= FILES_MAX || bytes + upload.size > BYTES_MAX {
            return Err(upload.media_id);
        }
        for id in &over {
            all.remove(id);
        }
        let waiting = Waiting { key: key.to_owned(), until: now + NAMED_WITHIN, upload };
        all.insert(waiting.upload.media_id.clone(), waiting);
        Ok(over)
    }

    /// A visitor's own file that waits.
    pub(super) fn find(&self, key: &str, media_id: &MediaId, now: Time) -> Option<Upload> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = all.get(media_id).filter(|waiting| waiting.key == key && waiting.until > now)?;
        Some(waiting.upload.clone())
    }

    /// A stored message names it.
    pub(super) fn named(&self, media_id: &MediaId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(media_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(id: &str) -> Upload {
        Upload { media_id: id.parse().unwrap(), mime: "image/png".into(), size: 1, filename: None }
    }

    #[test]
    fn a_file_waits_for_its_visitor_for_a_while() {
        let uploads = Uploads::default();
        let (id, now) = ("f1".parse().unwrap(), Time(0));
        assert_eq!(uploads.add("anna", upload("f1"), now), Ok(Vec::new()));
        assert_eq!(uploads.find("anna", &id, now), Some(upload("f1")));
        assert_eq!(uploads.find("other", &id, now), None);
        let later = now + NAMED_WITHIN;
        assert_eq!(uploads.find("anna", &id, later), None);
        assert_eq!(uploads.add("anna", upload("f2"), later), Ok(Vec::new()));
        let later = later + REMOVED_AFTER;
        assert_eq!(uploads.add("anna", upload("f3"), later), Ok(vec![id]));
        assert!(uploads.find("anna", &"f3".parse().unwrap(), later).is_some());
        uploads.named(&"f3".parse().unwrap());
        assert_eq!(uploads.find("anna", &"f3".parse().unwrap(), later), None);
    }

    #[test]
    fn so_many_may_wait() {
        let uploads = Uploads::default();
        for n in 0..PER_VISITOR_MAX {
            assert!(uploads.add("anna", upload(&format!("f{n}")), Time(0)).is_ok());
        }
        assert_eq!(uploads.add("anna", upload("more"), Time(0)), Err("more".parse().unwrap()));
        let large = Upload { size: BYTES_MAX, ..upload("large") };
        assert!(uploads.add("other", large, Time(0)).is_err());
        assert!(uploads.add("other", upload("small"), Time(0)).is_ok());
    }
}
