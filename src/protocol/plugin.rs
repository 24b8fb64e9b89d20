//! How plugins look on the wire.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Moment, ScriptError};

/// Every plugin.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Plugins<'a> {
    /// In the order of their names.
    pub plugins: Vec<Plugin<'a>>,
}

/// One plugin, after something was done with it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OnePlugin<'a> {
    /// As it is now.
    pub plugin: Plugin<'a>,
}

/// A plugin.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Plugin<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version; left out: its files are gone or can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<&'a str>,
    /// What it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<&'a str>,
    /// `running`, `waiting` (for a grant), `refused` (its newest files are no good), `suspended` or `removed`.
    pub state: &'a str,
    /// Whether some version of it runs.
    pub running: bool,
    /// What it asks for, a line each.
    pub asks: &'a BTreeSet<String>,
    /// What it was granted.
    pub granted: &'a BTreeSet<String>,
    /// What it asks for and was not granted; while there is any, it runs nothing.
    pub missing: &'a BTreeSet<String>,
    /// Who granted it.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub granted_by: &'a str,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granted_at: Option<Moment>,
    /// What can be set, enough to make a form of.
    pub settings_schema: Vec<PluginSetting<'a>>,
    /// Settings as they are, by key.
    pub settings: &'a Map<String, Value>,
    /// Its secrets, and whether each is set in the configuration.
    pub secrets: &'a BTreeMap<String, bool>,
    /// What is wrong.
    pub errors: Vec<ScriptError<'a>>,
    /// How often newer files of it came to life since the server started.
    pub generation: u64,
    /// Events that it has still to handle.
    pub behind: i64,
    /// Handlers that ended well, since it was started.
    pub handled: u64,
    /// Handlers that failed.
    pub failed: u64,
    /// Bytes that it keeps.
    pub kept_bytes: usize,
}

/// Something that can be set.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PluginSetting<'a> {
    /// Its name.
    pub key: &'a str,
    /// `text`, `number`, `flag`, `choice` or `table`.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// What to write beside it.
    pub label: &'a str,
    /// What it is unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// Among what is chosen.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub choices: &'a [String],
}
