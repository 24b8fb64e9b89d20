//! Loads a set of scripts into a VM: the API, the five files, their data checked. Knows nothing of threads or generations.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use mlua::{Error, Function, Lua, Table, Value};

use super::calendar::Weekly;
use super::data::{Node, Source};
use super::fault::{fault, from_lua, nearest};
use super::questions::{Questions, Rules};
use super::sandbox::{Stop, Tools, Vm, environment};
use super::source::{ADDRESS_BOOKS, AUTO_CLOSE, QUICK_REPLIES, ROUTING, ScriptSet, TIMERS, is_lua};
use super::timer_rules::{TimerRules, version};
use super::{address_book, close_rules, quick_reply, timer_rules};
use crate::domain::Span;
use crate::engine::PolicyError;

const API: &str = include_str!("api.luau");

/// Scripts, loaded.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) vm: Vm,
    pub(crate) questions: Rc<Questions>,
}

/// Modules of the set, each run once, while the scripts load.
struct Modules {
    set: Arc<ScriptSet>,
    loaded: RefCell<BTreeMap<String, Value>>,
    /// Those that are being loaded: a circle would have no end.
    loading: RefCell<Vec<String>>,
}

impl Book {
    /// Loads the set, which must be complete. `more` adds globals, for tests.
    pub(crate) fn load(
        set: &Arc<ScriptSet>,
        memory: usize,
        stop: &Stop,
        call: u64,
        more: impl FnOnce(&Lua, &Tools) -> mlua::Result<()>,
    ) -> Result<Self, Vec<PolicyError>> {
        let broken = |error: Error| vec![from_lua(&error, set, ROUTING, 0)];
        let asks = RefCell::new(None);
        let vm = Vm::new(memory, stop, call, |lua, tools| {
            *asks.borrow_mut() = Some(install(lua, tools)?);
            more(lua, tools)
        })
        .map_err(broken)?;
        let (ask_route, ask) =
            asks.into_inner().ok_or_else(|| broken(Error::runtime("the API did not load")))?;
        let lua = vm.lua();
        let modules =
            Modules { set: Arc::clone(set), loaded: RefCell::default(), loading: RefCell::default() };
        lua.set_app_data(modules);
        let mut faults = syntax(lua, set);
        let mut scripts = Scripts { set, vm: &vm, faults: &mut faults };
        let routing = scripts.run(ROUTING, "routing", routing);
        let quick_replies = scripts.run(QUICK_REPLIES, "quick_replies", quick_reply::read);
        let timers = scripts.run(TIMERS, "timers", timer_rules::read);
        let close = scripts.run(AUTO_CLOSE, "auto_close", close_rules::read);
        let address_books = scripts.run(ADDRESS_BOOKS, "address_books", address_book::read);
        // From here on `require` has nothing to load from: a question must never read a file.
        lua.remove_app_data::<Modules>();
        let (Some(routing), Some(quick_replies), Some(timers), Some(close), Some(address_books), true) =
            (routing, quick_replies, timers, close, address_books, faults.is_empty())
        else {
            return Err(told_once(faults));
        };
        let (fixed, asked) = match timers {
            TimerRules::Fixed(plan, line) => (Some((plan, line)), None),
            TimerRules::Asked(function) => (None, Some(function)),
        };
        let (route, on_message) = routing;
        let rules = Rules {
            quick_replies: Arc::new(quick_replies),
            address_books: address_books.into(),
            timers: fixed,
            close,
            asks_on_message: on_message.is_some(),
        };
        let questions = Questions {
            set: Arc::clone(set),
            rules: Arc::new(rules),
            ask_route,
            ask,
            route,
            on_message,
            timers: asked,
        };
        Ok(Self { questions: Rc::new(questions), vm })
    }

    /// Runs another file of the set, such as a test.
    pub(crate) fn run(&self, name: &str) -> Result<(), PolicyError> {
        let set = &self.questions.set;
        let lua = self.vm.lua();
        let modules =
            Modules { set: Arc::clone(set), loaded: RefCell::default(), loading: RefCell::default() };
        lua.set_app_data(modules);
        let result = compile(lua, set, name).and_then(|file| file.call::<()>(()));
        lua.remove_app_data::<Modules>();
        result.map_err(|error| from_lua(&error, set, name, 0))
    }
}

/// A fault in a module shows up in each file that needs it; it is told once.
fn told_once(mut faults: Vec<PolicyError>) -> Vec<PolicyError> {
    faults.sort_by(|a, b| (&a.file, a.line, &a.message).cmp(&(&b.file, b.line, &b.message)));
    faults.dedup();
    faults
}

/// `routing { version, route, on_message? }`
fn routing(node: &Node<'_>) -> Option<(Function, Option<Function>)> {
    let mut fields = node.fields()?;
    version(&mut fields);
    let route = fields.must("route").and_then(|node| node.function());
    let on_message = fields.may("on_message").and_then(|node| node.function());
    if let Some(node) = fields.may("rank") {
        node.wrong(
            "this version chooses the agent itself (highest level, then longest idle): leave `rank` out",
        );
    }
    fields.finish();
    Some((route?, on_message))
}

fn compile(lua: &Lua, set: &ScriptSet, name: &str) -> mlua::Result<Function> {
    let text = set.files.get(name).map_or("", String::as_str);
    let chunk = lua.load(text).set_name(format!("@{name}")).set_mode(mlua::chunk::ChunkMode::Text);
    chunk.set_environment(environment(lua)?).into_function()
}

/// Compiles everything first: a fault in any file, tests included, keeps the set from going live.
fn syntax(lua: &Lua, set: &ScriptSet) -> Vec<PolicyError> {
    let compiled = set.files.keys().map(|name| (name, compile(lua, set, name)));
    compiled.filter_map(|(name, result)| Some(from_lua(&result.err()?, set, name, 0))).collect()
}

/// The five scripts while they load.
struct Scripts<'a> {
    set: &'a ScriptSet,
    vm: &'a Vm,
    faults: &'a mut Vec<PolicyError>,
}

impl Scripts<'_> {
    /// Runs one file and reads what it returned.
    fn run<T>(&mut self, name: &str, kind: &str, read: impl FnOnce(&Node<'_>) -> Option<T>) -> Option<T> {
        // Once it was stopped, everything that follows would be stopped too, and hide which file it was.
        if self.vm.stopped() || self.faults.iter().any(|fault| fault.file == name) {
            return None;
        }
        let result = compile(self.vm.lua(), self.set, name).and_then(|file| file.call::<Value>(()));
        let value = match result {
            Ok(value) => value,
            Err(error) => {
                self.faults.push(from_lua(&error, self.set, name, 0));
                return None;
            }
        };
        let text = self.set.files.get(name).map_or("", String::as_str);
        let made = value.as_table().filter(|made| {
            made.raw_get::<Option<String>>("made by script").ok().flatten().as_deref() == Some(kind)
        });
        let Some(made) = made else {
            let what = format!("this file must end with `return {kind} {{ … }}`");
            self.faults.push(fault(name, text.lines().count().max(1), what));
            return None;
        };
        let line = made.raw_get("line").unwrap_or(0);
        let given = made.raw_get("given").unwrap_or(Value::Nil);
        let source = Source::new(name, text, kind, line);
        let read = read(&source.node(given));
        let found = source.faults.into_inner();
        let good = found.is_empty();
        self.faults.extend(found);
        read.filter(|_| good)
    }
}

/// Gives the VM the API; returns the two functions that ask.
fn install(lua: &Lua, tools: &Tools) -> mlua::Result<(Function, Function)> {
    let host = lua.create_table()?;
    let globals = lua.create_table()?;
    host.raw_set("globals", &globals)?;
    host.raw_set(
        "nearest",
        lua.create_function(|_, (word, known): (String, Table)| Ok(near(&word, &known)))?,
    )?;
    host.raw_set(
        "span",
        lua.create_function(|_, text: String| {
            Ok(text.parse::<Span>().err().map(|error| format!("{error}, got \"{text}\"")))
        })?,
    )?;
    host.raw_set("weekly", weekly(lua)?)?;
    host.raw_set("module", lua.create_function(module)?)?;
    let asks = lua.load(API).set_name("=guichet").call((host, &tools.info))?;
    let real = lua.globals();
    for pair in globals.pairs::<String, Value>() {
        let (name, value) = pair?;
        if let Value::Table(table) = &value {
            table.set_readonly(true);
        }
        real.raw_set(name, value)?;
    }
    Ok(asks)
}

/// What makes a week of opening hours, or says what is wrong with it.
pub(crate) fn weekly(lua: &Lua) -> mlua::Result<Function> {
    lua.create_function(|_, given: Value| {
        Ok(match Weekly::read(given) {
            Ok(weekly) => (Some(weekly), None),
            Err(wrong) => (None, Some(wrong)),
        })
    })
}

fn near(word: &str, known: &Table) -> Option<String> {
    let words: Vec<String> = known.pairs::<String, Value>().filter_map(|pair| Some(pair.ok()?.0)).collect();
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.sort_unstable();
    nearest(word, words).map(str::to_owned)
}

/// `require("./words")` from `scripts/routing.lua` → `scripts/words.lua`, of the set only.
fn module(lua: &Lua, (path, from): (String, String)) -> mlua::Result<(Value, Option<String>)> {
    let wrong = |what: String| Ok((Value::Nil, Some(what)));
    let Some(modules) = lua.app_data_ref::<Modules>() else {
        return wrong(
            "require belongs at the top of a file: scripts are loaded once, before any question".to_owned(),
        );
    };
    let Some(name) = resolve(&path, &from) else {
        return wrong(format!(
            "require takes a path such as \"./words\" that stays in scripts/, got \"{path}\""
        ));
    };
    if let Some(value) = modules.loaded.borrow().get(&name) {
        return Ok((value.clone(), None));
    }
    if !modules.set.files.contains_key(&name) {
        return wrong(format!("there is no {name}"));
    }
    if modules.loading.borrow().contains(&name) {
        return wrong(format!("{name} is required while it is being loaded: a circle"));
    }
    modules.loading.borrow_mut().push(name.clone());
    let set = Arc::clone(&modules.set);
    drop(modules);
    let value = compile(lua, &set, &name)?.call::<Value>(());
    let Some(modules) = lua.app_data_ref::<Modules>() else {
        return wrong("the scripts are loaded".to_owned());
    };
    modules.loading.borrow_mut().pop();
    let value = value?;
    modules.loaded.borrow_mut().insert(name, value.clone());
    Ok((value, None))
}

fn resolve(path: &str, from: &str) -> Option<String> {
    beside(path, from).filter(|name| name.starts_with("scripts/"))
}

/// The file that `./path` or `../path` names, seen from the file `from`.
pub(crate) fn beside(path: &str, from: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if !path.starts_with("./") && !path.starts_with("../") {
        return None;
    }
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    let name = parts.join("/");
    Some(if is_lua(&name) { name } else { format!("{name}.lua") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_stay_in_the_folder() {
        for (path, from, name) in [
            ("./words", "scripts/routing.lua", Some("scripts/words.lua")),
            ("../routing.lua", "scripts/tests/a.lua", Some("scripts/routing.lua")),
            ("./lib/a", "scripts/routing.lua", Some("scripts/lib/a.lua")),
            ("../x", "scripts/routing.lua", None),
            ("../../../etc/passwd", "scripts/routing.lua", None),
            ("words", "scripts/routing.lua", None),
            ("/etc/passwd", "scripts/routing.lua", None),
        ] {
            assert_eq!(resolve(path, from).as_deref(), name, "{path}");
        }
    }
}
