//! `cargo xtask bench`: builds the release server and the benchmark, and lets the benchmark do the rest.

use crate::run::{Done, cargo, program, run, target};

pub fn bench(arguments: &[String]) -> Done {
    println!("building the release server and the benchmark");
    run(&mut cargo(["build", "--release", "--quiet", "--package", "guichet", "--bin", "guichet"]))?;
    run(&mut cargo(["build", "--release", "--quiet", "--package", "bench"]))?;
    let release = target().join("release");
    run(program(release.join("bench"), ["compare"])
        .arg("--server")
        .arg(release.join("guichet"))
        .args(arguments))
}
