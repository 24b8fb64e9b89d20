//! Channel accounts: which keys each kind has, and which of them it needs. What is done with them is others' business.

use serde::Deserialize;

use super::SecretSource;
use crate::domain::{ChannelId, ChannelKind};

/// One channel account.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Keys")]
pub struct ChannelConfig {
    /// Its name, in addresses and everywhere else.
    pub id: String,
    /// Its kind, with what that kind needs.
    pub account: AccountConfig,
}

/// What an account of each kind needs.
#[derive(Debug, Clone)]
pub enum AccountConfig {
    /// A `WhatsApp` number.
    Whatsapp(WhatsAppConfig),
    /// A web chat.
    Chat(ChatConfig),
}

/// A `WhatsApp` number.
#[derive(Debug, Clone)]
pub struct WhatsAppConfig {
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// Meta's id of the business account.
    pub business_account_id: String,
    /// The Graph API, with its version.
    pub graph_url: String,
    /// The token to send with.
    pub access_token: SecretSource,
    /// The secret that signs deliveries.
    pub app_secret: SecretSource,
    /// The word of the handshake.
    pub verify_token: SecretSource,
    /// Whether the first answer to a contact must be a template (not Meta's rule; some installations want it).
    pub require_template_for_first_reply: bool,
    /// Sends a second that Meta allows this number.
    pub messages_per_second: u32,
}

/// A web chat.
#[derive(Debug, Clone)]
pub struct ChatConfig {
    /// Sites that may embed it.
    pub origins: Vec<String>,
    /// Its title.
    pub title: Option<WordsConfig>,
    /// What stands there before anybody has written.
    pub greeting: Option<WordsConfig>,
    /// The colour of its head and of the visitor's messages.
    pub accent: Option<String>,
    /// What the host site signs its visitors' identities with.
    pub identity_secret: Option<SecretSource>,
    /// Longest text, in characters.
    pub text_max: usize,
    /// Longest file, in bytes.
    pub file_max_bytes: usize,
    /// Types of files that are taken.
    pub file_types: Vec<String>,
    /// Messages a visitor may write a minute.
    pub messages_per_minute: u32,
    /// Sockets one address may hold open.
    pub sockets_per_address: usize,
}

/// A text in the languages that the chat's page speaks.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordsConfig {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

/// Meta's throughput for a number that was not upgraded.
const MESSAGES_PER_SECOND: u32 = 80;
const GRAPH_URL: &str = "https://graph.facebook.com/v23.0";
const TEXT_MAX: usize = 4_000;
const FILE_MAX_BYTES: usize = 10 * 1024 * 1024;
const FILE_TYPES: [&str; 10] = [
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "image/heif",
    "audio/*",
    "video/mp4",
    "video/webm",
    "application/pdf",
    "text/plain",
];
const MESSAGES_PER_MINUTE: u32 = 30;
const SOCKETS_PER_ADDRESS: usize = 100;

/// Every key of every kind, as it stands in the file: flat, so that a mistake is told with its line.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    id: String,
    kind: String,
    phone_number_id: Option<String>,
    business_account_id: Option<String>,
    graph_url: Option<String>,
    access_token: Option<SecretSource>,
    app_secret: Option<SecretSource>,
    verify_token: Option<SecretSource>,
    require_template_for_first_reply: Option<bool>,
    messages_per_second: Option<u32>,
    origins: Option<Vec<String>>,
    title: Option<WordsConfig>,
    greeting: Option<WordsConfig>,
    accent: Option<String>,
    identity_secret: Option<SecretSource>,
    text_max: Option<usize>,
    file_max_bytes: Option<usize>,
    file_types: Option<Vec<String>>,
    messages_per_minute: Option<u32>,
    sockets_per_address: Option<usize>,
}

impl TryFrom<Keys> for ChannelConfig {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        let at = |problem: String| format!("channel {:?}: {problem}", keys.id);
        keys.id.parse::<ChannelId>().map_err(|error| at(format!("id: {error}")))?;
        let account = match keys.kind.parse::<ChannelKind>() {
            Ok(ChannelKind::Whatsapp) => keys.whatsapp().map_err(at)?,
            Ok(ChannelKind::Chat) => keys.chat().map_err(at)?,
            Ok(
                ChannelKind::Email
                | ChannelKind::Sms
                | ChannelKind::Voice
                | ChannelKind::PrivateSocial
                | ChannelKind::PublicSocial,
            )
            | Err(_) => {
                let problem = format!("kind: there is no connector for {:?} here", keys.kind);
                return Err(at(format!("{problem}; expected whatsapp or chat")));
            }
        };
        Ok(Self { id: keys.id, account })
    }
}

impl Keys {
    fn whatsapp(&self) -> Result<AccountConfig, String> {
        let foreign = [
            ("origins", self.origins.is_some()),
            ("title", self.title.is_some()),
            ("greeting", self.greeting.is_some()),
            ("accent", self.accent.is_some()),
            ("identity_secret", self.identity_secret.is_some()),
            ("text_max", self.text_max.is_some()),
            ("file_max_bytes", self.file_max_bytes.is_some()),
            ("file_types", self.file_types.is_some()),
            ("messages_per_minute", self.messages_per_minute.is_some()),
            ("sockets_per_address", self.sockets_per_address.is_some()),
        ];
        none_of("whatsapp", &foreign)?;
        let per_second = self.messages_per_second.unwrap_or(MESSAGES_PER_SECOND);
        if per_second == 0 {
            return Err("messages_per_second: expected 1 or more (Meta allows 80, or 1000)".into());
        }
        Ok(AccountConfig::Whatsapp(WhatsAppConfig {
            phone_number_id: needed("phone_number_id", self.phone_number_id.as_ref())?,
            business_account_id: needed("business_account_id", self.business_account_id.as_ref())?,
            graph_url: self.graph_url.clone().unwrap_or_else(|| GRAPH_URL.into()),
            access_token: needed("access_token", self.access_token.as_ref())?,
            app_secret: needed("app_secret", self.app_secret.as_ref())?,
            verify_token: needed("verify_token", self.verify_token.as_ref())?,
            require_template_for_first_reply: self.require_template_for_first_reply.unwrap_or(false),
            messages_per_second: per_second,
        }))
    }

    fn chat(&self) -> Result<AccountConfig, String> {
        let foreign = [
            ("phone_number_id", self.phone_number_id.is_some()),
            ("business_account_id", self.business_account_id.is_some()),
            ("graph_url", self.graph_url.is_some()),
            ("access_token", self.access_token.is_some()),
            ("app_secret", self.app_secret.is_some()),
            ("verify_token", self.verify_token.is_some()),
            ("require_template_for_first_reply", self.require_template_for_first_reply.is_some()),
            ("messages_per_second", self.messages_per_second.is_some()),
        ];
        none_of("chat", &foreign)?;
        Ok(AccountConfig::Chat(ChatConfig {
            origins: needed("origins", self.origins.as_ref())?,
            title: self.title.clone(),
            greeting: self.greeting.clone(),
            accent: self.accent.clone(),
            identity_secret: self.identity_secret.clone(),
            text_max: self.text_max.unwrap_or(TEXT_MAX),
            file_max_bytes: self.file_max_bytes.unwrap_or(FILE_MAX_BYTES),
            file_types: self.file_types.clone().unwrap_or_else(|| FILE_TYPES.map(str::to_owned).into()),
            messages_per_minute: self.messages_per_minute.unwrap_or(MESSAGES_PER_MINUTE),
            sockets_per_address: self.sockets_per_address.unwrap_or(SOCKETS_PER_ADDRESS),
        }))
    }
}

impl ChatConfig {
    /// A chat with everything as it is by default.
    pub fn new(origins: Vec<String>) -> Self {
        Self {
            origins,
            title: None,
            greeting: None,
            accent: None,
            identity_secret: None,
            text_max: TEXT_MAX,
            file_max_bytes: FILE_MAX_BYTES,
            file_types: FILE_TYPES.map(str::to_owned).into(),
            messages_per_minute: MESSAGES_PER_MINUTE,
            sockets_per_address: SOCKETS_PER_ADDRESS,
        }
    }
}

fn needed<T: Clone>(key: &str, value: Option<&T>) -> Result<T, String> {
    value.cloned().ok_or_else(|| format!("{key} is missing"))
}

/// A key that does nothing here was meant to do something.
fn none_of(kind: &str, foreign: &[(&str, bool)]) -> Result<(), String> {
    match foreign.iter().find(|(_, given)| *given) {
        Some((key, _)) => Err(format!("{key} is no key of a channel of the kind {kind}")),
        None => Ok(()),
    }
}

/// A channel's value from the environment, as the type its key has; one that does not fit is left for the reader to refuse.
pub(super) fn value_of(key: &str, text: &str) -> toml::Value {
    let as_text = toml::Value::String(text.into());
    match key {
        "messages_per_second"
        | "text_max"
        | "file_max_bytes"
        | "messages_per_minute"
        | "sockets_per_address" => text.parse().map_or(as_text, toml::Value::Integer),
        "require_template_for_first_reply" => text.parse().map_or(as_text, toml::Value::Boolean),
        "origins" | "file_types" => {
            let items = text.split(',').map(|item| toml::Value::String(item.trim().into()));
            toml::Value::Array(items.collect())
        }
        _ => as_text,
    }
}
