//! Runs a plugin's own tests: its very code on a VM of its own, with a customer, a clock and a network that the test plays.

mod stage;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use mlua::{Function, Lua, Table, Value};

use self::stage::Stage;
use super::bundle::Bundle;
use super::calls::{to_json, to_lua};
use super::fault::{fault, from_lua};
use super::machine::{MEMORY, compile, is_test};
use super::pulse::Watch;
use crate::engine::PolicyError;
use crate::lua::sandbox::Vm;

const BENCH: &str = include_str!("testing.luau");

/// How long a test may compute, in milliseconds.
const TEST_MS: u64 = 5_000;

/// What came of a plugin's tests.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Report {
    /// What is wrong.
    pub errors: Vec<PolicyError>,
    /// How many tests passed.
    pub passed: usize,
    /// How many failed.
    pub failed: usize,
}

/// Loads a plugin and runs its tests. Blocks for as long as they take; nothing of it touches a server or the network.
pub fn test(bundle: &Bundle) -> Report {
    let mut report = Report::default();
    let watch = match Watch::start() {
        Ok(watch) => watch,
        Err(error) => {
            report.errors.push(fault(&bundle.main(), 0, format!("no thread to watch over it: {error}")));
            return report;
        }
    };
    if let Err(errors) = Stage::new(bundle, &watch) {
        report.errors = errors;
    } else {
        for name in bundle.files.keys().filter(|name| is_test(name)) {
            file(bundle, name, &watch, &mut report);
        }
    }
    watch.end();
    report
}

/// Runs the tests of one file.
fn file(bundle: &Bundle, name: &str, watch: &Arc<Watch>, report: &mut Report) {
    let pulse = watch.pulse();
    let number = pulse.begin(TEST_MS);
    let stage: Rc<RefCell<Option<Stage>>> = Rc::default();
    let mut made = None;
    let vm = Vm::new(MEMORY, &pulse.stop, number, |lua, tools| {
        let host = lua.create_table()?;
        let played = Rc::clone(&stage);
        host.raw_set(
            "act",
            lua.create_function(move |lua, given: (String, Value)| act(lua, &played, given))?,
        )?;
        let bench = lua
            .load(BENCH)
            .set_name("=guichet")
            .call::<(Function, Function, Table, Function)>((host, &tools.info))?;
        lua.globals().raw_set("test", &bench.0)?;
        lua.globals().raw_set("expect", &bench.1)?;
        made = Some((bench.2, bench.3));
        Ok(())
    });
    let mut broken = |error: &mlua::Error| report.errors.push(from_lua(error, name));
    let (vm, (tests, desk)) = match (vm, made) {
        (Ok(vm), Some(made)) => (vm, made),
        (Err(error), _) => return broken(&error),
        (Ok(_), None) => return,
    };
    let run = compile(vm.lua(), bundle, name).and_then(|file| file.call::<()>(()));
    pulse.end();
    if let Err(error) = run {
        return broken(&error);
    }
    for test in tests.sequence_values::<Table>() {
        let parts = test.and_then(|test| {
            Ok((test.get::<String>("name")?, test.get::<usize>("line")?, test.get::<Function>("run")?))
        });
        let Ok((title, line, run)) = parts else { continue };
        match Stage::new(bundle, watch) {
            Ok(fresh) => *stage.borrow_mut() = Some(fresh),
            Err(errors) => return report.errors.extend(errors),
        }
        let number = pulse.begin(TEST_MS);
        vm.begin(number);
        let outcome = desk.call::<Value>(()).and_then(|t| run.call::<()>(t));
        pulse.end();
        match outcome {
            Ok(()) => report.passed += 1,
            Err(error) => {
                report.failed += 1;
                let mut told = from_lua(&error, name);
                if told.line == 0 {
                    told.line = u32::try_from(line).unwrap_or(0);
                }
                told.message = format!("test \"{title}\": {}", told.message);
                report.errors.push(told);
            }
        }
    }
}

/// What a test does, and what it sees.
fn act(
    lua: &Lua,
    stage: &RefCell<Option<Stage>>,
    (op, given): (String, Value),
) -> mlua::Result<(Value, Option<String>)> {
    let given = to_json(lua, given)?;
    let mut stage = stage.borrow_mut();
    let Some(stage) = stage.as_mut() else {
        return Ok((Value::Nil, Some("this can be used inside of a test only".to_owned())));
    };
    match stage.act(&op, given) {
        Ok(value) => Ok((to_lua(lua, &value)?, None)),
        Err(wrong) => Ok((Value::Nil, Some(wrong))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "name = \"x\"\nversion = \"1\"\napi = 1\nsummary = \"x\"\n[capabilities]\nbot = true\nkv = \"1KiB\"\n\
        schedule = true\nhttp = [\"https://a.example/\"]\n";

    fn run(code: &str, tests: &str) -> Report {
        let files = [("plugin.toml", HEAD), ("init.lua", code), ("tests/a.lua", tests)];
        let files = files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        test(&Bundle::from_files("x", &files).unwrap())
    }

    #[test]
    fn tests_pass_and_fail_with_their_line() {
        let code = "local p = plugin()\np:every('1h', 'tick', function() kv.set('ticks', (kv.get('ticks') or 0) + 1) end)\n\
            p:bot { start = function(c, m) c:reply('You said ' .. m.text, { choices = { 'a', 'b' } }) end,\n\
            message = function(c, m)\n\
            if m.text == 'call' then local r, problem = http.get('https://a.example/x') c:reply(r and r:json().word or problem, { choices = { 'a', 'b' } }) end\n\
            if m.text == 'out' then http.get('https://b.example/') end\n\
            if m.choice then c:hand_over { skill = 'sales', note = 'Chose ' .. m.choice } end end }\nreturn p\n";
        let report = run(
            code,
            "test('all', function(t)\nt:customer 'hi'\nt:expect_reply 'You said hi'\nt:expect_choice 'a'\n\
            t:http('https://a.example/', { json = { word = 'yes' } })\nt:http('https://a.example/', { problem = 'down' })\n\
            t:customer 'call'\nt:expect_reply 'yes'\nt:customer 'call'\nt:expect_reply 'down'\nexpect(#t:requests()):is(2)\n\
            t:advance '3h'\nexpect(t:kv('ticks')):is(3)\nt:customer '2'\nt:expect_handed_over('sales', 'Chose b')\nt:expect_silence()\nend)\n\
            test('silent', function(t)\nt:customer 'hi'\nt:expect_silence()\nend)\n\
            test('out', function(t)\nt:customer 'hi'\nt:customer 'out'\nend)\n\
            test('unplayed', function(t)\nt:customer 'hi'\nt:customer 'call'\nend)\n\
            test('loops', function(t)\nwhile true do end\nend)\n",
        );
        let told: Vec<(u32, &str)> =
            report.errors.iter().map(|error| (error.line, error.message.as_str())).collect();
        assert_eq!(report.passed, 1, "{told:?}");
        assert_eq!(report.failed, 4);
        assert_eq!(told[0], (20, "test \"silent\": expected no reply, got \"You said hi\""));
        assert!(told[1].1.contains("https://b.example/ is not granted"), "{told:?}");
        assert!(told[2].1.contains("nothing is played for https://a.example/x"), "{told:?}");
        assert!(told[3].1.contains("took too long"), "{told:?}");
    }
}
