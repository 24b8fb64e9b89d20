//! The parts of messages that are more than text and files, each with a line or two that a person can read.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::delivery::Text;
use super::mend;
use super::people::sort;
use crate::domain::{AliasKind, MessageKind};

/// Entries of an order or a list of cards that are told in the text; all of them are in the data.
const TOLD_MAX: usize = 50;

/// What a part comes to.
pub(super) struct Told {
    pub(super) kind: MessageKind,
    pub(super) text: String,
    pub(super) data: String,
}

fn told(kind: MessageKind, text: impl Into<String>, part: &str) -> Told {
    Told { kind, text: mend::cut(&text.into(), mend::DATA_MAX).to_owned(), data: mend::keep(part) }
}

fn parse<'a, T: Deserialize<'a>>(part: &'a str) -> Option<T> {
    serde_json::from_str(part).ok()
}

/// A number as it was written: 30.50 stays 30.50.
fn written(part: Option<&RawValue>) -> &str {
    part.map_or("", |part| part.get().trim_matches('"'))
}

fn text<'a>(text: Option<&'a Text<'_>>) -> &'a str {
    text.map_or("", |text| &text.0)
}

fn joined<'a>(parts: impl IntoIterator<Item = &'a str>, between: &str) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between)
}

/// A place: its name and address, or where it is.
pub(super) fn location(part: &str) -> Option<Told> {
    #[derive(Deserialize)]
    struct Location<'a> {
        #[serde(borrow)]
        latitude: &'a RawValue,
        #[serde(borrow)]
        longitude: &'a RawValue,
        #[serde(borrow)]
        name: Option<Text<'a>>,
        #[serde(borrow)]
        address: Option<Text<'a>>,
    }
    let place: Location<'_> = parse(part)?;
    let position = joined([written(Some(place.latitude)), written(Some(place.longitude))], ", ");
    let named = joined([text(place.name.as_ref()), text(place.address.as_ref())], ", ");
    Some(told(MessageKind::Location, if named.is_empty() { position } else { named }, part))
}

/// Contact cards: a name and its numbers and addresses on each line.
pub(super) fn cards(part: &str) -> Option<Told> {
    #[derive(Deserialize)]
    struct Card<'a> {
        #[serde(borrow)]
        name: Option<Name<'a>>,
        #[serde(borrow, default)]
        phones: Vec<Phone<'a>>,
        #[serde(borrow, default)]
        emails: Vec<Email<'a>>,
    }
    #[derive(Deserialize)]
    struct Name<'a> {
        #[serde(borrow)]
        formatted_name: Option<Text<'a>>,
        #[serde(borrow)]
        first_name: Option<Text<'a>>,
    }
    #[derive(Deserialize)]
    struct Phone<'a> {
        #[serde(borrow)]
        phone: Option<Text<'a>>,
    }
    #[derive(Deserialize)]
    struct Email<'a> {
        #[serde(borrow)]
        email: Option<Text<'a>>,
    }
    let parts: Vec<&RawValue> = parse(part)?;
    let lines: Vec<String> = parts
        .iter()
        .take(TOLD_MAX)
        .filter_map(|part| parse::<Card<'_>>(part.get()))
        .map(|card| {
            let name = card.name.as_ref().map_or("", |name| match text(name.formatted_name.as_ref()) {
                "" => text(name.first_name.as_ref()),
                name => name,
            });
            let phones = card.phones.iter().map(|phone| text(phone.phone.as_ref()));
            joined(
                [name]
                    .into_iter()
                    .chain(phones)
                    .chain(card.emails.iter().map(|email| text(email.email.as_ref()))),
                ", ",
            )
        })
        .collect();
    let data = format!("{{\"contacts\":{part}}}");
    Some(told(MessageKind::Contacts, joined(lines.iter().map(String::as_str), "\n"), &data))
}

/// A button or list entry that was chosen, or a form that was filled in.
pub(super) fn interactive(part: &str) -> Option<Told> {
    #[derive(Deserialize)]
    struct Reply<'a> {
        #[serde(borrow, rename = "button_reply")]
        button: Option<Choice<'a>>,
        #[serde(borrow, rename = "list_reply")]
        list: Option<Choice<'a>>,
        #[serde(borrow, rename = "nfm_reply")]
        form: Option<Form<'a>>,
    }
    #[derive(Deserialize)]
    struct Choice<'a> {
        #[serde(borrow)]
        title: Text<'a>,
    }
    #[derive(Deserialize)]
    struct Form<'a> {
        #[serde(borrow)]
        response_json: Option<Text<'a>>,
        #[serde(borrow)]
        body: Option<Text<'a>>,
        #[serde(borrow)]
        name: Option<Text<'a>>,
    }
    let reply: Reply<'_> = parse(part)?;
    if let Some(choice) = reply.button.as_ref().or(reply.list.as_ref()) {
        return Some(told(MessageKind::Choice, choice.title.0.as_ref(), part));
    }
    let form = reply.form?;
    // The answers are a text that holds JSON, which may be as broken as any.
    let answers = mend::mend(text(form.response_json.as_ref())).into_owned();
    let answers = parse::<Value>(&answers).unwrap_or(Value::String(answers));
    let lines: Vec<String> = answers
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| *key != "flow_token")
        .map(|(key, value)| {
            format!("{key}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        })
        .collect();
    let shown = if lines.is_empty() { text(form.body.as_ref()).to_owned() } else { lines.join("\n") };
    let data = json!({ "type": "nfm_reply", "name": text(form.name.as_ref()), "body": text(form.body.as_ref()), "response": answers });
    Some(told(MessageKind::Form, shown, &data.to_string()))
}

/// A template's quick reply.
pub(super) fn button(part: &str) -> Option<Told> {
    #[derive(Deserialize)]
    struct Button<'a> {
        #[serde(borrow)]
        text: Text<'a>,
    }
    let button: Button<'_> = parse(part)?;
    Some(told(MessageKind::Choice, button.text.0.as_ref(), part))
}

/// An order: a line for each product, and what the person wrote beside it.
pub(super) fn order(part: &str) -> Option<Told> {
    #[derive(Deserialize)]
    struct Order<'a> {
        #[serde(borrow)]
        text: Option<Text<'a>>,
        #[serde(borrow)]
        product_items: Vec<Item<'a>>,
    }
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow)]
        product_retailer_id: Option<&'a RawValue>,
        #[serde(borrow)]
        quantity: Option<&'a RawValue>,
        #[serde(borrow, rename = "item_price")]
        price: Option<&'a RawValue>,
        #[serde(borrow)]
        currency: Option<&'a RawValue>,
    }
    let order: Order<'_> = parse(part)?;
    let lines: Vec<String> = order
        .product_items
        .iter()
        .take(TOLD_MAX)
        .map(|item| {
            let price = joined([written(item.price), written(item.currency)], " ");
            let price = if price.is_empty() { price } else { format!("({price})") };
            let count = written(item.quantity);
            let count = if count.is_empty() { String::new() } else { format!("{count} ×") };
            joined([count.as_str(), written(item.product_retailer_id), &price], " ")
        })
        .collect();
    let lines = [text(order.text.as_ref())].into_iter().chain(lines.iter().map(String::as_str));
    Some(told(MessageKind::Order, joined(lines, "\n"), part))
}

#[derive(Deserialize)]
struct System<'a> {
    #[serde(borrow)]
    body: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, alias = "new_wa_id")]
    wa_id: Option<Text<'a>>,
    #[serde(borrow)]
    user_id: Option<Text<'a>>,
    #[serde(borrow)]
    previous_user_id: Option<Text<'a>>,
}

/// News of `WhatsApp` itself.
pub(super) fn system(part: &str) -> Option<Told> {
    let system: System<'_> = parse(part)?;
    Some(told(MessageKind::System, text(system.body.as_ref()), part))
}

/// The same person under new names.
pub(super) struct Renamed {
    pub(super) old: (AliasKind, String),
    pub(super) new: Vec<(AliasKind, String)>,
    pub(super) text: String,
}

/// The new names, if that is what the system says. `aliases` are those beside the message.
pub(super) fn renamed(part: &str, aliases: &[(AliasKind, String)]) -> Option<Renamed> {
    let system: System<'_> = parse(part)?;
    let named = |kind: AliasKind, id: &Option<Text<'_>>| Some((kind, mend::id(&id.as_ref()?.0)));
    let (old, new) = match system.kind.as_ref()?.0.as_ref() {
        "user_changed_number" => {
            let old = aliases.iter().find(|(kind, _)| *kind == AliasKind::WaId).or(aliases.first())?.clone();
            let new = system.wa_id.as_ref().map(|id| (sort(&id.0), mend::id(id.0.trim_start_matches('+'))));
            (old, vec![new?])
        }
        "user_changed_user_id" => (
            named(AliasKind::UserId, &system.previous_user_id)?,
            named(AliasKind::UserId, &system.user_id).into_iter().collect(),
        ),
        _ => return None,
    };
    let mut new: Vec<_> = new;
    for alias in aliases {
        if !new.contains(alias) {
            new.push(alias.clone());
        }
    }
    new.retain(|alias| *alias != old);
    (!new.is_empty()).then(|| Renamed { old, new, text: text(system.body.as_ref()).to_owned() })
}

/// The message an emoji is on, and the emoji; none: it was taken away.
pub(super) fn reaction(part: &str) -> Option<(String, Option<String>)> {
    /// Longest emoji that is kept; families with skin tones have about 40 bytes.
    const EMOJI_MAX: usize = 64;
    #[derive(Deserialize)]
    struct Reaction<'a> {
        #[serde(borrow)]
        message_id: Text<'a>,
        #[serde(borrow)]
        emoji: Option<Text<'a>>,
    }
    let reaction: Reaction<'_> = parse(part)?;
    let emoji = Some(mend::cut(text(reaction.emoji.as_ref()), EMOJI_MAX).to_owned())
        .filter(|emoji| !emoji.is_empty());
    Some((mend::id(&reaction.message_id.0), emoji))
}

/// The message that was changed, and its new text or caption.
pub(super) fn edit(part: &str) -> Option<(String, String)> {
    #[derive(Deserialize)]
    struct Edit<'a> {
        #[serde(borrow)]
        original_message_id: Text<'a>,
        #[serde(borrow)]
        message: New<'a>,
    }
    #[derive(Deserialize)]
    struct New<'a> {
        #[serde(borrow)]
        text: Option<Words<'a>>,
        #[serde(borrow, alias = "video", alias = "document")]
        image: Option<Words<'a>>,
    }
    #[derive(Deserialize)]
    struct Words<'a> {
        #[serde(borrow, alias = "caption")]
        body: Option<Text<'a>>,
    }
    let edit: Edit<'_> = parse(part)?;
    let words = edit.message.text.or(edit.message.image)?;
    let new = mend::cut(text(words.body.as_ref()), mend::DATA_MAX).to_owned();
    Some((mend::id(&edit.original_message_id.0), new))
}

/// The message that was taken back.
pub(super) fn revoke(part: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Revoke<'a> {
        #[serde(borrow)]
        original_message_id: Text<'a>,
    }
    Some(mend::id(&parse::<Revoke<'_>>(part)?.original_message_id.0))
}
