//! Who may speak to the webhook: the signature over the raw bytes, and the handshake. It must not look into the body.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::port::Handshake;

/// The header with the signature, in lower case.
pub(super) const HEADER: &str = "x-hub-signature-256";
/// Longest challenge that is given back; Meta's are ten digits.
const CHALLENGE_MAX: usize = 256;

/// The app secret, ready to sign with.
#[derive(Clone)]
pub(super) struct Key(Hmac<Sha256>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// `None`: the secret is empty.
    pub(super) fn new(secret: &str) -> Option<Self> {
        if secret.is_empty() {
            return None;
        }
        Hmac::new_from_slice(secret.as_bytes()).ok().map(Self)
    }

    /// Whether `header` (`sha256=` and 64 hex digits) signs these bytes. Takes the same time for every wrong signature.
    pub(super) fn signed(&self, header: &str, body: &[u8]) -> bool {
        let mut claimed = [0; 32];
        let Some(digits) = header.strip_prefix("sha256=") else { return false };
        if hex::decode_to_slice(digits, &mut claimed).is_err() {
            return false;
        }
        let mut mac = self.0.clone();
        mac.update(body);
        mac.verify_slice(&claimed).is_ok()
    }

    /// Bytes that nobody without the secret can guess, the same for the same text.
    pub(super) fn digest(&self, text: &str) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// Answers `hub.challenge` if `hub.verify_token` is ours.
pub(super) fn handshake(query: &str, verify_token: &str) -> Handshake {
    let Ok(url) = reqwest::Url::parse(&format!("http://webhook/?{query}")) else { return Handshake::Refused };
    let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value);
    let ours = value("hub.verify_token")
        .is_some_and(|token| bool::from(token.as_bytes().ct_eq(verify_token.as_bytes())));
    let subscribes = value("hub.mode").is_some_and(|mode| mode == "subscribe");
    // It is given back as it came, so it must not be able to be a page.
    let plain = |text: &str| {
        (1..=CHALLENGE_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>&\"'".contains(&byte))
    };
    match value("hub.challenge") {
        Some(challenge) if ours && subscribes && plain(&challenge) => {
            Handshake::Answer(challenge.into_owned())
        }
        Some(_) | None => Handshake::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_signature_over_the_same_bytes() {
        let key = Key::new("demo-secret").unwrap();
        let body = br#"{"text":"\u00e9"}"#;
        let digits = hex::encode(key.digest(r#"{"text":"\u00e9"}"#));
        let header = format!("sha256={digits}");
        assert!(key.signed(&header, body));
        assert!(!key.signed(&header, "{\"text\":\"é\"}".as_bytes()), "the same JSON in other bytes");
        let other = hex::encode(Key::new("other").unwrap().digest(r#"{"text":"\u00e9"}"#));
        for bad in
            ["", "sha256=", &digits, &format!("sha1={digits}"), &format!("sha256={other}"), &header[..70]]
        {
            assert!(!key.signed(bad, body), "{bad}");
        }
        assert!(!key.signed(&format!("{header}00"), body));
        assert!(Key::new("").is_none());
    }

    #[test]
    fn the_handshake_answers_the_challenge_only() {
        let good = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a%20b%2B";
        assert_eq!(handshake(good, "a b+"), Handshake::Answer("1158201444".into()));
        let long = format!("hub.mode=subscribe&hub.verify_token=t&hub.challenge={}", "1".repeat(257));
        for bad in [
            "",
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=x",
            "hub.mode=subscribe&hub.challenge=1",
            "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=t",
            "hub.mode=subscribe&hub.verify_token=t",
            "hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=t",
            &long,
        ] {
            assert_eq!(handshake(bad, "t"), Handshake::Refused, "{bad}");
        }
    }
}
