//! What plugins keep on its way to the store: gathered from all of them, written together, once a second unless somebody waits.
//! Agents' commits share the writer with it, so it gives way to them. What a crash takes is handled again from the log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{Notify, watch};

use super::calls::locked;
use crate::clock::pause;
use crate::port::{PluginJob, PluginRow, PluginRows, PluginValue, StoreError};
use crate::runtime::Desk;

/// How long writes are gathered, in milliseconds …
const GATHER_MS: u64 = 1_000;
/// … and how long when somebody waits for them.
const SOON_MS: u64 = 20;
/// How long it gives way to a busy desk.
const GIVE_WAY_MS: u64 = 1_000;
/// After a fault of the database.
const FAULT_MS: u64 = 1_000;

/// Rows that wait, each as it is last.
#[derive(Debug, Default)]
struct Pending {
    plugins: BTreeMap<String, PluginRow>,
    values: BTreeMap<(String, String), Option<String>>,
    jobs: BTreeMap<(String, String), PluginJob>,
    /// Raised by every addition.
    number: u64,
}

/// See the file's head.
#[derive(Debug)]
pub(crate) struct Keep {
    pending: Mutex<Pending>,
    bell: Notify,
    /// Rung by who waits.
    soon: Notify,
    /// Everything up to this addition is stored.
    stored: watch::Sender<u64>,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            pending: Mutex::default(),
            bell: Notify::new(),
            soon: Notify::new(),
            stored: watch::Sender::new(0),
        }
    }
}

impl Keep {
    /// Adds rows that belong together. The number can be waited for.
    pub(crate) fn add(&self, rows: PluginRows) -> u64 {
        let mut pending = locked(&self.pending);
        for row in rows.plugins {
            pending.plugins.insert(row.plugin.clone(), row);
        }
        for row in rows.values {
            pending.values.insert((row.plugin, row.name), row.value);
        }
        for row in rows.jobs {
            pending.jobs.insert((row.plugin.clone(), row.job.clone()), row);
        }
        pending.number += 1;
        let number = pending.number;
        drop(pending);
        self.bell.notify_one();
        number
    }

    /// Adds rows, if there are any, and waits until they are stored.
    pub(crate) async fn store(&self, rows: PluginRows) {
        if !rows.is_empty() {
            let number = self.add(rows);
            self.stored(number).await;
        }
    }

    /// Waits until an addition is stored.
    pub(crate) async fn stored(&self, number: u64) {
        self.soon.notify_one();
        // The sender lives as long as this.
        drop(self.stored.subscribe().wait_for(|stored| *stored >= number).await);
    }

    /// Waits until everything is.
    pub(crate) async fn all_stored(&self) {
        let number = locked(&self.pending).number;
        self.stored(number).await;
    }

    /// Writes until the store is closed.
    pub(crate) async fn run(self: Arc<Self>, desk: Desk) {
        loop {
            self.bell.notified().await;
            tokio::select! {
                () = pause(GATHER_MS) => {}
                () = self.soon.notified() => pause(SOON_MS).await,
            }
            let mut waited = 0;
            while desk.busy() && waited < GIVE_WAY_MS {
                pause(10).await;
                waited += 10;
            }
            let (rows, number) = self.take();
            if !written(&desk, &rows).await {
                return;
            }
            self.stored.send_replace(number);
        }
    }

    fn take(&self) -> (PluginRows, u64) {
        let mut pending = locked(&self.pending);
        let Pending { plugins, values, jobs, number } = std::mem::take(&mut *pending);
        pending.number = number;
        let values = values.into_iter().map(|((plugin, name), value)| PluginValue { plugin, name, value });
        let rows = PluginRows {
            plugins: plugins.into_values().collect(),
            values: values.collect(),
            jobs: jobs.into_values().collect(),
        };
        (rows, number)
    }
}

/// Writes rows, again and again if need be. `false`: another process writes now, or this one ends.
async fn written(desk: &Desk, rows: &PluginRows) -> bool {
    while let Err(error) = desk.store().save_plugins(rows).await {
        if matches!(error, StoreError::Fenced) || desk.ended().is_some() {
            return false;
        }
        tracing::warn!(%error, "what plugins keep can't be stored; trying again");
        pause(FAULT_MS).await;
    }
    true
}
