//! The configuration: `guichet.toml`, the environment over it, the command line over both. Unknown keys are refused.
//!
//! It knows what an installation may say and whether that makes sense by itself; what is done with it is others' business.

mod channel;
mod plugin;
mod secret;
mod smtp;
mod translation;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::domain::{ChannelKind, SkillId};

pub use channel::{AccountConfig, ChannelConfig, ChatConfig, WhatsAppConfig, WordsConfig};
pub use plugin::PluginConfig;
pub use secret::{Secret, SecretSource};
pub use smtp::{SmtpConfig, SmtpTls};
pub use translation::{TranslationConfig, WhichNotice};

/// A mistake in the configuration, with where it is and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("configuration file {path}: {source}")]
    Unreadable {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what it should be; the text has line and column.
    #[error("configuration file {path}: {problem}")]
    Wrong {
        /// Which file.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// A value makes no sense.
    #[error("configuration key {key}: {problem}")]
    Value {
        /// Which key.
        key: String,
        /// What is wrong and what to do.
        problem: String,
    },
}

/// Where the server's logs go and in which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Everything an installation may set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The address to listen on.
    pub listen: String,
    /// The address customers' providers and agents' browsers reach it by.
    pub public_url: Option<String>,
    /// `sqlite:PATH` or `postgres://…`; by default a file under `data`.
    pub database: Option<String>,
    /// Where files and the embedded database are kept.
    pub data: PathBuf,
    /// The folder with the four policy scripts.
    pub scripts: PathBuf,
    /// The folder with plugins.
    pub plugins: PathBuf,
    /// The skill that takes what no script routes.
    pub default_skill: Option<String>,
    /// Changes to which kind of channel may be converted to which.
    pub convert: BTreeMap<ChannelKind, BTreeSet<ChannelKind>>,
    /// Reasons agents choose from when they are unavailable.
    pub unavailable_reasons: Vec<String>,
    /// Who may put the console into a frame (`frame-ancestors`), besides itself.
    pub frame_ancestors: Vec<String>,
    /// Addresses of proxies whose word counts (`X-Forwarded-For`) for the address that a request comes from.
    pub trusted_proxies: Vec<IpAddr>,
    /// What to log, such as `info` or `guichet=debug`.
    pub log: String,
    /// In which form.
    pub log_format: LogFormat,
    /// The mail server for transcripts.
    pub smtp: Option<SmtpConfig>,
    /// The translator.
    pub translation: Option<TranslationConfig>,
    /// What plugins are given, by their names.
    pub plugin: BTreeMap<String, PluginConfig>,
    /// How long things are kept.
    pub retention: RetentionConfig,
    /// How reports are made.
    pub report: ReportConfig,
    /// Channel accounts.
    pub channel: Vec<ChannelConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            public_url: None,
            database: None,
            data: "data".into(),
            scripts: "scripts".into(),
            plugins: "plugins".into(),
            default_skill: None,
            convert: BTreeMap::new(),
            unavailable_reasons: ["break", "lunch", "training", "meeting"].map(str::to_owned).into(),
            frame_ancestors: Vec::new(),
            trusted_proxies: Vec::new(),
            log: "info".into(),
            log_format: LogFormat::Text,
            smtp: None,
            translation: None,
            plugin: BTreeMap::new(),
            retention: RetentionConfig::default(),
            report: ReportConfig::default(),
            channel: Vec::new(),
        }
    }
}

/// How long things are kept, in days.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionConfig {
    /// Events, by which clients go on after a break.
    pub events_days: u32,
    /// Decisions with their reasons.
    pub decisions_days: u32,
    /// Who did what.
    pub audit_days: u32,
    /// Deliveries that could not be understood.
    pub raw_days: u32,
    /// Texts, notes and files of interactions after their end, and contacts after their last one; left out: for good.
    pub content_days: Option<u32>,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self { events_days: 30, decisions_days: 90, audit_days: 730, raw_days: 30, content_days: None }
    }
}

/// How reports are made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportConfig {
    /// The time zone in which a day begins, such as `Europe/Paris`.
    pub time_zone: String,
    /// Within how many seconds work should be accepted.
    pub accept_seconds: u32,
}

impl Default for ReportConfig {
    fn default() -> Self {
        Self { time_zone: "UTC".into(), accept_seconds: 60 }
    }
}

impl Config {
    /// Reads a file, if one is named, and the environment over it.
    ///
    /// # Errors
    /// What is wrong, in which file, line and key.
    pub fn read(path: Option<&Path>, environment: &[(String, String)]) -> Result<Self, ConfigError> {
        let Some(path) = path else { return Self::parse("", "(none)", environment) };
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: shown.clone(), source })?;
        Self::parse(&text, &shown, environment)
    }

    fn parse(text: &str, path: &str, environment: &[(String, String)]) -> Result<Self, ConfigError> {
        let wrong =
            |error: toml::de::Error| ConfigError::Wrong { path: path.into(), problem: error.to_string() };
        // First as it stands, so that a mistake is told with its line and column.
        toml::from_str::<Self>(text).map_err(wrong)?;
        let mut table: toml::Table = text.parse().map_err(wrong)?;
        for (name, value) in environment {
            if let Some(key) = name.strip_prefix("GUICHET_") {
                overlay(&mut table, key, value);
            }
        }
        let config: Self = table.try_into().map_err(|error: toml::de::Error| ConfigError::Wrong {
            path: "(environment)".into(),
            problem: error.to_string(),
        })?;
        config.check()?;
        Ok(config)
    }

    /// The database's address: as configured, or a file under `data`.
    pub fn database_url(&self) -> String {
        self.database.clone().unwrap_or_else(|| format!("sqlite:{}", self.data.join("guichet.db").display()))
    }

    /// The database for messages to people: without the login and the password that a `postgres://` address may hold.
    pub fn database_place(&self) -> String {
        let url = self.database_url();
        match (url.split_once("://"), url.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, place))) => format!("{scheme}://…@{place}"),
            (Some(_) | None, _) => url,
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        let value = |key: &str, problem: String| ConfigError::Value { key: key.into(), problem };
        if let Some(skill) = &self.default_skill {
            skill.parse::<SkillId>().map_err(|error| value("default_skill", error.to_string()))?;
        }
        let kept = &self.retention;
        for (key, days) in [
            ("retention.events_days", Some(kept.events_days)),
            ("retention.decisions_days", Some(kept.decisions_days)),
            ("retention.audit_days", Some(kept.audit_days)),
            ("retention.raw_days", Some(kept.raw_days)),
            ("retention.content_days", kept.content_days),
        ] {
            if days.is_some_and(|days| !(1..=36_500).contains(&days)) {
                return Err(value(key, "expected 1 to 36500 days".into()));
            }
        }
        if jiff::tz::TimeZone::get(&self.report.time_zone).is_err() {
            return Err(value("report.time_zone", "expected a name such as Europe/Paris".into()));
        }
        let url = self.database_url();
        if !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(value("database", "expected sqlite:PATH or postgres://…".into()));
        }
        if let Some(url) = &self.public_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            return Err(value(
                "public_url",
                "expected an address that begins with https:// (or http://)".into(),
            ));
        }
        if let Some(smtp) = &self.smtp {
            smtp.check().map_err(|(key, problem)| value(&format!("smtp.{key}"), problem))?;
        }
        if let Some(translation) = &self.translation {
            translation.check().map_err(|(key, problem)| value(&format!("translation.{key}"), problem))?;
        }
        let mut seen = BTreeSet::new();
        for channel in &self.channel {
            let key = |name: &str| format!("channel {:?}: {name}", channel.id);
            if !seen.insert(&channel.id) {
                return Err(value(&key("id"), "two channels have this id; each needs its own".into()));
            }
        }
        Ok(())
    }
}

/// Sets a key from the environment: `GUICHET_LISTEN`, or `GUICHET_CHANNEL_<ID>_<KEY>` with the id's letters in upper case
/// and everything else as `_`. Names that belong to no key are left alone: tests and tools have their own.
fn overlay(table: &mut toml::Table, name: &str, text: &str) {
    const TEXTS: [&str; 9] = [
        "listen",
        "public_url",
        "database",
        "data",
        "scripts",
        "plugins",
        "default_skill",
        "log",
        "log_format",
    ];
    const LISTS: [&str; 3] = ["unavailable_reasons", "frame_ancestors", "trusted_proxies"];
    let key = name.to_ascii_lowercase();
    if TEXTS.contains(&key.as_str()) {
        table.insert(key, toml::Value::String(text.into()));
    } else if LISTS.contains(&key.as_str()) {
        let list = text.split(',').map(|item| toml::Value::String(item.trim().into())).collect();
        table.insert(key, toml::Value::Array(list));
    } else if let Some(key) = key.strip_prefix("smtp_").filter(|key| smtp::KEYS.contains(key)) {
        set_in(table, "smtp", key, text, key == "port");
    } else if let Some(rest) = key.strip_prefix("plugin_") {
        plugin::overlay(table, rest, text);
    } else if let Some(kind) = key.strip_prefix("convert_") {
        let convert = table.entry("convert").or_insert_with(|| toml::Value::Table(toml::Table::new()));
        let kinds = text.split(',').map(str::trim).filter(|kind| !kind.is_empty());
        let kinds = kinds.map(|kind| toml::Value::String(kind.into())).collect();
        if let Some(convert) = convert.as_table_mut() {
            convert.insert(kind.into(), toml::Value::Array(kinds));
        }
    } else if let Some(key) = key.strip_prefix("translation_").filter(|key| translation::KEYS.contains(key)) {
        set_in(table, "translation", key, text, translation::NUMBERS.contains(&key));
    } else if let Some(rest) = name.strip_prefix("CHANNEL_")
        && let Some(channels) = table.get_mut("channel").and_then(toml::Value::as_array_mut)
    {
        for channel in channels.iter_mut().filter_map(toml::Value::as_table_mut) {
            let id: String = channel.get("id").and_then(toml::Value::as_str).unwrap_or_default().into();
            let prefix: String = id
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
                .collect();
            if let Some(key) = rest.strip_prefix(&prefix).and_then(|rest| rest.strip_prefix('_')) {
                let key = key.to_ascii_lowercase();
                let value = channel::value_of(&key, text);
                channel.insert(key, value);
            }
        }
    }
}

/// Sets a key of a section; a number that is none is left for the reader to refuse.
fn set_in(table: &mut toml::Table, section: &str, key: &str, text: &str, number: bool) {
    let number = number.then(|| text.parse().map(toml::Value::Integer).ok()).flatten();
    let section = table.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    if let Some(section) = section.as_table_mut() {
        section.insert(key.to_owned(), number.unwrap_or_else(|| toml::Value::String(text.into())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: &str = r#"
[[channel]]
id = "whatsapp-fr"
kind = "whatsapp"
phone_number_id = "1"
business_account_id = "2"
access_token = "t"
app_secret = { env = "X" }
verify_token = { file = "/x" }
"#;

    fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let environment: Vec<_> =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::parse(text, "guichet.toml", &environment)
    }

    fn number(config: &Config) -> &WhatsAppConfig {
        match &config.channel[0].account {
            AccountConfig::Whatsapp(number) => number,
            AccountConfig::Chat(_) => panic!("a number"),
        }
    }

    #[test]
    fn nothing_is_needed() {
        let config = parse("", &[]).unwrap();
        assert_eq!(config.database_url(), "sqlite:data/guichet.db");
        assert_eq!(number(&parse(CHANNEL, &[]).unwrap()).messages_per_second, 80);
        let chat = "[[channel]]\nid = \"site\"\nkind = \"chat\"\norigins = []\n";
        match &parse(chat, &[("GUICHET_CHANNEL_SITE_ORIGINS", "https://a, https://b")]).unwrap().channel[0]
            .account
        {
            AccountConfig::Chat(chat) => assert_eq!((chat.origins.len(), chat.text_max), (2, 4_000)),
            AccountConfig::Whatsapp(_) => panic!("a chat"),
        }
    }

    #[test]
    fn the_environment_goes_over_the_file() {
        let environment = [
            ("GUICHET_LISTEN", "0.0.0.0:1"),
            ("GUICHET_FRAME_ANCESTORS", "https://a, https://b"),
            ("GUICHET_TRUSTED_PROXIES", "10.0.0.1"),
            ("GUICHET_CHANNEL_WHATSAPP_FR_MESSAGES_PER_SECOND", "100000"),
            ("GUICHET_CHANNEL_WHATSAPP_FR_PHONE_NUMBER_ID", "12345"),
            ("GUICHET_SIM_HISTORIES", "5"),
            ("OTHER", "x"),
        ];
        let config = parse(CHANNEL, &environment).unwrap();
        assert_eq!(config.listen, "0.0.0.0:1");
        assert_eq!(config.frame_ancestors, ["https://a", "https://b"]);
        assert_eq!(number(&config).messages_per_second, 100_000);
        assert_eq!(number(&config).phone_number_id, "12345");
        assert_eq!(config.trusted_proxies, ["10.0.0.1".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn conversions_are_data() {
        let text = "[convert]\nwhatsapp = [\"email\", \"chat\"]\nsms = []";
        let config = parse(text, &[("GUICHET_CONVERT_EMAIL", "voice, sms")]).unwrap();
        let of = |kind| config.convert[&kind].iter().map(|kind| kind.as_str()).collect::<Vec<_>>();
        assert_eq!(of(ChannelKind::Whatsapp), ["email", "chat"]);
        assert_eq!(of(ChannelKind::Email), ["sms", "voice"]);
        assert!(of(ChannelKind::Sms).is_empty());
        let error = parse("[convert]\npigeon = []", &[]).unwrap_err().to_string();
        assert!(error.contains("pigeon"), "{error}");
    }

    #[test]
    fn a_database_is_named_without_its_password() {
        let config = parse("database = \"postgres://me:p@ss@db/guichet\"", &[]).unwrap();
        assert_eq!(config.database_place(), "postgres://…@db/guichet");
        assert_eq!(parse("", &[]).unwrap().database_place(), "sqlite:data/guichet.db");
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        let twice = format!("{CHANNEL}{CHANNEL}");
        let cases = [
            ("listen = 5", "line 1, column 10"),
            ("lisen = \"x\"", "unknown field `lisen`"),
            ("[[channel]]\nid = \"x\"\nkind = \"whatsapp\"\nnope = 1", "unknown field `nope`"),
            ("database = \"mysql://x\"", "configuration key database: expected sqlite:PATH or postgres://…"),
            ("public_url = \"desk.example.com\"", "configuration key public_url"),
            ("default_skill = \"a b\"", "configuration key default_skill"),
            (twice.as_str(), "two channels have this id"),
            (&CHANNEL.replace("kind = \"whatsapp\"", "kind = \"pigeon\""), "no connector for \"pigeon\""),
            (&CHANNEL.replace("\"whatsapp-fr\"", "\"a b\""), "id: not a channel id"),
            (&CHANNEL.replace("access_token = \"t\"", ""), "access_token is missing"),
            (&format!("{CHANNEL}origins = []"), "origins is no key of a channel of the kind whatsapp"),
            ("[[channel]]\nid = \"x\"\nkind = \"chat\"", "line 1, column 1"),
            ("[[channel]]\nid = \"x\"\nkind = \"chat\"", "origins is missing"),
            ("[[channel]]\nid = \"x\"\nkind = \"chat\"\ntitle = { fr = \"a\" }", "line 4, column 9"),
        ];
        for (text, expected) in cases {
            let error = parse(text, &[]).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}\n→ {error}\nexpected {expected}");
        }
    }
}
