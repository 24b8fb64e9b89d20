//! `plugin.toml`: what a plugin is, what it asks to be allowed, and what an administrator may set. It knows no plugin's code.
//!
//! What is asked for is also a list of lines that a person can read. A grant is exactly such a list: what is asked for and
//! not in it, is not granted, and the plugin does not run.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fault::fault;
use super::rights::Rights;
use crate::engine::PolicyError;

/// The version of the host that this server offers to plugins.
pub const API: u32 = 1;
/// Longest name: it becomes a part of logins, addresses and keys.
const NAME_MAX: usize = 32;
/// Characters of what people read.
const TEXT_CHARS: usize = 300;
/// Settings of one plugin: a form that fits a screen or two.
const SETTINGS_MAX: usize = 50;

/// A plugin's description.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Its name, that of its folder.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// The version of the host it was written for.
    pub api: u32,
    /// What it does, in a sentence.
    pub summary: String,
    /// What a contact sees as its name, if it is a bot.
    #[serde(default)]
    pub title: String,
    /// What it does with people's data, for whoever grants it.
    #[serde(default)]
    pub data_statement: String,
    /// What it asks to be allowed.
    #[serde(default)]
    pub capabilities: Capabilities,
    /// What an administrator may set.
    #[serde(default)]
    pub settings: Vec<Setting>,
}

/// What a plugin asks to be allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Capabilities {
    /// Work may be routed to it, and it answers contacts.
    pub bot: bool,
    /// It may put one question to a contact whose work was resolved.
    pub survey: bool,
    /// Events that it is told.
    pub events: BTreeSet<String>,
    /// `read`: what messages say.
    pub messages: BTreeSet<String>,
    /// What it learns of contacts, field by field.
    pub contacts: BTreeSet<String>,
    /// Addresses it may call: beginnings of them, or `setting:KEY`.
    pub http: BTreeSet<String>,
    /// Whether these may be in the installation's own network.
    pub private_network: bool,
    /// How much it may keep.
    pub kv: Option<String>,
    /// Whether it may have things done later.
    pub schedule: bool,
    /// Whether others may call it.
    pub webhook: bool,
    /// Whether it translates.
    pub translator: bool,
    /// Whether it has something to say on customers' cards; the section's title.
    pub card: Option<String>,
}

/// What an administrator may set: enough to make a form of.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Its name.
    pub key: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: SettingKind,
    /// What to write beside it.
    #[serde(default)]
    pub label: String,
    /// What it is unless set.
    #[serde(default)]
    pub default: Option<toml::Value>,
    /// Among what is chosen.
    #[serde(default)]
    pub choices: Vec<String>,
}

/// What a setting is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingKind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
    /// One of several texts.
    Choice,
    /// Anything, as a table.
    Table,
    /// A secret: set in the configuration file, given out by the host, never to the plugin.
    Secret,
}

impl SettingKind {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Flag => "flag",
            Self::Choice => "choice",
            Self::Table => "table",
            Self::Secret => "secret",
        }
    }

    fn takes(self, value: &Value, choices: &[String]) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Flag => value.is_boolean(),
            Self::Choice => value.as_str().is_some_and(|text| choices.iter().any(|choice| choice == text)),
            Self::Table => value.is_object() || value.is_array(),
            Self::Secret => false,
        }
    }
}

impl Setting {
    /// What it is unless set, as JSON.
    pub fn default_json(&self) -> Option<Value> {
        self.default.as_ref().and_then(|value| serde_json::to_value(value).ok())
    }
}

impl Manifest {
    /// Reads and checks one. `folder` is the name of its folder.
    pub(crate) fn read(folder: &str, text: &str) -> Result<Self, Vec<PolicyError>> {
        let file = format!("plugins/{folder}/plugin.toml");
        let manifest: Self = toml::from_str(text).map_err(|error| {
            let begin = error.span().map_or(0, |span| span.start);
            let line = text.get(..begin).unwrap_or_default().matches('\n').count() + 1;
            vec![fault(&file, line, error.message())]
        })?;
        let problems = manifest.problems(folder);
        if problems.is_empty() {
            return Ok(manifest);
        }
        let line =
            |key: &str| 1 + text.lines().position(|line| line.trim_start().starts_with(key)).unwrap_or(0);
        Err(problems.into_iter().map(|(key, problem)| fault(&file, line(key), problem)).collect())
    }

    /// What makes no sense: the key, and what to do.
    fn problems(&self, folder: &str) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let mut wrong = |key, problem: String| problems.push((key, problem));
        if self.name != folder {
            wrong(
                "name",
                format!("name is {:?} and the folder {folder:?}: they must be the same", self.name),
            );
        }
        if !is_name(&self.name) {
            wrong(
                "name",
                format!("a name has 1 to {NAME_MAX} of a-z, 0-9, - and _, and begins with a letter"),
            );
        }
        if self.api != API {
            wrong("api", format!("this server offers api = {API}; the plugin wants {}", self.api));
        }
        for (key, text) in [
            ("summary", &self.summary),
            ("version", &self.version),
            ("title", &self.title),
            ("data_statement", &self.data_statement),
        ] {
            if text.chars().count() > TEXT_CHARS {
                wrong(key, format!("{key} is longer than {TEXT_CHARS} characters"));
            }
        }
        if self.settings.len() > SETTINGS_MAX {
            wrong("[[settings]]", format!("at most {SETTINGS_MAX} settings"));
        }
        let mut seen = BTreeSet::new();
        for setting in &self.settings {
            if !is_name(&setting.key) || !seen.insert(&setting.key) {
                wrong(
                    "key",
                    format!("setting {:?}: each needs a name of its own, of a-z, 0-9, _", setting.key),
                );
            }
            if setting.default_json().is_some_and(|value| !setting.kind.takes(&value, &setting.choices)) {
                wrong(
                    "default",
                    format!("setting {:?}: the default is no {}", setting.key, setting.kind.as_str()),
                );
            }
        }
        if let Err((key, problem)) = Rights::of(self) {
            wrong(key, problem);
        }
        problems
    }

    /// What it asks for, a line each, in a fixed order.
    pub(crate) fn asks(&self) -> BTreeSet<String> {
        let asked = &self.capabilities;
        let mut lines = BTreeSet::new();
        let flags = [
            ("bot", asked.bot),
            ("survey", asked.survey),
            ("private_network", asked.private_network),
            ("schedule", asked.schedule),
            ("webhook", asked.webhook),
            ("translator", asked.translator),
            ("card", asked.card.is_some()),
        ];
        lines.extend(flags.iter().filter(|(_, asked)| *asked).map(|(name, _)| (*name).to_owned()));
        let lists = [
            ("event", &asked.events),
            ("messages", &asked.messages),
            ("contacts", &asked.contacts),
            ("http", &asked.http),
        ];
        for (name, list) in lists {
            lines.extend(list.iter().map(|item| format!("{name} {item}")));
        }
        lines.extend(asked.kv.iter().map(|size| format!("kv {size}")));
        lines.extend(self.secrets().map(|key| format!("secret {key}")));
        if !self.data_statement.is_empty() {
            lines.insert(format!("data: {}", self.data_statement));
        }
        lines
    }

    /// What contacts and colleagues see as its name.
    pub(crate) fn shown_title(&self) -> String {
        if self.title.is_empty() { self.name.clone() } else { self.title.clone() }
    }

    /// The names of its secrets.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let secrets = self.settings.iter().filter(|setting| setting.kind == SettingKind::Secret);
        secrets.map(|setting| setting.key.as_str())
    }

    /// Its settings as they are: what was set over what they are unless set.
    pub(crate) fn settled(&self, set: &Map<String, Value>) -> Map<String, Value> {
        let known = self.settings.iter().filter(|setting| setting.kind != SettingKind::Secret);
        let value = |setting: &Setting| set.get(&setting.key).cloned().or_else(|| setting.default_json());
        known.filter_map(|setting| Some((setting.key.clone(), value(setting)?))).collect()
    }

    /// What is wrong with settings that somebody wants: the key, and what to do.
    pub(crate) fn check_settings(&self, wanted: &Map<String, Value>) -> Result<(), (String, String)> {
        let known: BTreeMap<&str, &Setting> =
            self.settings.iter().map(|setting| (setting.key.as_str(), setting)).collect();
        for (key, value) in wanted {
            let wrong = |problem: String| Err((key.clone(), problem));
            match known.get(key.as_str()) {
                None => return wrong(format!("{} has no setting {key:?}", self.name)),
                Some(setting) if setting.kind == SettingKind::Secret => {
                    return wrong(format!(
                        "{key} is a secret: it is set in guichet.toml, [plugin.{}.secrets]",
                        self.name
                    ));
                }
                Some(setting) if !setting.kind.takes(value, &setting.choices) => {
                    return wrong(format!("{key} takes a {}", setting.kind.as_str()));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// Whether it may name a plugin, a setting or a job.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= NAME_MAX
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "name = \"faq\"\nversion = \"1\"\napi = 1\nsummary = \"x\"\n";

    #[test]
    fn mistakes_are_told_with_their_line() {
        for (text, line, expected) in [
            ("name = \"faq\"\nnope = 1", 2, "unknown field `nope`"),
            (&HEAD.replace("\"faq\"", "\"fap\""), 1, "must be the same"),
            (&HEAD.replace("api = 1", "api = 9"), 3, "this server offers api = 1"),
            (&format!("{HEAD}[capabilities]\nhttp = [\"ftp://x/\"]"), 6, "http"),
            (&format!("{HEAD}[capabilities]\nkv = \"9GiB\""), 6, "kv"),
            (
                &format!("{HEAD}[capabilities]\nevents = [\"message.addd\"]"),
                6,
                "did you mean \"message.added\"?",
            ),
            (&format!("{HEAD}[[settings]]\nkey = \"a\"\ntype = \"number\"\ndefault = \"x\""), 8, "no number"),
        ] {
            let faults = Manifest::read("faq", text).unwrap_err();
            let first = faults.first().unwrap();
            assert_eq!(first.line, line, "{text}: {faults:?}");
            assert!(faults.iter().any(|fault| fault.message.contains(expected)), "{faults:?}");
        }
    }

    #[test]
    fn what_is_asked_reads_as_lines() {
        let text = format!(
            "{HEAD}data_statement = \"Texts go to a.example\"\n[capabilities]\nbot = true\nkv = \"1MiB\"\n\
             http = [\"https://a.example/\"]\ncontacts = [\"name\"]\n[[settings]]\nkey = \"k\"\ntype = \"secret\""
        );
        let manifest = Manifest::read("faq", &text).unwrap();
        let asks: Vec<_> = manifest.asks().into_iter().collect();
        assert_eq!(
            asks,
            [
                "bot",
                "contacts name",
                "data: Texts go to a.example",
                "http https://a.example/",
                "kv 1MiB",
                "secret k"
            ]
        );
        let set = serde_json::json!({ "k": "x" });
        let (key, problem) = manifest.check_settings(set.as_object().unwrap()).unwrap_err();
        assert!(key == "k" && problem.contains("[plugin.faq.secrets]"), "{problem}");
    }
}
