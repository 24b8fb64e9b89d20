//! Small files to send when the customer has none at hand. Knows nothing of who sends them.

use super::media::Upload;

/// The sample of a message type.
pub(super) fn of(kind: &str) -> Upload {
    let (bytes, mime_type, filename): (&'static [u8], &str, &str) = match kind {
        "audio" => (include_bytes!("page/samples/voice.ogg"), "audio/ogg; codecs=opus", "voice.ogg"),
        "video" => (include_bytes!("page/samples/video.mp4"), "video/mp4", "video.mp4"),
        "document" => (include_bytes!("page/samples/document.pdf"), "application/pdf", "document.pdf"),
        "sticker" => (include_bytes!("page/samples/sticker.webp"), "image/webp", "sticker.webp"),
        _ => (include_bytes!("page/samples/image.jpg"), "image/jpeg", "image.jpg"),
    };
    Upload {
        bytes: bytes::Bytes::from_static(bytes),
        mime_type: mime_type.to_owned(),
        filename: Some(filename.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_sample_is_what_it_says() {
        for kind in ["image", "audio", "video", "document", "sticker"] {
            let sample = super::of(kind);
            let found = infer::get(&sample.bytes).expect(kind).mime_type();
            let told = sample.mime_type.split(';').next().expect("a type");
            assert!(found == told || (kind == "audio" && found == "audio/opus"), "{kind}: {found}");
            assert!(sample.bytes.len() < 64 * 1024, "{kind} is large");
        }
    }
}
