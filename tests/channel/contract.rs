//! What every connector owes the house, whoever its provider is: one set of checks for all of them.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use guichet::channel::Chat;
use guichet::channel::chat::{Look, Settings};
use guichet::domain::{AliasKind, ChannelId, DeliveryError, DeliveryState, Message, Time};
use guichet::engine::{ChannelInput, InboundMessage, Outgoing, SendResult};
use guichet::port::{
    Connector, Conversation, Handshake, House, Party, Rejected, StoreError, Stretch, Visit, WebhookRequest,
};
use serde_json::{Value, json};

use crate::sends::{accepted, text};
use crate::stand_in::StandIn;
use crate::{PHONE, RECEIVED, connector, signed};

/// A connector, with ways to make its other side act.
trait Subject {
    fn connector(&self) -> &Arc<dyn Connector>;
    /// An address that it can send to.
    fn address(&self) -> (AliasKind, String);
    /// The contact writes the message of this number; twice the same number is twice the same message.
    fn writes(&mut self, number: u32) -> BoxFuture<'_, Vec<ChannelInput>>;
    /// The other side says how far the message `m12` of the third try came.
    fn reports(&mut self, state: DeliveryState) -> BoxFuture<'_, Vec<ChannelInput>>;
}

struct Number {
    connector: Arc<dyn Connector>,
    meta: StandIn,
}

impl Number {
    async fn new() -> Self {
        let meta = StandIn::start().await;
        Self { connector: connector(&meta.url), meta }
    }

    fn receive(&self, value: &Value) -> Vec<ChannelInput> {
        let mut value = value.clone();
        value["messaging_product"] = "whatsapp".into();
        value["metadata"] = json!({ "display_phone_number": "1", "phone_number_id": PHONE });
        let body = json!({ "object": "whatsapp_business_account",
            "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": value }] }] });
        self.connector.receive(&signed(body.to_string().into_bytes())).unwrap()
    }
}

impl Subject for Number {
    fn connector(&self) -> &Arc<dyn Connector> {
        &self.connector
    }

    fn address(&self) -> (AliasKind, String) {
        (AliasKind::WaId, "16505551234".into())
    }

    fn writes(&mut self, number: u32) -> BoxFuture<'_, Vec<ChannelInput>> {
        let message = json!({ "from": "16505551234", "id": format!("wamid.{number}"),
            "timestamp": "1749416383", "type": "text", "text": { "body": "hello" } });
        let contacts = json!([{ "profile": { "name": "Ann" }, "wa_id": "16505551234" }]);
        let found = self.receive(&json!({ "contacts": contacts, "messages": [message] }));
        futures_util::future::ready(found).boxed()
    }

    fn reports(&mut self, state: DeliveryState) -> BoxFuture<'_, Vec<ChannelInput>> {
        let status = json!({ "id": "wamid.X", "status": state.as_str(), "timestamp": "1749416383",
            "recipient_id": "16505551234", "biz_opaque_callback_data": "m12.3" });
        let found = self.receive(&json!({ "statuses": [status] }));
        futures_util::future::ready(found).boxed()
    }
}

/// A house that keeps what is reported, and holds one message for the visitor: `m12`, in its third try.
#[derive(Default)]
struct Hall(Mutex<Vec<ChannelInput>>);

impl Hall {
    fn taken(&self) -> Vec<ChannelInput> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl House for Hall {
    fn now(&self) -> Time {
        RECEIVED
    }
    fn report<'a>(&'a self, _: &'a ChannelId, inputs: Vec<ChannelInput>) -> BoxFuture<'a, bool> {
        self.0.lock().unwrap().extend(inputs);
        futures_util::future::ready(true).boxed()
    }
    fn conversation<'a>(
        &'a self,
        _: &'a Party,
        _: Stretch,
        _: u32,
    ) -> BoxFuture<'a, Result<Conversation, StoreError>> {
        let message: Message = serde_json::from_value(json!({
            "message_id": 12, "interaction_id": 1, "direction": "out", "author": "system", "kind": "text",
            "text": "x", "media": [], "data": "", "template": null, "reply_to": null, "forwarded": false,
            "edited": false, "deleted": false, "reactions": [], "tags": [], "state": "sending", "error": null,
            "translation": null, "provider_id": null, "attempts": 3, "retry_at": null, "backoff": 0, "sent_at": 0, "created_at": 0,
        }))
        .unwrap();
        let found = Conversation { messages: vec![message], ..Conversation::default() };
        futures_util::future::ready(Ok(found)).boxed()
    }
    fn knows_message<'a>(&'a self, _: &'a ChannelId, _: &'a str) -> BoxFuture<'a, Result<bool, StoreError>> {
        futures_util::future::ready(Ok(false)).boxed()
    }
}

struct Site {
    connector: Arc<dyn Connector>,
    hall: Hall,
    token: String,
}

impl Site {
    fn new() -> Self {
        let chat = Chat::new(Settings {
            channel_id: "wa".parse().unwrap(),
            origins: Vec::new(),
            look: Look::default(),
            identity_secret: None,
            text_max: 1_000,
            file_max: 1_000,
            file_types: Vec::new(),
            messages_per_minute: 60,
            sockets_per_address: 10,
        });
        Self { connector: Arc::new(chat.unwrap()), hall: Hall::default(), token: "t".repeat(43) }
    }

    /// A visit of the same person.
    async fn visit(&self) -> Box<dyn Visit> {
        let mut visit = self.connector.visitors().unwrap().begin();
        let start = json!({ "type": "start", "token": self.token }).to_string();
        assert!(visit.frame(&start, &self.hall).await.parting.is_none());
        visit
    }
}

impl Subject for Site {
    fn connector(&self) -> &Arc<dyn Connector> {
        &self.connector
    }

    fn address(&self) -> (AliasKind, String) {
        self.connector.visitors().unwrap().visitor(&self.token, RECEIVED).unwrap().party.alias
    }

    fn writes(&mut self, number: u32) -> BoxFuture<'_, Vec<ChannelInput>> {
        async move {
            let client_id = format!("message-{number}");
            let frame = json!({ "type": "message", "client_id": client_id, "text": "hello" }).to_string();
            self.visit().await.frame(&frame, &self.hall).await;
            self.hall.taken()
        }
        .boxed()
    }

    fn reports(&mut self, state: DeliveryState) -> BoxFuture<'_, Vec<ChannelInput>> {
        async move {
            let frame = json!({ "type": state.as_str(), "message_id": "m12" }).to_string();
            self.visit().await.frame(&frame, &self.hall).await;
            self.hall.taken()
        }
        .boxed()
    }
}

async fn subjects() -> (Number, Site) {
    (Number::new().await, Site::new())
}

async fn on_each(check: impl AsyncFn(&mut dyn Subject)) {
    let (mut number, mut site) = subjects().await;
    number.meta.will(accepted());
    check(&mut number).await;
    check(&mut site).await;
}

/// The one input there is.
fn only(mut inputs: Vec<ChannelInput>) -> ChannelInput {
    assert_eq!(inputs.len(), 1, "{inputs:?}");
    inputs.remove(0)
}

fn message(input: ChannelInput) -> Option<InboundMessage> {
    if let ChannelInput::Message(message) = input { Some(message) } else { None }
}

/// Which try of which message, how far it came, and why it failed.
fn report(input: ChannelInput) -> Option<(Option<String>, DeliveryState, Option<DeliveryError>)> {
    if let ChannelInput::Status { mark, state, error, .. } = input {
        Some((mark, state, error))
    } else {
        None
    }
}

#[tokio::test]
async fn the_same_message_has_the_same_name_and_another_has_another() {
    on_each(async |subject| {
        let mut names = Vec::new();
        for number in [1, 1, 2] {
            let message = message(only(subject.writes(number).await)).expect("a message");
            assert_eq!(message.text, "hello");
            assert!(message.sender.aliases.contains(&subject.address()));
            names.push(message.provider_id);
        }
        assert_eq!(names[0], names[1]);
        assert_ne!(names[0], names[2]);
    })
    .await;
}

#[tokio::test]
async fn reports_name_the_message_and_the_try_in_whatever_order() {
    on_each(async |subject| {
        for state in [DeliveryState::Read, DeliveryState::Delivered] {
            let (mark, told, error) = report(only(subject.reports(state).await)).expect("a report");
            assert_eq!((mark.as_deref(), told, error), (Some("m12.3"), state, None));
        }
    })
    .await;
}

#[tokio::test]
async fn a_send_is_accepted_under_a_name_or_refused_with_a_reason() {
    on_each(async |subject| {
        let to = vec![subject.address()];
        let taken = subject.connector().send(&Outgoing { to, ..text("x") }, None).await;
        assert!(
            matches!(&taken, SendResult::Accepted { provider_id, .. } if !provider_id.is_empty()),
            "{taken:?}"
        );
        // Nobody is at this address: a reason, and no second try.
        let to = vec![(AliasKind::Username, "ann".to_owned())];
        let refused = subject.connector().send(&Outgoing { to, ..text("x") }, None).await;
        assert!(
            matches!(&refused, SendResult::Failed { error } if error.reason == "address_needed"),
            "{refused:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn nobody_gets_in_without_a_signature() {
    on_each(async |subject| {
        let request = WebhookRequest {
            query: "hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong".into(),
            headers: Vec::new(),
            body: b"{}".to_vec().into(),
            received_at: RECEIVED,
        };
        assert_eq!(subject.connector().receive(&request), Err(Rejected::Unsigned));
        assert_eq!(subject.connector().handshake(&request), Handshake::Refused);
    })
    .await;
}

#[tokio::test]
async fn what_a_channel_can_not_do_it_says_and_refuses() {
    on_each(async |subject| {
        let connector = subject.connector();
        let abilities = &connector.channel().abilities;
        assert!(abilities.text_max > 0 && connector.channel().messages_per_second > 0);
        if !abilities.templates {
            assert!(connector.templates().await.unwrap().is_empty());
        }
        if !abilities.reactions {
            let refused = connector.react(&[subject.address()], "x", "👍").await.unwrap_err();
            assert!(!refused.again);
        }
        let none = connector.fetch("nothing", 10).await;
        assert!(none.is_err(), "a file that is not there");
    })
    .await;
}

#[test]
fn only_who_was_given_a_message_reports_on_it() {
    let site = Site::new();
    let mut visit = site.connector.visitors().unwrap().begin();
    let frame = json!({ "type": "read", "message_id": "m12" }).to_string();
    let said = visit.frame(&frame, &site.hall).now_or_never().unwrap();
    assert!(said.frames[0].contains("start first"));
    assert!(site.hall.taken().is_empty());
}
