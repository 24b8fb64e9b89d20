//! Puts the engine's questions to the functions of loaded scripts: facts in, a checked answer out.
//!
//! One question is one call into the VM: the arguments go flat, `api.luau` makes the tables of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use mlua::{Error, Function, Lua, LuaString, Table, Value};

use super::address_book::AddressBook;
use super::calendar::Moment;
use super::close_rules::CloseRules;
use super::fault::{fault, from_lua, out_of_memory};
use super::quick_reply::QuickReplies;
use super::source::{ROUTING, ScriptSet, TIMERS};
use super::timer_rules::{answer_source, plan};
use crate::domain::{Span, Target, Time};
use crate::engine::{Facts, OnMessage, PolicyError, Route, TimerPlan};

/// What scripts say as data. It is shared with the engine's thread, which needs no interpreter to read it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    pub(crate) quick_replies: Arc<QuickReplies>,
    pub(crate) address_books: Arc<[AddressBook]>,
    /// Timers that are the same for all, and the line that says so.
    pub(crate) timers: Option<(TimerPlan, usize)>,
    pub(crate) close: CloseRules,
    /// Whether there is an `on_message` to ask.
    pub(crate) asks_on_message: bool,
}

/// The functions of loaded scripts.
#[derive(Debug)]
pub(crate) struct Questions {
    pub(crate) set: Arc<ScriptSet>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) ask_route: Function,
    pub(crate) ask: Function,
    pub(crate) route: Function,
    pub(crate) on_message: Option<Function>,
    pub(crate) timers: Option<Function>,
}

/// A question that got no answer.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    pub(crate) error: PolicyError,
    /// Whether the VM ran out of memory, and must be made anew.
    pub(crate) spent: bool,
}

/// An answer and where it was made.
pub(crate) type Answer<T> = Result<(T, Option<String>), Trouble>;

/// What `ask_route` gives back, in its order.
type Told = (
    LuaString,
    String,
    u8,
    u16,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<Table>,
    Option<String>,
    String,
    usize,
);

impl Questions {
    pub(crate) fn route(&self, lua: &Lua, facts: &Facts, now: Time) -> Answer<Route> {
        let told: Result<Told, Error> = call(lua, &self.ask_route, &self.route, facts, now);
        let told = told.map_err(|error| self.trouble(&error, ROUTING, &self.route))?;
        let at = format!("{}:{}", told.9, told.10);
        let (file, line) = (told.9.clone(), told.10);
        match self.decision(facts, told) {
            Ok(route) => Ok((route, Some(at))),
            Err(message) => Err(Trouble { error: fault(&file, line, message), spent: false }),
        }
    }

    pub(crate) fn on_message(&self, lua: &Lua, facts: &Facts, now: Time) -> Answer<OnMessage> {
        let Some(function) = &self.on_message else { return Ok((OnMessage::Default, None)) };
        let told: Result<Value, Error> = call(lua, &self.ask, function, facts, now);
        let told = told.map_err(|error| self.trouble(&error, ROUTING, function))?;
        let word = told.as_string().map(LuaString::to_string_lossy);
        let line = function.info().line_defined.unwrap_or(0);
        let answer = match word.as_deref() {
            None if told.is_nil() => OnMessage::Default,
            Some("default") => OnMessage::Default,
            Some("keep") => OnMessage::Keep,
            Some("reopen") => OnMessage::Reopen,
            Some("start_new") => OnMessage::StartNew,
            other => {
                let got = other.map_or_else(|| told.type_name().to_owned(), |word| format!("\"{word}\""));
                let what = format!(
                    "on_message returns \"default\", \"keep\", \"reopen\" or \"start_new\", got {got}"
                );
                return Err(Trouble { error: fault(ROUTING, line, what), spent: false });
            }
        };
        Ok((answer, Some(format!("{ROUTING}:{line}"))))
    }

    pub(crate) fn timers(&self, lua: &Lua, facts: &Facts, now: Time) -> Answer<TimerPlan> {
        let Some(function) = &self.timers else {
            let (plan, line) = self.rules.timers.clone().unwrap_or_default();
            return Ok((plan, Some(format!("{TIMERS}:{line}"))));
        };
        let told: Result<Value, Error> = call(lua, &self.ask, function, facts, now);
        let told = told.map_err(|error| self.trouble(&error, TIMERS, function))?;
        let source = answer_source(TIMERS, "", function);
        let plan = plan(&source.node(told));
        let line = source.line;
        match source.faults.into_inner().into_iter().next() {
            None => Ok((plan, Some(format!("{TIMERS}:{line}")))),
            Some(mut error) => {
                error.message = format!("policy returned a plan with {}", error.message);
                Err(Trouble { error, spent: false })
            }
        }
    }

    fn trouble(&self, error: &Error, file: &str, function: &Function) -> Trouble {
        let line = function.info().line_defined.unwrap_or(0);
        Trouble { error: from_lua(error, &self.set, file, line), spent: out_of_memory(error) }
    }

    /// `Err`: what is wrong with the decision.
    fn decision(&self, facts: &Facts, told: Told) -> Result<Route, String> {
        let (kind, name, level, priority, within, otherwise, reply, values, language, _, _) = told;
        let kind = kind.to_string_lossy();
        let wrong = |error: &dyn std::fmt::Display| format!("to.{kind}(\"{name}\"): {error}");
        let bot = name.clone();
        let target = match kind.as_str() {
            "skill" => Target::Skill { skill: name.parse().map_err(|error| wrong(&error))?, level },
            "agent" => Target::Agent(name.parse().map_err(|error| wrong(&error))?),
            "bot" => Target::Hold(String::new()),
            "team" => Target::Team(name.parse().map_err(|error| wrong(&error))?),
            _ if name.chars().count() <= 64 => Target::Hold(name),
            _ => return Err("hold takes a name of up to 64 characters".to_owned()),
        };
        let within: Option<Span> =
            within.map(|span| span.parse()).transpose().map_err(|e| format!("within: {e}"))?;
        let otherwise = otherwise.map(|skill| skill.parse()).transpose();
        let otherwise = otherwise.map_err(|error| format!("otherwise: {error}"))?;
        let spoken = language.as_deref().or(facts.language.as_deref());
        let reply = reply.map(|reply| self.reply(&reply, values.as_ref(), spoken, facts)).transpose()?;
        let bot = (kind == "bot").then_some(bot);
        Ok(Route { target, priority, within, otherwise, reply, language, bot })
    }

    /// The text of an automatic reply.
    pub(crate) fn reply(
        &self,
        reply: &str,
        values: Option<&Table>,
        language: Option<&str>,
        facts: &Facts,
    ) -> Result<String, String> {
        let replies = &self.rules.quick_replies;
        let shown_in = language.unwrap_or(&replies.default_language);
        let mut texts = BTreeMap::new();
        for pair in values.iter().flat_map(|values| values.pairs::<String, Value>()) {
            let (name, value) = pair.map_err(|_| "the values of a reply are { name = value }".to_owned())?;
            let text = Moment::shown(&value, shown_in)
                .ok_or_else(|| format!("the value of {{{name}}} is no text, number or time"))?;
            texts.insert(name, text);
        }
        replies.automatic(reply, language, &facts.contact_name, &texts)
    }
}

fn call<R: mlua::FromLuaMulti>(
    lua: &Lua,
    ask: &Function,
    function: &Function,
    facts: &Facts,
    now: Time,
) -> Result<R, Error> {
    let tags = if facts.tags.is_empty() {
        None
    } else {
        Some(lua.create_table_from(facts.tags.iter().map(|tag| (tag.as_str(), true)))?)
    };
    let flag = |set: bool, bit: u32| if set { bit } else { 0 };
    let flags = flag(facts.vip, 1)
        | flag(facts.first_contact, 2)
        | flag(facts.last_agent_available, 4)
        | flag(facts.outbound, 8);
    ask.call((
        function,
        number(now),
        facts.channel.as_str(),
        facts.kind.as_str(),
        facts.status.as_str(),
        facts.ownership.as_str(),
        facts.contact_name.as_str(),
        facts.language.as_deref(),
        flags,
        facts.text.as_str(),
        facts.message_kind.as_str(),
        facts.skill.as_ref().map(crate::domain::SkillId::as_str),
        tags,
        facts.disposition.as_deref(),
        facts.last_agent.map(|agent| agent.to_string()),
        number(facts.created_at),
    ))
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds fit a double for 285,000 years")]
pub(crate) fn number(time: Time) -> f64 {
    time.0 as f64
}
