//! Who comes: somebody with a token of ours, known by its hash only, or somebody whom the host site vouches for with a
//! signed word (a JSON web token, HS256). It must not know sockets or conversations.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::Settings;
use crate::domain::{AliasKind, ChannelKind, Time, clean_text};
use crate::port::{Party, TurnedAway, Visitor};

/// Characters of a token: 256 bits in base64.
const TOKEN_CHARS: usize = 43;
/// Longest signed word, in bytes.
const WORD_MAX: usize = 4_096;
/// Longest user id of a host site, in bytes: with the account's name before it, it must fit into an alias.
const USER_MAX: usize = 128;
/// Longest name, in characters.
const NAME_MAX: usize = 100;
/// How long before its end a host site may sign a word, in seconds. A word is for one visit of a page, not for ever.
const LIFETIME_MAX: i64 = 24 * 3_600;

/// A new token of 256 random bits; `None`: the system has no randomness.
pub(super) fn new_token() -> Option<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

/// Who holds this.
pub(super) fn visitor(settings: &Settings, credential: &str, now: Time) -> Result<Visitor, TurnedAway> {
    let (alias, name) = if credential.contains('.') {
        let (user, name) = vouched(settings, credential, now)?;
        ((AliasKind::Account, format!("{}:{user}", settings.channel_id)), name)
    } else {
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let whole = credential.len() == TOKEN_CHARS && credential.chars().all(letter);
        if !whole {
            return Err(TurnedAway::Token);
        }
        // A token is good for its own account only.
        let hash = Sha256::digest(format!("{}\0{credential}", settings.channel_id));
        ((AliasKind::Visitor, hex::encode(hash)), None)
    };
    Ok(Visitor {
        key: key_of(&alias),
        party: Party { channel_id: settings.channel_id.clone(), kind: ChannelKind::Chat, alias },
        name,
    })
}

/// The hash that stands for an address of this channel.
pub(super) fn key_of(alias: &(AliasKind, String)) -> String {
    let digest = Sha256::digest(format!("{}\0{}", alias.0, alias.1));
    hex::encode(digest.get(..16).unwrap_or_default())
}

/// The user that the host site's word is about, and its name.
fn vouched(settings: &Settings, word: &str, now: Time) -> Result<(String, Option<String>), TurnedAway> {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
        #[serde(default)]
        crit: Option<serde::de::IgnoredAny>,
    }
    #[derive(Deserialize)]
    struct Claims {
        sub: String,
        #[serde(default)]
        name: Option<String>,
        exp: i64,
        #[serde(default)]
        nbf: Option<i64>,
    }
    let secret = settings.identity_secret.as_ref().ok_or(TurnedAway::NoIdentities)?;
    let wrong = || TurnedAway::Identity;
    if word.len() > WORD_MAX {
        return Err(wrong());
    }
    let (signed, signature) = word.rsplit_once('.').ok_or_else(wrong)?;
    let (header, claims) = signed.split_once('.').ok_or_else(wrong)?;
    let part = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong());
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).map_err(|_| wrong())?;
    mac.update(signed.as_bytes());
    mac.verify_slice(&part(signature)?).map_err(|_| wrong())?;
    // Only now is it the site's: before, not a byte of it is looked into.
    let header: Header = serde_json::from_slice(&part(header)?).map_err(|_| wrong())?;
    let claims: Claims = serde_json::from_slice(&part(claims)?).map_err(|_| wrong())?;
    let seconds = now.0 / 1_000;
    let timely = claims.exp > seconds
        && claims.exp - seconds <= LIFETIME_MAX
        && claims.nbf.is_none_or(|from| from <= seconds);
    let plain =
        !claims.sub.is_empty() && claims.sub.len() <= USER_MAX && !claims.sub.chars().any(char::is_control);
    if header.alg != "HS256" || header.crit.is_some() || !timely || !plain {
        return Err(wrong());
    }
    let name = claims.name.map(|name| clean_text(name.trim()).chars().take(NAME_MAX).collect::<String>());
    Ok((claims.sub, name.filter(|name| !name.is_empty())))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::page::Look;
    use super::*;
    use crate::config::Secret;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const NOW: Time = Time(1_800_000_000_000);

    fn settings(secret: Option<&str>) -> Settings {
        Settings {
            channel_id: "site".parse().unwrap(),
            origins: Vec::new(),
            look: Look::default(),
            identity_secret: secret.map(Secret::new),
            text_max: 100,
            file_max: 100,
            file_types: Vec::new(),
            messages_per_minute: 10,
            sockets_per_address: 10,
        }
    }

    fn signed(header: &Value, claims: &Value, secret: &str) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(header), part(claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    #[test]
    fn a_token_is_known_by_its_hash_on_its_own_account() {
        let token = new_token().unwrap();
        let here = visitor(&settings(None), &token, NOW).unwrap();
        assert!(!format!("{here:?}").contains(&token));
        assert_eq!(visitor(&settings(None), &token, NOW).unwrap(), here);
        let mut elsewhere = settings(None);
        elsewhere.channel_id = "other".parse().unwrap();
        assert_ne!(visitor(&elsewhere, &token, NOW).unwrap().party.alias, here.party.alias);
        // What is stored opens nothing.
        let stored = here.party.alias.1;
        let short = stored.get(..TOKEN_CHARS).unwrap();
        for forged in ["", "x", stored.as_str(), &token[1..], &format!("{}é", &token[2..])] {
            assert_eq!(visitor(&settings(None), forged, NOW), Err(TurnedAway::Token), "{forged}");
        }
        assert_ne!(visitor(&settings(None), short, NOW).unwrap().party.alias.1, stored);
    }

    #[test]
    fn a_host_site_vouches_with_its_secret_only() {
        let header = json!({ "alg": "HS256", "typ": "JWT" });
        let soon = 1_800_000_600;
        let claims = json!({ "sub": "42", "name": " Marie Curie ", "exp": soon });
        let good = signed(&header, &claims, SECRET);
        let known = visitor(&settings(Some(SECRET)), &good, NOW).unwrap();
        assert_eq!(known.party.alias, (AliasKind::Account, "site:42".to_owned()));
        assert_eq!(known.name.as_deref(), Some("Marie Curie"));
        assert_eq!(visitor(&settings(None), &good, NOW), Err(TurnedAway::NoIdentities));
        let (text, signature) = good.rsplit_once('.').unwrap();
        let bad = [
            signed(&header, &claims, "another secret of 32 characters!"),
            signed(&json!({ "alg": "none" }), &claims, SECRET),
            signed(&json!({ "alg": "HS256", "crit": ["x"] }), &claims, SECRET),
            signed(&header, &json!({ "sub": "42" }), SECRET),
            signed(&header, &json!({ "sub": "", "exp": soon }), SECRET),
            signed(&header, &json!({ "sub": "x".repeat(200), "exp": soon }), SECRET),
            signed(&header, &json!({ "sub": "42", "exp": 1_799_999_999 }), SECRET),
            signed(&header, &json!({ "sub": "42", "exp": soon + 48 * 3_600 }), SECRET),
            signed(&header, &json!({ "sub": "42", "exp": soon, "nbf": soon }), SECRET),
            format!("{text}."),
            format!("{text}.{}", &signature[1..]),
            format!("x{good}"),
            "a.b.c".to_owned(),
            "..".to_owned(),
            "x.".repeat(WORD_MAX),
        ];
        for word in bad {
            assert_eq!(visitor(&settings(Some(SECRET)), &word, NOW), Err(TurnedAway::Identity), "{word}");
        }
    }
}
