//! Scripts that loop, bomb or pry. Each is stopped inside its VM while another one answers, and costs one question.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use guichet::domain::{Span, Target};
use guichet::engine::{Policy, Route};
use guichet::lua::{Limits, check, defaults};

use crate::desk::{NOON, facts, host, patient, route};

/// What must be stopped: at its deadline, by the memory limit, or by an error of its own.
const ENDLESS: [&str; 45] = [
    // Loops.
    "while true do end",
    "repeat until false",
    "for _ = 1, math.huge do end",
    "local function f() return f() end return f()",
    "while true do pcall(function() while true do end end) end",
    "while true do pcall(error, 'x') end",
    "while true do xpcall(function() error('x') end, function() while true do end end) end",
    "local c = coroutine.wrap(function() while true do end end) c()",
    "while true do local c = coroutine.create(function() coroutine.yield() end) coroutine.resume(c) end",
    "local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) return t[1]",
    "local t = setmetatable({}, { __tostring = function() while true do end end }) return tostring(t)",
    "error(setmetatable({}, { __tostring = function() while true do end end }))",
    "local t = setmetatable({}, { __len = function() while true do end end }) return #t",
    "for _ in function() return 1 end do end",
    "for _ in setmetatable({}, { __iter = function() return function() return 1 end end }) do end",
    // Patterns.
    "return string.find(string.rep('a', 5000), string.rep('a-', 50) .. 'b')",
    "return string.find(string.rep('a', 1000), string.rep('a*', 30) .. 'b')",
    "return string.match(string.rep('a', 1000), string.rep('.-', 30) .. 'b')",
    "return string.gsub(string.rep('a', 1000), string.rep('a*', 30) .. 'b', '')",
    "for _ in string.gmatch(string.rep('a', 1000), string.rep('a*', 30) .. 'b') do end",
    "return string.find(string.rep('b', 1000000), '[' .. string.rep('a', 1000000) .. 'b]*c')",
    "return string.find(string.rep('a', 4000000), string.rep('a', 200000) .. 'b', 1, true)",
    "return (string.rep('a', 4000000)):find(string.rep('a', 200000) .. 'b', 1, true)",
    "return string.split(string.rep('a', 1000000), string.rep('a', 200000) .. 'b')",
    "return string.gsub(string.rep('a', 1000), '', string.rep('%0', 4000000))",
    // Library calls that work long.
    "table.move({}, 1, 1e9, 2)",
    "table.move({}, 0/0, 1e9, 2)",
    "table.move({}, '1', '1e9', 2)",
    "local a, b = string.rep('x', 3000000) .. 'a', string.rep('x', 3000000) .. 'b'\nlocal t = {}\n\
     for n = 1, 20000 do t[n] = if n % 2 == 0 then a else b end\ntable.sort(t)",
    "local t = table.create(900000, 1) while true do table.insert(t, 1, 2) table.remove(t, 1) end",
    "local t = {} for n = 1, 300000 do t[n] = n % 7 end while true do table.sort(t, rawequal) end",
    "table.sort({3, 2, 1}, function() while true do end end)",
    "while true do string.lower(string.rep('A', 1000000)) end",
    "while true do utf8.len(string.rep('é', 1000000)) end",
    "while true do string.format('%99.99f', 1e308) end",
    // Memory.
    "return string.rep('x', 1e9)",
    "local s = 'x' while true do s = s .. s end",
    "return buffer.create(1e9)",
    "local t = {} while true do t[#t + 1] = {} end",
    "local t = {} while true do t[#t + 1] = function() return t end end",
    "local t = {} while true do t[#t + 1] = string.rep('x', 1000) .. #t end",
    "local t = {} while true do pcall(function() while true do t[#t + 1] = string.rep('x', 1000) .. #t end end) end",
    "return table.create(1e9, 1)",
    "local function f(n) return 1 + f(n + 1) end return f(1)",
    "local function f() return pcall(f) and f() end while true do f() end",
];

/// What must not be there, or must not work.
const PRYING: [&str; 22] = [
    "return io.open('/etc/passwd')",
    "return os.getenv('HOME')",
    "return os.exit(1)",
    "return debug.info(1, 's')",
    "return loadstring('return 1')()",
    "return getfenv(1)",
    "return setfenv(1, {})",
    "return require('/etc/passwd')",
    "return collectgarbage('collect')",
    "return newproxy(true)",
    "return print('x')",
    "string.rep = nil",
    "table.insert(string, 'x')",
    "rawset(string, 'rep', nil)",
    "rawset(to, 'skill', nil)",
    "to.skill = nil",
    "_G.to = nil",
    "return getmetatable('').__index.rep.x",
    "getmetatable('').__index = {}",
    "setmetatable(i, nil)",
    "return test('x', function() end)",
    "return string.pack('i4', 1)",
];

fn script(attack: &str) -> String {
    format!("if i.contact.name ~= 'Ana Prado' then return to.skill('support') end\n{attack}")
}

/// Deadlines that a busy machine keeps, and a patience that only a VM that can't be stopped would use up.
fn limits() -> Limits {
    Limits { answer: Duration::from_millis(200), patience: Duration::from_secs(3), ..patient() }
}

#[test]
fn attacks_are_stopped_while_another_answers() {
    let (witness, _) = host(defaults(), patient());
    let ended = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicUsize::new(0));
    let asking = std::thread::spawn({
        let (ended, answered) = (Arc::clone(&ended), Arc::clone(&answered));
        move || {
            while !ended.load(Ordering::Relaxed) {
                assert!(witness.route(&facts(), NOON).answer.is_ok());
                answered.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let mut harmless = facts();
    harmless.contact_name = "Bo".to_owned();
    for attack in ENDLESS {
        let before = answered.load(Ordering::Relaxed);
        let (victim, told) = host(route(&script(attack)), limits());
        let failure = victim.route(&facts(), NOON).answer.expect_err(attack);
        assert!(!failure.message.contains("left behind"), "{attack}\n{}", failure.message);
        assert!(failure.message.starts_with("scripts/routing.lua:"), "{attack}\n{}", failure.message);
        assert_eq!(told.lock().unwrap().len(), 1, "{attack}");
        let next = victim.route(&harmless, NOON);
        assert_eq!(next.answer, Ok(Route::skill("support".parse().unwrap())), "after {attack}");
        while answered.load(Ordering::Relaxed) == before {
            std::thread::yield_now();
        }
    }
    ended.store(true, Ordering::Relaxed);
    asking.join().unwrap();
}

#[test]
fn nothing_can_be_pried_open() {
    for attack in PRYING {
        let (victim, _) = host(
            route(&format!("{}\nreturn to.skill('broken')", script(&format!("do {attack} end")))),
            limits(),
        );
        let asked = victim.route(&facts(), NOON);
        assert!(asked.answer.is_err(), "{attack} {asked:?}");
        let (clean, _) = host(defaults(), limits());
        assert!(clean.route(&facts(), NOON).answer.is_ok());
    }
}

#[test]
fn a_script_that_loops_at_every_question_is_set_aside_until_it_is_changed() {
    let (host, told) = host(
        route(&script("while true do end")),
        Limits { patience: patient().patience, ..Limits::default() },
    );
    let mut harmless = facts();
    harmless.contact_name = "Bo".to_owned();
    for second in 0..3 {
        assert!(host.route(&facts(), NOON + Span::seconds(second)).answer.is_err());
    }
    // Even what it could answer: waiting for it three times is enough.
    let failure = host.route(&harmless, NOON + Span::seconds(60)).answer.unwrap_err();
    assert!(failure.message.contains("set aside"), "{}", failure.message);
    // Rules that are data go on.
    assert!(host.timers(&harmless, NOON).answer.is_ok());
    assert_eq!(told.lock().unwrap().len(), 1);
    assert_eq!(host.reload(defaults()), Ok(2));
    assert!(host.route(&facts(), NOON).answer.is_ok());
}

#[test]
fn misses_far_apart_are_forgiven() {
    let (host, _) = host(
        route(&script("while true do end")),
        Limits { patience: patient().patience, ..Limits::default() },
    );
    for minute in 0..5 {
        let failure = host.route(&facts(), NOON + Span::minutes(minute)).answer.unwrap_err();
        assert!(failure.message.contains("took too long"), "{}", failure.message);
    }
}

#[test]
fn a_vm_that_does_not_come_back_is_left_behind() {
    // So little patience that the VM is given up while it still runs; the next question has a new one.
    let hasty =
        Limits { answer: Duration::from_millis(40), patience: Duration::from_millis(20), ..patient() };
    let (host, told) = host(route(&script("while true do end")), hasty);
    let failure = host.route(&facts(), NOON).answer.unwrap_err();
    assert!(failure.message.contains("left behind"), "{}", failure.message);
    assert_eq!(told.lock().unwrap().len(), 1);
    let mut harmless = facts();
    harmless.contact_name = "Bo".to_owned();
    let expected = Target::Skill { skill: "support".parse().unwrap(), level: 1 };
    // A busy machine may need several turns until the new VM is there; each costs one question its default.
    let answered = (1..100).find_map(|minute| {
        let asked = host.route(&harmless, NOON + Span::minutes(minute));
        asked.answer.ok()
    });
    assert_eq!(answered.map(|route| route.target), Some(expected));
}

#[test]
fn sources_are_bounded_before_they_are_compiled() {
    let mut set = defaults();
    set.files.insert("scripts/routing.lua".to_owned(), "-".repeat(300_000));
    let report = check(&set, patient(), true);
    assert_eq!(report.errors[0].file, "scripts/routing.lua");
    assert!(report.errors[0].message.contains("at most 262144"), "{report:?}");
    // Nested deeper than any compiler likes, inside of the limit.
    for (open, close) in [("(", ")"), ("{", "}"), ("function() return ", " end"), ("if a then ", " end ")] {
        let bomb = format!("local x = {}1{}", open.repeat(10_000), close.repeat(10_000));
        set.files.insert("scripts/routing.lua".to_owned(), bomb);
        assert!(!check(&set, patient(), true).errors.is_empty());
    }
}
