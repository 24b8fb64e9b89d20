//! Files that customers send and businesses upload, bounded in memory; their download addresses die after five
//! minutes of the demo clock. Knows nothing of messages.

use std::collections::BTreeMap;

use base64::Engine as _;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use super::world::new_media_id;

/// One file at most.
pub(super) const LARGEST: usize = 25 * 1024 * 1024;
/// All files together; the oldest go first.
const MOST_BYTES: usize = 256 * 1024 * 1024;
const MOST_FILES: usize = 10_000;
/// Webhook media ids live for 7 days, uploaded ones for 30.
const RECEIVED_LIFE_MS: i64 = 7 * 86_400_000;
const UPLOADED_LIFE_MS: i64 = 30 * 86_400_000;
/// A download address lives for so long.
const ADDRESS_LIFE_S: i64 = 300;

/// One kept file.
#[derive(Clone)]
pub(super) struct Media {
    pub(super) bytes: Bytes,
    pub(super) mime_type: String,
    pub(super) filename: Option<String>,
    pub(super) sha256: [u8; 32],
    /// The account that it was uploaded to or sent to.
    pub(super) account: usize,
    dies_at: i64,
    number: u64,
}

impl Media {
    /// The spelling of webhooks.
    pub(super) fn sha256_base64(&self) -> String {
        base64::engine::general_purpose::STANDARD.encode(self.sha256)
    }
}

/// A file on its way in.
pub(super) struct Upload {
    pub(super) bytes: Bytes,
    pub(super) mime_type: String,
    pub(super) filename: Option<String>,
}

/// All kept files.
pub(super) struct MediaBox {
    files: BTreeMap<String, Media>,
    total: usize,
    next_number: u64,
    most_bytes: usize,
}

impl Default for MediaBox {
    fn default() -> Self {
        Self { files: BTreeMap::new(), total: 0, next_number: 0, most_bytes: MOST_BYTES }
    }
}

impl MediaBox {
    /// Keeps a file that a customer sent.
    pub(super) fn receive(&mut self, upload: Upload, account: usize, now: i64) -> (String, Media) {
        self.keep(upload, account, now.saturating_add(RECEIVED_LIFE_MS))
    }

    /// Keeps a file that a business uploaded.
    pub(super) fn upload(&mut self, upload: Upload, account: usize, now: i64) -> (String, Media) {
        self.keep(upload, account, now.saturating_add(UPLOADED_LIFE_MS))
    }

    fn keep(&mut self, upload: Upload, account: usize, dies_at: i64) -> (String, Media) {
        let size = upload.bytes.len();
        while !self.files.is_empty()
            && (self.total + size > self.most_bytes || self.files.len() >= MOST_FILES)
        {
            self.forget_oldest();
        }
        let media = Media {
            sha256: Sha256::digest(&upload.bytes).into(),
            bytes: upload.bytes,
            mime_type: upload.mime_type,
            filename: upload.filename,
            account,
            dies_at,
            number: self.next_number,
        };
        self.next_number += 1;
        self.total += size;
        let id = new_media_id();
        self.files.insert(id.clone(), media.clone());
        (id, media)
    }

    fn forget_oldest(&mut self) {
        let oldest = self.files.iter().min_by_key(|(_, media)| media.number).map(|(id, _)| id.clone());
        if let Some(id) = oldest {
            self.remove(&id);
        }
    }

    /// A file that still lives.
    pub(super) fn get(&self, id: &str, now: i64) -> Option<&Media> {
        self.files.get(id).filter(|media| now < media.dies_at)
    }

    /// Forgets a file; false when there was none.
    pub(super) fn remove(&mut self, id: &str) -> bool {
        let removed = self.files.remove(id);
        self.total -= removed.as_ref().map_or(0, |media| media.bytes.len());
        removed.is_some()
    }
}

/// The query of a download address made now.
pub(super) fn address_query(key: &[u8; 32], id: &str, now: i64) -> String {
    let dies_at = now.div_euclid(1_000) + ADDRESS_LIFE_S;
    format!("mid={id}&ext={dies_at}&hash={}", seal(key, id, dies_at))
}

/// Whether an address is one of ours and still lives.
pub(super) fn address_lives(key: &[u8; 32], id: &str, dies_at: i64, hash: &str, now: i64) -> bool {
    seal(key, id, dies_at) == hash && now.div_euclid(1_000) < dies_at
}

fn seal(key: &[u8; 32], id: &str, dies_at: i64) -> String {
    // A key of 32 bytes is always taken; the empty seal of the impossible case opens nothing, as no hash is empty.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mut mac| {
            mac.update(format!("{id}.{dies_at}").as_bytes());
            hex::encode(mac.finalize().into_bytes())
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(size: usize) -> Upload {
        Upload { bytes: vec![7; size].into(), mime_type: "image/png".to_owned(), filename: None }
    }

    #[test]
    fn the_oldest_files_go_when_there_is_too_much() {
        let mut kept = MediaBox { most_bytes: 100, ..MediaBox::default() };
        let (first, _) = kept.receive(file(60), 0, 0);
        let (second, _) = kept.receive(file(40), 0, 0);
        assert!(kept.get(&first, 0).is_some());
        let (third, _) = kept.receive(file(10), 0, 0);
        assert!(
            kept.get(&first, 0).is_none() && kept.get(&second, 0).is_some() && kept.get(&third, 0).is_some()
        );
        assert_eq!(kept.total, 50);
    }

    #[test]
    fn received_files_live_seven_days_and_uploaded_ones_thirty() {
        let mut kept = MediaBox::default();
        let (received, _) = kept.receive(file(1), 0, 0);
        let (uploaded, _) = kept.upload(file(1), 0, 0);
        assert!(kept.get(&received, RECEIVED_LIFE_MS - 1).is_some());
        assert!(kept.get(&received, RECEIVED_LIFE_MS).is_none());
        assert!(kept.get(&uploaded, RECEIVED_LIFE_MS).is_some());
        assert!(kept.get(&uploaded, UPLOADED_LIFE_MS).is_none());
    }

    #[test]
    fn an_address_dies_after_five_minutes_and_serves_one_file() {
        let key = [3; 32];
        let query = address_query(&key, "12", 0);
        let hash = query.rsplit('=').next().expect("a hash");
        assert!(address_lives(&key, "12", 300, hash, 299_999));
        assert!(!address_lives(&key, "12", 300, hash, 300_000));
        assert!(!address_lives(&key, "13", 300, hash, 0));
        assert!(!address_lives(&key, "12", 900, hash, 0));
        assert!(!address_lives(&key, "12", 300, "", 0));
    }
}
