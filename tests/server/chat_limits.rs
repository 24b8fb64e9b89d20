//! Who may not come to a web chat, and how much those may who do.

use serde_json::json;

use crate::client::{Client, open};
use crate::desk::{CHANNEL, Setup, TestDesk};
use crate::visitor::{CHAT, HOST, Visitor, chat, desk, handshake, settings};

#[tokio::test]
async fn only_pages_of_the_named_sites_come_in() {
    let desk = desk().await;
    let own = format!("http://{}", desk.address);
    for (channel, origin, expected) in [
        (CHAT, Some(HOST), Ok(())),
        (CHAT, Some(own.as_str()), Ok(())),
        (CHAT, Some("https://evil.example"), Err(403)),
        (CHAT, Some("https://www.example.com.evil.example"), Err(403)),
        (CHAT, Some("http://www.example.com"), Err(403)),
        (CHAT, Some("null"), Err(403)),
        (CHAT, None, Err(403)),
        ("nowhere", Some(HOST), Err(404)),
        // A number has no entrance.
        (CHANNEL, Some(HOST), Err(404)),
    ] {
        let opened = open(desk.address, handshake(&desk, channel, origin), None).await.map(drop);
        assert_eq!(opened, expected, "{channel} {origin:?}");
    }
    let mut other = handshake(&desk, CHAT, Some(HOST));
    other.headers_mut().insert("sec-websocket-protocol", "guichet.v1".parse().expect("a header"));
    assert_eq!(open(desk.address, other, None).await.map(drop), Err(400));
    let plain = desk.http.get(desk.url("/chat/site/socket")).header("origin", HOST).send().await;
    assert_eq!(plain.expect("an answer").status(), 426);
}

#[tokio::test]
async fn frames_that_are_none_are_told_so() {
    let desk = desk().await;
    let mut visitor = Visitor::connect(&desk).await;
    visitor.say(json!({ "type": "message", "client_id": "too-early", "text": "x" })).await;
    assert_eq!(visitor.told("refused").await["kind"], "invalid");
    visitor.start(json!({})).await;
    for text in [
        "",
        "{",
        "[]",
        "{\"type\":\"burn\"}",
        "{\"type\":\"typing\",\"x\":1}",
        "{\"type\":\"start\",\"tokn\":\"x\"}",
    ] {
        visitor.send_text(text.to_owned()).await;
        assert_eq!(visitor.told("refused").await["kind"], "invalid", "{text}");
    }
    for (frame, kind) in [
        (json!({ "type": "start" }), "already_done"),
        (json!({ "type": "message", "client_id": "short", "text": "x" }), "invalid"),
        (json!({ "type": "message", "client_id": "with space!", "text": "x" }), "invalid"),
        (json!({ "type": "message", "client_id": "nothing-in-it", "text": " " }), "invalid"),
        (json!({ "type": "message", "client_id": "far-too-long", "text": "é".repeat(201) }), "too_large"),
        (json!({ "type": "message", "client_id": "no-such-file", "media_id": "none" }), "not_found"),
        (json!({ "type": "history", "before": "x" }), "invalid"),
    ] {
        visitor.say(frame).await;
        assert_eq!(visitor.told("refused").await["kind"], kind);
    }
    visitor.write("and-it-lives", &"é".repeat(200)).await;
    visitor.send_text("x".repeat(200_000)).await;
    assert_eq!(visitor.closed().await, 1009);
}

#[tokio::test]
async fn what_no_database_can_keep_is_mended() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    let mut visitor = Visitor::new(&desk).await;
    let text = "{\"type\":\"message\",\"client_id\":\"odd-letters\",\"text\":\"a\\u0000b\\ud83dc\"}";
    visitor.send_text(text.to_owned()).await;
    visitor.told("stored").await;
    let offered = alice.told("interaction.offered").await;
    assert_eq!(offered["messages"][0]["text"], "a\u{FFFD}b\u{FFFD}c");
}

#[tokio::test]
async fn a_visitor_writes_so_many_messages() {
    let desk = desk().await;
    let mut visitor = Visitor::new(&desk).await;
    let mut stored = 0;
    for n in 0..40 {
        visitor.say(json!({ "type": "message", "client_id": format!("message-{n}"), "text": "x" })).await;
        let answer =
            visitor.until("an answer", |frame| frame["type"] == "stored" || frame["type"] == "refused").await;
        if answer["type"] == "refused" {
            assert_eq!(
                (&answer["kind"], &answer["client_id"]),
                (&"rate_limited".into(), &format!("message-{n}").into())
            );
            break;
        }
        stored += 1;
    }
    assert!((20..40).contains(&stored), "{stored}");
    desk.clock.advance(guichet::domain::Span::minutes(1));
    visitor.write("after-a-minute", "x").await;
}

#[tokio::test]
async fn a_socket_says_so_many_frames() {
    let desk = desk().await;
    let mut visitor = Visitor::new(&desk).await;
    for _ in 0..400 {
        visitor.send_text("{\"type\":\"delivered\",\"message_id\":\"m1\"}".to_owned()).await;
    }
    assert_eq!(visitor.closed().await, 4029);
}

#[tokio::test]
async fn so_many_sockets_for_a_visitor_and_for_an_address() {
    let desk = desk().await;
    let first = Visitor::new(&desk).await;
    let mut open_ones = Vec::new();
    for _ in 0..9 {
        let mut another = Visitor::connect(&desk).await;
        another.start(json!({ "token": first.token })).await;
        open_ones.push(another);
    }
    let mut one_more = Visitor::connect(&desk).await;
    one_more.say(json!({ "type": "start", "token": first.token })).await;
    assert_eq!(one_more.closed().await, 4029);
    drop(one_more);
    while open_ones.len() < 19 {
        open_ones.push(Visitor::connect(&desk).await);
    }
    desk.until("an address is full", async || {
        open(desk.address, handshake(&desk, CHAT, Some(HOST)), None).await.map(drop) == Err(429)
    })
    .await;
    drop(open_ones);
    desk.until("there is room again", async || {
        open(desk.address, handshake(&desk, CHAT, Some(HOST)), None).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn files_have_a_size_a_type_and_an_owner() {
    let desk = desk().await;
    let visitor = Visitor::new(&desk).await;
    for (bytes, name, mime, status) in [
        (vec![b'x'; 1_001], "long.txt", "text/plain", 413),
        (b"%PDF-1.7 x".to_vec(), "x.png", "image/png", 415),
        (b"<svg onload=alert(1)>".to_vec(), "x.svg", "image/svg+xml", 200),
        (Vec::new(), "empty.txt", "text/plain", 400),
    ] {
        let (answered, made) = visitor.upload(&desk, bytes, name, mime).await;
        assert_eq!(answered, status, "{name} {made}");
        if status == 200 {
            assert_eq!(made["mime"], "text/plain", "markup is text");
        }
    }
    let nobody = Visitor::connect(&desk).await;
    assert_eq!(nobody.upload(&desk, b"x".to_vec(), "x.txt", "text/plain").await.0, 401);
    let foreign = desk.http.post(desk.url("/chat/site/media")).header("origin", "https://evil.example");
    let foreign = foreign.bearer_auth(visitor.token.as_deref().expect("a token")).send().await;
    assert_eq!(foreign.expect("an answer").status(), 403);
    let mut taken = 0;
    while visitor.upload(&desk, b"x".to_vec(), "x.txt", "text/plain").await.0 == 200 {
        taken += 1;
    }
    assert_eq!(taken, 9, "ten files of one visitor may wait to be named");
}

#[tokio::test]
async fn the_page_is_strict_and_the_button_is_for_everybody() {
    let mut look = settings();
    look.look.title.fr = "L'aide <vite>".into();
    look.look.accent = "#ffcc00".into();
    let desk = TestDesk::start_set(Setup { more: chat(look), ..Setup::default() }).await;
    let get = async |path: &str, language: &str| {
        desk.http.get(desk.url(path)).header("accept-language", language).send().await.expect("an answer")
    };
    let page = get("/chat/site/", "fr-FR,fr;q=0.9,en;q=0.5").await;
    assert_eq!(
        (page.status().as_u16(), &page.headers()["content-type"]),
        (200, &"text/html; charset=utf-8".parse().expect("a header"))
    );
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    assert!(policy.ends_with("frame-ancestors 'self' https://www.example.com"), "{policy}");
    let text = page.text().await.expect("text");
    assert!(
        text.contains("<html lang=\"fr\"") && text.contains("<title>L&#39;aide &#60;vite&#62;</title>"),
        "{text}"
    );
    assert!(!text.contains("<vite>") && !text.contains("<script>"));
    assert!(get("/chat/site/?lang=en", "fr").await.text().await.expect("text").contains("<html lang=\"en\""));
    for (name, mime) in [
        ("embed.js", "text/javascript; charset=utf-8"),
        ("chat.js", "text/javascript; charset=utf-8"),
        ("chat.css", "text/css; charset=utf-8"),
        ("look.css", "text/css; charset=utf-8"),
    ] {
        let file = get(&format!("/chat/site/{name}"), "en").await;
        assert_eq!(
            (file.status().as_u16(), &file.headers()["content-type"]),
            (200, &mime.parse().expect("a header"))
        );
        assert_eq!(file.headers()["cross-origin-resource-policy"], "cross-origin");
    }
    let button = get("/chat/site/embed.js", "en").await.text().await.expect("text");
    assert!(button.contains("background: '#ffcc00', color: '#000'") && !button.contains("{{"), "{button}");
    for path in ["/chat/nowhere/", "/chat/site/other.js", "/chat/nowhere", &format!("/chat/{CHANNEL}/")] {
        assert_eq!(get(path, "en").await.status(), 404, "{path}");
    }
}
