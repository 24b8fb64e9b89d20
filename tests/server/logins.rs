//! Logging in, cookies, origins, and who may call what.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::client::{Client, handshake, open};
use crate::desk::{PASSWORD, TestDesk, token_of};

async fn login(desk: &TestDesk, login: &str, password: &str) -> reqwest::Response {
    let body = json!({ "login": login, "password": password }).to_string();
    desk.http.post(desk.url("/login")).body(body).send().await.expect("an answer")
}

fn cookie(answer: &reqwest::Response) -> String {
    let set = answer.headers()["set-cookie"].to_str().expect("a text");
    assert!(set.contains("; Path=/; HttpOnly; Max-Age=") && set.contains("; SameSite=Lax"), "{set}");
    set.split(';').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_cookie_opens_the_socket_for_our_own_pages_only() {
    let desk = TestDesk::start_with(Some("https://desk.example.com")).await;
    let answer = login(&desk, "alice", PASSWORD).await;
    assert_eq!(answer.status(), 204);
    let cookie = cookie(&answer);
    assert!(cookie.starts_with("__Host-guichet_session="));
    let own = format!("http://127.0.0.1:{}", desk.address.port());
    for (origin, expected) in [
        (Some(own.as_str()), None),
        (Some("https://desk.example.com"), None),
        (Some("https://evil.example"), Some(403)),
        (Some("null"), Some(403)),
        (None, Some(401)),
    ] {
        let mut request = format!("ws://{}/ws", desk.address).into_client_request().expect("a request");
        request.headers_mut().insert("cookie", cookie.parse().expect("a header"));
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().expect("a header"));
        }
        assert_eq!(open(desk.address, request, None).await.err(), expected, "{origin:?}");
        let mut call = desk.http.post(desk.url("/rpc")).header("cookie", &cookie).body("{}");
        if let Some(origin) = origin {
            call = call.header("origin", origin);
        }
        let status = call.send().await.expect("an answer").status().as_u16();
        assert_eq!(status, expected.unwrap_or(200), "{origin:?}");
    }
}

#[tokio::test]
async fn without_authentication_there_is_no_upgrade() {
    let desk = TestDesk::start().await;
    for authorization in
        [None, Some("Bearer"), Some("Bearer "), Some("Bearer wrong"), Some("Basic YWxpY2U6eA==")]
    {
        let mut request = format!("ws://{}/ws", desk.address).into_client_request().expect("a request");
        if let Some(text) = authorization {
            request.headers_mut().insert("authorization", text.parse().expect("a header"));
        }
        assert_eq!(open(desk.address, request, None).await.err(), Some(401), "{authorization:?}");
    }
    let mut other = handshake(desk.address, "alice");
    other.headers_mut().insert("sec-websocket-protocol", "graphql-ws".parse().expect("a header"));
    assert_eq!(open(desk.address, other, None).await.err(), Some(400));
    let plain =
        desk.http.get(desk.url("/ws")).bearer_auth(token_of("alice")).send().await.expect("an answer");
    assert_eq!(plain.status(), 426);
    let in_url = desk.http.get(desk.url(&format!("/ws?token={}", token_of("alice")))).send().await;
    assert_eq!(in_url.expect("an answer").status(), 401);
}

#[tokio::test]
async fn logging_out_ends_the_login_and_its_sockets() {
    let desk = TestDesk::start().await;
    let cookie = cookie(&login(&desk, "alice", PASSWORD).await);
    let own = format!("http://{}", desk.address);
    let request = || {
        let mut request = format!("ws://{}/ws", desk.address).into_client_request().expect("a request");
        request.headers_mut().insert("cookie", cookie.parse().expect("a header"));
        request.headers_mut().insert("origin", own.parse().expect("a header"));
        request
    };
    let socket = open(desk.address, request(), None).await.expect("a socket");
    let mut alice = Client { socket, events: std::collections::VecDeque::new(), cursor: None, last_id: 0 };
    alice.frame().await.expect("hello");
    let (mut by_token, _) = Client::start(&desk, "alice").await;
    let out = desk.http.post(desk.url("/logout")).header("cookie", &cookie).header("origin", &own);
    let answer = out.send().await.expect("an answer");
    assert_eq!(answer.status(), 204);
    assert!(answer.headers()["set-cookie"].to_str().is_ok_and(|set| set.contains("Max-Age=0")));
    assert_eq!(alice.closed().await, 4_001);
    assert_eq!(open(desk.address, request(), None).await.err(), Some(401));
    by_token.ask("inbox.list", json!({})).await;
}

#[tokio::test]
async fn guessing_is_slowed_down_and_tells_nothing() {
    let desk = TestDesk::start().await;
    let (unknown, wrong) = (login(&desk, "nobody", "x").await, login(&desk, "alice", "x").await);
    assert_eq!(
        (unknown.status(), wrong.status()),
        (reqwest::StatusCode::UNAUTHORIZED, reqwest::StatusCode::UNAUTHORIZED)
    );
    assert_eq!(unknown.text().await.expect("a body"), wrong.text().await.expect("a body"));
    let more = futures_util::future::join_all((0..6).map(|_| login(&desk, "alice", "x"))).await;
    let mut statuses: Vec<u16> = more.iter().map(|answer| answer.status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [401, 401, 401, 401, 429, 429]);
    let locked = login(&desk, "alice", PASSWORD).await;
    assert_eq!(locked.status(), 429);
    assert!(locked.headers().contains_key("retry-after"));
    assert_eq!(login(&desk, "bruno", PASSWORD).await.status(), 204);
    desk.clock.advance(guichet::domain::Span::minutes(1));
    assert_eq!(login(&desk, "alice", PASSWORD).await.status(), 204);
}

#[tokio::test]
async fn a_login_that_is_none_is_told_so() {
    let desk = TestDesk::start().await;
    let post = async |body: String, origin: Option<&str>| {
        let mut post = desk.http.post(desk.url("/login")).body(body);
        if let Some(origin) = origin {
            post = post.header("origin", origin);
        }
        post.send().await.expect("an answer").status().as_u16()
    };
    let right = json!({ "login": "alice", "password": PASSWORD }).to_string();
    for (body, origin, expected) in [
        (String::new(), None, 400),
        ("[]".into(), None, 400),
        ("{\"login\":{\"$ne\":1},\"password\":\"x\"}".into(), None, 400),
        (json!({ "login": "x".repeat(201), "password": "x" }).to_string(), None, 400),
        ("x".repeat(9_000), None, 413),
        (right.clone(), Some("https://evil.example"), 403),
        (right, None, 204),
    ] {
        assert_eq!(post(body, origin).await, expected);
    }
}

#[tokio::test]
async fn programs_call_with_a_token() {
    let desk = TestDesk::start().await;
    let call = async |login: &str, body: Value| -> (u16, Value) {
        let call = desk.http.post(desk.url("/rpc")).bearer_auth(token_of(login)).body(body.to_string());
        let answer = call.send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    };
    let request = |method: &str, params: Value| json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let (status, inbox) = call("alice", request("inbox.list", json!({}))).await;
    assert_eq!((status, &inbox["result"]["interactions"]), (200, &json!([])));
    let (status, refused) = call("alice", request("session.start", json!({}))).await;
    assert_eq!((status, &refused["error"]["data"]["kind"]), (200, &"unsupported".into()));
    assert_eq!(call("alice", json!([])).await.1["error"]["code"], -32_600);
    assert_eq!(call("alice", json!({ "jsonrpc": "2.0", "method": "inbox.list" })).await.0, 204);
    assert_eq!(call("nobody", request("inbox.list", json!({}))).await.0, 401);
    let large = json!({ "x": "x".repeat(300_000) });
    assert_eq!(call("alice", large).await.0, 413);

    let (_, made) =
        call("ada", request("admin.tokens.add", json!({ "name": "robot", "login": "alice" }))).await;
    let token = made["result"]["token"].as_str().expect("a token").to_owned();
    let by_new = desk
        .http
        .post(desk.url("/rpc"))
        .bearer_auth(token)
        .body(request("inbox.list", json!({})).to_string());
    assert_eq!(by_new.send().await.expect("an answer").status(), 200);
}
