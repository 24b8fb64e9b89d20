//! Every row of Meta's error table, and everything that is no stated error.

use guichet::engine::SendResult;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::connector;
use crate::sends::{accepted, text};
use crate::stand_in::{Says, StandIn, says};

fn told(result: &SendResult) -> String {
    match result {
        SendResult::Accepted { .. } => "accepted".into(),
        SendResult::Retry { after, error } => {
            let after = after.map_or_else(String::new, |span| format!(" after {span}"));
            format!("retry{after}: {}", error.reason)
        }
        SendResult::Failed { error } => format!("failed: {}", error.reason),
        SendResult::ChannelDown { error } => format!("channel down: {}", error.reason),
        SendResult::Unknown { error } => format!("unknown: {}", error.reason),
    }
}

fn stated(status: u16, code: i64) -> Says {
    let body = format!(
        r#"{{"error":{{"message":"(#{code}) words","type":"OAuthException","code":{code},"error_data":{{"messaging_product":"whatsapp","details":"more words"}},"fbtrace_id":"A"}}}}"#
    );
    says(status, body)
}

#[tokio::test]
async fn every_stated_error() {
    let rows = [
        (400, 131_047, "failed: window_closed"),
        (400, 131_026, "failed: undeliverable"),
        (400, 131_049, "failed: marketing_limit"),
        (400, 131_050, "failed: marketing_stopped"),
        (400, 130_472, "failed: marketing_experiment"),
        (400, 131_051, "failed: unsupported_type"),
        (400, 131_052, "failed: media_download_failed"),
        (400, 131_053, "failed: media_upload_failed"),
        (400, 131_062, "failed: phone_needed"),
        (400, 131_021, "failed: recipient_is_sender"),
        (400, 131_030, "failed: recipient_not_allowed"),
        (400, 132_000, "failed: template_parameters"),
        (400, 132_012, "failed: template_parameters"),
        (400, 132_008, "failed: template_parameters"),
        (404, 132_001, "failed: template_missing"),
        (400, 132_005, "failed: template_too_long"),
        (400, 132_007, "failed: template_policy"),
        (400, 132_015, "failed: template_paused"),
        (400, 132_016, "failed: template_disabled"),
        (400, 130_429, "retry: rate_limited"),
        (400, 4, "retry: rate_limited"),
        (400, 80_007, "retry: rate_limited"),
        // The third try: 4^2 s.
        (400, 131_056, "retry after 16s: pair_limited"),
        (400, 131_048, "channel down: messaging_limit"),
        (400, 131_064, "channel down: messaging_limit"),
        (400, 1, "retry: provider_trouble"),
        (503, 2, "retry: provider_trouble"),
        (500, 131_000, "retry: provider_trouble"),
        (500, 131_016, "retry: provider_trouble"),
        (503, 133_004, "retry: provider_trouble"),
        (503, 131_057, "retry: provider_trouble"),
        (401, 0, "channel down: token_invalid"),
        (401, 190, "channel down: token_invalid"),
        (500, 3, "channel down: permission_missing"),
        (403, 10, "channel down: permission_missing"),
        (403, 200, "channel down: permission_missing"),
        (403, 299, "channel down: permission_missing"),
        (403, 131_005, "channel down: permission_missing"),
        (400, 100, "failed: bad_request"),
        (400, 131_008, "failed: bad_request"),
        (400, 131_009, "failed: bad_request"),
        (400, 33, "failed: bad_request"),
        (403, 368, "channel down: account_restricted"),
        (403, 131_031, "channel down: account_restricted"),
        (403, 130_497, "channel down: account_restricted"),
        (400, 131_042, "channel down: payment"),
        (500, 131_045, "channel down: number_not_registered"),
        (400, 133_010, "channel down: number_not_registered"),
        (400, 999_999, "failed: provider_error"),
        // The status says nothing: the code is what is branched on.
        (500, 131_026, "failed: undeliverable"),
        (200, 131_026, "unknown: no_answer"),
    ];
    let meta = StandIn::start().await;
    let whatsapp = connector(&meta.url);
    for (status, code, expected) in rows {
        meta.will(stated(status, code));
        let result = whatsapp.send(&text("x"), None).await;
        assert_eq!(told(&result), expected, "{code}");
        if let SendResult::Failed { error } | SendResult::Retry { error, .. } = result {
            assert_eq!((error.code, error.details.as_str()), (Some(code), "more words"));
        }
    }
}

#[tokio::test]
async fn what_nobody_states() {
    let transient = r#"{"error":{"message":"x","code":999999,"is_transient":true}}"#;
    let surrogate = r#"{"error":{"message":"\ud83d","code":131026}}"#;
    let rows = [
        (accepted(), "accepted"),
        (says(200, "<html>"), "unknown: no_answer"),
        (says(200, ""), "unknown: no_answer"),
        (says(200, r#"{"messages":[]}"#), "unknown: no_answer"),
        (says(500, ""), "unknown: provider_trouble"),
        (says(502, "<html>bad gateway</html>"), "unknown: provider_trouble"),
        (says(503, r#"{"error":"no object"}"#), "unknown: provider_trouble"),
        (says(504, r#"{"error":{"message":"no code"}}"#), "unknown: provider_trouble"),
        (says(400, "<html>"), "failed: provider_error"),
        (says(404, ""), "failed: provider_error"),
        (says(401, ""), "channel down: token_invalid"),
        (says(403, "<html>"), "channel down: token_invalid"),
        (says(408, ""), "retry: rate_limited"),
        (says(429, ""), "retry: rate_limited"),
        (says(429, "").with("retry-after", "7"), "retry after 7s: rate_limited"),
        (stated(400, 131_056).with("retry-after", "2"), "retry after 2s: pair_limited"),
        (stated(400, 130_429).with("retry-after", "30"), "retry after 30s: rate_limited"),
        (stated(400, 130_429).with("retry-after", "Fri, 07 Nov 2026 23:59:59 GMT"), "retry: rate_limited"),
        (says(400, transient), "retry: provider_error"),
        (says(400, surrogate), "failed: undeliverable"),
        // A POST must not wander.
        (says(307, "").with("location", "http://127.0.0.1:9/"), "failed: provider_error"),
        (says(200, vec![b' '; 5 * 1024 * 1024]), "unknown: no_answer"),
        (says(500, vec![b' '; 5 * 1024 * 1024]), "unknown: provider_trouble"),
    ];
    let meta = StandIn::start().await;
    let whatsapp = connector(&meta.url);
    for (answer, expected) in rows {
        let shown = format!("{} {:?}", answer.status, answer.headers);
        meta.will(answer);
        assert_eq!(told(&whatsapp.send(&text("x"), None).await), expected, "{shown}");
    }
    assert_eq!(meta.asked().len(), 23, "nothing was sent twice");
}

#[tokio::test]
async fn nobody_there_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let result = connector(&format!("http://{address}")).send(&text("x"), None).await;
    assert_eq!(told(&result), "retry: provider_unreachable");
}

#[tokio::test]
async fn no_secure_connection_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _gone = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let result = connector(&format!("https://{address}")).send(&text("x"), None).await;
    assert_eq!(told(&result), "retry: provider_unreachable");
}

/// Reads a request, says what it is told, and hangs up.
async fn rude(says: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"}") && socket.read_buf(&mut request).await.unwrap() > 0 {}
            let _gone = socket.write_all(says).await;
        }
    });
    url
}

#[tokio::test]
async fn a_cut_connection_leaves_it_unknown() {
    for says in [
        &b""[..],
        b"HTTP/1.1 2",
        b"not HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"messages\":",
    ] {
        let url = rude(says).await;
        let result = connector(&url).send(&text("x"), None).await;
        assert_eq!(told(&result), "unknown: no_answer", "{}", String::from_utf8_lossy(says));
    }
    let url = rude(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 100\r\n\r\n{\"error\":").await;
    assert_eq!(told(&connector(&url).send(&text("x"), None).await), "failed: provider_error");
}
