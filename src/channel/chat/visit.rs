//! One visitor's socket, from hello to close: what it says becomes the same inputs as any provider's webhook, and what it is told
//! is read from the store, so that live and resumed are one way. It knows neither sockets nor the engine's world.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::frame::{Asked, Told};
use super::open::Bell;
use super::shown::{State, came, mark, shown};
use super::{Account, identity};
use crate::clock::Pace;
use crate::domain::{
    DeliveryState, Direction, IdentityId, MediaId, Message, MessageId, MessageKind, Time, clean_text,
};
use crate::engine::{ChannelInput, InboundMedia, InboundMessage, Sender};
use crate::port::{
    Conversation, House, Parting, Said, Seen, StoreError, Stretch, TurnedAway, Upload, VISITOR_FRAME_MAX,
    VISITOR_HEARTBEAT_SECONDS, Visit, Visitor,
};

/// Messages a page begins with, and that it gets at once when it looks back.
const PAGE: u32 = 50;
/// Messages that are told one by one after a gap; a longer gap is answered with the newest page.
const GAP_MAX: u32 = 200;
/// Our messages that a socket got and has not acknowledged as read; of older ones it may be told again.
const UNREAD_MAX: usize = 1_000;
/// Letters of a client's message id.
const CLIENT_ID: std::ops::RangeInclusive<usize> = 8..=64;
/// How often a typing sign is passed on, in microseconds.
const TYPING_US: i64 = 2_000_000;

const STORE_TROUBLE: Parting = Parting { code: 1012, reason: "restarting, resume" };
const TOO_MANY: Parting = Parting { code: 4029, reason: "too many sockets or messages" };
/// What the page shows is nobody's any more.
const START_AFRESH: Parting = Parting { code: 4009, reason: "start afresh" };
const NOT_LET_IN: Parting = Parting { code: 4001, reason: "token or identity not accepted" };

/// Who this is, once it has started.
struct Started {
    visitor: Visitor,
    bell: Arc<Bell>,
    seen: Seen,
    /// Whose conversation that was; `None`: the visitor had none yet.
    identity_id: Option<IdentityId>,
    state: State,
    /// Our messages that were written to it: the mark of the try, and what it said of them.
    written: BTreeMap<MessageId, (String, DeliveryState)>,
    typing: Pace,
}

/// See the file's head.
pub(super) struct Socket {
    account: Arc<Account>,
    started: Option<Started>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Some(started) = &self.started {
            self.account.open.go(&started.visitor.key, &started.bell);
        }
    }
}

/// What to tell so far.
#[derive(Default)]
struct Words(Said);

impl Words {
    fn say(&mut self, told: &Told<'_>) {
        self.0.frames.push(told.text());
    }

    fn refuse(&mut self, kind: &'static str, message: &str, client_id: Option<&str>) {
        self.say(&Told::Refused { kind, message, client_id });
    }

    fn end(mut self, parting: Parting) -> Said {
        self.0.parting = Some(parting);
        self.0
    }
}

impl Visit for Socket {
    fn hello(&self, now: Time) -> String {
        Told::Hello {
            protocol: 1,
            heartbeat_seconds: VISITOR_HEARTBEAT_SECONDS,
            max_frame_bytes: VISITOR_FRAME_MAX,
            time: now.to_string(),
        }
        .text()
    }

    fn frame<'a>(&'a mut self, text: &'a str, house: &'a dyn House) -> BoxFuture<'a, Said> {
        async move {
            let mut words = Words::default();
            let asked = match serde_json::from_str::<Asked>(text) {
                Ok(asked) => asked,
                Err(error) => {
                    words.refuse("invalid", &format!("not a frame of guichet.chat.v1: {error}"), None);
                    return words.0;
                }
            };
            let result = match (asked, self.started.is_some()) {
                (Asked::Start { token, identity, cursor }, false) => {
                    self.start(token.as_deref(), identity.as_deref(), cursor.as_deref(), house, &mut words)
                        .await
                }
                (Asked::Start { .. }, true) => {
                    words.refuse("already_done", "this socket has started", None);
                    Ok(())
                }
                (_, false) => {
                    words.refuse("invalid", "start first", None);
                    Ok(())
                }
                (asked, true) => self.said(asked, house, &mut words).await,
            };
            match result {
                Ok(()) => words.0,
                Err(parting) => words.end(parting),
            }
        }
        .boxed()
    }

    fn rung(&self) -> BoxFuture<'_, ()> {
        match &self.started {
            Some(started) => started.bell.rung().boxed(),
            None => futures_util::future::pending().boxed(),
        }
    }

    fn news<'a>(&'a mut self, house: &'a dyn House) -> BoxFuture<'a, Said> {
        async move {
            let mut words = Words::default();
            let Some(started) = &mut self.started else { return words.0 };
            let why = started.bell.why();
            if why.look
                && let Err(parting) = look(&self.account, started, house, &mut words).await
            {
                return words.end(parting);
            }
            if why.typing {
                words.say(&Told::Typing {});
            }
            words.0
        }
        .boxed()
    }
}

impl Socket {
    pub(super) fn new(account: Arc<Account>) -> Self {
        Self { account, started: None }
    }

    async fn start(
        &mut self,
        token: Option<&str>,
        identity: Option<&str>,
        cursor: Option<&str>,
        house: &dyn House,
        words: &mut Words,
    ) -> Result<(), Parting> {
        let new = match (token, identity) {
            (None, None) => Some(identity::new_token().ok_or(STORE_TROUBLE)?),
            (Some(_), _) | (_, Some(_)) => None,
        };
        let token = token.or(new.as_deref()).filter(|_| identity.is_none());
        let known = self.admit(token, identity, house.now()).map_err(|(kind, problem)| {
            words.refuse(kind, problem, None);
            NOT_LET_IN
        })?;
        let bell = self.account.open.come(&known.key).ok_or(TOO_MANY)?;
        let nothing = Seen { inbound: MessageId(0), outbound: MessageId(0) };
        let state = State::of(&Conversation::default());
        let started = self.started.insert(Started {
            visitor: known,
            bell,
            seen: nothing,
            identity_id: None,
            state,
            written: BTreeMap::new(),
            typing: Pace::default(),
        });
        let after = cursor.and_then(read_cursor);
        let (resumed, found) = first_look(started, after, house).await.map_err(|_| STORE_TROUBLE)?;
        if let Some(cursor) = after.filter(|_| resumed) {
            started.seen = cursor.seen;
        }
        started.take_in(&self.account, &found);
        words.say(&Told::Started {
            token,
            name: started.visitor.name.as_deref(),
            resumed,
            messages: found.messages.iter().map(|message| shown(&found, message)).collect(),
            more: found.more && !resumed,
            state: &started.state,
            cursor: started.cursor(),
        });
        Ok(())
    }

    /// Who this is, or why not: a kind and a sentence.
    fn admit(
        &self,
        token: Option<&str>,
        word: Option<&str>,
        now: Time,
    ) -> Result<Visitor, (&'static str, &'static str)> {
        let credential = word.or(token).unwrap_or_default();
        // Each in its own field, so that neither is ever taken for the other.
        let known = if credential.contains('.') == word.is_some() {
            identity::visitor(&self.account.settings, credential, now)
        } else {
            Err(TurnedAway::Token)
        };
        known.map_err(|away| match away {
            TurnedAway::Token => {
                ("invalid", "this token is none; start without one and keep the one you are given")
            }
            TurnedAway::Identity => {
                ("not_permitted", "this identity is not signed by the site, or is out of date")
            }
            TurnedAway::NoIdentities => {
                ("unsupported", "this chat has no identity_secret, so it can't check identities")
            }
        })
    }

    async fn said(&mut self, asked: Asked, house: &dyn House, words: &mut Words) -> Result<(), Parting> {
        let account = &*self.account;
        let Some(started) = &mut self.started else { return Ok(()) };
        match asked {
            Asked::Start { .. } => Ok(()),
            Asked::Message { client_id, text, media_id } => {
                let wanted = Wanted { client_id: &client_id, text, media_id };
                message(account, started, wanted, house, words).await
            }
            Asked::Typing {} => {
                if started.typing.take(house.now(), TYPING_US, 1) {
                    let input = ChannelInput::Typing { sender: started.sender() };
                    // Best effort: a lane that is full has better things to carry.
                    let _told = house.report(&account.settings.channel_id, vec![input]).await;
                }
                Ok(())
            }
            Asked::Delivered { message_id } => {
                acknowledge(account, started, &message_id, DeliveryState::Delivered, house).await;
                Ok(())
            }
            Asked::Read { message_id } => {
                acknowledge(account, started, &message_id, DeliveryState::Read, house).await;
                Ok(())
            }
            Asked::History { before } => {
                let Ok(before) = before.parse::<MessageId>() else {
                    words.refuse("invalid", "before: not a message id (m…)", None);
                    return Ok(());
                };
                let part = Stretch::Before(Some(before));
                let found = house.conversation(&started.visitor.party, part, PAGE).await;
                let found = found.map_err(|_| STORE_TROUBLE)?;
                let messages = found.messages.iter().map(|message| shown(&found, message)).collect();
                words.say(&Told::History { messages, more: found.more });
                Ok(())
            }
        }
    }
}

impl Started {
    fn sender(&self) -> Sender {
        Sender { aliases: vec![self.visitor.party.alias.clone()], name: self.visitor.name.clone() }
    }

    fn cursor(&self) -> String {
        write_cursor(Cursor { seen: self.seen, identity_id: self.identity_id })
    }

    /// Remembers what is about to be written.
    fn take_in(&mut self, account: &Account, found: &Conversation) {
        for message in &found.messages {
            match message.direction {
                Direction::In => self.seen.inbound = self.seen.inbound.max(message.message_id),
                Direction::Out => {
                    self.seen.outbound = self.seen.outbound.max(message.message_id);
                    self.note_written(message);
                }
            }
        }
        self.state = State::of(found);
        self.identity_id = found.identity_id;
        if let Some(identity_id) = found.identity_id
            && account.open.known_as(&self.visitor.key, identity_id)
        {
            // What happened between the look and now was rung for nobody.
            self.bell.ring();
        }
    }

    fn note_written(&mut self, message: &Message) {
        if message.state < DeliveryState::Read {
            let known = if came(message.state) { message.state } else { DeliveryState::Sent };
            self.written.insert(message.message_id, (mark(message.message_id, message.attempts), known));
            if self.written.len() > UNREAD_MAX {
                self.written.pop_first();
            }
        }
    }

    /// Whether this try of a message was written to this socket before.
    fn has(&self, message: &Message) -> bool {
        match message.direction {
            Direction::In => message.message_id <= self.seen.inbound,
            Direction::Out => {
                let written = self.written.get(&message.message_id).map(|(mark, _)| mark);
                written.is_some_and(|known| *known == mark(message.message_id, message.attempts))
            }
        }
    }
}

/// What a page begins with: what it missed, or the newest page.
async fn first_look(
    started: &Started,
    after: Option<Cursor>,
    house: &dyn House,
) -> Result<(bool, Conversation), StoreError> {
    let party = &started.visitor.party;
    if let Some(cursor) = after {
        let missed = house.conversation(party, Stretch::Missed(cursor.seen), GAP_MAX).await?;
        // A conversation that is not here any more was erased; nothing follows on from it.
        let same = cursor.identity_id.is_none() || cursor.identity_id == missed.identity_id;
        if same && !missed.more {
            return Ok((true, missed));
        }
    }
    Ok((false, house.conversation(party, Stretch::Before(None), PAGE).await?))
}

/// Tells what is new since the last look.
async fn look(
    account: &Account,
    started: &mut Started,
    house: &dyn House,
    words: &mut Words,
) -> Result<(), Parting> {
    let part = Stretch::New(started.seen);
    let found = house.conversation(&started.visitor.party, part, GAP_MAX).await.map_err(|_| STORE_TROUBLE)?;
    if started.identity_id.is_some() && found.identity_id != started.identity_id {
        return Err(START_AFRESH);
    }
    let old = started.state.clone();
    let fresh: Vec<&Message> = found.messages.iter().filter(|message| !started.has(message)).collect();
    let more = found.more && !fresh.is_empty();
    started.identity_id = found.identity_id;
    for message in fresh {
        match message.direction {
            Direction::In => started.seen.inbound = started.seen.inbound.max(message.message_id),
            Direction::Out => started.seen.outbound = started.seen.outbound.max(message.message_id),
        }
        words.say(&Told::Message { message: shown(&found, message), cursor: started.cursor() });
    }
    started.take_in(account, &found);
    if started.state != old {
        words.say(&Told::State { state: &started.state });
    }
    if more {
        started.bell.ring();
    }
    Ok(())
}

/// A message that the visitor wants to write.
struct Wanted<'a> {
    client_id: &'a str,
    text: String,
    media_id: Option<String>,
}

async fn message(
    account: &Account,
    started: &mut Started,
    wanted: Wanted<'_>,
    house: &dyn House,
    words: &mut Words,
) -> Result<(), Parting> {
    let id = wanted.client_id;
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !CLIENT_ID.contains(&id.len()) || !id.chars().all(letters) {
        words.refuse("invalid", "client_id: 8 to 64 letters, digits, - and _, new for each message", None);
        return Ok(());
    }
    let now = house.now();
    if !account.open.takes(&started.visitor.key, account.settings.messages_per_minute, now) {
        words.refuse("rate_limited", "too many messages; wait a moment and send it again", Some(id));
        return Ok(());
    }
    let channel_id = &account.settings.channel_id;
    let provider_id = format!("{}.{id}", started.visitor.key);
    // The engine's memory of ids ends some day; the message itself stays.
    if house.knows_message(channel_id, &provider_id).await.map_err(|_| STORE_TROUBLE)? {
        words.say(&Told::Stored { client_id: id });
        return Ok(());
    }
    let inbound = match inbound(account, started, &wanted, provider_id, now) {
        Ok(inbound) => inbound,
        Err((kind, problem)) => {
            words.refuse(kind, &problem, Some(id));
            return Ok(());
        }
    };
    let file = inbound.media.first().map(|file| file.media_id.clone());
    if !house.report(channel_id, vec![ChannelInput::Message(inbound)]).await {
        words.refuse("unavailable", "not stored; send it again", Some(id));
        return Ok(());
    }
    if let Some(media_id) = file {
        account.uploads.named(&media_id);
    }
    words.say(&Told::Stored { client_id: id });
    account.open.ring(&started.visitor.key);
    Ok(())
}

fn inbound(
    account: &Account,
    started: &Started,
    wanted: &Wanted<'_>,
    provider_id: String,
    now: Time,
) -> Result<InboundMessage, (&'static str, String)> {
    let text = clean_text(wanted.text.trim());
    let max = account.settings.text_max;
    if text.chars().count() > max {
        return Err(("too_large", format!("a message has at most {max} characters")));
    }
    let upload =
        match &wanted.media_id {
            None => None,
            Some(media_id) => {
                let known = media_id.parse::<MediaId>().ok();
                let found = known.and_then(|id| account.uploads.find(&started.visitor.key, &id, now));
                Some(found.ok_or_else(|| {
                    ("not_found", "this file is not here any more; upload it again".to_owned())
                })?)
            }
        };
    if text.is_empty() && upload.is_none() {
        return Err(("invalid", "there is nothing to send".to_owned()));
    }
    Ok(InboundMessage {
        sender: started.sender(),
        sent_at: now,
        kind: upload.as_ref().map_or(MessageKind::Text, |upload| kind_of(&upload.mime)),
        media: upload.into_iter().map(|upload| file(upload, &text)).collect(),
        text,
        data: String::new(),
        reply_to: None,
        forwarded: false,
        provider_id,
    })
}

fn file(upload: Upload, caption: &str) -> InboundMedia {
    InboundMedia {
        provider_media_id: upload.media_id.to_string(),
        media_id: upload.media_id,
        mime: upload.mime,
        filename: upload.filename,
        caption: (!caption.is_empty()).then(|| caption.to_owned()),
        voice: false,
        stored: Some(upload.size),
    }
}

fn kind_of(mime: &str) -> MessageKind {
    match mime.split('/').next() {
        Some("image") => MessageKind::Image,
        Some("audio") => MessageKind::Audio,
        Some("video") => MessageKind::Video,
        _ => MessageKind::Document,
    }
}

/// The visitor says how far our messages came. Only those that this socket was given count, so nobody speaks for another.
async fn acknowledge(
    account: &Account,
    started: &mut Started,
    up_to: &str,
    state: DeliveryState,
    house: &dyn House,
) {
    let Ok(up_to) = up_to.parse::<MessageId>() else { return };
    let now = house.now();
    let news: Vec<(MessageId, String)> = started
        .written
        .range(..=up_to)
        .filter(|(_, (_, known))| *known < state)
        .map(|(id, (mark, _))| (*id, mark.clone()))
        .collect();
    if news.is_empty() {
        return;
    }
    let report = |mark: &String| ChannelInput::Status {
        provider_id: mark.clone(),
        mark: Some(mark.clone()),
        state,
        at: now,
        error: None,
        aliases: Vec::new(),
    };
    let inputs = news.iter().map(|(_, mark)| report(mark)).collect();
    if !house.report(&account.settings.channel_id, inputs).await {
        return;
    }
    for (id, _) in news {
        // What was read is asked for by no look any more.
        if state == DeliveryState::Read {
            started.written.remove(&id);
        } else if let Some((_, known)) = started.written.get_mut(&id) {
            *known = state;
        }
    }
}

/// Where a page is in whose conversation.
#[derive(Clone, Copy)]
struct Cursor {
    seen: Seen,
    identity_id: Option<IdentityId>,
}

/// A cursor is opaque to pages: the newest message seen each way, and whose they are.
fn write_cursor(cursor: Cursor) -> String {
    let Seen { inbound, outbound } = cursor.seen;
    let whose = cursor.identity_id.map(|id| format!(".{}", id.0)).unwrap_or_default();
    format!("{}.{}{whose}", inbound.0, outbound.0)
}

fn read_cursor(text: &str) -> Option<Cursor> {
    let mut parts = text.split('.').map(|part| part.parse::<i64>().ok().filter(|number| *number >= 0));
    let seen = Seen { inbound: MessageId(parts.next()??), outbound: MessageId(parts.next()??) };
    let identity_id = match parts.next() {
        None => None,
        Some(whose) => Some(IdentityId(whose?)),
    };
    parts.next().is_none().then_some(Cursor { seen, identity_id })
}
