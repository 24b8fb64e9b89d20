//! Files go in and come out, for those who may see them, and run nowhere.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::{TestDesk, token_of};

async fn upload(desk: &TestDesk, login: &str, form: Form) -> (u16, Value) {
    let post = desk.http.post(desk.url("/media")).bearer_auth(token_of(login)).multipart(form);
    let answer = post.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

fn file(bytes: &'static [u8], name: &str, mime: &str) -> Form {
    let part = Part::bytes(bytes).file_name(name.to_owned()).mime_str(mime).expect("a type");
    Form::new().text("before", "x").part("file", part)
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01";

#[tokio::test]
async fn a_file_goes_in_and_comes_out() {
    let desk = TestDesk::start().await;
    let (status, made) = upload(&desk, "alice", file(PNG, "été.png", "image/png")).await;
    assert_eq!((status, &made["mime"], &made["size"]), (200, &"image/png".into(), &PNG.len().into()));
    assert_eq!(made["filename"], "été.png");
    let path = format!("/media/{}", made["media_id"].as_str().expect("an id"));
    let get = async |login: &str| {
        desk.http.get(desk.url(&path)).bearer_auth(token_of(login)).send().await.expect("an answer")
    };
    let mine = get("alice").await;
    assert_eq!(mine.status(), 200);
    let headers = mine.headers().clone();
    assert_eq!(headers["content-type"], "image/png");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert!(headers["content-disposition"].to_str().is_ok_and(|text| text.starts_with("inline; filename=")));
    assert!(headers["content-security-policy"].to_str().is_ok_and(|text| text.ends_with("sandbox")));
    assert_eq!(mine.bytes().await.expect("bytes"), PNG);
    assert_eq!(get("bruno").await.status(), 404);
    assert_eq!(desk.http.get(desk.url(&path)).send().await.expect("an answer").status(), 401);
    assert_eq!(
        desk.http
            .get(desk.url("/media/none"))
            .bearer_auth(token_of("alice"))
            .send()
            .await
            .expect("an answer")
            .status(),
        404
    );
}

#[tokio::test]
async fn what_could_run_is_a_download() {
    let desk = TestDesk::start().await;
    for (bytes, name, mime) in [
        (&b"<svg onload=alert(1)>"[..], "x.svg", "image/svg+xml"),
        (b"<!DOCTYPE html><html><script>alert(1)</script></html>", "x.html", "text/html"),
        (b"alert(1)", "x.js", "text/javascript"),
    ] {
        let (status, made) = upload(&desk, "alice", file(bytes, name, mime)).await;
        assert_eq!(status, 200, "{made}");
        let path = format!("/media/{}", made["media_id"].as_str().expect("an id"));
        let got =
            desk.http.get(desk.url(&path)).bearer_auth(token_of("alice")).send().await.expect("an answer");
        assert_eq!(got.headers()["content-type"], "application/octet-stream", "{name}");
        assert!(
            got.headers()["content-disposition"].to_str().is_ok_and(|text| text.starts_with("attachment"))
        );
    }
}

#[tokio::test]
async fn uploads_that_are_none_are_told_so() {
    let desk = TestDesk::start().await;
    assert_eq!(upload(&desk, "alice", Form::new().text("other", "x")).await.0, 400);
    assert_eq!(upload(&desk, "alice", file(b"", "x", "image/png")).await.0, 400);
    let post = desk.http.post(desk.url("/media")).bearer_auth(token_of("alice")).body("x");
    assert_eq!(post.send().await.expect("an answer").status(), 400);
    let anonymous = desk.http.post(desk.url("/media")).multipart(file(PNG, "x.png", "image/png"));
    assert_eq!(anonymous.send().await.expect("an answer").status(), 401);
}

#[tokio::test]
async fn a_file_larger_than_a_hundred_mebibytes_is_refused() {
    let desk = TestDesk::start().await;
    let piece = bytes::Bytes::from(vec![b'x'; 1024 * 1024]);
    let pieces = futures_util::stream::iter((0..101).map(move |_| Ok::<_, std::io::Error>(piece.clone())));
    let part = Part::stream(reqwest::Body::wrap_stream(pieces)).file_name("large");
    assert_eq!(upload(&desk, "alice", Form::new().part("file", part)).await.0, 413);
}

#[tokio::test]
async fn only_the_uploader_sends_a_file() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    let (_, foreign) = upload(&desk, "bruno", file(PNG, "x.png", "image/png")).await;
    let (_, own) = upload(&desk, "alice", file(PNG, "x.png", "image/png")).await;
    let params = |media: &Value| json!({ "interaction_id": id, "media": [{ "media_id": media["media_id"], "caption": "look" }] });
    assert_eq!(alice.refused("message.send", params(&foreign)).await, "not_found");
    let sent = alice.ask("message.send", params(&own)).await;
    assert_eq!(
        (&sent["message"]["kind"], &sent["message"]["media"][0]["caption"]),
        (&"image".into(), &"look".into())
    );
}
