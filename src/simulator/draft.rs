//! Reads what a business asks to send and checks it as Meta does; what comes out is what the phone will show.
//! Knows nothing of windows, faults or webhooks.

use serde_json::{Map, Value, json};

use super::graph_error::GraphError;
use super::interactive;
use super::template_fill;
use super::template_list::text;

const LONGEST_TEXT: usize = 4_096;
const LONGEST_CAPTION: usize = 1_024;
const MOST_CONTACTS: usize = 257;
const LONGEST_CALLBACK: usize = 512;

/// A checked message on its way to a phone.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) kind: String,
    pub(super) text: Option<String>,
    pub(super) parts: Map<String, Value>,
    /// `template` ones pass a closed window.
    pub(super) is_template: bool,
    pub(super) category: String,
    /// Ids of uploaded files that it shows, each with the kind it is shown as.
    pub(super) files: Vec<(String, String)>,
    /// Set for a reaction: the message and the emoji (empty removes).
    pub(super) reaction: Option<(String, String)>,
    pub(super) reply_to: Option<String>,
    pub(super) callback_data: Option<String>,
}

impl Draft {
    fn new(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            text: None,
            parts: Map::new(),
            is_template: false,
            category: "service".to_owned(),
            files: Vec::new(),
            reaction: None,
            reply_to: None,
            callback_data: None,
        }
    }

    fn part(&mut self, key: &str, value: Value) {
        self.parts.insert(key.to_owned(), value);
    }
}

const KINDS: &str =
    "{AUDIO, CONTACTS, DOCUMENT, IMAGE, INTERACTIVE, LOCATION, REACTION, STICKER, TEMPLATE, TEXT, VIDEO}";

/// Reads the body of `POST /{phone}/messages`.
pub(super) fn read(request: &Value) -> Result<Draft, GraphError> {
    let kind = match request.get("type") {
        None | Some(Value::Null) => "text".to_owned(),
        Some(kind) => kind.as_str().unwrap_or_default().to_ascii_lowercase(),
    };
    let missing = || GraphError::parameter(format!("The parameter {kind} is required."));
    let content = request.get(&kind).cloned();
    let mut draft = match kind.as_str() {
        "text" => read_text(&content.ok_or_else(missing)?),
        "image" | "audio" | "video" | "document" | "sticker" => {
            read_media(&kind, &content.ok_or_else(missing)?)
        }
        "template" => read_template(&content.ok_or_else(missing)?),
        "interactive" => read_interactive(&content.ok_or_else(missing)?),
        "location" => read_location(&content.ok_or_else(missing)?),
        "contacts" => read_contacts(&content.ok_or_else(missing)?),
        "reaction" => read_reaction(&content.ok_or_else(missing)?),
        other => Err(GraphError::parameter(format!("Param type must be one of {KINDS} - got \"{other}\"."))),
    }?;
    draft.reply_to = request.pointer("/context/message_id").and_then(Value::as_str).map(str::to_owned);
    if let Some(data) = request.get("biz_opaque_callback_data").and_then(Value::as_str) {
        limit("biz_opaque_callback_data", data, LONGEST_CALLBACK)?;
        draft.callback_data = Some(data.to_owned());
    }
    Ok(draft)
}

/// Refuses what is too long, in Meta's words.
pub(super) fn limit(name: &str, value: &str, longest: usize) -> Result<(), GraphError> {
    if value.chars().count() > longest {
        return Err(GraphError::parameter(format!(
            "Param {name} must be at most {longest} characters long."
        )));
    }
    Ok(())
}

/// A text that must be there and not too long.
pub(super) fn required<'a>(
    object: &'a Value,
    key: &str,
    owner: &str,
    longest: usize,
) -> Result<&'a str, GraphError> {
    let value = text(object, key);
    if value.trim().is_empty() {
        return Err(GraphError::parameter(format!("The parameter {owner}['{key}'] is required.")));
    }
    limit(&format!("{owner}['{key}']"), value, longest)?;
    Ok(value)
}

fn read_text(content: &Value) -> Result<Draft, GraphError> {
    let mut draft = Draft::new("text");
    draft.text = Some(required(content, "body", "text", LONGEST_TEXT)?.to_owned());
    Ok(draft)
}

fn read_media(kind: &str, content: &Value) -> Result<Draft, GraphError> {
    let mut draft = Draft::new(kind);
    let caption = text(content, "caption");
    if !caption.is_empty() {
        if matches!(kind, "audio" | "sticker") {
            return Err(GraphError::parameter(format!("Unexpected key \"caption\" on param \"{kind}\".")));
        }
        limit(&format!("{kind}['caption']"), caption, LONGEST_CAPTION)?;
        draft.text = Some(caption.to_owned());
    }
    let media = read_file(kind, content, &mut draft.files)?;
    draft.part("media", media);
    Ok(draft)
}

/// A file by id or by link, as the phone shows it.
pub(super) fn read_file(
    kind: &str,
    content: &Value,
    files: &mut Vec<(String, String)>,
) -> Result<Value, GraphError> {
    let filename = content.get("filename").and_then(Value::as_str);
    if let Some(id) = content.get("id").map(id_text).filter(|id| !id.is_empty()) {
        files.push((id.clone(), kind.to_owned()));
        return Ok(json!({"id": id, "filename": filename}));
    }
    let link = text(content, "link");
    if link.is_empty() {
        return Err(GraphError::parameter(format!("The parameter {kind}['id'|'link'] is required.")));
    }
    if !(link.starts_with("https://") || link.starts_with("http://")) || link.len() > 2_048 {
        return Err(GraphError::parameter(format!("Param {kind}['link'] is not a valid URI.")));
    }
    Ok(json!({"link": link, "filename": filename}))
}

/// Ids come as strings, and as numbers from careless clients.
pub(super) fn id_text(id: &Value) -> String {
    match id {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

fn read_template(content: &Value) -> Result<Draft, GraphError> {
    let filled = template_fill::fill(content)?;
    let mut draft = Draft::new("template");
    draft.is_template = true;
    draft.category = filled.category;
    draft.text = Some(filled.body);
    draft.part(
        "template",
        json!({"name": content.get("name"), "language": content.pointer("/language/code")}),
    );
    if let Some(header) = filled.header {
        let header = read_header(&header, &mut draft.files)?;
        draft.part("header", header);
    }
    if let Some(footer) = filled.footer {
        draft.part("footer", json!(footer));
    }
    if !filled.buttons.is_empty() {
        draft.part("buttons", Value::Array(filled.buttons));
    }
    Ok(draft)
}

/// A header of a template or an interactive message: text, or a file.
pub(super) fn read_header(header: &Value, files: &mut Vec<(String, String)>) -> Result<Value, GraphError> {
    match text(header, "type") {
        "text" => Ok(json!({"type": "text", "text": required(header, "text", "header", 60)?})),
        kind @ ("image" | "video" | "document") => {
            let file = header.get(kind).cloned().unwrap_or(Value::Null);
            Ok(json!({"type": kind, "media": read_file(kind, &file, files)?}))
        }
        "location" => Ok(json!({"type": "location", "location": header.get("location")})),
        other => Err(GraphError::parameter(format!("Param header['type'] is not valid - got \"{other}\"."))),
    }
}

fn read_interactive(content: &Value) -> Result<Draft, GraphError> {
    let shown = interactive::read(content)?;
    let mut draft = Draft::new("interactive");
    draft.text = shown.body;
    draft.parts = shown.parts;
    draft.files = shown.files;
    Ok(draft)
}

fn read_location(content: &Value) -> Result<Draft, GraphError> {
    let coordinate = |key: &str, most: f64| {
        let value =
            content.get(key).and_then(|value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()));
        value
            .filter(|value| value.abs() <= most)
            .ok_or_else(|| GraphError::parameter(format!("The parameter location['{key}'] is required.")))
    };
    let (latitude, longitude) = (coordinate("latitude", 90.0)?, coordinate("longitude", 180.0)?);
    let mut draft = Draft::new("location");
    let place = json!({
        "latitude": latitude, "longitude": longitude, "name": content.get("name"), "address": content.get("address"),
    });
    draft.part("location", place);
    Ok(draft)
}

fn read_contacts(content: &Value) -> Result<Draft, GraphError> {
    let cards = content.as_array().map(Vec::as_slice).unwrap_or_default();
    if cards.is_empty() || cards.len() > MOST_CONTACTS {
        return Err(GraphError::parameter(
            "Param contacts must be a non-empty array of at most 257 contacts.",
        ));
    }
    for card in cards {
        let name = card.get("name").unwrap_or(&Value::Null);
        required(name, "formatted_name", "contacts[]['name']", 1_024)?;
    }
    let mut draft = Draft::new("contacts");
    draft.part("contacts", content.clone());
    Ok(draft)
}

fn read_reaction(content: &Value) -> Result<Draft, GraphError> {
    let message = required(content, "message_id", "reaction", 512)?;
    let emoji = text(content, "emoji");
    limit("reaction['emoji']", emoji, 16)?;
    let mut draft = Draft::new("reaction");
    draft.reaction = Some((message.to_owned(), emoji.to_owned()));
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_may_omit_its_type() {
        let draft =
            read(&json!({"text": {"body": "Bonjour"}, "context": {"message_id": "wamid.1"}})).expect("draft");
        assert_eq!((draft.kind.as_str(), draft.text.as_deref()), ("text", Some("Bonjour")));
        assert_eq!(draft.reply_to.as_deref(), Some("wamid.1"));
    }

    #[test]
    fn what_meta_refuses_is_refused() {
        let long = "a".repeat(4_097);
        let cases = [
            json!({"type": "text"}),
            json!({"type": "text", "text": {"body": ""}}),
            json!({"type": "text", "text": {"body": 12}}),
            json!({"type": "text", "text": {"body": long}}),
            json!({"type": "fax", "fax": {}}),
            json!({"type": 7}),
            json!({"type": "image", "image": {}}),
            json!({"type": "image", "image": {"link": "ftp://example.com"}}),
            json!({"type": "image", "image": {"link": "https://example.com/a.png", "caption": "a".repeat(1_025)}}),
            json!({"type": "audio", "audio": {"id": "1", "caption": "no"}}),
            json!({"type": "location", "location": {"latitude": 1}}),
            json!({"type": "location", "location": {"latitude": 91, "longitude": 0}}),
            json!({"type": "contacts", "contacts": []}),
            json!({"type": "contacts", "contacts": [{"name": {}}]}),
            json!({"type": "reaction", "reaction": {"emoji": "👍"}}),
            json!({"text": {"body": "a"}, "biz_opaque_callback_data": "a".repeat(513)}),
        ];
        for request in cases {
            assert_eq!(read(&request).err().map(|error| error.number()), Some(100), "{request}");
        }
    }

    #[test]
    fn text_of_exactly_the_limit_passes() {
        assert!(read(&json!({"text": {"body": "é".repeat(4_096)}})).is_ok());
    }
}
