//! Makes a VM in which somebody else's code can do no harm: no files, no clock, bounded memory, and a switch that stops it.
//!
//! It must not know what the code is for: policy scripts and plugins are given their API by whoever asks for the VM.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mlua::{Function, Lua, LuaOptions, StdLib, Table, VmState};

const PRELUDE: &str = include_str!("sandbox.luau");

/// Safe parts of the library. `debug` is taken away again before any foreign code runs.
const LIBRARIES: [StdLib; 8] = [
    StdLib::TABLE,
    StdLib::STRING,
    StdLib::UTF8,
    StdLib::BIT,
    StdLib::MATH,
    StdLib::BUFFER,
    StdLib::COROUTINE,
    StdLib::DEBUG,
];

/// Stops the code of one VM from another thread. Calls are numbered; stopping number 7 leaves number 8 alone.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicU64>);

impl Stop {
    /// Stops the call with this number, and all before it.
    pub fn stop(&self, call: u64) {
        self.0.fetch_max(call, Ordering::Relaxed);
    }

    /// Stops everything, for ever.
    pub fn stop_for_ever(&self) {
        self.stop(u64::MAX);
    }

    fn reached(&self, call: u64) -> bool {
        self.0.load(Ordering::Relaxed) >= call
    }
}

/// A VM whose globals are frozen.
#[derive(Debug)]
pub struct Vm {
    lua: Lua,
    call: Rc<Cell<u64>>,
    stop: Stop,
}

/// What foreign code never gets, but an API needs while it is set up.
#[derive(Debug)]
pub struct Tools {
    /// `debug.info`: file and line of a caller.
    pub info: Function,
}

impl Vm {
    /// A VM limited to `memory` bytes, that `stop` stops, beginning with call number `call`. `api` adds globals before
    /// they are frozen.
    pub fn new(
        memory: usize,
        stop: &Stop,
        call: u64,
        api: impl FnOnce(&Lua, &Tools) -> mlua::Result<()>,
    ) -> mlua::Result<Self> {
        let libraries = LIBRARIES.into_iter().fold(StdLib::NONE, |all, one| all | one);
        let lua = Lua::new_with(libraries, LuaOptions::default())?;
        lua.set_memory_limit(memory)?;
        let call = Rc::new(Cell::new(call));
        let interrupt = (Rc::clone(&call), stop.clone());
        lua.set_interrupt(move |lua| {
            let (call, stop) = &interrupt;
            if stop.reached(call.get()) {
                Err(mlua::Error::runtime(stopped(lua)))
            } else {
                Ok(VmState::Continue)
            }
        });
        let info = lua.globals().get::<Table>("debug")?.get::<Function>("info")?;
        lua.load(PRELUDE).set_name("=guichet").exec()?;
        api(&lua, &Tools { info })?;
        lua.sandbox(true)?;
        Ok(Self { lua, call, stop: stop.clone() })
    }

    /// The interpreter.
    pub fn lua(&self) -> &Lua {
        &self.lua
    }

    /// What runs from now on is call number `call`.
    pub fn begin(&self, call: u64) {
        self.call.set(call);
    }

    /// Whether the running call was told to stop.
    pub fn stopped(&self) -> bool {
        self.stop.reached(self.call.get())
    }
}

/// Globals of one file: it reads the API and its own words, and cannot leave anything behind for another file.
pub fn environment(lua: &Lua) -> mlua::Result<Table> {
    let meta = lua.create_table()?;
    meta.raw_set("__index", lua.globals())?;
    let refuse = lua.create_function(|_, (_, name): (Table, mlua::Value)| -> mlua::Result<()> {
        let name = name.as_string().map(mlua::LuaString::to_string_lossy).unwrap_or_default();
        Err(mlua::Error::runtime(format!("`{name}` is not declared: write `local {name} = …`")))
    })?;
    meta.raw_set("__newindex", refuse)?;
    meta.raw_set("__metatable", false)?;
    let environment = lua.create_table()?;
    environment.set_metatable(Some(meta))?;
    environment.set_safeenv(true);
    Ok(environment)
}

/// Says where the code was when it was stopped: the nearest caller that has a line.
fn stopped(lua: &Lua) -> String {
    let place = (0..8).find_map(|level| {
        lua.inspect_stack(level, |debug| {
            let line = debug.current_line()?;
            let source = debug.source().short_src?.into_owned();
            source.contains('/').then(|| format!("{source}:{line}: "))
        })
        .flatten()
    });
    format!("{}took too long and was stopped", place.unwrap_or_default())
}
