//! Makes the webhook message of what a customer writes, for every type that WhatsApp has. Knows nothing of HTTP.

use base64::Engine as _;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::graph_error::status_error;
use super::media::{LARGEST, Upload};
use super::samples;
use super::template_list::text;

const LONGEST_TEXT: usize = 65_536;
const LARGEST_PART: usize = 256 * 1024;

/// Types that a customer may write, for the refusal that names them.
const KINDS: &[&str] = &[
    "text",
    "image",
    "audio",
    "voice",
    "video",
    "document",
    "sticker",
    "location",
    "contacts",
    "interactive",
    "button",
    "reaction",
    "order",
    "system",
    "edit",
    "revoke",
    "unsupported",
];
/// What may stand beside the type.
const BESIDE: &[&str] = &[
    "type",
    "context",
    "referral",
    "errors",
    "group_id",
    "name",
    "username",
    "to",
    "wait",
    "id",
    "timestamp",
];

/// A message ready for its file to be kept and its envelope to be made.
pub(super) struct Written {
    /// The type on the wire.
    pub(super) kind: String,
    /// The object under the key of that type, when there is one.
    pub(super) part: Option<Value>,
    /// What the bubble says.
    pub(super) text: Option<String>,
    pub(super) file: Option<Upload>,
    /// Further keys of the message.
    pub(super) beside: Map<String, Value>,
}

/// Reads the body of `POST /sim/customers/{wa_id}/messages`; the error says what to change.
pub(super) fn read(request: &Value) -> Result<Written, String> {
    let Some(object) = request.as_object() else { return Err("the body must be a JSON object".to_owned()) };
    let kind = match object.get("type").and_then(Value::as_str) {
        Some(kind) => kind.to_owned(),
        None => KINDS
            .iter()
            .find(|kind| object.contains_key(**kind))
            .map(|kind| (*kind).to_owned())
            .ok_or_else(|| format!("no message: give one of {}", KINDS.join(", ")))?,
    };
    if kind.is_empty() || kind.len() > 64 || BESIDE.contains(&kind.as_str()) {
        return Err(format!("{kind:?} is not a message type"));
    }
    if let Some(stray) = object.keys().find(|key| **key != kind && !BESIDE.contains(&key.as_str())) {
        return Err(format!("unknown field {stray:?}: beside {kind:?} there may be {}", BESIDE.join(", ")));
    }
    let content = object.get(&kind).cloned();
    let mut written = match kind.as_str() {
        "text" => read_text(content),
        "image" | "audio" | "voice" | "video" | "document" | "sticker" => read_media(&kind, content.as_ref()),
        "unsupported" => Ok(read_unsupported(content.as_ref())),
        "edit" => read_edit(content),
        _ => read_other(&kind, content),
    }?;
    for key in ["context", "referral", "errors", "group_id"] {
        if let Some(value) = object.get(key).filter(|value| !value.is_null()) {
            written.beside.insert(key.to_owned(), value.clone());
        }
    }
    Ok(written)
}

/// A file that came as a form.
pub(super) fn from_file(kind: &str, file: Upload, caption: &str) -> Result<Written, String> {
    let mut written = read_media(kind, Some(&json!({"caption": caption})))?;
    if let (Some(Value::Object(part)), Some(filename), "document") = (&mut written.part, &file.filename, kind)
    {
        part.insert("filename".to_owned(), json!(filename));
    }
    written.file = Some(file);
    Ok(written)
}

/// The type under which a file is sent.
pub(super) fn kind_of(mime_type: &str) -> &'static str {
    match mime_type.split(['/', ';']).next().unwrap_or_default() {
        _ if mime_type.starts_with("image/webp") => "sticker",
        "image" => "image",
        "audio" => "audio",
        "video" => "video",
        _ => "document",
    }
}

fn plain(kind: &str, part: Option<Value>, shown: Option<String>) -> Written {
    Written { kind: kind.to_owned(), part, text: shown, file: None, beside: Map::new() }
}

fn read_text(content: Option<Value>) -> Result<Written, String> {
    let body = match content {
        Some(Value::String(body)) => body,
        Some(Value::Object(object)) => {
            object.get("body").and_then(Value::as_str).unwrap_or_default().to_owned()
        }
        _ => String::new(),
    };
    if body.is_empty() || body.chars().count() > LONGEST_TEXT {
        return Err(format!("text must have 1 to {LONGEST_TEXT} characters"));
    }
    Ok(plain("text", Some(json!({"body": body})), Some(body)))
}

fn read_media(kind: &str, content: Option<&Value>) -> Result<Written, String> {
    let wire = if kind == "voice" { "audio" } else { kind };
    let given = content.and_then(Value::as_object).cloned().unwrap_or_default();
    for key in given.keys() {
        if !["data", "mime_type", "filename", "caption", "voice", "animated"].contains(&key.as_str()) {
            return Err(format!(
                "unknown field {key:?} in {kind}: give data (base64), mime_type, filename, caption"
            ));
        }
    }
    let given = Value::Object(given);
    let sample = samples::of(wire);
    let file = match given.get("data").and_then(Value::as_str) {
        None => sample,
        Some(data) => Upload { bytes: decode(data)?, mime_type: sample.mime_type, filename: None },
    };
    let mut file = file;
    if let Some(mime_type) = given.get("mime_type").and_then(Value::as_str) {
        if mime_type.is_empty()
            || mime_type.len() > 128
            || mime_type.bytes().any(|b| b.is_ascii_control() || !b.is_ascii())
        {
            return Err("mime_type is not readable".to_owned());
        }
        mime_type.clone_into(&mut file.mime_type);
    }
    let mut part = Map::new();
    let caption = text(&given, "caption");
    if !caption.is_empty() && !matches!(wire, "audio" | "sticker") {
        part.insert("caption".to_owned(), json!(caption));
    }
    if let Some(name) =
        given.get("filename").and_then(Value::as_str).map(|name| name.chars().take(240).collect::<String>())
    {
        file.filename = Some(name);
    }
    match wire {
        "document" => {
            let name = file.filename.get_or_insert_with(|| "document".to_owned());
            part.insert("filename".to_owned(), json!(name));
        }
        "audio" => {
            let voice = kind == "voice" || given.get("voice").and_then(Value::as_bool).unwrap_or(false);
            part.insert("voice".to_owned(), json!(voice));
        }
        "sticker" => {
            let animated = given.get("animated").and_then(Value::as_bool).unwrap_or(false);
            part.insert("animated".to_owned(), json!(animated));
        }
        _ => {}
    }
    let shown = part.get("caption").and_then(Value::as_str).map(str::to_owned);
    let mut written = plain(wire, Some(Value::Object(part)), shown);
    written.file = Some(file);
    Ok(written)
}

fn decode(data: &str) -> Result<Bytes, String> {
    // "data:image/png;base64,…" is what a browser has at hand.
    let data = data.rsplit_once("base64,").map_or(data, |(_, tail)| tail);
    if data.len() / 4 * 3 > LARGEST + 3 {
        return Err(format!("data is larger than {LARGEST} bytes"));
    }
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(data.trim())
        .map_err(|error| format!("data is not base64: {error}"))?;
    if bytes.is_empty() || bytes.len() > LARGEST {
        return Err(format!("data must have 1 to {LARGEST} bytes"));
    }
    Ok(bytes.into())
}

fn read_unsupported(content: Option<&Value>) -> Written {
    let what = content
        .and_then(|content| content.as_str().or_else(|| content.get("type").and_then(Value::as_str)))
        .unwrap_or("poll");
    let mut written = plain("unsupported", Some(json!({"type": what})), None);
    let mut error = status_error(131_051);
    if let Some(error) = error.as_object_mut() {
        error.insert("title".to_owned(), json!("Message type unknown"));
        error.insert("message".to_owned(), json!("Message type unknown"));
        error.remove("href");
    }
    written.beside.insert("errors".to_owned(), json!([error]));
    written
}

/// `{"original_message_id","text"}` is enough; the whole object of the wire is taken as it is.
fn read_edit(content: Option<Value>) -> Result<Written, String> {
    let content = content.unwrap_or_default();
    let original = text(&content, "original_message_id");
    if original.is_empty() {
        return Err("edit needs original_message_id and text".to_owned());
    }
    if content.get("message").is_some() {
        return Ok(plain("edit", Some(content), None));
    }
    let body = text(&content, "text");
    let part = json!({"original_message_id": original, "message": {"type": "text", "text": {"body": body}}});
    Ok(plain("edit", Some(part), None))
}

fn read_other(kind: &str, content: Option<Value>) -> Result<Written, String> {
    let content = match content {
        Some(content) if content.to_string().len() > LARGEST_PART => {
            return Err(format!("{kind} is larger than {LARGEST_PART} bytes"));
        }
        Some(Value::Object(object)) => Some(Value::Object(object)),
        Some(Value::Array(list)) if kind == "contacts" => Some(Value::Array(list)),
        Some(_) => return Err(format!("{kind} must be an object, as in the webhook of that type")),
        None => None,
    };
    let needed: &[&str] = match kind {
        "location" => &["latitude", "longitude"],
        "reaction" => &["message_id"],
        "revoke" => &["original_message_id"],
        "interactive" => &["type"],
        "button" => &["text"],
        _ => &[],
    };
    let object = content.clone().unwrap_or_default();
    if let Some(missing) = needed.iter().find(|key| object.get(**key).is_none()) {
        return Err(format!("{kind} needs {missing}"));
    }
    let shown = match kind {
        "button" => Some(text(&object, "text").to_owned()),
        "interactive" => ["/button_reply/title", "/list_reply/title", "/nfm_reply/body"]
            .iter()
            .find_map(|spot| object.pointer(spot).and_then(Value::as_str).map(str::to_owned)),
        _ => None,
    };
    Ok(plain(kind, content, shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_can_be_written() {
        for kind in KINDS {
            let content = match *kind {
                "text" => json!("hello"),
                "contacts" => json!([{"name": {"formatted_name": "Lucía"}}]),
                "location" => json!({"latitude": 48.85, "longitude": 2.35}),
                "interactive" => json!({"type": "button_reply", "button_reply": {"id": "a", "title": "A"}}),
                "button" => json!({"payload": "a", "text": "A"}),
                "reaction" => json!({"message_id": "wamid.1", "emoji": "👍"}),
                "edit" => json!({"original_message_id": "wamid.1", "text": "better"}),
                "revoke" => json!({"original_message_id": "wamid.1"}),
                _ => json!({}),
            };
            let written = read(&json!({*kind: content})).expect(kind);
            assert_eq!(written.kind, if *kind == "voice" { "audio" } else { kind });
            assert_eq!(
                written.file.is_some(),
                ["image", "audio", "voice", "video", "document", "sticker"].contains(kind)
            );
        }
    }

    #[test]
    fn a_type_of_tomorrow_passes_when_named() {
        let written = read(&json!({"type": "hologram", "hologram": {"depth": 3}})).expect("hologram");
        assert_eq!(written.part, Some(json!({"depth": 3})));
        assert!(read(&json!({"type": "interactive"})).is_err());
    }

    #[test]
    fn mistakes_are_told() {
        let long = "a".repeat(LONGEST_TEXT + 1);
        let cases = [
            (json!([]), "object"),
            (json!({}), "give one of"),
            (json!({"txt": "a"}), "give one of"),
            (json!({"text": "a", "colour": 1}), "colour"),
            (json!({"text": ""}), "characters"),
            (json!({"text": long}), "characters"),
            (json!({"image": {"data": "###"}}), "base64"),
            (json!({"image": {"url": "http://example.com"}}), "url"),
            (json!({"location": {"latitude": 1}}), "longitude"),
            (json!({"edit": {}}), "original_message_id"),
            (json!({"order": 3}), "object"),
        ];
        for (request, told) in cases {
            let error = read(&request).err().unwrap_or_default();
            assert!(error.contains(told), "{request}: {error}");
        }
    }

    #[test]
    fn a_file_larger_than_the_limit_is_refused() {
        let fits = base64::engine::general_purpose::STANDARD.encode(vec![0_u8; LARGEST]);
        assert!(read(&json!({"image": {"data": fits}})).is_ok());
        let large = base64::engine::general_purpose::STANDARD.encode(vec![0_u8; LARGEST + 1]);
        assert!(read(&json!({"image": {"data": large}})).is_err());
    }
}
