//! What a store keeps for plugins: rows that are of no batch, written beside them by whoever is the writer.

use std::collections::BTreeSet;

use crate::domain::{Span, Time};

/// A plugin's own row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PluginRow {
    /// Its name.
    pub plugin: String,
    /// What it may do, exactly as it was asked for.
    pub granted: BTreeSet<String>,
    /// Who said so.
    pub granted_by: String,
    /// When; `None`: nobody ever did, or it was taken back.
    pub granted_at: Option<Time>,
    /// Its settings, as a JSON object.
    pub settings: String,
    /// Every event up to this one was handled; `None`: it has not begun.
    pub seq: Option<i64>,
    /// Later events that were handled too.
    pub done: BTreeSet<i64>,
}

/// Something that a plugin keeps, as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginValue {
    /// Whose.
    pub plugin: String,
    /// Under which name.
    pub name: String,
    /// What; `None`: no longer.
    pub value: Option<String>,
}

/// Something that a plugin is to do at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginJob {
    /// Whose.
    pub plugin: String,
    /// Its name: one job of each.
    pub job: String,
    /// When; `None`: no longer.
    pub due_at: Option<Time>,
    /// How often again; zero: once.
    pub every: Span,
    /// What it is told, as JSON.
    pub data: String,
}

/// Rows of plugins: all that there are, or those to write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PluginRows {
    /// Their own rows.
    pub plugins: Vec<PluginRow>,
    /// What they keep.
    pub values: Vec<PluginValue>,
    /// What they are to do.
    pub jobs: Vec<PluginJob>,
}

impl PluginRows {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.plugins.is_empty() && self.values.is_empty() && self.jobs.is_empty()
    }
}
