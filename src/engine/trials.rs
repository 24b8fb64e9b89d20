//! The desk's rules as cases, to the millisecond: an engine without a store, one agent, one contact, time as an argument.

use std::collections::BTreeSet;

use super::limits::{KNOWN_TAGS, LIST_SCAN, STARS};
use super::*;
use crate::domain::{
    Abilities, AgentId, AgentState, AliasKind, Channel, ChannelId, ChannelKind, InteractionId, MessageKind,
    RoleId, Skill, Span, Timer,
};

/// What the scripts of these cases say.
struct Plan(TimerPlan);

fn asked<T>(answer: T) -> Asked<T> {
    Asked { answer: Ok(answer), generation: 1, at: None }
}

impl Policy for Plan {
    fn generation(&self) -> i64 {
        1
    }
    fn route(&self, _: &Facts, _: Time) -> Asked<Route> {
        asked(Route::skill("support".parse().unwrap()))
    }
    fn on_message(&self, _: &Facts, _: Time) -> Asked<OnMessage> {
        asked(OnMessage::Default)
    }
    fn timers(&self, _: &Facts, _: Time) -> Asked<TimerPlan> {
        asked(self.0.clone())
    }
    fn auto_close(&self, _: &Facts, _: Time) -> Asked<ClosePlan> {
        asked(ClosePlan { after: None })
    }
    fn outcome_rules(&self, _: &Facts, _: crate::domain::Status) -> Asked<OutcomeRules> {
        asked(OutcomeRules::default())
    }
}

struct Desk {
    engine: Engine,
    policy: Plan,
    now: Time,
    told: Vec<EventKind>,
    agent_id: AgentId,
}

fn channel() -> Channel {
    Channel {
        channel_id: "wa".parse().unwrap(),
        kind: ChannelKind::Whatsapp,
        abilities: Abilities { window: Some(Span::hours(24)), text_max: 4_096, ..Abilities::default() },
        require_template_for_first_reply: false,
        messages_per_second: 80,
    }
}

impl Desk {
    /// With an available agent.
    fn new(plan: TimerPlan) -> Self {
        let stored = Stored { channels: vec![channel()], ..Stored::default() };
        let now = Time(1_000_000);
        let engine = Engine::new(stored, now);
        let mut desk = Self { engine, policy: Plan(plan), now, told: Vec::new(), agent_id: AgentId(0) };
        desk.give(Input::Admin(AdminCommand::SaveSkill(Skill {
            skill: "support".parse().unwrap(),
            title: "Support".to_owned(),
            offer: Span::seconds(45),
            auto_accept: true,
            outbound: BTreeSet::new(),
            dispositions: Vec::new(),
            disposition_required: false,
        })))
        .unwrap();
        let saved = desk.give(Input::Admin(AdminCommand::SaveAgent {
            login: "alice".to_owned(),
            name: None,
            role: None,
            password_hash: None,
            skills: Some(vec![crate::domain::SkillLevel { skill: "support".parse().unwrap(), level: 5 }]),
            teams: None,
            capacity: None,
            removed: false,
        }));
        let Ok(Answer::Agent(agent, _)) = saved else { panic!("{saved:?}") };
        desk.agent_id = agent.agent_id;
        desk.ask(Command::StartSession).unwrap();
        desk.ask(Command::SetState { state: AgentState::Available, reason: None }).unwrap();
        desk
    }

    /// The world ends, and begins again as it was stored.
    fn restart(&mut self) {
        let stored = Stored { channels: vec![channel()], ..self.engine.stored() };
        self.engine = Engine::new(stored, self.now);
    }

    fn give(&mut self, input: Input) -> Reply {
        let envelope = Envelope { ticket: 1, random: 7, input };
        let batch = self.engine.handle(vec![envelope], Cold::default(), &self.policy, self.now);
        self.engine.committed(batch.number);
        self.told.extend(batch.events.into_iter().map(|row| row.event.kind));
        batch.answers.into_iter().next().unwrap().reply
    }

    fn ask(&mut self, command: Command) -> Reply {
        let caller = Caller { agent_id: self.agent_id, session: 1 };
        self.give(Input::Command { caller, request: None, command })
    }

    /// The contact writes; gives the interaction, which its agent has at once.
    fn hears(&mut self, provider_id: &str) -> InteractionId {
        let channel_id: ChannelId = "wa".parse().unwrap();
        let sender = Sender { aliases: vec![(AliasKind::WaId, "33600000001".to_owned())], name: None };
        let input = ChannelInput::Message(InboundMessage {
            provider_id: provider_id.to_owned(),
            sender,
            sent_at: self.now,
            kind: MessageKind::Text,
            text: "hello".to_owned(),
            media: Vec::new(),
            data: String::new(),
            reply_to: None,
            forwarded: false,
        });
        self.give(Input::Channel { channel_id, input }).unwrap();
        self.engine.stored().interactions.last().unwrap().interaction_id
    }

    fn says(&mut self, interaction_id: InteractionId) {
        let text = Some("yes".to_owned());
        let send = Command::Send { interaction_id, text, media: Vec::new(), template: None, reply_to: None };
        self.ask(send).unwrap();
    }

    /// What timers did up to this millisecond.
    fn until(&mut self, now: Time) -> Vec<(TimerKind, TimerChange)> {
        self.now = now;
        self.told.clear();
        self.give(Input::Tick).unwrap();
        let changes = self.told.iter().filter_map(|kind| {
            if let EventKind::TimerChanged { timer, change } = kind { Some((*timer, *change)) } else { None }
        });
        changes.collect()
    }

    fn timer(&self, kind: TimerKind) -> Option<Timer> {
        let row = self.engine.stored().interactions.pop()?;
        match kind {
            TimerKind::Agent => row.timers.agent,
            TimerKind::Customer => row.timers.customer,
        }
    }
}

fn rule(total: i64, on_zero: ZeroAction) -> TimerRule {
    let (extend_by, extend_max, extend_roles) = (Some(Span(1_000)), 1, Vec::new());
    TimerRule { total: Span(total), on_zero, extend_by, extend_max, extend_roles }
}

fn turns(kind: TimerKind, on_zero: ZeroAction, restarts: bool) {
    use TimerChange::{Red, Stopped, Yellow};
    let mut desk =
        Desk::new(TimerPlan { agent: Some(rule(61_001, on_zero)), customer: Some(rule(61_001, on_zero)) });
    let interaction_id = desk.hears("m1");
    if kind == TimerKind::Customer {
        desk.says(interaction_id);
    }
    let start = desk.timer(kind).unwrap().started_at;
    let zero = match on_zero {
        ZeroAction::Detach => vec![(kind, Red), (kind, Stopped)],
        ZeroAction::Alert | ZeroAction::Requeue | ZeroAction::RaisePriority => vec![(kind, Red)],
    };
    let yellow = vec![(kind, Yellow)];
    let nothing = Vec::new;
    for (after, expected) in [
        (30_499, nothing()),
        (30_500, yellow),
        (30_501, nothing()),
        (61_000, nothing()),
        (61_001, zero),
        (61_002, nothing()),
    ] {
        let before = desk.timer(kind);
        if restarts {
            desk.restart();
        }
        assert_eq!(desk.timer(kind), before, "{kind} at {after}");
        assert_eq!(desk.until(start + Span(after)), expected, "{kind} at {after}, restarts: {restarts}");
    }
}

#[test]
fn timers_turn_at_their_millisecond_and_not_one_before_also_after_a_restart() {
    for restarts in [false, true] {
        turns(TimerKind::Agent, ZeroAction::Alert, restarts);
        turns(TimerKind::Customer, ZeroAction::Detach, restarts);
    }
}

#[test]
fn an_extension_is_kept_by_the_plan_the_timer_began_with() {
    let mut desk = Desk::new(TimerPlan { agent: None, customer: Some(rule(10_000, ZeroAction::Alert)) });
    let interaction_id = desk.hears("m1");
    let extend = Command::ExtendTimer { interaction_id };
    assert_eq!(desk.ask(extend.clone()).unwrap_err().kind, RefusalKind::WrongStatus);
    desk.says(interaction_id);
    // Scripts change; the running timer does not.
    desk.policy.0.customer = None;
    let start = desk.timer(TimerKind::Customer).unwrap().started_at;
    assert_eq!(desk.until(start + Span(5_000)).len(), 1);
    desk.ask(extend.clone()).unwrap();
    assert_eq!(desk.until(start + Span(5_499)), []);
    assert_eq!(desk.until(start + Span(5_500)), [(TimerKind::Customer, TimerChange::Yellow)]);
    assert_eq!(desk.until(start + Span(10_999)), []);
    assert_eq!(desk.until(start + Span(11_000)), [(TimerKind::Customer, TimerChange::Red)]);
    assert_eq!(desk.ask(extend).unwrap_err().kind, RefusalKind::AlreadyDone);
}

#[test]
fn tags_in_use_have_a_limit_and_those_known_may_still_be_chosen() {
    let mut desk = Desk::new(TimerPlan::default());
    let interaction_id = desk.hears("m1");
    let mut stored = Stored { channels: vec![channel()], ..desk.engine.stored() };
    stored.tags = (0..KNOWN_TAGS).map(|at| TagRow { tag: format!("tag {at}"), uses: 1 }).collect();
    desk.engine = Engine::new(stored, desk.now);
    desk.ask(Command::StartSession).unwrap();
    let tag = |tag: &str| Command::AddTag { interaction_id, message_id: None, tag: tag.to_owned() };
    let refusal = desk.ask(tag("new")).unwrap_err();
    assert_eq!((refusal.kind, refusal.field.as_deref()), (RefusalKind::TooLarge, Some("tag")));
    desk.ask(tag("tag 7")).unwrap();
    let tags = Some(["new".to_owned()].into());
    let (status, disposition, note) = (crate::domain::Status::Open, None, None);
    let outcome = Command::SetOutcome { interaction_id, status, disposition, note, tags };
    assert_eq!(desk.ask(outcome).unwrap_err().kind, RefusalKind::TooLarge);
    assert_eq!(desk.engine.stored().tags.iter().find(|row| row.tag == "tag 7").unwrap().uses, 2);
}

#[test]
fn stars_have_a_limit() {
    let mut desk = Desk::new(TimerPlan::default());
    let star = |at: usize, starred| Command::Star { quick_reply_id: format!("q{at}"), starred };
    for at in 0..STARS {
        desk.ask(star(at, true)).unwrap();
    }
    assert_eq!(desk.ask(star(STARS, true)).unwrap_err().kind, RefusalKind::TooLarge);
    desk.ask(star(0, false)).unwrap();
    let long = Command::Star { quick_reply_id: "x".repeat(65), starred: true };
    assert_eq!(desk.ask(long).unwrap_err().kind, RefusalKind::TooLarge);
}

#[test]
fn a_list_looks_at_a_bounded_number_and_tells_where_it_stopped() {
    let mut desk = Desk::new(TimerPlan::default());
    let first = desk.hears("m1");
    let mut stored = Stored { channels: vec![channel()], ..desk.engine.stored() };
    let row = stored.interactions[0].clone();
    for id in (1..).take(LIST_SCAN) {
        let mut more = crate::domain::Interaction::clone(&row);
        more.interaction_id = InteractionId(first.0 + id);
        stored.interactions.push(more);
    }
    stored.agents[0].role = RoleId::supervisor();
    desk.engine = Engine::new(stored, desk.now);
    desk.ask(Command::StartSession).unwrap();
    let mut list = |before| {
        let filter = Filter { skill: "other".parse().ok(), limit: 10, before, ..Filter::default() };
        match desk.ask(Command::Supervise(SuperviseCommand::List(filter))) {
            Ok(Answer::Page { views, next }) => (views.len(), next),
            other => panic!("{other:?}"),
        }
    };
    // All but the oldest was looked at, and nothing fits; the next page has the rest.
    let next = Some(InteractionId(first.0 + 1));
    assert_eq!(list(None), (0, next));
    assert_eq!(list(next), (0, None));
}
