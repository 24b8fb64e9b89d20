//! Changes on the database without a running server: the same engine decides them, so the same rules hold.

use std::sync::Arc;

use anyhow::Context;

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{SkillId, Status, Time};
use crate::engine::{
    AdminCommand, Answer, Asked, ClosePlan, Cold, Engine, Envelope, Facts, Failure, Input, OnMessage,
    OutcomeRules, Policy, Route, TimerPlan,
};
use crate::port::{Store, StoreError};

/// An engine on the configured database, while no server runs.
pub(super) struct Offline {
    store: Arc<dyn Store>,
    engine: Engine,
    clock: Clock,
}

impl Offline {
    /// Opens the configured database and becomes its writer.
    ///
    /// # Errors
    /// A server is running, or the database can't be opened.
    pub(super) async fn open(config: &Config) -> anyhow::Result<Self> {
        let place = config.database_place();
        let store =
            crate::store::open(&config.database_url()).await.with_context(|| format!("database {place}"))?;
        match store.acquire().await {
            Err(StoreError::Taken(holder)) => anyhow::bail!(
                "the server is running on this database ({holder}); use the console or the admin.* methods, or stop it first"
            ),
            other => other?,
        }
        let clock = Clock::default();
        let mut stored = store.load(clock.now()).await?;
        stored.default_skill =
            config.default_skill.as_deref().and_then(|skill| skill.parse::<SkillId>().ok());
        stored.retention = super::retention(config);
        let engine = Engine::new(stored, clock.now());
        Ok(Self { store, engine, clock })
    }

    pub(super) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Asks one thing and stores what it comes to.
    ///
    /// # Errors
    /// It is refused, or can't be stored.
    pub(super) async fn ask(&mut self, input: Input) -> anyhow::Result<Vec<Answer>> {
        let envelope = Envelope { ticket: 0, random: 0, input };
        let keys = self.engine.cold_keys(std::slice::from_ref(&envelope));
        let cold = if keys.is_empty() { Cold::default() } else { self.store.load_cold(keys).await? };
        let mut batch = self.engine.handle(vec![envelope], cold, &NoPolicy, self.clock.now());
        let answered = std::mem::take(&mut batch.answers);
        let (number, writes) = (batch.number, !batch.is_read_only());
        if writes {
            self.store.commit(Arc::new(batch)).await?;
        }
        self.engine.committed(number);
        let told = answered.into_iter().map(|answered| answered.reply);
        told.map(|reply| reply.map_err(|refusal| anyhow::anyhow!("{}", refusal.message))).collect()
    }

    /// Closes the database.
    pub(super) async fn close(self) {
        self.store.close().await;
    }
}

/// Carries commands out one after the other.
///
/// # Errors
/// A server is running, the database can't be opened, or a command is refused; what came before it is kept.
pub(super) async fn administer(config: &Config, commands: Vec<AdminCommand>) -> anyhow::Result<Vec<Answer>> {
    let mut offline = Offline::open(config).await?;
    let mut answers = Vec::new();
    for command in commands {
        answers.extend(offline.ask(Input::Admin(command)).await?);
    }
    offline.close().await;
    Ok(answers)
}

/// Nothing on the command line asks the scripts; if something did, the engine's defaults would answer.
struct NoPolicy;

fn nobody<T>() -> Asked<T> {
    Asked {
        answer: Err(Failure { message: "no scripts on the command line".into() }),
        generation: 0,
        at: None,
    }
}

impl Policy for NoPolicy {
    fn generation(&self) -> i64 {
        0
    }
    fn route(&self, _: &Facts, _: Time) -> Asked<Route> {
        nobody()
    }
    fn on_message(&self, _: &Facts, _: Time) -> Asked<OnMessage> {
        nobody()
    }
    fn timers(&self, _: &Facts, _: Time) -> Asked<TimerPlan> {
        nobody()
    }
    fn auto_close(&self, _: &Facts, _: Time) -> Asked<ClosePlan> {
        nobody()
    }
    fn outcome_rules(&self, _: &Facts, _: Status) -> Asked<OutcomeRules> {
        nobody()
    }
}
