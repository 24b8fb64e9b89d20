//! What becomes of a plugin that fails: counted and shown, its contacts given to people, and suspended when it goes on failing.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{FAILURES_MAX, FAILURES_WITHIN, From, HANDLER_SECONDS, Runner, TRIES_MAX};
use crate::domain::{InteractionId, SkillId};
use crate::engine::{BotCommand, Command, PolicyError};
use crate::plugin::calls::locked;
use crate::plugin::fault::fault;
use crate::plugin::machine::{Broken, Entry};
use crate::plugin::thread::Work;
use crate::port::PluginRows;
use crate::telemetry::Plugin as Label;

impl Runner {
    /// A handler failed: counted, shown, and after too many in a row of time, the end.
    pub(super) fn failed(&mut self, error: PolicyError) {
        let now = self.now();
        self.shared.desk.metrics().plugin_failures.get_or_create(&Label { plugin: self.name.clone() }).inc();
        tracing::error!(
            plugin = self.name,
            file = error.file,
            line = error.line,
            problem = error.message,
            "a plugin's handler failed"
        );
        self.failures.push_back(now);
        while self.failures.front().is_some_and(|first| now - *first > FAILURES_WITHIN) {
            self.failures.pop_front();
        }
        let news = {
            let mut status = locked(&self.status);
            status.failed += 1;
            let news = !status.errors.contains(&error);
            if news {
                status.errors.truncate(9);
                status.errors.insert(0, error);
            }
            news
        };
        if self.failures.len() >= FAILURES_MAX {
            self.suspend(Vec::new());
        } else if news {
            self.changed();
        }
    }

    /// Nobody stays with a bot that failed: its work goes to people, with what happened.
    pub(super) fn give_up(&self, entry: &Entry, error: &PolicyError) {
        if entry.kind != "bot" {
            return;
        }
        let id = entry.given.pointer("/interaction/id").and_then(Json::as_str);
        let Some(interaction_id) = id.and_then(|id| id.parse().ok()) else { return };
        let note =
            format!("The bot {} failed at {}:{}: {}", self.name, error.file, error.line, error.message);
        self.hand_over(interaction_id, None, note);
    }

    pub(super) fn hand_over(&self, interaction_id: InteractionId, skill: Option<SkillId>, note: String) {
        let Some(agent_id) = self.agent_id() else { return };
        let performer = self.performer();
        let key = format!("{} lets go of {interaction_id} at {}", self.name, self.read);
        let command = Command::Bot(BotCommand::HandOver { interaction_id, skill, note: Some(note) });
        tokio::spawn(async move { performer.ask(agent_id, command, key).await });
    }

    /// Stops giving it anything, until an administrator lets it go on.
    pub(super) fn suspend(&mut self, errors: Vec<PolicyError>) {
        {
            let mut status = locked(&self.status);
            status.suspended = true;
            if !errors.is_empty() {
                status.errors = errors;
            }
        }
        tracing::error!(plugin = self.name, "a plugin is suspended");
        self.cancel_all();
        self.changed();
    }

    pub(super) fn cancel_all(&mut self) {
        let tasks: Vec<u64> = self.tasks.keys().copied().collect();
        for task in tasks {
            self.vm.send(Work::Cancel(task));
            self.again(task);
        }
    }

    /// A handler was ended through no fault of its own: its event waits for another try.
    pub(super) fn again(&mut self, number: u64) {
        let Some(task) = self.tasks.remove(&number) else { return };
        match task.from {
            From::Unit(mut unit) => {
                self.free(&unit);
                unit.tries += 1;
                if unit.tries < TRIES_MAX {
                    unit.entries.push_front(Arc::unwrap_or_clone(task.entry));
                    self.pending.push_front(unit);
                } else {
                    let rows = PluginRows { plugins: self.handled(unit.seq), ..PluginRows::default() };
                    self.shared.keep.add(rows);
                }
            }
            From::Job(job, _) => self.job_waits(&job),
            From::Ask(reply) => {
                let _gone = reply.send(Err("the plugin had to begin afresh".to_owned()));
            }
        }
    }

    /// Every second: what takes too long is ended, a thread that does not come back is left behind.
    pub(super) async fn second(&mut self) {
        self.measure();
        self.lines_dropped();
        if let Some(task) = self.vm.lost() {
            let error = fault(
                &self.parts.bundle.main(),
                0,
                "a handler did not stop and was left behind with its thread",
            );
            let broken = Broken { error, spent: true };
            let mut rows = PluginRows::default();
            if let Some(task) = self.tasks.remove(&task) {
                self.ended(task, Err(broken), &mut rows);
            }
            self.shared.keep.add(rows);
            return self.revive("a handler did not stop").await;
        }
        let mut late = Vec::new();
        for (number, task) in self.tasks.iter_mut().filter(|(_, task)| task.waits) {
            task.seconds += 1;
            if task.seconds > HANDLER_SECONDS {
                late.push(*number);
            }
        }
        for number in late {
            self.vm.send(Work::Cancel(number));
            let Some(task) = self.tasks.remove(&number) else { continue };
            let what = format!(
                "the handler of {} {} waited longer than {HANDLER_SECONDS} s and was ended",
                task.entry.kind, task.entry.name
            );
            let broken = Broken { error: fault(&self.parts.bundle.main(), 0, what), spent: false };
            let mut rows = PluginRows::default();
            self.ended(task, Err(broken), &mut rows);
            self.shared.keep.add(rows);
        }
    }
}
