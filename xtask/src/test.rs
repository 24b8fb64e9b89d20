//! `cargo xtask test`: everything that must hold, in stages; the first that fails ends it and says how to repeat it.

use crate::run::{Done, Failure, cargo, find, output, program, root, run, target};
use crate::{install, postgres, web};
use std::time::Instant;

struct Stage {
    name: &'static str,
    what: &'static str,
    run: fn() -> Done,
}

/// In this order: what is quick to fail first, and the console before the server that carries it.
const STAGES: [Stage; 8] = [
    Stage { name: "fmt", what: "the code is formatted", run: fmt },
    Stage {
        name: "console",
        what: "the console builds, type-checks and passes its unit tests",
        run: console,
    },
    Stage { name: "clippy", what: "no warning in any target", run: clippy },
    Stage { name: "doc", what: "the documentation builds without a warning", run: doc },
    Stage { name: "rust", what: "the Rust tests, on SQLite and PostgreSQL", run: rust },
    Stage { name: "doctests", what: "the examples in the documentation run", run: doctests },
    Stage { name: "scripts", what: "the scripts and plugins compile and pass their tests", run: scripts },
    Stage { name: "browser", what: "the main job in a browser", run: browser },
];

pub fn test(wanted: &[String]) -> Done {
    if wanted.iter().any(|name| name == "list") {
        for stage in &STAGES {
            println!("{:10} {}", stage.name, stage.what);
        }
        return Ok(());
    }
    if let Some(unknown) = wanted.iter().find(|name| STAGES.iter().all(|stage| stage.name != **name)) {
        return Err(Failure::new(format!(
            "there is no stage `{unknown}`; `cargo xtask test list` names them"
        )));
    }
    let begin = Instant::now();
    for stage in
        STAGES.iter().filter(|stage| wanted.is_empty() || wanted.iter().any(|name| name == stage.name))
    {
        println!("{}: {}", stage.name, stage.what);
        let start = Instant::now();
        match (stage.run)() {
            Ok(()) => println!("   ok in {:.1} s", start.elapsed().as_secs_f64()),
            Err(failure) => {
                println!("   failed after {:.1} s", start.elapsed().as_secs_f64());
                return Err(Failure::new(format!("{failure}\nto repeat: cargo xtask test {}", stage.name)));
            }
        }
    }
    println!("all of it in {:.0} s", begin.elapsed().as_secs_f64());
    Ok(())
}

fn fmt() -> Done {
    run(&mut cargo(["fmt", "--all", "--check"]))
}

fn clippy() -> Done {
    // The whole workspace at once, so that the dependencies are checked with one set of features.
    run(&mut cargo(["clippy", "--quiet", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn doc() -> Done {
    // These pages are for people who read the source too: a public page may point at a private one.
    const STRICT: &str = "-D warnings -A rustdoc::private_intra_doc_links";
    run(cargo(["doc", "--quiet", "--locked", "--workspace", "--no-deps", "--document-private-items"])
        .env("RUSTDOCFLAGS", STRICT))
}

fn rust() -> Done {
    let python = install::smtp_python()?;
    let translators = install::translators();
    let postgres = postgres::start()?;
    let mut command = if nextest() {
        cargo(["nextest", "run", "--cargo-quiet", "--locked", "--package", "guichet", "--package", "xtask"])
    } else {
        cargo([
            "test",
            "--quiet",
            "--locked",
            "--package",
            "guichet",
            "--package",
            "xtask",
            "--all-targets",
            "--no-fail-fast",
        ])
    };
    run(command
        .env("GUICHET_TEST_POSTGRES", &postgres.url)
        .env("GUICHET_REQUIRE_POSTGRES", "1")
        .env("GUICHET_TEST_SMTP_PYTHON", python)
        .env("GUICHET_REQUIRE_SMTP", "1")
        .envs(translators))
}

fn doctests() -> Done {
    output(&mut cargo(["test", "--quiet", "--locked", "--package", "guichet", "--doc"])).map(drop)
}

/// Is cargo-nextest here? Without it the same tests run under `cargo test`, only slower and without limits.
pub fn nextest() -> bool {
    find("cargo-nextest", &[cargo_bin()]).is_some()
}

/// Where `cargo install` puts programs, which need not be in PATH.
pub fn cargo_bin() -> std::path::PathBuf {
    let home = std::env::var_os("CARGO_HOME").map(std::path::PathBuf::from);
    let user = std::env::var_os("HOME").map(|home| std::path::Path::new(&home).join(".cargo"));
    home.or(user).unwrap_or_default().join("bin")
}

fn scripts() -> Done {
    let server = server()?;
    let offered = output(&mut program(&server, ["--help"]))?;
    for command in ["check", "test"] {
        let there = offered.lines().any(|line| line.split_whitespace().next() == Some(command));
        if there {
            output(&mut program(&server, [command]))?;
        } else {
            println!("   not run: this guichet has no `{command}`");
        }
    }
    Ok(())
}

fn console() -> Done {
    if !web::exists() {
        println!("   not run: there is no web/package.json");
        return Ok(());
    }
    web::packages()?;
    web::npm(&["run", "--silent", "check"])?;
    web::build()?;
    web::npm(&["--silent", "test"])
}

fn browser() -> Done {
    if !web::exists() {
        println!("   not run: there is no web/package.json");
        return Ok(());
    }
    web::build()?;
    let chromium = install::chromium()?;
    let server = server()?;
    run(web::command(&["run", "--silent", "e2e"])
        .env("GUICHET_CHROMIUM", chromium)
        .env("GUICHET_BIN", server)
        .env("CI", "1"))
}

/// The server as the tests build it.
pub fn server() -> Done<std::path::PathBuf> {
    // Beside a test: so the dependencies have the features that the tests were built with, and nothing is built anew.
    const BUILD: &str = "build --quiet --locked --package guichet --package xtask --bin guichet --test tidy";
    run(&mut cargo(BUILD.split(' ')))?;
    Ok(root().join(target()).join("debug/guichet"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_stage_is_refused_before_anything_runs() {
        let failure = test(&["fmt".to_owned(), "rusty".to_owned()]).unwrap_err().to_string();
        assert!(failure.contains("no stage `rusty`"), "{failure}");
    }
}
