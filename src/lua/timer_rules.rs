//! `scripts/timers.lua`: what its data, or what its function returns, says about the two timers.

use super::data::{Node, Source};
use crate::domain::{RoleId, Span};
use crate::engine::{TimerPlan, TimerRule, ZeroAction};

/// What the script gives.
#[derive(Debug, Clone)]
pub(crate) enum TimerRules {
    /// The same for every interaction: nobody has to be asked.
    Fixed(TimerPlan, usize),
    /// A function decides.
    Asked(mlua::Function),
}

const AGENT_ACTIONS: [(&str, ZeroAction); 3] = [
    ("alert", ZeroAction::Alert),
    ("requeue", ZeroAction::Requeue),
    ("raise_priority", ZeroAction::RaisePriority),
];

const CUSTOMER_ACTIONS: [(&str, ZeroAction); 3] =
    [("remove_from_inbox", ZeroAction::Detach), ("detach", ZeroAction::Detach), ("alert", ZeroAction::Alert)];

/// Most extensions of one timer.
const EXTEND_MAX: u32 = 100;

/// Reads `timers { … }`.
pub(crate) fn read(node: &Node<'_>) -> Option<TimerRules> {
    let mut fields = node.fields()?;
    version(&mut fields);
    let line = fields.line();
    let policy = fields.may("policy");
    let agent = fields.may("agent");
    let customer = fields.may("customer");
    let rules = if let Some(policy) = policy {
        if agent.is_some() || customer.is_some() {
            policy.wrong(
                "either `policy`, a function that returns both timers, or `agent` and `customer`; not both",
            );
        }
        policy.function().map(TimerRules::Asked)
    } else {
        if agent.is_none() && customer.is_none() {
            fields.wrong("give `agent` and `customer` (false turns one off), or `policy`, a function that returns them");
        }
        let plan = TimerPlan {
            agent: agent.and_then(|node| rule(&node, &AGENT_ACTIONS, ZeroAction::Alert)),
            customer: customer.and_then(|node| rule(&node, &CUSTOMER_ACTIONS, ZeroAction::Detach)),
        };
        Some(TimerRules::Fixed(plan, line))
    };
    fields.finish();
    rules
}

/// Reads what `policy` returned.
pub(crate) fn plan(node: &Node<'_>) -> TimerPlan {
    let Some(mut fields) = node.fields() else { return TimerPlan::default() };
    let plan = TimerPlan {
        agent: fields.may("agent").and_then(|node| rule(&node, &AGENT_ACTIONS, ZeroAction::Alert)),
        customer: fields.may("customer").and_then(|node| rule(&node, &CUSTOMER_ACTIONS, ZeroAction::Detach)),
    };
    fields.finish();
    plan
}

/// `version = 1` is the version of this API; there is no other yet.
pub(crate) fn version(fields: &mut super::data::Fields<'_>) {
    if let Some(node) = fields.must("version") {
        let _ = node.whole(1, 1);
    }
}

fn rule(node: &Node<'_>, actions: &[(&str, ZeroAction)], usual: ZeroAction) -> Option<TimerRule> {
    if node.is_false() {
        return None;
    }
    let mut fields = node.fields()?;
    let total = fields.must("total");
    let total = total.and_then(|node| {
        let span = node.span()?;
        if span < Span::seconds(1) {
            node.wrong("at least \"1s\"");
        }
        Some(span)
    });
    if let Some(node) = fields.may("warn_at")
        && node.number().is_some_and(|part| (part - 0.5).abs() > f64::EPSILON)
    {
        node.wrong("a timer turns yellow when half of it is left: only 0.5, or leave it out");
    }
    let on_zero = fields.may("on_zero").map_or(Some(usual), |node| node.one_of(actions));
    let mut rule = TimerRule {
        total: total?,
        on_zero: on_zero?,
        extend_by: None,
        extend_max: 0,
        extend_roles: Vec::new(),
    };
    if let Some(node) = fields.may("extend") {
        extend(&node, &mut rule);
    }
    fields.finish();
    Some(rule)
}

fn extend(node: &Node<'_>, rule: &mut TimerRule) {
    if node.is_false() {
        return;
    }
    let Some(mut fields) = node.fields() else { return };
    rule.extend_by = fields.must("by").and_then(|node| node.span());
    rule.extend_max = fields.may("max").map_or(Some(1), |node| node.whole(1, EXTEND_MAX)).unwrap_or(0);
    if let Some(node) = fields.may("roles") {
        let roles: Vec<RoleId> = node.list().iter().filter_map(Node::parsed).collect();
        if roles.is_empty() {
            node.wrong("name at least one role, or leave it out: then every role that has extend_timer may");
        }
        rule.extend_roles = roles.iter().map(ToString::to_string).collect();
    }
    fields.finish();
}

/// Where the data of a function's answer is reported.
pub(crate) fn answer_source<'a>(file: &'a str, text: &'a str, function: &mlua::Function) -> Source<'a> {
    Source::new(file, text, "", function.info().line_defined.unwrap_or(0))
}
