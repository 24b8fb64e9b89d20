//! `scripts/auto_close.lua`: after how long what is resolved or closed ends, and what an outcome must have. Data only, so
//! that no question of this kind waits for an interpreter.

use super::data::Node;
use super::timer_rules::version;
use crate::domain::{ChannelKind, SkillId, Span, Status};
use crate::engine::{ClosePlan, Facts, OutcomeRules};

/// Most rules.
const RULES_MAX: usize = 200;

/// One line of the list.
#[derive(Debug, Clone)]
struct Rule {
    status: Status,
    disposition: Option<String>,
    skill: Option<SkillId>,
    kind: Option<ChannelKind>,
    tag: Option<String>,
    unless_tag: Option<String>,
    after: Option<Span>,
    line: usize,
}

impl Rule {
    fn fits(&self, facts: &Facts) -> bool {
        let has = |tag: &String| facts.tags.contains(tag);
        self.status == facts.status
            && (self.disposition.is_none() || self.disposition == facts.disposition)
            && (self.skill.is_none() || self.skill == facts.skill)
            && self.kind.is_none_or(|kind| kind == facts.kind)
            && self.tag.as_ref().is_none_or(has)
            && !self.unless_tag.as_ref().is_some_and(has)
    }
}

/// What the script says.
#[derive(Debug, Clone, Default)]
pub(crate) struct CloseRules {
    rules: Vec<Rule>,
    disposition_required: Vec<Status>,
    required_line: usize,
}

impl CloseRules {
    /// The first rule that fits, and its line. None fits: it does not end by itself.
    pub(crate) fn plan(&self, facts: &Facts) -> (ClosePlan, Option<usize>) {
        let rule = self.rules.iter().find(|rule| rule.fits(facts));
        (ClosePlan { after: rule.and_then(|rule| rule.after) }, rule.map(|rule| rule.line))
    }

    /// What an outcome needs to take `status`, and the line that says so.
    pub(crate) fn outcome(&self, status: Status) -> (OutcomeRules, Option<usize>) {
        let disposition_required = self.disposition_required.contains(&status);
        (OutcomeRules { disposition_required }, disposition_required.then_some(self.required_line))
    }
}

/// Reads `auto_close { … }`.
pub(crate) fn read(node: &Node<'_>) -> Option<CloseRules> {
    let mut fields = node.fields()?;
    version(&mut fields);
    let mut read = CloseRules::default();
    if let Some(rules) = fields.must("rules") {
        let list = rules.list();
        if list.len() > RULES_MAX {
            rules.wrong(format!("more than {RULES_MAX} rules"));
        }
        read.rules = list.iter().filter_map(rule).collect();
    }
    if let Some(required) = fields.may("required") {
        read.required_line = required.line();
        read.disposition_required = required_for(&required);
    }
    fields.finish();
    Some(read)
}

fn rule(node: &Node<'_>) -> Option<Rule> {
    let mut fields = node.fields()?;
    let line = fields.line();
    let status = fields.must("status").and_then(|node| ending(&node));
    let disposition = fields.may("disposition").and_then(|node| node.text(100));
    let skill = fields.may("skill").and_then(|node| node.parsed());
    let kind = fields.may("kind").and_then(|node| node.parsed());
    let tag = fields.may("tag").and_then(|node| node.text(50));
    let unless_tag = fields.may("unless_tag").and_then(|node| node.text(50));
    let after = fields.must("after");
    // `after = false`: never by itself.
    let after = after.and_then(|node| if node.is_false() { None } else { node.span() });
    fields.finish();
    Some(Rule { status: status?, disposition, skill, kind, tag, unless_tag, after, line })
}

fn ending(node: &Node<'_>) -> Option<Status> {
    node.one_of(&[("resolved", Status::Resolved), ("closed", Status::Closed)])
}

fn required_for(node: &Node<'_>) -> Vec<Status> {
    let Some(mut fields) = node.fields() else { return Vec::new() };
    let mut statuses = Vec::new();
    for status in [Status::Resolved, Status::Closed] {
        let Some(node) = fields.may(status.as_str()) else { continue };
        for item in node.list() {
            if item.one_of(&[("disposition", ())]).is_some() {
                statuses.push(status);
            }
        }
    }
    fields.finish();
    statuses
}
