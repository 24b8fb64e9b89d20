//! What operators see: counters for Prometheus and the form of the logs. It counts what it is told and knows no other room.
//!
//! Names follow Prometheus' rules (base units, `_total`); no label carries personal data or grows without bound.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// One label: what kind, what result, which lane.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Kind {
    /// The label's value, from a closed list in the code.
    pub kind: &'static str,
}

/// Which plugin; an installation has at most a few dozen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Plugin {
    /// Its name.
    pub plugin: String,
}

/// Every counter.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Inputs decided.
    pub inputs: Counter,
    /// Batches committed.
    pub commits: Counter,
    /// Commits that failed.
    pub commits_failed: Counter,
    /// Inputs in a batch.
    pub batch_inputs: Histogram,
    /// Seconds a commit took.
    pub commit_seconds: Histogram,
    /// Inputs waiting, by lane.
    pub waiting: Family<Kind, Gauge>,
    /// Inputs put aside because they failed alone.
    pub put_aside: Counter,
    /// Sends to providers, by result.
    pub sends: Family<Kind, Counter>,
    /// Files fetched, by result.
    pub fetches: Family<Kind, Counter>,
    /// Transcripts handed to the mail server, by result.
    pub transcripts: Family<Kind, Counter>,
    /// Texts handed to the translator, by result.
    pub translations: Family<Kind, Counter>,
    /// Webhook deliveries, by answer.
    pub webhooks: Family<Kind, Counter>,
    /// Open agents' sockets.
    pub sockets: Gauge,
    /// Sockets closed by the server, by reason.
    pub sockets_closed: Family<Kind, Counter>,
    /// Event frames handed to sockets.
    pub frames: Counter,
    /// Questions that a script could not answer in time or at all.
    pub policy_failures: Counter,
    /// The generation of scripts that serves.
    pub policy_generation: Gauge,
    /// Events that the search index has still to follow.
    pub index_behind: Gauge,
    /// Events that a plugin has still to handle.
    pub plugin_behind: Family<Plugin, Gauge>,
    /// Handlers of a plugin that failed.
    pub plugin_failures: Family<Plugin, Counter>,
    /// Refused logins.
    pub logins_refused: Counter,
    /// 1 while the database can't be written.
    pub unavailable: Gauge<f64, AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("guichet"),
            inputs: Counter::default(),
            commits: Counter::default(),
            commits_failed: Counter::default(),
            batch_inputs: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            commit_seconds: Histogram::new(exponential_buckets(0.000_1, 2.0, 16)),
            waiting: Family::default(),
            put_aside: Counter::default(),
            sends: Family::default(),
            fetches: Family::default(),
            transcripts: Family::default(),
            translations: Family::default(),
            webhooks: Family::default(),
            sockets: Gauge::default(),
            sockets_closed: Family::default(),
            frames: Counter::default(),
            policy_failures: Counter::default(),
            policy_generation: Gauge::default(),
            index_behind: Gauge::default(),
            plugin_behind: Family::default(),
            plugin_failures: Family::default(),
            logins_refused: Counter::default(),
            unavailable: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("inputs", "Inputs decided", self.inputs.clone());
        registry.register("commits", "Batches committed", self.commits.clone());
        registry.register("commits_failed", "Commits that failed", self.commits_failed.clone());
        registry.register("batch_inputs", "Inputs in a batch", self.batch_inputs.clone());
        registry.register_with_unit("commit", "Time of a commit", Unit::Seconds, self.commit_seconds.clone());
        registry.register("waiting", "Inputs waiting, by lane", self.waiting.clone());
        registry.register("put_aside", "Inputs put aside because they failed alone", self.put_aside.clone());
        registry.register("sends", "Sends to providers, by result", self.sends.clone());
        registry.register("fetches", "Files fetched, by result", self.fetches.clone());
        registry.register(
            "transcripts",
            "Transcripts handed to the mail server, by result",
            self.transcripts.clone(),
        );
        registry.register(
            "translations",
            "Texts handed to the translator, by result",
            self.translations.clone(),
        );
        registry.register("webhooks", "Webhook deliveries, by answer", self.webhooks.clone());
        registry.register("sockets", "Open agents' sockets", self.sockets.clone());
        registry.register(
            "sockets_closed",
            "Sockets closed by the server, by reason",
            self.sockets_closed.clone(),
        );
        registry.register("frames", "Event frames handed to sockets", self.frames.clone());
        registry.register(
            "policy_failures",
            "Questions a script did not answer",
            self.policy_failures.clone(),
        );
        registry.register(
            "policy_generation",
            "Generation of scripts that serves",
            self.policy_generation.clone(),
        );
        registry.register(
            "index_behind",
            "Events that the search index has still to follow",
            self.index_behind.clone(),
        );
        registry.register(
            "plugin_behind",
            "Events that a plugin has still to handle",
            self.plugin_behind.clone(),
        );
        registry.register(
            "plugin_failures",
            "Handlers of a plugin that failed",
            self.plugin_failures.clone(),
        );
        registry.register("logins_refused", "Refused logins", self.logins_refused.clone());
        registry.register("unavailable", "1 while the database can't be written", self.unavailable.clone());
    }

    /// Everything in the text form that Prometheus reads.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String can't fail; an encoder's own error would leave a shorter page, never a wrong one.
        let _complete = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}

/// Sets up logging to standard error: for people, or with `json` as one object a line. `filter` is as in `guichet=debug,info`.
///
/// # Errors
/// What is wrong with the filter.
pub fn log_to_stderr(filter: &str, json: bool) -> Result<(), String> {
    let filter =
        tracing_subscriber::EnvFilter::try_new(filter).map_err(|error| format!("log {filter:?}: {error}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let result = if json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.with_target(false).try_init()
    };
    result.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_counter() {
        let metrics = Metrics::default();
        metrics.sends.get_or_create(&Kind { kind: "accepted" }).inc();
        let text = metrics.text();
        for line in [
            "guichet_inputs_total 0",
            "guichet_sends_total{kind=\"accepted\"} 1",
            "guichet_commit_seconds_count 0",
        ] {
            assert!(text.contains(line), "{line} missing in\n{text}");
        }
    }
}
