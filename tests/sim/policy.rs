//! Scripts in plain Rust: what they answer follows from a generation's number alone, and some generations fail.

use guichet::domain::{AgentId, Ownership, Span, Status, Target, Time, TimerPlan, TimerRule, ZeroAction};
use guichet::engine::{Asked, ClosePlan, Facts, Failure, OnMessage, OutcomeRules, Policy, Route};

/// One generation of scripts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) generation: i64,
    /// Chosen at random with each generation; its digits choose the answers.
    pub(crate) flavour: u64,
}

impl Rules {
    fn asked<T>(&self, answer: T) -> Asked<T> {
        let failure = Failure { message: "scripts/routing.lua:7: attempt to index nil".to_owned() };
        let answer = if self.flavour % 11 == 7 { Err(failure) } else { Ok(answer) };
        Asked { answer, generation: self.generation, at: Some("scripts/routing.lua:12".to_owned()) }
    }

    fn digit(&self, place: u32, of: u64) -> u64 {
        (self.flavour >> (place * 6)) % of
    }

    /// After the faults: everything plain, nothing fails.
    pub(crate) fn plain(generation: i64) -> Self {
        Self { generation, flavour: 0 }
    }
}

fn rule(total: Span, on_zero: ZeroAction) -> TimerRule {
    TimerRule { total, on_zero, extend_by: None, extend_max: 0, extend_roles: Vec::new() }
}

impl Policy for Rules {
    fn generation(&self) -> i64 {
        self.generation
    }

    fn route(&self, facts: &Facts, _now: Time) -> Asked<Route> {
        let skill = if facts.text.contains("price") { "sales" } else { "support" };
        let skill = skill.parse().unwrap();
        let mut route = Route::skill(skill);
        match self.digit(1, 9) {
            1 => route.priority = 500,
            2 => route.target = Target::Skill { skill: "support".parse().unwrap(), level: 6 },
            3 => {
                route.target = Target::Agent(facts.last_agent.unwrap_or(AgentId(1)));
                route.within = Some(Span::minutes(2));
                route.otherwise = Some("support".parse().unwrap());
            }
            4 => route.target = Target::Team("front".parse().unwrap()),
            5 => {
                route.target = Target::Hold("closed_hours".to_owned());
                route.reply = Some("We are closed".to_owned());
            }
            6 => route.target = Target::Skill { skill: "nobody".parse().unwrap(), level: 1 },
            7 => {
                route.reply = Some(format!("Hello {}", facts.kind));
                route.language = Some("fr".to_owned());
            }
            _ => {}
        }
        self.asked(route)
    }

    fn on_message(&self, facts: &Facts, _now: Time) -> Asked<OnMessage> {
        let _: Ownership = facts.ownership;
        self.asked(match self.digit(2, 7) {
            1 => OnMessage::Keep,
            2 => OnMessage::Reopen,
            3 => OnMessage::StartNew,
            _ => OnMessage::Default,
        })
    }

    fn timers(&self, facts: &Facts, _now: Time) -> Asked<TimerPlan> {
        let actions = [ZeroAction::Alert, ZeroAction::Requeue, ZeroAction::RaisePriority, ZeroAction::Detach];
        let action = |place| actions.get(usize::try_from(self.digit(place, 4)).unwrap()).copied().unwrap();
        let minutes = if facts.vip { 2 } else { 10 };
        self.asked(match self.digit(3, 6) {
            1 => TimerPlan::default(),
            2 => TimerPlan { agent: Some(rule(Span(1), action(4))), customer: None },
            _ => TimerPlan {
                agent: Some(rule(Span::minutes(minutes), action(4))),
                customer: Some(rule(Span::hours(3), action(5))),
            },
        })
    }

    fn auto_close(&self, facts: &Facts, _now: Time) -> Asked<ClosePlan> {
        let after = match (self.digit(6, 4), facts.status) {
            (1, _) => None,
            (2, _) => Some(Span(0)),
            (_, Status::Resolved) => Some(Span::hours(48)),
            (_, Status::New | Status::Open | Status::Pending | Status::Escalated | Status::Closed) => {
                Some(Span::minutes(15))
            }
        };
        self.asked(ClosePlan { after })
    }

    fn outcome_rules(&self, _facts: &Facts, status: Status) -> Asked<OutcomeRules> {
        let disposition_required = status == Status::Resolved && self.digit(7, 3) == 1;
        self.asked(OutcomeRules { disposition_required })
    }
}
