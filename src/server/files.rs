//! `POST /media` and `GET /media/{id}`: agents' and contacts' files.
//!
//! Nothing that a contact or agent sent may run in the console's origin: only types that browsers merely show are shown,
//! everything else is a download, and all of it is sandboxed.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::auth::{Guard, Who, who};
use super::reply::{Failure, json};
use crate::domain::{Media, MediaId, MediaState};
use crate::engine::{Answer, Caller, Command, Input};
use crate::protocol::Uploaded;

/// Longest file. The largest that `WhatsApp` takes.
const FILE_MAX: usize = 100 * 1024 * 1024;
/// Bytes looked at to tell a file's type.
const SNIFFED: usize = 512;
/// Longest name of a file, in characters.
const NAME_MAX: usize = 200;

/// Types that browsers show without running anything of them.
const SHOWN: [&str; 19] = [
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "image/avif",
    "image/bmp",
    "audio/aac",
    "audio/mp4",
    "audio/mpeg",
    "audio/amr",
    "audio/ogg",
    "audio/opus",
    "audio/wav",
    "audio/webm",
    "video/mp4",
    "video/3gpp",
    "video/webm",
    "video/ogg",
    "application/pdf",
];

pub(crate) async fn upload(State(app): State<Arc<App>>, request: Request) -> Result<Response, Failure> {
    let who = who(&app, request.headers(), Guard::Origin).await?;
    let Received { media_id, mime, filename, size } = receive(&app, request, FILE_MAX).await?;
    let command = Command::AddMedia { media_id, mime, filename, size };
    let Answer::Media(media) = ask(&app, &who, command).await? else { return Err(Failure::unexpected()) };
    Ok(uploaded(&media.media_id, &media.mime, size, media.filename.as_deref()))
}

/// What an upload is answered with.
pub(crate) fn uploaded(media_id: &MediaId, mime: &str, size: i64, filename: Option<&str>) -> Response {
    let uploaded = Uploaded { media_id: media_id.as_str(), mime, size, filename };
    json(serde_json::to_string(&uploaded).unwrap_or_default())
}

/// A file that came in and is safe on the disk.
pub(crate) struct Received {
    pub(crate) media_id: MediaId,
    pub(crate) mime: String,
    pub(crate) filename: Option<String>,
    pub(crate) size: i64,
}

/// Takes the file of a form in, at most `max` bytes.
pub(crate) async fn receive(app: &App, request: Request, max: usize) -> Result<Received, Failure> {
    let expected =
        || Failure::new(StatusCode::BAD_REQUEST, "Expected multipart/form-data with a field \"file\"");
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| expected())?;
    let field = loop {
        let field = form.next_field().await.map_err(|error| broken(&error))?.ok_or_else(expected)?;
        if field.name() == Some("file") {
            break field;
        }
    };
    let filename = field.file_name().map(clean_name).filter(|name| !name.is_empty());
    let named = field.content_type().map(str::to_owned);
    let media_id = new_id()?;
    let kept = keep(app, &media_id, field, max).await?;
    let mime = mime_of(&kept.head, named.as_deref(), filename.as_deref());
    let size = i64::try_from(kept.size).unwrap_or(i64::MAX);
    Ok(Received { media_id, mime, filename, size })
}

pub(crate) async fn download(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let who = who(&app, &headers, Guard::SameSite).await?;
    let media_id: MediaId = id.parse().map_err(|_| Failure::no_such_page())?;
    let Answer::Media(media) = ask(&app, &who, Command::ReadMedia { media_id }).await? else {
        return Err(Failure::unexpected());
    };
    show(&app, &media).await
}

/// Gives a file out to somebody who may have it.
pub(crate) async fn show(app: &App, media: &Media) -> Result<Response, Failure> {
    match media.state {
        MediaState::Stored => {}
        MediaState::Pending => {
            return Err(
                Failure::new(StatusCode::SERVICE_UNAVAILABLE, "The file is still being fetched").after(2)
            );
        }
        MediaState::Failed => {
            return Err(Failure::new(
                StatusCode::NOT_FOUND,
                "The file could not be fetched from the contact's channel",
            ));
        }
    }
    let bytes = app.desk.media().read(&media.media_id).await.map_err(|error| {
        tracing::error!(%error, media_id = media.media_id.as_str(), "a stored file can't be read");
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, "The file can't be read now; try again")
    })?;
    Ok((about(media), Body::from_stream(bytes)).into_response())
}

async fn ask(app: &App, who: &Who, command: Command) -> Result<Answer, Failure> {
    let caller = Caller { agent_id: who.agent_id, session: 0 };
    Ok(app.desk.ask(Input::Command { caller, request: None, command }).await?)
}

fn broken(error: &MultipartError) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, format!("The upload broke off: {error}"))
}

/// A random id: whoever knows one was told it.
fn new_id() -> Result<MediaId, Failure> {
    let (secret, _) = super::auth::new_secret()?;
    secret.parse().map_err(|_| Failure::unexpected())
}

struct Kept {
    size: usize,
    head: Vec<u8>,
}

/// Keeps the file's bytes, safe on disk when this returns.
async fn keep(app: &App, media_id: &MediaId, mut field: Field<'_>, max: usize) -> Result<Kept, Failure> {
    let failed = |error| {
        tracing::error!(%error, "an upload can't be kept");
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, "The file can't be kept now; try again")
    };
    let mut upload = app.desk.media().begin(media_id).await.map_err(failed)?;
    let mut kept = Kept { size: 0, head: Vec::new() };
    let problem = loop {
        let chunk: Bytes = match field.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) if kept.size == 0 => break Failure::new(StatusCode::BAD_REQUEST, "The file is empty"),
            Ok(None) => {
                upload.finish().await.map_err(failed)?;
                return Ok(kept);
            }
            Err(error) => break broken(&error),
        };
        kept.size += chunk.len();
        if kept.size > max {
            let message = format!("A file has at most {max} bytes here");
            break Failure::new(StatusCode::PAYLOAD_TOO_LARGE, message);
        }
        let missing = SNIFFED.saturating_sub(kept.head.len());
        kept.head.extend(chunk.iter().take(missing));
        if let Err(error) = upload.write(chunk).await {
            break failed(error);
        }
    };
    upload.abort().await;
    Err(problem)
}

/// The type: what the bytes are, where they tell; else what the sender said, else what the name says.
fn mime_of(head: &[u8], named: Option<&str>, filename: Option<&str>) -> String {
    let told = infer::get(head).map(|kind| kind.mime_type().to_owned());
    let given = || {
        named
            .and_then(|text| text.parse::<mime_guess::mime::Mime>().ok())
            .map(|mime| mime.essence_str().to_owned())
    };
    let guessed = || {
        filename
            .and_then(|name| mime_guess::from_path(name).first())
            .map(|mime| mime.essence_str().to_owned())
    };
    let mime = told.or_else(given).or_else(guessed).unwrap_or_else(|| "application/octet-stream".to_owned());
    // Text that browsers would run is text all the same, whoever calls it something else.
    let runs = ["html", "svg", "xml", "script"].iter().any(|word| mime.contains(word));
    // Office documents have `xml` in their name and are archives.
    if runs && !mime.contains("openxmlformats") { "text/plain".to_owned() } else { mime }
}

/// A name without folders and without characters that a header or a file system trips over.
fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|c| !c.is_control() && *c != '"').take(NAME_MAX).collect::<String>().trim().to_owned()
}

fn about(media: &Media) -> HeaderMap {
    let essence = media.mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let shown = SHOWN.contains(&essence.as_str());
    let mut headers = HeaderMap::new();
    let mut set = |name, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, if shown { &essence } else { "application/octet-stream" });
    set(header::CONTENT_DISPOSITION, &disposition(shown, media.filename.as_deref()));
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; img-src 'self'; media-src 'self'; sandbox");
    // A file never changes under its id; who may see it may change, so no shared cache keeps it.
    set(header::CACHE_CONTROL, "private, max-age=3600, immutable");
    if let Some(size) = media.size {
        set(header::CONTENT_LENGTH, &size.to_string());
    }
    headers
}

/// RFC 6266: a plain name for old readers, and the real one.
fn disposition(shown: bool, filename: Option<&str>) -> String {
    let kind = if shown { "inline" } else { "attachment" };
    let Some(name) = filename.map(clean_name).filter(|name| !name.is_empty()) else { return kind.to_owned() };
    let plain: String = name.chars().map(|c| if c.is_ascii() && c != '\\' { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _infallible = write!(encoded, "%{byte:02X}");
        }
    }
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_by_the_bytes() {
        let png = b"\x89PNG\r\n\x1a\n....";
        for (head, named, filename, expected) in [
            (&png[..], Some("text/html"), Some("x.html"), "image/png"),
            (b"hello", Some("text/plain; charset=utf-8"), None, "text/plain"),
            (b"<svg>", Some("image/svg+xml"), Some("x.svg"), "text/plain"),
            (b"<script>", None, Some("x.html"), "text/plain"),
            (b"hello", None, Some("x.csv"), "text/csv"),
            (b"hello", Some("nonsense"), None, "application/octet-stream"),
        ] {
            assert_eq!(mime_of(head, named, filename), expected, "{named:?} {filename:?}");
        }
    }

    #[test]
    fn names_can_not_leave_their_header() {
        for (name, expected) in [
            ("photo.jpg", "inline; filename=\"photo.jpg\"; filename*=UTF-8''photo.jpg"),
            ("été 1.jpg", "inline; filename=\"_t_ 1.jpg\"; filename*=UTF-8''%C3%A9t%C3%A9%201.jpg"),
            ("../../etc/passwd", "inline; filename=\"passwd\"; filename*=UTF-8''passwd"),
            ("a\"\r\nX: y", "inline; filename=\"aX: y\"; filename*=UTF-8''aX%3A%20y"),
            ("", "inline"),
        ] {
            assert_eq!(disposition(true, Some(name)), expected);
        }
        assert_eq!(disposition(false, None), "attachment");
    }
}
