//! What an administrator sees of plugins and does with them: grants, settings, going on after a suspension.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{Control, Entry, Host, PluginError, missing, stop};
use crate::domain::Time;
use crate::engine::PolicyError;
use crate::plugin::bundle::Bundle;
use crate::plugin::calls::locked;
use crate::plugin::manifest::Manifest;

/// Longest settings of one plugin, as JSON.
const SETTINGS_BYTES: usize = 256 * 1024;

/// How a plugin stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It runs.
    Running,
    /// It asks for something that is not granted, and runs nothing.
    Waiting,
    /// Its newest files are no good; what ran before may still run.
    Refused,
    /// It failed too often and was stopped.
    Suspended,
    /// Its files are gone.
    Removed,
}

impl State {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Refused => "refused",
            Self::Suspended => "suspended",
            Self::Removed => "removed",
        }
    }
}

/// A plugin as an administrator sees it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// What it is; `None`: its files are gone or can't be read.
    pub manifest: Option<Manifest>,
    /// How it stands.
    pub state: State,
    /// Whether some version of it runs.
    pub running: bool,
    /// What it asks for.
    pub asks: BTreeSet<String>,
    /// What it was granted.
    pub granted: BTreeSet<String>,
    /// What it asks for and was not granted.
    pub missing: BTreeSet<String>,
    /// Who granted it.
    pub granted_by: String,
    /// When.
    pub granted_at: Option<Time>,
    /// Its settings as they are.
    pub settings: Map<String, Json>,
    /// Its secrets, and whether each is set.
    pub secrets: BTreeMap<String, bool>,
    /// What is wrong.
    pub errors: Vec<PolicyError>,
    /// How often newer files came to life.
    pub generation: u64,
    /// Events that it has still to handle.
    pub behind: i64,
    /// Handlers that ended well.
    pub handled: u64,
    /// Handlers that failed.
    pub failed: u64,
    /// Bytes that it keeps.
    pub kept: usize,
}

impl Entry {
    pub(super) fn state(&self) -> State {
        let status = locked(&self.status);
        let Some(bundle) = &self.bundle else {
            return if self.faults.is_empty() { State::Removed } else { State::Refused };
        };
        let granted = locked(&self.row).granted_at.is_some();
        if status.suspended {
            State::Suspended
        } else if !self.faults.is_empty() || status.refused {
            State::Refused
        } else if !granted || !missing(bundle, &self.row).is_empty() {
            State::Waiting
        } else if self.control.is_some() {
            State::Running
        } else {
            State::Refused
        }
    }

    pub(super) fn errors(&self) -> Vec<PolicyError> {
        let mut errors = self.faults.clone();
        errors.extend(locked(&self.status).errors.iter().cloned());
        errors
    }
}

impl Host {
    /// Every plugin whose files are there, or that was granted something.
    pub async fn list(&self) -> Vec<Shown> {
        let plugins = self.plugins.lock().await;
        let there = |entry: &Entry| {
            entry.bundle.is_some() || !entry.faults.is_empty() || locked(&entry.row).granted_at.is_some()
        };
        plugins
            .iter()
            .filter(|(_, entry)| there(entry))
            .map(|(name, entry)| self.shown(name, entry))
            .collect()
    }

    fn shown(&self, name: &str, entry: &Entry) -> Shown {
        let row = locked(&entry.row).clone();
        let status = locked(&entry.status).clone();
        let manifest = entry.bundle.as_ref().map(|bundle| bundle.manifest.clone());
        let set: Map<String, Json> = serde_json::from_str(&row.settings).unwrap_or_default();
        let known = self.settings.secrets.get(name);
        let secrets = manifest.iter().flat_map(Manifest::secrets);
        Shown {
            name: name.to_owned(),
            state: entry.state(),
            running: entry.control.is_some() && !status.suspended,
            asks: manifest.as_ref().map(Manifest::asks).unwrap_or_default(),
            missing: entry.bundle.as_ref().map(|bundle| missing(bundle, &entry.row)).unwrap_or_default(),
            granted: row.granted,
            granted_by: row.granted_by,
            granted_at: row.granted_at,
            settings: manifest.as_ref().map(|manifest| manifest.settled(&set)).unwrap_or_default(),
            secrets: secrets
                .map(|key| (key.to_owned(), known.is_some_and(|known| known.contains_key(key))))
                .collect(),
            errors: entry.errors(),
            generation: status.generation,
            behind: status.behind,
            handled: status.handled,
            failed: status.failed,
            kept: status.kept,
            manifest,
        }
    }

    /// Grants a plugin exactly what it asks for, which `wanted` must name: what nobody saw is not granted.
    ///
    /// # Errors
    /// There is no such plugin, or it asks for something else by now.
    pub async fn grant(&self, name: &str, wanted: &BTreeSet<String>, by: &str) -> Result<Shown, PluginError> {
        let mut plugins = self.plugins.lock().await;
        let entry = entry(&mut plugins, name)?;
        let bundle = files(name, entry)?;
        let asks = bundle.manifest.asks();
        if asks != *wanted {
            let differs: Vec<_> = asks.symmetric_difference(wanted).cloned().collect();
            let problem = format!("{name} asks for something else; these differ: {}", differs.join(", "));
            return Err(PluginError::Invalid(problem));
        }
        let now = self.work.get().map(|work| work.shared.desk.clock().now());
        let row = {
            let mut row = locked(&entry.row);
            row.granted = asks;
            by.clone_into(&mut row.granted_by);
            row.granted_at = now;
            row.clone()
        };
        let kept = self.keep_row(row);
        self.bring_up(name, entry).await;
        self.settled(&plugins, name, kept).await;
        plugins
            .get(name)
            .map(|entry| self.shown(name, entry))
            .ok_or_else(|| PluginError::Unknown(name.to_owned()))
    }

    /// Takes every right back: the plugin stops.
    ///
    /// # Errors
    /// There is no such plugin.
    pub async fn revoke(&self, name: &str) -> Result<Shown, PluginError> {
        let mut plugins = self.plugins.lock().await;
        let entry = entry(&mut plugins, name)?;
        if let Some(work) = self.work.get() {
            stop(work, name, entry).await;
        }
        let row = {
            let mut row = locked(&entry.row);
            row.granted.clear();
            row.granted_at = None;
            row.granted_by.clear();
            row.clone()
        };
        let kept = self.keep_row(row);
        self.settled(&plugins, name, kept).await;
        plugins
            .get(name)
            .map(|entry| self.shown(name, entry))
            .ok_or_else(|| PluginError::Unknown(name.to_owned()))
    }

    /// Sets what an administrator may set; the plugin learns of it at once. What is left out is as the plugin has it.
    ///
    /// # Errors
    /// There is no such plugin or setting, or a value is of another type.
    pub async fn configure(&self, name: &str, wanted: Map<String, Json>) -> Result<Shown, PluginError> {
        let mut plugins = self.plugins.lock().await;
        let entry = entry(&mut plugins, name)?;
        let bundle = files(name, entry)?;
        bundle.manifest.check_settings(&wanted).map_err(|(_, problem)| PluginError::Invalid(problem))?;
        let settings = bundle.manifest.settled(&wanted);
        let text = Json::Object(wanted).to_string();
        if text.len() > SETTINGS_BYTES {
            return Err(PluginError::Invalid(format!("settings have at most {SETTINGS_BYTES} bytes")));
        }
        let row = {
            let mut row = locked(&entry.row);
            row.settings = text;
            row.clone()
        };
        let kept = self.keep_row(row);
        if let Some(control) = &entry.control {
            // One that is gone reads its settings when it comes back.
            let _gone = control.send(Control::Settings(settings)).await;
        }
        self.settled(&plugins, name, kept).await;
        plugins
            .get(name)
            .map(|entry| self.shown(name, entry))
            .ok_or_else(|| PluginError::Unknown(name.to_owned()))
    }

    /// Lets a suspended plugin go on where it was.
    ///
    /// # Errors
    /// There is no such plugin, or it does not run.
    pub async fn resume(&self, name: &str) -> Result<Shown, PluginError> {
        let mut plugins = self.plugins.lock().await;
        let entry = entry(&mut plugins, name)?;
        let Some(control) = &entry.control else {
            return Err(PluginError::Invalid(format!(
                "{name} is {}; nothing to go on with",
                entry.state().as_str()
            )));
        };
        // One that has ended is brought up again by the next look at its files.
        let _gone = control.send(Control::Resume).await;
        {
            let mut status = locked(&entry.status);
            status.suspended = false;
            status.errors.clear();
        }
        self.settled(&plugins, name, None).await;
        plugins
            .get(name)
            .map(|entry| self.shown(name, entry))
            .ok_or_else(|| PluginError::Unknown(name.to_owned()))
    }

    /// Looks at the folder now.
    pub async fn reload(&self) {
        let mut plugins = self.plugins.lock().await;
        if self.look(&mut plugins).await {
            self.tell_bots(&plugins).await;
        }
    }

    /// Waits until it is stored, and tells everybody.
    async fn settled(&self, plugins: &BTreeMap<String, Entry>, name: &str, kept: Option<u64>) {
        if let (Some(work), Some(number)) = (self.work.get(), kept) {
            work.shared.keep.stored(number).await;
        }
        self.tell_bots(plugins).await;
        self.tell(plugins, name);
    }
}

fn entry<'a>(plugins: &'a mut BTreeMap<String, Entry>, name: &str) -> Result<&'a mut Entry, PluginError> {
    plugins.get_mut(name).ok_or_else(|| PluginError::Unknown(name.to_owned()))
}

fn files(name: &str, entry: &Entry) -> Result<Arc<Bundle>, PluginError> {
    entry.bundle.clone().ok_or_else(|| PluginError::Invalid(format!("the files of {name} can't be read")))
}
