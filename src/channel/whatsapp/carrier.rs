//! As what a file can be sent. What Meta does not take as a picture, sound or film goes as a document, which opens as well.

use crate::domain::{DeliveryError, MessageKind};

use super::outcome;

/// Meta's limits, in its own megabytes (of which it does not say which; these are the smaller ones).
const MB: i64 = 1_000_000;

/// A way to send a file, the types it takes, and its largest size.
const CARRIERS: [(MessageKind, &str, &[&str], i64); 4] = [
    (MessageKind::Image, "image", &["image/jpeg", "image/png"], 5 * MB),
    (
        MessageKind::Audio,
        "audio",
        &["audio/aac", "audio/mp4", "audio/mpeg", "audio/amr", "audio/ogg", "audio/opus"],
        16 * MB,
    ),
    (MessageKind::Video, "video", &["video/mp4", "video/3gpp"], 16 * MB),
    (MessageKind::Sticker, "sticker", &["image/webp"], 500_000),
];

/// The largest document.
const DOCUMENT_MAX: i64 = 100 * MB;

/// The type without its parameters.
pub(super) fn bare(mime: &str) -> &str {
    mime.split(';').next().unwrap_or_default().trim()
}

/// The word for the way on which a file of this kind, type and size can go.
///
/// # Errors
/// It can go on none.
pub(super) fn carrier(kind: MessageKind, mime: &str, size: usize) -> Result<&'static str, DeliveryError> {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let fitting = CARRIERS
        .iter()
        .find(|(carries, _, mimes, max)| *carries == kind && mimes.contains(&bare(mime)) && size <= *max);
    match fitting {
        Some((_, word, ..)) => Ok(word),
        None if size == 0 => Err(outcome::ours("media_empty", "the file is empty")),
        None if size <= DOCUMENT_MAX => Ok("document"),
        None => Err(outcome::ours("media_too_large", "WhatsApp takes files of at most 100 MB")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_as_what_they_fit() {
        use MessageKind::{Audio, Document, Image, Sticker, Video};
        for (kind, mime, size, word) in [
            (Image, "image/jpeg", 10, Some("image")),
            (Image, "image/png", 5_000_000, Some("image")),
            (Image, "image/png", 5_000_001, Some("document")),
            (Image, "image/gif", 10, Some("document")),
            (Audio, "audio/ogg; codecs=opus", 10, Some("audio")),
            (Audio, "audio/wav", 10, Some("document")),
            (Video, "video/mp4", 16_000_000, Some("video")),
            (Video, "video/quicktime", 10, Some("document")),
            (Sticker, "image/webp", 10, Some("sticker")),
            (Image, "image/webp", 10, Some("document")),
            (Document, "image/jpeg", 10, Some("document")),
            (Document, "application/pdf", 100_000_000, Some("document")),
            (Document, "application/pdf", 100_000_001, None),
            (Document, "application/pdf", 0, None),
        ] {
            assert_eq!(carrier(kind, mime, size).ok(), word, "{kind} {mime} {size}");
        }
    }
}
