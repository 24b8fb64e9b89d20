//! Sections of a customer's card that other systems give: in time or not at all, and nobody waits (SPEC §5.11).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use guichet::domain::{CardField, Span};
use guichet::port::{CardProvider, CardSubject, ConnectorError};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::client::Client;
use crate::desk::TestDesk;

/// A system that answers when it is let.
struct Crm {
    name: &'static str,
    title: &'static str,
    open: Semaphore,
    asked: AtomicUsize,
    broken: bool,
}

impl Crm {
    fn new(name: &'static str, broken: bool) -> Arc<Self> {
        Arc::new(Self { name, title: "Orders", open: Semaphore::new(0), asked: AtomicUsize::new(0), broken })
    }
}

impl CardProvider for Crm {
    fn name(&self) -> &str {
        self.name
    }
    fn title(&self) -> &str {
        self.title
    }
    fn section<'a>(
        &'a self,
        subject: &'a CardSubject,
    ) -> BoxFuture<'a, Result<Vec<CardField>, ConnectorError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        async move {
            self.open.acquire().await.expect("open").forget();
            if self.broken {
                return Err(ConnectorError { again: true, reason: "down".into() });
            }
            let (_, _, number) = subject.addresses.first().expect("an address");
            Ok(vec![CardField { label: "Number".into(), value: number.clone(), link: None }])
        }
        .boxed()
    }
}

#[tokio::test]
async fn sections_arrive_by_themselves_or_are_given_up() {
    let (crm, slow, broken) = (Crm::new("crm", false), Crm::new("slow", false), Crm::new("broken", true));
    let cards: Vec<Arc<dyn CardProvider>> = vec![
        Arc::clone(&crm) as Arc<dyn CardProvider>,
        Arc::clone(&slow) as Arc<dyn CardProvider>,
        Arc::clone(&broken) as Arc<dyn CardProvider>,
    ];
    let desk = TestDesk::with_cards(cards).await;
    let mut alice = Client::available(&desk, "alice").await;
    let (mut bruno, _) = Client::start(&desk, "bruno").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    let card = alice.ask("card.get", json!({ "interaction_id": id })).await;
    let states: Vec<_> =
        card["sections"].as_array().expect("sections").iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, ["pending", "pending", "pending"]);

    crm.open.add_permits(1);
    let section = |provider: &'static str| {
        move |event: &serde_json::Value| {
            event["type"] == "card.changed" && event["section"]["provider"] == provider
        }
    };
    let told = alice.event("the section", section("crm")).await;
    assert_eq!((&told["interaction_id"], &told["cursor"]), (&id.as_str().into(), &serde_json::Value::Null));
    assert_eq!(
        told["section"],
        json!({ "provider": "crm", "title": "Orders", "state": "ready",
            "fields": [{ "label": "Number", "value": "33600000001" }] })
    );
    broken.open.add_permits(1);
    assert_eq!(alice.event("the failure", section("broken")).await["section"]["state"], "unavailable");
    desk.clock.advance(Span::seconds(2));
    assert_eq!(alice.event("the late one", section("slow")).await["section"]["state"], "unavailable");

    // Remembered: asked again, the answer is there, and no other system was troubled.
    let card = alice.ask("card.get", json!({ "interaction_id": id })).await;
    assert_eq!(card["sections"][0]["fields"][0]["value"], "33600000001");
    assert_eq!(card["sections"][1]["state"], "unavailable");
    let asked = |crm: &Crm| crm.asked.load(Ordering::SeqCst);
    assert_eq!((asked(&crm), asked(&slow), asked(&broken)), (1, 1, 1));
    // For a while: then it may have changed.
    desk.clock.advance(Span::minutes(5));
    let card = alice.ask("card.get", json!({ "interaction_id": id })).await;
    assert_eq!(card["sections"][0]["state"], "pending");
    // Nobody else is told of what concerns this contact.
    bruno.ask("inbox.list", json!({})).await;
    assert!(bruno.events.iter().all(|event| event["type"] != "card.changed"));
}
