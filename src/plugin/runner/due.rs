//! Jobs: rows that say what a plugin is to do and when. A job is dropped or planned anew once its handler has ended, so that a
//! killed process does it again.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::Runner;
use crate::domain::{Span, Time};
use crate::plugin::calls::{JOBS_MAX, JobWish};
use crate::plugin::fault::fault;
use crate::plugin::machine::Entry;
use crate::port::{PluginJob, PluginRows};

/// The shortest time between two runs of a job.
const EVERY_MIN: Span = Span::seconds(1);

/// A job that waits or runs.
#[derive(Debug, Clone)]
pub(super) struct Job {
    due_at: Time,
    every: Span,
    data: Json,
    running: bool,
}

pub(super) fn from_rows(rows: Vec<PluginJob>) -> BTreeMap<String, Job> {
    let jobs = rows.into_iter().filter_map(|row| {
        let data = serde_json::from_str(&row.data).unwrap_or_default();
        Some((row.job, Job { due_at: row.due_at?, every: row.every, data, running: false }))
    });
    jobs.collect()
}

impl Runner {
    fn job_row(&self, job: &str) -> PluginJob {
        let known = self.jobs.get(job);
        PluginJob {
            plugin: self.name.clone(),
            job: job.to_owned(),
            due_at: known.map(|it| it.due_at),
            every: known.map_or(Span(0), |it| it.every),
            data: known.map_or_else(|| "null".to_owned(), |it| it.data.to_string()),
        }
    }

    /// All that wait.
    pub(super) fn job_rows(&self) -> Vec<PluginJob> {
        self.jobs.keys().map(|job| self.job_row(job)).collect()
    }

    /// Brings jobs that come again into step with what the plugin says of them.
    pub(super) fn plan_jobs(&mut self) {
        let now = self.now();
        let every = self.vm.offer.every.clone();
        let gone: Vec<String> = self
            .jobs
            .iter()
            .filter(|(name, job)| job.every.0 > 0 && !every.contains_key(*name))
            .map(|(name, _)| name.clone())
            .collect();
        let mut changed = gone.clone();
        for name in gone {
            self.jobs.remove(&name);
        }
        for (name, every) in every {
            let every = every.max(EVERY_MIN);
            if self.jobs.get(&name).is_none_or(|job| job.every != every) {
                let job = Job { due_at: now + every, every, data: Json::Null, running: false };
                self.jobs.insert(name.clone(), job);
                changed.push(name);
            }
        }
        let jobs = changed.iter().map(|name| self.job_row(name)).collect();
        self.shared.keep.add(PluginRows { jobs, ..PluginRows::default() });
    }

    /// What handlers wished: the rows to keep.
    pub(super) fn wished(&mut self, wishes: Vec<JobWish>) -> Vec<PluginJob> {
        let mut rows = Vec::new();
        let mut too_many = None;
        for JobWish { job, due_at, data } in wishes {
            match due_at {
                None => drop(self.jobs.remove(&job)),
                Some(_) if self.jobs.len() >= JOBS_MAX && !self.jobs.contains_key(&job) => {
                    too_many.get_or_insert(job);
                    continue;
                }
                Some(due_at) => {
                    let known = self.jobs.get(&job);
                    let (every, running) = known.map_or((Span(0), false), |it| (it.every, it.running));
                    self.jobs.insert(job.clone(), Job { due_at, every, data, running });
                }
            }
            rows.push(self.job_row(&job));
        }
        if let Some(job) = too_many {
            let what = format!("{JOBS_MAX} jobs wait already; {job} is left out, with what came after it");
            self.failed(fault(&self.parts.bundle.main(), 0, what));
        }
        rows
    }

    pub(super) fn next_job(&self) -> Option<Time> {
        self.jobs.values().filter(|job| !job.running).map(|job| job.due_at).min()
    }

    pub(super) fn start_jobs(&mut self) {
        let now = self.now();
        let due = self.jobs.iter().filter(|(_, job)| !job.running && job.due_at <= now);
        let due: Vec<(String, Time, Json)> =
            due.map(|(name, job)| (name.clone(), job.due_at, job.data.clone())).collect();
        for (name, due_at, data) in due {
            if self.room() == 0 {
                return;
            }
            if let Some(job) = self.jobs.get_mut(&name) {
                job.running = true;
            }
            let handler = name.split(':').next().unwrap_or_default().to_owned();
            let given = json!({ "name": name, "due_at": due_at.0, "data": data });
            let key = format!("plugin {} j{name} {}", self.name, due_at.0);
            self.begin(super::From::Job(name, due_at), Entry { kind: "job", name: handler, given }, key);
        }
    }

    /// It was done: once, or until the next time. Its handler may have planned it anew itself.
    pub(super) fn job_ended(&mut self, name: &str, due_at: Time) -> Option<PluginJob> {
        let now = self.now();
        let job = self.jobs.get_mut(name)?;
        job.running = false;
        if job.due_at != due_at {
            return None;
        }
        if job.every.0 > 0 {
            job.due_at = now + job.every;
        } else {
            self.jobs.remove(name);
        }
        Some(self.job_row(name))
    }

    /// It has to be done again.
    pub(super) fn job_waits(&mut self, name: &str) {
        if let Some(job) = self.jobs.get_mut(name) {
            job.running = false;
        }
    }
}
