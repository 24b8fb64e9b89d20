//! `cargo xtask soak`: the same checks with larger numbers, and those that take hours.

use crate::run::{Done, Failure, cargo, find, run};
use crate::test::{cargo_bin, nextest, server};
use crate::{install, postgres, web};

/// Each number can be set from outside; these are what a night should run.
const NUMBERS: [(&str, &str); 3] =
    [("GUICHET_SIM_HISTORIES", "1000000"), ("GUICHET_KILL_ROUNDS", "200"), ("GUICHET_RELOADS", "1000")];

type Part = fn() -> Done;

/// The short ones first.
const PARTS: [(&str, Part); 6] =
    [("deny", deny), ("reloads", reloads), ("axe", axe), ("kill", kill), ("sim", sim), ("mutants", mutants)];

pub fn soak(parts: &[String]) -> Done {
    if let Some(unknown) = parts.iter().find(|part| PARTS.iter().all(|(name, _)| name != part)) {
        return Err(Failure::new(format!(
            "there is no part `{unknown}`: deny, reloads, axe, kill, sim, mutants"
        )));
    }
    for (name, part) in PARTS {
        if parts.is_empty() || parts.iter().any(|wanted| wanted == name) {
            println!("{name}");
            part()
                .map_err(|failure| Failure::new(format!("{failure}\nto repeat: cargo xtask soak {name}")))?;
        }
    }
    Ok(())
}

/// Each screen of the console in all combinations of colours, language, width and state, of which the tests look at pairs.
fn axe() -> Done {
    web::build()?;
    let chromium = install::chromium()?;
    let server = server()?;
    run(web::command(&["run", "--silent", "e2e", "--", "axe_matrix"])
        .env("GUICHET_CHROMIUM", chromium)
        .env("GUICHET_BIN", server)
        .env("GUICHET_AXE", "all"))
}

fn sim() -> Done {
    tests("binary(sim)", &["--test", "sim"])
}

/// A plugin, reloaded again and again under traffic.
fn reloads() -> Done {
    tests("test(/reloads_under_traffic/)", &["reloads_under_traffic"])
}

fn kill() -> Done {
    tests("test(/kill/)", &["kill"])
}

/// The tests that a filter of nextest names, or that arguments of `cargo test` name when there is no nextest.
fn tests(filter: &str, plain: &[&str]) -> Done {
    let postgres = postgres::start()?;
    let mut command = if nextest() {
        cargo(["nextest", "run", "--profile", "soak", "--package", "guichet", "-E", filter])
    } else {
        let mut command = cargo(["test", "--package", "guichet"]);
        command.args(plain);
        command
    };
    for (name, number) in NUMBERS {
        command.env(name, std::env::var(name).unwrap_or_else(|_| number.to_owned()));
    }
    run(command.env("GUICHET_TEST_POSTGRES", &postgres.url).env("GUICHET_REQUIRE_POSTGRES", "1"))
}

/// Changes the deciding code in small ways and sees whether a test notices. Only the pure tests: they are quick.
fn mutants() -> Done {
    installed("cargo-mutants")?;
    run(cargo([
        "mutants",
        "--timeout",
        "120",
        "--file",
        "src/engine/decide/**/*.rs",
        "--file",
        "src/engine/decide.rs",
        "--output",
    ])
    .arg(crate::run::target())
    .args(["--", "--lib", "--test", "sim"])
    .env("GUICHET_SIM_HISTORIES", "300"))
}

/// Licences and sources of the dependencies; the list of known weaknesses is elsewhere and needs the network.
fn deny() -> Done {
    installed("cargo-deny")?;
    run(&mut cargo(["deny", "--workspace", "check", "licenses", "bans", "sources"]))
}

fn installed(name: &str) -> Done {
    if find(name, &[cargo_bin()]).is_some() {
        return Ok(());
    }
    println!("   installing {name}: some minutes");
    run(&mut cargo(["install", "--locked", "--quiet", name]))
}
