//! Deliveries as they really come: repeated, at once, out of order, unsigned, spoilt.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::{CHANNEL, TestDesk};
use crate::provider::{delivery, signature, status, text, texts};

async fn history(client: &mut Client, id: &str) -> Vec<Value> {
    let page = client.ask("interaction.history", json!({ "interaction_id": id, "limit": 100 })).await;
    page["messages"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn the_same_delivery_fifty_times_at_once_is_one_message() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    let body = texts("33600000001", &[("wamid.1", "hello")], desk.seconds());
    let statuses = join_all((0..50).map(|_| desk.deliver(body.clone()))).await;
    assert_eq!(statuses, [200; 50]);
    let id = alice.accept_next().await;
    assert_eq!(history(&mut alice, &id).await.len(), 1);
    assert_eq!(alice.ask("inbox.list", json!({})).await["interactions"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn twenty_messages_of_a_new_customer_at_once_are_one_interaction() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    let bodies: Vec<Vec<u8>> = (0..20)
        .map(|n| {
            texts("33600000002", &[(format!("wamid.{n}").as_str(), format!("n{n}").as_str())], desk.seconds())
        })
        .collect();
    let statuses = join_all(bodies.into_iter().map(|body| desk.deliver(body))).await;
    assert_eq!(statuses, [200; 20]);
    let id = alice.accept_next().await;
    assert_eq!(history(&mut alice, &id).await.len(), 20);
    assert_eq!(alice.ask("inbox.list", json!({})).await["interactions"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn states_never_go_back() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    let orders =
        [["sent", "delivered", "read"], ["read", "delivered", "sent"], ["delivered", "read", "sent"]];
    for (n, order) in orders.into_iter().enumerate() {
        alice.ask("message.send", json!({ "interaction_id": id, "text": n.to_string() })).await;
        desk.until("it was sent", async || desk.provider.texts().len() > n).await;
        let wamid = format!("wamid.OUT{}", n + 1);
        join_all(order.map(|state| desk.deliver(status(&wamid, state, desk.seconds())))).await;
    }
    // A report that overtakes the answer to the send it is about.
    assert_eq!(desk.deliver(status("wamid.OUT4", "read", desk.seconds())).await, 200);
    alice.ask("message.send", json!({ "interaction_id": id, "text": "overtaken" })).await;
    for _ in 0..4 {
        alice.event("read", |event| event["message"]["state"] == "read").await;
    }
    let states: Vec<Value> =
        history(&mut alice, &id).await.iter().skip(1).map(|it| it["state"].clone()).collect();
    assert_eq!(states, ["read", "read", "read", "read"]);
}

#[tokio::test]
async fn what_is_not_signed_changes_nothing() {
    let desk = TestDesk::start().await;
    let (mut sam, started) = Client::start(&desk, "sam").await;
    let body = texts("33600000001", &[("wamid.1", "hello")], desk.seconds());
    let right = signature(&body);
    let upper = right.to_uppercase();
    let other = signature(b"something else");
    for wrong in
        [None, Some(""), Some("sha256="), Some(&right[..40]), Some(&right[7..]), Some(&upper), Some(&other)]
    {
        assert_eq!(desk.deliver_signed(body.clone(), wrong).await, 401, "{wrong:?}");
    }
    let mut spoilt = body.clone();
    spoilt.push(b' ');
    assert_eq!(desk.deliver_signed(spoilt, Some(&right)).await, 401);
    sam.ask("inbox.list", json!({})).await;
    let again = Client::start(&desk, "sam").await.1;
    assert_eq!(started["snapshot"]["queues"], again["snapshot"]["queues"]);
    assert_eq!(desk.deliver_signed(body, Some(&right)).await, 200);
}

#[tokio::test]
async fn signed_garbage_is_kept_and_told_to_administrators() {
    let desk = TestDesk::start().await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    for body in [
        &b""[..],
        b"{",
        b"null",
        b"[]",
        b"{\"object\":\"page\"}",
        b"\xff\xfe\x00",
        b"{\"object\":\"whatsapp_business_account\",\"entry\":5}",
    ] {
        assert_eq!(desk.deliver(body.to_vec()).await, 200, "{}", String::from_utf8_lossy(body));
    }
    let notice = ada.told("notice").await;
    assert!(notice["code"].is_string() && notice["message"].is_string(), "{notice}");
}

#[tokio::test]
async fn neighbours_of_what_can_not_be_understood_are_kept() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    let contacts = json!([{ "profile": { "name": "Marie" }, "wa_id": "33600000001" }]);
    let at = desk.seconds();
    let mut messages = vec![
        text("33600000001", "wamid.1", "before", at),
        json!({ "from": "33600000001", "id": "wamid.2", "timestamp": at.to_string(), "type": "hologram", "hologram": { "x": 1 } }),
        json!({ "from": "33600000001", "id": "wamid.3", "timestamp": at.to_string(), "type": "image", "image": "nonsense" }),
        json!(7),
    ];
    messages.push(text("33600000001", "wamid.5", "after", at));
    assert_eq!(desk.deliver(delivery(&json!({ "contacts": contacts, "messages": messages }))).await, 200);
    let id = alice.accept_next().await;
    let kept = history(&mut alice, &id).await;
    let kinds: Vec<&str> = kept.iter().filter_map(|it| it["kind"].as_str()).collect();
    assert_eq!(kinds, ["text", "unsupported", "unsupported", "text"], "{kept:#?}");
    assert_eq!((&kept[0]["text"], &kept[3]["text"]), (&"before".into(), &"after".into()));
}

#[tokio::test]
async fn no_text_spoils_a_database() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    let plain = String::from_utf8(texts("33600000001", &[("wamid.1", "ZZ")], desk.seconds())).expect("JSON");
    for (n, nasty) in ["\\u0000", "\\ud800", "\\udc00 \\ud83d", "\\u0000\\u0000"].iter().enumerate() {
        let body = plain.replace("ZZ", nasty).replace("wamid.1", &format!("wamid.{n}"));
        assert_eq!(desk.deliver(body.into_bytes()).await, 200, "{nasty}");
    }
    let id = alice.accept_next().await;
    let kept = history(&mut alice, &id).await;
    assert_eq!(kept.len(), 4);
    assert_eq!(kept[0]["text"], "\u{FFFD}");
}

#[tokio::test]
async fn handshakes_unknown_channels_and_sizes() {
    let desk = TestDesk::start().await;
    let get = async |path: &str| {
        let answer = desk.http.get(desk.url(path)).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    };
    let asked = format!("/webhooks/{CHANNEL}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=");
    assert_eq!(get(&format!("{asked}verify-token")).await, (200, "1158201444".into()));
    assert_eq!(get(&format!("{asked}wrong")).await.0, 403);
    assert_eq!(get(&format!("/webhooks/{CHANNEL}")).await.0, 403);
    assert_eq!(get("/webhooks/none").await.0, 404);
    let post = desk.http.post(desk.url("/webhooks/a%20b")).body("{}").send().await.expect("an answer");
    assert_eq!(post.status(), 404);
    assert_eq!(desk.deliver(vec![b' '; 4 * 1024 * 1024 + 1]).await, 413);
    assert_eq!(desk.deliver(vec![b' '; 3 * 1024 * 1024]).await, 200);
}
