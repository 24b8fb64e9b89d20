//! Files: contacts' and agents', by id, in an object store (a local folder here). Each is on the disk, not only in its cache,
//! before anything that names it is committed.
//!
//! It knows nothing of who may see a file, nor where it came from.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload};

use crate::domain::MediaId;

/// Bytes gathered before they are written: each write is a hop to another thread.
const PART: usize = 1024 * 1024;

/// A file can't be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// There is no such file.
    #[error("file {0} is not stored here")]
    Missing(MediaId),
    /// The folder or the disk fails.
    #[error("{what}: {source}; check the folder's rights and the disk's space")]
    Storage {
        /// What was being done.
        what: String,
        /// What went wrong.
        source: object_store::Error,
    },
    /// The folder can't be made.
    #[error("folder {folder} can't be made: {source}")]
    Folder {
        /// Which.
        folder: String,
        /// Why.
        source: std::io::Error,
    },
}

/// Where files are kept. Cheap to clone.
#[derive(Clone)]
pub struct Media {
    objects: Arc<dyn ObjectStore>,
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Media({})", self.objects)
    }
}

impl Media {
    /// Files in a folder, which is made if it is not there.
    ///
    /// # Errors
    /// It can't be made or used.
    pub fn open(folder: &Path) -> Result<Self, MediaError> {
        let shown = folder.display().to_string();
        std::fs::create_dir_all(folder)
            .map_err(|source| MediaError::Folder { folder: shown.clone(), source })?;
        // Without fsync a power cut could take a file whose message is committed.
        let objects = LocalFileSystem::new_with_prefix(folder).map_err(|source| storage(&shown, source))?;
        Ok(Self { objects: Arc::new(objects.with_fsync(true)) })
    }

    /// Keeps a whole file. It is on the disk when this returns.
    ///
    /// # Errors
    /// The store fails; nothing is kept then.
    pub async fn put(&self, media_id: &MediaId, bytes: Bytes) -> Result<(), MediaError> {
        let kept = self.objects.put(&key(media_id), PutPayload::from_bytes(bytes)).await;
        kept.map(drop).map_err(|source| storage("a file can't be kept", source))
    }

    /// Removes a file that nothing names. One that is not there is removed already.
    ///
    /// # Errors
    /// The store fails.
    pub async fn remove(&self, media_id: &MediaId) -> Result<(), MediaError> {
        match self.objects.delete(&key(media_id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(storage("a stored file can't be removed", source)),
        }
    }

    /// Begins a file that comes in pieces. It is there only when [`Upload::finish`] has returned.
    ///
    /// # Errors
    /// The store fails.
    pub async fn begin(&self, media_id: &MediaId) -> Result<Upload, MediaError> {
        let parts = self.objects.put_multipart(&key(media_id)).await;
        let parts = parts.map_err(|source| storage("an upload can't begin", source))?;
        Ok(Upload { parts, waiting: Vec::new(), size: 0 })
    }

    /// Reads a file piece by piece.
    ///
    /// # Errors
    /// There is none, or the store fails.
    pub async fn read(
        &self,
        media_id: &MediaId,
    ) -> Result<BoxStream<'static, Result<Bytes, MediaError>>, MediaError> {
        let pieces = self.open_object(media_id).await?.into_stream();
        Ok(pieces.map_err(|source| storage("a stored file can't be read", source)).boxed())
    }

    /// Reads a whole file.
    ///
    /// # Errors
    /// There is none, or the store fails.
    pub async fn get(&self, media_id: &MediaId) -> Result<Bytes, MediaError> {
        let object = self.open_object(media_id).await?;
        object.bytes().await.map_err(|source| storage("a stored file can't be read", source))
    }

    async fn open_object(&self, media_id: &MediaId) -> Result<object_store::GetResult, MediaError> {
        self.objects.get(&key(media_id)).await.map_err(|source| {
            if matches!(source, object_store::Error::NotFound { .. }) {
                MediaError::Missing(media_id.clone())
            } else {
                storage("a stored file can't be read", source)
            }
        })
    }
}

/// A file that is coming in. Dropped or aborted before it is finished, nothing stays of it.
#[derive(Debug)]
pub struct Upload {
    parts: Box<dyn MultipartUpload>,
    waiting: Vec<Bytes>,
    size: usize,
}

impl Upload {
    /// The next piece.
    ///
    /// # Errors
    /// The store fails.
    pub async fn write(&mut self, piece: Bytes) -> Result<(), MediaError> {
        self.size += piece.len();
        self.waiting.push(piece);
        if self.size < PART { Ok(()) } else { self.flush().await }
    }

    /// The file is whole, and on the disk when this returns.
    ///
    /// # Errors
    /// The store fails; nothing is kept then.
    pub async fn finish(mut self) -> Result<(), MediaError> {
        self.flush().await?;
        let kept = self.parts.complete().await;
        kept.map(drop).map_err(|source| storage("an upload can't be finished", source))
    }

    /// Throws away what came.
    pub async fn abort(mut self) {
        if let Err(error) = self.parts.abort().await {
            tracing::warn!(%error, "the pieces of an upload that broke off can't be removed");
        }
    }

    async fn flush(&mut self) -> Result<(), MediaError> {
        self.size = 0;
        let pieces = PutPayload::from_iter(std::mem::take(&mut self.waiting));
        self.parts.put_part(pieces).await.map_err(|source| storage("an upload can't be written", source))
    }
}

fn storage(what: &str, source: object_store::Error) -> MediaError {
    MediaError::Storage { what: what.to_owned(), source }
}

/// Folders by the first two characters, so that none grows huge. Ids such as `..` are escaped by the key itself.
fn key(media_id: &MediaId) -> Key {
    let id = media_id.as_str();
    Key::from_iter([id.get(..2).unwrap_or(id), id])
}

/// Types of files inside which other types live: what the provider says is then the better word.
const CONTAINERS: [(&str, &[&str]); 8] = [
    ("application/zip", &["application/vnd.", "application/epub"]),
    ("application/x-ole-storage", &["application/msword", "application/vnd."]),
    ("application/msword", &["application/vnd."]),
    ("video/mp4", &["audio/mp4", "video/3gpp"]),
    ("audio/m4a", &["audio/mp4"]),
    ("video/webm", &["audio/webm"]),
    ("application/ogg", &["audio/ogg", "video/ogg"]),
    ("video/ogg", &["audio/ogg"]),
];

/// Types that can't be told by their bytes and do no harm.
const PLAIN: [&str; 6] =
    ["text/plain", "text/csv", "text/vcard", "text/x-vcard", "text/calendar", "application/json"];

/// A file's type: what its bytes are; what the provider says of it only where that fits them.
pub(crate) fn sniff(bytes: &[u8], claimed: &str) -> String {
    let claimed = claimed.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some(found) = infer::get(bytes).map(|kind| kind.mime_type()) else {
        let fits = PLAIN.contains(&claimed.as_str()) && std::str::from_utf8(bytes).is_ok();
        return if fits { claimed } else { "application/octet-stream".to_owned() };
    };
    let inside = CONTAINERS.iter().filter(|(container, _)| *container == found);
    let fits = inside.flat_map(|(_, claims)| claims.iter()).any(|claim| claimed.starts_with(claim));
    if fits { claimed } else { found.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media() -> (tempfile::TempDir, Media) {
        let folder = tempfile::tempdir().unwrap();
        let media = Media::open(&folder.path().join("a/b")).unwrap();
        (folder, media)
    }

    fn files(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(files(&path));
            } else {
                found.push(path.file_name().unwrap().to_str().unwrap().to_owned());
            }
        }
        found
    }

    #[tokio::test]
    async fn a_file_is_kept_and_read_back() {
        let (folder, media) = media();
        let id: MediaId = "abcdef".parse().unwrap();
        assert!(matches!(media.get(&id).await, Err(MediaError::Missing(_))));
        media.put(&id, Bytes::from_static(b"one")).await.unwrap();
        media.put(&id, Bytes::from_static(b"two")).await.unwrap();
        assert_eq!(media.get(&id).await.unwrap(), "two");
        let pieces: Vec<Bytes> = media.read(&id).await.unwrap().try_collect().await.unwrap();
        assert_eq!(pieces.concat(), b"two");
        assert_eq!(files(folder.path()), ["abcdef"]);
        media.remove(&id).await.unwrap();
        media.remove(&id).await.unwrap();
        assert!(files(folder.path()).is_empty());
    }

    #[tokio::test]
    async fn ids_never_leave_the_folder() {
        let (folder, media) = media();
        for id in ["..", ".", "...", "a", "-", "..-x"] {
            let id: MediaId = id.parse().unwrap();
            media.put(&id, Bytes::from_static(b"x")).await.unwrap();
            assert_eq!(media.get(&id).await.unwrap(), "x");
        }
        assert_eq!(files(folder.path()).len(), 6);
        assert_eq!(files(&folder.path().join("a/b")).len(), 6);
    }

    #[tokio::test]
    async fn an_upload_is_there_when_it_is_finished() {
        let (folder, media) = media();
        let id: MediaId = "big".parse().unwrap();
        let mut upload = media.begin(&id).await.unwrap();
        for _ in 0..5 {
            upload.write(vec![7; PART / 2].into()).await.unwrap();
        }
        assert!(matches!(media.get(&id).await, Err(MediaError::Missing(_))));
        upload.finish().await.unwrap();
        assert_eq!(media.get(&id).await.unwrap().len(), 5 * PART / 2);

        let mut other = media.begin(&"other".parse().unwrap()).await.unwrap();
        other.write(vec![7; PART].into()).await.unwrap();
        other.abort().await;
        assert_eq!(files(folder.path()), ["big"]);
    }

    #[test]
    fn bytes_tell_the_type() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        let zip = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0x";
        let html = b"<!DOCTYPE html><html><script>alert(1)</script></html>";
        for (bytes, claimed, mime) in [
            (&png[..], "image/png", "image/png"),
            (png, "text/html", "image/png"),
            (png, "", "image/png"),
            (zip, "application/zip", "application/zip"),
            (zip, "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
            (zip, "image/png", "application/zip"),
            (html, "image/jpeg", "text/html"),
            (b"a;b\n1;2", "text/csv; charset=utf-8", "text/csv"),
            (b"hello", "image/svg+xml", "application/octet-stream"),
            (b"\xff\xfe\xfd", "text/plain", "application/octet-stream"),
            (b"", "image/png", "application/octet-stream"),
        ] {
            assert_eq!(sniff(bytes, claimed), mime, "{claimed}");
        }
    }
}
