//! Agents change their own password (SPEC §6).

use guichet::domain::Span;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::client::{Client, open};
use crate::desk::{PASSWORD, TestDesk};

const NEW: &str = "a longer horse";

/// Logs in; gives the cookie, or the status that refused it.
async fn login(desk: &TestDesk, login: &str, password: &str) -> Result<String, u16> {
    let body = json!({ "login": login, "password": password }).to_string();
    let answer = desk.http.post(desk.url("/login")).body(body).send().await.expect("an answer");
    match answer.headers().get("set-cookie") {
        Some(set) => Ok(set.to_str().expect("a text").split(';').next().unwrap_or_default().to_owned()),
        None => Err(answer.status().as_u16()),
    }
}

/// A socket of a login.
async fn socket(desk: &TestDesk, cookie: &str) -> Client {
    let mut request = format!("ws://{}/ws", desk.address).into_client_request().expect("a request");
    let headers = request.headers_mut();
    headers.insert("cookie", cookie.parse().expect("a header"));
    headers.insert("origin", format!("http://{}", desk.address).parse().expect("a header"));
    let socket = open(desk.address, request, None).await.expect("a socket");
    let mut client = Client { socket, events: std::collections::VecDeque::new(), cursor: None, last_id: 0 };
    client.frame().await.expect("hello");
    client.ask("session.start", json!({})).await;
    client
}

fn passwords(old: &str, new: &str) -> Value {
    json!({ "old_password": old, "new_password": new })
}

#[tokio::test]
async fn a_new_password_ends_the_other_logins_and_no_other() {
    let desk = TestDesk::start().await;
    let (here, there) =
        (login(&desk, "alice", PASSWORD).await.unwrap(), login(&desk, "alice", PASSWORD).await.unwrap());
    let bruno = login(&desk, "bruno", PASSWORD).await.unwrap();
    let (mut here_socket, mut there_socket) = (socket(&desk, &here).await, socket(&desk, &there).await);
    let mut bruno_socket = socket(&desk, &bruno).await;
    let (mut program, _) = Client::start(&desk, "alice").await;

    here_socket.ask("agent.change_password", passwords(PASSWORD, NEW)).await;
    assert_eq!(there_socket.closed().await, 4_001);
    for client in [&mut here_socket, &mut bruno_socket, &mut program] {
        client.ask("inbox.list", json!({})).await;
    }
    let call = async |cookie: &str| {
        let origin = format!("http://{}", desk.address);
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "inbox.list" }).to_string();
        let call =
            desk.http.post(desk.url("/rpc")).header("cookie", cookie).header("origin", origin).body(body);
        call.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!((call(&here).await, call(&there).await, call(&bruno).await), (200, 401, 200));
    assert_eq!(login(&desk, "alice", PASSWORD).await, Err(401));
    assert!(login(&desk, "alice", NEW).await.is_ok());

    // And so it stays.
    let desk = desk.restart().await;
    assert_eq!(login(&desk, "alice", PASSWORD).await, Err(401));
    assert!(login(&desk, "alice", NEW).await.is_ok());
}

#[tokio::test]
async fn what_can_not_be_a_password_is_refused_with_its_field() {
    let desk = TestDesk::start().await;
    let (mut alice, _) = Client::start(&desk, "alice").await;
    for (old, new, field) in [
        (PASSWORD, "short", "new_password"),
        (PASSWORD, &"x".repeat(201), "new_password"),
        (PASSWORD, PASSWORD, "new_password"),
        ("wrong horse", NEW, "old_password"),
        (&"x".repeat(201), NEW, "old_password"),
    ] {
        let frame = alice.call("agent.change_password", passwords(old, new)).await;
        let data = &frame["error"]["data"];
        assert_eq!((&data["kind"], &data["field"]), (&"invalid".into(), &field.into()), "{frame}");
    }
    assert!(login(&desk, "alice", PASSWORD).await.is_ok(), "nothing changed");
}

#[tokio::test]
async fn guessing_the_old_one_is_slowed_down_without_locking_the_door() {
    let desk = TestDesk::start().await;
    let (mut alice, _) = Client::start(&desk, "alice").await;
    for _ in 0..5 {
        assert_eq!(
            alice.refused("agent.change_password", passwords("a guess of mine", NEW)).await,
            "invalid"
        );
    }
    assert_eq!(alice.refused("agent.change_password", passwords(PASSWORD, NEW)).await, "rate_limited");
    assert!(login(&desk, "alice", PASSWORD).await.is_ok(), "the real one may still log in");
    desk.clock.advance(Span::minutes(1));
    alice.ask("agent.change_password", passwords(PASSWORD, NEW)).await;
}
