//! An installation's rules in plain Rust: each generation answers differently, and some cannot answer at all.

use std::cell::RefCell;

use guichet::domain::{AgentId, ChannelKind, SkillId, Span, Status, Target, Time};
use guichet::engine::{
    Asked, ClosePlan, Facts, Failure, OnMessage, OutcomeRules, Policy, Route, TimerPlan, TimerRule,
    ZeroAction,
};

use crate::cast;

/// The rules of one generation.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) generation: i64,
    /// Which of the many behaviours.
    pub(crate) seed: u16,
    /// Whether every question fails.
    pub(crate) fails: bool,
    /// Everything ends and nothing is held: for the end of a history.
    pub(crate) calm: bool,
    /// Where all work goes, and how all timers run, if chance has no say in it.
    pub(crate) to: Option<Target>,
    pub(crate) plan: Option<TimerPlan>,
    /// Which questions were asked, and failed, how often.
    pub(crate) asked: RefCell<Vec<(&'static str, bool)>>,
}

impl Script {
    /// A small number that depends on the behaviour and on the facts.
    fn dice(&self, facts: &Facts, question: u64, n: u64) -> u64 {
        let text = u64::from(
            facts
                .text
                .bytes()
                .take(40)
                .fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())),
        );
        let mixed = ((u64::from(self.seed) << 8) | question) ^ text.wrapping_mul(0x9E37_79B9);
        ((mixed ^ (mixed >> 7)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33) % n.max(1)
    }

    /// A small number that depends on the behaviour alone: a plan must not change with each message.
    fn fixed(&self, question: u64, n: u64) -> u64 {
        (((u64::from(self.seed) << 8) | question).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33) % n.max(1)
    }

    fn answer<T>(&self, question: &'static str, answer: T) -> Asked<T> {
        let failed = self.fails && !self.calm;
        self.asked.borrow_mut().push((question, failed));
        let failure = Failure { message: format!("scripts/{question}.lua:12: attempt to call a nil value") };
        Asked {
            answer: if failed { Err(failure) } else { Ok(answer) },
            generation: self.generation,
            at: Some(format!("scripts/{question}.lua:7")),
        }
    }

    fn target(&self, facts: &Facts) -> Target {
        let skill = |name: &str, level| Target::Skill { skill: cast::skill(name), level };
        if self.calm {
            return skill("support", 1);
        }
        if let Some(to) = &self.to {
            return to.clone();
        }
        match self.dice(facts, 1, 16) {
            0 | 1 => skill("sales", 1),
            2 => skill("sales", 8),
            3 => skill("support", 6),
            4 => skill("billing", 1),
            5 => Target::Team(cast::team("front")),
            6 => Target::Hold("closed_hours".to_owned()),
            7 => facts.last_agent.map_or_else(|| Target::Agent(AgentId(1)), Target::Agent),
            8 => skill("ghosts", 1),
            9 => Target::Team(cast::team("ghosts")),
            10 => skill("nobody", 3),
            _ => skill("support", 1),
        }
    }
}

impl Policy for Script {
    fn generation(&self) -> i64 {
        self.generation
    }

    fn route(&self, facts: &Facts, _now: Time) -> Asked<Route> {
        let target = self.target(facts);
        let timed = self.dice(facts, 2, 4) == 0;
        let otherwise: Option<SkillId> = timed.then(|| cast::skill("support"));
        let priority =
            [0, 0, 0, 100, 500, 1_000, 5_000][usize::try_from(self.dice(facts, 3, 7)).unwrap_or(0)];
        let replies = !self.calm && self.dice(facts, 4, 4) == 0;
        self.answer(
            "routing",
            Route {
                target,
                priority,
                within: timed.then(|| Span::seconds(30)),
                otherwise,
                reply: replies.then(|| format!("Nous vous répondrons bientôt ({}).", self.seed % 3)),
                language: (self.dice(facts, 5, 3) == 0).then(|| "fr".to_owned()),
                // Bots that are not there: `otherwise` or the default skill has the work.
                bot: (!self.calm && self.dice(facts, 8, 12) == 0).then(|| "nobody".to_owned()),
            },
        )
    }

    fn on_message(&self, facts: &Facts, _now: Time) -> Asked<OnMessage> {
        let answer = match self.dice(facts, 6, 10) {
            _ if self.calm => OnMessage::Default,
            0 => OnMessage::Keep,
            1 => OnMessage::Reopen,
            2 => OnMessage::StartNew,
            _ => OnMessage::Default,
        };
        self.answer("routing", answer)
    }

    fn timers(&self, facts: &Facts, _now: Time) -> Asked<TimerPlan> {
        let rule = |seconds, on_zero| TimerRule {
            total: Span::seconds(seconds),
            on_zero,
            extend_by: (!self.seed.is_multiple_of(3)).then_some(Span::minutes(2)),
            extend_max: u32::from(self.seed % 4),
            extend_roles: Vec::new(),
        };
        let agent = match self.fixed(7, 8) {
            0 => None,
            1 => Some(rule(120, ZeroAction::Requeue)),
            2 => Some(rule(61, ZeroAction::RaisePriority)),
            3 => Some(rule(7_200, ZeroAction::Alert)),
            4 if facts.kind == ChannelKind::Email => Some(rule(86_400, ZeroAction::Alert)),
            5 => Some(TimerRule { total: Span(1), ..rule(0, ZeroAction::Alert) }),
            _ => Some(rule(300, ZeroAction::Alert)),
        };
        let customer = match self.fixed(8, 8) {
            0 => None,
            1 => Some(rule(60, ZeroAction::Alert)),
            2 => Some(rule(0, ZeroAction::Alert)),
            3 => Some(TimerRule { total: Span(90_001), ..rule(0, ZeroAction::Detach) }),
            _ => Some(rule(600, ZeroAction::Detach)),
        };
        self.answer("timers", self.plan.clone().unwrap_or(TimerPlan { agent, customer }))
    }

    fn auto_close(&self, facts: &Facts, _now: Time) -> Asked<ClosePlan> {
        let after = match self.fixed(9, 6) {
            _ if self.calm => Some(Span::minutes(1)),
            0 => None,
            1 => Some(Span(0)),
            2 if facts.status == Status::Closed => Some(Span::seconds(10)),
            3 => Some(Span::hours(24)),
            _ => Some(Span::minutes(5)),
        };
        self.answer("auto_close", ClosePlan { after })
    }

    fn outcome_rules(&self, _facts: &Facts, status: Status) -> Asked<OutcomeRules> {
        let disposition_required = !self.calm && status == Status::Resolved && self.fixed(10, 2) == 0;
        self.answer("auto_close", OutcomeRules { disposition_required })
    }
}
