//! Hands messages to Meta: text, one file, a template; reactions and read marks.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::{Answer, Graph};
use super::{carrier, components, media, mend, outcome};
use crate::domain::{AliasKind, Choice, HeaderFormat, Media};
use crate::engine::{Outgoing, OutgoingBody, SendResult};
use crate::port::{ConnectorError, Content};

#[derive(Serialize)]
struct Wire<'a> {
    messaging_product: &'static str,
    recipient_type: &'static str,
    #[serde(flatten)]
    to: To<'a>,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context<'a>>,
    #[serde(flatten)]
    part: Part<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    biz_opaque_callback_data: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum To<'a> {
    To(String),
    Recipient(&'a str),
}

#[derive(Serialize)]
struct Context<'a> {
    message_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Part<'a> {
    Text { body: &'a str },
    Image(File<'a>),
    Audio(File<'a>),
    Video(File<'a>),
    Document(File<'a>),
    Sticker(File<'a>),
    Interactive(Value),
    Template(Value),
    Reaction { message_id: &'a str, emoji: &'a str },
}

#[derive(Serialize)]
struct File<'a> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    caption: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    voice: bool,
}

impl Part<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Image(_) => "image",
            Self::Audio(_) => "audio",
            Self::Video(_) => "video",
            Self::Document(_) => "document",
            Self::Sticker(_) => "sticker",
            Self::Interactive(_) => "interactive",
            Self::Template(_) => "template",
            Self::Reaction { .. } => "reaction",
        }
    }
}

/// By number where it is known, with its `+` (without, Meta puts the business's country before it); else by Meta's id.
fn recipient(aliases: &[(AliasKind, String)]) -> Option<To<'_>> {
    let alias = |kind| aliases.iter().find(|(of, _)| *of == kind).map(|(_, value)| value.as_str());
    let number = alias(AliasKind::WaId).or_else(|| alias(AliasKind::Phone));
    let number = number.map(|number| To::To(format!("+{}", number.strip_prefix('+').unwrap_or(number))));
    number.or_else(|| alias(AliasKind::UserId).or_else(|| alias(AliasKind::ParentUserId)).map(To::Recipient))
}

fn wire<'a>(to: To<'a>, part: Part<'a>) -> Wire<'a> {
    Wire {
        messaging_product: "whatsapp",
        recipient_type: "individual",
        to,
        kind: part.kind(),
        context: None,
        part,
        biz_opaque_callback_data: None,
    }
}

/// Hands one message over and says what became of it.
pub(super) async fn send(graph: &Graph, outgoing: &Outgoing, content: Option<Content>) -> SendResult {
    let Some(to) = recipient(&outgoing.to) else {
        let error = outcome::ours("address_needed", "the contact has neither a number nor an id on WhatsApp");
        return SendResult::Failed { error };
    };
    let part = match part(graph, outgoing, content).await {
        Ok(part) => part,
        Err(result) => return result,
    };
    let mut wire = wire(to, part);
    wire.context = outgoing.reply_to.as_deref().map(|message_id| Context { message_id });
    // Comes back with each status, so that a message whose answer was lost is found again.
    wire.biz_opaque_callback_data = Some(format!("{}.{}", outgoing.message_id, outgoing.attempt));
    let Ok(body) = serde_json::to_vec(&wire) else {
        return SendResult::Failed {
            error: outcome::ours("bad_request", "the message can't be written as JSON"),
        };
    };
    match graph.post(body).await {
        Ok(answer) if (200..300).contains(&answer.status) => accepted(&answer),
        Ok(answer) => outcome::of_refusal(&answer, outgoing.attempt),
        Err(trouble) => outcome::of_trouble(trouble),
    }
}

async fn part<'a>(
    graph: &Graph,
    outgoing: &'a Outgoing,
    content: Option<Content>,
) -> Result<Part<'a>, SendResult> {
    match &outgoing.body {
        OutgoingBody::Text(body) => Ok(Part::Text { body }),
        OutgoingBody::Choices { text, choices } => Ok(Part::Interactive(interactive(text, choices))),
        OutgoingBody::Media { kind, media } => {
            let content = content.ok_or_else(missing)?;
            let word = carrier::carrier(*kind, &content.mime, content.bytes.len())
                .map_err(|error| SendResult::Failed { error })?;
            let id = media::upload(graph, content, outgoing.attempt).await?;
            Ok(file(word, id, media))
        }
        OutgoingBody::Template { values, template, header } => {
            let id = match (template.header_format, content) {
                (Some(HeaderFormat::Image | HeaderFormat::Video | HeaderFormat::Document), content) => {
                    Some(media::upload(graph, content.ok_or_else(missing)?, outgoing.attempt).await?)
                }
                (Some(HeaderFormat::Text | HeaderFormat::Location) | None, _) => None,
            };
            let name = header.as_ref().and_then(|media| media.filename.as_deref()).unwrap_or("document");
            Ok(Part::Template(components::template(template, values, id.as_deref().map(|id| (id, name)))))
        }
    }
}

/// Up to three are buttons; more are a list behind one.
fn interactive(text: &str, choices: &[Choice]) -> Value {
    const BUTTONS: usize = 3;
    let body = json!({ "text": text });
    if choices.len() <= BUTTONS {
        let buttons: Vec<Value> = choices
            .iter()
            .map(|choice| json!({ "type": "reply", "reply": { "id": choice.id, "title": choice.title } }))
            .collect();
        return json!({ "type": "button", "body": body, "action": { "buttons": buttons } });
    }
    let rows: Vec<Value> =
        choices.iter().map(|choice| json!({ "id": choice.id, "title": choice.title })).collect();
    // The word on the button that opens the list: the same in every language.
    json!({ "type": "list", "body": body, "action": { "button": "☰", "sections": [{ "rows": rows }] } })
}

fn missing() -> SendResult {
    SendResult::Failed { error: outcome::ours("media_missing", "the file to send is not stored here") }
}

fn file<'a>(word: &str, id: String, media: &'a Media) -> Part<'a> {
    let caption = media.caption.as_deref().filter(|caption| !caption.is_empty());
    let plain = File { id, caption: None, filename: None, voice: false };
    match word {
        "image" => Part::Image(File { caption, ..plain }),
        "video" => Part::Video(File { caption, ..plain }),
        "audio" => {
            Part::Audio(File { voice: media.voice && carrier::bare(&media.mime) == "audio/ogg", ..plain })
        }
        "sticker" => Part::Sticker(plain),
        _ => Part::Document(File { caption, filename: media.filename.as_deref().or(Some("file")), ..plain }),
    }
}

/// Meta took it: its id, and how it knows the recipient (numbers that were dialled may have another form there).
fn accepted(answer: &Answer) -> SendResult {
    #[derive(Deserialize)]
    struct Body {
        messages: Vec<Sent>,
        #[serde(default)]
        contacts: Vec<Recipient>,
    }
    #[derive(Deserialize)]
    struct Sent {
        id: String,
    }
    #[derive(Deserialize)]
    struct Recipient {
        wa_id: Option<String>,
        user_id: Option<String>,
    }
    let body: Option<Body> = serde_json::from_slice(&answer.body).ok();
    let Some((sent, contacts)) =
        body.and_then(|body| Some((body.messages.into_iter().next()?, body.contacts)))
    else {
        let error = outcome::ours("no_answer", "WhatsApp's answer can't be read");
        return SendResult::Unknown { error };
    };
    let names = contacts.into_iter().next().map_or([None, None], |contact| {
        [contact.wa_id.map(|id| (AliasKind::WaId, id)), contact.user_id.map(|id| (AliasKind::UserId, id))]
    });
    let aliases = names.into_iter().flatten().filter(|(_, id)| !id.is_empty()).collect();
    SendResult::Accepted { provider_id: mend::id(&sent.id), aliases }
}

/// Marks a message, and all before it, as read; with the typing sign if asked for.
pub(super) async fn mark_read(graph: &Graph, provider_id: &str, typing: bool) -> Result<(), ConnectorError> {
    #[derive(Serialize)]
    struct Mark<'a> {
        messaging_product: &'static str,
        status: &'static str,
        message_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        typing_indicator: Option<Typing>,
    }
    #[derive(Serialize)]
    struct Typing {
        #[serde(rename = "type")]
        kind: &'static str,
    }
    let typing_indicator = typing.then_some(Typing { kind: "text" });
    post(
        graph,
        &Mark { messaging_product: "whatsapp", status: "read", message_id: provider_id, typing_indicator },
    )
    .await
}

/// Sets an emoji on a message, or takes it away (empty).
pub(super) async fn react(
    graph: &Graph,
    to: &[(AliasKind, String)],
    provider_id: &str,
    emoji: &str,
) -> Result<(), ConnectorError> {
    let to = recipient(to).ok_or_else(|| ConnectorError {
        again: false,
        reason: "the contact has neither a number nor an id on WhatsApp".into(),
    })?;
    post(graph, &wire(to, Part::Reaction { message_id: provider_id, emoji })).await
}

async fn post(graph: &Graph, body: &impl Serialize) -> Result<(), ConnectorError> {
    let body = serde_json::to_vec(body).map_err(|_| ConnectorError {
        again: false,
        reason: "the request can't be written as JSON".into(),
    })?;
    outcome::of_request(graph.post(body).await).map(drop)
}
