//! One version of a plugin in place of another: loaded beside what runs, and in its place only if it is good.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::{DRAIN_MS, Runner, SAVED_MAX};
use crate::clock::pause;
use crate::engine::PolicyError;
use crate::plugin::bundle::Bundle;
use crate::plugin::calls::locked;
use crate::plugin::fault::fault;
use crate::plugin::machine::{Broken, Entry, Step};
use crate::plugin::rights::Rights;
use crate::plugin::thread::{Parts, Slice, Told, VmThread, Work};
use crate::telemetry::Plugin as Label;

impl Runner {
    /// A new thread with the same sources.
    pub(super) async fn revive(&mut self, why: &str) {
        tracing::warn!(plugin = self.name, why, "a plugin begins afresh");
        let tasks: Vec<u64> = self.tasks.keys().copied().collect();
        for task in tasks {
            self.again(task);
        }
        let parts = Parts { bundle: Arc::clone(&self.vm.bundle), ..self.parts.clone() };
        match VmThread::start(parts, &self.shared.watch).await {
            Ok(vm) => self.vm = vm,
            Err(errors) => {
                self.suspend(errors);
                pause(1_000).await;
            }
        }
    }

    /// Newer files: loaded beside what runs, which goes on if they are no good.
    pub(super) async fn reload(
        &mut self,
        bundle: Arc<Bundle>,
        rights: Rights,
    ) -> Result<(), Vec<PolicyError>> {
        let settings = bundle.manifest.settled(&self.settings_set());
        let parts = Parts { bundle, rights, settings, ..self.parts.clone() };
        let loaded = VmThread::start(parts.clone(), &self.shared.watch).await;
        // Loading set the quota that the newer files ask for.
        let result = match loaded {
            Ok(vm) => self.swap(vm, parts).await,
            Err(errors) => Err(errors),
        };
        if let Err(errors) = &result {
            locked(&self.parts.kv).set_quota(self.parts.rights.kv);
            let mut status = locked(&self.status);
            status.errors.clone_from(errors);
            status.refused = true;
        }
        self.changed();
        result
    }

    pub(super) fn settings_set(&self) -> Map<String, Json> {
        serde_json::from_str(&locked(&self.row).settings).unwrap_or_default()
    }

    pub(super) async fn swap(&mut self, vm: VmThread, parts: Parts) -> Result<(), Vec<PolicyError>> {
        self.drain().await;
        let mut vm = vm;
        let saves = self.vm.offer.roles.contains("save") && vm.offer.roles.contains("restore");
        if saves {
            let kept = once(&mut self.vm, "save", json!(null)).await;
            let kept = kept.map_err(|broken| vec![broken.error])?;
            if kept.to_string().len() > SAVED_MAX {
                let what = format!("what it saves has more than {SAVED_MAX} bytes");
                return Err(vec![fault(&parts.bundle.main(), 0, what)]);
            }
            let given = json!({ "saved": kept, "version": self.vm.bundle.manifest.version });
            once(&mut vm, "restore", given).await.map_err(|broken| vec![broken.error])?;
        }
        self.vm = vm;
        self.parts = parts;
        self.failures.clear();
        locked(&self.status).suspended = false;
        self.began();
        self.plan_jobs();
        Ok(())
    }

    /// Lets handlers end that are under way, for a while; the others begin again afterwards.
    pub(super) async fn drain(&mut self) {
        let mut until = std::pin::pin!(pause(DRAIN_MS));
        while !self.tasks.is_empty() {
            tokio::select! {
                told = self.vm.told.recv() => match told {
                    Some(told) => self.told(told),
                    None => break,
                },
                Some((task, answer)) = self.answered.recv() => self.answer(task, answer),
                () = &mut until => break,
            }
        }
        self.cancel_all();
    }

    pub(super) async fn stop(&mut self) {
        self.drain().await;
        self.keep_row();
        let label = Label { plugin: self.name.clone() };
        self.shared.desk.metrics().plugin_behind.remove(&label);
        self.shared.desk.metrics().plugin_failures.remove(&label);
    }
}

/// Runs one handler that may not wait, on a thread that does nothing else.
async fn once(vm: &mut VmThread, kind: &'static str, given: Json) -> Result<Json, Broken> {
    vm.send(Work::Start(u64::MAX, Arc::new(Entry { kind, name: String::new(), given })));
    let broken = |what: &str| Broken { error: fault(&vm_main(kind), 0, what), spent: true };
    loop {
        match vm.told.recv().await {
            Some(Told::Slice(Slice { task: u64::MAX, step, .. })) => {
                return match step {
                    Step::Ended(result) => result,
                    Step::Waits(call) => Err(broken(&format!("{kind} can't wait for {}", call.op))),
                };
            }
            Some(Told::Slice(_) | Told::Anew(_)) => {}
            Some(Told::Dead(_)) | None => return Err(broken("its thread ended")),
        }
    }
}

fn vm_main(kind: &str) -> String {
    format!("(handler of {kind})")
}
