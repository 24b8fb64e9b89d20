//! What is wrong in a script is told with its file and line, and keeps the set from going live.

use guichet::lua::{ScriptSet, check};

use crate::desk::{patient, with};

fn first(set: &ScriptSet) -> (String, u32, u32, String) {
    let report = check(set, patient(), true);
    let error = report.errors.first().unwrap_or_else(|| panic!("nothing was wrong: {report:?}"));
    (error.file.clone(), error.line, error.column, error.message.clone())
}

/// Script, its text, line, column, part of the message.
type Case = (&'static str, &'static str, u32, u32, &'static str);

const ROUTE: &str = "route = function() return to.skill('a') end";

const CASES: [Case; 51] = [
    // Syntax.
    ("routing.lua", "local x = = 3", 1, 1, "="),
    (
        "routing.lua",
        "return routing {\n  version = 1,\n  route = function(i)\n    if i then\n}",
        5,
        1,
        "got '}'",
    ),
    ("timers.lua", "\n\nreturn timers { version 1 }", 3, 27, "got '1'"),
    ("tests/x.lua", "test('x', function(t)", 1, 0, "'end'"),
    ("lib/words.lua", "return {", 1, 1, "got <eof>"),
    // While loading.
    ("routing.lua", "\nlocal x = nil\nlocal y = x.z\n", 3, 13, "attempt to index nil with 'z'"),
    ("routing.lua", "error('stop here')", 1, 1, "stop here"),
    ("routing.lua", "\nundefined()", 2, 1, "attempt to call a nil value"),
    ("routing.lua", "local a = 1\nskill = 'x'", 2, 1, "`skill` is not declared"),
    ("routing.lua", "string.rep = nil", 1, 1, "readonly"),
    ("routing.lua", "local w = require('./nowhere')", 1, 1, "there is no scripts/nowhere.lua"),
    ("routing.lua", "local w = require('./routing')", 1, 1, "circle"),
    ("routing.lua", "\nlocal w = require('../../etc/passwd')", 2, 20, "stays in scripts/"),
    (
        "routing.lua",
        "calendar.weekly { tz = 'Europe/Pari' }",
        1,
        25,
        "no time zone is called \"Europe/Pari\"",
    ),
    ("routing.lua", "calendar.weekly { tz = 'UTC', mon = '9-12' }", 1, 38, "expected hours in order"),
    ("routing.lua", "calendar.weekly { tz = 'UTC', mon = '18:00-08:00' }", 1, 38, "expected hours in order"),
    ("routing.lua", "calendar.weekly { tz = 'UTC', hollidays = 'FR' }", 1, 31, "did you mean `holidays`?"),
    ("routing.lua", "calendar.weekly { tz = 'UTC', holidays = 'XX' }", 1, 43, "expected a country"),
    // What is returned.
    ("routing.lua", "local x = 1\n", 1, 0, "must end with `return routing { … }`"),
    ("routing.lua", "return { version = 1 }", 1, 0, "must end with `return routing { … }`"),
    ("timers.lua", "return auto_close { version = 1, rules = {} }", 1, 0, "must end with `return timers"),
    ("routing.lua", "return routing(3)", 1, 1, "routing takes one table"),
    // Data.
    ("routing.lua", "return routing {\n  version = 1,\n}", 1, 8, "`route` is missing"),
    (
        "routing.lua",
        "return routing {\n  version = 2,\n route = 1 }",
        2,
        3,
        "version: expected a whole number from 1 to 1",
    ),
    (
        "routing.lua",
        "return routing {\n  version = 1,\n  route = 'x' }",
        3,
        3,
        "route: expected a function, got \"x\"",
    ),
    (
        "routing.lua",
        "return routing { version = 1, route = type,\n  roote = 1 }",
        2,
        3,
        "unknown key `roote`; did you mean `route`?",
    ),
    (
        "timers.lua",
        "return timers {\n  version = 1,\n  agent = {\n    total = \"10 minutes\",\n  },\n}",
        4,
        5,
        "agent.total: expected a time such as",
    ),
    (
        "timers.lua",
        "return timers {\n  version = 1,\n  agent = { total = '10m', on_zero = 'remove_from_inbox' } }",
        3,
        28,
        "agent.on_zero: expected one of alert, requeue, raise_priority",
    ),
    (
        "timers.lua",
        "return timers { version = 1,\n agent = { total = '10m',\n  warn_at = 0.3 } }",
        3,
        3,
        "only 0.5",
    ),
    ("timers.lua", "return timers { version = 1,\n agent = { total = '0s' } }", 2, 12, "at least \"1s\""),
    (
        "timers.lua",
        "return timers { version = 1,\n customer = { total = '1h', extend = { by = '1h', bye = 1 } } }",
        2,
        51,
        "`by`",
    ),
    ("timers.lua", "return timers { version = 1 }", 1, 8, "give `agent` and `customer`"),
    (
        "timers.lua",
        "return timers { version = 1, agent = false,\n policy = function() return {} end }",
        2,
        2,
        "either `policy`",
    ),
    (
        "timers.lua",
        "return timers { version = 1,\n policy = function() return { agent = { totl = '1m' } } end }",
        2,
        0,
        "policy returned a plan with agent",
    ),
    (
        "auto_close.lua",
        "return auto_close {\n version = 1,\n rules = {\n  { status = 'resolved', after = '1h' },\n  { status = \
         'open', after = '1h' } } }",
        5,
        5,
        "rules[2].status: expected one of resolved, closed, got \"open\"",
    ),
    (
        "auto_close.lua",
        "return auto_close {\n version = 1,\n rules = {\n  { status = 'closed' },\n } }",
        4,
        3,
        "rules[1]: `after` is missing",
    ),
    (
        "auto_close.lua",
        "return auto_close { version = 1, rules = {},\n required = { resolved = { 'notes' } } }",
        2,
        28,
        "required.resolved[1]: expected one of disposition",
    ),
    (
        "address_books.lua",
        "return address_books { version = 1,\n { id = 'a', title = 'A', entries = {\n   { name = 'B' } } } }",
        3,
        4,
        "needs a `phone` or an `email`",
    ),
    (
        "address_books.lua",
        "return address_books { version = 1,\n { id = 'a', title = 'A', entries = {\n   { name = 'B', phone = '12' } } } }",
        3,
        18,
        "[1].entries[1].phone: expected a number such as",
    ),
    (
        "address_books.lua",
        "return address_books { version = 1,\n { id = 'a', title = 'A', entries = {} },\n { id = 'a', title = 'B', entries = {} } }",
        3,
        2,
        "the id \"a\" is taken by another address book",
    ),
    (
        "quick_replies.lua",
        "return quick_replies { version = 1,\n { id = 'a', title = 'A',\n   text = 'Hello {contact.nam}' } }",
        3,
        4,
        "[1].text: nothing is called {contact.nam}; did you mean {contact.name}?",
    ),
    (
        "quick_replies.lua",
        "return quick_replies { version = 1,\n { id = 'a', title = 'A', text = 'B' },\n { id = 'a', title = 'A', text = \
         'B' } }",
        3,
        2,
        "the id \"a\" is taken",
    ),
    (
        "quick_replies.lua",
        "return quick_replies { version = 1,\n { id = 'a', title = 'A', text = '{x}', fields = {\n   x = field.text { \
         maxx = 3 } } } }",
        3,
        21,
        "unknown key `maxx`; did you mean `max`?",
    ),
    (
        "quick_replies.lua",
        "return quick_replies { version = 1,\n { id = 'a', title = 'A', text = '{x}', fields = {\n   x = field.text { \
         pattern = '(' } } } }",
        3,
        21,
        "[1].fields.x.pattern: expected a regular expression",
    ),
    (
        "quick_replies.lua",
        "return quick_replies { version = 1,\n { id = 'a', title = 'A', text = '{x}', fields = {\n   x = field.number { \
         min = 3, max = 2 } } } }",
        3,
        4,
        "`min` is more than `max`",
    ),
    (
        "quick_replies.lua",
        "return quick_replies { version = 1,\n { id = 'a', title = 'A', text = '{x}', fields = {\n   x = \
         field.from('contact.nam') } } }",
        3,
        4,
        "expected one of contact.name",
    ),
    (
        "quick_replies.lua",
        "return quick_replies { version = 1,\n { id = 'a', text = 'B' } }",
        2,
        2,
        "`title` is missing",
    ),
    (
        "quick_replies.lua",
        "return quick_replies { version = 1,\n { id = 'a', title = { french = 'A' }, text = 'B' } }",
        2,
        24,
        "a language's two letters",
    ),
    // A slip that every question would meet.
    (
        "routing.lua",
        "return routing { version = 1, route = function(i)\n  return to.skil('a')\nend }",
        2,
        0,
        "nil value",
    ),
    // Tests.
    (
        "tests/x.lua",
        "test('fails', function(t)\n  expect(1):is(2)\nend)",
        2,
        3,
        "test \"fails\": expected 2, got 1",
    ),
    (
        "tests/x.lua",
        "test('asks wrongly', function(t)\n  t:route { chanel = 'x' }\nend)",
        2,
        13,
        "unknown key `chanel`; did you mean `channel`?",
    ),
];

#[test]
fn faults_have_their_place() {
    let wrong = CASES.iter().filter_map(|(name, text, line, column, part)| {
        let (file, at, across, message) = first(&with(name, text));
        let right = (file == format!("scripts/{name}") && at == *line)
            && (*column == 0 || *column == across)
            && message.contains(part);
        (!right).then(|| {
            format!("{text}\n→ {file}:{at}:{across}: {message}\nexpected {line}:{column}: …{part}…\n")
        })
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_key_that_does_nothing_is_refused() {
    let text = format!("return routing {{ version = 1, {ROUTE},\n  rank = function() end }}");
    let (_, line, _, message) = first(&with("routing.lua", &text));
    assert_eq!((line, message.contains("leave `rank` out")), (2, true), "{message}");
}

#[test]
fn more_lists_than_there_is_room_for_are_refused() {
    for (kind, one, most) in [
        ("address_books", "title = 'A', entries = {}", 20),
        ("quick_replies", "title = 'A', text = 'B'", 500),
    ] {
        for (count, fits) in [(most, true), (most + 1, false)] {
            let all: Vec<String> = (0..count).map(|n| format!("{{ id = 'a{n}', {one} }}")).collect();
            let text = format!("return {kind} {{ version = 1,\n{} }}", all.join(",\n"));
            let report = check(&with(&format!("{kind}.lua"), &text), patient(), false);
            let told = report.errors.iter().any(|error| error.message.contains(&format!("more than {most}")));
            assert_eq!(
                (report.errors.is_empty(), told),
                (fits, !fits),
                "{kind} {count}: {:?}",
                report.errors.first()
            );
        }
    }
}

#[test]
fn several_faults_are_told_at_once() {
    let mut set =
        with("timers.lua", "return timers { version = 1,\n agent = { total = 1 },\n customr = {} }");
    set.files.insert("scripts/auto_close.lua".to_owned(), "return auto_close {".to_owned());
    let report = check(&set, patient(), true);
    let places: Vec<(&str, u32)> = report.errors.iter().map(|e| (e.file.as_str(), e.line)).collect();
    assert_eq!(
        places,
        [("scripts/auto_close.lua", 1), ("scripts/timers.lua", 2), ("scripts/timers.lua", 3)],
        "{report:?}"
    );
}

#[test]
fn a_module_is_shared_and_its_faults_are_its_own() {
    let routing = "local words = require('./lib/words')\nreturn routing { version = 1, route = function()\n  return \
                   to.skill(words.skill)\nend }";
    let mut set = with("routing.lua", routing);
    set.files.insert("scripts/lib/words.lua".to_owned(), "return { skill = 'sales' }".to_owned());
    assert_eq!(check(&set, patient(), true).errors, []);
    set.files.insert("scripts/lib/words.lua".to_owned(), "\nerror('not today')".to_owned());
    assert_eq!(first(&set).0, "scripts/lib/words.lua");
    assert_eq!(first(&set).1, 2);
}

#[test]
fn an_endless_test_or_script_is_told_and_ends() {
    let limits = guichet::lua::Limits { step: std::time::Duration::from_millis(300), ..patient() };
    for (name, text, line) in [
        ("tests/x.lua", "test('ends never', function()\n  while true do end\nend)", 2),
        ("routing.lua", "\nwhile true do end", 2),
        ("timers.lua", "local t = {}\nwhile true do\n t[#t + 1] = string.rep('x', 100000) .. #t end", 3),
        ("routing.lua", "return routing { version = 1, route = function()\n repeat until false\nend }", 2),
    ] {
        let report = check(&with(name, text), limits, true);
        let error = report.errors.first().unwrap();
        assert_eq!(error.file, format!("scripts/{name}"), "{error:?}");
        assert!(error.line == line || error.message.contains("memory"), "{error:?}");
    }
}
