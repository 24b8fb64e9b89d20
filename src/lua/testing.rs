//! Runs the administrator's tests: `scripts/tests/*.lua`, against the very functions that will answer the engine.

use std::rc::Rc;

use mlua::{Function, Lua, Table, Value};

use super::book::Book;
use super::calendar::instant;
use super::data::{Fields, Node, Source};
use super::fault::{fault, from_lua};
use super::questions::{Questions, Trouble};
use super::sandbox::Tools;
use super::trial::{Report, Steps, plain};
use crate::domain::{Status, Target, Time};
use crate::engine::{Facts, TimerRule};

const DESK: &str = include_str!("testing.luau");

/// Most tests of one file.
const TESTS_MAX: usize = 500;

/// What `install` leaves for `run`.
struct Bench {
    tests: Table,
    desk: Function,
}

/// Adds `test` and `expect` to a VM that runs tests.
pub(crate) fn install(lua: &Lua, tools: &Tools) -> mlua::Result<()> {
    let host = lua.create_table()?;
    host.raw_set(
        "instant",
        lua.create_function(|_, text: String| {
            #[expect(clippy::cast_precision_loss, reason = "milliseconds fit a double for 285,000 years")]
            let time = instant(&text).map(|time| time as f64);
            let wrong = format!("expected a time such as \"2026-11-23 10:00 Europe/Paris\", got \"{text}\"");
            Ok((time, time.is_none().then_some(wrong)))
        })?,
    )?;
    host.raw_set("route", lua.create_function(|lua, (given, now)| question(lua, given, now, route))?)?;
    host.raw_set(
        "on_message",
        lua.create_function(|lua, (given, now)| question(lua, given, now, on_message))?,
    )?;
    host.raw_set("timers", lua.create_function(|lua, (given, now)| question(lua, given, now, timers))?)?;
    host.raw_set(
        "auto_close",
        lua.create_function(|lua, (given, now)| question(lua, given, now, auto_close))?,
    )?;
    host.raw_set("outcome", lua.create_function(|lua, (given, now)| question(lua, given, now, outcome))?)?;
    host.raw_set(
        "reply",
        lua.create_function(|lua, (given, name, values): (Value, String, Option<Table>)| {
            let told = reply(lua, given, &name, values.as_ref());
            Ok((told.as_ref().ok().cloned(), told.err()))
        })?,
    )?;
    let made = lua
        .load(DESK)
        .set_name("=guichet")
        .call::<(Function, Function, Table, Function)>((host, &tools.info));
    let (test, expect, tests, desk) = made?;
    lua.globals().raw_set("test", test)?;
    lua.globals().raw_set("expect", expect)?;
    lua.set_app_data(Bench { tests, desk });
    Ok(())
}

/// Runs the tests of one file.
pub(crate) fn run(book: &Book, name: &str, steps: &mut Steps, report: &mut Report) {
    let lua = book.vm.lua();
    lua.set_app_data(Rc::clone(&book.questions));
    steps.begin(book, name);
    if let Err(error) = book.run(name) {
        report.errors.push(error);
        return;
    }
    let Some((tests, desk)) = lua.app_data_ref::<Bench>().map(|b| (b.tests.clone(), b.desk.clone())) else {
        return;
    };
    if tests.raw_len() > TESTS_MAX {
        report.errors.push(fault(name, 0, format!("more than {TESTS_MAX} tests: split the file")));
        return;
    }
    for test in tests.sequence_values::<Table>() {
        let run = test.and_then(|test| {
            Ok((test.get::<String>("name")?, test.get::<usize>("line")?, test.get::<Function>("run")?))
        });
        let Ok((title, line, run)) = run else { continue };
        steps.begin(book, &format!("{name}: {title}"));
        match desk.call::<Value>(()).and_then(|desk| run.call::<()>(desk)) {
            Ok(()) => report.passed += 1,
            Err(error) => {
                report.failed += 1;
                let mut error = from_lua(&error, &book.questions.set, name, line);
                error.message = format!("test \"{title}\": {}", error.message);
                report.errors.push(error);
            }
        }
    }
}

type Shown = (Option<Table>, Option<String>);

/// Reads the facts, asks, and turns a fault into words for the test.
fn question(
    lua: &Lua,
    given: Value,
    now: f64,
    ask: fn(&Lua, &Questions, &Facts, Time) -> Result<Table, Complaint>,
) -> mlua::Result<Shown> {
    let Some(questions) = lua.app_data_ref::<Rc<Questions>>().map(|questions| Rc::clone(&questions)) else {
        return Ok((None, Some("questions can be asked inside of a test only".to_owned())));
    };
    #[expect(clippy::cast_possible_truncation, reason = "a time too far away is the farthest one")]
    let now = Time(now as i64);
    let answer = facts(given).map_err(Complaint::Words).and_then(|facts| ask(lua, &questions, &facts, now));
    match answer {
        Ok(table) => Ok((Some(table), None)),
        Err(Complaint::Words(words)) => Ok((None, Some(words))),
        Err(Complaint::Broken(error)) => Err(error),
    }
}

enum Complaint {
    Words(String),
    Broken(mlua::Error),
}

impl From<mlua::Error> for Complaint {
    fn from(error: mlua::Error) -> Self {
        Self::Broken(error)
    }
}

impl From<Trouble> for Complaint {
    fn from(trouble: Trouble) -> Self {
        let error = trouble.error;
        Self::Words(format!("{}:{}: {}", error.file, error.line, error.message))
    }
}

fn route(lua: &Lua, questions: &Questions, facts: &Facts, now: Time) -> Result<Table, Complaint> {
    let (route, at) = questions.route(lua, facts, now)?;
    let table = lua.create_table()?;
    match &route.target {
        Target::Skill { skill, level } => {
            table.raw_set("skill", skill.as_str())?;
            table.raw_set("level", *level)?;
        }
        Target::Agent(agent) => table.raw_set("agent", agent.to_string())?,
        Target::Team(team) => table.raw_set("team", team.as_str())?,
        Target::Hold(_) if route.bot.is_some() => table.raw_set("bot", route.bot.as_deref())?,
        Target::Hold(name) => table.raw_set("hold", name.as_str())?,
    }
    table.raw_set("priority", route.priority)?;
    table.raw_set("within", route.within.map(|span| span.to_string()))?;
    table.raw_set("otherwise", route.otherwise.map(|skill| skill.to_string()))?;
    table.raw_set("reply", route.reply)?;
    table.raw_set("language", route.language)?;
    table.raw_set("at", at)?;
    Ok(table)
}

fn on_message(lua: &Lua, questions: &Questions, facts: &Facts, now: Time) -> Result<Table, Complaint> {
    use crate::engine::OnMessage;
    let (answer, _) = questions.on_message(lua, facts, now)?;
    let word = match answer {
        OnMessage::Default => "default",
        OnMessage::Keep => "keep",
        OnMessage::Reopen => "reopen",
        OnMessage::StartNew => "start_new",
    };
    let table = lua.create_table()?;
    table.raw_set("answer", word)?;
    Ok(table)
}

fn timers(lua: &Lua, questions: &Questions, facts: &Facts, now: Time) -> Result<Table, Complaint> {
    let (plan, _) = questions.timers(lua, facts, now)?;
    let table = lua.create_table()?;
    for (key, rule) in [("agent", plan.agent), ("customer", plan.customer)] {
        table.raw_set(key, rule.map(|rule| timer(lua, &rule)).transpose()?)?;
    }
    Ok(table)
}

fn timer(lua: &Lua, rule: &TimerRule) -> mlua::Result<Table> {
    use crate::engine::ZeroAction;
    let action = match rule.on_zero {
        ZeroAction::Alert => "alert",
        ZeroAction::Requeue => "requeue",
        ZeroAction::RaisePriority => "raise_priority",
        ZeroAction::Detach => "remove_from_inbox",
    };
    let table = lua.create_table()?;
    table.raw_set("total", rule.total.to_string())?;
    table.raw_set("on_zero", action)?;
    table.raw_set("extend_by", rule.extend_by.map(|span| span.to_string()))?;
    table.raw_set("extend_max", rule.extend_max)?;
    Ok(table)
}

fn auto_close(lua: &Lua, questions: &Questions, facts: &Facts, _: Time) -> Result<Table, Complaint> {
    let (plan, line) = questions.rules.close.plan(facts);
    let table = lua.create_table()?;
    table.raw_set("after", plan.after.map(|span| span.to_string()))?;
    table.raw_set("line", line)?;
    Ok(table)
}

fn outcome(lua: &Lua, questions: &Questions, facts: &Facts, _: Time) -> Result<Table, Complaint> {
    let (rules, _) = questions.rules.close.outcome(facts.status);
    let table = lua.create_table()?;
    table.raw_set("disposition_required", rules.disposition_required)?;
    Ok(table)
}

/// `t:reply("closed_hours", { reopens = … }, { language = "fr" })` → the text.
fn reply(lua: &Lua, given: Value, name: &str, values: Option<&Table>) -> Result<String, String> {
    let questions = lua.app_data_ref::<Rc<Questions>>().map(|questions| Rc::clone(&questions));
    let questions = questions.ok_or("questions can be asked inside of a test only")?;
    let facts = facts(given)?;
    questions.reply(name, values, facts.language.as_deref(), &facts)
}

/// The plain interaction, with what the test says of it.
fn facts(given: Value) -> Result<Facts, String> {
    let mut facts = plain().ok_or_else(|| "there is no plain interaction".to_owned())?;
    let source = Source::new("", "", "", 0);
    if let Some(fields) = source.node(given).fields() {
        fill(&mut facts, fields);
    }
    match source.faults.into_inner().into_iter().next() {
        None => Ok(facts),
        Some(fault) => Err(fault.message),
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn fill(facts: &mut Facts, mut fields: Fields<'_>) {
    let name = |node: Node<'_>| node.text(100);
    set(&mut facts.channel, fields.may("channel").and_then(|node| node.parsed()));
    set(&mut facts.kind, fields.may("kind").and_then(|node| node.parsed()));
    set(&mut facts.status, fields.may("status").and_then(|node| node.parsed::<Status>()));
    set(&mut facts.ownership, fields.may("ownership").and_then(|node| node.parsed()));
    facts.language = fields.may("language").and_then(name);
    // Empty texts are facts too: a picture has none.
    set(&mut facts.text, fields.may("text").and_then(|node| node.any_text(4_096)));
    set(&mut facts.message_kind, fields.may("message_kind").and_then(name));
    facts.skill = fields.may("skill").and_then(|node| node.parsed());
    let tags = fields.may("tags").map(|node| node.list().into_iter().filter_map(name).collect());
    set(&mut facts.tags, tags);
    facts.disposition = fields.may("disposition").and_then(name);
    set(&mut facts.outbound, fields.may("outbound").and_then(|node| node.boolean()));
    if let Some(mut contact) = fields.may("contact").and_then(|node| node.fields()) {
        set(&mut facts.contact_name, contact.may("name").and_then(|node| node.any_text(200)));
        set(&mut facts.vip, contact.may("vip").and_then(|node| node.boolean()));
        set(&mut facts.first_contact, contact.may("first_contact").and_then(|node| node.boolean()));
        contact.finish();
    }
    if let Some(mut agent) = fields.may("last_agent").and_then(|node| node.fields()) {
        facts.last_agent = agent.must("id").and_then(|node| node.parsed());
        set(&mut facts.last_agent_available, agent.may("online").and_then(|node| node.boolean()));
        agent.finish();
    }
    fields.finish();
}
