//! The outbox with a provider that does as it is told. What real providers answer is the `channel` room's to test.

use std::collections::VecDeque;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, mpsc::UnboundedReceiver};

use super::*;
use crate::domain::{Abilities, AliasKind, Channel, ChannelKind, MediaState, MessageKind, Template, Time};
use crate::port::{Download, Handshake, Received, Rejected, WebhookRequest};

/// What the provider does with one send.
enum Does {
    Answer(SendResult),
    Panic,
}

struct Provider {
    channel: Channel,
    does: Mutex<VecDeque<Does>>,
    /// Sends that may go on; others are with the provider.
    open: Semaphore,
    seen: Mutex<Vec<String>>,
    templates: Mutex<VecDeque<Result<Vec<Template>, ConnectorError>>>,
    file: Mutex<Option<Result<Download, ConnectorError>>>,
}

fn accepted() -> SendResult {
    SendResult::Accepted { provider_id: "p".into(), aliases: Vec::new() }
}

impl Provider {
    fn new(channel_id: &str) -> Arc<Self> {
        let abilities = Abilities {
            window: None,
            templates: true,
            media: true,
            receipts: true,
            typing: true,
            reactions: true,
            text_max: 10,
            caption_max: 10,
            ..Abilities::default()
        };
        let channel = Channel {
            channel_id: channel_id.parse().unwrap(),
            kind: ChannelKind::Whatsapp,
            abilities,
            require_template_for_first_reply: false,
            messages_per_second: 80,
        };
        Arc::new(Self {
            channel,
            does: Mutex::default(),
            open: Semaphore::new(1_000_000),
            seen: Mutex::default(),
            templates: Mutex::default(),
            file: Mutex::default(),
        })
    }

    fn saw(&self, what: String) {
        self.seen.lock().unwrap().push(what);
    }
}

impl Connector for Provider {
    fn channel(&self) -> &Channel {
        &self.channel
    }
    fn handshake(&self, _: &WebhookRequest) -> Handshake {
        Handshake::Refused
    }
    fn receive(&self, _: &WebhookRequest) -> Result<Received, Rejected> {
        Err(Rejected::Unsigned)
    }
    fn send<'a>(&'a self, outgoing: &'a Outgoing, content: Option<Content>) -> BoxFuture<'a, SendResult> {
        async move {
            let file = content.map(|file| format!(" {} {} {:?}", file.filename, file.mime, file.bytes));
            self.saw(format!("{}{}", outgoing.message_id, file.unwrap_or_default()));
            self.open.acquire().await.unwrap().forget();
            let does = self.does.lock().unwrap().pop_front();
            match does {
                Some(Does::Answer(result)) => result,
                Some(Does::Panic) => panic!("as told"),
                None => accepted(),
            }
        }
        .boxed()
    }
    fn mark_read<'a>(&'a self, id: &'a str, typing: bool) -> BoxFuture<'a, Result<(), ConnectorError>> {
        async move {
            self.saw(format!("read {id} {typing}"));
            Err(ConnectorError { again: true, reason: "no".into() })
        }
        .boxed()
    }
    fn react<'a>(
        &'a self,
        _: &'a [(AliasKind, String)],
        id: &'a str,
        emoji: &'a str,
    ) -> BoxFuture<'a, Result<(), ConnectorError>> {
        async move {
            self.saw(format!("react {id} {emoji}"));
            Ok(())
        }
        .boxed()
    }
    fn fetch<'a>(&'a self, _: &'a str, _: u64) -> BoxFuture<'a, Result<Download, ConnectorError>> {
        async move { self.file.lock().unwrap().take().unwrap() }.boxed()
    }
    fn templates(&self) -> BoxFuture<'_, Result<Vec<Template>, ConnectorError>> {
        async move {
            self.saw("templates".into());
            self.open.acquire().await.unwrap().forget();
            self.templates.lock().unwrap().pop_front().unwrap_or_else(|| Ok(Vec::new()))
        }
        .boxed()
    }
}

struct Bench {
    effects: mpsc::Sender<Effect>,
    told: UnboundedReceiver<Input>,
    media: Media,
    clock: Arc<Clock>,
    _folder: tempfile::TempDir,
}

fn bench(providers: &[&Arc<Provider>]) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let media = Media::open(folder.path()).unwrap();
    let clock = Arc::new(Clock::default());
    let (tell, told) = mpsc::unbounded_channel();
    let connectors = providers.iter().map(|&provider| Arc::clone(provider) as Arc<dyn Connector>).collect();
    let tell: Tell = Arc::new(move |input| tell.send(input).unwrap());
    let outbox =
        Outbox::new(connectors, media.clone(), Arc::clone(&clock), Arc::default(), (None, None), tell);
    let (effects, effects_out) = mpsc::channel(8);
    tokio::spawn(outbox.run(effects_out, |_| {}));
    Bench { effects, told, media, clock, _folder: folder }
}

fn outgoing(number: i64, channel_id: &str) -> Outgoing {
    Outgoing {
        message_id: MessageId(number),
        attempt: 1,
        channel_id: channel_id.parse().unwrap(),
        to: vec![(AliasKind::WaId, "336".into())],
        body: OutgoingBody::Text("hello".into()),
        reply_to: None,
        subject: None,
        window_ends_at: None,
    }
}

impl Bench {
    async fn send(&self, outgoing: Outgoing) {
        self.effects.send(Effect::Send(Box::new(outgoing))).await.unwrap();
    }

    async fn sent(&mut self) -> (i64, SendResult) {
        let told = self.told.recv().await.unwrap();
        let Input::Sent { message_id, result, .. } = told else { panic!("{told:?}") };
        (message_id.0, result)
    }
}

fn reason(result: &SendResult) -> &str {
    outcome(result).1.map_or("", |error| error.reason.as_str())
}

fn picture(filename: Option<&str>) -> File {
    File {
        media_id: "pic".parse().unwrap(),
        message_id: None,
        agent_id: None,
        mime: "image/png".into(),
        filename: filename.map(str::to_owned),
        caption: None,
        size: None,
        voice: false,
        state: MediaState::Stored,
        channel_id: None,
        provider_media_id: None,
        attempts: 0,
        retry_at: None,
        created_at: Time(0),
    }
}

#[tokio::test]
async fn what_the_provider_answers_comes_back() {
    let provider = Provider::new("wa");
    let mut bench = bench(&[&provider]);
    let failed = SendResult::Failed { error: error("undeliverable", "") };
    provider.does.lock().unwrap().push_back(Does::Answer(failed.clone()));
    bench.send(outgoing(1, "wa")).await;
    assert_eq!(bench.sent().await, (1, failed));
    bench.send(outgoing(2, "wa")).await;
    assert_eq!(bench.sent().await, (2, accepted()));
    bench.send(outgoing(3, "other")).await;
    assert_eq!(reason(&bench.sent().await.1), "channel_missing");
}

#[tokio::test]
async fn a_file_goes_with_its_name() {
    let provider = Provider::new("wa");
    let mut bench = bench(&[&provider]);
    let mut with_file = outgoing(1, "wa");
    with_file.body = OutgoingBody::Media { kind: MessageKind::Image, media: picture(None) };
    bench.send(with_file.clone()).await;
    assert_eq!(reason(&bench.sent().await.1), "media_missing");
    bench.media.put(&"pic".parse().unwrap(), Bytes::from_static(b"bytes")).await.unwrap();
    bench.send(with_file.clone()).await;
    assert_eq!(bench.sent().await, (1, accepted()));
    with_file.body = OutgoingBody::Media { kind: MessageKind::Image, media: picture(Some("été.png")) };
    bench.send(with_file).await;
    assert_eq!(bench.sent().await, (1, accepted()));
    assert_eq!(
        *provider.seen.lock().unwrap(),
        ["m1 file.png image/png b\"bytes\"", "m1 été.png image/png b\"bytes\""]
    );
}

#[tokio::test]
async fn the_window_is_looked_at_again_when_a_message_leaves() {
    let provider = Provider::new("wa");
    let mut bench = bench(&[&provider]);
    let mut free = outgoing(1, "wa");
    free.window_ends_at = Some(bench.clock.now() + Span::hours(1));
    bench.send(free.clone()).await;
    assert_eq!(bench.sent().await.1, accepted());
    bench.clock.advance(Span::hours(1));
    bench.send(free).await;
    assert_eq!(reason(&bench.sent().await.1), "window_closed");
    assert_eq!(provider.seen.lock().unwrap().len(), 1, "it did not leave");
}

#[tokio::test]
async fn a_panic_leaves_the_message_unknown() {
    let provider = Provider::new("wa");
    let mut bench = bench(&[&provider]);
    provider.does.lock().unwrap().push_back(Does::Panic);
    bench.send(outgoing(1, "wa")).await;
    let (number, result) = bench.sent().await;
    assert_eq!((number, outcome(&result).0), (1, "unknown"));
    bench.send(outgoing(2, "wa")).await;
    assert_eq!(bench.sent().await.1, accepted());
}

#[tokio::test]
async fn a_slow_account_is_bounded_and_holds_up_no_other() {
    let (slow, quick) = (Provider::new("slow"), Provider::new("quick"));
    let mut bench = bench(&[&slow, &quick]);
    slow.open.forget_permits(1_000_000);
    let most = SENDS_MAX + SENDS_WAITING_MAX;
    for number in 0..=most {
        bench.send(outgoing(i64::try_from(number).unwrap(), "slow")).await;
    }
    let (_, result) = bench.sent().await;
    assert_eq!(reason(&result), "outbox_full", "one more than fits");
    bench.send(outgoing(-1, "quick")).await;
    assert_eq!(bench.sent().await, (-1, accepted()));
    assert_eq!(slow.seen.lock().unwrap().len(), SENDS_MAX, "with the provider at once");
    slow.open.add_permits(most);
    for _ in 0..most {
        assert_eq!(bench.sent().await.1, accepted());
    }
}

#[tokio::test]
async fn a_contacts_file_is_stored_under_its_real_type() {
    let provider = Provider::new("wa");
    let mut bench = bench(&[&provider]);
    let media_id: MediaId = "f1".parse().unwrap();
    let fetch = || Effect::FetchMedia {
        media_id: media_id.clone(),
        channel_id: "wa".parse().unwrap(),
        provider_media_id: "9".into(),
    };
    let html = Bytes::from_static(b"<!DOCTYPE html><html></html>");
    let cases = [
        (Err(ConnectorError { again: true, reason: "later".into() }), Err(true)),
        (Err(ConnectorError { again: false, reason: "gone".into() }), Err(false)),
        (Ok(Download { bytes: html.clone(), mime: "image/png".into() }), Ok("text/html")),
    ];
    for (file, expected) in cases {
        *provider.file.lock().unwrap() = Some(file);
        bench.effects.send(fetch()).await.unwrap();
        let Input::MediaFetched { result, .. } = bench.told.recv().await.unwrap() else { panic!() };
        assert_eq!(result.as_ref().map(|file| file.mime.as_str()).map_err(|failure| failure.again), expected);
    }
    assert_eq!(bench.media.get(&media_id).await.unwrap(), html);
}

#[tokio::test]
async fn templates_are_read_once_for_many_wishes() {
    let provider = Provider::new("wa");
    let mut bench = bench(&[&provider]);
    let wish = || Effect::RefreshTemplates { channel_id: "wa".parse().unwrap() };
    provider.open.forget_permits(1_000_000);
    for _ in 0..5 {
        bench.effects.send(wish()).await.unwrap();
    }
    // All five are known once something sent after them was seen.
    bench
        .effects
        .send(Effect::MarkRead { channel_id: "wa".parse().unwrap(), provider_id: "x".into(), typing: false })
        .await
        .unwrap();
    while !provider.seen.lock().unwrap().contains(&"read x false".to_owned()) {
        tokio::task::yield_now().await;
    }
    provider.open.add_permits(2);
    for _ in 0..2 {
        assert!(matches!(bench.told.recv().await.unwrap(), Input::Templates { .. }));
    }
    // A provider that says a template is paused makes the list stale.
    provider.open.add_permits(2);
    let paused = SendResult::Failed { error: error("template_paused", "") };
    provider.does.lock().unwrap().push_back(Does::Answer(paused));
    let refused = Err(ConnectorError { again: false, reason: "permission_missing".into() });
    provider.templates.lock().unwrap().push_back(refused);
    bench.send(outgoing(1, "wa")).await;
    let mut told = Vec::new();
    for _ in 0..2 {
        let input = bench.told.recv().await.unwrap();
        told.push(if let Input::Notice { code, .. } = input { code } else { input.name().to_owned() });
    }
    assert_eq!(told, ["sent", "templates_unread"]);
    let reads = provider.seen.lock().unwrap().iter().filter(|what| *what == "templates").count();
    assert_eq!(reads, 3, "one, one again for the four that came meanwhile, and one for the paused template");
}

#[tokio::test]
async fn signs_are_tried_once() {
    let provider = Provider::new("wa");
    let mut bench = bench(&[&provider]);
    let channel_id: ChannelId = "wa".parse().unwrap();
    let read = Effect::MarkRead { channel_id: channel_id.clone(), provider_id: "x".into(), typing: true };
    let react = Effect::React { channel_id, to: Vec::new(), provider_id: "x".into(), emoji: "👍".into() };
    bench.effects.send(read).await.unwrap();
    bench.effects.send(react).await.unwrap();
    bench.send(outgoing(1, "wa")).await;
    bench.sent().await;
    assert_eq!(*provider.seen.lock().unwrap(), ["read x true", "react x 👍", "m1"]);
}
