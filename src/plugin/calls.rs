//! What the host does for a plugin at once, without waiting: what it keeps, jobs, settings, secrets' places, small things.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use mlua::serde::{DeserializeOptions, LuaSerdeExt, SerializeOptions};
use mlua::{Lua, LuaString, Table, Value};
use serde_json::{Map, Value as Json};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::bundle::Bundle;
use super::kv::Kv;
use super::machine::compile;
use super::manifest::is_name;
use super::rights::Rights;
use super::secrets::Secrets;
use crate::domain::{Span, Time};
use crate::lua::beside;

/// Jobs that a plugin may have waiting.
pub(crate) const JOBS_MAX: usize = 1_000;
/// What a job is told, in bytes of JSON.
const JOB_BYTES: usize = 16 * 1024;
/// Characters of a line of the log.
const LINE_CHARS: usize = 1_000;
/// Lines of one slice that reach the log.
const LINES_MAX: usize = 100;

type Now = Rc<dyn Fn() -> Time>;

/// A job that a plugin wants, or (no time) wants no longer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JobWish {
    pub(crate) job: String,
    pub(crate) due_at: Option<Time>,
    pub(crate) data: Json,
}

/// What a VM's calls work on.
pub(crate) struct Context {
    pub(crate) name: String,
    pub(crate) rights: Rights,
    pub(crate) settings: RefCell<Map<String, Json>>,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) kv: Arc<Mutex<Kv>>,
    pub(crate) now: Now,
    /// Whether the plugin's body is running.
    pub(crate) loading: Cell<bool>,
    pub(crate) jobs: RefCell<Vec<JobWish>>,
    pub(crate) lines: RefCell<Vec<(String, String)>>,
    /// What marks a wait.
    pub(crate) wait: Cell<*const c_void>,
}

impl Context {
    pub(crate) fn new(
        name: &str,
        rights: Rights,
        settings: Map<String, Json>,
        secrets: Arc<Secrets>,
        kv: Arc<Mutex<Kv>>,
        now: Now,
    ) -> Self {
        locked(&kv).set_quota(rights.kv);
        Self {
            name: name.to_owned(),
            rights,
            settings: RefCell::new(settings),
            secrets,
            kv,
            now,
            loading: Cell::new(true),
            jobs: RefCell::default(),
            lines: RefCell::default(),
            wait: Cell::new(std::ptr::null()),
        }
    }

    pub(crate) fn kv(&self) -> MutexGuard<'_, Kv> {
        locked(&self.kv)
    }
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Everything under these locks is written in one step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// JSON as Lua has it: what is null is not there.
pub(crate) fn to_lua(lua: &Lua, json: &Json) -> mlua::Result<Value> {
    let options = SerializeOptions::new()
        .set_array_metatable(false)
        .serialize_none_to_null(false)
        .serialize_unit_to_null(false);
    lua.to_value_with(json, options)
}

/// Lua as JSON has it. Functions and circles are refused.
pub(crate) fn to_json(lua: &Lua, value: Value) -> mlua::Result<Json> {
    lua.from_value_with(value, DeserializeOptions::new().encode_empty_tables_as_array(false))
}

/// A plugin's own files, each run once while it loads.
pub(crate) struct Modules {
    bundle: Bundle,
    loaded: RefCell<BTreeMap<String, Value>>,
    loading: RefCell<Vec<String>>,
}

impl Modules {
    pub(crate) fn new(bundle: Bundle) -> Self {
        Self { bundle, loaded: RefCell::default(), loading: RefCell::default() }
    }
}

type Told<T> = (Option<T>, Option<String>);

/// The table of host functions, and the one that becomes globals.
pub(crate) fn host(lua: &Lua, context: &Rc<Context>) -> mlua::Result<(Table, Table)> {
    let host = lua.create_table()?;
    let globals = lua.create_table()?;
    let wait = lua.create_table()?;
    context.wait.set(wait.to_pointer());
    host.raw_set("wait", wait)?;
    host.raw_set("globals", &globals)?;
    host.raw_set("name", context.name.as_str())?;
    host.raw_set("weekly", crate::lua::weekly(lua)?)?;
    host.raw_set("module", lua.create_function(module)?)?;
    host.raw_set("span", lua.create_function(|_, text: String| Ok(span(&text)))?)?;
    host.raw_set("base64", lua.create_function(base64)?)?;
    host.raw_set(
        "json_encode",
        lua.create_function(|lua, value: Value| {
            let json = to_json(lua, value).map(|json| json.to_string());
            Ok(told(json.map_err(|error| error.to_string())))
        })?,
    )?;
    host.raw_set(
        "json_decode",
        lua.create_function(|lua, text: LuaString| match serde_json::from_slice::<Json>(&text.as_bytes()) {
            Ok(json) => Ok((to_lua(lua, &json)?, None)),
            Err(error) => Ok((Value::Nil, Some(error.to_string()))),
        })?,
    )?;
    host.raw_set(
        "equal",
        lua.create_function(|_, (a, b): (LuaString, LuaString)| {
            Ok(bool::from(a.as_bytes().ct_eq(&b.as_bytes())))
        })?,
    )?;
    of_context(lua, &host, context)?;
    keeping(lua, &host, context)?;
    Ok((host, globals))
}

fn of_context(lua: &Lua, host: &Table, context: &Rc<Context>) -> mlua::Result<()> {
    let it = Rc::clone(context);
    host.raw_set("loading", lua.create_function(move |_, ()| Ok(it.loading.get()))?)?;
    let it = Rc::clone(context);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds fit a double for 285,000 years")]
    host.raw_set("now", lua.create_function(move |_, ()| Ok((it.now)().0 as f64))?)?;
    let it = Rc::clone(context);
    host.raw_set(
        "settings",
        lua.create_function(move |lua, ()| to_lua(lua, &Json::Object(it.settings.borrow().clone())))?,
    )?;
    let it = Rc::clone(context);
    host.raw_set(
        "log",
        lua.create_function(move |_, (level, text): (String, LuaString)| {
            let text = text.to_string_lossy().chars().take(LINE_CHARS).collect();
            let mut lines = it.lines.borrow_mut();
            if lines.len() < LINES_MAX {
                lines.push((level, text));
            }
            Ok(())
        })?,
    )?;
    let it = Rc::clone(context);
    host.raw_set("needs", lua.create_function(move |_, right: String| Ok(lacks(&it.rights, &right)))?)?;
    let it = Rc::clone(context);
    host.raw_set(
        "secret",
        lua.create_function(move |_, key: String| {
            let known = it.rights.secrets.contains(&key);
            let wrong = format!("there is no secret {key:?} among the settings of {}", it.name);
            Ok::<Told<String>, _>((known.then(|| it.secrets.place(&key)), (!known).then_some(wrong)))
        })?,
    )?;
    let it = Rc::clone(context);
    host.raw_set(
        "hmac",
        lua.create_function(move |_, (key, text): (LuaString, LuaString)| {
            let key = it.secrets.fill(&key.to_string_lossy());
            let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
                .map_err(|error| mlua::Error::runtime(error.to_string()))?;
            mac.update(&text.as_bytes());
            Ok(hex::encode(mac.finalize().into_bytes()))
        })?,
    )
}

fn keeping(lua: &Lua, host: &Table, context: &Rc<Context>) -> mlua::Result<()> {
    let it = Rc::clone(context);
    #[expect(clippy::cast_precision_loss, reason = "a version counts writes: far below what a double holds")]
    host.raw_set(
        "kv_get",
        lua.create_function(move |lua, name: String| {
            let (text, version) = match it.kv().get(&name) {
                Some((text, version)) => (text.to_owned(), version),
                None => return Ok((Value::Nil, 0.0)),
            };
            let value: Json = serde_json::from_str(&text).map_err(mlua::Error::external)?;
            Ok((to_lua(lua, &value)?, version as f64))
        })?,
    )?;
    let it = Rc::clone(context);
    host.raw_set(
        "kv_set",
        lua.create_function(move |lua, (name, value, version): (String, Value, Option<f64>)| {
            if it.loading.get() {
                return Ok((None, Some("kv can be used in a handler only".to_owned())));
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a version that none ever was is no version that is"
            )]
            let version = version.map(|version| version as u64);
            let text = if value.is_nil() { None } else { Some(to_json(lua, value)?.to_string()) };
            Ok(told(it.kv().set(&name, text, version)))
        })?,
    )?;
    let it = Rc::clone(context);
    host.raw_set(
        "kv_names",
        lua.create_function(move |lua, prefix: String| {
            let names: Vec<String> = it.kv().names(&prefix).map(str::to_owned).collect();
            lua.create_sequence_from(names)
        })?,
    )?;
    host.raw_set("job", lua.create_function(|_, job: String| Ok(told(job_name(job))))?)?;
    let it = Rc::clone(context);
    host.raw_set(
        "schedule",
        lua.create_function(move |lua, (job, due, data): (String, Option<f64>, Value)| {
            let data = to_json(lua, data)?;
            Ok(told(it.wish(job, due, data)))
        })?,
    )
}

impl Context {
    fn wish(&self, job: String, due: Option<f64>, data: Json) -> Result<bool, String> {
        if self.loading.get() {
            return Err(
                "schedule can be used in a handler only; `p:every` is for the top of a plugin".to_owned()
            );
        }
        if let Some(wrong) = lacks(&self.rights, "schedule") {
            return Err(wrong);
        }
        // What follows a colon tells jobs of one handler apart: `remind:i42`.
        job_name(job.split(':').next().unwrap_or_default().to_owned())?;
        if job.len() > 128 {
            return Err("a job's name has at most 128 bytes".to_owned());
        }
        if data.to_string().len() > JOB_BYTES {
            return Err(format!("what a job is told has at most {JOB_BYTES} bytes"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "a time too far away is the farthest one")]
        let due_at = due.map(|due| Time(due as i64));
        self.jobs.borrow_mut().push(JobWish { job, due_at, data });
        Ok(true)
    }
}

fn told<T>(result: Result<T, String>) -> Told<T> {
    match result {
        Ok(value) => (Some(value), None),
        Err(wrong) => (None, Some(wrong)),
    }
}

fn job_name(job: String) -> Result<String, String> {
    if is_name(&job) {
        Ok(job)
    } else {
        Err(format!("{job:?} is no name for a job: 1 to 32 of a-z, 0-9, - and _"))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a span of 285,000 years is long enough")]
fn span(text: &str) -> Told<f64> {
    told(text.parse::<Span>().map(|span| span.0 as f64).map_err(|error| format!("{error}, got \"{text}\"")))
}

/// What to write into `plugin.toml`, if a right is not there.
fn lacks(rights: &Rights, right: &str) -> Option<String> {
    let (word, rest) = right.split_once(' ').unwrap_or((right, ""));
    let there = match word {
        "event" => rights.events.contains(rest),
        "schedule" => rights.schedule,
        "webhook" => rights.webhook,
        "translator" => rights.translator,
        "card" => rights.card,
        "bot" => rights.bot,
        "survey" => rights.survey,
        _ => false,
    };
    let ask = match word {
        "event" => format!("events = [\"{rest}\"]"),
        "card" => "card = \"Title\"".to_owned(),
        _ => format!("{word} = true"),
    };
    (!there).then(|| format!("not granted: plugin.toml does not ask for it ([capabilities] {ask})"))
}

fn base64(lua: &Lua, (text, encode): (LuaString, bool)) -> mlua::Result<Value> {
    if encode {
        return lua.create_string(STANDARD.encode(text.as_bytes())).map(Value::String);
    }
    match STANDARD.decode(text.as_bytes()) {
        Ok(bytes) => lua.create_string(bytes).map(Value::String),
        Err(_) => Ok(Value::Nil),
    }
}

/// `require("./lib/words")` from `plugins/faq/init.lua` → `plugins/faq/lib/words.lua`, of the plugin only.
fn module(lua: &Lua, (path, from): (String, String)) -> mlua::Result<(Value, Option<String>)> {
    let wrong = |what: String| Ok((Value::Nil, Some(what)));
    let Some(modules) = lua.app_data_ref::<Modules>() else {
        return wrong("require belongs at the top of a file: a plugin is loaded once".to_owned());
    };
    let name = beside(&path, &from).filter(|name| modules.bundle.files.contains_key(name));
    let Some(name) = name else {
        return wrong(format!("there is no \"{path}\" in the plugin; write a path such as \"./lib/words\""));
    };
    if let Some(value) = modules.loaded.borrow().get(&name) {
        return Ok((value.clone(), None));
    }
    if modules.loading.borrow().contains(&name) {
        return wrong(format!("{name} is required while it is being loaded: a circle"));
    }
    modules.loading.borrow_mut().push(name.clone());
    let bundle = modules.bundle.clone();
    drop(modules);
    let value = compile(lua, &bundle, &name)?.call::<Value>(());
    let Some(modules) = lua.app_data_ref::<Modules>() else {
        return wrong("the plugin is loaded".to_owned());
    };
    modules.loading.borrow_mut().pop();
    let value = value?;
    modules.loaded.borrow_mut().insert(name, value.clone());
    Ok((value, None))
}
