//! Why the server closes a socket, and with which code.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use futures_util::SinkExt;

use crate::client::{Client, handshake, open};
use crate::desk::{TestDesk, token_of};

#[tokio::test]
async fn a_frame_too_large_is_1009() {
    let desk = TestDesk::start().await;
    let (mut alice, _) = Client::start(&desk, "alice").await;
    let most = 256 * 1024;
    let fill = |length: usize| {
        let empty = r#"{"jsonrpc":"2.0","id":9,"method":""}"#.len();
        format!(r#"{{"jsonrpc":"2.0","id":9,"method":"{}"}}"#, "x".repeat(length - empty))
    };
    alice.send_text(fill(most)).await;
    assert_eq!(alice.frame().await.expect("an answer")["error"]["code"], -32_601);
    alice.send_text(fill(most + 1)).await;
    assert_eq!(alice.closed().await, 1_009);
}

#[tokio::test]
async fn a_binary_frame_is_1003() {
    let desk = TestDesk::start().await;
    let (mut alice, _) = Client::start(&desk, "alice").await;
    alice.socket.send(Message::binary(vec![1, 2, 3])).await.expect("sent");
    assert_eq!(alice.closed().await, 1_003);
}

#[tokio::test]
async fn too_many_requests_are_4029() {
    let desk = TestDesk::start().await;
    let (mut alice, _) = Client::start(&desk, "alice").await;
    let request = json!({ "jsonrpc": "2.0", "method": "inbox.list" }).to_string();
    // The burst, and as many as the steady rate lets through while they are sent. The server may close before the end.
    let mut flood = futures_util::stream::iter((0..100_000).map(|_| Ok(Message::text(request.clone()))));
    let _sent = alice.socket.send_all(&mut flood).await;
    let code = alice.closed().await;
    assert!([4_029, 0].contains(&code), "{code}");
    desk.until("it is counted", async || {
        desk.metrics.text().contains("guichet_sockets_closed_total{kind=\"too_many\"} 1")
    })
    .await;
}

async fn administer(desk: &TestDesk, params: Value) {
    let (mut ada, _) = Client::start(desk, "ada").await;
    ada.ask("admin.agents.save", params).await;
}

#[tokio::test]
async fn changed_rights_are_4009() {
    let desk = TestDesk::start().await;
    let (mut alice, _) = Client::start(&desk, "alice").await;
    administer(&desk, json!({ "login": "alice", "role": "supervisor" })).await;
    assert_eq!(alice.closed().await, 4_009);
    let (_, started) = Client::start(&desk, "alice").await;
    assert!(started["permissions"].as_array().is_some_and(|all| all.contains(&"supervise".into())));
}

#[tokio::test]
async fn an_agent_who_was_removed_is_4001() {
    let desk = TestDesk::start().await;
    let (mut alice, _) = Client::start(&desk, "alice").await;
    administer(&desk, json!({ "login": "alice", "removed": true })).await;
    assert_eq!(alice.closed().await, 4_001);
    assert_eq!(open(desk.address, handshake(desk.address, "alice"), None).await.err(), Some(401));
}

#[tokio::test]
async fn a_revoked_token_is_4001() {
    let desk = TestDesk::start().await;
    let (mut alice, _) = Client::start(&desk, "alice").await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    ada.ask("admin.tokens.revoke", json!({ "name": "alice" })).await;
    assert_eq!(alice.closed().await, 4_001);
    let status =
        desk.http.post(desk.url("/rpc")).bearer_auth(token_of("alice")).send().await.expect("an answer");
    assert_eq!(status.status(), 401);
}

#[tokio::test]
async fn going_down_is_1012() {
    let mut desk = TestDesk::start().await;
    let (mut alice, _) = Client::start(&desk, "alice").await;
    let mut unstarted = Client::connect(&desk, "bruno").await;
    let (code, other, ()) = tokio::join!(alice.closed(), unstarted.closed(), desk.shut_down());
    assert_eq!((code, other), (1_012, 1_012));
    assert!(reqwest::get(desk.url("/healthz")).await.is_err());
}

#[tokio::test]
async fn a_frame_that_is_not_utf8_is_1007() {
    let desk = TestDesk::start().await;
    let (mut alice, _) = Client::start(&desk, "alice").await;
    let frame = Frame::message(vec![0xFF, 0xFE], OpCode::Data(Data::Text), true);
    alice.socket.send(Message::Frame(frame)).await.expect("sent");
    assert_eq!(alice.closed().await, 1_007);
}
