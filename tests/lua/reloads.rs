//! Scripts change while they answer: no question without an answer, no memory left behind, and the way back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use guichet::domain::Target;
use guichet::engine::Policy;
use guichet::lua::{Host, ScriptSet, defaults};

use crate::desk::{NOON, facts, host, patient, route};

fn to(skill: &str) -> ScriptSet {
    route(&format!("return to.skill('{skill}')"))
}

fn skill(host: &Host) -> String {
    match host.route(&facts(), NOON).answer.unwrap().target {
        Target::Skill { skill, .. } => skill.to_string(),
        other @ (Target::Agent(_) | Target::Team(_) | Target::Hold(_)) => format!("{other:?}"),
    }
}

#[test]
fn a_broken_set_never_goes_live() {
    let (host, _) = host(to("first"), patient());
    for broken in ["return (", "error('x')", "while true do end", "return nil", "return to.skil('a')"] {
        let errors = host.reload(route(broken)).unwrap_err();
        assert_eq!(errors[0].file, "scripts/routing.lua", "{broken}");
        assert!(errors[0].line > 0, "{errors:?}");
        assert_eq!((host.generation(), skill(&host).as_str()), (1, "first"), "{broken}");
    }
    assert_eq!(host.reload(to("second")), Ok(2));
    assert_eq!(skill(&host), "second");
    let mut failing = to("third");
    let test = "test('t', function(t) expect(t:route({}).skill):is('second') end)";
    failing.files.insert("scripts/tests/t.lua".to_owned(), test.to_owned());
    assert!(host.reload(failing).unwrap_err()[0].message.contains("expected \"second\", got \"third\""));
    assert_eq!((host.generation(), skill(&host).as_str()), (2, "second"));
}

#[test]
fn a_host_does_not_start_with_a_broken_set() {
    let errors = Host::start(route("return ("), 1, patient(), Box::new(|_| {})).unwrap_err();
    assert_eq!(errors[0].file, "scripts/routing.lua");
}

#[test]
fn older_generations_can_be_gone_back_to() {
    let (host, _) = host(to("s1"), patient());
    for number in 2..=12 {
        assert_eq!(host.reload(to(&format!("s{number}"))), Ok(number));
    }
    assert_eq!(host.generations(), (3..=12).collect::<Vec<i64>>());
    assert_eq!(host.rollback(None), Ok(13));
    assert_eq!(skill(&host), "s11");
    assert_eq!(host.rollback(Some(5)), Ok(14));
    assert_eq!(skill(&host), "s5");
    let errors = host.rollback(Some(1)).unwrap_err();
    assert!(errors[0].message.contains("kept are 5, 6"), "{errors:?}");
    assert_eq!(host.generation(), 14);
}

#[test]
fn what_is_missing_is_what_comes_with_the_server() {
    let set = ScriptSet {
        files: to("only").files.into_iter().filter(|(n, _)| n.ends_with("routing.lua")).collect(),
    };
    let (host, _) = host(set, patient());
    assert_eq!(skill(&host), "only");
    assert_eq!(host.quick_replies().list.len(), 10);
    assert_eq!(host.sources().files.len(), 5);
    let (empty, _) = crate::desk::host(ScriptSet::default(), patient());
    assert_eq!(skill(&empty), "support");
}

/// Kilobytes of this process in memory, and its threads.
fn used() -> (usize, usize) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = |key: &str| {
        let line = status.lines().find(|line| line.starts_with(key));
        line.and_then(|line| line.split_whitespace().nth(1)).and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    (value("VmRSS:"), value("Threads:"))
}

#[test]
fn a_thousand_reloads_under_questions_lose_no_answer_and_no_memory() {
    let (host, told) = host(to("odd"), patient());
    let ended = Arc::new(AtomicBool::new(false));
    let count = Arc::new(AtomicUsize::new(0));
    let asking = std::thread::spawn({
        let (host, ended, count) = (Arc::clone(&host), Arc::clone(&ended), Arc::clone(&count));
        move || {
            let mut last = 0;
            while !ended.load(Ordering::Relaxed) {
                let asked = host.route(&facts(), NOON);
                let expected = ["even", "odd"][usize::from(asked.generation % 2 == 1)];
                let expected = Target::Skill { skill: expected.parse().unwrap(), level: 1 };
                assert_eq!(asked.answer.unwrap().target, expected, "generation {}", asked.generation);
                assert!(asked.generation >= last, "generations go forward");
                last = asked.generation;
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let mut before = (0, 0);
    for generation in 2..=1_001 {
        let set = if generation % 2 == 1 { to("odd") } else { to("even") };
        assert_eq!(host.reload(set), Ok(generation));
        if generation % 10 == 0 {
            assert!(host.reload(route("return (")).is_err());
        }
        if generation == 100 {
            before = used();
        }
    }
    ended.store(true, Ordering::Relaxed);
    asking.join().unwrap();
    let after = used();
    assert!(count.load(Ordering::Relaxed) > 1_000);
    assert_eq!(*told.lock().unwrap(), []);
    // 900 leaked VMs would be 300 MiB.
    assert!(after.0 < before.0 + 20_000, "{before:?} → {after:?} KiB");
    assert!(after.1 <= before.1 + 4, "{before:?} → {after:?} threads");
}

#[test]
fn the_shipped_set_again_makes_no_new_generation() {
    let (host, _) = host(defaults(), patient());
    assert_eq!(host.reload(defaults()), Ok(1));
}
