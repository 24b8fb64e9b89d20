//! The project's own commands. Each is a few steps that a person could also type; nothing here is known to the product.

#![expect(
    clippy::disallowed_methods,
    reason = "durations of stages are real time, and the product's clock is not ours"
)]

mod bench;
mod generate;
mod install;
mod postgres;
mod run;
mod screenshots;
mod serve;
mod soak;
mod test;
mod web;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>
  serve [ARGS…]     build the console if it changed, build the server, start it with demo data; ARGS go to the server
  test [STAGE…]     everything that must hold, or only the stages named (`cargo xtask test list` names them)
  soak [PART…]      what takes longer: reloads, axe, kill, sim, mutants, deny
  bench [--quick]   the message rate of the release server beside a bare pipeline
  bench plugins     what agents notice of ten plugins that listen to every message, and of hostile ones
  bench stored      search and start with a million stored messages, on each database
  gen               write the committed copies of the protocol again from the Rust types
  screenshots       make the pictures in docs/screenshots again, from demo data
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let done = match command.as_str() {
        "serve" => serve::serve(&rest),
        "test" => test::test(&rest),
        "soak" => soak::soak(&rest),
        "bench" => bench::bench(&rest),
        "gen" => generate::generate(),
        "screenshots" => screenshots::screenshots(),
        "" | "help" | "-h" | "--help" => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        other => Err(run::Failure::new(format!("there is no command `{other}`\n{USAGE}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
