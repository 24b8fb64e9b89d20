//! One message of a delivery, by its type. What no type tells is kept as `unsupported` with all it said.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::delivery::{Account, Text, time};
use super::people::{Ids, People};
use super::{mend, parts};
use crate::domain::{MediaId, MessageKind};
use crate::engine::{ChannelInput, InboundMedia, InboundMessage};

/// Longest text, caption and the like. Meta's own is 4,096 characters; longer ones are kept raw too.
const TEXT_MAX: usize = mend::DATA_MAX;
/// Longest file name, type and provider's id of a file.
const NAME_MAX: usize = 256;

#[derive(Deserialize, Default)]
struct Wire<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    from: Option<Text<'a>>,
    #[serde(borrow)]
    from_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    from_parent_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    to: Option<Text<'a>>,
    #[serde(borrow)]
    to_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    to_parent_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    group_id: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    context: Option<&'a RawValue>,
    #[serde(borrow)]
    referral: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<Body<'a>>,
    #[serde(borrow)]
    image: Option<File<'a>>,
    #[serde(borrow, alias = "voice")]
    audio: Option<File<'a>>,
    #[serde(borrow)]
    video: Option<File<'a>>,
    #[serde(borrow)]
    document: Option<File<'a>>,
    #[serde(borrow)]
    sticker: Option<File<'a>>,
    #[serde(borrow)]
    location: Option<&'a RawValue>,
    #[serde(borrow)]
    contacts: Option<&'a RawValue>,
    #[serde(borrow)]
    interactive: Option<&'a RawValue>,
    #[serde(borrow)]
    button: Option<&'a RawValue>,
    #[serde(borrow)]
    order: Option<&'a RawValue>,
    #[serde(borrow)]
    system: Option<&'a RawValue>,
    #[serde(borrow)]
    reaction: Option<&'a RawValue>,
    #[serde(borrow)]
    edit: Option<&'a RawValue>,
    #[serde(borrow)]
    revoke: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Context<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    forwarded: Option<bool>,
    frequently_forwarded: Option<bool>,
    #[serde(borrow)]
    referred_product: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    body: Text<'a>,
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    mime_type: Option<Text<'a>>,
    #[serde(borrow)]
    caption: Option<Text<'a>>,
    #[serde(borrow)]
    filename: Option<Text<'a>>,
    voice: Option<bool>,
    animated: Option<bool>,
}

/// Who a message is from and which one it is, when the rest of it is broken.
#[derive(Deserialize)]
struct Skeleton<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    from: Option<&'a RawValue>,
    #[serde(borrow)]
    from_user_id: Option<&'a RawValue>,
    #[serde(borrow)]
    from_parent_user_id: Option<&'a RawValue>,
    #[serde(borrow)]
    to: Option<&'a RawValue>,
    #[serde(borrow)]
    to_user_id: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
}

fn skeleton(part: &str) -> Option<Wire<'_>> {
    fn text(part: Option<&RawValue>) -> Option<Text<'_>> {
        serde_json::from_str(part?.get()).ok()
    }
    let skeleton: Skeleton<'_> = serde_json::from_str(part).ok()?;
    Some(Wire {
        id: text(skeleton.id),
        from: text(skeleton.from),
        from_user_id: text(skeleton.from_user_id),
        from_parent_user_id: text(skeleton.from_parent_user_id),
        to: text(skeleton.to),
        to_user_id: text(skeleton.to_user_id),
        timestamp: skeleton.timestamp,
        ..Wire::default()
    })
}

/// What one message says. `echo`: the business wrote it, so the person is the one it went to.
///
/// # Errors
/// Why nothing at all can be made of it.
pub(super) fn read(
    account: &Account<'_>,
    part: &str,
    people: &People<'_>,
    echo: bool,
) -> Result<ChannelInput, &'static str> {
    let typed = serde_json::from_str::<Wire<'_>>(part);
    let wire = typed.or_else(|_| skeleton(part).ok_or("a message that is no object"))?;
    let text = |text: &'_ Option<Text<'_>>| text.as_ref().map(|text| text.0.as_ref().to_owned());
    let ids = if echo {
        [&wire.to, &wire.to_user_id, &wire.to_parent_user_id]
    } else {
        [&wire.from, &wire.from_user_id, &wire.from_parent_user_id]
    };
    let [id, user_id, parent_user_id] = ids.map(|id| id.as_ref().map(|id| id.0.as_ref()));
    let sender = people.sender(Ids { id, user_id, parent_user_id });
    if !sender.aliases.iter().any(|(kind, _)| kind.identifies()) {
        return Err("a message that does not say who wrote it");
    }
    let context: Context<'_> =
        wire.context.and_then(|part| serde_json::from_str(part.get()).ok()).unwrap_or_default();
    let mut message = InboundMessage {
        // Without an id of its own, the same message must still be the same.
        provider_id: text(&wire.id).map_or_else(|| mend::hash(part.as_bytes()), |id| mend::id(&id)),
        sender,
        sent_at: time(wire.timestamp, account.received_at),
        kind: MessageKind::Unsupported,
        text: String::new(),
        media: Vec::new(),
        data: String::new(),
        reply_to: context.id.as_ref().map(|id| mend::id(&id.0)),
        forwarded: [context.forwarded, context.frequently_forwarded].contains(&Some(true)),
    };
    let in_group = wire.group_id.is_some();
    if !in_group
        && !echo
        && let Some(input) = about_another(&wire, &message)
    {
        return Ok(input);
    }
    if in_group || fill(account, &wire, &mut message).is_none() {
        (message.kind, message.text) = (MessageKind::Unsupported, String::new());
        message.media.clear();
        // All of it, because nobody knows yet what matters in it.
        message.data = mend::keep(part);
    } else {
        message.data = with_extras(message.data, wire.referral, context.referred_product);
    }
    Ok(if echo { ChannelInput::Echo(message) } else { ChannelInput::Message(message) })
}

/// What is no message of its own: a reaction, an edit, a deletion, new names of the person.
fn about_another(wire: &Wire<'_>, message: &InboundMessage) -> Option<ChannelInput> {
    let (sender, sent_at) = (message.sender.clone(), message.sent_at);
    match wire.kind.as_ref()?.0.as_ref() {
        "reaction" => {
            let (target, emoji) = parts::reaction(wire.reaction?.get())?;
            let provider_id = message.provider_id.clone();
            Some(ChannelInput::Reaction { provider_id, target, emoji, sender, sent_at })
        }
        "edit" => {
            let (target, text) = parts::edit(wire.edit?.get())?;
            Some(ChannelInput::Edit { target, text, sender, sent_at })
        }
        "revoke" => {
            Some(ChannelInput::Revoke { target: parts::revoke(wire.revoke?.get())?, sender, sent_at })
        }
        "system" => {
            let renamed = parts::renamed(wire.system?.get(), &sender.aliases)?;
            Some(ChannelInput::AliasChanged {
                old: renamed.old,
                new: renamed.new,
                text: renamed.text,
                provider_id: message.provider_id.clone(),
                at: sent_at,
            })
        }
        _ => None,
    }
}

/// Kind, text, files and data by type; `None`: not understood.
fn fill(account: &Account<'_>, wire: &Wire<'_>, message: &mut InboundMessage) -> Option<()> {
    let kind = wire.kind.as_ref().map(|kind| kind.0.as_ref());
    let told = match kind {
        // Meta's own examples leave the type out for texts.
        Some("text") | None => {
            let body = &wire.text.as_ref()?.body.0;
            message.kind = MessageKind::Text;
            mend::cut(body, TEXT_MAX).clone_into(&mut message.text);
            return Some(());
        }
        Some("image") => return file(account, MessageKind::Image, wire.image.as_ref()?, message),
        Some("audio" | "voice") => return file(account, MessageKind::Audio, wire.audio.as_ref()?, message),
        Some("video") => return file(account, MessageKind::Video, wire.video.as_ref()?, message),
        Some("document") => return file(account, MessageKind::Document, wire.document.as_ref()?, message),
        Some("sticker") => return file(account, MessageKind::Sticker, wire.sticker.as_ref()?, message),
        Some("location") => parts::location(wire.location?.get())?,
        Some("contacts") => parts::cards(wire.contacts?.get())?,
        Some("interactive") => parts::interactive(wire.interactive?.get())?,
        Some("button") => parts::button(wire.button?.get())?,
        Some("order") => parts::order(wire.order?.get())?,
        Some("system") => parts::system(wire.system?.get())?,
        Some(_) => return None,
    };
    (message.kind, message.text, message.data) = (told.kind, told.text, told.data);
    Some(())
}

fn file(
    account: &Account<'_>,
    kind: MessageKind,
    file: &File<'_>,
    message: &mut InboundMessage,
) -> Option<()> {
    let name = |text: &'_ Option<Text<'_>>, max| {
        text.as_ref().map(|text| mend::cut(&text.0, max).to_owned()).filter(|text| !text.is_empty())
    };
    if file.id.0.is_empty() || file.id.0.len() > NAME_MAX {
        return None;
    }
    message.kind = kind;
    message.media.push(InboundMedia {
        media_id: media_id(account, &message.provider_id)?,
        provider_media_id: file.id.0.as_ref().to_owned(),
        mime: name(&file.mime_type, NAME_MAX).unwrap_or_else(|| "application/octet-stream".to_owned()),
        filename: name(&file.filename, NAME_MAX),
        caption: name(&file.caption, TEXT_MAX),
        voice: file.voice == Some(true),
        stored: None,
    });
    if file.animated == Some(true) {
        "{\"animated\":true}".clone_into(&mut message.data);
    }
    Some(())
}

/// 128 random bits; where the system has none to give, bits that only the holder of the app secret could guess.
fn media_id(account: &Account<'_>, provider_id: &str) -> Option<MediaId> {
    let mut bytes = [0_u8; 16];
    if getrandom::fill(&mut bytes).is_err() {
        let digest = account.key.digest(&format!("media of {provider_id}"));
        bytes.iter_mut().zip(digest).for_each(|(byte, other)| *byte = other);
    }
    hex::encode(bytes).parse().ok()
}

/// What may come beside any type: the advertisement or the product that the person wrote about.
fn with_extras(data: String, referral: Option<&RawValue>, product: Option<&RawValue>) -> String {
    let extras: Vec<String> = [("referral", referral), ("referred_product", product)]
        .into_iter()
        .filter_map(|(key, part)| Some(format!("\"{key}\":{}", mend::keep(part?.get()))))
        .collect();
    if extras.is_empty() {
        return data;
    }
    let before = data.trim_end().strip_suffix('}').unwrap_or("{").to_owned();
    let comma = if before.trim_end().ends_with('{') { "" } else { "," };
    format!("{before}{comma}{}}}", extras.join(","))
}
