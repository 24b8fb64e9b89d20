//! `cargo xtask serve`: the whole product on this machine, with demo data, in one command.

use crate::run::{Done, Failure, cargo, run, target};
use crate::web;
use std::os::unix::process::CommandExt;
use std::process::Command;

pub fn serve(arguments: &[String]) -> Done {
    if web::exists() {
        web::build()?;
    }
    let server = target().join("debug/guichet");
    if !server.is_file() {
        println!("building the server: a few minutes the first time");
    }
    run(&mut cargo(["build", "--quiet", "--package", "guichet", "--bin", "guichet"]))?;
    // In our place, not below us: whoever stops this command stops the server, and sees its exit code.
    let error = Command::new(&server)
        .arg("serve")
        .arg("--demo")
        .args(arguments)
        .current_dir(crate::run::root())
        .exec();
    Err(Failure::new(format!("cannot start {}: {error}", server.display())))
}
