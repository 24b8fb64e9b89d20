//! What a question costs. Prints figures, asserts none of them: run it by hand, in release, on a quiet machine:
//! `cargo test --release --test lua figures -- --ignored --nocapture`.

use std::time::Instant;

use guichet::engine::Policy;
use guichet::lua::{Change, Host, Limits, Watching, check, defaults, follow, read_folder};

use crate::desk::{NOON, facts, host, with};

const ROUNDS: usize = 20_000;

#[test]
#[ignore = "prints figures, asserts nothing"]
#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "it measures, and tells")]
fn what_a_question_costs() {
    let small = "return routing { version = 1, route = function() return to.skill('support') end }";
    let mut full = facts();
    full.text = "Bonjour, je voudrais savoir quand ma livraison arrive. ".repeat(4);
    for (name, set) in [("smallest script", with("routing.lua", small)), ("shipped script", defaults())] {
        let (host, _) = host(set, Limits::default());
        for _ in 0..1_000 {
            assert!(host.route(&full, NOON).answer.is_ok());
        }
        let mut times: Vec<u128> = Vec::with_capacity(ROUNDS);
        let begin = Instant::now();
        for _ in 0..ROUNDS {
            let start = Instant::now();
            drop(host.route(&full, NOON));
            times.push(start.elapsed().as_nanos());
        }
        let all = begin.elapsed();
        times.sort_unstable();
        println!(
            "{name}: p50 {} ns, p99 {} ns, {:.0} questions/s",
            times[ROUNDS / 2],
            times[ROUNDS * 99 / 100],
            20_000.0 / all.as_secs_f64()
        );
    }
    let (host, _) = host(defaults(), Limits::default());
    for (name, ask) in [
        ("timers from data", (|host, facts| drop(host.timers(facts, NOON))) as fn(&dyn Policy, &_)),
        ("auto_close", |host, facts| drop(host.auto_close(facts, NOON))),
        ("on_message not defined", |host, facts| drop(host.on_message(facts, NOON))),
    ] {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            ask(&*host, &full);
        }
        println!("{name}: {} ns", start.elapsed().as_nanos() / 20_000);
    }
    let start = Instant::now();
    for _ in 0..20 {
        assert_eq!(check(&defaults(), Limits::default(), true).errors, []);
    }
    println!("check with tests: {} µs", start.elapsed().as_micros() / 20);
}

#[test]
#[ignore = "prints figures, asserts nothing"]
#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "it measures, and tells")]
fn how_long_from_save_to_live() {
    let dir = tempfile::tempdir().unwrap();
    let script = |n: usize| {
        format!("return routing {{ version = 1, route = function() return to.skill('s{n}') end }}")
    };
    std::fs::write(dir.path().join("routing.lua"), script(0)).unwrap();
    let set = read_folder(dir.path()).unwrap();
    let host = Host::start(set.clone(), 1, Limits::default(), Box::new(|_| {})).unwrap();
    let (tell, heard) = std::sync::mpsc::channel();
    let told = move |change| tell.send(change).unwrap();
    let _watch = follow(host, dir.path(), Ok(set), Watching::Events, told).unwrap();
    let mut times = Vec::new();
    for n in 1..=20 {
        let start = Instant::now();
        std::fs::write(dir.path().join("routing.lua"), script(n)).unwrap();
        assert!(matches!(heard.recv().unwrap(), Change::Live { .. }));
        times.push(start.elapsed().as_millis());
    }
    times.sort_unstable();
    println!("save to live: median {} ms, longest {} ms", times[10], times[19]);
}
