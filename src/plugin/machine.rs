//! One plugin's VM: loads a bundle, starts handlers, and carries each on from one wait to the next. It waits for nothing
//! itself: what a handler waits for is told to whoever drives it, a thread or a test.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use mlua::thread::ThreadStatus;
use mlua::{Error, Function, IntoLuaMulti, Lua, MultiValue, Table, Thread, Value};
use serde_json::Value as Json;

use super::bundle::Bundle;
use super::calls::{self, Context, to_json, to_lua};
use super::fault::{fault, from_lua};
use super::pulse::Pulse;
use crate::domain::Span;
use crate::engine::PolicyError;
use crate::lua::out_of_memory;
use crate::lua::sandbox::{Vm, environment};

const API: &str = include_str!("api.luau");

/// Bytes a plugin may use (`reference`: three times what it keeps alive).
pub(crate) const MEMORY: usize = 32 * 1024 * 1024;
/// How long a plugin may compute between two waits, in milliseconds.
pub(crate) const SLICE_MS: u64 = 100;
/// How long it may take to load.
const LOAD_MS: u64 = 1_000;
/// Handlers under way at once.
pub(crate) const TASKS_MAX: usize = 64;

/// What a plugin has handlers for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) events: BTreeSet<String>,
    pub(crate) jobs: BTreeSet<String>,
    pub(crate) every: BTreeMap<String, Span>,
    pub(crate) bot: bool,
    /// `webhook`, `translate`, `languages`, `card`, `resolved`, `answered`, `save`, `restore`.
    pub(crate) roles: BTreeSet<String>,
}

/// What a handler is called for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) given: Json,
}

/// What a handler waits for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub(crate) op: String,
    pub(crate) given: Json,
}

/// What it gets: a value, or what did not work, or (`wrong`) what it may not.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) value: Option<Json>,
    pub(crate) problem: Option<Json>,
    pub(crate) wrong: Option<String>,
}

/// A handler that failed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Broken {
    pub(crate) error: PolicyError,
    /// Whether the VM is unfit for more: it was stopped, or out of memory.
    pub(crate) spent: bool,
}

/// How far a handler came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    Waits(Call),
    Ended(Result<Json, Broken>),
}

/// See the file's head.
pub(crate) struct Machine {
    vm: Vm,
    dispatch: Function,
    settled: Function,
    offer: Offer,
    context: Rc<Context>,
    pulse: Arc<Pulse>,
    tasks: BTreeMap<u64, Thread>,
    file: String,
}

impl Machine {
    /// Loads a bundle: runs its body once, and takes up its handlers.
    pub(crate) fn load(
        bundle: &Bundle,
        context: Context,
        pulse: Arc<Pulse>,
    ) -> Result<Self, Vec<PolicyError>> {
        let file = bundle.main();
        let context = Rc::new(context);
        let broken = |error: &Error| vec![from_lua(error, &file)];
        let number = pulse.begin(LOAD_MS);
        let loaded = Self::load_in(bundle, &context, &pulse, number);
        pulse.end();
        context.loading.set(false);
        let (vm, offer, dispatch, settled) = loaded.map_err(|error| match error {
            Failed::Lua(error) => broken(&error),
            Failed::Faults(faults) => faults,
        })?;
        Ok(Self { vm, dispatch, settled, offer, context, pulse, tasks: BTreeMap::new(), file })
    }

    fn load_in(
        bundle: &Bundle,
        context: &Rc<Context>,
        pulse: &Pulse,
        number: u64,
    ) -> Result<(Vm, Offer, Function, Function), Failed> {
        let mut api = None;
        let vm = Vm::new(MEMORY, &pulse.stop, number, |lua, tools| {
            let (host, globals) = calls::host(lua, context)?;
            api = Some(
                lua.load(API)
                    .set_name("=guichet")
                    .call::<(Function, Function, Function)>((host, &tools.info))?,
            );
            globals.pairs::<String, Value>().try_for_each(|pair| {
                let (name, value) = pair?;
                value.as_table().into_iter().for_each(|table| table.set_readonly(true));
                lua.globals().raw_set(name, value)
            })
        })?;
        let Some((dispatch, describe, settled)) = api else {
            return Err(Failed::Lua(Error::runtime("the plugin API did not load")));
        };
        let lua = vm.lua();
        for name in bundle.files.keys().filter(|name| !is_test(name)) {
            compile(lua, bundle, name)?;
        }
        lua.set_app_data(calls::Modules::new(bundle.clone()));
        let returned = compile(lua, bundle, &bundle.main())?.call::<Value>(());
        lua.remove_app_data::<calls::Modules>();
        let told: (bool, Table, Table, Table, bool, Table) = describe.call(returned?)?;
        if !told.0 {
            let what = "a plugin ends with `return p`, where `local p = plugin()` stands at its top";
            return Err(Failed::Faults(vec![fault(&bundle.main(), 0, what)]));
        }
        let keys = |table: &Table| -> BTreeSet<String> {
            table.pairs::<String, Value>().filter_map(|pair| Some(pair.ok()?.0)).collect()
        };
        let every =
            told.3.pairs::<String, i64>().filter_map(Result::ok).map(|(job, every)| (job, Span(every)));
        let offer = Offer {
            events: keys(&told.1),
            jobs: keys(&told.2),
            every: every.collect(),
            bot: told.4,
            roles: keys(&told.5),
        };
        Ok((vm, offer, dispatch, settled))
    }

    pub(crate) fn offer(&self) -> &Offer {
        &self.offer
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Begins a handler.
    pub(crate) fn start(&mut self, task: u64, entry: &Entry) -> Step {
        let lua = self.vm.lua();
        let begun = lua.create_thread(self.dispatch.clone()).and_then(|thread| {
            let given = to_lua(lua, &entry.given)?;
            Ok((thread, (entry.kind, entry.name.as_str(), given).into_lua_multi(lua)?))
        });
        match begun {
            Ok((thread, arguments)) => self.run(task, thread, arguments),
            Err(error) => Step::Ended(Err(self.broken(&error))),
        }
    }

    /// Carries a handler on with what it waited for. `None`: there is no such handler any more.
    pub(crate) fn resume(&mut self, task: u64, answer: &Answer) -> Option<Step> {
        let thread = self.tasks.remove(&task)?;
        let lua = self.vm.lua();
        let value = |value: &Option<Json>| value.as_ref().map_or(Ok(Value::Nil), |value| to_lua(lua, value));
        let arguments = value(&answer.value)
            .and_then(|first| (first, value(&answer.problem)?, answer.wrong.as_deref()).into_lua_multi(lua));
        Some(match arguments {
            Ok(arguments) => self.run(task, thread, arguments),
            Err(error) => Step::Ended(Err(self.broken(&error))),
        })
    }

    /// Lets go of a handler that waits.
    pub(crate) fn cancel(&mut self, task: u64) -> bool {
        self.tasks.remove(&task).is_some()
    }

    /// Handlers that wait.
    pub(crate) fn waiting(&self) -> Vec<u64> {
        self.tasks.keys().copied().collect()
    }

    /// The plugin's table of settings is made anew.
    pub(crate) fn settings_changed(&mut self) {
        // It runs no code of the plugin.
        drop(self.settled.call::<()>(()));
    }

    fn run(&mut self, task: u64, thread: Thread, arguments: MultiValue) -> Step {
        let number = self.pulse.begin(SLICE_MS);
        self.vm.begin(number);
        let result = thread.resume::<MultiValue>(arguments);
        self.pulse.end();
        let values = match result {
            Ok(values) => values,
            Err(error) => return Step::Ended(Err(self.broken(&error))),
        };
        let lua = self.vm.lua();
        if thread.status() != ThreadStatus::Resumable {
            let value = values.into_iter().next().unwrap_or(Value::Nil);
            return Step::Ended(to_json(lua, value).map_err(|error| self.broken(&error)));
        }
        let mut values = values.into_iter();
        let ours = values.next().is_some_and(|first| first.to_pointer() == self.context.wait.get());
        let op = values.next().and_then(|op| op.as_string().map(mlua::LuaString::to_string_lossy));
        let Some(op) = op.filter(|_| ours) else {
            let what = fault(&self.file, 0, "a handler yielded to nobody");
            return Step::Ended(Err(Broken { error: what, spent: false }));
        };
        match to_json(lua, values.next().unwrap_or(Value::Nil)) {
            Ok(given) => {
                self.tasks.insert(task, thread);
                Step::Waits(Call { op, given })
            }
            Err(error) => Step::Ended(Err(self.broken(&error))),
        }
    }

    fn broken(&self, error: &Error) -> Broken {
        let spent = out_of_memory(error) || self.vm.stopped();
        Broken { error: from_lua(error, &self.file), spent }
    }
}

enum Failed {
    Lua(Error),
    Faults(Vec<PolicyError>),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Lua(error)
    }
}

/// Whether a file is a test, which is no part of what runs.
pub(crate) fn is_test(name: &str) -> bool {
    name.split('/').nth(2) == Some("tests")
}

/// Compiles a file of a bundle.
pub(crate) fn compile(lua: &Lua, bundle: &Bundle, name: &str) -> mlua::Result<Function> {
    let text = bundle.files.get(name).map_or("", String::as_str);
    let chunk = lua.load(text).set_name(format!("@{name}")).set_mode(mlua::chunk::ChunkMode::Text);
    chunk.set_environment(environment(lua)?).into_function()
}
