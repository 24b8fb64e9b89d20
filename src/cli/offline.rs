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
use crate::port::StoreError;

/// Opens the configured database, becomes its writer, and carries commands out one after the other.
///
/// # Errors
/// A server is running, the database can't be opened, or a command is refused; what came before it is kept.
pub(super) async fn administer(config: &Config, commands: Vec<AdminCommand>) -> anyhow::Result<Vec<Answer>> {
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
    stored.default_skill = config.default_skill.as_deref().and_then(|skill| skill.parse::<SkillId>().ok());
    let mut engine = Engine::new(stored, clock.now());
    let mut answers = Vec::new();
    for command in commands {
        let envelope = Envelope { ticket: 0, random: 0, input: Input::Admin(command) };
        let keys = engine.cold_keys(std::slice::from_ref(&envelope));
        let cold = if keys.is_empty() { Cold::default() } else { store.load_cold(keys).await? };
        let mut batch = engine.handle(vec![envelope], cold, &NoPolicy, clock.now());
        let answered = std::mem::take(&mut batch.answers);
        let (number, writes) = (batch.number, !batch.is_read_only());
        if writes {
            store.commit(Arc::new(batch)).await?;
        }
        engine.committed(number);
        for answered in answered {
            answers.push(answered.reply.map_err(|refusal| anyhow::anyhow!("{}", refusal.message))?);
        }
    }
    store.close().await;
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
