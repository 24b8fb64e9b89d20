//! A mock of the Graph API: takes what the server sends, says when it came, and answers at once.

use crate::load::Board;
use crate::webhook::{find, header};
use serde::Deserialize;
use std::borrow::Cow;
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[derive(Deserialize)]
struct Sent<'a> {
    #[serde(borrow, default)]
    to: Cow<'a, str>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Text<'a> {
    #[serde(borrow)]
    body: Cow<'a, str>,
}

/// Serves until the program ends; every reply that arrives is marked on the board.
pub async fn start(board: Rc<Board>) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let board = Rc::clone(&board);
            // A connection that breaks is the server's affair; a reply that is lost shows on the board.
            tokio::task::spawn_local(async move { drop(connection(stream, &board).await) });
        }
    });
    Ok(address)
}

async fn connection(mut stream: TcpStream, board: &Board) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(8192);
    let mut answers = String::new();
    loop {
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
        let mut used = 0;
        while let Some((request, body, length)) = split(&buffer[used..]) {
            used += length;
            let json = answer(board, &request, body);
            answers.push_str(&format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{json}",
                json.len()
            ));
        }
        if used > 0 {
            buffer.drain(..used);
            stream.write_all(answers.as_bytes()).await?;
            answers.clear();
        }
    }
}

/// The head, the body and the whole length of the first complete request.
fn split(buffer: &[u8]) -> Option<(String, &[u8], usize)> {
    let end = find(buffer, b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
    let length = header(&head, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let body = buffer.get(end..end + length)?;
    Some((head, body, end + length))
}

fn answer(board: &Board, head: &str, body: &[u8]) -> String {
    let path = head.split(' ').nth(1).unwrap_or_default();
    if path.contains("/message_templates") {
        return r#"{"data":[],"paging":{}}"#.to_owned();
    }
    let sent = serde_json::from_slice::<Sent<'_>>(body).ok();
    match sent.and_then(|sent| Some((sent.to, sent.text?.body))) {
        Some((to, text)) => {
            let number = board.provided(&text);
            let digits = to.trim_start_matches('+');
            format!(
                r#"{{"messaging_product":"whatsapp","contacts":[{{"input":"{to}","wa_id":"{digits}"}}],"messages":[{{"id":"wamid.REPLY{number:012}"}}]}}"#
            )
        }
        None => r#"{"success":true}"#.to_owned(),
    }
}
