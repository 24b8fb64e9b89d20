//! Scripts answer the engine's questions: each word of the API, and what it becomes.

use guichet::domain::{AgentId, Span, Status, Target, Time};
use guichet::engine::{ClosePlan, OnMessage, Policy, Route, TimerPlan, TimerRule, ZeroAction};
use guichet::lua::{Limits, check, defaults};

use crate::desk::{NOON, facts, host, patient, route, with};

fn skill(name: &str, level: u8) -> Target {
    Target::Skill { skill: name.parse().unwrap(), level }
}

#[test]
fn the_shipped_scripts_pass_their_own_tests() {
    let report = check(&defaults(), patient(), true);
    assert_eq!(report.errors, []);
    assert_eq!(report.passed, 5, "{report:?}");
}

/// The tests that come with the server must not stand in the way of an administrator's first change.
#[test]
fn the_shipped_tests_allow_other_rules() {
    for (name, text) in [
        ("routing", "return routing { version = 1, route = function() return to.skill('sales') end }"),
        (
            "routing",
            "return routing { version = 1, route = function() return to.reply('Closed'):hold('night') end }",
        ),
        ("timers", "return timers { version = 1, agent = false, customer = false }"),
        (
            "timers",
            "return timers { version = 1, policy = function() return { agent = { total = '90s' } } end }",
        ),
        (
            "auto_close",
            "return auto_close { version = 1, rules = {}, required = { resolved = { 'disposition' } } }",
        ),
        ("quick_replies", "return quick_replies { version = 1 }"),
    ] {
        let mut set = defaults();
        set.files.insert(format!("scripts/{name}.lua"), text.to_owned());
        assert_eq!(check(&set, patient(), true).errors, [], "{text}");
    }
}

#[test]
fn the_shipped_scripts_route() {
    let (host, told) = host(defaults(), patient());
    let mut facts = facts();
    let asked = host.route(&facts, NOON);
    assert_eq!(asked.answer, Ok(Route::skill("support".parse().unwrap())));
    let at = asked.at.unwrap();
    let line =
        defaults().files["scripts/routing.lua"].lines().position(|l| l.contains("return to.skill")).unwrap();
    assert_eq!((asked.generation, at), (1, format!("scripts/routing.lua:{}", line + 1)));
    for text in ["un DEVIS svp", "price?", "my order"] {
        facts.text = text.to_owned();
        assert_eq!(host.route(&facts, NOON).answer.unwrap().target, skill("sales", 1), "{text}");
    }
    for text in ["what a surprise", "in the border", ""] {
        facts.text = text.to_owned();
        assert_eq!(host.route(&facts, NOON).answer.unwrap().target, skill("support", 1), "{text}");
    }
    facts.vip = true;
    assert_eq!(host.route(&facts, NOON).answer.unwrap().priority, 900);
    facts.status = Status::Resolved;
    assert_eq!(host.auto_close(&facts, NOON).answer.unwrap().after, Some(Span::hours(48)));
    facts.disposition = Some("spam".to_owned());
    assert_eq!(host.auto_close(&facts, NOON).answer.unwrap().after, Some(Span(0)));
    facts.status = Status::Closed;
    assert_eq!(host.auto_close(&facts, NOON).answer.unwrap().after, Some(Span::minutes(15)));
    assert!(told.lock().unwrap().is_empty());
}

#[test]
fn every_word_of_a_decision_arrives() {
    let plain = || Route::skill("support".parse().unwrap());
    let reply = "Merci pour votre message. Nous sommes fermés et vous répondrons dès l'ouverture : ";
    for (body, expected) in [
        (
            "return to.skill('vip'):priority(900):require { level = 3 }:within('30s'):otherwise('support')",
            Route {
                target: skill("vip", 3),
                priority: 900,
                within: Some(Span::seconds(30)),
                otherwise: Some("support".parse().unwrap()),
                ..plain()
            },
        ),
        (
            "return to.agent(i.last_agent.id):within('2m'):otherwise('support')",
            Route {
                target: Target::Agent(AgentId(7)),
                within: Some(Span::minutes(2)),
                otherwise: Some("support".parse().unwrap()),
                ..plain()
            },
        ),
        (
            "return to.bot('greeter'):otherwise('support')",
            Route {
                target: Target::Hold(String::new()),
                otherwise: Some("support".parse().unwrap()),
                bot: Some("greeter".to_owned()),
                ..plain()
            },
        ),
        ("return to.team('front')", Route { target: Target::Team("front".parse().unwrap()), ..plain() }),
        (
            "return to.skill('support'):language('en'):reply('Hello {contact.first_name}!')",
            Route { reply: Some("Hello Ana!".to_owned()), language: Some("en".to_owned()), ..plain() },
        ),
        (
            "local h = calendar.weekly { tz = 'Europe/Paris', mon_fri = '08:00-09:00', holidays = 'FR' }\n\
             assert(not h:open(now))\n\
             return to.reply('closed_hours', { reopens = h:next_open(now) }):hold('night')",
            Route {
                target: Target::Hold("night".to_owned()),
                reply: Some(format!("{reply}mardi 24 novembre à 08:00.")),
                ..plain()
            },
        ),
        (
            "assert(i.contact.name == 'Ana Prado' and i.contact.first_contact and not i.contact.vip)\n\
             assert(i.kind == 'whatsapp' and i.status == 'new' and i.ownership == 'queued' and i.language == nil)\n\
             assert(i.channel == 'whatsapp-demo' and i.message_kind == 'text' and not i.outbound and not i.tags.x)\n\
             assert(i.skill == nil and i.disposition == nil and i.last_agent.online and now == i.created_at)\n\
             return to.skill('support')",
            plain(),
        ),
    ] {
        // The rehearsal's interactions are others than ours: its asserts are for ours only.
        let body = format!("if i.contact.name ~= 'Ana Prado' then return to.skill('support') end\n{body}");
        let (host, told) = host(route(&body), patient());
        let asked = host.route(&facts(), NOON);
        assert_eq!(asked.answer, Ok(expected), "{body} {:?}", told.lock().unwrap());
    }
}

#[test]
fn a_wrong_decision_is_a_failure_with_its_line() {
    for (body, message) in [
        (
            "return nil",
            "scripts/routing.lua:1: route returns a decision such as to.skill(\"support\"), got nothing",
        ),
        (
            "return 'support'",
            "scripts/routing.lua:1: route returns a decision such as to.skill(\"support\"), got string",
        ),
        ("\nreturn to.skill('a b')", "scripts/routing.lua:4: to.skill(\"a b\"): not a skill name"),
        ("return to.skill('')", "scripts/routing.lua:3: to.skill takes a text, got an empty one"),
        ("return to.bot('')", "scripts/routing.lua:3: to.bot takes a text, got an empty one"),
        (
            "return to.bot('x'):within('2m'):otherwise('a')",
            "scripts/routing.lua:3: a bot has the work until it hands it over",
        ),
        ("return to.agent('bob')", "scripts/routing.lua:3: to.agent(\"bob\"): not an agent id"),
        (
            "return to.skill('a'):priority(1001)",
            "scripts/routing.lua:3: priority takes a whole number from 0 to 1000",
        ),
        (
            "return to.skill('a'):require { level = 0 }",
            "scripts/routing.lua:3: level takes a whole number from 1 to 10",
        ),
        ("return to.skill('a'):require { lvl = 1 }", "scripts/routing.lua:3: require knows \"level\" only"),
        (
            "return to.team('a'):require { level = 1 }",
            "scripts/routing.lua:3: require { level = … } goes with to.skill",
        ),
        (
            "return to.skill('a'):within('2x'):otherwise('b')",
            "scripts/routing.lua:3: within: expected a time such as",
        ),
        ("return to.skill('a'):within('2m')", "scripts/routing.lua:3: :otherwise(skill) is missing"),
        (
            "return to.skill('a'):prioritty(3)",
            "scripts/routing.lua:3: a decision has no \"prioritty\"; did you mean \"priority\"?",
        ),
        ("return to.skill('a'):hold('x')", "scripts/routing.lua:3: hold can't be joined to to.skill"),
        ("return to.reply('Hello')", "scripts/routing.lua:3: a reply does not say where the work waits"),
        (
            "return to.reply('closed_hour'):hold('x')",
            "there is no quick reply \"closed_hour\"; did you mean \"closed_hours\"?",
        ),
        ("return to.reply('closed_hours'):hold('x')", "needs a value for {reopens}"),
        ("return to.reply('Hi {agent.name}'):hold('x')", "needs a value for {agent.name}"),
        (
            "local x = i.chanel\nreturn to.skill(x)",
            "scripts/routing.lua:3: an interaction has no \"chanel\"; did you mean \"channel\"?",
        ),
        (
            "return to.skill(i.contact.nam)",
            "scripts/routing.lua:3: a contact has no \"nam\"; did you mean \"name\"?",
        ),
        ("\n\nlocal x = nil\nreturn x.y", "scripts/routing.lua:6: attempt to index nil with 'y'"),
        ("x = 1\nreturn to.skill('a')", "scripts/routing.lua:3: `x` is not declared"),
        ("return to.skill(require('./x'))", "scripts/routing.lua:3: require belongs at the top of a file"),
        ("string.find(nil, 'x')", "scripts/routing.lua:3: "),
    ] {
        let only_ours = "if i.contact.name ~= 'Ana Prado' then return to.skill('support') end";
        let (host, told) = host(route(&format!("{only_ours}\n{body}")), patient());
        let failure = host.route(&facts(), NOON).answer.unwrap_err();
        assert!(failure.message.contains(message), "{body}\n{}\n{message}", failure.message);
        assert!(failure.message.starts_with("scripts/routing.lua:"), "{}", failure.message);
        assert_eq!(told.lock().unwrap().len(), 1, "{body}");
        // The next question is answered: nothing is broken by a failure.
        let mut other = facts();
        other.contact_name = "Bo".to_owned();
        assert_eq!(host.route(&other, NOON).answer, Ok(Route::skill("support".parse().unwrap())));
    }
}

#[test]
fn the_same_fault_is_told_once_a_minute() {
    let body = "if i.contact.name == 'Ana Prado' then error('no') end return to.skill('a')";
    let (host, told) = host(route(body), patient());
    for (seconds, count) in [(0, 1), (1, 1), (59, 1), (61, 2), (62, 2)] {
        assert!(host.route(&facts(), NOON + Span::seconds(seconds)).answer.is_err());
        assert_eq!(told.lock().unwrap().len(), count, "after {seconds} s");
    }
}

#[test]
fn a_message_on_an_existing_interaction_is_asked_about_when_the_script_wants_it() {
    let script = |word: &str| {
        let text = format!(
            "return routing {{ version = 1, route = function() return to.skill('a') end,\n  \
             on_message = function(i) return {word} end }}"
        );
        host(with("routing.lua", &text), patient()).0
    };
    for (word, expected) in [
        ("'keep'", OnMessage::Keep),
        ("'reopen'", OnMessage::Reopen),
        ("'start_new'", OnMessage::StartNew),
        ("'default'", OnMessage::Default),
        ("nil", OnMessage::Default),
    ] {
        assert_eq!(script(word).on_message(&facts(), NOON).answer, Ok(expected), "{word}");
    }
    let only_ours = "if i.contact.name == 'Ana Prado' then 'later' else nil";
    let failure = script(only_ours).on_message(&facts(), NOON).answer.unwrap_err();
    assert!(failure.message.starts_with("scripts/routing.lua:2: on_message returns"), "{}", failure.message);
    let (shipped, _) = host(defaults(), patient());
    assert_eq!(shipped.on_message(&facts(), NOON).answer, Ok(OnMessage::Default));
}

#[test]
fn timers_come_from_data_or_from_a_function() {
    let (shipped, _) = host(defaults(), patient());
    let plan = shipped.timers(&facts(), NOON).answer.unwrap();
    let agent = |total| TimerRule {
        total,
        on_zero: ZeroAction::Alert,
        extend_by: None,
        extend_max: 0,
        extend_roles: Vec::new(),
    };
    let customer = TimerRule {
        total: Span::hours(24),
        on_zero: ZeroAction::Detach,
        extend_by: Some(Span::hours(2)),
        extend_max: 3,
        extend_roles: Vec::new(),
    };
    assert_eq!(plan, TimerPlan { agent: Some(agent(Span::minutes(10))), customer: Some(customer) });
    let text = "return timers { version = 1, policy = function(i)\n\
                return { agent = { total = if i.contact.vip then '2m' else '10m', warn_at = 0.5 }, customer = false }\nend }";
    let (host, _) = host(with("timers.lua", text), patient());
    let mut vip = facts();
    vip.vip = true;
    let asked = host.timers(&vip, NOON);
    assert_eq!(asked.answer, Ok(TimerPlan { agent: Some(agent(Span::minutes(2))), customer: None }));
    assert_eq!(asked.at.as_deref(), Some("scripts/timers.lua:1"));
}

#[test]
fn closing_follows_the_first_rule_that_fits() {
    let text = "return auto_close { version = 1,\n rules = {\n  { status = 'resolved', disposition = 'spam', after = '0s' \
                },\n  { status = 'resolved', tag = 'vip', after = false },\n  { status = 'resolved', skill = 'sales', \
                kind = 'whatsapp', unless_tag = 'follow-up', after = '1h' },\n  { status = 'closed', after = '15m' }, \
                },\n required = { resolved = { 'disposition' } } }";
    let (host, _) = host(with("auto_close.lua", text), patient());
    let mut facts = facts();
    for (status, disposition, skill, tags, after, line) in [
        (Status::Resolved, Some("spam"), None, vec!["vip"], Some(0), Some(3)),
        (Status::Resolved, None, Some("sales"), vec!["vip"], None, Some(4)),
        (Status::Resolved, None, Some("sales"), vec![], Some(3_600_000), Some(5)),
        (Status::Resolved, None, Some("sales"), vec!["follow-up"], None, None),
        (Status::Resolved, None, None, vec![], None, None),
        (Status::Closed, Some("spam"), None, vec![], Some(900_000), Some(6)),
    ] {
        facts.status = status;
        facts.disposition = disposition.map(str::to_owned);
        facts.skill = skill.map(|skill: &str| skill.parse().unwrap());
        facts.tags = tags.into_iter().map(str::to_owned).collect();
        let asked = host.auto_close(&facts, NOON);
        assert_eq!(asked.answer, Ok(ClosePlan { after: after.map(Span) }), "{facts:?}");
        assert_eq!(asked.at, line.map(|line| format!("scripts/auto_close.lua:{line}")), "{facts:?}");
    }
    assert!(host.outcome_rules(&facts, Status::Resolved).answer.unwrap().disposition_required);
    assert!(!host.outcome_rules(&facts, Status::Closed).answer.unwrap().disposition_required);
}

#[test]
fn calendars_know_zones_holidays_and_the_hour_that_summer_takes() {
    let body = "local h = calendar.weekly { tz = 'Europe/Paris', every_day = '00:00-24:00', sun = false, tue = \
                '08:00-12:00, 14:00-18:00', holidays = { 'FR', '2026-12-24' } }\n\
                local next = h:next_open(now)\n\
                return to.hold(tostring(h:open(now)) .. ' ' .. tostring(next))";
    let (host, _) = host(route(body), patient());
    for (time, expected) in [
        ("2026-11-23T12:00:00.000Z", "true Tuesday 24 November at 08:00"),
        ("2026-11-24T11:30:00.000Z", "false Tuesday 24 November at 14:00"),
        ("2026-11-24T10:59:00.000Z", "true Tuesday 24 November at 14:00"),
        ("2026-11-24T11:00:00.000Z", "false Tuesday 24 November at 14:00"),
        // All Saints is a Sunday in 2026; Christmas Eve was named, Christmas is a holiday.
        ("2026-12-24T12:00:00.000Z", "false Saturday 26 December at 00:00"),
        // The night of 28 to 29 March 2026 has no 02:30; Sunday is closed.
        ("2026-03-28T23:30:00.000Z", "false Monday 30 March at 00:00"),
        ("2026-03-28T22:30:00.000Z", "true Monday 30 March at 00:00"),
    ] {
        let now: Time = time.parse().unwrap();
        let asked = host.route(&facts(), now).answer.unwrap();
        assert_eq!(asked.target, Target::Hold(expected.to_owned()), "{time}");
    }
}

#[test]
fn quick_replies_are_read_whole() {
    let (host, _) = host(defaults(), Limits::default());
    let replies = host.quick_replies();
    assert_eq!(replies.list.len(), 10);
    let sent = replies.get("order_sent").unwrap();
    assert_eq!(sent.fields.len(), 2);
    assert_eq!(sent.title["fr"], "Commande expédiée");
    assert_eq!(replies.default_language, "fr");
}
