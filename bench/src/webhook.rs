//! What the provider posts: a signed WhatsApp delivery of 570 bytes, over a kept-alive connection, written by hand so
//! that the generator costs little.

use anyhow::{Context as _, bail};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub const CHANNEL: &str = "whatsapp-bench";
pub const SECRET: &str = "bench-secret";
pub const PHONE: &str = "106540352242922";
pub const ACCOUNT: &str = "102290129340398";

/// Words that the routing scripts look for; a customer keeps to one of them.
pub const TOPICS: [&str; 8] =
    ["invoice", "delivery", "refund", "password", "appointment", "contract", "address", "complaint"];

/// The delivery of message number `index`, written by customer number `customer`.
pub fn body(index: usize, customer: usize) -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let topic = TOPICS[customer % TOPICS.len()];
    let mut body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"{ACCOUNT}","changes":[{{"value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"15550783881","phone_number_id":"{PHONE}"}},"contacts":[{{"profile":{{"name":"Customer {customer:07}"}},"wa_id":"336{customer:08}","user_id":"FR.7{customer:012}"}}],"messages":[{{"from":"336{customer:08}","from_user_id":"FR.7{customer:012}","id":"wamid.BENCH{index:012}","timestamp":"{seconds}","type":"text","text":{{"body":"m{index:09} a question about my {topic}"#
    );
    const END: &str = r#""}}]},"field":"messages"}]}]}"#;
    while body.len() + END.len() < 570 {
        body.push('.');
    }
    body.push_str(END);
    body
}

pub fn signature(body: &[u8]) -> String {
    // A key of any length is valid for HMAC.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()) else { return String::new() };
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// A kept-alive connection that posts one delivery at a time.
pub struct Connection {
    stream: TcpStream,
    host: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, host: address.to_string(), request: Vec::new(), answer: Vec::new() })
    }

    /// Posts a delivery and gives the status of the answer.
    pub async fn deliver(&mut self, body: &str) -> anyhow::Result<u16> {
        let signature = signature(body.as_bytes());
        let headers =
            format!("content-type: application/json\r\nx-hub-signature-256: sha256={signature}\r\n");
        let (status, _) = self.call("POST", &format!("/webhooks/{CHANNEL}"), &headers, body).await?;
        Ok(status)
    }

    /// One request and its answer: the status and the head.
    pub async fn call(
        &mut self,
        verb: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> anyhow::Result<(u16, String)> {
        self.request.clear();
        let head = format!(
            "{verb} {path} HTTP/1.1\r\nhost: {}\r\n{headers}content-length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        self.request.extend_from_slice(head.as_bytes());
        self.request.extend_from_slice(body.as_bytes());
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let (end, length, chunked) = loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("the server closed the connection during {verb} {path}");
            }
            if let Some(end) = find(&self.answer, b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.answer[..end]).to_ascii_lowercase();
                break (
                    end + 4,
                    header(&head, "content-length"),
                    head.contains("transfer-encoding: chunked"),
                );
            }
        };
        let length: usize = length.and_then(|text| text.parse().ok()).unwrap_or(0);
        while if chunked { !self.answer.ends_with(b"0\r\n\r\n") } else { self.answer.len() < end + length } {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("the server closed the connection within its answer to {verb} {path}");
            }
        }
        let head = String::from_utf8_lossy(&self.answer[..end]).into_owned();
        let status =
            head.get(9..12).and_then(|text| text.parse().ok()).context("an answer without a status")?;
        Ok((status, head))
    }

    /// The body of the last answer, for messages to people.
    pub fn said(&self) -> String {
        let end = find(&self.answer, b"\r\n\r\n").map_or(0, |end| end + 4);
        String::from_utf8_lossy(&self.answer[end..]).into_owned()
    }
}

pub fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// The value of a header in a head written in lower case.
pub fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_has_570_bytes_and_is_json() {
        for (index, customer) in [(0, 0), (999_999_999, 99_999_999), (123_456, 7)] {
            let body = body(index, customer);
            assert_eq!(body.len(), 570);
            let parsed: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(parsed["entry"][0]["changes"][0]["field"], "messages");
        }
    }
}
